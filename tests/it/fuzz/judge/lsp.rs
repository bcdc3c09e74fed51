//! No stream of messages ends the language server; each request has one answer; and what is found
//! after edits is what is found in the text afresh.
//!
//! The input is the text of an open plan up to the first zero byte; behind it one message a line:
//! `{…}` is one of the protocol as it is, anything else `METHOD LINE COLUMN [TEXT]`.

// Params are written where they are sent.
#![allow(clippy::needless_pass_by_value)]

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crossbeam_channel::unbounded;
use goalc::editor::lsp::{Checked, Host, Incoming, Texts, Times, serve};
use goalc::sema::{self, Kept};
use lsp_server::Message;
use serde_json::{Value, json};

use super::plan::{with, with_kept};
use super::text;

const URI: &str = "file:///plans/plan.goal";

/// So many messages are looked at.
const MOST: usize = 64;

pub fn lsp(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let (plan, lines) = text.split_once('\0').unwrap_or((text, ""));
    let capabilities = json!({ "general": { "positionEncodings": ["utf-16"] } });
    let mut messages = vec![
        request(-1, "initialize", json!({ "capabilities": capabilities })),
        told("initialized", json!({})),
        told(
            "textDocument/didOpen",
            json!({ "textDocument": {
                "uri": URI, "languageId": "goal", "version": 1, "text": plan,
            } }),
        ),
    ];
    messages.extend((1..).zip(lines.lines()).take(MOST).map(|(id, line)| message(id, line)));
    let asked = messages.iter().filter(|message| message.get("id").is_some()).count();
    answered(messages, asked);
}

fn answered(messages: Vec<Value>, asked: usize) {
    let (sender, receiver) = unbounded();
    let mut unreadable = 0;
    for message in messages {
        let read = serde_json::from_value::<Message>(message.clone());
        let incoming = read.map_or_else(
            |error| {
                unreadable += usize::from(message.get("id").is_none());
                Incoming::Unreadable(error.to_string())
            },
            Incoming::Message,
        );
        let _ = sender.send(incoming);
    }
    drop(sender);
    let answers = Rc::new(Cell::new(0));
    let count = Rc::clone(&answers);
    let left = serve(Box::new(Nothing), &receiver, &mut |message: &str| {
        let message: Value = serde_json::from_str(message).expect("a message is JSON");
        let is_answer = message.get("result").is_some() || message.get("error").is_some();
        count.set(count.get() + usize::from(is_answer));
    });
    // Behind `exit` nothing is answered.
    let ended = left || !receiver.is_empty();
    assert!(ended || answers.get() <= asked + unreadable, "{} answers", answers.get());
}

fn request(id: i64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn told(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

/// A line's message. What a request may need beside its place is all there.
fn message(id: i64, line: &str) -> Value {
    if line.starts_with('{') {
        return serde_json::from_str(line).unwrap_or(Value::Null);
    }
    let mut words = line.splitn(4, ' ');
    let method = words.next().unwrap_or_default();
    let mut number = || words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
    let at = json!({ "line": number(), "character": number() });
    let text = words.next().unwrap_or_default();
    let end = json!({ "line": at["line"], "character": text.len() });
    let range = json!({ "start": at, "end": end });
    let document = json!({ "uri": URI, "version": id });
    if method == "textDocument/didChange" {
        let change = json!({ "range": range, "text": text });
        return told(method, json!({ "textDocument": document, "contentChanges": [change] }));
    }
    let params = json!({
        "textDocument": document,
        "position": at,
        "range": range,
        "ranges": [range],
        "positions": [at],
        "newName": text,
        "query": text,
        "context": { "includeDeclaration": true, "diagnostics": [], "triggerKind": 1 },
        "options": { "tabSize": 2, "insertSpaces": true },
        "item": {
            "name": text, "kind": 12, "uri": URI, "range": range, "selectionRange": range,
        },
        "command": text,
        "arguments": [text],
    });
    request(id, method, params)
}

/// A machine with no files but the open texts.
struct Nothing;

impl Host for Nothing {
    fn enter(&mut self, _: &Path) {}

    fn resolved(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn check(&self, plan: &Path, texts: &Texts, mut kept: Kept) -> Option<Checked> {
        let text = texts.get(plan)?;
        kept.begin();
        let (index, mut sources, found) = with_kept(text, Some(&kept), sema::index);
        kept.end();
        let ((), _, afresh) = with(text, sema::check);
        assert_eq!(found, afresh, "with what was kept, something else is found in:\n{text}");
        if plan != Path::new("/plans/plan.goal") {
            sources.add("other.goal", plan, text.clone());
        }
        Some(Checked { sources, found, index, kept })
    }

    fn times(&self, _: &Path, _: &Texts) -> Times {
        Times::default()
    }

    fn mended(&self, _: &Path, texts: &Texts) -> Option<Texts> {
        Some(texts.clone())
    }

    fn plans(&self, _: usize) -> Vec<PathBuf> {
        Vec::new()
    }

    fn beside(&self, _: &Path) -> Vec<String> {
        vec!["part.goal".to_owned(), "folder/".to_owned()]
    }

    fn log(&self, _: &str) {}
}
