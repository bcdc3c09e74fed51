//! What is known of a run: a fold of its events.
//!
//! [`RunState::apply`] is the only way in which anything here changes; a resumed run, a live one
//! and a forecast are the same fold. Knows no journal and no world.
//!
//! Invariant: the sets in [`Agenda`] hold exactly the units whose stage says so.

mod agenda;
mod apply;
mod apply_unit;
mod backwards;
mod behind;
mod edits;
mod elsewhere;
mod hold;
mod interactive;
mod joined;
mod leftover;
mod place;
mod resume;
mod saving;
mod serving;
mod stage;
mod undo;
mod unit;
mod unstarted;
mod view;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

pub use agenda::{Agenda, UnitIx};
pub use leftover::Leftover;
pub use saving::{paths_to_save, saves_by_item};
pub use stage::{Decision, Stage};
pub use undo::{Rolling, Undo};
pub use unit::{AnswerRecord, End, Handed, Phase, Question, Remark, Saved, UnitState};
pub use view::label;

use super::event::{Failure, ProbeAnswer, RunStatus, Status, StopReason, Timestamp, Unit};
use super::graph::{Graph, NodeIx};
use crate::ir::{EdgeKind, Rare};
use crate::value::{BindingId, NodeId, Value};

/// What the journal says of a cleanup that a second Ctrl-C took away.
pub const CLEANUP_SKIPPED: &str = "skipped: the run was ended at once";

/// A step or goal, as far as it has come.
#[derive(Debug, Clone, Default)]
pub struct NodeState {
    pub status: Status,
    /// Edges, and the goal around it, that still hold it back.
    pub held_by: u32,
    pub when: Option<bool>,
    /// The node itself, or nothing where it is a `foreach` step.
    pub unit: UnitState,
    /// A `foreach` step's items, once they are fixed, and an instance for each.
    pub items: Option<Vec<Value>>,
    pub instances: Vec<UnitState>,
    /// What items did before it started over, that are not in its list now.
    pub leftovers: Rare<VecDeque<Leftover>>,
    pub instances_open: u32,
    pub instances_failed: u32,
    pub instances_running: u32,
    /// How many instances may fail.
    pub tolerated: u32,
    /// Instances, or a goal's steps, at once.
    pub parallel: Option<u32>,
    /// A goal's deadline, and how long the run had stood still when it was set.
    pub deadline: Option<(Timestamp, Duration)>,
    /// A goal's children that have not ended.
    pub children_open: u32,
    /// A goal whose steps may start.
    pub open: bool,
    /// The command line leaves it out.
    pub omission: Option<Omission>,
    /// A goal's `verify` was asked, and what did not hold.
    pub verified: Option<Option<String>>,
    /// What came of each probe of its `verify`.
    pub probes: Rare<Vec<ProbeAnswer>>,
    /// A goal in which nothing new starts.
    pub stopping: Option<Box<StopReason>>,
    /// A goal's cleanup has run, and what was wrong with it.
    pub cleaned: Option<Option<String>>,
    /// Since when a service is ready.
    pub ready: Option<Timestamp>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub reason: Option<String>,
    pub failure: Option<Box<Failure>>,
    pub via: Option<Arc<str>>,
    pub outputs: Rare<IndexMap<Arc<str>, Value>>,
    pub checkpoint: Option<String>,
    /// The number of the event by which its checkpoint was made.
    pub checkpoint_seq: Option<u64>,
    /// The number of the event by which it ended.
    pub ended_seq: u64,
    /// A step's undo.
    pub undo: Undo,
    /// A goal that is being rolled back, and why.
    pub rolling: Option<Box<Rolling>>,
    /// What failed first of all that stops this goal.
    pub failed_by: Option<Box<NodeId>>,
    /// Of a goal that is rolled back: its running steps have ended, and undos are due in their
    /// order; how many of them are due or run.
    pub undo_planned: bool,
    pub undo_open: u32,
    /// What was undone in it, in this order.
    pub undone: Rare<Vec<NodeIx>>,
}

/// How the command line leaves a step out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Omission {
    /// Not run; those who depend on it go ahead.
    LeftOut,
    /// As if its `when` were false.
    Skipped,
}

/// A run.
#[derive(Debug, Clone)]
pub struct RunState {
    graph: Arc<Graph>,
    pub nodes: Vec<NodeState>,
    pub params: IndexMap<BindingId, Value>,
    pub lets: HashMap<BindingId, Value>,
    pub jobs: u32,
    pub keep_going: bool,
    /// A person is asked about each step before its first attempt and after its last.
    pub interactive: bool,
    /// Where commands run of steps that do not say so themselves.
    pub executor: Option<String>,
    pub status: RunStatus,
    pub exit: Option<u8>,
    pub reason: Option<String>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    /// The last event's number and time.
    pub seq: u64,
    pub last: Timestamp,
    /// How long the run stood still: between processes, or with nothing to do but wait for people.
    pub standing: Duration,
    pub agenda: Agenda,
    /// Attempts in flight, for all and by goal.
    running: u32,
    running_in: Vec<u32>,
    held: HashMap<Arc<str>, Holders>,
    /// Nothing could start any more otherwise: until the next event open goals, in which nothing
    /// runs by now, lend their locks.
    pub lends: bool,
    used: HashMap<Arc<str>, i64>,
    behind: behind::Behind,
    /// The scheduler's order: less comes first.
    order: Vec<u32>,
}

/// Who holds a lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holders {
    /// More than one where a step takes what a goal around it has.
    pub exclusive: u32,
    pub shared: u32,
}

impl RunState {
    /// A run of which nothing has happened yet. `order` gives each node's place in the queue for
    /// slots: the lowest goes first.
    pub fn new(graph: Arc<Graph>, order: Vec<u32>) -> Self {
        let count = graph.node_count();
        let goals = count - graph.step_count();
        let mut state = Self {
            nodes: vec![NodeState::default(); count],
            params: IndexMap::new(),
            lets: HashMap::new(),
            jobs: 1,
            keep_going: false,
            interactive: false,
            executor: None,
            status: RunStatus::Running,
            exit: None,
            reason: None,
            started: None,
            ended: None,
            seq: 0,
            last: Timestamp::default(),
            standing: Duration::ZERO,
            agenda: Agenda::default(),
            running: 0,
            running_in: vec![0; goals],
            held: HashMap::new(),
            lends: false,
            used: HashMap::new(),
            behind: behind::Behind::default(),
            order,
            graph,
        };
        state.recount();
        state
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    pub fn node(&self, node: NodeIx) -> &NodeState {
        &self.nodes[node.at()]
    }

    /// The unit's own record; `None` where it names an instance that is not there.
    pub fn unit(&self, unit: UnitIx) -> Option<&UnitState> {
        let node = self.nodes.get(unit.node.at())?;
        match unit.item {
            None => Some(&node.unit),
            Some(item) => node.instances.get(item as usize),
        }
    }

    /// A unit as events name it.
    pub fn name(&self, unit: UnitIx) -> Unit {
        Unit { node: self.graph.id(unit.node), item: unit.item }
    }

    /// The unit that an event names.
    pub fn find(&self, unit: &Unit) -> Option<UnitIx> {
        let node = self.graph.node_ix(&unit.node)?;
        let found = UnitIx { node, item: unit.item };
        self.unit(found).map(|_| found)
    }

    /// The item that an instance is for, be it one of [`Self::parts`] that has left the list.
    pub fn item(&self, unit: UnitIx) -> Option<&Value> {
        let node = self.node(unit.node);
        let items = node.items.iter().flatten();
        items.chain(node.leftovers.iter().map(|left| &left.item)).nth(unit.item? as usize)
    }

    /// The scheduler's order: less comes first.
    pub fn place_in_queue(&self, node: NodeIx) -> u32 {
        self.order.get(node.at()).copied().unwrap_or_default()
    }

    /// Attempts in flight that hold a slot.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Attempts in flight in a goal, at any depth.
    pub fn running_in(&self, goal: NodeIx) -> u32 {
        self.running_in[goal.at() - self.graph.step_count()]
    }

    pub fn holders(&self, lock: &str) -> Holders {
        self.held.get(lock).copied().unwrap_or_default()
    }

    pub fn used(&self, resource: &str) -> i64 {
        self.used.get(resource).copied().unwrap_or_default()
    }

    /// Whether a resume runs a goal's cleanup again: one that was skipped, for it always runs last; and
    /// with `retry_failed` one that failed.
    pub fn is_cleanup_due(&self, goal: NodeIx, retry_failed: bool) -> bool {
        let failure = self.node(goal).cleaned.as_ref().and_then(Option::as_ref);
        failure.is_some_and(|why| retry_failed || why == CLEANUP_SKIPPED)
    }

    /// A goal's cleanup that failed, the whole goal's own first, in a sentence's words.
    pub fn failed_cleanup(&self) -> Option<String> {
        let goals = self.graph.nodes().skip(self.graph.step_count());
        let root = self.graph.root();
        let failed = |goal: NodeIx| Some((goal, self.node(goal).cleaned.as_ref()?.as_ref()?));
        let (goal, why) = std::iter::once(root).chain(goals).find_map(failed)?;
        Some(if goal == root {
            format!("cleanup: {why}")
        } else {
            format!("cleanup of `{}`: {why}", self.graph.id(goal))
        })
    }

    /// Why nothing new starts where this node is: the innermost goal around it that is stopping.
    pub fn stopping(&self, node: NodeIx) -> Option<&StopReason> {
        self.graph.enclosing(node).find_map(|goal| self.node(goal).stopping.as_deref())
    }

    /// Whether what runs is to end as well: the run is being cancelled or rolled back.
    pub fn cancelling(&self, node: NodeIx) -> bool {
        self.graph.enclosing(node).any(|goal| self.is_cancelling(goal))
    }

    /// Whether what a goal itself does is to end.
    pub fn cancelling_within(&self, goal: NodeIx) -> bool {
        self.is_cancelling(goal) || self.cancelling(goal)
    }

    fn is_cancelling(&self, goal: NodeIx) -> bool {
        let state = self.node(goal);
        let failure = matches!(state.stopping.as_deref(), None | Some(StopReason::Failure { .. }));
        !failure || state.rolling.is_some()
    }

    /// Whether dependents of a node that ended may take it as done: it succeeded, or its failure
    /// is ignored.
    fn counts_as_done(&self, node: NodeIx) -> bool {
        let state = self.node(node);
        state.status == Status::Succeeded
            || (state.status == Status::Failed && self.is_ignored(node))
    }

    /// Whether a node may take one that it waits for as done: what is being undone in a goal that
    /// does not hold it, or will be, is not.
    pub fn is_done_for(&self, on: NodeIx, node: NodeIx) -> bool {
        self.counts_as_done(on) && !self.is_undone_for(on, node)
    }

    /// Whether what a node did is undone, or is to be, in a goal that does not hold `node`.
    fn is_undone_for(&self, on: NodeIx, node: NodeIx) -> bool {
        let apart = self.rolling(on).is_some_and(|top| !self.is_in(node, top));
        apart && self.is_coming_undone(on)
    }

    /// Whether something in a goal that is rolled back was undone, or could not be.
    pub fn is_undone_inside(&self, goal: NodeIx) -> bool {
        let undone = |node: &NodeIx| matches!(self.node(*node).undo, Undo::Done | Undo::Failed(_));
        self.rolling(goal).is_some() && self.steps_in(goal).iter().any(undone)
    }

    /// Whether an undo of what a unit did, or a snapshot's return, has begun.
    pub fn is_taken_back(&self, unit: UnitIx) -> bool {
        let node = self.node(unit.node);
        let shared = unit.item.is_some().then_some(&node.unit);
        let back = |of: &UnitState| {
            matches!(of.phase, Phase::Restoring(_))
                || of.saved.as_ref().is_some_and(|saved| saved.put_back)
        };
        !matches!(node.undo, Undo::No | Undo::Due) || shared.is_some_and(back)
    }

    /// Whether what a step or goal did is undone, or is to be.
    fn is_coming_undone(&self, node: NodeIx) -> bool {
        let Some(top) = self.rolling(node) else { return false };
        let mut steps = self.steps_in(node);
        steps.extend(self.graph.is_step(node).then_some(node));
        let since = self.since(top);
        steps.iter().any(|step| {
            let undone = matches!(self.node(*step).undo, Undo::Done | Undo::Failed(_));
            undone || self.is_to_undo(*step, since)
        })
    }

    /// Whether something that a node depends on had succeeded and is undone before the node begins.
    fn waits_for_what_is_undone(&self, node: NodeIx) -> bool {
        let mut edges = self.graph.incoming(node).iter();
        edges.any(|edge| {
            let needs = match edge.kind {
                EdgeKind::Depends | EdgeKind::DependsOptional => self.counts_as_done(edge.from),
                EdgeKind::Item => true,
                EdgeKind::After | EdgeKind::Stdin => false,
            };
            needs && self.is_undone_for(edge.from, node)
        })
    }

    fn is_in(&self, node: NodeIx, goal: NodeIx) -> bool {
        node == goal || self.graph.enclosing(node).any(|around| around == goal)
    }

    /// Whether so many of a `foreach` step's instances failed that the step has failed.
    pub fn is_past_tolerance(&self, node: NodeIx) -> bool {
        self.node(node).instances_failed > self.node(node).tolerated
    }

    /// Whether a failed step's policy is `ignore`.
    pub fn is_ignored(&self, node: NodeIx) -> bool {
        let policy = self.graph.step(node).and_then(|step| step.on_failure.as_ref());
        matches!(policy, Some(crate::ir::StepFailure::Ignore { .. }))
    }
}
