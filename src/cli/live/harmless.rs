//! What steps write, made fit for a terminal.
//!
//! Invariant: nothing of it moves the cursor, changes a mode or forges a prompt.

use crate::diagnostic::{hidden_name, is_hidden};

/// A step's text without what could move the cursor, turn the order of letters around or forge a
/// prompt: control characters in caret form, others by their names; colours stay where they are
/// wanted.
pub(crate) fn harmless(text: &str, colour: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| is_hidden(c) || c == '\n') {
        safe.push_str(&rest[..at]);
        let tail = &rest[at..];
        if let Some(length) = colour_code(tail) {
            safe.push_str(if colour { &tail[..length] } else { "" });
            rest = &tail[length..];
            continue;
        }
        let control = tail.chars().next().unwrap_or_default();
        match u32::from(control) {
            code @ 0..0x20 => {
                safe.push('^');
                safe.push(char::from_u32(code + 0x40).unwrap_or('?'));
            }
            0x7f => safe.push_str("^?"),
            _ => safe += &hidden_name(control),
        }
        rest = &tail[control.len_utf8()..];
    }
    safe.push_str(rest);
    if safe.contains('\u{1b}') { safe + "\u{1b}[0m" } else { safe }
}

/// The length of a colour sequence (`ESC [ digits ; … m`) that a text starts with.
fn colour_code(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\u{1b}[")?;
    let end = body.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    body[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_where_they_are_wanted_and_nothing_else_does() {
        let line = "\u{1b}[32m✓\u{1b}[0m a\u{1b}[2J\u{7}";
        assert_eq!(harmless(line, false), "✓ a^[[2J^G");
        assert_eq!(harmless(line, true), "\u{1b}[32m✓\u{1b}[0m a^[[2J^G\u{1b}[0m");
        assert_eq!(harmless("a\r\u{9b}2J\u{202e}\t認証", true), "a^M<U+009B>2J<U+202E>\t認証");
    }
}
