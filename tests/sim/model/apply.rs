//! What each event changes, and whether it may happen.

use super::{Ask, Due, Handed, Model, Phase, Status, Unit, Why, Wrong};
use crate::plan::{Kind, Policy, Tolerate};
use crate::trace::{At, End, What, Work};

impl Model<'_> {
    /// Takes an event.
    ///
    /// # Errors
    /// Why it may not happen here.
    pub(super) fn take(&mut self, seq: u64, at: i64, what: &What) -> Result<(), Wrong> {
        if seq != self.seq + 1 || at < self.now && !is_call(what) {
            return Err(format!("event {seq} at {at} follows {} at {}", self.seq, self.now));
        }
        if is_call(what) || self.stands_still() {
            self.stood += at - self.last;
        }
        (self.seq, self.now, self.last) = (seq, at, at);
        if let Some(owes) = self.owes.take() {
            return match what {
                What::Checkpoint(node) if *node == owes => {
                    self.nodes[owes].checkpoint = seq;
                    Ok(())
                }
                _ => Err(format!("`{}` made no checkpoint", self.tree.nodes[owes].id)),
            };
        }
        match what {
            What::Told => Ok(()),
            What::Started { interactive } => {
                (self.interactive, self.plain) = (*interactive, false);
                Ok(())
            }
            What::Resumed { retry_failed, changed, interactive } => {
                (self.interactive, self.plain) = (*interactive, !*interactive);
                self.resume(*retry_failed, changed);
                Ok(())
            }
            What::RollBack(since) => self.roll_all_back(*since),
            What::RunEnded(status, exit) => {
                self.ended = Some((*status, *exit));
                Ok(())
            }
            What::Other(event) => Err(format!("no plan here has this: {event}")),
            What::Stop(node, why) => self.take_stop(*node, *why),
            What::Opened(node) => self.open(*node),
            What::Verified(node, holds) => {
                self.over((*node, None), Work::Verify)?;
                self.nodes[*node].verified = Some(*holds);
                Ok(())
            }
            What::Cleaned(node, works) => {
                self.over((*node, None), Work::Cleanup)?;
                self.nodes[*node].cleaned = Some(*works);
                self.nodes[*node].uncleaned = !works && self.forced;
                Ok(())
            }
            What::Undoing(_) | What::Undone(..) | What::UndoStopped(_) => self.take_undo(what),
            What::Ready(node, gave) => self.take_ready(*node, *gave),
            What::Let(on, value) => {
                let right = self.output(*on);
                if self.lets.insert(*on, *value).is_some() || right != Some(*value) {
                    return Err(format!("`v{on}` is {value}, and {right:?} is right"));
                }
                Ok(())
            }
            What::Param(value) => {
                (self.param, self.let_of_param) = (*value, None);
                Ok(())
            }
            What::LetOfParam(value) => {
                let right = self.let_of_param.replace(*value).is_none() && *value == self.param;
                if right { Ok(()) } else { Err(format!("`w` is {value} of {}", self.param)) }
            }
            What::When(node, holds) => {
                self.must((*node, None), &Due::When(*holds), what)?;
                self.nodes[*node].when = Some(*holds);
                Ok(())
            }
            What::Items(node, count, tolerated, parallel) => {
                self.must((*node, None), &Due::Items, what)?;
                self.fix_items(*node, (*count, *tolerated, *parallel))
            }
            other => self.take_unit(other),
        }
    }

    pub(super) fn must(&self, at: At, wanted: &Due, what: &What) -> Result<(), Wrong> {
        let due = self.due(at);
        if due == *wanted {
            return Ok(());
        }
        Err(format!("{}: {what:?}, and this is due: {due:?}", self.name(at)))
    }

    fn fix_items(&mut self, node: usize, fixed: (u32, u32, Option<u32>)) -> Result<(), Wrong> {
        let flat = &self.tree.nodes[node];
        let each = flat.what.each();
        let tolerated = match each.and_then(|each| each.tolerate) {
            None => 0,
            Some(Tolerate::Count(count)) => count,
            Some(Tolerate::Percent(percent)) => flat.count * percent / 100,
        };
        let wanted = (flat.count, tolerated, each.and_then(|each| each.parallel));
        if wanted != fixed {
            return Err(format!("`{}` has the items {fixed:?}, not {wanted:?}", flat.id));
        }
        self.nodes[node].tolerated = tolerated;
        self.nodes[node].instances = Some(vec![Unit::default(); flat.count as usize]);
        Ok(())
    }

    /// Something that was asked of the world is known.
    fn over(&mut self, at: At, work: Work) -> Result<(), Wrong> {
        if self.unit_mut(at).busy.take() == Some(work) {
            return Ok(());
        }
        self.must(at, &Due::Check(work), &What::Other(format!("{work:?}")))
    }

    fn take_stop(&mut self, node: usize, why: Why) -> Result<(), Wrong> {
        match why {
            // A signal outweighs a deadline: what it stopped can be taken up.
            Why::Signal if node == 0 && self.signal.is_some() => {
                self.nodes[0].stop.signal = true;
                self.nodes[0].stop.deadline = false;
            }
            Why::Failure => {
                self.must((node, None), &Due::RollBack, &What::Stop(node, why))?;
                let since = self.last_checkpoint();
                self.nodes[node].stop.rolls.get_or_insert((Some(node), since));
            }
            Why::Deadline if self.past_deadline(node, 0) => {
                (self.nodes[node].stop.deadline, self.nodes[node].stop.late) = (true, true);
                if self.tree.policy(node) == Policy::Rollback {
                    let since = self.last_checkpoint();
                    self.nodes[node].stop.rolls.get_or_insert((Some(node), since));
                }
            }
            _ => return Err(format!("nothing stops {}", self.name((node, None)))),
        }
        Ok(())
    }

    fn open(&mut self, node: usize) -> Result<(), Wrong> {
        let deadline = self.tree.goal(node).and_then(|goal| goal.deadline);
        let deadline = deadline.map(|length| (self.now + i64::from(length), self.stood));
        // It was open, and its clauses were edited.
        if self.renewed.remove(&node) {
            self.nodes[node].deadline = deadline;
            return Ok(());
        }
        self.must((node, None), &Due::Open, &What::Opened(node))?;
        if self.taken((node, None)) {
            return Err(format!("{} takes what others have", self.name((node, None))));
        }
        let state = &mut self.nodes[node];
        (state.opened, state.deadline) = (true, deadline);
        Ok(())
    }

    /// Whether it is this step's failure for which all is undone: it stays `failed`.
    pub(super) fn began_rollback(&self, node: usize) -> bool {
        let top = self.rolled(node);
        let by = top.and_then(|top| self.nodes[top].stop.rolls.and_then(|(by, _)| by));
        let failed = self.nodes[node].status == Some(Status::Failed);
        let around = |goal: usize| failed && self.tree.around(node).any(|around| around == goal);
        by.is_some_and(|by| by == node || around(by))
    }

    fn take_unit(&mut self, what: &What) -> Result<(), Wrong> {
        self.known(unit_of(what))?;
        match what {
            What::Unless(at, holds) => {
                self.over(*at, Work::Unless)?;
                self.unit_mut(*at).unless = Some(*holds);
            }
            What::Requires(at) => {
                self.over(*at, Work::Requires)?;
                self.unit_mut(*at).requires = true;
            }
            What::Asked(at, question, until) => {
                self.must(*at, &Due::Ask(*question), what)?;
                *self.ask_mut(*at, *question) = Ask::Open(*until);
                return self.check_until(*at, *question, *until);
            }
            What::Answered(at, said, from) => return self.answer(*at, *said, *from),
            What::HandedOver(at) => {
                self.must(*at, &Due::HandOver, what)?;
                let unit = self.unit_mut(*at);
                (unit.handed, unit.touched) = (Handed::Now, true);
                self.nodes[at.0].unit.touched = true;
            }
            What::NotNeeded(at) => {
                self.must(*at, &Due::NotNeeded, what)?;
                self.unit_mut(*at).confirm = Ask::NotNeeded;
            }
            What::Doubted(at) => {
                self.must(*at, &Due::Doubt, what)?;
                let unit = self.unit_mut(*at);
                (unit.phase, unit.unless) = (Phase::Doubt, None);
            }
            What::Cleared(at) => {
                self.must(*at, &Due::Clear, what)?;
                self.unit_mut(*at).phase = Phase::Fresh;
            }
            What::Attempt { at, attempt, way } => return self.start(*at, *attempt, *way),
            What::Tried { at, attempt, end, gave } => {
                self.unit_mut(*at).gave = *gave;
                return self.tried(*at, *attempt, *end);
            }
            What::Delayed { at, length, until } => return self.delay(*at, *length, *until),
            What::NextWay(at) => {
                self.must(*at, &Due::NextWay, what)?;
                let unit = self.unit_mut(*at);
                (unit.way, unit.failed, unit.began) = (unit.way + 1, 0, None);
                unit.phase = Phase::Fresh;
            }
            What::Ended { at, status, via } => return self.ended(*at, *status, *via),
            What::Saving(_) | What::Saved(..) | What::Restoring(..) | What::Restored(..) => {
                return self.take_snapshot(what);
            }
            other => return Err(format!("no plan here has this: {other:?}")),
        }
        Ok(())
    }

    fn start(&mut self, at: At, attempt: u32, way: u32) -> Result<(), Wrong> {
        match self.due(at) {
            Due::Start => {}
            Due::Time(until) if until <= self.now => {}
            due => return Err(format!("{} starts, and this is due: {due:?}", self.name(at))),
        }
        if self.crowded(at, false) || self.taken(at) {
            return Err(format!("{} takes what others have", self.name(at)));
        }
        let now = (self.now, self.stood);
        self.starts += 1;
        self.nodes[at.0].ready = false;
        let unit = self.unit_mut(at);
        if (attempt, way) != (unit.attempts + 1, unit.way) {
            return Err(format!("{} makes attempt {attempt} by way {way}", self.name(at)));
        }
        unit.attempts = attempt;
        unit.began.get_or_insert(now);
        (unit.phase, unit.busy, unit.touched) = (Phase::Running, None, true);
        (unit.fails, unit.told) = (Ask::Not, false);
        self.nodes[at.0].unit.touched = true;
        Ok(())
    }

    fn tried(&mut self, at: At, attempt: u32, end: End) -> Result<(), Wrong> {
        // Where one fails, those that it is joined to are stopped.
        self.judge(at, end)?;
        // After a crash it is not known any more what was told.
        let in_vain = self.waits_in_vain(at) || self.is_vain(at);
        let chained = !self.tree.nodes[at.0].chain.is_empty();
        let cancelling = self.cancelling(at.0) || chained || in_vain;
        let unit = self.unit_mut(at);
        if unit.phase != Phase::Running || unit.attempts != attempt {
            return Err(format!("{}: attempt {attempt} ends, which does not run", self.name(at)));
        }
        if end == End::Cancelled && !cancelling {
            return Err(format!("{} is cancelled, and nothing stops it", self.name(at)));
        }
        unit.busy = None;
        unit.failed += u32::from(matches!(end, End::Failed(_)));
        unit.losses += u32::from(end == End::Failed(Kind::Lost));
        unit.phase = if end == End::Succeeded { Phase::Succeeded } else { Phase::Failed(end) };
        Ok(())
    }

    fn delay(&mut self, at: At, length: u64, until: i64) -> Result<(), Wrong> {
        let due = self.due(at);
        // Where all that are joined have gone on to their next way, none waits.
        let due = match due {
            Due::Start if !self.tree.nodes[at.0].chain.is_empty() => {
                Due::Delay { most: 0, drawn: false }
            }
            due => due,
        };
        let Due::Delay { most, drawn } = due else {
            return Err(format!("{} waits, and this is due: {due:?}", self.name(at)));
        };
        let right = if drawn { length <= most } else { length == most };
        if !right || until != self.now + i64::try_from(length).unwrap_or(i64::MAX) {
            return Err(format!("{} waits {length} until {until}, and not {most}", self.name(at)));
        }
        self.unit_mut(at).phase = Phase::Delayed(until);
        for step in self.tree.nodes[at.0].chain.iter() {
            self.nodes[*step].unit.phase = Phase::Delayed(until);
        }
        Ok(())
    }
}

/// What a process of goalc begins with.
fn is_call(what: &What) -> bool {
    matches!(what, What::Resumed { .. } | What::RollBack(_))
}

/// Which step, instance or goal an event is of.
fn unit_of(what: &What) -> At {
    match what {
        What::Unless(at, _)
        | What::Requires(at)
        | What::Asked(at, ..)
        | What::Answered(at, ..)
        | What::NotNeeded(at)
        | What::Cleared(at)
        | What::Doubted(at)
        | What::HandedOver(at)
        | What::Attempt { at, .. }
        | What::Tried { at, .. }
        | What::Delayed { at, .. }
        | What::NextWay(at)
        | What::Saving(at)
        | What::Saved(at, _)
        | What::Restoring(at, _)
        | What::Restored(at, _)
        | What::Ended { at, .. } => *at,
        _ => (0, None),
    }
}
