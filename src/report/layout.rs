//! Text on a terminal: how wide it is, cutting, padding, wrapping, colour.
//!
//! Knows nothing of goals. Width is counted in columns: a wide character takes two.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a line of text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` of a text; where something is left out, it ends in `…`.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns.saturating_sub(1)
    });
    let end = kept.map_or(text.len(), |(at, _)| at);
    format!("{}…", text[..end].trim_end())
}

/// Exactly `columns` wide: cut, or filled up with spaces at its end.
pub fn pad(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text + &" ".repeat(missing)
}

/// Exactly `columns` wide: cut, or filled up with spaces at its start.
pub fn pad_left(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    " ".repeat(columns.saturating_sub(width(&text))) + &text
}

/// The text's lines, none wider than `columns` where a break is possible: at a space, or beside a
/// wide character. What stands in backticks stays whole, so that it can be copied.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let body = line.trim_start_matches(' ');
    let indent = &line[..line.len() - body.len()];
    let mut lines = Vec::new();
    let mut current = indent.to_owned();
    let mut empty = true;
    for piece in pieces(body) {
        let gap = usize::from(piece.spaced && !empty);
        if !empty && width(&current) + gap + width(piece.text) > columns {
            lines.push(std::mem::replace(&mut current, indent.to_owned()));
            empty = true;
        }
        if piece.spaced && !empty {
            current.push(' ');
        }
        current.push_str(piece.text);
        empty = false;
    }
    lines.push(current);
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A part of a line that is not broken; `spaced` says whether a space stood before it.
struct Piece<'a> {
    text: &'a str,
    spaced: bool,
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = line;
    let mut spaced = false;
    while !rest.is_empty() {
        let (text, tail) = rest.split_at(piece_end(rest));
        found.push(Piece { text, spaced });
        spaced = tail.starts_with(' ');
        rest = tail.strip_prefix(' ').unwrap_or(tail);
    }
    found
}

/// Where the piece that a text begins with ends.
fn piece_end(text: &str) -> usize {
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        if c == ' ' {
            return at;
        }
        if is_wide(c) {
            return if at == 0 { c.len_utf8() } else { at };
        }
        if c == '`' {
            skip_to = text[at + 1..].find('`').map_or(0, |length| at + length + 2);
        }
    }
    text.len()
}

fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}

/// Paints where colours are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, style: &str, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(pad("認証", 6), "認証  ");
        assert_eq!(cut("認証API", 4), "認…");
        assert_eq!(pad_left("5s", 4), "  5s");
    }

    #[test]
    fn lines_break_at_spaces_and_beside_wide_characters() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("要件定義と技術", 6), ["要件定", "義と技", "術"]);
        assert_eq!(wrap("  a b\nc", 4), ["  a", "  b", "c"]);
    }

    #[test]
    fn code_in_backticks_stays_whole() {
        assert_eq!(wrap("write `depends a, b` here", 14), ["write", "`depends a, b`", "here"]);
        assert_eq!(wrap("an odd ` mark", 8), ["an odd `", "mark"]);
    }
}
