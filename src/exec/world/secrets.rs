//! Hiding secrets in what comes from outside and is kept: outputs, answers, notes.
//!
//! Knows where texts are in them; which bytes are secret is the masker's to know.

use std::borrow::Cow;

use super::{Outcome, Outputs, Wake};
use crate::exec::event::{Answer, AttemptEnd};
use crate::value::{Masker, Value};

/// Makes what holds a secret one itself, as if it were declared so: what a step or a person gives is in the
/// journal, where a secret is `***`, and whoever uses it gets the value that it is.
pub(super) fn keep_secret(value: &mut Value, masker: &Masker) {
    match value {
        Value::Text(text) => {
            if let Cow::Owned(_) = masker.mask(text) {
                *value = Value::secret(std::mem::take(text));
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| keep_secret(item, masker)),
        _ => {}
    }
}

/// From here on the secrets among outputs are hidden, too, wherever they show.
pub(super) fn learn(masker: &Masker, outcome: &Outcome) {
    let succeeded = |end: &AttemptEnd| match end {
        AttemptEnd::Succeeded { outputs } => secrets_in(outputs),
        AttemptEnd::Failed(_) => Vec::new(),
    };
    let found = match outcome {
        Outcome::Attempt { end, .. } => succeeded(end),
        Outcome::Joined(ends) => ends.iter().flat_map(|(end, _)| succeeded(end)).collect(),
        Outcome::Already(outputs) => secrets_in(outputs),
        _ => Vec::new(),
    };
    learn_each(masker, found);
}

/// As [`learn`], of what a service gives once it is ready.
pub(super) fn learn_outputs(masker: &Masker, outputs: &Outputs) {
    learn_each(masker, secrets_in(outputs));
}

fn learn_each(masker: &Masker, mut found: Vec<String>) {
    found.retain(|secret| masker.mask(secret) != "***");
    if !found.is_empty() {
        masker.learn(found);
    }
}

fn secrets_in(outputs: &Outputs) -> Vec<String> {
    fn add(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::List(items) => items.iter().for_each(|item| add(item, found)),
            value if value.is_secret() => found.push(value.to_text()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    outputs.values().for_each(|value| add(value, &mut found));
    found
}

/// Whoever sent it from another process does not know the run's secrets.
pub(super) fn hide_secrets(wake: &mut Wake, masker: &Masker) {
    let text = match wake {
        Wake::Answered { note, answer, .. } => {
            if let Answer::Done { outputs } = answer {
                outputs.values_mut().for_each(|value| keep_secret(value, masker));
                learn_outputs(masker, outputs);
            }
            note
        }
        Wake::Noted { text, .. } => text,
        _ => return,
    };
    *text = masker.mask(text).into_owned();
}
