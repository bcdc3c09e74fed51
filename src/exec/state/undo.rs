//! Undoing: which steps are undone, in which order, and what snapshots change.
//!
//! A goal that is rolled back first lets what runs in it end; then the steps are due that nothing
//! which is still to be undone depends on, and so on backwards. Invariant: a step's undo is due
//! only when all that came after it is undone, or was never to be.

use std::collections::BTreeSet;

use super::backwards::Backwards;
use super::{NodeState, Phase, RunState, Stage, UnitIx, UnitState};
use crate::exec::event::{Event, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::ir::{FailurePolicy, Rare, Step};
use crate::value::NodeId;

/// How far a step's undo is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Undo {
    #[default]
    No,
    Due,
    Running,
    /// The run was stopped in the middle of it.
    Stopped,
    Done,
    Failed(String),
}

/// Why a goal is rolled back, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rolling {
    pub why: StopReason,
    /// What had succeeded by the event of this number is kept: the last checkpoint when it began,
    /// whatever others make meanwhile.
    pub since: u64,
}

impl RunState {
    /// The outermost goal that is being rolled back and holds this node, or is it.
    pub fn rolling(&self, node: NodeIx) -> Option<NodeIx> {
        let around = std::iter::once(node).chain(self.graph.enclosing(node));
        around.filter(|goal| self.node(*goal).rolling.is_some()).last()
    }

    /// Whether the run is being stopped by a person or a signal: undos wait for a resume.
    pub fn interrupted(&self, node: NodeIx) -> bool {
        let mut around = std::iter::once(node).chain(self.graph.enclosing(node));
        around.any(|goal| {
            let why = self.node(goal).stopping.as_deref();
            matches!(why, Some(StopReason::Signal { .. } | StopReason::Cancelled { .. }))
        })
    }

    /// Whether a step's undo is due.
    pub fn is_undo_due(&self, node: NodeIx) -> bool {
        self.node(node).undo == Undo::Due
    }

    pub(super) fn undo_stage(&self, unit: UnitIx) -> Stage {
        let due = unit.item.is_none() && self.is_undo_due(unit.node);
        if due && !self.waits_for_service(unit.node) { Stage::Startable } else { Stage::Idle }
    }

    /// Whether a goal must stay open because undos are due or run.
    pub(super) fn undo_pending(&self, goal: NodeIx) -> bool {
        let Some(top) = self.rolling(goal) else { return false };
        let state = self.node(top);
        state.undo_open > 0 || (!state.undo_planned && !self.interrupted(top))
    }

    /// Whether a goal's rollback was interrupted.
    pub fn is_half_rolled_back(&self, goal: NodeIx) -> bool {
        self.rolling(goal) == Some(goal)
            && self.steps_in(goal).iter().any(|node| self.is_to_undo(*node, self.since(goal)))
    }

    /// Whether a step has begun and not ended.
    pub(super) fn is_active(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        let begun = state.items.is_some()
            || state.unit.attempts > 0
            || !matches!(state.unit.phase, Phase::Guarding | Phase::Asking);
        self.graph.is_step(node) && begun && !state.status.is_end()
    }

    /// The number of the event by which the last checkpoint was made that still stands.
    pub fn last_checkpoint(&self) -> u64 {
        self.nodes.iter().filter_map(|node| node.checkpoint_seq).max().unwrap_or(0)
    }

    /// What had succeeded by the event of this number is kept by a goal's rollback.
    pub(super) fn since(&self, top: NodeIx) -> u64 {
        let rolling = self.node(top).rolling.as_ref();
        rolling.map_or_else(|| self.last_checkpoint(), |rolling| rolling.since)
    }

    /// Whether a rollback that goes on has this step to undo.
    pub fn must_be_undone(&self, node: NodeIx) -> bool {
        self.rolling(node).is_some_and(|top| self.is_to_undo(node, self.since(top)))
    }

    /// Whether a rollback up to then has this step to undo.
    pub fn is_to_undo(&self, node: NodeIx, since: u64) -> bool {
        let (Some(step), state) = (self.graph.step(node), self.node(node)) else { return false };
        let kept = state.status == Status::Succeeded && state.ended_seq <= since;
        state.undo != Undo::Done && !kept && can_be_undone(step, state)
    }

    /// Steps that a goal's rollback left as they are although they were started: those without a
    /// way to undo them, and those that a failed undo depends on.
    pub fn left_standing(&self, top: NodeIx) -> Vec<NodeIx> {
        let since = self.since(top);
        let mut steps = self.steps_in(top);
        steps.retain(|node| {
            let state = self.node(*node);
            let kept = state.status == Status::Succeeded && state.ended_seq <= since;
            // Without a script all is as it was once its snapshot is put back.
            let bare = self.graph.step(*node).is_some_and(|step| step.rollback.is_empty());
            let mut saved = state.saved().peekable();
            let back = bare && saved.peek().is_some() && saved.all(|saved| saved.put_back);
            state.is_touched() && !kept && !back && !self.began_rollback(*node)
        });
        steps
    }

    pub fn steps_with_failed_undo(&self, top: NodeIx) -> Vec<NodeIx> {
        let mut steps = self.steps_in(top);
        steps.retain(|node| matches!(self.node(*node).undo, Undo::Failed(_)));
        steps
    }

    /// Whether a step is left as it is because the undo of another one failed: a resume undoes it no
    /// more, only another rollback does.
    pub fn waits_for_failed_undo(&self, node: NodeIx) -> bool {
        let stuck = |top| !self.interrupted(top) && !self.steps_with_failed_undo(top).is_empty();
        self.node(self.graph.root()).status.is_end() && self.rolling(node).is_some_and(stuck)
    }

    pub(super) fn steps_in(&self, goal: NodeIx) -> Vec<NodeIx> {
        let mut inside = self.graph.descendants(goal);
        inside.retain(|node| self.graph.is_step(*node));
        inside
    }

    /// Nothing new starts in a goal any more. A person, a signal or a deadline outweighs a failure.
    pub(super) fn stop_goal(&mut self, goal: NodeIx, why: &StopReason) {
        let policy = self.graph.goal(goal).map(|goal| goal.on_failure).unwrap_or_default();
        let rolls = match why {
            StopReason::Failure { .. } => true,
            StopReason::Deadline => policy == FailurePolicy::Rollback,
            _ => false,
        };
        let since = self.last_checkpoint();
        let state = &mut self.nodes[goal.at()];
        if matches!(why, StopReason::Signal { .. } | StopReason::Cancelled { .. }) {
            let asked = matches!(
                state.stopping.as_deref(),
                Some(StopReason::Signal { .. } | StopReason::Cancelled { .. })
            );
            state.stopping = state.stopping.take().filter(|_| asked);
        }
        if *why == StopReason::Deadline {
            let failed = matches!(state.stopping.as_deref(), Some(StopReason::Failure { .. }));
            state.stopping = state.stopping.take().filter(|_| !failed);
        }
        state.stopping.get_or_insert_with(|| Box::new(why.clone()));
        if rolls {
            state.rolling.get_or_insert(Box::new(Rolling { why: why.clone(), since }));
        }
        for inner in self.graph.descendants(goal) {
            if self.rolling(inner) == Some(inner) {
                self.plan_undo(inner);
            }
        }
        self.plan_undo(goal);
        self.restage_inside(goal);
    }

    /// A person asked for the run to be undone: all that is open ends, then the rollback begins.
    pub(super) fn roll_all_back(&mut self, since: u64, by: &str) {
        for state in &mut self.nodes {
            super::resume::doubt_units(state, false);
            if matches!(state.undo, Undo::Failed(_)) {
                state.undo = Undo::No;
            }
            state.undo_planned = false;
        }
        let root = self.graph.root();
        let state = &mut self.nodes[root.at()];
        let why = StopReason::Rollback { by: by.to_owned() };
        state.rolling = Some(Box::new(Rolling { why: why.clone(), since }));
        state.stopping = Some(Box::new(why));
        (state.deadline, state.cleaned, state.reason, state.ended) = (None, None, None, None);
        state.undone = Rare::default();
        state.unit.phase = Phase::Guarding;
        state.open = state.started.is_some();
        state.status = if state.open { Status::Running } else { Status::Pending };
        self.status = crate::exec::event::RunStatus::Running;
        (self.exit, self.ended, self.reason) = (None, None, None);
        self.recount_holds();
        self.recount();
    }

    pub(super) fn apply_undo(&mut self, node: NodeIx, event: &Event) {
        let unit = UnitIx::of(node);
        if matches!(event, Event::UndoStarted { .. }) {
            self.nodes[node.at()].undo = Undo::Running;
            self.hold(unit);
            return self.restage(unit);
        }
        if self.node(node).undo == Undo::Running {
            self.let_go(unit);
        }
        let stays = self.began_rollback(node);
        let top = self.rolling(node);
        let state = &mut self.nodes[node.at()];
        match event {
            Event::UndoEnded { failure: Some(why), undone, .. } => {
                for part in undone {
                    state.part_mut(*part).into_iter().for_each(UnitState::set_undone);
                }
                state.undo = Undo::Failed(why.clone());
                if !stays {
                    state.status = Status::UndoFailed;
                    state.reason = Some(format!("undo: {why}"));
                }
            }
            Event::UndoEnded { failure: None, .. } => {
                state.set_undone(stays);
                if let Some(top) = top {
                    self.nodes[top.at()].undone.push(node);
                }
            }
            _ => state.undo = Undo::Stopped,
        }
        self.plan_undo(node);
    }

    /// Whether a step's failure began the rollback that undoes it: it stays `failed`.
    pub fn began_rollback(&self, node: NodeIx) -> bool {
        let rolling = self.rolling(node).and_then(|top| self.node(top).rolling.as_ref());
        let Some(StopReason::Failure { node: cause }) = rolling.map(|rolling| &rolling.why) else {
            return false;
        };
        match cause {
            NodeId::Step(step) => self.graph.step_ix(step) == Some(node),
            NodeId::Goal(goal) => {
                let goal = self.graph.goal_ix(goal);
                let failed = self.node(node).unit.phase == Phase::Ended(Status::Failed);
                failed && self.graph.enclosing(node).any(|around| Some(around) == goal)
            }
        }
    }

    /// Finds what is to be undone next in the rollback that a node belongs to.
    pub(super) fn plan_undo(&mut self, node: NodeIx) {
        if let Some(top) = self.rolling(node) {
            self.settle_undo(top);
            self.restage_inside(top);
        }
    }

    /// As [`Self::plan_undo`], without putting anything on the agenda.
    pub(super) fn settle_undo(&mut self, top: NodeIx) {
        let steps = self.steps_in(top);
        let interrupted = self.interrupted(top);
        let wait = interrupted || steps.iter().any(|node| self.is_active(*node));
        let running = steps.iter().filter(|node| self.node(**node).undo == Undo::Running).count();
        let mut next = if wait { BTreeSet::new() } else { self.next_undos(top, true) };
        if !wait && next.is_empty() && running == 0 {
            next = self.next_undos(top, false);
        }
        for node in steps {
            let undo = &mut self.nodes[node.at()].undo;
            match undo {
                Undo::No if next.contains(&node) => *undo = Undo::Due,
                // What was put back meanwhile has nothing more to undo.
                Undo::Due if wait || !next.contains(&node) => *undo = Undo::No,
                _ => {}
            }
        }
        let due = self.steps_in(top).iter().filter(|node| self.is_undo_due(**node)).count();
        let state = &mut self.nodes[top.at()];
        state.undo_open = u32::try_from(due + running).unwrap_or(u32::MAX);
        state.undo_planned = !wait;
    }

    /// The steps to undo that all after them is undone of. Without `ordered`, steps that only come
    /// `after` others do not hold these back: theirs may have failed.
    fn next_undos(&self, top: NodeIx, ordered: bool) -> BTreeSet<NodeIx> {
        let since = self.since(top);
        let mut order = Backwards::new(self, top, ordered);
        let mut next = BTreeSet::new();
        while let Some(node) = order.free.pop() {
            if self.graph.is_step(node) {
                match &self.node(node).undo {
                    _ if !self.is_to_undo(node, since) => order.settle(self, node),
                    Undo::No | Undo::Due => drop(next.insert(node)),
                    _ => {}
                }
            } else {
                order.enter(self, node);
            }
        }
        next
    }
}

/// Whether a step left something, and has a way to undo it.
fn can_be_undone(step: &Step, state: &NodeState) -> bool {
    let saved = state.saved().any(|saved| !saved.put_back);
    state.is_touched() && (!step.rollback.is_empty() || saved)
}

impl NodeState {
    /// Whether anything of a step was ever started and is left.
    pub fn is_touched(&self) -> bool {
        self.unit.touched || self.instances.iter().any(|each| each.touched)
    }

    /// An instance, or what is left of an item that has left the list, as [`RunState::parts`] counts them.
    fn part_mut(&mut self, part: u32) -> Option<&mut UnitState> {
        let left = self.leftovers.written().into_iter().flatten().map(|left| &mut left.unit);
        self.instances.iter_mut().chain(left).nth(part as usize)
    }

    fn set_undone(&mut self, stays: bool) {
        self.undo = Undo::Done;
        self.leftovers = Rare::default();
        for unit in std::iter::once(&mut self.unit).chain(&mut self.instances) {
            unit.set_undone();
        }
        if !stays {
            self.status = Status::Undone;
            self.reason = None;
            (self.checkpoint, self.checkpoint_seq) = (None, None);
        }
    }
}

impl UnitState {
    /// Nothing of what it did is left.
    fn set_undone(&mut self) {
        self.touched = false;
        if let Some(saved) = &mut self.saved {
            saved.put_back = true;
        }
    }
}
