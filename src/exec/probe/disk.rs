//! `disk "p" >= SIZE`: what an ordinary user may still write there.

use std::path::Path;

use super::Answer;
use crate::value::size_text;

pub(super) fn ask(path: &Path, shown: &str, at_least: u64) -> Answer {
    // What is to be made there may not be there yet.
    let found = path.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok());
    let Some(found) = found else {
        return Err(format!("disk \"{shown}\" cannot be looked at"));
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let (has, wanted) = (size_text(free), size_text(at_least));
    if free >= at_least {
        Ok(format!("disk \"{shown}\" has {has} free"))
    } else {
        Err(format!("disk \"{shown}\" has {has} free, not {wanted}"))
    }
}
