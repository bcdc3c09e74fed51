//! How long work takes outside, and how it ends.

use goalc::exec::event::{AttemptEnd, Failure, ProbeAnswer, Unit};
use goalc::exec::world::{Account, AttemptOrder, Outcome, Undone, View, Work as Theirs};

use super::plan::{Kind, Try};
use super::trace::{At, SAID, Work};
use super::translate::{failure, gives};
use super::world::Scripted;

/// Work that is under way outside.
pub(crate) struct Flight {
    pub(crate) work: Work,
    /// What names it elsewhere, if it runs there.
    pub(crate) key: Option<(At, u64)>,
    /// What it is for: one, or all that are joined.
    pub(crate) of: Vec<At>,
    pub(crate) due: Option<i64>,
    /// When it is ready, as a service.
    pub(crate) ready: Option<i64>,
    pub(crate) outcome: Outcome,
    pub(crate) grace: u32,
}

pub(crate) fn cancelled() -> (AttemptEnd, Account) {
    (AttemptEnd::Failed(Failure::Cancelled), Account::default())
}

const LONG: Try = Try { takes: 1000, fails: None, hangs: false, grace: 0 };

impl Scripted<'_> {
    fn attempt(&self, at: At, way: u32) -> (Option<u32>, AttemptEnd, u32) {
        let step = self.step(at);
        let done = self.ended.get(&at).copied().unwrap_or(0);
        let shift = at.1.unwrap_or(0) as usize;
        let tried = step.acts.tries.get(done + shift).copied().unwrap_or(LONG);
        let timeout = self.tree.way(at.0, way).and_then(|way| way.timeout);
        let (takes, end) = match timeout {
            Some(most) if tried.hangs || tried.takes > most => (most, Some(Kind::Timeout)),
            _ => (tried.takes, tried.fails.or(tried.hangs.then_some(Kind::Exit(1)))),
        };
        let end = end.filter(|kind| *kind != Kind::Lost || step.elsewhere);
        let end = match end {
            None => AttemptEnd::Succeeded { outputs: gives(step, done + 1) },
            Some(kind) => AttemptEnd::Failed(failure(kind)),
        };
        (Some(takes), end, tried.grace)
    }

    /// When a service is ready, when it ends by itself, and how.
    fn service(&self, at: At, way: u32) -> (Option<i64>, Option<u32>, AttemptEnd) {
        let step = self.step(at);
        let done = self.ended.get(&at).copied().unwrap_or(0);
        let tried = step.acts.tries.get(done).copied().unwrap_or(LONG);
        let timeout = self.tree.way(at.0, way).and_then(|way| way.timeout);
        let ready = step.acts.ready;
        let fails = tried.fails.filter(|kind| *kind != Kind::Lost);
        let of = |kind| AttemptEnd::Failed(failure(kind));
        match timeout.filter(|most| *most < ready || tried.hangs) {
            Some(most) if fails.is_none() || most < tried.takes => {
                (None, Some(most), of(Kind::Timeout))
            }
            _ => {
                let is_ready = fails.is_none() || ready < tried.takes;
                let dies = fails.map(|_| tried.takes);
                let ready = is_ready.then_some(i64::from(ready));
                (ready, dies, of(fails.unwrap_or(Kind::Exit(0))))
            }
        }
    }

    pub(crate) fn flight(&self, work: &Theirs, view: View<'_>) -> (Flight, Vec<u32>) {
        let of = |unit| self.at(&view.state.name(unit));
        let node =
            |node| (self.at(&Unit { node: view.state.graph().id(node), item: None }).0, None);
        let undone = |ok| if ok { Undone::Done } else { Undone::Failed("no".to_owned()) };
        let checked = |ok: bool| Outcome::Checked(ok.then_some(()).ok_or_else(|| "no".to_owned()));
        let now = self.disk.lock().now;
        let (mut number, mut key, mut ready) = (0, None, None);
        if let Theirs::Joined(orders) = work {
            let of = orders.iter().map(|order| of(order.unit)).collect();
            return (self.joined(orders, of), orders.iter().map(|order| order.attempt).collect());
        }
        let (work, at, takes, outcome, grace) = match work {
            Theirs::Attempt(order) => {
                let at = of(order.unit);
                number = order.attempt;
                let (mut takes, mut end, grace) = self.attempt(at, order.way);
                if self.tree.nodes[at.0].service {
                    (ready, takes, end) = self.service(at, order.way);
                    ready = ready.map(|ready| now + ready);
                }
                key = self.step(at).elsewhere.then_some((at, order.log));
                let known = key.and_then(|key| self.elsewhere.borrow().get(&key).cloned());
                if let Some((due, known)) = known {
                    takes = Some(u32::try_from(due - now).unwrap_or(0));
                    end = known;
                }
                let outcome = Outcome::Attempt { end, account: Account::default() };
                (Work::Attempt, at, takes, outcome, grace)
            }
            Theirs::Unless(unit) => {
                let step = self.step(of(*unit));
                let doubted = view.state.unit(*unit).is_some_and(|state| state.attempts > 0);
                let holds =
                    if doubted { step.acts.unless_in_doubt } else { step.unless == Some(true) };
                (Work::Unless, of(*unit), Some(1), checked(holds), 0)
            }
            Theirs::Requires(unit) => {
                let holds = self.step(of(*unit)).requires != Some(false);
                (Work::Requires, of(*unit), Some(2), checked(holds), 0)
            }
            Theirs::VerifyByHand(unit) => (Work::Verify, of(*unit), Some(1), checked(true), 0),
            Theirs::VerifyGoal(goal) => {
                let holds = self.tree.goal(node(*goal).0).is_some_and(|g| g.verify != Some(false));
                let answer = ProbeAnswer { holds, found: "found".to_owned() };
                (Work::Verify, node(*goal), Some(500), Outcome::Verified(vec![answer]), 0)
            }
            Theirs::Cleanup(goal) => {
                let works = self.tree.goal(node(*goal).0).is_some_and(|g| g.cleanup != Some(false));
                let failure = (!works).then(|| "no".to_owned());
                (Work::Cleanup, node(*goal), Some(700), Outcome::Cleaned(failure), 0)
            }
            Theirs::Undo { node: of, .. } => {
                let (takes, works) = self.step(node(*of)).acts.undo;
                (Work::Undo, node(*of), Some(takes), Outcome::Undone(undone(works)), 0)
            }
            Theirs::Snapshot { unit, .. } => {
                let (takes, works) = self.step(of(*unit)).acts.save;
                (Work::Save, of(*unit), Some(takes), Outcome::Undone(undone(works)), 0)
            }
            Theirs::Restore(unit) => {
                let (takes, works) = self.step(of(*unit)).acts.restore;
                (Work::Restore, of(*unit), Some(takes), Outcome::Undone(undone(works)), 0)
            }
            Theirs::Agent { unit, .. } => {
                let at = of(*unit);
                let step = self.step(at);
                let (takes, works) = step.acts.agent;
                let end = if works {
                    AttemptEnd::Succeeded { outputs: gives(step, SAID) }
                } else {
                    AttemptEnd::Failed(failure(Kind::Exit(1)))
                };
                let outcome = Outcome::Attempt { end, account: Account::default() };
                (Work::Agent, at, Some(takes), outcome, 0)
            }
            Theirs::Joined(_) => unreachable!("these are above"),
        };
        let due = takes.map(|takes| now + i64::from(takes));
        (Flight { work, key, of: vec![at], due, ready, outcome, grace }, vec![number])
    }

    /// Attempts that are joined: where one fails, the others are stopped; their `verify` and outputs
    /// are looked at when all have ended.
    fn joined(&self, orders: &[AttemptOrder], of: Vec<At>) -> Flight {
        let each = orders.iter().zip(&of).map(|(order, at)| self.attempt(*at, order.way));
        let each: Vec<(u32, AttemptEnd, u32)> =
            each.map(|(takes, end, grace)| (takes.unwrap_or(0), end, grace)).collect();
        let late = |end: &AttemptEnd| {
            matches!(end, AttemptEnd::Failed(Failure::Verify { .. } | Failure::Output { .. }))
        };
        let fails = |end: &AttemptEnd| matches!(end, AttemptEnd::Failed(_)) && !late(end);
        let first = each.iter().filter(|(_, end, _)| fails(end)).map(|(takes, ..)| *takes).min();
        let last = each.iter().map(|(takes, ..)| *takes).max().unwrap_or(0);
        let graces = each.iter().filter(|(takes, ..)| first.is_some_and(|first| *takes > first));
        let grace = graces.map(|(takes, _, grace)| (*grace).min(takes - first.unwrap_or(0))).max();
        let checked = first.is_none().then(|| each.iter().position(|(_, end, _)| late(end)));
        let ends = each.iter().enumerate().map(|(index, (takes, end, _))| match (first, checked) {
            (Some(first), _) if fails(end) && *takes == first => (end.clone(), Account::default()),
            (None, Some(None)) => (end.clone(), Account::default()),
            (None, Some(Some(wrong))) if wrong == index => (end.clone(), Account::default()),
            _ => cancelled(),
        });
        let outcome = Outcome::Joined(ends.collect());
        let takes = first.map_or(last, |first| first + grace.unwrap_or(0));
        let due = Some(self.disk.lock().now + i64::from(takes));
        let grace = each.iter().map(|(.., grace)| *grace).max().unwrap_or(0);
        Flight { work: Work::Attempt, key: None, of, due, ready: None, outcome, grace }
    }
}
