//! All clauses, in the order of the documentation, and how one is found by its word.
//!
//! Each file beside this declares one clause or a family. Invariant: in one place a word means one
//! thing, but for `goal`, whose second spec is the mount.

mod alert;
mod checkpoint;
mod confirm;
mod depends;
mod environment;
mod estimate;
mod executor;
mod fallback;
mod files;
mod foreach;
mod goal;
mod idempotent;
mod limits;
mod lock;
mod manual;
mod on_failure;
mod output;
mod parallel;
mod param;
mod priority;
mod probe;
mod resource;
mod retry;
mod rollback;
mod run;
mod scenario;
mod service;
mod timeout;
mod verify;
mod wait;
mod when;

pub use alert::{BOUNDED, EVENTS};
pub(super) use fallback::FALLBACK;
pub(super) use goal::{GOAL, MOUNT, STEP};
pub use output::NO_OUTPUTS;
pub use param::no_pattern;
pub(super) use param::{LET, PARAM};
pub(super) use probe::{EXPRESSION, NOT};
pub(super) use resource::RESOURCE;
pub use retry::FAILURES;
pub(super) use scenario::SCENARIO;

use super::{ClauseSpec, Place, Shape};

static TABLE: &[&ClauseSpec] = &[
    &goal::GOAL,
    &goal::MOUNT,
    &goal::STEP,
    &param::PARAM,
    &param::LET,
    &resource::RESOURCE,
    &run::RUN,
    &manual::MANUAL,
    &wait::AWAIT,
    &depends::DEPENDS,
    &depends::AFTER,
    &depends::STDIN,
    &when::WHEN,
    &when::UNLESS,
    &verify::REQUIRES,
    &confirm::CONFIRM,
    &lock::LOCK,
    &resource::USES,
    &files::SNAPSHOT,
    &retry::RETRY,
    &fallback::FALLBACK,
    &on_failure::ON_FAILURE_GOAL,
    &on_failure::ON_FAILURE_STEP,
    &on_failure::ON_FAILURE_DEFAULT,
    &rollback::ROLLBACK,
    &rollback::CLEANUP,
    &rollback::DELETE,
    &verify::VERIFY,
    &output::OUTPUT,
    &checkpoint::CHECKPOINT,
    &foreach::FOREACH,
    &service::SERVICE,
    &service::READY,
    &timeout::TIMEOUT,
    &timeout::GRACE,
    &timeout::DEADLINE,
    &parallel::PARALLEL,
    &checkpoint::PROGRESS,
    &parallel::DEFAULTS,
    &environment::ENV,
    &environment::DIR,
    &environment::SHELL,
    &limits::LIMITS,
    &limits::MEMORY,
    &limits::CPU,
    &limits::LOG,
    &executor::EXECUTOR,
    &executor::PARTITION,
    &executor::ACCOUNT,
    &executor::QOS,
    &executor::CPUS,
    &executor::MEMORY,
    &executor::GPUS,
    &executor::TIME,
    &executor::FLAG,
    &files::READS,
    &files::WRITES,
    &idempotent::IDEMPOTENT,
    &priority::PRIORITY,
    &estimate::ESTIMATE,
    &alert::ALERT,
    &alert::WEBHOOK,
    &alert::HEADER,
    &alert::LOG,
    &probe::FILE,
    &probe::DIR,
    &probe::COMMAND,
    &probe::UNCHANGED,
    &probe::ENV,
    &probe::TCP,
    &probe::HTTP,
    &probe::PORT,
    &probe::DISK,
    &probe::MEMORY,
    &probe::RUN,
    &probe::EXPRESSION,
    &probe::NOT,
    &scenario::SCENARIO,
    &scenario::PARAM,
    &scenario::ENV,
    &scenario::FILE,
    &scenario::JOBS,
    &scenario::GIVEN,
    &scenario::CRASH,
    &scenario::STOP,
    &scenario::EXPECT,
    &scenario::ASKED,
    &scenario::NOT_ASKED,
];

/// Every clause of the language, in the order of the documentation.
pub fn table() -> &'static [&'static ClauseSpec] {
    TABLE
}

/// The clause that a word (`on failure` is one) is in a place. For `goal` the goal's own, not the
/// mount's.
pub fn find(place: Place, word: &str) -> Option<&'static ClauseSpec> {
    let named = |spec: &&ClauseSpec| spec.word == word && spec.stands_in(place);
    TABLE.iter().copied().filter(|_| !word.is_empty()).find(named)
}

/// The words that an argument of a shape may be; empty where it is no word.
pub fn listed_words(shape: Shape) -> Vec<&'static str> {
    match shape {
        Shape::Word(words) => words.to_vec(),
        Shape::Event => {
            EVENTS.iter().copied().chain(BOUNDED.iter().map(|(_, use_)| *use_)).collect()
        }
        Shape::Failure => FAILURES.to_vec(),
        Shape::OneOf(shapes) => shapes.iter().flat_map(|shape| listed_words(*shape)).collect(),
        _ => Vec::new(),
    }
}

/// The words that a place knows, each once, in the order of the table.
pub fn words(place: Place) -> Vec<&'static str> {
    let mut words: Vec<_> = TABLE
        .iter()
        .filter(|spec| spec.stands_in(place) && !spec.word.is_empty())
        .map(|spec| spec.word)
        .collect();
    words.dedup();
    words
}

/// The places in which a word means something, in the order of the table.
pub(super) fn places_of(word: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for place in TABLE.iter().filter(|spec| spec.word == word).flat_map(|spec| spec.places) {
        if !places.contains(place) {
            places.push(*place);
        }
    }
    places
}
