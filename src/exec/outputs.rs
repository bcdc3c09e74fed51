//! Reading what a step gave: lines of the file `$GOAL_OUTPUT`, standard output, files.
//!
//! Step output is data: nothing in it is a command. Pure; limits are the caller's to keep.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::ir::{OutputSource, OutputSpec, Step};
use crate::value::{Type, Value, read_text};

/// The most that is read of one source of outputs.
pub const LARGEST_SOURCE: usize = 16 << 20;

/// What an attempt left for its outputs to be read from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// The text of `$GOAL_OUTPUT`.
    pub lines: &'a [u8],
    pub stdout: Option<&'a [u8]>,
    /// The files of outputs `from file`, by output; or why one cannot be read.
    pub files: IndexMap<Arc<str>, Result<Vec<u8>, String>>,
    /// The evaluated pointers of outputs `from json`, by output.
    pub pointers: IndexMap<Arc<str>, String>,
}

/// All declared outputs of a step.
///
/// # Errors
/// The first that is missing or of another type, in the user's words; no value is in the message.
pub fn read(step: &Step, sources: &Sources<'_>) -> Result<IndexMap<Arc<str>, Value>, String> {
    if step.outputs.is_empty() {
        return Ok(IndexMap::new());
    }
    let lines = parse_lines(sources.lines)?;
    step.outputs
        .iter()
        .map(|(name, spec)| Ok((Arc::clone(name), read_one(name, spec, &lines, sources)?)))
        .collect()
}

/// One output; `lines` are those of `$GOAL_OUTPUT`.
///
/// # Errors
/// It is missing or of another type, in the user's words; no value is in the message.
pub fn read_one(
    name: &Arc<str>,
    spec: &OutputSpec,
    lines: &IndexMap<String, String>,
    sources: &Sources<'_>,
) -> Result<Value, String> {
    let text = match &spec.source {
        OutputSource::Lines => lines.get(&**name).cloned().ok_or_else(|| {
            format!("`{name}` is missing: no `{name}=…` was written to \"$GOAL_OUTPUT\"")
        })?,
        OutputSource::Stdout => cut(utf8(stdout(sources)?, "standard output")?),
        OutputSource::File(_) => match sources.files.get(name) {
            Some(Ok(bytes)) => cut(utf8(bytes, "the file")?),
            Some(Err(why)) => return Err(format!("`{name}`: {why}")),
            None => return Err(format!("`{name}` has no file")),
        },
        OutputSource::Json(_) => return read_json(name, &spec.ty, sources),
    };
    read_text(&text, &spec.ty).map_err(|why| format!("`{name}` {why}"))
}

fn stdout<'a>(sources: &Sources<'a>) -> Result<&'a [u8], String> {
    sources.stdout.ok_or_else(|| "standard output is too long to be read as an output".to_owned())
}

fn utf8(bytes: &[u8], what: &str) -> Result<String, String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| format!("{what} is not UTF-8"))
}

/// Cuts the last line break.
fn cut(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn read_json(name: &str, ty: &Type, sources: &Sources<'_>) -> Result<Value, String> {
    let json: serde_json::Value = serde_json::from_slice(stdout(sources)?)
        .map_err(|error| format!("`{name}`: standard output is not JSON: {error}"))?;
    let pointer = sources.pointers.get(name).map_or("", String::as_str);
    let found = json.pointer(pointer).ok_or_else(|| {
        format!("`{name}`: nothing is at {pointer:?} in the JSON of standard output")
    })?;
    Value::from_json(found, ty).map_err(|why| format!("`{name}` {why}"))
}

/// `NAME=value` lines, and `NAME<<END` … `END` for values of several lines. The last of a name
/// counts; empty lines are nothing.
///
/// # Errors
/// Says what line is neither.
pub fn parse_lines(bytes: &[u8]) -> Result<IndexMap<String, String>, String> {
    let text = utf8(bytes, "\"$GOAL_OUTPUT\"")?;
    let mut found = IndexMap::new();
    let mut lines =
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim().is_empty() {
            continue;
        }
        let equals = line.find('=');
        let heredoc = line.find("<<").filter(|at| equals.is_none_or(|equals| *at < equals));
        let (name, value) = match (heredoc, equals) {
            (Some(split), _) => {
                let end = line[split + 2..].trim();
                let body = take_until(&mut lines, end).ok_or_else(|| {
                    format!("line {} of \"$GOAL_OUTPUT\": no line `{end}` ends it", at + 1)
                })?;
                (&line[..split], body)
            }
            (None, Some(split)) => (&line[..split], line[split + 1..].to_owned()),
            (None, None) => {
                return Err(format!("line {} of \"$GOAL_OUTPUT\" is no `NAME=value`", at + 1));
            }
        };
        found.insert(name.trim().to_owned(), value);
    }
    Ok(found)
}

fn take_until<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, end: &str) -> Option<String> {
    let mut body: Vec<&str> = Vec::new();
    for (_, line) in lines {
        if line.trim_end() == end {
            return Some(body.join("\n"));
        }
        body.push(line);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<IndexMap<String, String>, String> {
        parse_lines(text.as_bytes())
    }

    #[test]
    fn a_value_may_hold_equal_signs() {
        assert_eq!(lines("a=b=c\n").unwrap()["a"], "b=c");
    }

    #[test]
    fn a_heredoc_keeps_its_lines() {
        assert_eq!(lines("t<<END\none\n\ntwo=2\nEND\nn=1\n").unwrap()["t"], "one\n\ntwo=2");
    }

    #[test]
    fn the_last_of_a_name_counts() {
        assert_eq!(lines("a=1\na=2\n").unwrap()["a"], "2");
    }

    #[test]
    fn a_line_that_is_no_pair_is_an_error_with_its_number() {
        assert!(lines("a=1\nnonsense\n").unwrap_err().contains("line 2"));
    }

    #[test]
    fn an_open_heredoc_is_an_error() {
        assert!(lines("t<<END\none\n").unwrap_err().contains("END"));
    }

    #[test]
    fn a_value_may_hold_heredoc_marks() {
        assert_eq!(lines("a=x<<y\n").unwrap()["a"], "x<<y");
    }
}
