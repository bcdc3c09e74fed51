//! A small editor: speaks the protocol to the built program over pipes.

// Params are written where they are sent.
#![allow(clippy::needless_pass_by_value)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

use crate::support::{PATIENCE, Project};

pub(super) struct Client<'p> {
    project: &'p Project,
    child: Child,
    stdin: ChildStdin,
    incoming: Receiver<Value>,
    next: i64,
    pub(super) answer: Value,
    /// What was told last of each file, by its name in the project.
    pub(super) found: BTreeMap<String, Vec<Value>>,
    /// Other notifications and errors without a request.
    pub(super) told: Vec<Value>,
}

impl<'p> Client<'p> {
    pub(super) fn start(project: &'p Project, encodings: &[&str]) -> Self {
        let mut client = Self::unready(project);
        let answer = client.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": client.uri(""),
                "capabilities": { "general": { "positionEncodings": encodings } },
            }),
        );
        client.answer = answer;
        client.tell("initialized", json!({}));
        client
    }

    pub(super) fn unready(project: &'p Project) -> Self {
        let mut command = project.command(&["lsp"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the server starts");
        let stdin = child.stdin.take().expect("its input");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, incoming) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut out) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (found, told) = (BTreeMap::new(), Vec::new());
        Self { project, child, stdin, incoming, next: 0, answer: Value::Null, found, told }
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.project.path(name).display())
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.stdin.write_all(text.as_bytes()).expect("the server reads");
        self.stdin.flush().expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    pub(super) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// A request's whole answer.
    pub(super) fn exchange(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == json!(id) {
                return message;
            }
            self.note(message);
        }
    }

    pub(super) fn receive(&mut self) -> Value {
        self.incoming.recv_timeout(PATIENCE).expect("the server answers")
    }

    fn note(&mut self, message: Value) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().expect("an address").to_owned();
            let name = uri.strip_prefix(&self.uri("")).unwrap_or(&uri).to_owned();
            let list = message["params"]["diagnostics"].as_array().expect("a list").clone();
            self.found.insert(name, list);
        } else {
            self.told.push(message);
        }
    }

    /// A request's result.
    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.exchange(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].take()
    }

    pub(super) fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didOpen",
            json!({
                "textDocument": { "uri": uri, "languageId": "goal", "version": 1, "text": text },
            }),
        );
    }

    /// Opens a file of the project as it is on the disk.
    pub(super) fn open_file(&mut self, name: &str) {
        let text = self.project.read(name);
        self.open(name, &text);
    }

    pub(super) fn change(&mut self, name: &str, changes: Value) {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": 2 },
                "contentChanges": changes,
            }),
        );
    }

    /// A request about a place, which `§` marks in the text that is open.
    #[track_caller]
    pub(super) fn at(&mut self, method: &str, name: &str, marked: &str, more: Value) -> Value {
        let params = self.place(name, marked, more);
        self.ask(method, params)
    }

    /// Params for the place that `§` marks.
    pub(super) fn place(&self, name: &str, marked: &str, more: Value) -> Value {
        let at = marked.find('§').expect("a mark");
        let mut params = json!({
            "textDocument": { "uri": self.uri(name) },
            "position": position(marked, at),
        });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        params
    }

    pub(super) fn about(&mut self, method: &str, name: &str, more: Value) -> Value {
        let mut params = json!({ "textDocument": { "uri": self.uri(name) } });
        if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
            params.extend(more);
        }
        self.ask(method, params)
    }

    /// All that was found until now.
    pub(super) fn settle(&mut self) {
        self.ask("workspace/symbol", json!({ "query": "\u{1}" }));
    }

    /// The server's memory, in KiB.
    pub(super) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the server's status");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// Takes its leave; the server's exit code.
    pub(super) fn end(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.exit()
    }

    pub(super) fn exit(mut self) -> i32 {
        self.tell("exit", Value::Null);
        self.child.wait().expect("it ends").code().expect("no signal")
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().strip_prefix("Content-Length: ") {
            Some(number) => length = number.parse().ok()?,
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// Line and UTF-16 column of a byte.
pub(super) fn position(text: &str, at: usize) -> Value {
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// The byte of a line and UTF-16 column.
fn offset(text: &str, at: &Value) -> usize {
    let line = usize::try_from(at["line"].as_u64().expect("a line")).expect("a line");
    let column = usize::try_from(at["character"].as_u64().expect("a column")).expect("a column");
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = 0;
    for (byte, letter) in text[start..].char_indices() {
        if units >= column {
            return start + byte;
        }
        units += letter.len_utf16();
    }
    text.len()
}

/// A text after edits.
pub(super) fn edited(text: &str, edits: &Value) -> String {
    let edits = edits.as_array().expect("edits").iter();
    let mut edits: Vec<_> = edits
        .map(|edit| {
            let range = &edit["range"];
            let bytes = offset(text, &range["start"])..offset(text, &range["end"]);
            (bytes, edit["newText"].as_str().expect("a text").to_owned())
        })
        .collect();
    edits.sort_by_key(|(bytes, _)| std::cmp::Reverse((bytes.start, bytes.end)));
    let mut text = text.to_owned();
    for (bytes, new) in edits {
        text.replace_range(bytes, &new);
    }
    text
}

/// The part of a text that a range covers.
pub(super) fn cut<'t>(text: &'t str, range: &Value) -> &'t str {
    &text[offset(text, &range["start"])..offset(text, &range["end"])]
}
