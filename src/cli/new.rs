//! `goalc new`: a plan to start from.
//!
//! Templates are sound plans themselves, in which `PLAN` stands for the name. Invariant: no file is
//! ever overwritten.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::arguments::{NewArguments, Template};
use super::disk::plain;
use super::exit::Failed;
use super::fmt::formatted;
use super::output;
use crate::syntax::{TokenKind, parse};

/// What stands for the name in a template.
const PLACEHOLDER: &str = "PLAN";

impl Template {
    const ALL: [Self; 4] = [Self::Release, Self::Migration, Self::Data, Self::Runbook];

    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Migration => "migration",
            Self::Data => "data",
            Self::Runbook => "runbook",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Release => "test, build, publish, switch; undone where something fails",
            Self::Migration => "save, change, look; put back where something fails",
            Self::Data => "many items, fetched and processed side by side, then one result",
            Self::Runbook => "what people do and what a machine does, in one list",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Release => include_str!("templates/release.goal"),
            Self::Migration => include_str!("templates/migration.goal"),
            Self::Data => include_str!("templates/data.goal"),
            Self::Runbook => include_str!("templates/runbook.goal"),
        }
    }
}

pub(super) fn new(arguments: &NewArguments) -> Result<u8, Failed> {
    if arguments.list {
        output::print(&list());
        return Ok(0);
    }
    let template = arguments.template;
    let name = arguments.name.as_deref().or(template.map(Template::name)).unwrap_or("plan");
    check_name(name)?;
    let text = template.map_or(include_str!("templates/plan.goal"), Template::text);
    let own = PathBuf::from(format!("{name}.goal"));
    let printed = arguments.output.as_deref() == Some(Path::new("-"));
    let file = arguments.output.as_deref().filter(|_| !printed).unwrap_or(&own);
    let shown = file.display().to_string();
    // Where the template names its file, it names this one.
    let text = text.replace("PLAN.goal", &shown).replace(PLACEHOLDER, name);
    let text = formatted(&shown, &text)?;
    if printed {
        output::print(&text);
        return Ok(0);
    }
    write(file, &text)?;
    output::tell(&next_steps(&shown));
    Ok(0)
}

fn list() -> String {
    let line = |template: Template| format!("{:<10} {}\n", template.name(), template.summary());
    Template::ALL.map(line).concat()
}

/// A name is what the language takes for one.
fn check_name(name: &str) -> Result<(), Failed> {
    if is_name(name) {
        return Ok(());
    }
    let fitting: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let fitting = fitting.trim_matches('-');
    let hint = [fitting.to_owned(), format!("plan-{fitting}")].into_iter().find(|n| is_name(n));
    let hint = hint.map_or_else(String::new, |near| format!("; try `{near}`"));
    Err(Failed::wrong(format!(
        "`{name}` cannot be a goal's name: a letter or `_`, then letters, digits, `_` and `-`{hint}"
    )))
}

fn is_name(name: &str) -> bool {
    let text = format!("goal {name} {{}}");
    let (sources, file) = super::load::source_of("", &text);
    let mut found = crate::diagnostic::Diagnostics::new();
    let document = parse(file, &sources.file(file).text, &mut found);
    let [statement] = document.statements.as_slice() else { return false };
    let is_whole = |kind: &TokenKind| matches!(kind, TokenKind::Name(_));
    found.is_empty()
        && matches!(statement.tokens.as_slice(), [_, second, _] if is_whole(&second.kind)
            && sources.slice(second.span) == name)
}

fn write(file: &Path, text: &str) -> Result<(), Failed> {
    let shown = file.display();
    let fresh = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    let mut fresh = fresh.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failed::wrong(format!(
            "`{shown}` is there already: give another name, or another file with `-o FILE`"
        )),
        std::io::ErrorKind::NotFound => {
            Failed::wrong(format!("`{shown}` cannot be written: its folder is not there"))
        }
        _ => Failed::machine(format!("`{shown}` cannot be written: {}", plain(&error))),
    })?;
    fresh
        .write_all(text.as_bytes())
        .map_err(|error| Failed::machine(format!("`{shown}` cannot be written: {}", plain(&error))))
}

fn next_steps(file: &str) -> String {
    let file = if file.contains(|c: char| c.is_whitespace() || c == '\'') {
        format!("'{}'", file.replace('\'', "'\\''"))
    } else {
        file.to_owned()
    };
    format!(
        "wrote {file}; next:\n\
         \x20 goalc check {file}\n\
         \x20 goalc run {file} --dry-run\n\
         \x20 goalc run {file}\n"
    )
}
