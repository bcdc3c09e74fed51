//! The executor that is always there: processes of this machine, each supervised in a thread.
//!
//! Keeps nothing: what it began ends with goalc, by the run's guardian if need be.

use super::{Executor, Task};
use crate::exec::process::supervise;
use crate::exec::world::Crew;
use crate::ir::LOCAL;

#[derive(Debug)]
pub struct Local {
    crew: Crew,
}

impl Local {
    pub(in crate::exec) fn new(crew: Crew) -> Self {
        Self { crew }
    }
}

impl Executor for Local {
    fn name(&self) -> &'static str {
        LOCAL
    }

    fn outlives(&self) -> bool {
        false
    }

    fn begin(&mut self, task: Task) {
        let Task { process, control, done, .. } = task;
        self.crew.spawn(Box::new(move || {
            let report = supervise(&process, &control);
            Box::new(move || done(report))
        }));
    }
}
