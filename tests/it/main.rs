//! All tests from outside of the library, in one binary.

mod answers;
mod check;
mod compile;
mod corpus;
mod cuts;
mod damage;
mod docs;
mod dry_run;
mod examples;
mod fairness;
mod fmt;
mod formats;
mod import;
mod journal;
mod layering;
mod mend;
mod resume;
mod run;
mod services;
mod signals;
mod streams;
mod support;
mod unchanged;
mod undo;
mod why;
