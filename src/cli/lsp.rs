//! `goalc lsp`: the language server on standard input and output.
//!
//! Owns the transport, and the world that the server asks: files, and the checks of the command line.
//! Invariant: standard output carries messages of the protocol and nothing else.

use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Sender, bounded};
use lsp_server::Message;

use super::disk::LARGEST;
use super::exit::Failed;
use super::findings::findings;
use super::load::{Aim, Mounts, load_with};
use super::params::{self, GivenParams};
use super::run::jobs;
use super::{forecast, mend, output};
use crate::editor::lsp::{Checked, Host, Incoming, Texts, Times, serve};
use crate::exec::graph::Graph;
use crate::exec::scope::NoSurroundings;
use crate::sema::Kept;

/// So many messages wait at most; the editor's next one waits outside.
const MOST_WAITING: usize = 256;

/// A message holds at most a text of the largest size, with escapes.
const LARGEST_MESSAGE: u64 = LARGEST * 2;

/// The longest line of a message's head.
const LONGEST_HEADER: u64 = 4096;

/// So deep folders are looked into for plans.
const DEEPEST: usize = 12;

/// So many entries of folders are looked at, however few of them are plans.
const MOST_ENTRIES: usize = 20_000;

pub(super) fn lsp() -> Result<u8, Failed> {
    let (sender, incoming) = bounded(MOST_WAITING);
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || read_all(&mut std::io::stdin().lock(), &sender))
        .map_err(|error| Failed::machine(format!("a thread cannot be started: {error}")))?;
    let mut broken = false;
    let mut send = |message: &str| {
        broken = broken || write(&mut std::io::stdout().lock(), message).is_err();
    };
    let left = serve(Box::new(World { roots: Vec::new() }), &incoming, &mut send);
    Ok(u8::from(!left))
}

fn write(into: &mut impl Write, message: &str) -> std::io::Result<()> {
    write!(into, "Content-Length: {}\r\n\r\n{message}", message.len())?;
    into.flush()
}

/// Reads messages until the input ends, or `exit` is told.
fn read_all(from: &mut impl BufRead, into: &Sender<Incoming>) {
    while let Some(read) = read_one(from).transpose() {
        let (next, last) = match read {
            Ok(body) => match serde_json::from_slice::<Message>(&body) {
                Ok(message) => {
                    let last =
                        matches!(&message, Message::Notification(told) if told.method == "exit");
                    (Incoming::Message(message), last)
                }
                Err(error) => (Incoming::Unreadable(format!("no message: {error}")), false),
            },
            Err(Unread::Ended) => return,
            Err(Unread::Wrong(why)) => (Incoming::Unreadable(why), false),
        };
        if into.send(next).is_err() || last {
            return;
        }
    }
}

/// Why there is no message.
enum Unread {
    Ended,
    /// What was read so far is passed over.
    Wrong(String),
}

impl From<std::io::Error> for Unread {
    fn from(_: std::io::Error) -> Self {
        Self::Ended
    }
}

/// The body of the next message; none at the end.
fn read_one(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, Unread> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if from.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\n', '\r']);
        match (line.split_once(':'), length) {
            (None, Some(length)) if line.is_empty() => return body(from, length).map(Some),
            (None, None) if line.is_empty() => {}
            (Some((name, value)), _) if name.eq_ignore_ascii_case("content-length") => {
                let number = value.trim().parse::<u64>();
                length = Some(number.map_err(|_| Unread::Wrong(format!("no length: `{value}`")))?);
            }
            (Some(_), _) => {}
            (None, _) => return Err(Unread::Wrong("a line of the head has no `:`".to_owned())),
        }
    }
}

fn body(from: &mut impl BufRead, length: u64) -> Result<Vec<u8>, Unread> {
    if length > LARGEST_MESSAGE {
        std::io::copy(&mut from.take(length), &mut std::io::sink())?;
        return Err(Unread::Wrong(format!("a message of {length} bytes is too large")));
    }
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    if body.len() as u64 == length { Ok(body) } else { Err(Unread::Ended) }
}

/// The world as the command line sees it.
#[derive(Debug)]
struct World {
    /// The editor's folders.
    roots: Vec<PathBuf>,
}

impl Host for World {
    fn enter(&mut self, root: &Path) {
        // So that names are short, and mounts may go as far as they may for a call in that folder.
        let enter = || {
            if self.roots.is_empty() { std::env::set_current_dir(root) } else { Ok(()) }
        };
        match enter().and_then(|()| root.canonicalize()) {
            Ok(root) => self.roots.push(root),
            Err(error) => self.log(&format!("`{}` cannot be entered: {error}", root.display())),
        }
    }

    fn resolved(&self, path: &Path) -> PathBuf {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match (path.parent().map(Path::canonicalize), path.file_name()) {
            (Some(Ok(folder)), Some(name)) => folder.join(name),
            _ => path,
        }
    }

    fn check(&self, plan: &Path, texts: &Texts, mut kept: Kept) -> Option<Checked> {
        kept.begin();
        let loaded = load_with(plan, Aim::Names(&kept), Mounts::Inside, texts);
        let loaded = loaded.map_err(|failed| {
            self.log(failed.message().unwrap_or("a plan cannot be read"));
        });
        let loaded = loaded.ok()?;
        let found = findings(&loaded, false);
        kept.end();
        Some(Checked { sources: loaded.sources, found, index: loaded.index, kept })
    }

    fn times(&self, plan: &Path, texts: &Texts) -> Times {
        let Ok(mut loaded) = load_with(plan, Aim::Plan, Mounts::Inside, texts) else {
            return Times::default();
        };
        let Some(plan) = loaded.plan.take() else { return Times::default() };
        let measured = forecast::measured(&loaded, &plan);
        let graph = Arc::new(Graph::new(Arc::new(plan)));
        // Who opens a file trusts it no further than to be read.
        let world = NoSurroundings { root: loaded.folder().to_owned() };
        let params = params::resolve(&graph, &GivenParams::new(), &world).ok();
        let forecast = params.and_then(|params| {
            let jobs = jobs(None, &loaded, &graph, &params, &world).ok()?;
            forecast::expected(&loaded, &graph, params, jobs, &world).ok()
        });
        Times { forecast, measured }
    }

    fn mended(&self, plan: &Path, texts: &Texts) -> Option<Texts> {
        mend::best(plan, texts.clone(), Mounts::Inside).ok()
    }

    fn plans(&self, most: usize) -> Vec<PathBuf> {
        let hidden = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() > 0
                && (name.starts_with('.') || name == "target" || name == "node_modules")
        };
        let entries = self.roots.iter().flat_map(|root| {
            let folder = walkdir::WalkDir::new(root).max_depth(DEEPEST).sort_by_file_name();
            folder.into_iter().filter_entry(|entry| !hidden(entry)).take(MOST_ENTRIES)
        });
        let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        let plans = files.map(walkdir::DirEntry::into_path);
        plans.filter(|path| path.extension().is_some_and(|end| end == "goal")).take(most).collect()
    }

    fn beside(&self, folder: &Path) -> Vec<String> {
        let inside = self.roots.is_empty()
            || folder
                .canonicalize()
                .is_ok_and(|folder| self.roots.iter().any(|root| folder.starts_with(root)));
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let names = entries.filter_map(Result::ok).take(MOST_ENTRIES).map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() { name + "/" } else { name }
        });
        let mut names: Vec<_> = names.filter(|name| inside && !name.starts_with('.')).collect();
        names.sort();
        names
    }

    fn log(&self, line: &str) {
        output::complain(line);
    }
}
