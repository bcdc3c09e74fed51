//! The only transition function: an event changes the state.

use std::collections::HashSet;
use std::sync::Arc;

use super::serving::waits_for_readiness;
use super::{NodeState, Omission, Phase, Rolling, RunState, Undo, UnitIx};
use crate::exec::event::{Event, RunStatus, Stamped, Status, StopReason, Timestamp};
use crate::exec::graph::NodeIx;
use crate::ir::{EdgeKind, FailurePolicy, StepFailure};
use crate::value::{GoalId, StepId, Value};

impl RunState {
    /// Makes an event count. Events that name what the plan does not have change nothing.
    pub fn apply(&mut self, stamped: &Stamped) {
        let resumes =
            matches!(stamped.event, Event::RunResumed { .. } | Event::RollbackRequested { .. });
        if resumes || self.stands_still() {
            self.standing += stamped.at.since(self.last);
        } else if let Event::StoodStill { length } = &stamped.event {
            self.standing += *length;
        }
        self.seq = stamped.seq;
        self.lends = false;
        let at = stamped.at;
        match &stamped.event {
            Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::RollbackRequested { .. }
            | Event::RunEnded { .. } => {
                self.apply_to_run(&stamped.event, at);
            }
            Event::LetFixed { binding, value } => {
                self.lets.insert(binding.clone(), value.clone());
            }
            Event::ExecutorChosen { name } => self.executor = Some(name.clone()),
            Event::ParamChanged { binding, value, .. } => self.change_param(binding, value),
            Event::GoalOpened { .. }
            | Event::GoalEnded { .. }
            | Event::StopRequested { .. }
            | Event::GoalVerified { .. }
            | Event::CleanupEnded { .. } => self.apply_to_goal(&stamped.event, at),
            Event::WhenDecided { .. }
            | Event::ItemsFixed { .. }
            | Event::StepEnded { .. }
            | Event::CheckpointReached { .. }
            | Event::ServiceReady { .. }
            | Event::UndoStarted { .. }
            | Event::UndoEnded { .. }
            | Event::UndoStopped { .. } => self.apply_to_step(&stamped.event, at),
            event => self.apply_to_unit(event, at),
        }
        self.last = at;
    }

    /// Nothing happens but that people are waited for.
    pub fn stands_still(&self) -> bool {
        let agenda = &self.agenda;
        agenda.running.is_empty()
            && agenda.delayed.is_empty()
            && agenda.deciding.is_empty()
            && agenda.startable.is_empty()
            && !agenda.asking.is_empty()
            && !self.nodes.iter().any(|node| node.undo == Undo::Running)
    }

    fn apply_to_run(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::RunStarted {
                params, jobs, keep_going, left_out, skipped, interactive, ..
            } => {
                self.interactive = *interactive;
                self.params.clone_from(params);
                self.jobs = *jobs;
                self.keep_going = *keep_going;
                self.started = Some(at);
                self.omit(left_out, skipped);
                self.recount();
            }
            Event::RunResumed { retry_failed, changed, interactive, edits } => {
                self.interactive = *interactive;
                let goals = edits.as_ref().map_or(&[][..], |edits| &edits.goals);
                if let Some(edits) = edits {
                    self.take_values(edits);
                }
                self.reopen(*retry_failed, (changed, goals), at);
            }
            Event::RollbackRequested { since, by } => {
                self.roll_all_back(*since, by);
            }
            Event::RunEnded { status, exit, reason } => {
                self.status = *status;
                self.exit = Some(*exit);
                self.reason.clone_from(reason);
                self.ended = (*status != RunStatus::Waiting).then_some(at);
            }
            _ => {}
        }
    }

    /// Takes what the call that began the run leaves out and skips.
    pub fn omit(&mut self, left_out: &[StepId], skipped: &[StepId]) {
        let graph = Arc::clone(&self.graph);
        for node in left_out.iter().filter_map(|id| graph.step_ix(id)) {
            self.nodes[node.at()].omission = Some(Omission::LeftOut);
        }
        if !left_out.is_empty() {
            self.leave_out_goals();
        }
        for id in skipped {
            let goal = || graph.goal_ix(&GoalId::new(id.as_str()));
            let Some(node) = graph.step_ix(id).or_else(goal) else { continue };
            for inner in std::iter::once(node).chain(graph.descendants(node)) {
                self.nodes[inner.at()].omission.get_or_insert(Omission::Skipped);
            }
        }
    }

    /// A goal all of whose steps are left out is so itself: nothing of it is asked.
    fn leave_out_goals(&mut self) {
        let graph = Arc::clone(&self.graph);
        let goals: Vec<NodeIx> = graph.nodes().skip(graph.step_count()).collect();
        let mut empty = HashSet::new();
        // From the inside outwards.
        for goal in goals.into_iter().rev().filter(|goal| *goal != graph.root()) {
            let mut holds =
                graph.children(goal).iter().filter(|child| !empty.contains(*child)).peekable();
            if holds.peek().is_none() {
                empty.insert(goal);
            } else if holds.all(|child| self.node(*child).omission == Some(Omission::LeftOut)) {
                self.nodes[goal.at()].omission = Some(Omission::LeftOut);
            }
        }
    }

    fn apply_to_goal(&mut self, event: &Event, at: Timestamp) {
        let (Event::GoalOpened { goal, .. }
        | Event::GoalEnded { goal, .. }
        | Event::StopRequested { goal, .. }
        | Event::GoalVerified { goal, .. }
        | Event::CleanupEnded { goal, .. }) = event
        else {
            return;
        };
        let Some(node) = self.graph.goal_ix(goal) else { return };
        match event {
            Event::GoalOpened { uses, parallel, deadline, .. } => {
                let standing = self.standing;
                // One that stays open with clauses that were edited.
                let again = self.node(node).open;
                if again {
                    self.let_go(UnitIx::of(node));
                }
                let state = &mut self.nodes[node.at()];
                state.open = true;
                state.status = Status::Running;
                state.started = state.started.filter(|_| again).or(Some(at));
                state.parallel = *parallel;
                state.deadline = deadline.map(|deadline| (deadline, standing));
                state.unit.uses = uses.clone().into();
                self.hold(UnitIx::of(node));
                if !again {
                    self.release_children(node);
                }
            }
            Event::GoalEnded { status, reason, .. } => {
                if self.node(node).open {
                    self.let_go(UnitIx::of(node));
                }
                self.end_node(node, *status, at, |state| state.reason.clone_from(reason));
            }
            Event::StopRequested { why, .. } => {
                self.stop_goal(node, why);
            }
            Event::GoalVerified { failure, probes, .. } => {
                self.nodes[node.at()].verified = Some(failure.clone());
                self.nodes[node.at()].probes = probes.clone().into();
            }
            Event::CleanupEnded { failure, .. } => {
                self.nodes[node.at()].cleaned = Some(failure.clone());
            }
            _ => {}
        }
    }

    fn release_children(&mut self, goal: NodeIx) {
        for child in self.graph.children(goal).to_vec() {
            let state = &mut self.nodes[child.at()];
            state.held_by = state.held_by.saturating_sub(1);
            self.restage(UnitIx::of(child));
            self.restage_instances(child);
        }
        self.restage(UnitIx::of(goal));
    }

    fn apply_to_step(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::WhenDecided { node, holds } => {
                let Some(node) = self.graph.node_ix(node) else { return };
                self.nodes[node.at()].when = Some(*holds);
                self.restage(UnitIx::of(node));
            }
            Event::ItemsFixed { step, items, tolerated, parallel } => {
                self.fix_items(step, items, (*tolerated, *parallel), at);
            }
            Event::StepEnded { step, status, reason, failure, via, outputs } => {
                let Some(node) = self.graph.step_ix(step) else { return };
                self.end_node(node, *status, at, |state| {
                    state.reason.clone_from(reason);
                    state.failure = failure.clone().map(Box::new);
                    state.via.clone_from(via);
                    state.outputs = outputs.clone().into();
                });
            }
            Event::CheckpointReached { step, label } => {
                let seq = self.seq;
                self.change_step(step, |state| {
                    state.checkpoint = Some(label.clone());
                    state.checkpoint_seq = Some(seq);
                });
            }
            Event::UndoStarted { step }
            | Event::UndoEnded { step, .. }
            | Event::UndoStopped { step } => {
                if let Some(node) = self.graph.step_ix(step) {
                    self.apply_undo(node, event);
                }
            }
            Event::ServiceReady { step, outputs } => self.make_ready(step, outputs, at),
            _ => {}
        }
    }

    fn change_step(&mut self, step: &StepId, change: impl FnOnce(&mut NodeState)) {
        if let Some(node) = self.graph.step_ix(step) {
            change(&mut self.nodes[node.at()]);
        }
    }

    fn fix_items(
        &mut self,
        step: &StepId,
        items: &[Value],
        (tolerated, parallel): (u32, Option<u32>),
        at: Timestamp,
    ) {
        let Some(node) = self.graph.step_ix(step) else { return };
        let state = &mut self.nodes[node.at()];
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        state.items = Some(items.to_vec());
        state.instances = items.iter().map(|item| state.instance_of(item)).collect();
        state.instances_open = count;
        state.tolerated = tolerated;
        state.parallel = parallel;
        state.started.get_or_insert(at);
        for item in 0..count {
            self.restage(UnitIx { node, item: Some(item) });
        }
        self.restage(UnitIx::of(node));
        self.release_item_pipelines(node);
    }

    /// Steps that take this one's items need not wait for its end.
    fn release_item_pipelines(&mut self, node: NodeIx) {
        let mut last = None;
        for next in self.graph.outgoing(node).to_vec() {
            // One that also `depends` on it is named once for each.
            if last.replace(next) == Some(next) {
                continue;
            }
            let edges = self.graph.incoming(next);
            let piped = edges.iter().any(|e| e.from == node && e.kind == EdgeKind::Item);
            if piped {
                let state = &mut self.nodes[next.at()];
                state.held_by = state.held_by.saturating_sub(1);
                self.restage(UnitIx::of(next));
                self.restage_instances(next);
            }
        }
    }

    fn end_node(
        &mut self,
        node: NodeIx,
        status: Status,
        at: Timestamp,
        change: impl FnOnce(&mut NodeState),
    ) {
        let was_active = self.is_active(node);
        let seq = self.seq;
        let state = &mut self.nodes[node.at()];
        let (had_items, was_ready) = (state.items.is_some(), state.ready.is_some());
        state.status = status;
        state.ended = Some(at);
        state.ended_seq = seq;
        state.unit.phase = Phase::Ended(status);
        state.open = false;
        change(state);
        self.hold_for_joined(node);
        self.restage(UnitIx::of(node));
        if status == Status::Failed && !self.is_ignored(node) {
            self.stop_after_failure(node);
        }
        if let Some(parent) = self.graph.parent(node) {
            let open = &mut self.nodes[parent.at()].children_open;
            *open = open.saturating_sub(1);
            self.restage(UnitIx::of(parent));
        }
        self.release_dependents(node, had_items, was_ready);
        self.restage_behind(node);
        self.restage_kept(node);
        for joined in self.graph.joined(node).to_vec() {
            self.restage_kept(joined);
        }
        if self.graph.is_service(node) {
            self.restage_users(node);
        }
        if was_active || status == Status::Failed {
            self.plan_undo(node);
        }
        if self.rolling(node).is_some() {
            self.restage_kept_around(node);
        }
    }

    /// Carries the failure policy out: the goals that stop are those around the failure, from the
    /// innermost outwards, as long as each says `stop` (or `rollback`, which stops first).
    pub(super) fn stop_after_failure(&mut self, node: NodeIx) {
        let cause = self.graph.id(node);
        let since = self.last_checkpoint();
        let mut own = self.graph.step(node).and_then(|step| step.on_failure.clone());
        for goal in self.graph.enclosing(node).collect::<Vec<_>>() {
            let policy = self.graph.goal(goal).map(|goal| goal.on_failure).unwrap_or_default();
            let rolls = match (own.take(), policy) {
                (Some(StepFailure::Stop), _) => false,
                (Some(StepFailure::Rollback), _) | (None, FailurePolicy::Rollback) => true,
                (None, FailurePolicy::Stop) if !self.keep_going => false,
                _ => break,
            };
            let why = StopReason::Failure { node: cause.clone() };
            let state = &mut self.nodes[goal.at()];
            state.failed_by.get_or_insert_with(|| Box::new(cause.clone()));
            state.stopping.get_or_insert_with(|| Box::new(why.clone()));
            if rolls {
                state.rolling.get_or_insert(Box::new(Rolling { why, since }));
            }
            self.restage_inside(goal);
        }
    }

    fn release_dependents(&mut self, node: NodeIx, had_items: bool, was_ready: bool) {
        let mut last = None;
        for next in self.graph.outgoing(node).to_vec() {
            if last.replace(next) == Some(next) {
                continue;
            }
            let freed = self
                .graph
                .incoming(next)
                .iter()
                .filter(|e| e.from == node && !is_released(e.kind, had_items, was_ready))
                .count();
            let state = &mut self.nodes[next.at()];
            state.held_by = state.held_by.saturating_sub(u32::try_from(freed).unwrap_or(u32::MAX));
            self.restage(UnitIx::of(next));
            self.restage_kept(next);
        }
    }
}

/// Whether an edge held its dependent back no more before the end of what it comes from.
fn is_released(kind: EdgeKind, had_items: bool, was_ready: bool) -> bool {
    match kind {
        EdgeKind::Stdin => true,
        EdgeKind::Item => had_items,
        kind => was_ready && waits_for_readiness(kind),
    }
}
