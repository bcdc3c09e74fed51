//! What a new process makes of a run that another left: what is finished stays, the rest is due
//! again.

use std::collections::HashSet;

use super::{Handed, NodeState, Omission, Phase, RunState, Undo, UnitIx, UnitState};
use crate::exec::event::{RunStatus, Status, StopReason, Timestamp};
use crate::exec::graph::NodeIx;
use crate::exec::params;
use crate::ir::Rare;
use crate::value::{GoalId, StepId};

impl RunState {
    /// Takes a run up again. Attempts in flight are in doubt; what was cancelled or stopped by a
    /// signal is due again, and what a deadline stops that had not ended yet; with `retry_failed` what failed is, too, and what was
    /// blocked by it. Steps in `changed` start over, whatever they came to, and goals in it are decided anew.
    pub(super) fn reopen(
        &mut self,
        retry_failed: bool,
        (changed, goals): (&[StepId], &[GoalId]),
        at: Timestamp,
    ) {
        if retry_failed {
            self.renew_deadlines(at);
        }
        let changed = changed.iter().filter_map(|id| self.graph.step_ix(id));
        let changed: Vec<NodeIx> =
            changed.chain(goals.iter().filter_map(|id| self.graph.goal_ix(id))).collect();
        let is_over = |node| !retry_failed && self.is_past_deadline(node, &changed);
        let over: Vec<bool> = self.graph.nodes().map(is_over).collect();
        let mut open = self.nodes.iter().zip(&over).filter(|(_, over)| !**over);
        let was_stopped = open.any(|(node, _)| is_temporary(node.stopping.as_deref()));
        // What is rolled back is not done again before all of it is undone; nor what a deadline
        // has ended, without being told to.
        let rolled = |state: &Self, node: NodeIx| {
            over.get(node.at()) == Some(&true) || (!retry_failed && state.rolling(node).is_some())
        };
        let again_of = |rolled: bool| {
            move |status: Status| match status {
                Status::Cancelled => !rolled,
                Status::NotRun | Status::Blocked => (was_stopped && !rolled) || retry_failed,
                Status::Failed | Status::Undone | Status::UndoFailed => retry_failed,
                _ => false,
            }
        };
        let nodes = self.graph.nodes();
        let again_at = |step: NodeIx, status| again_of(rolled(self, step))(status);
        let kept: Vec<NodeIx> =
            nodes.filter(|node| self.stays_with_joined(*node, again_at)).collect();
        // What runs elsewhere goes on by itself, or has.
        let elsewhere: Vec<NodeIx> =
            self.graph.steps().filter(|node| self.executor_of(*node).is_some()).collect();
        let undone = if retry_failed { self.joined_to_undone() } else { Vec::new() };
        for node in self.graph.nodes() {
            let again = again_of(rolled(self, node));
            let goal = !self.graph.is_step(node);
            let state = &mut self.nodes[node.at()];
            if over.get(node.at()) != Some(&true) {
                reopen_stop(state, retry_failed);
            }
            doubt_units(state, elsewhere.binary_search(&node).is_ok());
            if !goal && kept.binary_search(&node).is_err() {
                take_up(state, again);
            }
        }
        for node in undone {
            start_over(&mut self.nodes[node.at()]);
        }
        if !changed.is_empty() {
            self.take_changes(&changed, &over);
        }
        self.doubt_joined();
        self.restart_services();
        self.reopen_goals(retry_failed);
        while self.reopen_services() {
            self.reopen_goals(retry_failed);
        }
        let behind = self.find_behind();
        self.close_goals_that_wait(&behind);
        self.forget_lets();
        self.status = RunStatus::Running;
        self.exit = None;
        self.ended = None;
        self.reason = None;
        self.recount_holds();
        for unit in self.running_elsewhere() {
            self.hold(unit);
        }
        self.recount();
    }

    /// What is left where the process was killed that carried the run out: what was in flight is in
    /// doubt. Only for looking at it; taking it up has an event of its own.
    pub fn leave_behind(&mut self) {
        if self.status != RunStatus::Running || self.exit.is_some() {
            return;
        }
        for node in self.graph.nodes() {
            let elsewhere = self.executor_of(node).is_some();
            let state = &mut self.nodes[node.at()];
            let undoing = state.undo == Undo::Running;
            doubt_units(state, elsewhere);
            if undoing {
                state.undo = Undo::Stopped;
            }
        }
        self.recount();
    }

    /// Where a deadline has passed, all is tried again with all of its time.
    fn renew_deadlines(&mut self, at: Timestamp) {
        let standing = self.standing;
        for state in &mut self.nodes {
            if let (Some((deadline, stood)), Some(opened)) = (state.deadline, state.started)
                && deadline.after(standing.saturating_sub(stood)) <= at
            {
                state.deadline = Some((at.after(deadline.since(opened)), standing));
                state.started = Some(at);
            }
        }
    }

    /// What was made of outputs that are due again is made anew: the steps may give others.
    fn forget_lets(&mut self) {
        if self.lets.is_empty() {
            return;
        }
        let open = |step: &StepId| {
            let node = self.graph.step_ix(step);
            node.is_some_and(|node| !self.node(node).status.is_end())
        };
        let stale = params::made_of_outputs(self.graph.plan(), open);
        self.lets.retain(|id, _| !stale.contains(id));
    }

    /// A goal with something due in it is open again, from the inside outwards; with `retry_failed`
    /// also one of which only the `verify` did not hold; and one whose cleanup is due.
    fn reopen_goals(&mut self, retry_failed: bool) {
        let goals: Vec<NodeIx> = self.graph.nodes().skip(self.graph.step_count()).collect();
        for goal in goals.into_iter().rev() {
            let due = self.graph.children(goal).iter().any(|n| !self.node(*n).status.is_end())
                || self.is_half_rolled_back(goal)
                || (retry_failed && self.is_only_unverified(goal))
                || self.was_stopped_unverified(goal);
            let unclean = self.is_cleanup_due(goal, retry_failed);
            let state = &mut self.nodes[goal.at()];
            if !state.status.is_end() {
                state.cleaned = None;
                state.verified = None;
                state.probes = Rare::default();
            } else if due || unclean {
                let opened = state.started;
                let when = state.when.filter(|_| opened.is_some());
                let kept = (opened, state.parallel, state.deadline);
                let stop = (state.stopping.take(), state.rolling.take(), state.failed_by.take());
                let undone = std::mem::take(&mut state.undone);
                let verified = (state.verified.take(), std::mem::take(&mut state.probes));
                start_over(state);
                // Where only its cleanup is due, its `verify` has had its say.
                if !due {
                    (state.verified, state.probes) = verified;
                }
                (state.started, state.parallel, state.deadline) = kept;
                (state.stopping, state.rolling, state.failed_by) = stop;
                state.undone = undone;
                state.when = when;
                state.open = opened.is_some();
                state.status = if state.open { Status::Running } else { Status::Pending };
                state.unit.confirm_not_needed = state.open;
            }
        }
    }

    /// A goal that was open waits again where something that it waits for is due again, unless
    /// something in it has begun.
    fn close_goals_that_wait(&mut self, behind: &HashSet<NodeIx>) {
        let graph = std::sync::Arc::clone(&self.graph);
        for goal in graph.nodes().skip(graph.step_count()) {
            let due = |from: NodeIx| !self.node(from).status.is_end() && !graph.is_service(from);
            let is_closed = |around: NodeIx| {
                let around = self.node(around);
                !around.open && !around.status.is_end()
            };
            let waits = graph.incoming(goal).iter().any(|edge| due(edge.from))
                || graph.incoming(goal).iter().any(|edge| behind.contains(&edge.from))
                || graph.parent(goal).is_some_and(is_closed);
            let open = |step: &NodeIx| !self.node(*step).status.is_end();
            let begun = |step: &NodeIx| open(step) && !self.is_fresh(*step);
            let begun = || self.steps_in(goal).iter().any(begun);
            if self.node(goal).open && waits && self.rolling(goal).is_none() && !begun() {
                let state = &mut self.nodes[goal.at()];
                (state.open, state.status, state.deadline) = (false, Status::Pending, None);
                state.unit.confirm_not_needed = true;
            }
        }
    }

    /// Whether a goal at or around a node has failed by its deadline, which was not `changed` since.
    fn is_past_deadline(&self, node: NodeIx, changed: &[NodeIx]) -> bool {
        std::iter::once(node).chain(self.graph.enclosing(node)).any(|goal| {
            let state = self.node(goal);
            state.status == Status::Failed
                && state.stopping.as_deref() == Some(&StopReason::Deadline)
                && !changed.contains(&goal)
        })
    }

    /// Whether all in a goal was done when it was stopped, and only its `verify` is not known.
    fn was_stopped_unverified(&self, goal: NodeIx) -> bool {
        let state = self.node(goal);
        let is_done = |child: &NodeIx| {
            let left_out = self.node(*child).omission == Some(Omission::LeftOut);
            self.counts_as_done(*child) || self.node(*child).status == Status::Skipped || left_out
        };
        let verifies = self.graph.goal(goal).is_some_and(|goal| !goal.verify.is_empty());
        let unknown = verifies && state.verified.is_none();
        state.status == Status::Cancelled
            && unknown
            && self.graph.children(goal).iter().all(is_done)
    }

    fn is_only_unverified(&self, goal: NodeIx) -> bool {
        let state = self.node(goal);
        let unverified = state.verified.as_ref().is_some_and(Option::is_some);
        state.status == Status::Failed && unverified
    }

    /// Nothing is in flight in a new process; open goals hold what they held.
    pub(super) fn recount_holds(&mut self) {
        self.running = 0;
        self.running_in.fill(0);
        self.held.clear();
        self.used.clear();
        for node in &mut self.nodes {
            node.instances_running = 0;
        }
        for node in self.graph.nodes().skip(self.graph.step_count()).collect::<Vec<_>>() {
            if self.node(node).open {
                self.hold(UnitIx::of(node));
            }
        }
    }
}

/// Stops that end with the process that was stopped.
fn is_temporary(why: Option<&StopReason>) -> bool {
    matches!(
        why,
        Some(StopReason::Signal { .. } | StopReason::Deadline | StopReason::Cancelled { .. })
    )
}

/// What stopped a goal, as a new process has it.
fn reopen_stop(state: &mut NodeState, retry_failed: bool) {
    state.undo_planned = false;
    if retry_failed {
        (state.stopping, state.rolling, state.failed_by) = (None, None, None);
        state.undone = Rare::default();
    } else if let Some(rolling) = &state.rolling {
        state.stopping = Some(Box::new(rolling.why.clone()));
    } else if is_temporary(state.stopping.as_deref()) {
        state.stopping =
            state.failed_by.clone().map(|node| Box::new(StopReason::Failure { node: *node }));
    }
}

/// Whether nothing of what a `foreach` step did is left.
fn was_undone(state: &NodeState) -> bool {
    let put_back = state.unit.saved.as_ref().is_some_and(|saved| saved.put_back);
    put_back || state.undo != Undo::No
}

/// What a process knows is gone with it; an attempt that runs elsewhere goes on.
pub(super) fn doubt_units(state: &mut NodeState, elsewhere: bool) {
    if matches!(state.undo, Undo::Due | Undo::Running | Undo::Stopped) {
        state.undo = Undo::No;
    }

    let units = std::iter::once(&mut state.unit).chain(&mut state.instances);
    for unit in units {
        unit.requires_held = false;
        unit.held_for_joined = false;
        if unit.handed == Handed::Now {
            unit.handed = Handed::Lost;
        }
        if let Some(saved) = &mut unit.saved {
            saved.failure = None;
        }
        unit.phase = match std::mem::take(&mut unit.phase) {
            Phase::Snapshotting => Phase::Guarding,
            Phase::Restoring(end) => Phase::Ending(end),
            phase => phase,
        };
        if unit.phase == Phase::Running && elsewhere {
            continue;
        }
        if unit.phase == Phase::Running {
            unit.doubt();
        } else if unit.attempts == 0 && !unit.is_ended() {
            unit.unless = None;
        }
    }
}

/// As if nothing had happened to it, but for what [`UnitState::anew`] keeps.
pub(super) fn start_over(state: &mut NodeState) {
    let touched = state.is_touched();
    let uses = state.uses();
    let of_instances: u32 = state.instances.iter().map(UnitState::tried).sum();
    let unit = state.unit.anew();
    let attempts_before = unit.attempts_before.saturating_add(of_instances);
    let unit = UnitState { attempts_before, uses, touched, ..unit };
    let omission = state.omission;
    let leftovers = state.take_leftovers();
    *state = NodeState { unit, leftovers, omission, ..NodeState::default() };
}

/// Makes a step due again, where its status says so, or those of its instances whose status does.
pub(super) fn take_up(state: &mut NodeState, again: impl Fn(Status) -> bool) {
    // Instances that were stopped are due again also where their step has not ended yet.
    // What was being put back is put back to its end first.
    let halved = matches!(state.unit.phase, Phase::Ending(_));
    let due = again(state.status) || (!state.status.is_end() && !halved);
    if due && state.items.is_some() && !was_undone(state) {
        reopen_instances(state, again);
    } else if again(state.status) {
        start_over(state);
    }
}

fn reopen_instances(state: &mut NodeState, again: impl Fn(Status) -> bool) {
    state.status = Status::Running;
    state.ended = None;
    state.reason = None;
    state.failure = None;
    let remarks = std::mem::take(&mut state.unit.remarks);
    let (saved, touched) = (state.unit.saved.take(), state.unit.touched);
    let attempts_before = state.unit.tried();
    state.unit = UnitState { attempts_before, remarks, saved, touched, ..UnitState::default() };
    for instance in &mut state.instances {
        if again(instance.status()) {
            *instance = instance.anew();
        }
    }
    let failed = state.instances.iter().filter(|i| i.status() == Status::Failed).count();
    state.instances_failed = u32::try_from(failed).unwrap_or(u32::MAX);
}
