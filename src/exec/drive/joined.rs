//! Chains of steps that are joined by pipes: started all at once or not at all, tried together.
//!
//! Invariant: the starts of a chain are in one commit, and so are the ends of its attempts and of
//! its snapshots.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::Drive;
use super::start::Tried;
use crate::exec::event::{Event, Failure, Status};
use crate::exec::graph::NodeIx;
use crate::exec::schedule::{self, Hold};
use crate::exec::state::{Phase, Stage, UnitIx};
use crate::exec::world::{AttemptOrder, Undone, Work, World};
use crate::value::EvalError;

impl<W: World> Drive<'_, W> {
    /// Starts a chain if there is room for all of it. Nothing behind it in the queue may take the
    /// slots that it waits for.
    pub(super) fn start_joined(&mut self, first: UnitIx) -> Tried {
        let members: Vec<NodeIx> = self.state.joined(first.node).collect();
        let Some(uses) = self.joined_uses(&members) else { return Tried::Started };
        let sum = sum(&uses);
        let beyond = |(name, amount): &(&Arc<str>, &i64)| {
            self.limits.get(*name).is_some_and(|all| *amount > all)
        };
        if let Some((name, amount)) = sum.iter().find(beyond) {
            let why = format!("the steps that it is joined to need {amount} of `{name}` at once");
            self.fail_value(first, "uses", &EvalError::failed(why));
            return Tried::Started;
        }
        let kept = members.iter().find_map(|member| {
            let guards = schedule::guards_of(self.state.graph(), *member);
            self.turns.kept(first, guards, &sum, |lock| self.has_lock(*member, lock))
        });
        match schedule::hold_joined(&self.state, &members, &sum, &self.limits).or(kept) {
            None if members.iter().all(|member| self.take_goal_locks(*member))
                && self.take_machine_locks(first, &members) =>
            {
                self.save_or_begin(&members, uses);
                self.turns.has_started(first);
                Tried::Started
            }
            None => Tried::Held,
            Some(Hold::Slots) => Tried::NoSlots,
            Some(hold) => {
                self.turns.held_back(first, hold);
                Tried::Held
            }
        }
    }

    /// What each member needs; `None` where that of one cannot be had, which has failed then.
    fn joined_uses(&mut self, members: &[NodeIx]) -> Option<Vec<IndexMap<Arc<str>, i64>>> {
        let mut uses = Vec::with_capacity(members.len());
        for member in members {
            match self.uses(UnitIx::of(*member)) {
                Ok(found) => uses.push(found),
                Err(why) => {
                    self.fail_value(UnitIx::of(*member), "uses", &why);
                    return None;
                }
            }
        }
        Some(uses)
    }

    /// The machine's locks are held by now. All snapshots are taken before the first attempt of
    /// any member.
    fn save_or_begin(&mut self, members: &[NodeIx], uses: Vec<IndexMap<Arc<str>, i64>>) {
        let must_save = |member: &NodeIx| self.state.must_save(UnitIx::of(*member));
        if !members.iter().any(must_save) {
            return self.begin_joined(members, uses);
        }
        // The first takes what those need, too, that have nothing to save.
        let (saving, waiting): (Vec<_>, Vec<_>) =
            members.iter().zip(uses).partition(|(member, _)| must_save(member));
        let mut more: Vec<IndexMap<Arc<str>, i64>> =
            waiting.into_iter().map(|(_, uses)| uses).collect();
        for (member, uses) in saving {
            more.push(uses);
            self.start_snapshot(UnitIx::of(*member), sum(&std::mem::take(&mut more)));
        }
    }

    /// A member's snapshot has ended. It counts when those of all members have: so nobody else has
    /// their locks between the snapshots and the attempts.
    pub(super) fn end_joined_snapshot(&mut self, unit: UnitIx, number: u64, undone: Undone) {
        self.saved_joined.insert(unit, (number, undone));
        let members: Vec<NodeIx> = self.state.joined(unit.node).collect();
        if members.iter().any(|member| self.is_in_flight(UnitIx::of(*member))) {
            return;
        }
        for member in &members {
            let unit = UnitIx::of(*member);
            if let Some((number, undone)) = self.saved_joined.remove(&unit) {
                self.record_snapshot(unit, number, undone);
            }
        }
        let Some(first) = members.first().copied().map(UnitIx::of) else { return };
        if self.state.stage(first) == Stage::Startable
            && let Some(uses) = self.joined_uses(&members)
        {
            return self.save_or_begin(&members, uses);
        }
        self.world.release_machine_locks(first);
    }

    fn begin_joined(&mut self, members: &[NodeIx], uses: Vec<IndexMap<Arc<str>, i64>>) {
        let mut orders = Vec::with_capacity(members.len());
        for (member, uses) in members.iter().zip(uses) {
            let unit = UnitIx::of(*member);
            let Some(state) = self.state.unit(unit) else { continue };
            let (attempt, way) = (state.attempts + 1, state.way);
            let name = self.state.name(unit);
            self.record(Event::AttemptStarted { unit: name, attempt, way, uses });
            orders.push(AttemptOrder { unit, attempt, way, log: self.state.seq });
        }
        self.begin(Work::Joined(orders));
    }

    /// After a chain's attempt failed: the next one while each member that failed has retries
    /// left, after the longest of their delays; otherwise the end of all.
    pub(super) fn recover_joined(&mut self, unit: UnitIx) {
        let members: Vec<NodeIx> = self.state.joined(unit.node).collect();
        let failing: Vec<(NodeIx, Failure)> = members
            .iter()
            .filter_map(|node| match &self.state.node(*node).unit.phase {
                Phase::Failing(failure) => Some((*node, Failure::clone(failure))),
                _ => None,
            })
            .collect();
        let culprits: Vec<&(NodeIx, Failure)> =
            failing.iter().filter(|(_, failure)| *failure != Failure::Cancelled).collect();
        let over = members.iter().any(|node| self.state.node(*node).status.is_end());
        let cancelled = members.iter().any(|node| self.state.cancelling(*node));
        if !over && !cancelled && (!culprits.is_empty() || self.is_between_ways(&members)) {
            match self.joined_retry(&culprits) {
                Ok(Some(length)) => {
                    let until = self.world.now().after(length);
                    let unit = self.state.name(unit);
                    return self.record(Event::Delayed { unit, length, until });
                }
                Ok(None) => {}
                Err((node, why)) => return self.fail_value(UnitIx::of(node), "retry", &why),
            }
        }
        self.end_joined(&failing, cancelled);
    }

    /// Whether a member goes on with its next fallback.
    fn is_between_ways(&self, members: &[NodeIx]) -> bool {
        let states = members.iter().map(|node| &self.state.node(*node).unit);
        states.into_iter().any(|unit| unit.phase == Phase::Guarding && unit.attempts > 0)
    }

    /// The longest delay, or `None` where a member that failed has neither retries nor fallbacks
    /// left. Those without retries go on with their next fallback.
    fn joined_retry(
        &mut self,
        culprits: &[&(NodeIx, Failure)],
    ) -> Result<Option<Duration>, (NodeIx, EvalError)> {
        let mut longest = Duration::ZERO;
        let mut used_up = Vec::new();
        for (node, failure) in culprits {
            let unit = UnitIx::of(*node);
            let Some(state) = self.state.unit(unit).cloned() else { return Ok(None) };
            match self.next_delay(unit, &state, failure) {
                Ok(Some(delay)) => longest = longest.max(delay),
                Ok(None) if self.goes_on(unit, state.way, failure) => used_up.push(unit),
                Ok(None) => return Ok(None),
                Err(why) => return Err((*node, why)),
            }
        }
        for unit in used_up {
            let unit = self.state.name(unit);
            self.record(Event::WayUsedUp { unit });
        }
        Ok(Some(longest))
    }

    fn end_joined(&mut self, failing: &[(NodeIx, Failure)], cancelled: bool) {
        let (stopped, failed): (Vec<_>, Vec<_>) =
            failing.iter().partition(|(_, failure)| cancelled || *failure == Failure::Cancelled);
        // One that puts its snapshot back first has not ended yet.
        let failing = failed.first().map(|(node, _)| self.joins(*node, Status::Failed));
        for (node, failure) in failed {
            self.finish(UnitIx::of(*node), Status::Failed, Some(failure.clone()), None);
        }
        for (node, failure) in stopped {
            let reason = self.joined_reason(*node, Status::Blocked).or_else(|| failing.clone());
            let reason = reason.filter(|_| !cancelled);
            self.finish(UnitIx::of(*node), Status::Cancelled, Some(failure.clone()), reason);
        }
    }

    /// Which step that this one is joined to explains its end.
    pub(super) fn joined_reason(&self, node: NodeIx, status: Status) -> Option<String> {
        let mut others = self.state.joined(node).filter(|other| *other != node);
        let cause = others.find(|other| {
            let ended = self.state.node(*other).status;
            match status {
                Status::Skipped => ended == Status::Skipped,
                Status::NotRun => ended == Status::NotRun,
                _ => matches!(ended, Status::Failed | Status::Blocked),
            }
        })?;
        Some(self.joins(cause, self.state.node(cause).status))
    }

    fn joins(&self, cause: NodeIx, status: Status) -> String {
        let how = super::finish::past(status);
        format!("`{}` {how}, and a pipe joins them", self.state.graph().id(cause))
    }
}

fn sum(uses: &[IndexMap<Arc<str>, i64>]) -> IndexMap<Arc<str>, i64> {
    let mut sum: IndexMap<Arc<str>, i64> = IndexMap::new();
    for (name, amount) in uses.iter().flatten() {
        let all = sum.entry(Arc::clone(name)).or_default();
        *all = all.saturating_add(*amount);
    }
    sum
}
