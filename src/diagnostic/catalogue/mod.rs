//! Every code, declared once. `goalc explain`, the documentation and SARIF rules come from here.
//!
//! One file a family of codes. Invariant: an entry's `wrong` has that one finding and no other,
//! its `mended` has none.

mod advice;
mod clauses;
mod explain;
mod graph;
mod mounts;
mod names;
mod scenarios;
mod text;
mod types;

use std::fmt;

pub use explain::{explain, page, reference};

/// How bad a finding is: an error stops a run, a warning is advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// What a code means, for `goalc explain` and `docs/diagnostics.md`.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub code: &'static str,
    pub title: &'static str,
    /// What it means and why it matters, as Markdown.
    pub explanation: &'static str,
    /// A plan that has the finding; where `file` says so, another file that has it.
    pub wrong: &'static str,
    /// The same, mended.
    pub mended: &'static str,
    /// The name of the file that `wrong` and `mended` are: `plan.goal`, or `goal.toml`.
    pub file: &'static str,
    /// It is found only when a scenario is played, by `goalc test`.
    pub played: bool,
    /// Files beside it that both need, as (name, text).
    pub files: &'static [(&'static str, &'static str)],
}

/// The stable name of a kind of finding, as `E0101`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

impl Code {
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The catalogue's entry; every code has one.
    pub fn entry(self) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.code == self.0)
    }

    /// Codes that start with `W` are advice; all others are errors.
    pub fn severity(self) -> Severity {
        if self.0.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Entry {
    /// The same, for a file other than `plan.goal`.
    const fn of(self, file: &'static str) -> Self {
        Self { file, ..self }
    }

    /// The same, found when a scenario is played.
    const fn played(self) -> Self {
        Self { played: true, ..self }
    }

    /// The same, with files beside it.
    const fn beside(self, files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, ..self }
    }
}

/// Declares codes: for each the constant `Code::E0101` and an entry in the file's `ENTRIES`.
/// What differs from a plan that stands alone follows as methods of [`Entry`].
macro_rules! entries {
    ($($code:ident $title:literal {
        explanation: $explanation:literal,
        wrong: $wrong:literal,
        mended: $mended:literal,
    } $(. $change:ident ($($value:expr)?))* ;)*) => {
        impl super::Code {
            $(#[doc = $title] pub const $code: Self = Self(stringify!($code));)*
        }

        pub(super) const ENTRIES: &[super::Entry] = &[$(super::Entry {
            code: stringify!($code),
            title: $title,
            explanation: $explanation,
            wrong: $wrong,
            mended: $mended,
            file: "plan.goal",
            played: false,
            files: &[],
        } $(. $change ($($value)?))*),*];
    };
}
use entries;

const FAMILIES: [&[Entry]; 8] = [
    text::ENTRIES,
    names::ENTRIES,
    types::ENTRIES,
    graph::ENTRIES,
    clauses::ENTRIES,
    mounts::ENTRIES,
    scenarios::ENTRIES,
    advice::ENTRIES,
];

/// All codes, in their order.
pub const CATALOGUE: &[Entry] = &joined::<{ count() }>();

const fn count() -> usize {
    let mut sum = 0;
    let mut family = 0;
    while family < FAMILIES.len() {
        sum += FAMILIES[family].len();
        family += 1;
    }
    sum
}

const fn joined<const N: usize>() -> [Entry; N] {
    let mut all = [FAMILIES[0][0]; N];
    let mut filled = 0;
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut index = 0;
        while index < FAMILIES[family].len() {
            all[filled] = FAMILIES[family][index];
            filled += 1;
            index += 1;
        }
        family += 1;
    }
    all
}
