//! What goalc asks of an executor, and what it makes of its answers: with one of the tests' own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexmap::IndexMap;

use goalc::diagnostic::Diagnostics;
use goalc::exec::drive::{Drive, DriveOptions, RunEnd};
use goalc::exec::event::{Event, Failure, Stamped};
use goalc::exec::executor::{Executor, Key, Task};
use goalc::exec::graph::Graph;
use goalc::exec::journal::{Journal, JournalError};
use goalc::exec::process::{ProcessEnd, ProcessReport};
use goalc::exec::scope::Values;
use goalc::exec::state::RunState;
use goalc::exec::world::{Launcher, LocalWorld, RealSurroundings, RunFiles};
use goalc::sema::{Loader, NotLoaded, Options, analyze};
use goalc::source::SourceMap;
use goalc::value::Masker;

/// What was asked of it, and what it is to answer.
#[derive(Debug, Default)]
struct Script {
    /// `begin a`, `keep a`, `stop a`.
    asked: Vec<String>,
    /// By step, the ends of its attempts, the first first; exit code 0 where there are none left.
    ends: HashMap<&'static str, Vec<ProcessEnd>>,
    /// Attempts that do not end before they are told to.
    endless: Vec<&'static str>,
    under_way: Vec<Task>,
}

/// Nothing runs; each attempt ends as the script says.
#[derive(Debug, Clone, Default)]
struct Fake(Arc<Mutex<Script>>);

impl Executor for Fake {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn outlives(&self) -> bool {
        true
    }

    fn take_over(&mut self, kept: &[Key]) {
        let kept = kept.iter().map(|key| format!("keep {} {}", key.unit, key.start));
        self.0.lock().unwrap().asked.extend(kept);
    }

    fn begin(&mut self, task: Task) {
        let mut script = self.0.lock().unwrap();
        script.asked.push(format!("begin {}", task.key.unit));
        if script.endless.iter().any(|unit| *unit == task.key.unit) {
            script.under_way.push(task);
            return;
        }
        let ends = script.ends.iter_mut().find(|(unit, _)| **unit == task.key.unit);
        let end = match ends {
            Some((_, ends)) if !ends.is_empty() => ends.remove(0),
            _ => ProcessEnd::Exited(0),
        };
        (task.done)(ProcessReport::not_started(end));
    }

    fn look(&mut self) {
        let mut script = self.0.lock().unwrap();
        let tasks = std::mem::take(&mut script.under_way);
        for task in tasks {
            if !task.control.is_stopped() {
                script.under_way.push(task);
                continue;
            }
            script.asked.push(format!("stop {}", task.key.unit));
            (task.done)(ProcessReport::not_started(ProcessEnd::Stopped));
        }
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

struct Nothing;

impl Loader for Nothing {
    fn load(&self, _path: &Path) -> Result<Arc<str>, NotLoaded> {
        Err(NotLoaded::Unreadable("no such file".to_owned()))
    }
}

fn graph(steps: &str) -> Arc<Graph> {
    let mut sources = SourceMap::new();
    let text = format!("goal g {{\n{steps}\n}}\n");
    let file = sources.add("plan.goal", "/plan.goal", text.as_str());
    let effort = |_: &str| Duration::ZERO;
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

/// A run's end, its events, how each step stands, and what the executor was asked.
struct Ran {
    end: RunEnd,
    events: Vec<Stamped>,
    statuses: Vec<String>,
    asked: Vec<String>,
    failures: Vec<Failure>,
}

fn carry_out(steps: &str, fake: &Fake, before: &[Stamped]) -> Ran {
    let graph = graph(steps);
    let folder = tempfile::tempdir().expect("a folder");
    let launcher = Launcher {
        run: "r".to_owned(),
        mark: "r".to_owned(),
        files: RunFiles::prepare(folder.path().to_owned()).expect("its folders are made"),
        env: Arc::new(std::env::vars_os().filter(|(name, _)| name == "PATH").collect()),
        masker: Arc::new(Masker::default()),
        lines: None,
    };
    let surroundings = RealSurroundings::new(folder.path().to_owned(), []);
    let world = LocalWorld::new(surroundings, launcher, None, false);
    let world = world.with_executor(Box::new(fake.clone()));
    let mut state = RunState::new(Arc::clone(&graph), Vec::new());
    for event in before {
        state.apply(event);
    }
    let first = if before.is_empty() {
        Event::RunStarted {
            interactive: false,
            params: IndexMap::new(),
            jobs: 4,
            keep_going: false,
            left_out: Vec::new(),
            skipped: Vec::new(),
            allow_outside: false,
        }
    } else {
        Event::RunResumed {
            retry_failed: false,
            changed: Vec::new(),
            interactive: false,
            edits: None,
        }
    };
    let mut journal = Kept::default();
    let options = DriveOptions { executor: Some("slurm".to_owned()), ..DriveOptions::default() };
    let values = Values::new(HashMap::new());
    let mut drive = Drive::new(state, values, world, options, &mut journal);
    let end = drive.run(first).expect("the journal takes all");
    let status = |node| format!("{} {}", graph.id(node), drive.state.status(node));
    let statuses = graph.steps().map(status).collect();
    let failure = |node| drive.state.node(node).failure.as_deref().cloned();
    let failures = graph.steps().filter_map(failure).collect();
    drop(drive);
    let events = before.iter().cloned().chain(journal.0).collect();
    let asked = std::mem::take(&mut fake.0.lock().unwrap().asked);
    Ran { end, events, statuses, asked, failures }
}

fn fake(ends: &[(&'static str, &[ProcessEnd])]) -> Fake {
    let ends = ends.iter().map(|(unit, ends)| (*unit, ends.to_vec())).collect();
    Fake(Arc::new(Mutex::new(Script { ends, ..Script::default() })))
}

fn lost() -> ProcessEnd {
    ProcessEnd::Lost("its node is gone".to_owned())
}

#[test]
fn commands_go_where_their_step_says_and_then_where_the_run_does() {
    let steps = "step a { run \"false\" }\n\
                 step b { depends a; executor local; run \"true\" }\n\
                 step c { depends b; executor slurm { cpus 2 }; run \"false\" }";
    let ran = carry_out(steps, &fake(&[]), &[]);
    assert_eq!(ran.asked, ["begin a", "begin c"]);
    assert_eq!(ran.statuses, ["a succeeded", "b succeeded", "c succeeded"]);
}

#[test]
fn a_lost_attempt_is_tried_again_as_retry_says() {
    let steps = "step a { run \"x\"; retry 2 on lost; on failure skip }\n\
                 step b { run \"x\"; retry 2 on exit 3; on failure skip }";
    let ends = [("a", &[lost(), lost()][..]), ("b", &[lost()][..])];
    let ran = carry_out(steps, &fake(&ends), &[]);
    assert_eq!(ran.asked.iter().filter(|asked| *asked == "begin a").count(), 3);
    assert_eq!(ran.statuses, ["a succeeded", "b in-doubt"]);
}

#[test]
fn without_a_retry_a_lost_step_is_in_doubt_and_only_an_idempotent_one_runs_again_by_itself() {
    let steps = "step a { run \"x\"; idempotent }\nstep b { run \"x\" }";
    let ends = [("a", &[lost()][..]), ("b", &[lost()][..])];
    let ran = carry_out(steps, &fake(&ends), &[]);
    assert_eq!(ran.statuses, ["a succeeded", "b in-doubt"]);
    assert_eq!(ran.end.exit, 3);
    let question = ran.events.iter().find_map(|stamped| match &stamped.event {
        Event::Asked { question, .. } => Some(question.clone()),
        _ => None,
    });
    let question = question.expect("a person is asked");
    assert!(question.contains("its node is gone"), "{question}");
}

#[test]
fn a_step_that_ends_its_nodes_is_not_run_again_for_ever() {
    let all = vec![lost(); 10];
    let ran = carry_out("step a { run \"x\"; idempotent }", &fake(&[("a", &all)]), &[]);
    assert_eq!(ran.asked.len(), 4);
    assert_eq!(ran.statuses, ["a failed"]);
    assert!(matches!(ran.failures.as_slice(), [Failure::Lost { .. }]), "{:?}", ran.failures);
}

#[test]
fn ends_become_the_failures_that_they_are_on_this_machine() {
    let ends = [
        (ProcessEnd::Exited(7), "exit code 7"),
        (ProcessEnd::Signalled(15), "ended by SIGTERM"),
        (ProcessEnd::OutOfMemory, "used more than the memory it may use"),
        (ProcessEnd::TimedOut, "no end within its timeout of 3s"),
        (
            ProcessEnd::CannotStart("no such partition".to_owned()),
            "cannot start: no such partition",
        ),
    ];
    for (end, said) in ends {
        let ran = carry_out("step a { run \"x\"; timeout 3s }", &fake(&[("a", &[end])]), &[]);
        let failures: Vec<String> = ran.failures.iter().map(ToString::to_string).collect();
        assert_eq!(failures, [said]);
    }
}

#[test]
fn a_deadline_ends_what_runs_elsewhere() {
    let fake = fake(&[]);
    fake.0.lock().unwrap().endless.push("a");
    let ran = carry_out("deadline 50ms\nstep a { run \"x\" }", &fake, &[]);
    assert_eq!(ran.asked, ["begin a", "stop a"]);
    assert_eq!(ran.statuses, ["a cancelled"]);
    assert_eq!(ran.end.exit, 1);
}

#[test]
fn what_was_begun_before_a_crash_is_followed_and_not_begun_anew() {
    let steps = "step a { run \"x\" }\nstep b { depends a; run \"true\"; executor local }";
    let whole = carry_out(steps, &fake(&[]), &[]);
    let started = |stamped: &Stamped| matches!(stamped.event, Event::AttemptStarted { .. });
    let cut = whole.events.iter().position(started).expect("it has started") + 1;
    let again = carry_out(steps, &fake(&[]), &whole.events[..cut]);
    assert_eq!(again.asked, [format!("keep a {cut}"), "begin a".to_owned()]);
    assert_eq!(again.statuses, ["a succeeded", "b succeeded"]);
    let attempts = again.events.iter().filter(|stamped| started(stamped)).count();
    assert_eq!(attempts, 2, "one of each");
}
