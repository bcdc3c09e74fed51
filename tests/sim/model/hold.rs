//! Slots, locks and resources: who has them, and who has to wait for them.

use super::{Due, Model, Phase, Undo};
use crate::plan::{Action, RESOURCE};
use crate::trace::At;

/// So many attempts may start before others than who waits have to wait.
const PATIENCE: u32 = 16;

impl Model<'_> {
    fn takes_slot(&self, node: usize) -> bool {
        self.tree.step(node).is_some_and(|step| matches!(step.action, Action::Run))
    }

    /// Whether a unit has its locks and resources now.
    fn has(&self, at: At) -> bool {
        let state = &self.nodes[at.0];
        let undone = at.1.is_none() && state.undo == Undo::Running;
        match self.tree.step(at.0) {
            Some(_) => self.unit(at).phase.holds() || undone || self.waits_for_snapshots(at.0),
            None => state.opened && state.status.is_none(),
        }
    }

    /// Whether a step is joined to one whose snapshot is taken now, and starts right after that.
    fn waits_for_snapshots(&self, node: usize) -> bool {
        let saving = |step: &usize| self.nodes[*step].unit.phase == Phase::Saving;
        let open = self.nodes[node].status.is_none();
        let fresh = self.nodes[node].unit.phase == Phase::Fresh;
        open && fresh && self.tree.nodes[node].chain.iter().any(saving)
    }

    /// Steps with a slot, of those that `counts`.
    fn slots(&self, restores: bool, counts: impl Fn(usize) -> bool) -> u32 {
        let goes_back = |at: &At| matches!(self.unit(*at).phase, Phase::Restoring(_));
        // What is ready has given its slot back.
        let counts = |at: &At| (restores || !goes_back(at)) && counts(at.0) && !self.serves(at.0);
        let taken = self.units().filter(|at| self.takes_slot(at.0) && self.has(*at) && counts(at));
        u32::try_from(taken.count()).unwrap_or(u32::MAX)
    }

    /// Whether no slot is free for a step. What is put back takes one without waiting for it, from
    /// nobody who has one.
    pub(super) fn crowded(&self, at: At, restores: bool) -> bool {
        let node = at.0;
        if !self.takes_slot(node) {
            return false;
        }
        if !self.tree.nodes[node].chain.is_empty() && self.nodes[node].status.is_none() {
            return self.crowded_joined(node, restores);
        }
        let most = self.tree.nodes[node].what.each().and_then(|each| each.parallel);
        let beside = self.units_of(node).filter(|other| self.has(*other)).count();
        if at.1.is_some() && most.is_some_and(|most| beside >= most as usize) {
            return true;
        }
        let full = |goal: usize| {
            let most = self.tree.goal(goal).and_then(|goal| goal.parallel);
            let inside = |step: usize| self.tree.around(step).any(|around| around == goal);
            most.is_some_and(|most| self.slots(restores, inside) >= most)
        };
        self.slots(restores, |_| true) >= self.tree.plan.jobs || self.tree.around(node).any(full)
    }

    /// Whether there are not slots for all of a chain. More of them than there are slots run alone.
    fn crowded_joined(&self, node: usize, restores: bool) -> bool {
        let chain = &self.tree.nodes[node].chain;
        let own = |step: usize| chain.contains(&step);
        let short = |goal: Option<usize>, most: u32| {
            let inside = |step: usize| {
                goal.is_none_or(|goal| self.tree.around(step).any(|around| around == goal))
            };
            let count = chain.iter().filter(|step| inside(**step)).count();
            let taken = self.slots(restores, |step| inside(step) && !own(step));
            taken > 0 && taken + u32::try_from(count).unwrap_or(u32::MAX) > most
        };
        let goals = chain.iter().flat_map(|step| self.tree.around(*step));
        let full = |goal: usize| {
            let most = self.tree.goal(goal).and_then(|goal| goal.parallel);
            most.is_some_and(|most| short(Some(goal), most))
        };
        short(None, self.tree.plan.jobs) || goals.into_iter().any(full)
    }

    /// Whether a chain waits for slots, which are kept for it.
    fn is_kept_for_a_chain(&self, at: At) -> bool {
        let chains = (0..self.nodes.len()).filter(|node| !self.tree.nodes[*node].chain.is_empty());
        self.takes_slot(at.0)
            && chains.into_iter().any(|node| {
                let due = self.due((node, None));
                let starts = matches!(due, Due::Start | Due::Save | Due::Time(_));
                node != at.0 && starts && self.crowded_joined(node, true)
            })
    }

    /// How much of the resource a node takes. What is done by hand takes none, and its undo neither.
    fn uses(&self, node: usize) -> u32 {
        let by_hand = |action: &Action| matches!(action, Action::Manual(_));
        let what = self.tree.nodes[node].what;
        let takes_none = self.tree.step(node).is_some_and(|step| by_hand(&step.action));
        what.guards().uses.filter(|_| !takes_none).unwrap_or(0)
    }

    /// Whether others have a lock or resource that a unit needs.
    pub(super) fn locked(&self, at: At) -> bool {
        self.needs_of_others(at, |other| self.has(other)) || self.is_lent(at) || self.refused(at)
    }

    /// Whether they have it so that it cannot be had at all: an open goal in which nothing runs
    /// lends its locks before a run stands still for ever.
    pub(super) fn taken(&self, at: At) -> bool {
        let runs = |goal: usize| {
            let inside = |other: &At| self.tree.around(other.0).any(|around| around == goal);
            // What it is joined to starts with it.
            let beside = |other: &At| !self.tree.nodes[at.0].chain.contains(&other.0);
            self.units().filter(inside).filter(beside).any(|other| self.is_at_work(other))
        };
        let works = |other: At| {
            let goal = self.tree.step(other.0).is_none();
            if goal { self.has(other) && runs(other.0) } else { self.has(other) }
        };
        self.needs_of_others(at, works) || self.refused(at)
    }

    /// Whether another run has a lock of the machine that a unit needs, or a goal around it, in a
    /// process that has not got it yet.
    pub(super) fn refused(&self, at: At) -> bool {
        let machine = |node: usize| {
            let locks = &self.tree.nodes[node].what.guards().locks;
            locks.iter().any(|lock| lock.machine)
        };
        self.now < self.foreign && std::iter::once(at.0).chain(self.tree.around(at.0)).any(machine)
    }

    /// Whether a lock or resource that a unit needs may be kept for one who has waited for it while
    /// many others were started.
    fn is_passed_over_for(&self, at: At) -> bool {
        let guards = self.tree.nodes[at.0].what.guards();
        let same = |other: &At| {
            let theirs = self.tree.nodes[other.0].what.guards();
            let lock = theirs.locks.iter().any(|their| {
                let own = guards.locks.iter().map(|own| own.name);
                own.into_iter().any(|name| name == their.name)
            });
            lock || guards.uses.is_some() && theirs.uses.is_some()
        };
        self.starts >= PATIENCE
            && self.units().filter(|other| *other != at && same(other)).any(|other| {
                let open = self.nodes[other.0].status.is_none();
                open && !self.has(other) && self.locked(other)
            })
    }

    fn is_at_work(&self, at: At) -> bool {
        self.tree.step(at.0).is_some() && self.has(at) && !self.serves(at.0)
    }

    /// Whether somebody outside of a goal around a unit has a lock that the goal has lent.
    fn is_lent(&self, at: At) -> bool {
        self.tree.around(at.0).any(|goal| {
            let outside = |other: At| {
                other.0 != goal
                    && !self.tree.around(other.0).any(|around| around == goal)
                    && !self.tree.around(goal).any(|around| around == other.0)
            };
            let has = |other: At| outside(other) && self.has(other);
            !self.tree.nodes[goal].what.guards().locks.is_empty()
                && self.needs_of_others((goal, None), has)
        })
    }

    pub(super) fn needs_of_others(&self, at: At, has: impl Fn(At) -> bool) -> bool {
        let guards = self.tree.nodes[at.0].what.guards();
        // What a goal has it has for all in it.
        let around: Vec<usize> = self.tree.around(at.0).collect();
        let chain = &self.tree.nodes[at.0].chain;
        let beside = |other: &At| !around.contains(&other.0) && !chain.contains(&other.0);
        let others = self.units().filter(|other| *other != at && beside(other));
        let others: Vec<At> = others.filter(|other| has(*other)).collect();
        let meets = |other: &At| {
            let theirs = &self.tree.nodes[other.0].what.guards().locks;
            theirs.iter().any(|their| {
                let own = guards.locks.iter().filter(|own| own.name == their.name);
                own.into_iter().any(|own| !own.shared || !their.shared)
            })
        };
        let used: u32 = others.iter().map(|other| self.uses(other.0)).sum();
        let own = self.uses(at.0);
        let short = own > 0 && used + own > RESOURCE;
        short || others.iter().any(meets)
    }

    /// Whether a goal or service that keeps something may wait although nobody has it: others that
    /// are open could come to wait for it, and it for them.
    pub(super) fn may_be_kept_closed(&self, keeper: usize) -> bool {
        let takes = |node: usize| {
            let guards = self.tree.nodes[node].what.guards();
            !guards.locks.is_empty() || guards.uses.is_some()
        };
        let waits = |node: usize| {
            let inside = self.tree.around(node).any(|around| around == keeper);
            self.nodes[node].status.is_none() && !inside && node != keeper
        };
        let lasts = self.tree.step(keeper).is_none() || self.tree.nodes[keeper].service;
        lasts && takes(keeper) && (0..self.nodes.len()).any(|node| waits(node) && takes(node))
    }

    /// Whether a step cannot start now for want of a slot, a lock or a resource.
    pub(super) fn held(&self, at: At) -> bool {
        // What is undone is undone alone.
        let chain = &self.tree.nodes[at.0].chain;
        let chain = if self.nodes[at.0].status.is_none() { &chain[..] } else { &[] };
        let alone = |node: usize| {
            let at = if node == at.0 { at } else { (node, None) };
            self.locked(at) || self.is_passed_over_for(at)
        };
        self.crowded(at, true)
            || alone(at.0)
            || chain.iter().any(|node| alone(*node))
            || self.is_kept_for_a_chain(at)
    }
}
