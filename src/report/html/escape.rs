//! Text on its way into HTML. Invariant: nothing of it is markup afterwards, and nothing hides.

use crate::diagnostic::visible;

/// For an element or an attribute in double quotes.
pub(super) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in HTML even as references.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The same for sentences of goalc's own, whose backticks mean code.
pub(super) fn with_code(sentence: &str) -> String {
    if sentence.matches('`').count() % 2 == 1 {
        return text(sentence);
    }
    let parts = sentence.split('`').enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            1 => format!("<code>{}</code>", text(part)),
            _ => text(part),
        })
        .collect()
}

/// As content security policies write hashes.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            let letter = LETTERS.get(index as usize).copied().unwrap_or(b'=');
            encoded.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_hidden_characters_become_text() {
        assert_eq!(
            text("<b a=\"'&\u{202e}\u{1b}"),
            "&lt;b a=&quot;&#39;&amp;&lt;U+202E&gt;&lt;U+001B&gt;"
        );
        assert_eq!(with_code("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(with_code("odd ` mark"), "odd ` mark");
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!(
            [&b"f"[..], b"fo", b"foo", b"foob"].map(base64),
            ["Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }
}
