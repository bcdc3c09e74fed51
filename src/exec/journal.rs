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
pub trait Journal {
    /// Writes events in one transaction. With `durable` they are on disk when it returns.
    ///
    /// # Errors
    /// Any failure is final for this process: what is on disk is unknown.
    fn append(&mut self, events: &[Stamped], durable: bool) -> Result<(), JournalError>;

    /// Writes events in one transaction that the end of this process does not lose. Only after
    /// [`Self::sync`] the end of the machine does not either.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn write(&mut self, events: &[Stamped]) -> Result<(), JournalError> {
        self.append(events, true)
    }

    /// Waits until what was written is on disk.
    ///
    /// # Errors
    /// As [`Self::append`].
    fn sync(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    /// As [`Self::sync`], but does not wait: says up to which event all is on disk then, `last` at
    /// least, which is the last one written; from whichever thread. Without `hurry` it may take a
    /// few milliseconds more, so that what is written meanwhile comes along.
    fn sync_behind(&mut self, last: u64, hurry: bool, say: SaySynced) {
        let _ = hurry;
        say(self.sync().map(|()| last));
    }

    /// The sync under way is to gather no more.
    fn hurry(&mut self) {}
}

/// Takes what came of a sync.
pub type SaySynced = Box<dyn FnOnce(Result<u64, JournalError>) + Send>;
