//! `.env` files: `NAME=VALUE` lines.
//!
//! Quotes, comments and `export` are understood as by the tools that made the format; nothing in a
//! value is expanded, as values are never code.

use super::Misplaced;
use crate::source::LineIndex;

/// Reads all variables, in their order; of two of one name the later counts, as the caller sets
/// them in turn.
///
/// A value is bare (up to a ` #` comment, spaces around it gone), `'…'` as it stands, or `"…"` with
/// `\n \r \t \" \\ \$`; quoted ones may go over several lines.
///
/// # Errors
/// Each line that is none of these.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, Vec<Misplaced>> {
    let lines = LineIndex::new(text);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let at = text.len() - rest.len();
        match variable(rest) {
            Ok((variable, tail)) => {
                found.extend(variable);
                rest = tail;
            }
            Err(message) => {
                wrong.push(Misplaced::new(text, &lines, at, message));
                rest = split_line(rest).1;
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

type Variable = Option<(String, String)>;

/// One line, or one variable over several; `None` for a comment.
fn variable(text: &str) -> Result<(Variable, &str), String> {
    if text.starts_with('#') {
        return Ok((None, split_line(text).1));
    }
    let text = after_export(text);
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, tail) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a variable's name is letters, digits and `_`: write `NAME=value`".to_owned());
    }
    let Some(value) = tail.trim_start_matches(BLANK).strip_prefix('=') else {
        return Err(format!("`{name}` has no value: write `{name}=value`"));
    };
    let (value, rest) = value_of(name, value.trim_start_matches(BLANK))?;
    if value.contains('\0') {
        return Err(format!("the value of `{name}` holds a null character"));
    }
    Ok((Some((name.to_owned(), value)), rest))
}

const BLANK: [char; 2] = [' ', '\t'];

fn after_export(text: &str) -> &str {
    match text.strip_prefix("export") {
        Some(rest) if rest.starts_with(BLANK) => rest.trim_start_matches(BLANK),
        _ => text,
    }
}

fn value_of<'t>(name: &str, text: &'t str) -> Result<(String, &'t str), String> {
    let unclosed = || format!("the quote of `{name}` is not closed");
    let (value, rest) = if let Some(quoted) = text.strip_prefix('\'') {
        let (value, rest) = quoted.split_once('\'').ok_or_else(unclosed)?;
        (value.to_owned(), rest)
    } else if let Some(quoted) = text.strip_prefix('"') {
        escaped(quoted).ok_or_else(unclosed)?
    } else {
        let (line, rest) = split_line(text);
        return Ok((bare(line).to_owned(), rest));
    };
    let (tail, rest) = split_line(rest);
    let tail = tail.trim();
    if tail.is_empty() || tail.starts_with('#') {
        return Ok((value, rest));
    }
    Err(format!("after the closing quote of `{name}` there is more text"))
}

/// The text up to the closing `"`, and what is behind it.
fn escaped(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                plain @ ('"' | '\\' | '$') => value.push(plain),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

/// A value without quotes: its comment starts at a `#` behind a blank.
fn bare(line: &str) -> &str {
    let comments = line.match_indices('#').map(|(at, _)| at);
    let comment = comments
        .map(|at| line.get(..at).unwrap_or_default())
        .find(|before| before.is_empty() || before.ends_with(BLANK));
    comment.unwrap_or(line).trim()
}

/// The line without its break, and what is behind it.
fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap()
    }

    #[test]
    fn each_form_of_a_value_is_read() {
        let text = "\u{feff}# first\r\nA=1\r\nexport B = two words # note\nC='$x #1'\n\n\
                    D=\"a\\n\\\"b\\\" \\d\"  # note\nE=\nF=a#b\nG=\"two\nlines\"\nexport=1\nH=#no\n";
        let expected = [
            ("A", "1"),
            ("B", "two words"),
            ("C", "$x #1"),
            ("D", "a\n\"b\" \\d"),
            ("E", ""),
            ("F", "a#b"),
            ("G", "two\nlines"),
            ("export", "1"),
            ("H", ""),
        ];
        assert_eq!(pairs(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn nothing_is_expanded() {
        assert_eq!(pairs("A=$(id) ${B} `c`")[0].1, "$(id) ${B} `c`");
    }

    #[test]
    fn all_wrong_lines_are_said() {
        let wrong = parse("A=1\n  B\n1C=2\nD=\"x\" y\nE='open\n").unwrap_err();
        let said: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "line 2, column 3: `B` has no value: write `B=value`",
                "line 3, column 1: a variable's name is letters, digits and `_`: write `NAME=value`",
                "line 4, column 1: after the closing quote of `D` there is more text",
                "line 5, column 1: the quote of `E` is not closed",
            ]
        );
    }
}
