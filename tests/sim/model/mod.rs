//! The contract as an interpreter of its own: told what was seen of a run, it says of each thing
//! whether it may happen there, and at each rest whether something that must happen has not.
//!
//! Written from `docs/language.md`. Shares no code with goalc. What the contract leaves open is a
//! list of what may be, here.

mod apply;
mod asked;
mod behind;
mod chain;
mod closing;
mod due;
mod edges;
mod edits;
mod ends;
mod failed;
mod hold;
mod rest;
mod resume;
mod service;
mod undo;
mod values;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::plan::Status;
use super::trace::{At, End, Run, Said, Seen, Unsaved, Why, Work};
use super::tree::Tree;
use due::Due;

/// A run as the contract has it.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // facts that do not exclude each other
pub(crate) struct Model<'a> {
    tree: &'a Tree<'a>,
    /// What comes before each node, by all edges and by `depends` alone.
    before: [Rc<Vec<BTreeSet<usize>>>; 2],
    nodes: Vec<Node>,
    /// By node: what was due again behind others when the run was taken up.
    behind: Vec<Vec<usize>>,
    /// The values of the `let`s of outputs, by their step.
    lets: BTreeMap<usize, i64>,
    /// Goals that stay open with clauses that were edited: their bounds are said anew.
    renewed: BTreeSet<usize>,
    now: i64,
    seq: u64,
    /// How long the run stood still: between two processes, or with people to wait for alone.
    stood: i64,
    /// When the last event was.
    last: i64,
    /// A step that has just succeeded and owes its checkpoint.
    owes: Option<usize>,
    /// The signal that stopped this process; 0: somebody cancelled the run.
    signal: Option<u8>,
    /// How the last process said that the run ended.
    ended: Option<(Run, u8)>,
    /// A person is asked about each step; what they were asked before counts no more, in a process
    /// that takes a run up without that.
    interactive: bool,
    plain: bool,
    /// Steps by hand are given to an agent.
    agent: bool,
    param: i64,
    /// The `let` of the param, once it is used.
    let_of_param: Option<i64>,
    /// All is to end at once: nothing is put back any more.
    forced: bool,
    /// Attempts that were started.
    starts: u32,
    /// Its services are stopped before it is left waiting: what comes now counts at its resume.
    leaves: bool,
    /// Until when another run has the machine's locks.
    foreign: i64,
}

#[derive(Clone, Default)]
struct Node {
    status: Option<Status>,
    ended_seq: u64,
    when: Option<bool>,
    unit: Unit,
    /// Of a `foreach` whose items are fixed.
    instances: Option<Vec<Unit>>,
    tolerated: u32,
    opened: bool,
    /// As a service, it is ready.
    ready: bool,
    /// When its deadline is, and how long the run had stood still when it was set.
    deadline: Option<(i64, i64)>,
    stop: Stop,
    verified: Option<bool>,
    cleaned: Option<bool>,
    /// Its cleanup was left out, or ended, by a second Ctrl-C.
    uncleaned: bool,
    undo: Undo,
    /// The number of the event by which its checkpoint was made.
    checkpoint: u64,
}

/// Why nothing new starts in a goal.
#[allow(clippy::struct_excessive_bools)] // reasons that do not exclude each other
#[derive(Clone, Copy, Default)]
struct Stop {
    failure: bool,
    signal: bool,
    deadline: bool,
    /// Its deadline has passed, whatever came after that.
    late: bool,
    /// It is rolled back: whose failure began that, none where a person did, and the last
    /// checkpoint by then.
    rolls: Option<(Option<usize>, u64)>,
}

#[derive(Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // facts that do not exclude each other
struct Unit {
    /// How it ended, as an instance.
    over: Option<Status>,
    phase: Phase,
    attempts: u32,
    way: u32,
    /// Attempts of this way that failed.
    failed: u32,
    /// Attempts that were lost with their node.
    losses: u32,
    /// When this way's first attempt began, and how long the run had stood still by then.
    began: Option<(i64, i64)>,
    unless: Option<bool>,
    requires: bool,
    confirm: Ask,
    manual: Ask,
    doubt: Ask,
    /// In interactive mode: whether it is to run, and what next after a failure.
    begins: Ask,
    fails: Ask,
    /// The person at the terminal has approved it.
    approved_here: bool,
    handed: Handed,
    /// What is being asked of the world, or done to it, now.
    busy: Option<Work>,
    /// It was told to end.
    told: bool,
    /// It was started, and that is not undone.
    touched: bool,
    saved: Saved,
    /// The plan has changed since that was saved: it may name more now.
    outdated: bool,
    /// Its output.
    gave: Option<i64>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Phase {
    #[default]
    Fresh,
    Running,
    Succeeded,
    Failed(End),
    Delayed(i64),
    Doubt,
    Saving,
    /// Its snapshot could not be taken.
    Unsaved(Unsaved),
    /// Its snapshot is put back, and then it ends so.
    Restoring(Status),
    Ending(Status),
}

/// What became of a snapshot.
#[derive(Clone, Copy, Default, PartialEq)]
enum Saved {
    #[default]
    No,
    Kept,
    PutBack,
    /// It could not be put back.
    Lost,
}

impl Phase {
    /// Whether it has its slot, locks and resources.
    fn holds(self) -> bool {
        matches!(self, Self::Running | Self::Saving | Self::Restoring(_))
    }
}

/// Whether an agent has it in hand.
#[derive(Clone, Copy, Default, PartialEq)]
enum Handed {
    #[default]
    No,
    Now,
    /// It was at it when goalc died.
    Lost,
    Over,
}

/// A question, and what came of it.
#[derive(Clone, Copy, Default, PartialEq)]
enum Ask {
    #[default]
    Not,
    Open(Option<i64>),
    Said(Said),
    NotNeeded,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Undo {
    #[default]
    No,
    Running,
    Done,
    Failed,
}

/// What is wrong, in one line.
pub(crate) type Wrong = String;

impl<'a> Model<'a> {
    pub(crate) fn new(tree: &'a Tree<'a>, foreign: i64) -> Self {
        let nodes = vec![Node::default(); tree.nodes.len()];
        Self {
            tree,
            before: [undo::before(tree, false), undo::before(tree, true)],
            nodes,
            lets: BTreeMap::new(),
            now: 0,
            seq: 0,
            stood: 0,
            last: 0,
            owes: None,
            signal: None,
            ended: None,
            interactive: false,
            plain: false,
            agent: false,
            renewed: BTreeSet::new(),
            param: 1,
            let_of_param: None,
            behind: vec![Vec::new(); tree.nodes.len()],
            forced: false,
            starts: 0,
            leaves: false,
            foreign,
        }
    }

    /// Goes through all that was seen.
    ///
    /// # Errors
    /// The first thing that the contract does not allow, with its place in the list.
    pub(crate) fn follow(mut self, seen: &[Seen]) -> Result<Self, (usize, Wrong)> {
        // After a crash what is left of the journal is all that counts.
        let mut kept: Vec<(u64, &Seen)> = Vec::new();
        for (place, one) in seen.iter().enumerate() {
            let result = if let Seen::Crash { kept: upto } = one {
                kept.retain(|(seq, _)| seq <= upto);
                self = Self::new(self.tree, self.foreign);
                kept.iter().try_for_each(|(_, one)| self.see(one))
            } else {
                let result = self.see(one);
                let kept_in_mind = matches!(one, Seen::Event { .. } | Seen::Began { .. });
                let said = matches!(one, Seen::Signal { .. } | Seen::Forced | Seen::Process { .. });
                if kept_in_mind || said {
                    kept.push((self.seq, one));
                }
                result
            };
            result.map_err(|wrong| (place, wrong))?;
        }
        Ok(self)
    }

    fn see(&mut self, one: &Seen) -> Result<(), Wrong> {
        match one {
            Seen::Event { seq, at, what } => self.take(*seq, *at, what),
            Seen::Waits { at, settled } => self.rest(*at, *settled),
            Seen::End { how, exit } => self.end(*how, *exit),
            Seen::Stuck => Err("goalc waits for what cannot come".to_owned()),
            Seen::Began { work, at, .. } => {
                self.known(*at)?;
                self.unit_mut(*at).busy = Some(*work);
                Ok(())
            }
            Seen::Forced => {
                self.forced = true;
                Ok(())
            }
            Seen::Signal { number } => {
                // What stopped it first is what it ended by.
                self.signal.get_or_insert(*number);
                Ok(())
            }
            Seen::Process { agent, .. } => {
                (self.agent, self.leaves) = (*agent, false);
                Ok(())
            }
            Seen::Told { at } => {
                self.known(*at)?;
                self.leaves |= self.serves(at.0) && self.is_needed(at.0);
                self.may_be_told(*at)?;
                self.unit_mut(*at).told = true;
                Ok(())
            }
            Seen::Over { work: Work::Agent, at } => {
                self.unit_mut(*at).busy = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether there is such a unit.
    fn known(&self, at: At) -> Result<(), Wrong> {
        let instances = self.nodes[at.0].instances.as_ref().map_or(0, Vec::len);
        match at.1 {
            Some(item) if item as usize >= instances => {
                Err(format!("there is no {}", self.name(at)))
            }
            _ => Ok(()),
        }
    }

    fn unit(&self, at: At) -> &Unit {
        let node = &self.nodes[at.0];
        let instances = node.instances.as_ref();
        at.1.and_then(|item| instances?.get(item as usize)).unwrap_or(&node.unit)
    }

    fn unit_mut(&mut self, at: At) -> &mut Unit {
        let node = &mut self.nodes[at.0];
        let instances = node.instances.as_mut();
        at.1.and_then(|item| instances?.get_mut(item as usize)).unwrap_or(&mut node.unit)
    }

    /// A step or goal, and all its instances.
    fn units_of(&self, node: usize) -> impl Iterator<Item = At> + '_ {
        let count = self.nodes[node].instances.as_ref().map_or(0, Vec::len);
        let items = (0..u32::try_from(count).unwrap_or(u32::MAX)).map(Some);
        std::iter::once(None).chain(items).map(move |item| (node, item))
    }

    fn units(&self) -> impl Iterator<Item = At> + '_ {
        (0..self.nodes.len()).flat_map(|node| self.units_of(node))
    }

    fn name(&self, at: At) -> String {
        match at.1 {
            Some(item) => format!("{}[{item}]", self.tree.nodes[at.0].id),
            None => format!("`{}`", self.tree.nodes[at.0].id),
        }
    }

    /// Whether nothing new starts where this node is.
    fn stopping(&self, node: usize) -> bool {
        self.tree.around(node).any(|goal| {
            let stop = self.nodes[goal].stop;
            stop.failure || stop.signal || stop.deadline || stop.rolls.is_some()
        })
    }

    /// Whether what runs there is to end as well.
    fn cancelling(&self, node: usize) -> bool {
        self.tree.around(node).any(|goal| {
            let stop = self.nodes[goal].stop;
            stop.signal || stop.deadline || stop.rolls.is_some()
        })
    }

    /// Whether a goal's deadline has passed and it is not stopped for that.
    fn is_late(&self, goal: usize) -> bool {
        let state = &self.nodes[goal];
        let stop = state.stop;
        let stopped = stop.deadline || stop.signal || stop.rolls.is_some();
        let bound = state.status.is_none() && !stopped;
        let still = if self.stands_still() { self.now - self.last } else { 0 };
        bound && self.past_deadline(goal, still)
    }

    /// Whether a goal's deadline has passed, without the time for which the run stood still.
    fn past_deadline(&self, goal: usize, still: i64) -> bool {
        let deadline = self.nodes[goal].deadline;
        deadline.is_some_and(|(at, stood)| self.now >= at + self.stood + still - stood)
    }

    /// When the open question of a unit answers itself.
    fn open_until(&self, at: At) -> Option<i64> {
        let unit = self.unit(at);
        let asks = [unit.confirm, unit.manual, unit.doubt, unit.begins, unit.fails].into_iter();
        let ends = matches!(unit.phase, Phase::Restoring(_) | Phase::Ending(_));
        asks.filter(|_| !ends && self.nodes[at.0].status.or(unit.over).is_none()).find_map(|ask| {
            match ask {
                Ask::Open(until) => until,
                _ => None,
            }
        })
    }
}
