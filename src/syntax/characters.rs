//! Characters that no plan may hold, wherever they stand: what you read must be what runs.
//!
//! Knows nothing of tokens: it looks at the bare text, strings and comments included.

use super::findings;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Reports the first bidirectional, control or invisible character of each line.
pub(super) fn check(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if text.bytes().all(is_harmless) {
        return found;
    }
    let mut reported = false;
    let mut before = '\n';
    for (at, char) in text.char_indices() {
        let after = text.get(at + char.len_utf8()..).and_then(|rest| rest.chars().next());
        if char == '\n' {
            reported = false;
        } else if !reported && (at > 0 || char != '\u{FEFF}') && is_deceptive(before, char, after) {
            reported = true;
            found.push(findings::deceptive(Span::new(file, at, at + char.len_utf8()), char));
        }
        before = char;
    }
    found
}

/// Whether this character is one of those that are reported wherever they stand.
pub(super) fn is_invisible(char: char) -> bool {
    char.is_control() && !matches!(char, '\t' | '\n')
        || matches!(char,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

fn is_harmless(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n')
}

/// A joiner between characters beyond ASCII is how Persian, Indic texts and emoji are written;
/// a carriage return is fine before a line feed.
fn is_deceptive(before: char, char: char, after: Option<char>) -> bool {
    match char {
        '\u{200C}' | '\u{200D}' => before.is_ascii() || after.is_none_or(|next| next.is_ascii()),
        '\r' => after != Some('\n'),
        _ => is_invisible(char),
    }
}
