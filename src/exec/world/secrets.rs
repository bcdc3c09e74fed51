//! Hiding secrets in what comes from outside and is kept: outputs, answers, notes.
//!
//! Knows where texts are in them; which bytes are secret is the masker's to know.

use std::borrow::Cow;

use super::Wake;
use crate::exec::event::Answer;
use crate::value::{Masker, Value};

/// What a step gives is in the journal, and no secret is. One that is declared a `secret` is
/// written as `***` by itself.
pub(super) fn hide(value: &mut Value, masker: &Masker) {
    match value {
        Value::Text(text) => {
            if let Cow::Owned(masked) = masker.mask(text) {
                *text = masked;
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| hide(item, masker)),
        _ => {}
    }
}

/// Whoever sent it from another process does not know the run's secrets.
pub(super) fn hide_secrets(wake: &mut Wake, masker: &Masker) {
    let text = match wake {
        Wake::Answered { note, answer, .. } => {
            if let Answer::Done { outputs } = answer {
                outputs.values_mut().for_each(|value| hide(value, masker));
            }
            note
        }
        Wake::Noted { text, .. } => text,
        _ => return,
    };
    *text = masker.mask(text).into_owned();
}
