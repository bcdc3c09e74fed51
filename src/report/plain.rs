//! What steps wrote, as plain text: escape sequences dropped, what is left of control characters
//! named. Knows nothing of the formats that show it.

use super::review::LogView;
use crate::diagnostic::{shortened, visible};

/// Lines of a log that are shown.
const LINES: usize = 20;

/// In characters.
const LONGEST_LINE: usize = 500;

impl LogView {
    /// Takes the last lines of this text.
    pub fn fill(&mut self, text: &str) {
        let lines: Vec<&str> = text.trim_end_matches(['\n', '\r']).split('\n').collect();
        let last = lines.len().saturating_sub(LINES);
        let shown = lines.get(last..).unwrap_or_default();
        self.lines = shown.iter().map(|line| plain_line(line)).collect();
        if self.lines.iter().all(String::is_empty) {
            self.lines.clear();
        }
    }
}

/// A line as a terminal would leave it: without colours, and without what was written over.
fn plain_line(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let plain = visible(&without_escapes(line)).replace('\t', "    ");
    shortened(plain, LONGEST_LINE)
}

/// Without the sequences that set colours, move the cursor or name links.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = match after.as_bytes().first() {
            Some(b'[') => after_csi(after.get(1..).unwrap_or_default()),
            Some(b']') => after_osc(after.get(1..).unwrap_or_default()),
            Some(b'(' | b')') => after.get(1..).map_or("", |rest| {
                let mut letters = rest.chars();
                letters.next();
                letters.as_str()
            }),
            Some(b'=' | b'>' | b'7' | b'8' | b'c' | b'M') => after.get(1..).unwrap_or_default(),
            _ => {
                plain.push('\u{1b}');
                after
            }
        };
    }
    plain + rest
}

/// Behind `ESC [`: parameters, then one letter.
fn after_csi(text: &str) -> &str {
    let parameters = |c: char| matches!(c, '\u{20}'..='\u{3f}');
    let rest = text.trim_start_matches(parameters);
    let mut letters = rest.chars();
    match letters.next() {
        Some('\u{40}'..='\u{7e}') => letters.as_str(),
        _ => rest,
    }
}

/// Behind `ESC ]`: up to BEL or `ESC \`; as it is where neither comes.
fn after_osc(text: &str) -> &str {
    let bell = text.find('\u{7}').map(|at| (at, 1));
    let string_end = text.find("\u{1b}\\").map(|at| (at, 2));
    let end = bell.into_iter().chain(string_end).min();
    end.map_or(text, |(at, length)| text.get(at + length..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_links_and_overwritten_text_go() {
        let line = "\u{1b}[1;31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\ end";
        assert_eq!(plain_line(line), "red link end");
        assert_eq!(plain_line("10%\r50%\r100%\r"), "100%");
    }

    #[test]
    fn what_is_no_sequence_is_named() {
        assert_eq!(plain_line("a\u{1b}Zb\u{0}c\u{202e}"), "a<U+001B>Zb<U+0000>c<U+202E>");
        assert_eq!(plain_line("cut \u{1b}["), "cut ");
    }

    #[test]
    fn the_last_lines_are_kept() {
        let numbers: Vec<String> = (1..=30).map(|n| n.to_string()).collect();
        let mut log = LogView::default();
        log.fill(&numbers.join("\n"));
        assert_eq!(log.lines.first().map(String::as_str), Some("11"));
        assert_eq!(log.lines.len(), 20);
        log.fill("\n\n");
        assert!(log.lines.is_empty());
    }
}
