//! Starting attempts as far as slots, locks and resources go, and opening goals.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Drive;
use crate::exec::event::{Event, Status};
use crate::exec::graph::NodeIx;
use crate::exec::schedule::{self, Hold};
use crate::exec::state::{Decision, Stage, UnitIx};
use crate::exec::world::{AttemptOrder, Work, World};
use crate::ir::{Attempt, LockScope, Step};
use crate::value::{EvalError, GoalId};

/// One of a step's ways: its own attempt, or that of a fallback.
pub fn attempt_of(step: &Step, way: u32) -> Option<&Attempt> {
    match way.checked_sub(1) {
        None => Some(&step.attempt),
        Some(fallback) => step.fallbacks.get(fallback as usize).map(|fallback| &fallback.attempt),
    }
}

/// So many steps that are held back are looked at for one that is not.
const LOOKAHEAD: u32 = 4096;

/// What came of trying to start something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// It has started, or failed for good.
    Started,
    /// Something that others have holds it back.
    Held,
    /// All slots are taken: nothing in the queue can start.
    NoSlots,
}

impl<W: World> Drive<'_, W> {
    /// Starts what may start: those whose delay is over, those who were passed over too often,
    /// then the others, best first.
    pub(super) fn start_attempts(&mut self) {
        let state = &self.state;
        let overdue = self.turns.begin_round(|unit| {
            matches!(state.stage(unit), Stage::Startable | Stage::Decide(Decision::OpenGoal))
        });
        let now = self.world.now();
        self.turns.looked_at = now;
        let delayed = schedule::due(&self.state, now);
        let first = delayed.into_iter().map(|unit| (unit, true));
        let first: Vec<(UnitIx, bool)> =
            first.chain(overdue.into_iter().map(|unit| (unit, false))).collect();
        // What takes no slot starts also when there is none left for those before it.
        let mut full = false;
        for (unit, delayed) in first {
            let startable = delayed || self.state.stage(unit) == Stage::Startable;
            if startable && !(full && self.state.graph().takes_slot(unit.node)) {
                full |= self.try_to_start(unit) == Tried::NoSlots;
            }
        }
        let (mut behind, mut held) = (None, 0);
        while let Some(unit) = schedule::next(&self.state, behind) {
            if full && self.state.graph().takes_slot(unit.node) {
                return;
            }
            let tried = self.try_to_start(unit);
            if tried == Tried::NoSlots || held > LOOKAHEAD {
                return;
            }
            held += u32::from(tried == Tried::Held);
            // What holds one instance back holds the others of its step.
            behind = Some((unit, tried == Tried::Held));
        }
    }

    fn try_to_start(&mut self, unit: UnitIx) -> Tried {
        let alone = self.state.graph().joined(unit.node).is_empty();
        if !alone && !self.state.is_undo_due(unit.node) {
            return self.start_joined(unit);
        }
        let uses = match self.uses_of_start(unit) {
            Ok(uses) => uses,
            Err(why) => {
                self.fail_value(unit, "uses", &why);
                return Tried::Started;
            }
        };
        let guards = schedule::guards_of(self.state.graph(), unit.node);
        let kept = self.turns.kept(unit, guards, &uses, |lock| self.has_lock(unit.node, lock));
        match schedule::hold(&self.state, unit, &uses, &self.limits).or(kept) {
            None if self.start(unit, uses) => {
                self.turns.has_started(unit);
                Tried::Started
            }
            None => Tried::Held,
            // Nothing behind it in the queue could take a slot either.
            Some(Hold::Slots) if self.state.running() >= self.state.jobs => Tried::NoSlots,
            Some(hold) => {
                self.turns.held_back(unit, hold);
                Tried::Held
            }
        }
    }

    /// Undoes, saves or tries, whichever is due; not while another run has a lock that it needs.
    fn start(&mut self, unit: UnitIx, uses: IndexMap<Arc<str>, i64>) -> bool {
        if !self.take_goal_locks(unit.node) || !self.take_machine_locks(unit, &[unit.node]) {
            return false;
        }
        if self.state.is_undo_due(unit.node) {
            self.start_undo(unit.node);
        } else if self.state.must_save(unit) {
            self.start_snapshot(unit, uses);
        } else {
            self.start_attempt(unit, uses);
        }
        true
    }

    /// The machine's locks are held by now.
    pub(super) fn start_attempt(&mut self, unit: UnitIx, uses: IndexMap<Arc<str>, i64>) {
        let Some(state) = self.state.unit(unit) else { return };
        let (attempt, way) = (state.attempts + 1, state.way);
        let name = self.state.name(unit);
        self.record(Event::AttemptStarted { unit: name, attempt, way, uses });
        let log = self.state.seq;
        self.begin(Work::Attempt(AttemptOrder { unit, attempt, way, log }));
    }

    /// Whether a goal around a node holds a lock, for it, too.
    pub(super) fn has_lock(&self, node: NodeIx, name: &str) -> bool {
        let around = schedule::held_around(&self.state, node, name);
        around.exclusive > 0 || around.shared > 0
    }

    /// Takes the machine's locks of some nodes for a unit, but for those that goals around have.
    pub(super) fn take_machine_locks(&mut self, unit: UnitIx, of: &[NodeIx]) -> bool {
        let names: Vec<Arc<str>> = of
            .iter()
            .filter_map(|node| Some((*node, schedule::guards_of(self.state.graph(), *node)?)))
            .flat_map(|(node, guards)| guards.locks.iter().map(move |lock| (node, lock)))
            .filter(|(node, lock)| {
                lock.scope == LockScope::Machine && !self.machine_has(*node, &lock.name)
            })
            .map(|(_, lock)| Arc::clone(&lock.name))
            .collect();
        let taken = names.is_empty() || self.world.take_machine_locks(unit, &names).is_ok();
        self.machine_waits |= !taken;
        taken
    }

    /// Whether a goal around a node holds a lock of this machine.
    fn machine_has(&self, node: NodeIx, name: &str) -> bool {
        let graph = self.state.graph();
        let mut around = graph.enclosing(node).filter(|goal| self.locked_goals.contains(goal));
        around.any(|goal| {
            let locks = schedule::guards_of(graph, goal).map_or(&[][..], |guards| &guards.locks);
            locks.iter().any(|lock| lock.scope == LockScope::Machine && *lock.name == *name)
        })
    }

    /// Takes the machine's locks of the open goals around a node, or of an open goal itself, where
    /// this process does not have them yet: one that takes a run up has none.
    pub(super) fn take_goal_locks(&mut self, node: NodeIx) -> bool {
        let graph = Arc::clone(self.state.graph());
        let own = (!graph.is_step(node)).then_some(node);
        own.into_iter().chain(graph.enclosing(node)).all(|goal| {
            let taken = self.locked_goals.contains(&goal)
                || self.take_machine_locks(UnitIx::of(goal), &[goal]);
            if taken {
                self.locked_goals.insert(goal);
            }
            taken
        })
    }

    pub(super) fn release_goal_locks(&mut self, goal: NodeIx) {
        self.locked_goals.remove(&goal);
        self.world.release_machine_locks(UnitIx::of(goal));
    }

    /// An undo takes what its step took.
    fn uses_of_start(&self, unit: UnitIx) -> Result<IndexMap<Arc<str>, i64>, EvalError> {
        match self.state.unit(unit) {
            Some(_) if self.state.is_undo_due(unit.node) => Ok(self.state.uses_of(unit)),
            _ => self.uses(unit),
        }
    }

    pub(super) fn uses(&self, unit: UnitIx) -> Result<IndexMap<Arc<str>, i64>, EvalError> {
        match schedule::guards_of(self.state.graph(), unit.node) {
            Some(guards) => self.place(unit).uses(guards),
            None => Ok(IndexMap::new()),
        }
    }

    pub(super) fn open_goal(&mut self, unit: UnitIx) {
        let graph = Arc::clone(self.state.graph());
        let Some(goal) = graph.goal(unit.node) else { return };
        let uses = match self.uses(unit) {
            Ok(uses) => uses,
            Err(why) => return self.fail_value(unit, "uses", &why),
        };
        let has = |lock: &str| self.has_lock(unit.node, lock);
        let kept = self.turns.kept(unit, Some(&goal.guards), &uses, has);
        if let Some(hold) = schedule::hold(&self.state, unit, &uses, &self.limits).or(kept) {
            return self.turns.held_back(unit, hold);
        }
        let place = self.place(unit);
        let parallel = goal.parallel.as_ref().map(|count| place.count(count)).transpose();
        let deadline = goal.deadline.as_ref().map(|length| place.duration(length)).transpose();
        let (parallel, deadline) = match (parallel, deadline) {
            (Ok(parallel), Ok(deadline)) => (parallel, deadline),
            (Err(why), _) => return self.fail_value(unit, "parallel", &why),
            (_, Err(why)) => return self.fail_value(unit, "deadline", &why),
        };
        if !self.take_goal_locks(unit.node) {
            return;
        }
        let deadline = deadline.map(|length| self.world.now().after(length));
        self.turns.has_started(unit);
        let goal = self.goal_id(unit.node);
        self.record(Event::GoalOpened {
            goal,
            uses,
            parallel: parallel.map(|n| n.max(1)),
            deadline,
        });
    }

    /// Goals that stay open have the bounds that they say now. One that has no value is as it was.
    pub(super) fn renew_open_goals(&mut self, goals: &[GoalId]) {
        let graph = Arc::clone(self.state.graph());
        for id in goals {
            let Some(node) = graph.goal_ix(id) else { continue };
            let Some(goal) = graph.goal(node).filter(|_| self.state.node(node).open) else {
                continue;
            };
            let (unit, uses) =
                (UnitIx::of(node), self.state.node(node).unit.uses.clone().into_inner());
            let place = self.place(unit);
            let parallel = goal.parallel.as_ref().map(|count| place.count(count)).transpose();
            let deadline = goal.deadline.as_ref().map(|length| place.duration(length)).transpose();
            if let (Ok(parallel), Ok(deadline)) = (parallel, deadline) {
                let parallel = parallel.map(|n| n.max(1));
                let deadline = deadline.map(|length| self.world.now().after(length));
                self.record(Event::GoalOpened { goal: id.clone(), uses, parallel, deadline });
            }
        }
    }

    /// A unit that never ran ends; a goal takes all that it holds with it.
    pub(super) fn end_unstarted(&mut self, unit: UnitIx, status: Status) {
        if unit.item.is_some() || self.state.graph().is_step(unit.node) {
            let reason = self.unstarted_reason(unit, status);
            return self.finish(unit, status, None, reason);
        }
        let reason = self.unstarted_reason(unit, status);
        self.end_inside(unit.node, status, reason.as_deref());
        self.finish(unit, status, None, reason);
    }
}
