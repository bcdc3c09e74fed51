//! Ends: of units, of `foreach` steps, of goals; and the words for why.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Drive;
use crate::exec::event::{Answer, Event, Failure, ProbeAnswer, QuestionKind, Status, StopReason};
use crate::exec::graph::NodeIx;
use crate::exec::schedule;
use crate::exec::state::{AnswerRecord, CLEANUP_SKIPPED, Omission, UnitIx, UnitState};
use crate::exec::world::{Work, World};
use crate::ir::{EdgeKind, FailurePolicy};
use crate::value::{NodeId, Value};

/// Why a node of another part of the plan is not run.
const LEFT_OUT: &str = "left out of this run";

impl<W: World> Drive<'_, W> {
    /// Records a unit's end. For a goal that never opened, all in it ends with it.
    pub(super) fn finish(
        &mut self,
        unit: UnitIx,
        status: Status,
        failure: Option<Failure>,
        reason: Option<String>,
    ) {
        if self.restores_first(unit, status, failure.as_ref(), reason.as_ref()) {
            return;
        }
        let outputs = match (status, self.state.unit(unit)) {
            (Status::Succeeded, Some(state)) => state.outputs.clone().into_inner(),
            _ => IndexMap::new(),
        };
        let reason = reason.or_else(|| failure.as_ref().map(ToString::to_string));
        if unit.item.is_some() {
            let unit = self.state.name(unit);
            return self.record(Event::InstanceEnded { unit, status, failure, outputs });
        }
        match self.state.graph().id(unit.node) {
            NodeId::Step(step) => {
                let via = self.state.way_name(unit).filter(|_| status == Status::Succeeded);
                self.record(Event::StepEnded { step, status, reason, failure, via, outputs });
            }
            NodeId::Goal(goal) => {
                if !self.state.node(unit.node).open {
                    self.end_inside(unit.node, status, reason.as_deref());
                }
                self.record(Event::GoalEnded { goal, status, reason });
                self.release_goal_locks(unit.node);
            }
        }
    }

    /// The last attempt succeeded, a person said that it is done, or `unless` held.
    pub(super) fn succeed(&mut self, unit: UnitIx) {
        let state = self.state.unit(unit);
        let already = state.is_some_and(|state| state.unless == Some(true) && state.attempts == 0);
        let said = state.and_then(|state| {
            let kinds = [QuestionKind::Manual, QuestionKind::InDoubt];
            let done = |record: &&AnswerRecord| matches!(record.answer, Answer::Done { .. });
            let record = kinds.into_iter().find_map(|kind| state.answer(kind).filter(done));
            record.map(|record| record.by.clone())
        });
        let reason = match said {
            _ if already => Some("already done: its `unless` held".to_owned()),
            Some(by) if !by.is_empty() => Some(format!("done, says {by}")),
            _ if self.was_never_ready(unit.node) => {
                Some("stopped before it was ready: nothing needs it any more".to_owned())
            }
            _ => None,
        };
        self.finish(unit, Status::Succeeded, None, reason);
        if unit.item.is_none() {
            self.reach_checkpoint(unit);
        }
    }

    /// Makes a step's checkpoint, if it has one and what it did is not about to be undone.
    fn reach_checkpoint(&mut self, unit: UnitIx) {
        if self.state.rolling(unit.node).is_some() {
            return;
        }
        let graph = Arc::clone(self.state.graph());
        let Some(label) = graph.step(unit.node).and_then(|step| step.checkpoint.as_ref()) else {
            return;
        };
        let label = self.place(unit).value(label).map(|value| match value {
            secret if secret.is_secret() => "***".to_owned(),
            value => value.to_text(),
        });
        if let Some(step) = graph.step_id(unit.node).cloned() {
            self.record(Event::CheckpointReached { step, label: label.unwrap_or_default() });
        }
    }

    pub(super) fn end_foreach(&mut self, node: NodeIx) {
        let state = self.state.node(node);
        let statuses: Vec<Status> = state.instances.iter().map(UnitState::status).collect();
        let has = |status| statuses.contains(&status);
        let failed = state.instances_failed;
        let all = u32::try_from(statuses.len()).unwrap_or(u32::MAX);
        let began = !statuses.iter().all(|one| matches!(one, Status::Blocked | Status::NotRun));
        let blocked = has(Status::Blocked) && !self.state.is_blocked_by_tolerated(node);
        let (status, failure, reason) = if self.state.is_past_tolerance(node) {
            (Status::Failed, Some(Failure::Instances { failed, all }), None)
        } else if has(Status::NotRun) && statuses.iter().all(|one| *one == Status::NotRun) {
            let unit = UnitIx::of(node);
            (Status::NotRun, None, self.unstarted_reason(unit, Status::NotRun))
        } else if (has(Status::Cancelled) || has(Status::NotRun)) && (began || !blocked) {
            let why = self.why_stopped(node).filter(|_| !self.state.cancelling(node));
            (Status::Cancelled, Some(Failure::Cancelled), why)
        } else if blocked {
            let why = "instances that it takes its items from failed";
            (Status::Blocked, None, Some(why.to_owned()))
        } else {
            let kept = statuses.iter().filter(|one| **one == Status::Blocked).count();
            let reason = what_is_tolerated(failed, kept, statuses.len());
            (Status::Succeeded, None, reason)
        };
        let outputs = if status == Status::Succeeded {
            self.collected_outputs(node)
        } else {
            IndexMap::new()
        };
        let Some(step) = self.state.graph().step_id(node).cloned() else { return };
        let put_back = self.state.unit(UnitIx::of(node)).and_then(|unit| unit.saved.as_ref());
        let reason = match put_back.and_then(|saved| saved.failure.as_ref()) {
            Some(why) => Some(format!("its snapshot is not put back: {why}")),
            None => reason.or_else(|| failure.as_ref().map(ToString::to_string)),
        };
        let unit = UnitIx::of(node);
        if self.restores_first(unit, status, failure.as_ref(), reason.as_ref()) {
            return;
        }
        self.record(Event::StepEnded { step, status, reason, failure, via: None, outputs });
        if status == Status::Succeeded {
            self.reach_checkpoint(UnitIx::of(node));
        }
    }

    /// Each output as the list of what the instances gave.
    fn collected_outputs(&self, node: NodeIx) -> IndexMap<Arc<str>, Value> {
        let names = self.state.graph().step(node).map(|step| step.outputs.keys().cloned());
        let instances = &self.state.node(node).instances;
        names
            .into_iter()
            .flatten()
            .map(|name| {
                let values = instances.iter().filter_map(|each| each.outputs.get(&name).cloned());
                let list = Value::List(values.collect());
                (name, list)
            })
            .collect()
    }

    /// All that a goal holds has ended: verify, clean up, end.
    pub(super) fn close_goal(&mut self, node: NodeIx) {
        let graph = Arc::clone(self.state.graph());
        let Some(goal) = graph.goal(node) else { return };
        let fault = self.fault_inside(node);
        let state = self.state.node(node);
        let rolled_back = state.rolling.is_some() || self.state.is_undone_inside(node);
        let to_verify =
            !goal.verify.is_empty() && fault.is_none() && state.verified.is_none() && !rolled_back;
        // Nothing new is asked of what is being stopped.
        let unasked = to_verify && self.state.cancelling_within(node);
        let fault = fault.or_else(|| unasked.then(unverified));
        let to_verify = to_verify && !unasked;
        let cleans = !goal.cleanup.is_empty() && state.cleaned.is_none();
        let asks = to_verify || cleans;
        if asks && !self.force && !self.take_goal_locks(node) {
            return;
        }
        let state = self.state.node(node);
        if to_verify {
            return self.begin(Work::VerifyGoal(node));
        }
        let failed = fault.is_none() && state.verified.clone().flatten().is_some();
        if failed && goal.on_failure == FailurePolicy::Rollback && state.rolling.is_none() {
            let why = StopReason::Failure { node: graph.id(node) };
            return self.stop_goal(node, why);
        }
        if cleans {
            if self.force {
                let goal = self.goal_id(node);
                let failure = Some(CLEANUP_SKIPPED.to_owned());
                return self.record(Event::CleanupEnded { goal, failure });
            }
            return self.begin(Work::Cleanup(node));
        }
        let verify = state.verified.clone().flatten().map(|why| self.not_achieved(node, &why));
        let (status, reason) = match (fault, verify) {
            (Some((status, reason)), _) => (status, Some(reason)),
            (None, Some(reason)) => (Status::Failed, Some(reason)),
            (None, None) => (Status::Succeeded, None),
        };
        let (status, reason) =
            if rolled_back { self.rolled_back_end(node, status, reason) } else { (status, reason) };
        self.finish(UnitIx::of(node), status, None, reason);
    }

    /// What came of a goal's `verify`.
    pub(super) fn verified(&mut self, goal: NodeIx, probes: Vec<ProbeAnswer>) {
        let failed: Vec<&str> =
            probes.iter().filter(|probe| !probe.holds).map(|probe| probe.found.as_str()).collect();
        let failure = (!failed.is_empty()).then(|| failed.join("; "));
        // What was found while it was being stopped says nothing.
        if failure.is_some() && self.state.cancelling_within(goal) {
            return;
        }
        let goal = self.goal_id(goal);
        self.record(Event::GoalVerified { goal, failure, probes });
    }

    /// The verdict on a goal in which nothing failed, and whose `verify` does not hold.
    fn not_achieved(&self, goal: NodeIx, why: &str) -> String {
        let graph = self.state.graph();
        let inside = graph.descendants(goal);
        let steps = || inside.iter().filter(|node| graph.is_step(**node));
        let all = |status| steps().all(|step| self.state.node(*step).status == status);
        let failed = steps().any(|step| self.state.node(*step).status == Status::Failed);
        let steps = match failed {
            true => "what failed is ignored",
            false if all(Status::Succeeded) => "all steps succeeded",
            false => "no step failed",
        };
        let probes = &self.state.node(goal).probes;
        let held = probes.iter().filter(|probe| probe.holds).count();
        let of = match held {
            0 => String::new(),
            held => format!(" ({held} of {} probes hold)", probes.len()),
        };
        format!("{steps}, but the goal is not achieved: its `verify` does not hold: {why}{of}")
    }

    /// Why a goal whose children have all ended is not achieved: the worst of them decides.
    fn fault_inside(&self, goal: NodeIx) -> Option<(Status, String)> {
        let own = self.state.node(goal).stopping.as_deref().or_else(|| self.state.stopping(goal));
        if let Some(StopReason::Deadline) = own {
            return Some((Status::Failed, "its deadline has passed".to_owned()));
        }
        let mut worst: Option<(u8, Status, String)> = None;
        for child in self.state.graph().children(goal) {
            let status = self.state.node(*child).status;
            let left_out = self.state.node(*child).omission == Some(Omission::LeftOut);
            let (weight, fault) = match status {
                Status::Failed if self.state.is_ignored(*child) => continue,
                Status::Cancelled if self.is_joined_to_ignored(*child) => continue,
                Status::Failed => (4, Status::Failed),
                Status::Cancelled => (3, Status::Cancelled),
                Status::Blocked => (2, Status::Failed),
                Status::NotRun if left_out => continue,
                Status::NotRun => (1, Status::NotRun),
                _ => continue,
            };
            if worst.as_ref().is_none_or(|(most, ..)| weight > *most) {
                let verdict = self.state.node(*child);
                let unverified = verdict.verified.as_ref().is_some_and(Option::is_some);
                let late = verdict.stopping.as_deref() == Some(&StopReason::Deadline);
                // What is inside does not tell why.
                let own = verdict.reason.as_ref().filter(|_| unverified || late);
                let why = own.map_or_else(String::new, |why| format!(": {why}"));
                let reason = format!("`{}` {}{why}", self.state.graph().id(*child), past(status));
                worst = Some((weight, fault, reason));
            }
        }
        worst.map(|(_, status, reason)| {
            let cancelled = matches!(status, Status::Cancelled | Status::NotRun);
            if cancelled { (Status::Cancelled, reason) } else { (Status::Failed, reason) }
        })
    }

    /// Whether it was stopped because of a failure that the plan says to ignore.
    fn is_joined_to_ignored(&self, node: NodeIx) -> bool {
        let failed = |step: &NodeIx| self.state.node(*step).status == Status::Failed;
        let mut failures = self.state.joined(node).filter(failed).peekable();
        failures.peek().is_some() && failures.all(|step| self.state.is_ignored(step))
    }

    /// Ends all in a goal that never began, with it.
    pub(super) fn end_inside(&mut self, goal: NodeIx, ended: Status, reason: Option<&str>) {
        // What else keeps a goal from beginning is told where it happened.
        let why = reason.filter(|_| ended == Status::Failed);
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let with_goal = format!("its goal `{}` {}{why}", self.state.graph().id(goal), past(ended));
        let inside = if ended == Status::Failed { Status::Blocked } else { ended };
        for node in self.state.graph().descendants(goal) {
            if self.state.node(node).status.is_end() {
                continue;
            }
            let (status, reason) = match self.state.node(node).omission {
                Some(Omission::LeftOut) => (Status::NotRun, Some(LEFT_OUT.to_owned())),
                _ => (inside, Some(with_goal.clone())),
            };
            match self.state.graph().id(node) {
                NodeId::Step(step) => self.record(Event::StepEnded {
                    step,
                    status,
                    reason,
                    failure: None,
                    via: None,
                    outputs: IndexMap::new(),
                }),
                NodeId::Goal(goal) => {
                    self.record(Event::GoalEnded { goal, status, reason });
                }
            }
        }
    }

    /// Why a unit never started, in one line.
    pub(super) fn unstarted_reason(&self, unit: UnitIx, status: Status) -> Option<String> {
        let node = self.state.node(unit.node);
        match (status, node.omission) {
            (_, Some(Omission::LeftOut)) => return Some(LEFT_OUT.to_owned()),
            (Status::Skipped, Some(Omission::Skipped)) => {
                return Some("skipped by --skip".to_owned());
            }
            (Status::Skipped, _) if self.skipped_by(unit).is_some() => {
                return self.skipped_by(unit);
            }
            (Status::Skipped, _) if node.when == Some(false) => {
                let has_when = schedule::guards_of(self.state.graph(), unit.node)?.when.is_some();
                return has_when.then(|| "its `when` is false".to_owned());
            }
            _ => {}
        }
        let cause = self.state.graph().incoming(unit.node).iter().find(|edge| {
            let from = self.state.node(edge.from).status;
            edge.kind != EdgeKind::After
                && !self.state.is_done_for(edge.from, unit.node)
                && cause_of(from, status)
        });
        if let Some(edge) = cause {
            let from = self.state.node(edge.from).status;
            // Of what it did, that is.
            let from = if from == Status::Succeeded { Status::Undone } else { from };
            return Some(format!("`{}` {}", self.state.graph().id(edge.from), past(from)));
        }
        if let Some(reason) = self.joined_reason(unit.node, status) {
            return Some(reason);
        }
        if let Some(service) = self.state.lost_service(unit.node) {
            return Some(format!("its service `{}` failed", self.state.graph().id(service)));
        }
        self.why_stopped(unit.node)
    }

    /// Why nothing new starts where a node is, in one line.
    pub(super) fn why_stopped(&self, node: NodeIx) -> Option<String> {
        self.state.stopping(node).map(ToString::to_string)
    }
}

/// What did not succeed of a `foreach` step that has: its own failures, and what others kept from running.
fn what_is_tolerated(failed: u32, kept: usize, all: usize) -> Option<String> {
    let behind = "did not run, as those that they come from failed";
    match (failed, kept) {
        (0, 0) => None,
        (failed, 0) => Some(format!("{failed} of {all} instances failed: tolerated")),
        (0, kept) => Some(format!("{kept} of {all} instances {behind}: tolerated")),
        (failed, kept) => {
            Some(format!("{failed} of {all} instances failed, {kept} {behind}: tolerated"))
        }
    }
}

/// The end of a goal that was stopped when all in it was done.
fn unverified() -> (Status, String) {
    (Status::Cancelled, "it was stopped before its `verify` was known to hold".to_owned())
}

/// Whether a dependency that ended so explains this end of its dependent.
fn cause_of(from: Status, status: Status) -> bool {
    match status {
        Status::Skipped => from == Status::Skipped,
        Status::Blocked => from.is_end() && !matches!(from, Status::Skipped | Status::NotRun),
        _ => from.is_end(),
    }
}

/// How a node that ended so is told of.
pub(super) fn past(status: Status) -> &'static str {
    match status {
        Status::Failed => "failed",
        Status::Skipped => "was skipped",
        Status::Blocked => "was blocked",
        Status::Cancelled => "was cancelled",
        Status::NotRun => "did not run",
        Status::Undone => "was undone",
        _ => "did not succeed",
    }
}
