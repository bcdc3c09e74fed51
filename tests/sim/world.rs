//! A world in which everything goes as the script says, on a clock that jumps.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use goalc::exec::event::{AttemptEnd, Failure, StopReason, Timestamp, Unit};
use goalc::exec::scope::{NoSurroundings, Surroundings};
use goalc::exec::state::UnitIx;
use goalc::exec::world::{
    Account, AttemptOrder, Mailbox, Outcome, Ticket, Undone, View, Wake, Work as Theirs, World,
};

use super::disk::{Shared, dead};
use super::people::People;
use super::plan::{Kind, Step};
use super::script::{Place, Script};
use super::trace::{At, Seen, Work};
use super::translate::{failure, gives, told};
use super::tree::Tree;
use super::work::{Flight, cancelled};

/// So often may a process wait before it counts as one that never ends.
const MOST_WAITS: u16 = 2000;

/// What a process of goalc lives in.
pub(crate) struct Scripted<'a> {
    pub(crate) tree: Arc<Tree<'a>>,
    pub(crate) script: &'a Script,
    pub(crate) disk: Shared,
    nowhere: NoSurroundings,
    /// Which process of the run this is, from 0, and whether questions are answered at once.
    pub(crate) process: u8,
    pub(crate) someone: bool,
    terminal: bool,
    waits: u16,
    /// How many attempts of each unit have ended.
    pub(crate) ended: HashMap<At, usize>,
    flight: BTreeMap<Ticket, Flight>,
    /// Attempts that run elsewhere, whether goalc does or not, by what names them.
    pub(crate) elsewhere: Elsewhere,
    pub(crate) people: People,
    draws: u64,
    /// A lock of the machine was refused since the last wait.
    refused: bool,
}

/// When an attempt that runs elsewhere ends, and how, by its unit and the event that started it.
/// Lives on when a process dies.
pub(crate) type Elsewhere = Arc<RefCell<BTreeMap<(At, u64), (i64, AttemptEnd)>>>;

impl<'a> Scripted<'a> {
    pub(crate) fn new(
        tree: &Arc<Tree<'a>>,
        script: &'a Script,
        disk: &Shared,
        (process, someone): (u8, bool),
        (ended, elsewhere): (HashMap<At, usize>, Elsewhere),
    ) -> Self {
        Self {
            elsewhere,
            tree: Arc::clone(tree),
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
