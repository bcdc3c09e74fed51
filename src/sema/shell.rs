//! W0707: scripts that their shell would refuse.
//!
//! Asks a parser of bash, which reads what POSIX shells read and more; only what every shell of
//! the family refuses is reported. A script that is too large or too deep to ask about is let be.

use std::ops::Range;

use shuck_parser::ShellDialect;
use shuck_parser::parser::Parser;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::{self, StringLiteral};

/// A larger script is not looked at.
const LARGEST_SCRIPT: usize = 256 << 10;

/// `${` and `$(` in each other, at most so deep.
const DEEPEST: usize = 64;

/// What a script is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// sh, bash, dash or ash.
    Posix,
    /// Another shell that expands `${name}`, or one that only the run knows.
    Kin,
    /// No shell of the sh family.
    Other,
}

impl Shell {
    pub(super) fn of(program: &str) -> Self {
        match program {
            "sh" | "bash" | "dash" | "ash" => Self::Posix,
            "ksh" | "mksh" | "zsh" | "busybox" | "yash" => Self::Kin,
            _ => Self::Other,
        }
    }

    /// Whether it expands `${name}`.
    pub(super) fn expands(self) -> bool {
        self != Self::Other
    }
}

/// What is wrong with a script, if its shell would refuse it.
pub(super) fn refused(script: &StringLiteral) -> Option<Diagnostic> {
    if is_plain(&script.text) || script.text.len() > LARGEST_SCRIPT || is_deep(&script.text) {
        return None;
    }
    let text = without_references(script);
    let parsed = Parser::with_dialect(&text, ShellDialect::Bash).parse();
    let first = parsed.diagnostics.first()?;
    let place = first.span.start.offset()..first.span.end.offset();
    let (place, label) = complaint(&text, place, &first.message)?;
    let found = Diagnostic::new(
        Code::W0707,
        "the shell would refuse this script",
        script.span_of(place),
        label,
    );
    Some(found.help("close what is open; for another language name its interpreter with `shell`"))
}

/// A call of one of the language's functions; `of_item`: it uses the step's item.
pub(super) fn no_call(written: &str, of_item: bool, place: Span) -> Diagnostic {
    let message = format!("`${{{written}}}` is a call, and no shell expands one");
    let found = Diagnostic::new(Code::W0707, message, place, "a bad substitution for the shell");
    found.help(if of_item {
        format!("bind it by `env {{ NAME = {written} }}` and write `$NAME`")
    } else {
        format!("bind it by `let NAME = {written}` and write `${{NAME}}`")
    })
}

/// Whether a script is made of plain commands, as most are: nothing in it could be wrong.
fn is_plain(text: &str) -> bool {
    text.lines().all(|line| is_plain_command(line.trim_start_matches(' ')))
}

fn is_plain_command(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    if is_reserved(first) {
        return false;
    }
    let bytes = line.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => {
                quoted = !quoted;
                1
            }
            b'$' => match expansion(bytes.get(at + 1..).unwrap_or_default()) {
                Some(length) => length + 1,
                None => return false,
            },
            b'\\' | b'`' => return false,
            _ if quoted => 1,
            b'>' => match redirection(bytes.get(at + 1..).unwrap_or_default()) {
                Some(length) => length + 1,
                None => return false,
            },
            byte if byte.is_ascii_alphanumeric() || b" ./_-=:,+@%".contains(byte) => 1,
            _ => return false,
        };
    }
    !quoted
}

/// Words that open, join or close commands.
fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "if" | "then"
            | "elif"
            | "else"
            | "fi"
            | "for"
            | "while"
            | "until"
            | "do"
            | "done"
            | "case"
            | "esac"
            | "function"
            | "select"
            | "coproc"
            | "time"
    )
}

/// How long a `name` or `{name}` behind a `$` is.
fn expansion(rest: &[u8]) -> Option<usize> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = |rest: &[u8]| rest.iter().take_while(|byte| is_name(byte)).count();
    match rest.strip_prefix(b"{") {
        Some(inside) => {
            let name = length(inside);
            (name > 0 && inside.get(name) == Some(&b'}')).then_some(name + 2)
        }
        None => Some(length(rest)).filter(|name| *name > 0),
    }
}

/// How much of a redirection behind its `>` stands before the file.
fn redirection(rest: &[u8]) -> Option<usize> {
    let appends = usize::from(rest.first() == Some(&b'>'));
    let spaces = rest.iter().skip(appends).take_while(|byte| **byte == b' ').count();
    let file = rest.get(appends + spaces)?;
    let is_file = file.is_ascii_alphanumeric() || b"/._$\"".contains(file);
    is_file.then_some(appends + spaces)
}

/// Nesting that the parser would take long for.
fn is_deep(text: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0);
    for pair in text.as_bytes().windows(2) {
        match pair {
            b"${" | b"$(" => depth += 1,
            [b'}' | b')', _] => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

/// The script with its `${a.b}` as names that a shell knows, byte for byte in place.
fn without_references(script: &StringLiteral) -> String {
    let mut text = script.text.to_string();
    for reference in syntax::script_references(script) {
        let inside = reference.range.start + 2..reference.range.end - 1;
        let name = "v".repeat(inside.len());
        if text.is_char_boundary(inside.start) && text.is_char_boundary(inside.end) {
            text.replace_range(inside, &name);
        }
    }
    text
}

/// Where a finding is best shown and what is there; none for what some shell takes.
fn complaint(text: &str, place: Range<usize>, message: &str) -> Option<(Range<usize>, String)> {
    let message = message.strip_prefix("syntax error: ").unwrap_or(message);
    let there = text.get(place.clone())?;
    if let Some(what) = message.strip_prefix("unterminated ") {
        return unclosed(text, place, what);
    }
    if message == "expected command" {
        // A `}` in the middle of a word is text.
        let before = text.get(..place.start)?.chars().next_back();
        let in_word = there == "}" && before.is_some_and(|c| !c.is_whitespace() && c != ';');
        return (!in_word).then(|| (place, format!("`{}` cannot stand here", shown(there))));
    }
    if message.starts_with("expected command after") || message == "expected word" {
        return Some((place, format!("something must follow `{}`", shown(there))));
    }
    if let Some(clause) = message.strip_prefix("empty ") {
        return Some((place, format!("the {clause} is empty")));
    }
    let missing = message.strip_prefix("expected '")?.split('\'').next()?;
    matches!(missing, "fi" | "done" | "do" | "esac" | "}" | ")")
        .then(|| (place, format!("`{missing}` is missing behind this")))
}

fn unclosed(text: &str, place: Range<usize>, what: &str) -> Option<(Range<usize>, String)> {
    let (length, mark) = match what {
        "double quote" => (1, "\""),
        "single quote" => (1, "'"),
        "backtick substitution" => (1, "`"),
        "command substitution" => (2, "$("),
        _ => return None,
    };
    // In `"${x:-it's}"` the shells take the quote for text.
    let quoted = |part: &str| part.split('}').next().is_some_and(|inside| inside.contains('\''));
    if text.split("${").skip(1).any(quoted) {
        return None;
    }
    let start = text.get(place.clone())?.find(mark).map_or(place.start, |at| place.start + at);
    let end = (start + length).min(text.len());
    text.is_char_boundary(end).then(|| (start..end, format!("this `{mark}` is never closed")))
}

/// A piece of a script in one line.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(20).collect()
}
