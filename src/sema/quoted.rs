//! W0712: `${name}` in single quotes of a script, where no shell expands it.
//!
//! Follows quotes, comments, substitutions and here-documents, and nothing else of the shell.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What runs its argument as a script of its own, or expands it later: there `'${name}'` is right.
const RUNS_ARGUMENTS: &[&str] = &[
    "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox", "yash", "eval", "trap", "alias",
    "envsubst",
];

/// The parts of a script in which nothing is expanded, now or later.
pub(super) fn unexpanded(script: &str) -> Vec<Range<usize>> {
    let found = inert(script).into_iter().filter(|(_, kind)| *kind == Inert::Text);
    found.map(|(range, _)| range).collect()
}

/// What the shell takes as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inert {
    Text,
    /// Text that another command may expand.
    Later,
    Comment,
}

/// The parts of a script in which its shell expands nothing.
pub(super) fn inert(script: &str) -> Vec<(Range<usize>, Inert)> {
    let mut scan = Scan {
        text: script,
        at: 0,
        open: Vec::new(),
        heredocs: Vec::new(),
        command: 0,
        found: Vec::new(),
    };
    while scan.at < script.len() {
        scan.next();
    }
    scan.found
}

pub(super) fn not_expanded(name: &str, span: Span) -> Diagnostic {
    let message = format!("`${{{name}}}` stands in single quotes, where the shell expands nothing");
    Diagnostic::new(Code::W0712, message, span, "stays as it is written").help(format!(
        "write it in double quotes, or close the single ones around it: `'…'\"${{{name}}}\"'…'`"
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Double,
    /// `$(`, `(` or `{`, up to this byte.
    Until(u8),
}

struct Heredoc {
    end: String,
    tabs: bool,
    quoted: bool,
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    heredocs: Vec<Heredoc>,
    /// Where the current command starts.
    command: usize,
    found: Vec<(Range<usize>, Inert)>,
}

impl Scan<'_> {
    fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or_default()
    }

    fn next(&mut self) {
        let byte = self.byte(0);
        let in_double = self.open.last() == Some(&Open::Double);
        let start = self.at;
        self.at += 1;
        match byte {
            b'\\' => self.at += 1,
            b'"' if in_double => drop(self.open.pop()),
            b'"' => self.open.push(Open::Double),
            b'$' if self.byte(0) == b'(' => self.enter(b')'),
            b'$' if self.byte(0) == b'{' => self.enter(b'}'),
            _ if self.open.last() == Some(&Open::Until(byte)) => drop(self.open.pop()),
            _ if in_double || self.in_braces() => {}
            b'\'' => self.single(start),
            b'(' => self.open.push(Open::Until(b')')),
            b'#' if self.starts_word(start) => {
                self.at = self.line_end();
                self.found.push((start..self.at, Inert::Comment));
            }
            b'<' if self.byte(0) == b'<' => self.heredoc(),
            b'\n' => self.line(),
            b';' | b'|' | b'&' => self.command = self.at,
            _ => {}
        }
    }

    fn enter(&mut self, until: u8) {
        self.at += 1;
        self.open.push(Open::Until(until));
        if until == b')' {
            self.command = self.at;
        }
    }

    /// In `${…}`, where quotes follow rules of their own.
    fn in_braces(&self) -> bool {
        self.open.last() == Some(&Open::Until(b'}'))
    }

    fn starts_word(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        before.is_none_or(|byte| b" \t\n;|&(".contains(byte))
    }

    fn line_end(&self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |at| self.at + at)
    }

    fn single(&mut self, start: usize) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\'').unwrap_or(rest.len());
        self.at += length + 1;
        let before = self.text.get(self.command..start).unwrap_or_default();
        let mut words = before.split(|c: char| c.is_whitespace() || c == '/' || c == '"');
        let runs = words.any(|word| RUNS_ARGUMENTS.contains(&word));
        let kind = if runs { Inert::Later } else { Inert::Text };
        self.found.push((start..self.at.min(self.text.len()), kind));
    }

    /// `<<END`, whose text begins at the next line.
    fn heredoc(&mut self) {
        self.at += 1;
        if self.byte(0) == b'<' {
            self.at += 1;
            return;
        }
        let tabs = self.byte(0) == b'-';
        self.at += usize::from(tabs);
        while matches!(self.byte(0), b' ' | b'\t') {
            self.at += 1;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let length = match quote {
            Some(quote) => rest.get(1..).and_then(|rest| rest.find(quote)).map_or(0, |at| at + 2),
            None => {
                rest.find([' ', '\t', '\n', ';', '|', '&', ')', '<', '>']).unwrap_or(rest.len())
            }
        };
        let word = rest.get(..length).unwrap_or_default();
        let end = word.replace(['\'', '"', '\\'], "");
        self.at += length;
        if !end.is_empty() {
            self.heredocs.push(Heredoc { end: end.clone(), tabs, quoted: end != word });
        }
    }

    fn line(&mut self) {
        self.command = self.at;
        for heredoc in std::mem::take(&mut self.heredocs) {
            let start = self.at;
            loop {
                let end = self.line_end();
                let line = self.text.get(self.at..end).unwrap_or_default();
                let line = if heredoc.tabs { line.trim_start_matches('\t') } else { line };
                let done = line == heredoc.end || end >= self.text.len();
                self.at = (end + 1).min(self.text.len());
                if done {
                    break;
                }
            }
            if heredoc.quoted {
                self.found.push((start..self.at, Inert::Text));
            }
        }
        self.command = self.at;
    }
}
