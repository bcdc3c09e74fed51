//! Where events become durable, as the loop sees it. `store` has the real one.
//!
//! Invariant: an error is final; whoever got one writes nothing more in this process.

use thiserror::Error;

use super::event::Stamped;

/// The journal could not be written: nothing may start any more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the run's journal cannot be written: {0}")]
pub struct JournalError(pub String);

/// Where events become durable.
pub trait Journal: Send {
    /// Takes events in. With `durable` they are on disk when it returns; else they may be lost with
    /// this process until [`Self::sync`] or [`Self::sync_behind`] has said that they are.
    ///
    /// # Errors
    /// Any failure is final for this process: what is on disk is unknown.
    fn append(&mut self, events: &[Stamped], durable: bool) -> Result<(), JournalError>;

    /// Waits until all that was taken in is on disk.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn sync(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// As [`Self::sync`], but does not wait: says up to which event all is on disk then, `last` at
    /// least, which is the last one taken in; from whichever thread. Without `hurry` it may take a
    /// few milliseconds more, so that what comes meanwhile comes along.
    fn sync_behind(&mut self, last: u64, hurry: bool, say: SaySynced) {
        let _ = hurry;
        say(self.sync().map(|()| last));
    }

    /// The sync under way is to gather no more.
    fn hurry(&mut self) {}
}

/// Takes what came of a sync.
pub type SaySynced = Box<dyn FnOnce(Result<u64, JournalError>) + Send>;
