//! What must hold where goalc waits, and where it ends.

use super::{Due, Model, Run, Status, Undo, Work, Wrong};

impl Model<'_> {
    /// goalc waits: all that is due must have happened.
    pub(super) fn rest(&mut self, at: i64, settled: bool) -> Result<(), Wrong> {
        self.now = self.now.max(at);
        if let Some(node) = self.owes {
            return Err(format!("`{}` made no checkpoint", self.tree.nodes[node].id));
        }
        let stopped = self.nodes[0].stop.signal && !self.leaves;
        if settled && stopped && self.stands_still() {
            return Err("a run that was stopped waits for people".to_owned());
        }
        if let Some(goal) = (0..self.nodes.len()).find(|goal| self.is_late(*goal)) {
            return Err(format!("the deadline of {} has passed", self.name((goal, None))));
        }
        for at in self.units().collect::<Vec<_>>() {
            if settled && !self.unit(at).told && self.is_vain(at) {
                return Err(format!("{} is waited for in vain", self.name(at)));
            }
            let due = self.due(at);
            let busy = self.unit(at).busy.is_some();
            let fine = match &due {
                Due::Nothing | Due::Person => true,
                Due::Time(until) => {
                    *until > self.now || self.held(at) || self.may_be_kept_closed(at.0)
                }
                Due::Start | Due::Save | Due::Open => {
                    self.held(at) || self.may_be_kept_closed(at.0)
                }
                Due::Restore(_) => busy || self.locked(at),
                Due::Check(Work::Verify | Work::Cleanup) if self.refused(at) => true,
                // What was decided begins once what was recorded before is on the disk.
                _ => busy || !settled,
            };
            if !fine {
                return Err(format!("{} waits although this is due: {due:?}", self.name(at)));
            }
            let lost = self.unit(at).phase.holds() && !busy && settled;
            if lost && self.undo_running(at.0).is_none() {
                return Err(format!("{} was recorded as started and never began", self.name(at)));
            }
            if self.must_end(at) && settled && !self.unit(at).told {
                return Err(format!("{} goes on, and nobody needs it", self.name(at)));
            }
            if at.1.is_none() && self.undo_due(at.0) && !self.held(at) {
                return Err(format!("{} could be undone, and is not", self.name(at)));
            }
        }
        Ok(())
    }

    /// The number of the event by which the last checkpoint was made that still stands.
    pub(super) fn last_checkpoint(&self) -> u64 {
        self.nodes.iter().map(|node| node.checkpoint).max().unwrap_or(0)
    }

    /// goalc has ended.
    pub(super) fn end(&mut self, how: Run, exit: u8) -> Result<(), Wrong> {
        if self.ended != Some((how, exit)) {
            return Err(format!("it ends with {how:?} ({exit}), and recorded {:?}", self.ended));
        }
        if how == Run::Waiting {
            return self.end_waiting(exit);
        }
        let root = &self.nodes[0];
        let open = |node: &usize| self.nodes[*node].status.is_none();
        if let Some(node) = (0..self.nodes.len()).find(open) {
            return Err(format!("the run has ended, and {} has not", self.name((node, None))));
        }
        let cleaned = self.nodes.iter().all(|node| node.cleaned != Some(false));
        let achieved = root.status == Some(Status::Succeeded);
        let wanted = match (root.stop.signal, achieved) {
            // Whether a run is stopped whose steps had all succeeded by then is not said.
            (true, true) if how == Run::Achieved => (Run::Achieved, u8::from(!cleaned)),
            (true, _) => {
                let number = self.signal.unwrap_or(0);
                (Run::Cancelled, if number == 0 { 1 } else { 128 + number })
            }
            _ if root.stop.rolls.is_some_and(|(by, _)| by.is_none()) => {
                let failed = self.nodes.iter().any(|node| node.undo == Undo::Failed);
                (Run::Undone, u8::from(failed))
            }
            (false, true) => (Run::Achieved, u8::from(!cleaned)),
            (false, false) => (Run::Failed, 1),
        };
        if wanted != (how, exit) {
            return Err(format!("it ends with {how:?} ({exit}), and {wanted:?} is right"));
        }
        Ok(())
    }

    /// Nothing but people is waited for.
    fn end_waiting(&self, exit: u8) -> Result<(), Wrong> {
        if self.leaves && exit == 3 {
            return Ok(());
        }
        let mut asks = false;
        for at in self.units() {
            match self.due(at) {
                Due::Nothing => {}
                Due::Person => asks = true,
                Due::Start | Due::Open | Due::Save if self.held(at) => {}
                Due::Restore(_) if self.locked(at) => {}
                Due::Open | Due::Start | Due::Save if self.may_be_kept_closed(at.0) => {}
                Due::Time(until) if until <= self.now && self.held(at) => {}
                due => return Err(format!("the run waits: {}: {due:?}", self.name(at))),
            }
            let running = self.unit(at).phase.holds() && !self.serves(at.0);
            if running || self.open_until(at).is_some() {
                return Err(format!("the run waits, and {} goes on", self.name(at)));
            }
        }
        if !asks || exit != 3 {
            return Err(format!("the run waits with {exit}, and for nobody"));
        }
        Ok(())
    }
}
