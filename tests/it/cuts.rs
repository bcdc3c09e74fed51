//! Chains and services in a world of their own: whatever a crash cuts off, the end is the same.
//!
//! The journal is cut after each event of a run; what is left is folded and resumed.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use goalc::diagnostic::Diagnostics;
use goalc::exec::drive::{Drive, DriveOptions, RunEnd};
use goalc::exec::event::{
    Answer, AttemptEnd, Event, Failure, RunStatus, Stamped, StopReason, Timestamp,
};
use goalc::exec::graph::Graph;
use goalc::exec::journal::{Journal, JournalError};
use goalc::exec::scope::{NoSurroundings, Surroundings, Values};
use goalc::exec::state::RunState;
use goalc::exec::world::{Account, AttemptOrder, Outcome, Ticket, View, Wake, Work, World};
use goalc::sema::{Loader, NotLoaded, Options, analyze};
use goalc::source::SourceMap;

/// Nothing is there.
static NOWHERE: NoSurroundings = NoSurroundings { root: PathBuf::new() };

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _path: &Path) -> Result<Arc<str>, NotLoaded> {
        Err(NotLoaded::Unreadable("no such file".to_owned()))
    }
}

#[derive(Default)]
struct Kept(Vec<Stamped>);

impl Journal for Kept {
    fn append(&mut self, events: &[Stamped], _durable: bool) -> Result<(), JournalError> {
        self.0.extend_from_slice(events);
        Ok(())
    }
}

/// How steps end: by name, the exit codes of their attempts; then 0.
type Script = HashMap<&'static str, Vec<i32>>;

/// Attempts end at once, in the order of their starts; services when they are stopped, or after
/// so many other ends.
struct Fake {
    now: Timestamp,
    script: Script,
    wakes: VecDeque<Wake>,
    services: Vec<Ticket>,
    /// A service that dies, and after how many ends of others.
    dies: Option<u32>,
    /// After so many ends the run is stopped by a signal.
    stops: Option<u32>,
    held: Vec<Ticket>,
}

impl Fake {
    fn new(script: &Script) -> Self {
        Self {
            now: Timestamp(0),
            script: script.clone(),
            wakes: VecDeque::new(),
            services: Vec::new(),
            dies: None,
            stops: None,
            held: Vec::new(),
        }
    }

    fn code(&self, order: AttemptOrder, view: View<'_>) -> i32 {
        let id = view.state.graph().id(order.unit.node).to_string();
        let codes = self.script.get(id.as_str());
        codes.and_then(|codes| codes.get(order.attempt as usize - 1)).copied().unwrap_or(0)
    }

    fn end(code: i32) -> AttemptEnd {
        match code {
            0 => AttemptEnd::Succeeded { outputs: IndexMap::new() },
            code => AttemptEnd::Failed(Failure::Exit { code }),
        }
    }

    fn done(&mut self, ticket: Ticket, end: AttemptEnd) {
        let outcome = Outcome::Attempt {
            end,
            account: Account { tail: vec!["its last line".to_owned()], ..Account::default() },
        };
        self.wakes.push_back(Wake::Done { ticket, outcome });
    }
}

/// An attempt with this exit code does not end by itself.
const HELD: i32 = -1;

impl World for Fake {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn surroundings(&self) -> &dyn Surroundings {
        &NOWHERE
    }

    fn begin(&mut self, ticket: Ticket, work: &Work, view: View<'_>) {
        let outcome = match work {
            Work::Attempt(order) if view.state.graph().is_service(order.unit.node) => {
                match self.code(*order, view) {
                    0 => {
                        self.services.push(ticket);
                        self.wakes.push_back(Wake::Ready { ticket, outputs: IndexMap::new() });
                    }
                    code => self.done(ticket, Self::end(code)),
                }
                return;
            }
            Work::Attempt(order) => match self.code(*order, view) {
                HELD => return self.held.push(ticket),
                code => Outcome::Attempt { end: Self::end(code), account: Account::default() },
            },
            Work::Joined(orders) => {
                let codes: Vec<i32> = orders.iter().map(|order| self.code(*order, view)).collect();
                let well = codes.iter().all(|code| *code == 0);
                let stopped = AttemptEnd::Failed(Failure::Cancelled);
                let end =
                    |code: i32| if code == 0 && !well { stopped.clone() } else { Self::end(code) };
                Outcome::Joined(
                    codes.into_iter().map(|code| (end(code), Account::default())).collect(),
                )
            }
            Work::Unless(_) => Outcome::Checked(Err("not yet".to_owned())),
            Work::Requires(_) | Work::VerifyByHand(_) | Work::VerifyGoal(_) => {
                Outcome::Checked(Ok(()))
            }
            Work::Cleanup(_) => Outcome::Cleaned(None),
            // No plan here saves or undoes anything, and no agent is there.
            Work::Snapshot { .. } | Work::Restore(_) | Work::Undo { .. } | Work::Agent { .. } => {
                return;
            }
        };
        self.wakes.push_back(Wake::Done { ticket, outcome });
    }

    fn stop(&mut self, ticket: Ticket, _force: bool) {
        for list in [&mut self.services, &mut self.held] {
            if let Some(at) = list.iter().position(|known| *known == ticket) {
                list.remove(at);
                let end = AttemptEnd::Failed(Failure::Cancelled);
                let outcome = Outcome::Attempt { end, account: Account::default() };
                self.wakes.push_back(Wake::Done { ticket, outcome });
            }
        }
    }

    fn wait(&mut self, until: Option<Timestamp>, view: View<'_>) -> Vec<Wake> {
        let asked = view.state.open_questions().map(|(unit, question)| Wake::Answered {
            unit: view.state.name(unit),
            answer: Answer::Rerun,
            by: "ada".to_owned(),
            from: "terminal".to_owned(),
            note: String::new(),
            asked: Some(question.seq),
            said: None,
        });
        let asked: Vec<Wake> = asked.collect();
        if !asked.is_empty() {
            return asked;
        }
        let Some(wake) = self.wakes.pop_front() else {
            if self.stops.take_if(|left| *left == 0).is_some() {
                return vec![Wake::Stop(StopReason::Signal { signal: 2 })];
            }
            if let (Some(0), Some(ticket)) = (self.dies, self.services.pop()) {
                self.dies = None;
                self.done(ticket, Self::end(9));
                return Vec::new();
            }
            let until = until.expect("something is due");
            self.now = self.now.max(until);
            return Vec::new();
        };
        if matches!(wake, Wake::Done { .. }) {
            self.dies = self.dies.map(|left| left.saturating_sub(1));
            self.stops = self.stops.map(|left| left.saturating_sub(1));
        }
        vec![wake]
    }

    fn draw(&mut self) -> f64 {
        0.5
    }

    fn answers_questions(&self) -> bool {
        true
    }
}

fn graph(steps: &str) -> Arc<Graph> {
    let mut sources = SourceMap::new();
    let text = format!("goal g {{\n{steps}\n}}\n");
    let file = sources.add("plan.goal", "/plan.goal", text.as_str());
    let effort = |_: &str| std::time::Duration::ZERO;
    let mut found = Diagnostics::new();
    let options = Options {
        loader: &Nothing,
        effort: &effort,
        executor: None,
        shell: None,
        kept: None,
        scenarios: None,
    };
    let plan = analyze(&mut sources, file, &options, &mut found);
    Arc::new(Graph::new(Arc::new(plan.unwrap_or_else(|| panic!("{:#?}", found.sorted())))))
}

fn started() -> Event {
    Event::RunStarted {
        interactive: false,
        params: IndexMap::new(),
        jobs: 4,
        keep_going: false,
        left_out: Vec::new(),
        skipped: Vec::new(),
        allow_outside: false,
    }
}

fn resumed() -> Event {
    Event::RunResumed { retry_failed: false, changed: Vec::new(), interactive: false, edits: None }
}

/// A run from some events on: its end, its events, and how each step stands.
struct Ran {
    end: RunEnd,
    events: Vec<Stamped>,
    statuses: Vec<String>,
}

fn drive(graph: &Arc<Graph>, world: Fake, before: &[Stamped], first: Event) -> Ran {
    let mut journal = Kept::default();
    let order = (0..).take(graph.node_count()).collect();
    let mut state = RunState::new(Arc::clone(graph), order);
    for event in before {
        state.apply(event);
    }
    let values = Values::new(HashMap::new());
    let mut drive = Drive::new(state, values, world, DriveOptions::default(), &mut journal);
    let end = drive.run(first).expect("the journal takes all");
    let status = |node| format!("{} {}", graph.id(node), drive.state.status(node));
    let statuses = graph.steps().map(status).collect();
    drop(drive);
    let events = before.iter().cloned().chain(journal.0).collect();
    Ran { end, events, statuses }
}

/// Runs a plan, and again with each crash; requires this end of all.
fn same_end(steps: &str, script: &Script, world: fn(&mut Fake), wanted: &str) -> Ran {
    let graph = graph(steps);
    let mut fake = Fake::new(script);
    world(&mut fake);
    let whole = drive(&graph, fake, &[], started());
    assert_eq!(whole.statuses.join(", "), wanted);
    for cut in 1..whole.events.len() {
        let mut fake = Fake::new(script);
        world(&mut fake);
        let again = drive(&graph, fake, &whole.events[..cut], resumed());
        let last = &whole.events[cut - 1];
        assert_eq!(again.statuses, whole.statuses, "cut behind {last:?}: {:#?}", again.events);
        assert_eq!(again.end.exit, whole.end.exit, "cut behind {last:?}");
    }
    whole
}

fn attempts(ran: &Ran, step: &str) -> usize {
    let of = |event: &&Stamped| matches!(&event.event, Event::AttemptStarted { unit, .. } if unit.to_string() == step);
    ran.events.iter().filter(of).count()
}

const CHAIN: &str = "step a { run \"a\" }\n\
     step b { stdin from a; run \"b\"; retry 1 delay 1m; idempotent; unless { file \"b\" } }\n\
     step c { stdin from b; run \"c\"; idempotent }\n\
     step d { depends c; run \"d\"; idempotent }";

#[test]
fn a_chain_that_is_cut_off_comes_to_its_end() {
    let script = HashMap::from([("b", vec![1, 0])]);
    let ran =
        same_end(CHAIN, &script, |_| {}, "a succeeded, b succeeded, c succeeded, d succeeded");
    assert_eq!((attempts(&ran, "a"), attempts(&ran, "c")), (2, 2));
}

#[test]
fn a_chain_that_fails_fails_the_same_after_a_crash() {
    let script = HashMap::from([("b", vec![1; 99])]);
    let ran = same_end(CHAIN, &script, |_| {}, "a cancelled, b failed, c cancelled, d blocked");
    assert_eq!(ran.end.status, RunStatus::Failed);
    assert_eq!(attempts(&ran, "a"), 2);
}

#[test]
fn a_chain_goes_on_with_a_fallback_after_a_crash() {
    let steps = "step a { run \"a\"; idempotent }\n\
         step b { stdin from a; run \"b\"; idempotent; fallback f { run \"f\" } }";
    let script = HashMap::from([("b", vec![1, 0])]);
    same_end(steps, &script, |_| {}, "a succeeded, b succeeded");
}

const SERVED: &str = "step s { run \"s\"; service; retry 1 }\n\
     step free { run \"free\"; service }\n\
     step a { depends s; run \"a\"; idempotent }\n\
     goal i { depends s, a; step b { run \"b\"; idempotent } }\n\
     step c { after s; run \"c\"; idempotent }";

#[test]
fn services_serve_also_after_a_crash() {
    let script = HashMap::from([("s", vec![1])]);
    let ran = same_end(
        SERVED,
        &script,
        |_| {},
        "s succeeded, free succeeded, a succeeded, i.b succeeded, c succeeded",
    );
    assert_eq!(attempts(&ran, "s"), 2);
}

#[test]
fn a_service_that_dies_takes_its_dependents_with_it() {
    let steps = "on failure continue\n\
         step s { run \"s\"; service; retry 5 }\n\
         step a { depends s; run \"a\"; retry 5; idempotent }\n\
         step b { depends a, s; run \"b\" }\n\
         step c { after s; run \"c\"; idempotent }";
    let graph = graph(steps);
    let mut fake = Fake::new(&HashMap::from([("a", vec![HELD])]));
    fake.dies = Some(0);
    let ran = drive(&graph, fake, &[], started());
    assert_eq!(ran.statuses.join(", "), "s failed, a failed, b blocked, c succeeded");
    assert_eq!((attempts(&ran, "s"), attempts(&ran, "a")), (1, 1));
    let said = ran.events.iter().find_map(|event| match &event.event {
        Event::StepEnded { failure: Some(Failure::Service { tail, .. }), reason, .. } => {
            Some((tail.clone(), reason.clone()))
        }
        _ => None,
    });
    let reason = "its service `s` died: exit code 9".to_owned();
    assert_eq!(said, Some((vec!["its last line".to_owned()], Some(reason))));
}

#[test]
fn a_signal_ends_a_service_after_those_who_need_it() {
    let graph = graph("step s { run \"s\"; service }\nstep a { depends s; run \"a\"; idempotent }");
    let mut fake = Fake::new(&HashMap::from([("a", vec![HELD])]));
    fake.stops = Some(0);
    let ran = drive(&graph, fake, &[], started());
    assert_eq!((ran.statuses.join(", ").as_str(), ran.end.exit), ("s succeeded, a cancelled", 130));
    let again = drive(&graph, Fake::new(&Script::new()), &ran.events, resumed());
    assert_eq!(again.statuses.join(", "), "s succeeded, a succeeded");
    assert_eq!(attempts(&again, "s"), 2);
}

#[test]
fn nothing_waits_for_ever_where_a_plan_from_outside_waits_in_a_circle() {
    let mut plan = (**graph("step s { run \"s\"; service }\nstep a { run \"a\" }").plan()).clone();
    let edge = |on: &str| goalc::ir::Edge {
        on: goalc::value::NodeId::Step(goalc::value::StepId::new(on)),
        kind: goalc::ir::EdgeKind::Depends,
    };
    plan.steps["a"].edges = vec![edge("s"), edge("a")];
    let graph = Arc::new(Graph::new(Arc::new(plan)));
    let ran = drive(&graph, Fake::new(&Script::new()), &[], started());
    assert_eq!((ran.end.status, ran.end.exit), (RunStatus::Failed, 4));
}

#[test]
fn a_chain_waits_for_slots_for_all_of_it() {
    let steps = "step x { run \"x\" }\nstep a { run \"a\" }\n\
         step b { stdin from a; run \"b\" }\nstep y { run \"y\" }";
    let graph = graph(steps);
    let mut first = started();
    if let Event::RunStarted { jobs, .. } = &mut first {
        *jobs = 1;
    }
    let ran = drive(&graph, Fake::new(&Script::new()), &[], first);
    let mut running = 0_u32;
    let mut most = Vec::new();
    for event in &ran.events {
        match &event.event {
            Event::AttemptStarted { unit, .. } => {
                running += 1;
                most.push((unit.to_string(), running));
            }
            Event::AttemptEnded { .. } => running -= 1,
            _ => {}
        }
    }
    let most: Vec<(&str, u32)> = most.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(most, [("x", 1), ("a", 1), ("b", 2), ("y", 1)]);
}
