//! What a step does, in one line.

use crate::ir::{Action, Argument, Command};
use crate::value::Value;

/// What an action does, in one line.
pub fn action_text(action: &Action) -> String {
    match action {
        Action::Run(Command::Script(script)) => {
            let mut lines = script.text.lines().map(str::trim).filter(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
        }
        Action::Run(Command::Arguments(arguments)) => {
            let show = |argument: &Argument| match argument {
                Argument::One(expr) => match expr.as_literal() {
                    Some(value) => value.to_text(),
                    None => expr.to_string(),
                },
                Argument::Spread(expr) => format!("...{expr}"),
            };
            arguments.iter().map(show).collect::<Vec<_>>().join(" ")
        }
        Action::Manual(text) => {
            let text = text.as_literal().map_or_else(|| text.to_string(), Value::to_text);
            let first = text.lines().next().unwrap_or_default().to_owned();
            format!("by hand: {first}")
        }
        Action::Await { probes, .. } => match probes.len() {
            1 => "waits until a condition holds".to_owned(),
            count => format!("waits until {count} conditions hold"),
        },
    }
}
