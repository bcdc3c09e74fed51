//! Writing to the terminal: a reader that went away is no error, and colour is a choice.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ColorChoice;

use super::live::Size;
use crate::diagnostic::{is_hidden, shortened, visible};

const MOST_COMPLAINTS: usize = 20;

/// In characters.
const LONGEST_COMPLAINT: usize = 300;

/// Why a result could not be written, where it could not.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Writes a command's result. That nobody reads it changes nothing; that it cannot be written does.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = UNWRITTEN.set(error.to_string());
        }
        _ => {}
    }
}

/// Why a result of this process was not written.
pub(super) fn unwritten() -> Option<&'static str> {
    UNWRITTEN.get().map(String::as_str)
}

/// Whether a JSON value is a line, and not laid out over several; told once, before any is printed.
static LINES: OnceLock<bool> = OnceLock::new();

/// Takes each JSON value that is printed for a line of its own (`--format jsonl`).
pub(super) fn choose_lines(lines: bool) {
    let _ = LINES.set(lines);
}

/// Writes a JSON value as the command's result, with a line break behind it.
pub(super) fn print_json(value: &impl serde::Serialize) {
    if LINES.get() == Some(&true) {
        let line = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
        print(&(harmless_json(line) + "\n"));
    } else {
        print(&json_text(value));
    }
}

/// A JSON value as it is printed.
pub(super) fn json_text(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
    harmless_json(text) + "\n"
}

/// The same JSON, in which nothing acts on a terminal: what JSON would let stand, as `U+009B` or
/// a bidirectional control, is escaped. It can only stand in strings.
pub(super) fn harmless_json(text: String) -> String {
    if !text.contains(is_hidden) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut safe, each| {
        if is_hidden(each) {
            safe += &format!("\\u{:04x}", u32::from(each));
        } else {
            safe.push(each);
        }
        safe
    })
}

/// Whether the terminal shows more than ASCII: what the locale says.
pub(super) fn is_utf8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Tells the person something that is no result.
pub(super) fn tell(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

/// Tells the person what is wrong.
pub(super) fn complain(message: &str) {
    tell(&format!("goalc: {}\n", visible(message)));
}

/// What is shown of a list of complaints: the first of them, cut where they are long, and how many
/// more there are.
pub(super) fn first_of(complaints: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = complaints.len().saturating_sub(MOST_COMPLAINTS);
    let mut shown: Vec<_> =
        complaints.take(MOST_COMPLAINTS).map(|text| shortened(text, LONGEST_COMPLAINT)).collect();
    if more > 0 {
        shown.push(format!("… and {more} more"));
    }
    shown
}

/// Whether standard output takes colours: `NO_COLOR` and `CLICOLOR_FORCE` are obeyed.
pub(super) fn colour_out() -> bool {
    colour(std::io::stdout().is_terminal())
}

/// As [`colour_out`], for standard error.
pub(super) fn colour_err() -> bool {
    colour(std::io::stderr().is_terminal())
}

/// What `--color` says; told once, before anything is printed.
static COLOUR: OnceLock<ColorChoice> = OnceLock::new();

/// Takes `--color` over what the environment says.
pub(super) fn choose_colour(choice: ColorChoice) {
    let _ = COLOUR.set(choice);
}

fn colour(terminal: bool) -> bool {
    match COLOUR.get() {
        Some(ColorChoice::Always) => return true,
        Some(ColorChoice::Never) => return false,
        _ => {}
    }
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced =
        std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0" && !value.is_empty());
    !set("NO_COLOR")
        && (forced || (terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb")))
}

/// The terminal's width in columns; 80 where there is none.
pub(super) fn width() -> usize {
    let from = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || {
        let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
        (size.ws_col > 0).then_some(usize::from(size.ws_col))
    };
    from.or_else(asked).unwrap_or(80).clamp(40, 200)
}

/// The terminal's columns and rows; 80 by 24 where there is none.
pub(super) fn size() -> Size {
    let asked = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    let set = |count: u16, usual| if count == 0 { usual } else { usize::from(count) };
    asked.map_or(Size { columns: 80, rows: 24 }, |size| Size {
        columns: set(size.ws_col, 80),
        rows: set(size.ws_row, 24),
    })
}

/// While it is there, the terminal does not show what is typed.
pub(super) struct Unseen(Option<rustix::termios::Termios>);

impl Unseen {
    pub(super) fn begin() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let input = std::io::stdin();
        let before = tcgetattr(&input).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ECHO);
            // The line's end is still seen.
            modes.local_modes.insert(LocalModes::ECHONL);
            let _ = tcsetattr(&input, OptionalActions::Flush, &modes);
        }
        Self(before)
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let now = rustix::termios::OptionalActions::Now;
            let _ = rustix::termios::tcsetattr(std::io::stdin(), now, before);
        }
    }
}

/// Whether a picture can be drawn over and over: a terminal that moves its cursor, and nobody who
/// keeps what is printed as a log.
pub(super) fn is_drawable() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    !is_ci() && !dumb && std::io::stderr().is_terminal()
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false")
}

/// Whether a person can be asked: they type and see what is asked.
pub(super) fn is_interactive() -> bool {
    !is_ci() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
