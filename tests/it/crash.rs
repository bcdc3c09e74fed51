//! goalc killed after each event of a run, and at random moments: whatever it was doing, the run
//! ends the same, nothing that was recorded as done happens again, and nothing is left running.
//!
//! The plan has 60 steps with all that a crash could break: retries, fallbacks, items, questions,
//! snapshots, locks, and steps that must not run twice. `ignored` tests take minutes; the script
//! `scripts/tests/crash` runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Live, Outcome, Project, eventually, is_alive};

const LAYERS: usize = 10;

/// Each step notes its name and process; those called `once…` must not run twice.
fn plan() -> String {
    let mut text = String::from("goal g {\n  parallel 4\n");
    let note = |name: &str| format!("echo $$ >> $PIDS; echo {name} >> $RAN");
    for layer in 0..LAYERS {
        let above = |kind: &str| match layer.checked_sub(1) {
            Some(above) => format!("depends {kind}{above}; "),
            None => String::new(),
        };
        let mut step = |name: &str, body: String| {
            text += &format!("  step {name} {{ {body} }}\n");
        };
        let name = |kind: &str| format!("{kind}{layer}");
        let (plain, flaky, other) = (name("plain"), name("flaky"), name("other"));
        let (each, undone, once) = (name("each"), name("undone"), name("once"));
        step(
            &plain,
            format!(
                "{}run \"{}; echo n={layer} >> $GOAL_OUTPUT\"; output n: int; lock l; idempotent",
                above("once"),
                note(&plain)
            ),
        );
        let retry = "retry 3 delay 2ms; idempotent";
        step(
            &flaky,
            format!(
                "{}run \"{}; test $GOAL_ATTEMPT -ge 2\"; {retry}",
                above("plain"),
                note(&flaky)
            ),
        );
        step(
            &other,
            format!(
                "depends {plain}; run \"exit 1\"; fallback way {{ run \"{}\" }}; idempotent",
                note(&other)
            ),
        );
        step(
            &each,
            format!(
                "depends {plain}; foreach x in range(0, 3); run \"{}; echo y=${{x}} >> $GOAL_OUTPUT\"; \
                 output y: int; idempotent",
                note(&each)
            ),
        );
        step(
            &undone,
            format!(
                "depends {flaky}; snapshot \"data{layer}\"; idempotent; \
                 run \"{}; echo hurt > data{layer}/kept; rm data{layer}/gone; echo > data{layer}/new; exit 3\"; \
                 on failure ignore because \"its snapshot is put back\"",
                note(&undone)
            ),
        );
        step(
            &once,
            format!(
                "depends {other}, {each}, {undone}; confirm \"Sure of ${{{plain}.n}}?\"; run \"{}\"",
                note(&once)
            ),
        );
    }
    text + "}\n"
}

fn project() -> Project {
    let project = Project::new(&plan());
    for layer in 0..LAYERS {
        project.write(&format!("data{layer}/kept"), "kept");
        project.write(&format!("data{layer}/gone"), "here again");
    }
    project
}

fn start(project: &Project, arguments: &[&str], crash_after: Option<u64>) -> Live {
    let mut command = project.command(arguments);
    command.env("RAN", project.path("ran")).env("PIDS", project.path("pids"));
    if let Some(events) = crash_after {
        command.env("GOALC_CRASH_AFTER", events.to_string());
    }
    project.spawn(command)
}

const RUN: &[&str] = &["run", "plan.goal", "--format", "json", "-y"];
const RESUME: &[&str] = &["resume", "--format", "json", "-y"];

fn counts(project: &Project) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in project.lines("ran") {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

fn succeeded(shown: &Outcome) -> BTreeSet<String> {
    let steps = shown.json["steps"].as_array().expect("steps").iter();
    let done = steps.filter(|step| step["status"] == "succeeded" || step["tolerated"] == true);
    done.map(|step| step["id"].as_str().expect("an id").to_owned()).collect()
}

/// A run that was killed, brought to its end.
struct Trial {
    project: Project,
    /// `rerun` answers that were given, by step.
    reruns: BTreeMap<String, usize>,
}

impl Trial {
    fn new() -> Self {
        Self { project: project(), reruns: BTreeMap::new() }
    }

    /// Looks at what is recorded, and that it stays so while `go_on` works.
    fn holds<T>(&mut self, go_on: impl FnOnce(&Project) -> T) -> T {
        let done = self.project.call(&["show", "--format", "json"]);
        let before = if done.code == 0 { succeeded(&Outcome::of(done)) } else { BTreeSet::new() };
        let ran = counts(&self.project);
        let result = go_on(&self.project);
        let now = counts(&self.project);
        for step in &before {
            assert_eq!(ran.get(step), now.get(step), "{step} was done, and ran again");
        }
        result
    }

    /// Resumes, answering for what is in doubt, until the run has ended.
    fn finish(mut self) {
        for _ in 0..100 {
            if !self.project.state().join("state.db").exists() || self.has_no_run() {
                let done = self.holds(|project| start(project, RUN, None).end());
                return self.check(&Outcome::of(done.exits(0)));
            }
            let done = self.holds(|project| start(project, RESUME, None).end());
            match done.code {
                0 => return self.check(&Outcome::of(done)),
                3 => self.answer(&Outcome::of(done)),
                code => panic!("exit code {code}: {}", done.text()),
            }
        }
        panic!("it does not end");
    }

    fn has_no_run(&self) -> bool {
        let json = self.project.call(&["runs", "--format", "json"]).json();
        json["runs"].as_array().is_none_or(Vec::is_empty)
    }

    fn answer(&mut self, waiting: &Outcome) {
        let steps = waiting.json["steps"].as_array().expect("steps");
        for step in steps.iter().filter(|step| step["status"] == "in-doubt") {
            let id = step["id"].as_str().expect("an id");
            assert!(id.starts_with("once"), "{id} is idempotent, and was asked about");
            let ran = counts(&self.project).get(id).copied().unwrap_or(0);
            // A person would look whether it is done.
            let word =
                if ran > self.reruns.get(id).copied().unwrap_or(0) { "done" } else { "rerun" };
            if word == "rerun" {
                *self.reruns.entry(id.to_owned()).or_default() += ran;
            }
            self.project.call(&[word, id]).exits(0);
        }
    }

    fn check(&self, end: &Outcome) {
        let project = &self.project;
        assert_eq!(end.json["status"], "achieved", "{}", end.json);
        let ran = counts(project);
        for layer in 0..LAYERS {
            for (kind, status, least) in [
                ("plain", "succeeded", 1),
                // Its first attempt may have died with goalc before it could note anything.
                ("flaky", "succeeded", 1),
                ("other", "succeeded", 1),
                ("each", "succeeded", 3),
                ("undone", "failed", 1),
                ("once", "succeeded", 1),
            ] {
                let id = format!("{kind}{layer}");
                assert_eq!(end.status(&id), status, "{id}: {}", end.json);
                let count = ran.get(&id).copied().unwrap_or(0);
                assert!(count >= least, "{id} ran {count} times");
                assert!(kind != "once" || count == 1, "{id} ran {count} times");
            }
            let folder = project.path(&format!("data{layer}"));
            let names: BTreeSet<_> = fs::read_dir(folder)
                .expect("it")
                .map(|e| e.expect("an entry").file_name())
                .collect();
            assert_eq!(names, BTreeSet::from(["gone".into(), "kept".into()]), "data{layer}");
            assert_eq!(project.read(&format!("data{layer}/kept")), "kept");
            assert_eq!(project.read(&format!("data{layer}/gone")), "here again");
            let outputs: &Value = &end.step(&format!("each{layer}"))["instances"];
            let gave: Vec<_> = (0..3).map(|at| outputs[at]["outputs"]["y"].clone()).collect();
            assert_eq!(gave, [0, 1, 2].map(Value::from), "{outputs}");
        }
        for pid in project.lines("pids") {
            eventually("the end of all processes", || !is_alive(&pid));
        }
    }
}

/// Does `trial` with each number from `numbers`, a few at once.
fn for_each(numbers: impl Iterator<Item = u64> + Send, trial: impl Fn(u64) + Sync) {
    let numbers = std::sync::Mutex::new(numbers);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let next = numbers.lock().expect("no panic").next();
                    let Some(number) = next else { break };
                    trial(number);
                }
            });
        }
    });
}

/// How many events a run has that nothing disturbs.
fn events() -> u64 {
    let trial = Trial::new();
    start(&trial.project, RUN, None).end().exits(0);
    let db = rusqlite::Connection::open(trial.project.state().join("state.db")).expect("a state");
    let count = db.query_row("select count(*) from events", [], |row| row.get::<_, i64>(0));
    u64::try_from(count.expect("a number")).expect("a number")
}

fn crash_after(events: u64) {
    let trial = Trial::new();
    let killed = start(&trial.project, RUN, Some(events)).end();
    assert_eq!(killed.code, -9, "after {events} events: {}", killed.text());
    trial.finish();
}

#[test]
fn a_run_ends_the_same_killed_after_some_of_its_events() {
    let all = events();
    assert!(all > 200, "{all} events");
    for_each((1..all).step_by(41), crash_after);
}

#[test]
#[ignore = "minutes: see scripts/tests/crash"]
fn a_run_ends_the_same_killed_after_each_of_its_events() {
    let all = events();
    for_each(1..all, crash_after);
}

/// The same process never comes further than a few events: each of these is a crash in a resume.
#[test]
fn a_run_ends_the_same_where_each_resume_is_killed_too() {
    let mut trial = Trial::new();
    start(&trial.project, RUN, Some(7)).end();
    for round in 0..400 {
        let done = trial.holds(|project| start(project, RESUME, Some(9 + round % 5)).end());
        match done.code {
            -9 => {}
            3 => trial.answer(&Outcome::of(done)),
            0 => return trial.check(&Outcome::of(done)),
            code => panic!("exit code {code}: {}", done.text()),
        }
    }
    trial.finish();
}

#[test]
#[ignore = "minutes: see scripts/tests/crash"]
fn a_run_ends_the_same_killed_at_300_moments() {
    let began = Instant::now();
    start(&Trial::new().project, RUN, None).end().exits(0);
    let whole = u64::try_from(began.elapsed().as_micros()).expect("a time");
    // Even over the run's length, each moment a little off: a seed that any failure can be told by.
    let seed = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    for_each(0..300, |number| {
        let draw = seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) >> 40;
        let moment = Duration::from_micros((whole * number / 300) + draw % (whole / 100 + 1));
        let trial = Trial::new();
        let live = start(&trial.project, RUN, None);
        // A moment is what is tried here: there is no event to wait for.
        thread::sleep(moment);
        live.kill();
        trial.finish();
    });
}
