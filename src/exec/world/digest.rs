//! The values that a step uses, as a digest: for `unchanged`.
//!
//! Knows how values reach a process, from `launch`; keeps nothing. Invariant: no secret is in it.

use std::ffi::OsString;

use sha2::{Digest, Sha256};

use super::launch::{Launcher, Subject, argv, goals_around, set};
use super::workdir::dir;
use crate::ir::{Action, Command, Environment, Step};
use crate::value::EvalError;

impl Launcher {
    /// A digest of the values that a step's own action uses: its arguments, its folder, its
    /// `env`, and what of params, lets and outputs its script names. Secrets do not count.
    ///
    /// # Errors
    /// Where one of them cannot be had.
    pub fn digest(
        &self,
        subject: Subject<'_>,
        step: &Step,
        ways: &[&Environment],
    ) -> Result<String, EvalError> {
        let Action::Run(command) = &step.attempt.action else { return Ok(String::new()) };
        let argv = argv(subject, command, ways)?;
        let mut named: Vec<String> = argv.iter().flat_map(words).collect();
        named.extend(ways.iter().flat_map(|way| way.env.keys()).map(ToString::to_string));
        let graph = subject.place.state.graph();
        let around = goals_around(subject.place).filter_map(|goal| graph.goal(goal));
        named.extend(around.flat_map(|goal| goal.environment.env.keys()).map(ToString::to_string));
        let mut variables = self.variables(subject, ways)?;
        if let Command::Script(script) = command {
            for (name, expr) in &script.variables {
                set(&mut variables, name, &subject.place.value(expr)?)?;
                named.push(name.to_string());
            }
        }
        variables.retain(|name, _| {
            let name = name.to_string_lossy();
            !name.starts_with("GOAL_") && named.iter().any(|known| *known == name)
        });
        variables.sort_unstable_keys();
        let folder = dir(subject.place, ways)?.into_os_string();
        let values = variables.iter().flat_map(|(name, value)| [name, value]);
        let mut all = Sha256::new();
        for text in argv.iter().chain([&folder]).chain(values) {
            let text = self.masker.mask(&text.to_string_lossy()).into_owned();
            all.update((text.len() as u64).to_le_bytes());
            all.update(text);
        }
        Ok(hex::encode(all.finalize()))
    }
}

/// What could name a variable in a text.
fn words(text: &OsString) -> Vec<String> {
    let text = text.to_string_lossy();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
