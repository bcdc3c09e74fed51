//! What the contract says comes next for a step or goal.

use super::{Ask, Handed, Model, Phase, Saved, Undo, Unit};
use crate::plan::{Action, Confirm, Omit, Status};
use crate::trace::{At, Question, Said, Unsaved, Work};

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Due {
    /// Others come first, or it has ended.
    Nothing,
    Person,
    /// Its next attempt, then.
    Time(i64),
    Start,
    Open,
    /// Its items are fixed.
    Items,
    /// It ends, in one of these ways.
    End(Vec<Status>),
    /// What its `snapshot` names is saved; is put back, and then it ends in one of these ways.
    Save,
    Restore(Vec<Status>),
    When(bool),
    Check(Work),
    Ask(Question),
    /// goalc answers what nobody is asked any more.
    Said(Said),
    /// An agent gets it.
    HandOver,
    NotNeeded,
    /// A wait of at most so long; shorter only if it is drawn.
    Delay {
        most: u64,
        drawn: bool,
    },
    NextWay,
    /// How far it came is not known.
    Doubt,
    Clear,
    /// Its verify does not hold: it is rolled back.
    RollBack,
}

impl Model<'_> {
    pub(super) fn due(&self, at: At) -> Due {
        let saves = self.tree.step(at.0).is_some_and(|step| step.snapshot);
        let is_saved = |unit: &Unit| unit.saved != Saved::No && !unit.outdated;
        let first = at.1.is_none() && !is_saved(self.unit(at));
        let chain = &self.tree.nodes[at.0].chain;
        let ready = |step: &usize| {
            let has = self.tree.step(*step).is_some_and(|step| step.snapshot);
            !has || is_saved(&self.nodes[*step].unit)
        };
        match self.together(at, self.due_without_snapshot(at)) {
            Due::Start | Due::Items if saves && first => Due::Save,
            // All snapshots are taken before any attempt.
            Due::Start if !chain.iter().all(ready) => Due::Nothing,
            Due::End(all)
                if self.must_restore(at)
                    && all.iter().any(|status| self.goes_back(at, *status)) =>
            {
                Due::Restore(all.into_iter().filter(|status| self.goes_back(at, *status)).collect())
            }
            due => due,
        }
    }

    /// Whether a unit that ends without success has something to put back first.
    fn must_restore(&self, at: At) -> bool {
        let (node, unit) = (at.0, self.unit(at));
        // What was not begun anew goes back in its turn, where it is rolled back.
        let begun = unit.attempts > 0 || self.nodes[node].instances.is_some();
        let in_turn = !begun && self.rolled(node).is_some() && self.is_to_undo(node);
        unit.saved == Saved::Kept && unit.touched && !self.forced && !in_turn
    }

    /// Whether what a step's `snapshot` names is put back where the step ends so. What never had
    /// its turn changed nothing.
    fn goes_back(&self, at: At, status: Status) -> bool {
        let tried = self.unit(at).attempts > 0;
        matches!(status, Status::Failed | Status::Cancelled) || status == Status::Skipped && tried
    }

    fn due_without_snapshot(&self, at: At) -> Due {
        let (node, unit) = (at.0, self.unit(at));
        if self.nodes[node].status.or(unit.over).is_some() {
            return Due::Nothing;
        }
        match self.tree.step(node) {
            None if self.nodes[node].opened => return self.due_closing(node),
            None => return self.due_fresh(node),
            Some(step) if step.each.is_some() && at.1.is_none() && unit.phase == Phase::Fresh => {
                return self.due_each(node);
            }
            Some(_) => {}
        }
        let between = matches!(unit.phase, Phase::Delayed(_) | Phase::Fresh | Phase::Doubt);
        let said = matches!(unit.manual, Ask::Said(Said::Yes | Said::No));
        let between = between && !said;
        if between && unit.attempts > 0 && !self.cancelling(node) && self.is_lost(node) {
            return Due::End(vec![Status::Failed]);
        }
        if let Some(due) = self.due_joined(node) {
            return due;
        }
        let waits = self.waits_for_service(node);
        match unit.phase {
            Phase::Delayed(_) if self.cancelling(node) => Due::End(vec![Status::Cancelled]),
            Phase::Delayed(_) | Phase::Doubt if waits && self.rolled(node).is_none() => {
                Due::Nothing
            }
            Phase::Running | Phase::Saving | Phase::Restoring(_) => Due::Nothing,
            Phase::Ending(status) => Due::End(vec![status]),
            Phase::Unsaved(_) if self.cancelling(node) => {
                Due::End(vec![Status::Cancelled, Status::Failed, Status::NotRun])
            }
            Phase::Unsaved(Unsaved::Stopped) => Due::End(vec![Status::Cancelled, Status::NotRun]),
            // Of what is joined nobody is asked.
            Phase::Unsaved(Unsaved::Failed) if !self.tree.nodes[node].chain.is_empty() => {
                let chain = &self.tree.nodes[node].chain;
                let stopped = chain.iter().any(|step| self.cancelling(*step));
                let stopped = stopped.then_some(Status::Cancelled);
                Due::End(std::iter::once(Status::Failed).chain(stopped).collect())
            }
            Phase::Unsaved(Unsaved::Failed) => {
                self.due_verdict(unit).unwrap_or_else(|| Due::End(vec![Status::Failed]))
            }
            Phase::Succeeded => Due::End(vec![Status::Succeeded]),
            Phase::Delayed(until) => Due::Time(until),
            Phase::Failed(end) => self.due_failed(at, end),
            Phase::Doubt => self.due_doubt(node, unit),
            Phase::Fresh if unit.attempts > 0 => match () {
                () if self.cancelling(node) => Due::End(vec![Status::Cancelled]),
                () if self.tree.nodes[node].service && !self.is_needed(node) => {
                    Due::End(vec![Status::Succeeded])
                }
                () if self.is_by_hand(at) && unit.manual != Ask::Not => self.due_by_hand(unit),
                () if waits => Due::Nothing,
                () if self.is_by_hand(at) => self.due_by_hand(unit),
                () => Due::Start,
            },
            Phase::Fresh => self.due_first(at),
        }
    }

    /// Before the first attempt.
    fn due_first(&self, at: At) -> Due {
        let (node, unit) = (at.0, self.unit(at));
        // Who was asked stays asked, also where what comes before is tried again.
        let kept_off = at.1.is_some() && self.past_tolerance(node);
        let asked = matches!(unit.manual, Ask::Open(_)) && !self.is_looked_at(node);
        if asked && !self.stopping(node) && !kept_off {
            return self.due_by_hand(unit);
        }
        let asked = matches!(unit.confirm, Ask::Open(_)) && !self.is_looked_at(node);
        if asked && !self.stopping(node) && !kept_off {
            return Due::Person;
        }
        match unit.handed {
            Handed::Now if self.cancelling(node) => return Due::End(vec![Status::Cancelled]),
            Handed::Now if self.is_lost(node) => return Due::End(vec![Status::Failed]),
            Handed::Now => return self.due_by_hand(unit),
            _ => {}
        }
        // What was done counts, whatever has happened meanwhile.
        if matches!(unit.manual, Ask::Said(Said::Yes | Said::No)) {
            return self.due_by_hand(unit);
        }
        match at.1 {
            Some(item) => self.due_instance(node, item),
            None => self.due_fresh(node),
        }
    }

    /// Of a `foreach` step: its items, and its end after all their instances'.
    fn due_each(&self, node: usize) -> Due {
        let state = &self.nodes[node];
        let Some(instances) = &state.instances else {
            let due = self.due_before(node).or_else(|| self.due_begins((node, None)));
            return due.unwrap_or(Due::Items);
        };
        if instances.iter().any(|unit| unit.over.is_none()) {
            return Due::Nothing;
        }
        let any = |all: &[Status]| {
            instances.iter().any(|unit| unit.over.is_some_and(|over| all.contains(&over)))
        };
        let began = any(&[Status::Succeeded, Status::Failed, Status::Cancelled, Status::Skipped]);
        Due::End(match () {
            () if self.past_tolerance(node) => vec![Status::Failed],
            () if any(&[Status::Cancelled]) => vec![Status::Cancelled],
            () if any(&[Status::NotRun]) && (began || !any(&[Status::Blocked])) => {
                let all_so = instances.iter().all(|unit| unit.over == Some(Status::NotRun));
                vec![if all_so { Status::NotRun } else { Status::Cancelled }]
            }
            () if any(&[Status::Blocked]) => match self.tree.nodes[node].source {
                Some(source) if self.nodes[source].status.is_none() => return Due::Nothing,
                // What failed there is tolerated, or ignored.
                Some(source)
                    if self.is_done(source)
                        && !self.is_undone_for(source, node)
                        && !self.is_lost(node) =>
                {
                    vec![Status::Succeeded]
                }
                _ => vec![Status::Blocked],
            },
            () => vec![Status::Succeeded],
        })
    }

    /// Whether more instances have failed than may.
    fn past_tolerance(&self, node: usize) -> bool {
        let state = &self.nodes[node];
        let instances = state.instances.iter().flatten();
        let failed = instances.filter(|unit| unit.over == Some(Status::Failed)).count();
        failed > state.tolerated as usize
    }

    /// Of an instance, before its first attempt.
    fn due_instance(&self, node: usize, item: u32) -> Due {
        if self.waits_for_service(node) && !self.is_asked((node, Some(item))) {
            return Due::Nothing;
        }
        // What is not of this run is taken as done.
        let known = |source: &usize| self.tree.omitted(*source) != Some(Omit::LeftOut);
        let source = self.tree.nodes[node].source.filter(known);
        let undone = source.is_some_and(|source| self.is_undone_for(source, node));
        let from = source.map(|source| self.unit((source, Some(item))));
        let mut ends = match from.map(|from| from.over) {
            _ if undone => vec![Status::Blocked],
            None | Some(Some(Status::Succeeded)) => Vec::new(),
            Some(Some(Status::Skipped)) => vec![Status::Skipped],
            Some(Some(_)) => vec![Status::Blocked],
            Some(None) => vec![],
        };
        if self.stopping(node) || self.past_tolerance(node) {
            ends.push(Status::NotRun);
        }
        if self.is_lost(node) {
            ends.push(Status::Blocked);
        }
        match from {
            _ if !ends.is_empty() => Due::End(ends),
            Some(from) if from.over.is_none() => Due::Nothing,
            _ => self.due_guards((node, Some(item))),
        }
    }

    /// Before the first attempt, or before a goal opens.
    fn due_fresh(&self, node: usize) -> Due {
        self.due_before(node).unwrap_or_else(|| self.due_guards((node, None)))
    }

    /// What comes before a node's guards.
    pub(super) fn due_before(&self, node: usize) -> Option<Due> {
        let state = &self.nodes[node];
        let flat = &self.tree.nodes[node];
        let omitted = self.tree.omitted(node);
        if omitted == Some(Omit::LeftOut) {
            return Some(Due::End(vec![Status::NotRun]));
        }
        // Begun anew, and not yet that far.
        if self.rolled(node).is_some() && self.is_to_undo(node) {
            let lost = self.is_lost(node).then_some(Status::Blocked);
            return Some(Due::End(std::iter::once(Status::NotRun).chain(lost).collect()));
        }
        if let Some(parent) = flat.parent.filter(|parent| !self.nodes[*parent].opened) {
            // It ends with the goal around it, if that never opens.
            return Some(match (self.nodes[parent].status, self.due((parent, None))) {
                (Some(status), _) => Due::End(vec![inside(status)]),
                (None, Due::End(all)) => Due::End(all.into_iter().map(inside).collect()),
                _ => Due::Nothing,
            });
        }
        if !self.is_looked_at(node) {
            return Some(Due::Nothing);
        }
        let mut ends = self.kept_off(node);
        if self.is_lost(node) && !ends.contains(&Status::Blocked) {
            ends.push(Status::Blocked);
        }
        ends.extend(self.kept_off_by_joined(node).filter(|_| ends.is_empty()));
        if self.stopping(node) {
            // Both is so of what would be skipped and whose run ended before its turn.
            if ends != [Status::Blocked] {
                ends.push(Status::NotRun);
            }
            return Some(Due::End(ends));
        }
        if !ends.is_empty() {
            return Some(Due::End(ends));
        }
        if omitted == Some(Omit::Skipped) {
            return Some(Due::End(vec![Status::Skipped]));
        }
        match (flat.when, state.when) {
            // What has no value fails who uses it.
            (Some(when), None) => {
                let fails = Due::End(vec![Status::Failed]);
                Some(self.truth(when).map_or(fails, Due::When))
            }
            (Some(_), Some(false)) => Some(Due::End(vec![Status::Skipped])),
            _ => {
                let asks = self.is_asked((node, None));
                let step = self.tree.step(node).is_some();
                (step && !asks && self.waits_for_service(node)).then_some(Due::Nothing)
            }
        }
    }

    pub(super) fn due_guards(&self, at: At) -> Due {
        let (node, unit) = (at.0, self.unit(at));
        let step = self.tree.step(node);
        // Who was asked before a resume has all the time: what comes before is asked again then.
        if matches!(unit.confirm, Ask::Open(_)) {
            return Due::Person;
        }
        if matches!(unit.manual, Ask::Open(_)) {
            return self.due_by_hand(unit);
        }
        if matches!(unit.begins, Ask::Open(_))
            && let Some(due) = self.due_begins(at)
        {
            return due;
        }
        match (step.and_then(|step| step.unless), unit.unless) {
            (Some(_), None) => return Due::Check(Work::Unless),
            (Some(_), Some(true)) if self.tree.nodes[node].chain.is_empty() => {
                return Due::End(vec![Status::Succeeded]);
            }
            _ => {}
        }
        if !self.tree.nodes[node].chain.is_empty() {
            match self.is_done_already(node) {
                Some(true) => return Due::End(vec![Status::Succeeded]),
                Some(false) => {}
                None => return Due::Nothing,
            }
        }
        if step.is_some_and(|step| step.requires.is_some()) && !unit.requires {
            return Due::Check(Work::Requires);
        }
        if let Some(confirm) = &self.tree.nodes[node].what.guards().confirm
            && let Some(due) = due_confirm(confirm, unit.confirm)
        {
            return due;
        }
        match step.map(|step| &step.action) {
            None => Due::Open,
            Some(Action::Manual(_)) => self.due_by_hand(unit),
            Some(_) => self.due_begins(at).unwrap_or(Due::Start),
        }
    }
}

/// How what is in a goal ends when the goal ends so without having opened.
fn inside(status: Status) -> Status {
    if status == Status::Failed { Status::Blocked } else { status }
}

fn due_confirm(confirm: &Confirm, asked: Ask) -> Option<Due> {
    match asked {
        Ask::NotNeeded | Ask::Said(Said::Yes) => None,
        Ask::Said(Said::Skip) => Some(Due::End(vec![Status::Skipped])),
        Ask::Said(_) => Some(Due::End(vec![Status::Failed])),
        Ask::Open(_) => Some(Due::Person),
        Ask::Not if confirm.when == Some(false) => Some(Due::NotNeeded),
        Ask::Not => Some(Due::Ask(Question::Confirm)),
    }
}

impl Model<'_> {
    /// Nothing goes on but that people are waited for.
    pub(super) fn stands_still(&self) -> bool {
        let mut asks = false;
        for at in self.units() {
            let unit = self.unit(at);
            let undone = self.nodes[at.0].undo == Undo::Running;
            let handed = unit.handed == Handed::Now;
            let serves = self.serves(at.0) && unit.phase == Phase::Running && !self.must_end(at);
            let at_work =
                (unit.phase.holds() || unit.busy.is_some()) && !serves || undone || handed;
            match self.due(at) {
                Due::Nothing if !at_work => {}
                Due::Person => asks = true,
                _ => return false,
            }
        }
        asks
    }
}
