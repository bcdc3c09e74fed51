//! Strings and comments of a `.goal` text, from any text.
//!
//! Invariant: what is written here reads back as the text that was given, but for control and
//! bidirectional characters, which become U+FFFD.

use unicode_width::UnicodeWidthStr;

/// Wider lines are broken; as `format` does.
const WIDTH: usize = 100;

/// A text without what a `.goal` file may not hold; line ends are LF.
pub(super) fn visible(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(unix.len());
    let mut before = ' ';
    let mut rest = unix.chars().peekable();
    while let Some(c) = rest.next() {
        let keep = match c {
            // Persian, Indic texts and emoji need joiners, and only inside words.
            '\u{200c}' | '\u{200d}' => {
                is_joined(before) && rest.peek().is_some_and(|next| is_joined(*next))
            }
            other => !is_hidden(other),
        };
        before = if keep { c } else { '\u{fffd}' };
        out.push(before);
    }
    out
}

fn is_joined(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace()
}

/// As [`visible`], without white space at both ends.
pub(super) fn clean(text: &str) -> String {
    visible(text.trim())
}

/// Control, bidirectional and invisible characters.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A string in one line, with no `${…}` in it that means anything.
pub(super) fn string(text: &str) -> String {
    let plain = !text.contains(['"', '\\', '\n', '\t']) && !text.contains("${");
    if plain {
        return format!("\"{text}\"");
    }
    if !text.contains(['\'', '\n', '\t']) {
        return format!("'{text}'");
    }
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "\\${")
        .replace('\n', "\\n")
        .replace('\t', "\\t");
    format!("\"{escaped}\"")
}

/// A string; over several lines where the text has them. `indent` is its clause's.
pub(super) fn block(text: &str, indent: usize) -> String {
    let Some(fence) = fence(text) else { return string(text) };
    let inner = " ".repeat(indent + 2);
    let mut out = format!("{fence}\n");
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&inner);
            out.push_str(line);
        }
        out.push('\n');
    }
    out.push_str(&" ".repeat(indent));
    out.push_str(fence);
    out
}

/// The quotes that hold a text as it is, line by line; `None` where it needs escapes.
fn fence(text: &str) -> Option<&'static str> {
    let blank = |line: &str| !line.is_empty() && line.trim().is_empty();
    // The first line has no indent of its own, so the common indent is the one added here.
    if !text.contains('\n') || text.lines().any(blank) || text.starts_with([' ', '\t']) {
        return None;
    }
    if !text.contains(['\\', '"']) && !text.contains("${") {
        Some("\"\"\"")
    } else if text.contains("'''") || text.ends_with('\'') {
        None
    } else {
        Some("'''")
    }
}

/// Comment lines, each with its indent and line end.
pub(super) fn comment(text: &str, indent: usize) -> String {
    let mut out = String::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        out.push_str(&" ".repeat(indent));
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A `depends` clause of a step: one line where it fits, else a line for each: a clause that may stand again adds up.
pub(super) fn depends(names: &[&str]) -> String {
    let line = format!("    depends {}\n", names.join(", "));
    match names {
        [] => String::new(),
        _ if line.width() <= WIDTH => line,
        _ => format!("    depends {}\n", names.join("\n    depends ")),
    }
}

/// A program and its arguments, of a `run` clause of a step.
pub(super) fn argv(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| string(item)).collect();
    let line = format!("[{}]", items.join(", "));
    if "    run ".len() + line.width() <= WIDTH {
        return line;
    }
    format!("[\n      {},\n    ]", items.join(",\n      "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stands_in_double_quotes() {
        assert_eq!(string("Ship it, for $5"), "\"Ship it, for $5\"");
    }

    #[test]
    fn quotes_backslashes_and_templates_stand_in_single_quotes() {
        assert_eq!(string(r#"say "hi" \ ${HOME}"#), r#"'say "hi" \ ${HOME}'"#);
    }

    #[test]
    fn text_with_every_kind_of_quote_is_escaped() {
        assert_eq!(string("it's \"${x}\"\n\\"), r#""it's \"\${x}\"\n\\""#);
    }

    #[test]
    fn lines_become_a_block() {
        assert_eq!(block("a\n\n  b", 4), "\"\"\"\n      a\n\n        b\n    \"\"\"");
    }

    #[test]
    fn a_block_with_templates_holds_its_text_as_it_is() {
        assert_eq!(block("echo ${A}\necho", 0), "'''\n  echo ${A}\n  echo\n'''");
    }

    #[test]
    fn a_block_that_no_fence_can_hold_is_escaped() {
        assert_eq!(block("\"x\"\n'''", 0), r#""\"x\"\n'''""#);
        assert_eq!(block("a\n  \nb", 0), r#""a\n  \nb""#);
    }

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(clean(" a\u{202e}b\u{0}\r\nc\t "), "a\u{fffd}b\u{fffd}\nc");
    }

    #[test]
    fn joiners_are_kept_inside_words_only() {
        assert_eq!(clean("👩\u{200d}💻"), "👩\u{200d}💻");
        assert_eq!(clean("a\u{200d}b"), "a\u{fffd}b");
        assert_eq!(clean("💻\u{200d}"), "💻\u{fffd}");
    }
}
