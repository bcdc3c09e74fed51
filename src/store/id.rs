//! Names of runs: short, in the order of time, safe in paths and addresses.
//!
//! Invariant: a [`RunId`] was made here or read from the table, so joining it to a path is safe;
//! what the command line says is only ever looked up.

use std::fmt;
use std::sync::Arc;

use crate::exec::Timestamp;

/// Digits and letters without those that read as another.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j',
    'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
];

/// A run's name, as `20261122-142530-x7k2`: its time in UTC and four random letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(Arc<str>);

impl RunId {
    /// A name for a run that begins now. Whether it is free, the file system decides.
    pub(super) fn new(now: Timestamp) -> Self {
        let time = jiff::Timestamp::from_millisecond(now.0).unwrap_or(jiff::Timestamp::MAX);
        let tail: String = random().into_iter().filter_map(letter).collect();
        Self(format!("{}-{tail}", time.strftime("%Y%m%d-%H%M%S")).into())
    }

    /// A name from the table; `None` where goalc cannot have made it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn letter(byte: u8) -> Option<char> {
    ALPHABET.get(usize::from(byte % 32)).copied()
}

/// Where the system has no random bytes, the process's number and clock must do: a name that is
/// taken is only tried again.
fn random() -> [u8; 4] {
    let mut bytes = [0; 4];
    if getrandom::fill(&mut bytes).is_err() {
        let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_nsec;
        let mixed = clock ^ (i64::from(std::process::id()) << 8);
        bytes.copy_from_slice(mixed.to_le_bytes().get(..4).unwrap_or(&[0; 4]));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_time_and_four_letters() {
        let id = RunId::new(Timestamp(1_795_357_530_123));
        assert_eq!(id.as_str().len(), 20);
        assert!(id.as_str().starts_with("20261122-142530-"), "{id}");
        assert_eq!(RunId::read(id.as_str()), Some(id));
    }

    #[test]
    fn names_that_leave_the_folder_are_not_read() {
        for text in ["", "..", "../x", "a/b", "-x", ".hidden", "a\0b", "A", "x\n"] {
            assert_eq!(RunId::read(text), None, "{text:?}");
        }
    }
}
