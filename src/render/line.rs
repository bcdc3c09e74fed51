//! One line of a text as it is shown: cut to what fits, tabs as spaces, hidden characters named.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::diagnostic::{hidden_name, is_hidden};

const TAB: usize = 4;

/// A line as shown, and where each of its bytes went.
pub(super) struct ShownLine {
    pub(super) text: String,
    /// (byte in the line, byte in `text`) of each character shown, and of the end.
    map: Vec<(usize, usize)>,
}

impl ShownLine {
    /// Shows a line in at most `columns`; what is at the byte `anchor` is surely shown.
    pub(super) fn new(line: &str, anchor: usize, columns: usize) -> Self {
        let anchor = line.floor_char_boundary(anchor.min(line.len()));
        let window = window(line, anchor, columns);
        let mut text = String::new();
        if window.start > 0 {
            text.push('…');
        }
        let mut map = Vec::new();
        let mut column = text.chars().count();
        for (at, c) in line[window.clone()].char_indices() {
            map.push((window.start + at, text.len()));
            let columns = columns_of(c, column);
            push_shown(&mut text, c, columns);
            column += columns;
        }
        map.push((window.end, text.len()));
        if window.end < line.len() {
            text.push('…');
        }
        Self { text, map }
    }

    /// Where a byte of the line went; what is not shown went to the nearest end.
    pub(super) fn position(&self, byte: usize) -> usize {
        let after = self.map.partition_point(|(from, _)| *from <= byte);
        self.map.get(after.saturating_sub(1)).map_or(0, |(_, to)| *to)
    }
}

/// How many columns a character takes when it starts in `column`.
fn columns_of(c: char, column: usize) -> usize {
    match c {
        '\t' => TAB - column % TAB,
        c if is_hidden(c) => hidden_name(c).len(),
        c => c.width().unwrap_or(0),
    }
}

fn push_shown(text: &mut String, c: char, columns: usize) {
    match c {
        '\t' => text.extend(std::iter::repeat_n(' ', columns)),
        c if is_hidden(c) => text.push_str(&hidden_name(c)),
        c => text.push(c),
    }
}

/// The part of a line that is shown: all of it, or what surrounds the anchor. Looks at no more of
/// a long line than that.
fn window(line: &str, anchor: usize, columns: usize) -> Range<usize> {
    if taken(line.chars(), columns).is_none() {
        return 0..line.len();
    }
    // Room for an ellipsis at each end.
    let room = columns.saturating_sub(2);
    let before = line[..anchor].chars().rev();
    let back: usize = match taken(before.clone(), room / 3) {
        Some(count) => before.take(count).map(char::len_utf8).sum(),
        None => anchor,
    };
    let start = anchor - back;
    let rest = line[start..].chars();
    let length = match taken(rest.clone(), room) {
        Some(count) => rest.take(count).map(char::len_utf8).sum(),
        None => line.len() - start,
    };
    start..start + length
}

/// How many characters fit into so many columns; `None` where all do. Characters without width
/// count too where there are very many of them.
fn taken(chars: impl Iterator<Item = char>, columns: usize) -> Option<usize> {
    let mut used = 0;
    for (count, c) in chars.enumerate() {
        used += columns_of(c, used);
        if used > columns || count > columns * 8 {
            return Some(count);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_is_shown_whole() {
        let line = ShownLine::new("a\tb", 0, 40);
        assert_eq!(line.text, "a   b");
        assert_eq!((line.position(1), line.position(2), line.position(3)), (1, 4, 5));
    }

    #[test]
    fn a_long_line_is_cut_around_its_anchor() {
        let text = format!("{}needle{}", "x".repeat(5_000), "y".repeat(5_000));
        let line = ShownLine::new(&text, 5_000, 40);
        assert_eq!(line.text.chars().count(), 40);
        let at = line.position(5_000);
        assert_eq!(&line.text[at..at + 6], "needle");
        assert!(line.text.starts_with('…') && line.text.ends_with('…'));
    }

    #[test]
    fn hidden_characters_are_named() {
        let line = ShownLine::new("a\u{202e}b", 0, 40);
        assert_eq!(line.text, "a<U+202E>b");
        assert_eq!(&line.text[line.position(1)..line.position(4)], "<U+202E>");
    }

    #[test]
    fn many_marks_without_width_do_not_make_a_line_endless() {
        let text = "e".to_owned() + &"\u{301}".repeat(100_000);
        assert!(ShownLine::new(&text, 0, 40).text.len() < 10_000);
    }
}
