//! Where strings end and lines begin, in the bare text.
//!
//! Knows no tokens and nothing of what is around.

use super::StringStyle;

/// White space beyond this is not counted where indentation is compared.
pub(super) const WIDEST: usize = 1_000;

/// The style of the string that opens here.
pub(super) fn style_at(rest: &[u8]) -> StringStyle {
    match rest {
        [b'"', b'"', b'"', ..] => StringStyle::DoubleBlock,
        [b'\'', b'\'', b'\'', ..] => StringStyle::SingleBlock,
        [b'\'', ..] => StringStyle::Single,
        _ => StringStyle::Double,
    }
}

/// The end of a string whose text starts at `at`, behind its closing quotes.
pub(super) fn close_of(
    bytes: &[u8],
    mut at: usize,
    quote: u8,
    style: StringStyle,
) -> Option<usize> {
    loop {
        let byte = *bytes.get(at)?;
        match byte {
            b'\\' if style.interpolates() => match bytes.get(at + 1) {
                Some(b'\n') if !style.is_block() => return None,
                _ => at += 1,
            },
            b'\n' if !style.is_block() => return None,
            _ if byte != quote => {}
            _ if !style.is_block() => return Some(at + 1),
            _ if bytes.get(at..at + 3)? == [quote; 3] => return Some(at + 3),
            _ => {}
        }
        at += 1;
    }
}

/// How far the line that holds `offset` is indented, in bytes; it reads back to the line's start.
pub(super) fn indent_of(text: &str, offset: usize) -> usize {
    let start = line_start(text, offset);
    let line = text.get(start..).unwrap_or_default();
    line.bytes().take(WIDEST).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Only white space stands before `offset` on its line.
pub(super) fn is_first_on_line(text: &str, offset: usize) -> bool {
    line_start(text, offset) + indent_of(text, offset) == offset
}

fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|above| above.rfind('\n')).map_or(0, |at| at + 1)
}
