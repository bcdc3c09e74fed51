//! The loop: one message after another, and what was found when no message waits.
//!
//! Invariant: each request has exactly one answer, also one that cannot be read.

use std::collections::VecDeque;

use crossbeam_channel::Receiver;
use gen_lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
};
use lsp_server::{ErrorCode, Message, Notification, Request};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::document::{Document, Encoding};
use super::publish::Published;
use super::reply::{Refusal, Reply};
use super::session::Session;
use super::{Host, capability, route, uri};

/// What came from the editor.
#[derive(Debug)]
pub enum Incoming {
    Message(Message),
    /// No message of the protocol; why.
    Unreadable(String),
}

/// Answers until the editor says `exit` or goes away. Whether it took its leave properly.
pub fn serve(
    host: Box<dyn Host>,
    incoming: &Receiver<Incoming>,
    send: &mut dyn FnMut(&str),
) -> bool {
    let mut server = Server {
        session: Session::new(host),
        published: Published::default(),
        send,
        phase: Phase::Fresh,
        watches: false,
    };
    let mut waiting = VecDeque::new();
    loop {
        waiting.extend(incoming.try_iter());
        if waiting.is_empty() {
            server.publish();
            waiting.extend(incoming.recv());
        }
        let Some(next) = waiting.pop_front() else { return false };
        match next {
            Incoming::Unreadable(why) => server.unreadable(&why),
            Incoming::Message(Message::Request(request)) if is_cancelled(&request, &waiting) => {
                server.cancelled(&request);
            }
            Incoming::Message(Message::Request(request)) => server.request(request),
            Incoming::Message(Message::Notification(told)) if told.method == "exit" => {
                return server.phase == Phase::Down;
            }
            Incoming::Message(Message::Notification(told)) => server.told(told),
            Incoming::Message(Message::Response(_)) => {}
        }
    }
}

/// The editor no longer wants to know.
fn is_cancelled(request: &Request, waiting: &VecDeque<Incoming>) -> bool {
    let id = serde_json::to_value(&request.id).unwrap_or_default();
    waiting.iter().any(|each| match each {
        Incoming::Message(Message::Notification(told)) => {
            told.method == "$/cancelRequest" && told.params.get("id") == Some(&id)
        }
        _ => false,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Ready,
    Down,
}

struct Server<'s> {
    session: Session,
    published: Published,
    send: &'s mut dyn FnMut(&str),
    phase: Phase,
    /// Whether the editor can be asked to tell of files that change.
    watches: bool,
}

impl Server<'_> {
    fn notify(&mut self, method: &str, params: &impl serde::Serialize) {
        // Not by way of a `Value`: there may be ten thousand findings.
        let params = serde_json::to_string(params).unwrap_or_default();
        let told = format!(r#"{{"jsonrpc":"2.0","method":{},"params":{params}}}"#, json!(method));
        (self.send)(&told);
    }

    /// `outcome`: `"result":…` or `"error":…`.
    fn reply(&mut self, id: &impl serde::Serialize, outcome: &str) {
        let id = json!(id);
        (self.send)(&format!(r#"{{"jsonrpc":"2.0","id":{id},{outcome}}}"#));
    }

    fn refuse(&mut self, id: &impl serde::Serialize, refusal: &Refusal) {
        let error = json!({ "code": refusal.code as i32, "message": refusal.message });
        self.reply(id, &format!(r#""error":{error}"#));
    }

    fn cancelled(&mut self, request: &Request) {
        let message = "the editor has cancelled it".to_owned();
        self.refuse(&request.id, &Refusal { code: ErrorCode::RequestCanceled, message });
    }

    fn unreadable(&mut self, why: &str) {
        self.session.host.log(&format!("a message could not be read: {why}"));
        let refusal = Refusal { code: ErrorCode::ParseError, message: why.to_owned() };
        self.refuse(&Value::Null, &refusal);
    }

    fn request(&mut self, request: Request) {
        let id = request.id.clone();
        let result = match (self.phase, request.method.as_str()) {
            (Phase::Fresh, "initialize") => Ok(self.initialize(&request.params).to_string()),
            (Phase::Fresh, _) => Err(Refusal {
                code: ErrorCode::ServerNotInitialized,
                message: "send `initialize` first".to_owned(),
            }),
            (Phase::Ready, "shutdown") => {
                self.phase = Phase::Down;
                Ok("null".to_owned())
            }
            (Phase::Down, _) | (_, "initialize") => Err(Refusal {
                code: ErrorCode::InvalidRequest,
                message: format!("`{}` is out of turn", request.method),
            }),
            (Phase::Ready, _) => self.answer(request),
        };
        match result {
            Ok(result) => self.reply(&id, &format!(r#""result":{result}"#)),
            Err(refusal) => self.refuse(&id, &refusal),
        }
    }

    fn answer(&mut self, request: Request) -> Reply<String> {
        if request.method == "workspace/executeCommand" {
            return self.command(&request.params);
        }
        self.session.refresh();
        let result = route::answer(&self.session, request);
        self.publish_what_is_new();
        result
    }

    /// The only command of the server's own: what a code means.
    fn command(&mut self, params: &Value) -> Reply<String> {
        let topic = params.pointer("/arguments/0").and_then(Value::as_str).unwrap_or_default();
        let known = params.get("command").and_then(Value::as_str) == Some(capability::EXPLAIN);
        let text = crate::diagnostic::explain(topic).filter(|_| known);
        let text = text.ok_or_else(|| Refusal::failed(format!("there is no code `{topic}`")))?;
        self.notify("window/showMessage", &json!({ "type": 3, "message": text }));
        Ok(json!(text).to_string())
    }

    fn initialize(&mut self, params: &Value) -> Value {
        self.phase = Phase::Ready;
        let encodings = params.pointer("/capabilities/general/positionEncodings");
        let encodings = encodings.and_then(Value::as_array);
        let utf8 = encodings.is_some_and(|known| known.iter().any(|each| each == "utf-8"));
        self.session.encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        let watches = "/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration";
        self.watches = params.pointer(watches) == Some(&Value::Bool(true));
        let folders = params.pointer("/workspaceFolders").and_then(Value::as_array);
        let folders = folders.into_iter().flatten().filter_map(|each| each["uri"].as_str());
        let mut roots: Vec<_> = folders.filter_map(uri::path).collect();
        if roots.is_empty() {
            let root = params.pointer("/rootUri").and_then(Value::as_str);
            roots.extend(root.and_then(uri::path));
        }
        for root in roots {
            self.session.host.enter(&root);
        }
        serde_json::to_value(capability::result(self.session.encoding)).unwrap_or_default()
    }

    fn told(&mut self, told: Notification) {
        if self.phase != Phase::Ready {
            return;
        }
        let Notification { method, params } = told;
        let done = match method.as_str() {
            "initialized" => {
                self.watch();
                Ok(())
            }
            "textDocument/didOpen" => read(params).map(|params| self.opened(params)),
            "textDocument/didChange" => read(params).map(|params| self.changed(params)),
            "textDocument/didClose" => read(params).map(|params: DidCloseTextDocumentParams| {
                self.session.close(&params.text_document.uri);
            }),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.session.disk_changed();
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(why) = done {
            self.session.host.log(&format!("`{method}` could not be read: {why}"));
        }
    }

    /// Asks to be told of plans and settings that change on the disk.
    fn watch(&mut self) {
        if self.watches {
            let watchers = ["**/*.goal", "**/goal.toml"].map(|glob| json!({ "globPattern": glob }));
            let options = json!({ "watchers": watchers });
            let method = "workspace/didChangeWatchedFiles";
            let asked = json!({ "id": "watch", "method": method, "registerOptions": options });
            let request = json!({
                "jsonrpc": "2.0",
                "id": "watch",
                "method": "client/registerCapability",
                "params": { "registrations": [asked] },
            });
            (self.send)(&request.to_string());
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        self.session.open(Document {
            uri: item.uri,
            version: item.version,
            text: item.text.into(),
        });
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let path = self.session.path(&params.text_document.text_document_identifier.uri);
        let encoding = self.session.encoding;
        let Some(document) = self.session.documents.get_mut(&path) else { return };
        document.version = params.text_document.version;
        for change in params.content_changes {
            document.change(change, encoding);
        }
        self.session.changed(path);
    }

    fn publish(&mut self) {
        if self.session.refresh() {
            self.publish_what_is_new();
        }
    }

    fn publish_what_is_new(&mut self) {
        for params in self.published.news(&self.session) {
            self.notify("textDocument/publishDiagnostics", &params);
        }
    }
}

/// A message's params.
fn read<P: DeserializeOwned>(params: Value) -> Result<P, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}
