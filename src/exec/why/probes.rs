//! What probes ask, in a few words: as in the plan, with values where they are known.
//!
//! Knows no answers: these are with the process that asks.

use crate::exec::scope::Place;
use crate::ir::{Command, Probe, ProbeKind};
use crate::value::{Expr, Value};

/// The longest text of a script that is shown, in characters.
const LONGEST: usize = 60;

pub(super) fn said(probes: &[Probe], place: Place<'_>) -> Vec<String> {
    let not = |probe: &Probe| if probe.negated { "not " } else { "" };
    probes.iter().map(|probe| format!("`{}{}`", not(probe), kind(&probe.kind, place))).collect()
}

fn kind(kind: &ProbeKind, place: Place<'_>) -> String {
    let one = |word: &str, expr: &Expr| format!("{word} {}", value(expr, place));
    match kind {
        ProbeKind::File { path, .. } => one("file", path),
        ProbeKind::Dir { path, .. } => one("dir", path),
        ProbeKind::Command { name, .. } => one("command", name),
        ProbeKind::Unchanged => "unchanged".to_owned(),
        ProbeKind::Env { name } => one("env", name),
        ProbeKind::Tcp { address, .. } => one("tcp", address),
        ProbeKind::Http { url, .. } => one("http", url),
        ProbeKind::PortFree { port } => one("port", port) + " free",
        ProbeKind::Disk { path, at_least } => {
            format!("{} >= {}", one("disk", path), value(at_least, place))
        }
        ProbeKind::Memory { at_least } => format!("memory >= {}", value(at_least, place)),
        ProbeKind::Run(Command::Script(script)) => format!("run \"{}\"", first_line(&script.text)),
        ProbeKind::Run(Command::Arguments(arguments)) => {
            let program = arguments.first().map(|argument| match argument {
                crate::ir::Argument::One(expr) | crate::ir::Argument::Spread(expr) => expr,
            });
            let program = program.map_or_else(String::new, |expr| value(expr, place));
            let more = if arguments.len() > 1 { ", …" } else { "" };
            format!("run [{program}{more}]")
        }
        ProbeKind::Expr(expr) => shortened(&expr.to_string()),
    }
}

/// A value as it is written; the expression where it is not known here, as of a secret.
fn value(expr: &Expr, place: Place<'_>) -> String {
    let known = place.value(expr).ok().filter(|value| !value.is_secret());
    shortened(&known.map_or_else(
        || expr.to_string(),
        |value| match value {
            Value::Text(text) => format!("\"{text}\""),
            other => other.to_text(),
        },
    ))
}

fn first_line(script: &str) -> String {
    let mut lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = shortened(lines.next().unwrap_or_default());
    if lines.next().is_some() && !first.ends_with('…') { first + " …" } else { first }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
