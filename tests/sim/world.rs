//! A world in which everything goes as the script says, on a clock that jumps.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use goalc::exec::event::{AttemptEnd, Failure, ProbeAnswer, StopReason, Timestamp, Unit};
use goalc::exec::scope::{NoSurroundings, Surroundings};
use goalc::exec::state::UnitIx;
use goalc::exec::world::{
    Account, AttemptOrder, Mailbox, Outcome, Ticket, Undone, View, Wake, Work as Theirs, World,
};

use super::disk::{Shared, dead};
use super::people::People;
use super::plan::{Kind, Step, Try};
use super::script::{Place, Script};
use super::trace::{At, SAID, Seen, Work};
use super::translate::{failure, gives, told};
use super::tree::Tree;

/// So often may a process wait before it counts as one that never ends.
const MOST_WAITS: u16 = 2000;

/// What a process of goalc lives in.
pub(crate) struct Scripted<'a> {
    pub(crate) tree: Rc<Tree<'a>>,
    pub(crate) script: &'a Script,
    pub(crate) disk: Shared,
    nowhere: NoSurroundings,
    /// Which process of the run this is, from 0, and whether questions are answered at once.
    pub(crate) process: u8,
    pub(crate) someone: bool,
    terminal: bool,
    waits: u16,
    /// How many attempts of each unit have ended.
    ended: HashMap<At, usize>,
    flight: BTreeMap<Ticket, Flight>,
    /// Attempts that run elsewhere, whether goalc does or not, by what names them.
    elsewhere: Elsewhere,
    pub(crate) people: People,
    draws: u64,
    /// A lock of the machine was refused since the last wait.
    refused: bool,
}

/// When an attempt that runs elsewhere ends, and how, by its unit and the event that started it.
/// Lives on when a process dies.
pub(crate) type Elsewhere = Rc<RefCell<BTreeMap<(At, u64), (i64, AttemptEnd)>>>;

struct Flight {
    work: Work,
    /// What names it elsewhere, if it runs there.
    key: Option<(At, u64)>,
    /// What it is for: one, or all that are joined.
    of: Vec<At>,
    due: Option<i64>,
    /// When it is ready, as a service.
    ready: Option<i64>,
    outcome: Outcome,
    grace: u32,
}

fn cancelled() -> (AttemptEnd, Account) {
    (AttemptEnd::Failed(Failure::Cancelled), Account::default())
}

const LONG: Try = Try { takes: 1000, fails: None, hangs: false, grace: 0 };

impl<'a> Scripted<'a> {
    pub(crate) fn new(
        tree: &Rc<Tree<'a>>,
        script: &'a Script,
        disk: &Shared,
        (process, someone): (u8, bool),
        (ended, elsewhere): (HashMap<At, usize>, Elsewhere),
    ) -> Self {
        Self {
            elsewhere,
            tree: Rc::clone(tree),
            script,
            disk: disk.clone(),
            nowhere: NoSurroundings::default(),
            process,
            someone,
            terminal: script.terminal || script.is_interactive(process),
            waits: 0,
            ended,
            flight: BTreeMap::new(),
            people: People::default(),
            draws: script.order,
            refused: false,
        }
    }

    pub(crate) fn at(&self, unit: &Unit) -> At {
        (self.tree.find(&unit.node.to_string()).expect("a node of the plan"), unit.item)
    }

    pub(crate) fn step(&self, at: At) -> &'a Step {
        self.tree.step(at.0).expect("a step")
    }

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

    fn flight(&self, work: &Theirs, view: View<'_>) -> (Flight, Vec<u32>) {
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

    /// What has come by now.
    fn arrivals(&mut self) -> Vec<Wake> {
        let most = if self.script.one_by_one { 1 } else { usize::MAX };
        let now = self.disk.lock().now;
        let done = self.disk.lock().take_done();
        if let Some((upto, say)) = done {
            say(Ok(upto));
        }
        let mut wakes = std::mem::take(&mut self.disk.lock().mail);
        let due = |at: Option<i64>| at.is_some_and(|at| at <= now);
        while wakes.len() < most
            && let Some(said) = self.people.said_by(now)
        {
            wakes.extend(self.hear(said));
        }
        for (ticket, flight) in &mut self.flight {
            let ready = flight.ready.take_if(|ready| *ready <= now && wakes.len() < most);
            if ready.is_some() {
                let step = self.tree.step(flight.of[0].0).expect("a service");
                let ended = self.ended.get(&flight.of[0]).copied().unwrap_or(0);
                wakes.push(Wake::Ready { ticket: *ticket, outputs: gives(step, ended + 1) });
            }
        }
        let mut over: Vec<Ticket> = self
            .flight
            .iter()
            .filter(|(_, flight)| due(flight.due) && flight.ready.is_none())
            .map(|(ticket, _)| *ticket)
            .collect();
        over.sort_by_key(|ticket| Reverse(self.flight[ticket].due));
        while wakes.len() < most
            && let Some(ticket) = over.pop()
        {
            let Some(flight) = self.flight.remove(&ticket) else { continue };
            if let Some(key) = flight.key {
                self.elsewhere.borrow_mut().remove(&key);
            }
            for at in &flight.of {
                if flight.work == Work::Attempt {
                    *self.ended.entry(*at).or_default() += 1;
                }
                self.disk.lock().seen.push(Seen::Over { work: flight.work, at: *at });
            }
            wakes.push(Wake::Done { ticket, outcome: flight.outcome });
        }
        wakes
    }

    /// A fault of goalc's or of these tests: nothing is left that could come.
    fn give_up(&mut self) -> Vec<Wake> {
        let mut disk = self.disk.lock();
        disk.dead = true;
        disk.seen.push(Seen::Stuck);
        vec![Wake::Synced(Err(dead()))]
    }
}

impl World for Scripted<'_> {
    fn now(&mut self) -> Timestamp {
        Timestamp(self.disk.lock().now)
    }

    fn surroundings(&self) -> &dyn Surroundings {
        &self.nowhere
    }

    fn begin(&mut self, ticket: Ticket, work: &Theirs, view: View<'_>) {
        let (flight, attempts) = self.flight(work, view);
        for (at, attempt) in flight.of.iter().zip(attempts) {
            self.disk.lock().seen.push(Seen::Began { work: flight.work, at: *at, attempt });
        }
        if let (Some(key), Some(due), Outcome::Attempt { end, .. }) =
            (flight.key, flight.due, &flight.outcome)
        {
            self.elsewhere.borrow_mut().insert(key, (due, end.clone()));
        }
        self.flight.insert(ticket, flight);
    }

    fn take_over(&mut self, orders: &[AttemptOrder], view: View<'_>) {
        let wanted: Vec<(At, u64)> =
            orders.iter().map(|order| (self.at(&view.state.name(order.unit)), order.log)).collect();
        self.elsewhere.borrow_mut().retain(|key, _| wanted.contains(key));
    }

    fn stop(&mut self, ticket: Ticket, force: bool) {
        let mut disk = self.disk.lock();
        let Some(flight) = self.flight.get_mut(&ticket).filter(|_| !disk.dead) else { return };
        disk.seen.extend(flight.of.iter().map(|at| Seen::Told { at: *at }));
        let ends = disk.now + if force { 0 } else { i64::from(flight.grace) };
        if flight.due.is_some_and(|due| due <= ends) {
            return;
        }
        (flight.due, flight.ready) = (Some(ends), None);
        // To another process it is one that somebody ended.
        if let Some(key) = flight.key {
            self.elsewhere
                .borrow_mut()
                .insert(key, (ends, AttemptEnd::Failed(failure(Kind::Signal))));
        }
        flight.outcome = match &flight.outcome {
            Outcome::Attempt { .. } => Outcome::Attempt {
                end: AttemptEnd::Failed(Failure::Cancelled),
                account: Account::default(),
            },
            Outcome::Joined(ends) => Outcome::Joined(vec![cancelled(); ends.len()]),
            Outcome::Undone(_) => Outcome::Undone(Undone::Stopped),
            Outcome::Cleaned(_) if force => Outcome::Cleaned(Some("ended".to_owned())),
            other => other.clone(),
        };
    }

    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        if self.disk.lock().dead {
            let mut wakes = std::mem::take(&mut self.disk.lock().mail);
            // Nothing outlives it for long.
            let flights = std::mem::take(&mut self.flight);
            let over = flights
                .into_iter()
                .map(|(ticket, flight)| Wake::Done { ticket, outcome: flight.outcome });
            wakes.extend(over);
            return wakes;
        }
        self.waits += 1;
        let mut disk = self.disk.lock();
        let (at, settled) = (disk.now, disk.is_settled());
        disk.seen.push(Seen::Waits { at, settled });
        if disk.dies(Place::Wait, self.waits) {
            return vec![Wake::Synced(Err(dead()))];
        }
        let signal = self
            .script
            .signal
            .filter(|signal| signal.process == self.process && signal.wait == self.waits);
        if let Some(signal) = signal {
            disk.seen.push(Seen::Signal { number: signal.number });
            return vec![Wake::Stop(match signal.number {
                0 => StopReason::Cancelled { by: "bob".to_owned() },
                number => StopReason::Signal { signal: number.into() },
            })];
        }
        let forced = self.script.signal.filter(|signal| {
            let at = signal.again.map(|again| signal.wait + again);
            signal.number > 0 && signal.process == self.process && at == Some(self.waits)
        });
        if forced.is_some() {
            disk.seen.push(Seen::Forced);
            return vec![Wake::Force];
        }
        drop(disk);
        if self.waits > MOST_WAITS {
            return self.give_up();
        }
        self.think(view);
        let flights = self.flight.values().flat_map(|flight| [flight.due, flight.ready]).flatten();
        let answers = self.people.due();
        let mail = self.disk.lock().mail.first().map(|_| at);
        let due = self.disk.lock().due();
        let refused = std::mem::take(&mut self.refused).then_some(i64::from(self.script.foreign));
        let flights = flights.chain(refused);
        let next = flights.chain(answers).chain(until.map(|until| until.0)).chain(mail).chain(due);
        match next.min() {
            Some(next) => {
                let mut disk = self.disk.lock();
                disk.now = disk.now.max(next);
            }
            None if self.terminal => {
                self.terminal = false;
                return Vec::new();
            }
            None => return self.give_up(),
        }
        let mut arrived = self.arrivals();
        if self.script.told.is_some_and(|every| self.waits.is_multiple_of(every)) {
            arrived.push(told(self.waits));
        }
        arrived
    }

    fn mailbox(&self) -> Option<Mailbox> {
        let disk = self.disk.clone();
        self.disk
            .is_slow()
            .then(|| -> Mailbox { Box::new(move |wake| disk.lock().mail.push(wake)) })
    }

    fn poll(&mut self) -> Vec<Wake> {
        if !self.script.last_look {
            return Vec::new();
        }
        let said = self.people.said_by(i64::MAX);
        said.map(|said| self.hear(said)).unwrap_or_default()
    }

    fn draw(&mut self) -> f64 {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        #[allow(clippy::cast_precision_loss)] // any even draw will do
        let draw = (self.draws >> 40) as f64 / (1_u64 << 24) as f64;
        draw
    }

    fn take_machine_locks(&mut self, _unit: UnitIx, names: &[Arc<str>]) -> Result<(), Arc<str>> {
        let foreign = self.disk.lock().now < i64::from(self.script.foreign);
        self.refused |= foreign;
        names.first().filter(|_| foreign).map_or(Ok(()), |name| Err(Arc::clone(name)))
    }

    fn answers_questions(&self) -> bool {
        self.terminal || self.someone
    }
}
