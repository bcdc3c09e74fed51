//! Checksums of what is written of a run, by which damage is told from a shorter story.
//!
//! Invariant: each event's sum depends on all events before it, so none can be missing, changed or
//! in another place unseen.

use sha2::{Digest, Sha256};

/// The sum before the first event.
pub(super) const START: i64 = 0;

/// The sum of an event behind those that led to `before`.
pub(super) fn of_event(before: i64, seq: i64, at: i64, body: &str) -> i64 {
    let mut all = Sha256::new();
    for number in [before, seq, at] {
        all.update(number.to_le_bytes());
    }
    all.update(body);
    shorten(&all.finalize())
}

pub(super) fn of_plan(json: &str) -> i64 {
    shorten(&Sha256::digest(json))
}

fn shorten(digest: &[u8]) -> i64 {
    digest.first_chunk().map_or(START, |first| i64::from_le_bytes(*first))
}
