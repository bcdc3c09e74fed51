//! From a run's state to what is printed of it.

use crate::exec::RunStatus;
use crate::exec::event::{Answer, Failure, QuestionKind, Status, Usage};
use crate::exec::graph::NodeIx;
use crate::exec::schedule::Hold;
use crate::exec::scope::{NoSurroundings, Place, Values};
use crate::exec::state::{Handed, NodeState, Remark, RunState, Undo, UnitIx, UnitState};
use crate::exec::why;
use crate::exec::world::ResourceLimits;
use crate::ir::{LockScope, StepFailure};
use crate::report::{
    CleanupView, InstanceView, ProbeView, RunView, StepView, UsageView, VerifiedView,
};
use crate::store::RunId;

/// Of a step with many instances, not more than so many different notes of its attempts.
const MOST_NOTES: usize = 20;

/// A run as it stands. `alive`: a process carries it out now.
pub(super) fn view(run: &RunId, state: &RunState, alive: bool) -> RunView {
    let graph = state.graph();
    let holds = Holds::new(state, alive);
    let steps = graph.steps().map(|node| step(state, node, alive, holds.of(node))).collect();
    let lost = state.status == RunStatus::Running && !alive && state.exit.is_none();
    RunView {
        run: run.to_string(),
        goal: graph.plan().name.clone(),
        status: state.status,
        exit: state.exit,
        started: state.started,
        ended: state.ended,
        reason: if lost {
            Some("its process is gone: `goalc resume` goes on".to_owned())
        } else {
            state.reason.clone()
        },
        verify: verify(state),
        cleanup: cleanup(state),
        steps,
    }
}

/// Where a step stands, as far as that can be said without the world.
fn status(state: &RunState, node: NodeIx, alive: bool, hold: Option<&str>) -> Status {
    match state.status(node) {
        Status::Ready if hold.is_some() => Status::Waiting,
        // It was stopped with the process that left the run waiting, and is started again with the next.
        Status::Running if !alive && state.status == RunStatus::Waiting => Status::Pending,
        status => status,
    }
}

/// What came of each goal's `verify`.
fn verify(state: &RunState) -> Vec<VerifiedView> {
    let graph = state.graph();
    let goals = graph.nodes().filter(|node| !graph.is_step(*node));
    let asked = goals.filter_map(|goal| Some((goal, state.node(goal).verified.as_ref()?)));
    let view = |(goal, failure): (NodeIx, &Option<String>)| {
        let probes = &state.node(goal).probes;
        let each = probes.iter().map(|probe| (probe.holds, &probe.found));
        // In older journals there is only what failed.
        let failure = failure.iter().filter(|_| probes.is_empty()).map(|why| (false, why));
        let view = |(holds, found): (bool, &String)| ProbeView { holds, found: found.clone() };
        let probes: Vec<ProbeView> = each.chain(failure).map(view).collect();
        let holds = probes.iter().all(|probe| probe.holds);
        VerifiedView { goal: graph.id(goal).to_string(), holds, probes }
    };
    asked.map(view).collect()
}

/// Each goal's cleanup that did not do all.
fn cleanup(state: &RunState) -> Vec<CleanupView> {
    let graph = state.graph();
    let goals = graph.nodes().filter(|node| !graph.is_step(*node));
    let failed = goals.filter_map(|goal| Some((goal, state.node(goal).cleaned.clone()??)));
    failed
        .map(|(goal, failure)| CleanupView { goal: graph.id(goal).to_string(), failure })
        .collect()
}

/// What steps wait for that nothing else holds back: a lock, a resource, a slot.
struct Holds<'s> {
    state: &'s RunState,
    values: Values,
    // Only amounts of resources are evaluated, which need nothing of the world's.
    world: NoSurroundings,
    limits: ResourceLimits,
    alive: bool,
}

impl<'s> Holds<'s> {
    fn new(state: &'s RunState, alive: bool) -> Self {
        let (values, world) = (Values::default(), NoSurroundings::default());
        let mut holds = Self { state, values, world, limits: ResourceLimits::default(), alive };
        holds.limits = holds.place(state.graph().root()).resource_limits();
        holds
    }

    fn place(&self, node: NodeIx) -> Place<'_> {
        let graph = self.state.graph();
        let goal = graph.parent(node).unwrap_or_else(|| graph.root());
        let unit = Some(UnitIx::of(node));
        let (values, world) = (&self.values, &self.world);
        Place { state: self.state, values, world, goal, unit, own: None }
    }

    fn of(&self, node: NodeIx) -> Option<String> {
        if self.state.status(node) != Status::Ready {
            return None;
        }
        let place = self.place(node);
        let found = why::hold(self.state, UnitIx::of(node), place, &self.limits);
        let Some((hold, uses)) = found else { return self.machine_lock(node) };
        // In a run that stands still nobody has a slot.
        if !self.alive && matches!(hold, Hold::Slots | Hold::Instances) {
            return None;
        }
        Some(match hold {
            Hold::Slots => "waits for a free slot".to_owned(),
            Hold::Instances => "waits for others of its step or goal".to_owned(),
            Hold::Lock(name) => format!("waits for the lock `{name}`"),
            Hold::Resource(name) => {
                let of = |amounts: &ResourceLimits| amounts.get(&name).copied().unwrap_or_default();
                format!("waits for {} of {} `{name}`", of(&uses), of(&self.limits))
            }
            Hold::Circle(with) => {
                format!("waits for the end of `{}`", self.state.graph().id(with))
            }
        })
    }
}

impl Holds<'_> {
    /// What can start and does not, where a process carries the run out, has not got its lock.
    fn machine_lock(&self, node: NodeIx) -> Option<String> {
        let step = self.state.graph().step(node).filter(|_| self.alive)?;
        let mut locks = step.guards.locks.iter();
        let lock = locks.find(|lock| lock.scope == LockScope::Machine)?;
        Some(format!("waits for the machine's lock `{}`", lock.name))
    }
}

fn step(state: &RunState, node: NodeIx, alive: bool, hold: Option<String>) -> StepView {
    let found = state.node(node);
    let id = state.graph().step_id(node).map(ToString::to_string).unwrap_or_default();
    let mut view = StepView::new(id, status(state, node, alive, hold.as_deref()));
    view.attempts = state.attempts(node);
    view.via = found.via.as_deref().map(str::to_owned);
    let open = || open_reason(state, node).filter(|_| !found.status.is_end());
    view.reason = found.reason.clone().or_else(open).or(hold);
    view.started = found.started;
    view.ended = found.ended;
    view.tolerated = found.status == Status::Failed && state.is_ignored(node);
    view.notes = notes(state, node, found, alive);
    let units = std::iter::once(&found.unit).chain(&found.instances);
    view.usage = units.filter_map(|unit| unit.usage).reduce(Usage::and).map(UsageView::new);
    for (name, value) in &found.outputs {
        view.output(&**name, value);
    }
    let items = found.items.iter().flatten();
    view.instances = items.zip(&found.instances).map(|(item, unit)| instance(item, unit)).collect();
    view
}

fn instance(item: &crate::value::Value, unit: &UnitState) -> InstanceView {
    let mut view = InstanceView::new(item, unit.status(), unit.tried());
    for (name, value) in &unit.outputs {
        view.output(&**name, value);
    }
    view
}

/// What a step that has not ended waits for or struggles with: also the question of an instance, or of
/// a goal around it that has not begun.
fn open_reason(state: &RunState, node: NodeIx) -> Option<String> {
    let found = state.node(node);
    if let Some(question) = found.unit.open_question() {
        return Some(question.text.clone());
    }
    let asking = |(item, unit): (usize, &UnitState)| {
        let item = u32::try_from(item).ok();
        Some(format!("{}: {}", state.label(UnitIx { node, item }), unit.open_question()?.text))
    };
    let of_goal = |goal: NodeIx| {
        let question = state.node(goal).unit.open_question()?;
        Some(format!("its goal `{}` waits for a person: {}", state.graph().id(goal), question.text))
    };
    let mut goals = state.graph().enclosing(node);
    let failure = || found.unit.last_failure.as_ref().map(|why| format!("last attempt: {why}"));
    let of_instance = found.instances.iter().enumerate().find_map(asking);
    of_instance.or_else(|| goals.find_map(of_goal)).or_else(failure)
}

fn notes(state: &RunState, node: NodeIx, found: &NodeState, alive: bool) -> Vec<String> {
    let units = std::iter::once(&found.unit).chain(&found.instances);
    let mut notes = answers(&found.unit);
    for (item, unit) in (0..).zip(&found.instances) {
        let of = state.label(UnitIx { node, item: Some(item) });
        notes.extend(answers(unit).into_iter().map(|told| format!("{of}: {told}")));
    }
    notes.extend(units.clone().flat_map(remarks));
    notes.extend(of_attempts(units));
    if let Some(Failure::Service { service, tail, .. }) = found.failure.as_deref() {
        notes.extend(tail.iter().map(|line| format!("{service}: {line}")));
    }
    if let Some(label) = &found.checkpoint {
        notes.push(if label.is_empty() {
            "checkpoint".to_owned()
        } else {
            format!("checkpoint: {label}")
        });
    }
    let policy = state.graph().step(node).and_then(|step| step.on_failure.as_ref());
    if let (Some(StepFailure::Ignore { because }), Status::Failed) = (policy, found.status) {
        notes.push(format!("its failure is ignored because {because}"));
    }
    notes.extend(undo_notes(state, node, found));
    notes.extend(unfinished_undo(state, node, alive).map(str::to_owned));
    notes
}

/// What is to be said of attempts, each thing once.
fn of_attempts<'a>(units: impl Iterator<Item = &'a UnitState>) -> Vec<String> {
    let mut told = Vec::new();
    for note in units.flat_map(|unit| &unit.notes) {
        if !told.contains(note) && told.len() < MOST_NOTES {
            told.push(note.clone());
        }
    }
    told
}

/// What was put back, and what was undone because of this step.
fn undo_notes(state: &RunState, node: NodeIx, found: &NodeState) -> Vec<String> {
    let mut notes = Vec::new();
    let units = std::iter::once(&found.unit).chain(&found.instances);
    let saved = units.filter_map(|unit| unit.saved.as_ref());
    let (back, other): (Vec<_>, Vec<_>) = saved.partition(|saved| saved.put_back);
    if !back.is_empty() && other.is_empty() {
        notes.push("its snapshot is put back".to_owned());
    }
    if !state.began_rollback(node) {
        return notes;
    }
    match &found.undo {
        Undo::Done => notes.push("it was undone".to_owned()),
        Undo::Failed(why) => notes.push(format!("its undo failed: {why}")),
        _ => {}
    }
    let undone = state.rolling(node).map(|top| &state.node(top).undone);
    let others: Vec<String> = undone
        .into_iter()
        .flatten()
        .filter(|other| **other != node)
        .map(|other| format!("`{}`", state.graph().id(*other)))
        .collect();
    if !others.is_empty() {
        notes.push(format!("undone because it failed: {}", others.join(", ")));
    }
    notes
}

/// An undo that is yet to come, or to be done to its end.
fn unfinished_undo(state: &RunState, node: NodeIx, alive: bool) -> Option<&'static str> {
    match state.node(node).undo {
        Undo::Stopped => Some("its undo was stopped in the middle: `goalc resume` begins it again"),
        Undo::Running => Some("it is being undone"),
        Undo::No | Undo::Due if !alive && state.must_be_undone(node) => {
            if state.waits_for_failed_undo(node) {
                return Some(
                    "it is not undone, as an undo before it failed: `goalc rollback` tries again",
                );
            }
            Some("it is still to be undone: `goalc resume` goes on")
        }
        _ => None,
    }
}

/// What people wrote down, and what is not known of an agent's work.
fn remarks(unit: &UnitState) -> Vec<String> {
    let told = |remark: &Remark| {
        format!("note by {} ({}, {}): {}", remark.by, remark.from, remark.at, remark.text)
    };
    let mut notes: Vec<String> = unit.remarks.iter().map(told).collect();
    if unit.handed == Handed::Lost {
        notes.push("an agent was at it when goalc ended: whether it is done, no one knows".into());
    }
    notes
}

fn answers(unit: &UnitState) -> Vec<String> {
    let told = |question: &crate::exec::state::Question| {
        let record = question.answer.as_ref()?;
        let by = if record.by.is_empty() { String::new() } else { format!(" by {}", record.by) };
        let note =
            if record.note.is_empty() { String::new() } else { format!(": {}", record.note) };
        let word = match (&record.answer, question.kind) {
            (Answer::Done { .. }, QuestionKind::InDoubt) => "found done after a crash",
            (answer, _) => answer.word(),
        };
        Some(format!("{word}{by} ({}, {}){note}", record.from, record.at))
    };
    unit.questions.iter().filter_map(told).collect()
}
