//! What a terminal may be shown of a text that someone else wrote.
//!
//! Invariant: what comes out holds no control character but line breaks, and nothing that
//! changes the order in which text is read.

use std::borrow::Cow;

/// Whether a character would act on the terminal, or hide, instead of being seen.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A hidden character's name in place of it: `<U+202E>`.
pub fn hidden_name(c: char) -> String {
    format!("<U+{:04X}>", u32::from(c))
}

/// The text with hidden characters named; line breaks and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&hidden_name(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The text, cut behind so many characters: nobody reads a message of a million.
pub fn shortened(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bidirectional_controls_are_named() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b\u{7f}"), "a<U+001B>[31m<U+202E>b<U+007F>");
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        let text = "naïve 認証 👩‍💻 a\tb\nc";
        assert_eq!(visible(text), text);
    }
}
