//! How wide a text is at most, for fonts that are not known here.
//!
//! Invariant: errs on the wide side, so that text stays in its box whichever font a reader has.

use unicode_width::UnicodeWidthChar;

/// A kind of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Names.
    Mono,
    /// Titles.
    Sans,
}

/// The width of a text in pixels.
pub(super) fn width(text: &str, face: Face, size: f64) -> f64 {
    text.chars().map(|c| ems(c, face)).sum::<f64>() * size
}

/// A character's width as a share of the font's size.
fn ems(c: char, face: Face) -> f64 {
    match c.width() {
        None | Some(0) => 0.0,
        Some(2..) if u32::from(c) >= 0x1_f000 => 1.4,
        Some(2..) => 1.05,
        Some(1) if !c.is_ascii() => 0.85,
        Some(1) if face == Face::Mono => 0.62,
        Some(1) => match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => 0.37,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | 'I' | '/' | '-' => 0.46,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.02,
            'A'..='Z' | '&' | '#' | '=' | '+' | '<' | '>' => 0.84,
            _ => 0.66,
        },
    }
}

/// At most so many pixels of a text; where something is left out, it ends in `…`.
pub(super) fn cut(text: &str, face: Face, size: f64, most: f64) -> String {
    if width(text, face, size) <= most {
        return text.to_owned();
    }
    let room = most - width("…", face, size);
    let mut used = 0.0;
    let end = text.char_indices().find(|(_, c)| {
        used += ems(*c, face) * size;
        used > room
    });
    format!("{}…", text.get(..end.map_or(0, |(at, _)| at)).unwrap_or_default().trim_end())
}

/// A text in at most so many lines of so many pixels.
pub(super) fn lines(text: &str, face: Face, size: f64, most: f64, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut rest = text;
    while !rest.is_empty() && lines.len() + 1 < count {
        let end = word_end(rest);
        let (word, tail) = rest.split_at(end);
        let longer = format!("{line}{word}");
        if !line.is_empty() && width(longer.trim_end(), face, size) > most {
            lines.push(line.trim_end().to_owned());
            line = String::new();
            if lines.len() + 1 == count {
                break;
            }
        }
        line += word;
        rest = tail;
    }
    lines.push(cut(&format!("{line}{rest}"), face, size, most));
    lines.into_iter().map(|line| cut(&line, face, size, most)).collect()
}

/// Behind a word and the spaces that follow it; a wide character is a word by itself.
fn word_end(text: &str) -> usize {
    let wide = |c: char| c.width() == Some(2);
    let mut spaced = false;
    for (at, c) in text.char_indices() {
        if at > 0 && ((spaced && c != ' ') || wide(c)) {
            return at;
        }
        if at == 0 && wide(c) {
            let next = c.len_utf8();
            let rest = text.get(next..).unwrap_or_default();
            return next + (rest.len() - rest.trim_start_matches(' ').len());
        }
        spaced = c == ' ';
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_to_their_width_and_number() {
        for text in
            ["one two three four five six", "月末の請求書を作成して送る", "averylongwordindeed x"]
        {
            for count in 1..4 {
                let lines = lines(text, Face::Sans, 10.0, 60.0, count);
                assert!(lines.len() <= count, "{lines:?}");
                assert!(
                    lines.iter().all(|line| width(line, Face::Sans, 10.0) <= 60.0),
                    "{lines:?}"
                );
            }
        }
        assert_eq!(lines("a b", Face::Sans, 10.0, 60.0, 2), ["a b"]);
    }
}
