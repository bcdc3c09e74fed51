//! What a report says of runs that are told event by event, with times as long as they need to be.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{EarlierRun, LessonView, ReportView, Sources};
use crate::diagnostic::Diagnostics;
use crate::exec::event::Event;
use crate::exec::graph::Graph;
use crate::exec::state::RunState;
use crate::exec::{Stamped, Timestamp};
use crate::report::run::{RunView, StepView};
use crate::sema::{Loader, NotLoaded, Options, analyze};
use crate::source::SourceMap;

/// 2026-11-22T13:42:10.250Z
const START: i64 = 1_795_354_930_250;

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

/// A run so far.
struct Story {
    graph: Arc<Graph>,
    events: Vec<Stamped>,
    earlier: Vec<EarlierRun>,
    estimates: Vec<(&'static str, u64, u64)>,
}

impl Story {
    fn new(steps: &str) -> Self {
        let graph = graph(steps);
        let mut story =
            Self { graph, events: Vec::new(), earlier: Vec::new(), estimates: Vec::new() };
        let limit = story.graph.goal(story.graph.root()).and_then(|root| root.parallel.clone());
        let limit = limit.and_then(|limit| serde_json::to_value(limit).ok());
        let limit = limit.and_then(|limit| limit.get("literal").and_then(Json::as_u64));
        story.at(
            0.0,
            json!({ "event": "run-started", "params": {}, "jobs": limit.unwrap_or(8),
            "keep_going": false, "left_out": [], "skipped": [] }),
        );
        story.at(0.0, json!({ "event": "goal-opened", "goal": "", "parallel": limit }));
        story
    }

    /// So many seconds after the start.
    #[allow(clippy::needless_pass_by_value)] // written where it is used
    fn at(&mut self, seconds: f64, event: Json) {
        let event: Event = serde_json::from_value(event.clone())
            .unwrap_or_else(|error| panic!("{error}: {event}"));
        let seq = self.events.len() as u64 + 1;
        #[allow(clippy::cast_possible_truncation)] // of a test
        let at = Timestamp(START + (seconds * 1000.0) as i64);
        self.events.push(Stamped { seq, at, event });
    }

    fn attempt(&mut self, step: &str, number: u32, way: u32, from: f64, to: f64, exit: i32) {
        let unit = json!({ "node": { "step": step } });
        self.at(
            from,
            json!({ "event": "attempt-started", "unit": unit, "attempt": number, "way": way }),
        );
        let end = match exit {
            0 => json!({ "succeeded": { "outputs": {} } }),
            code => json!({ "failed": { "exit": { "code": code } } }),
        };
        self.at(
            to,
            json!({ "event": "attempt-ended", "unit": unit, "attempt": number, "end": end }),
        );
    }

    fn end(&mut self, step: &str, at: f64, status: &str) {
        let failure = (status == "failed").then(|| json!({ "exit": { "code": 1 } }));
        let reason = failure.is_some().then_some("exit code 1");
        self.at(
            at,
            json!({ "event": "step-ended", "step": step, "status": status, "reason": reason,
            "failure": failure, "via": null, "outputs": {} }),
        );
    }

    /// A step that is tried once.
    fn step(&mut self, step: &str, from: f64, to: f64, exit: i32) {
        self.attempt(step, 1, 0, from, to, exit);
        self.end(step, to, if exit == 0 { "succeeded" } else { "failed" });
    }

    fn finish(&mut self, at: f64, status: &str) {
        let exit = u8::from(status == "failed");
        self.at(
            at,
            json!({ "event": "run-ended", "status": status, "exit": exit, "reason": null }),
        );
    }

    fn as_earlier(&self) -> EarlierRun {
        EarlierRun::new(Arc::clone(self.graph.plan()), &self.events)
    }

    fn report(&self) -> ReportView {
        let mut state = RunState::new(Arc::clone(&self.graph), vec![0; self.graph.node_count()]);
        for event in &self.events {
            state.apply(event);
        }
        let mut run = RunView::new("20261122-134210-k3f2", "g", Timestamp(START));
        (run.status, run.exit, run.ended) = (state.status, state.exit, state.ended);
        run.reason.clone_from(&state.reason);
        run.steps = self
            .graph
            .steps()
            .map(|node| {
                let mut view = StepView::new(self.graph.id(node).to_string(), state.status(node));
                let found = state.node(node);
                (view.started, view.ended) = (found.started, found.ended);
                view.reason.clone_from(&found.reason);
                view.tolerated = state.is_ignored(node) && found.failure.is_some();
                view
            })
            .collect();
        let estimate = |node| {
            let name = self.graph.id(node).to_string();
            let found = self.estimates.iter().find(|(step, ..)| *step == name);
            found.map(|(_, from, to)| (Duration::from_secs(*from), Duration::from_secs(*to)))
        };
        let estimates: Vec<_> = self.graph.nodes().map(estimate).collect();
        ReportView::new(&Sources {
            run: &run,
            state: &state,
            events: &self.events,
            plan: "/plan.goal".to_owned(),
            until: self.events.last().map_or(Timestamp(START), |last| last.at),
            alive: false,
            estimates: &estimates,
            earlier: &self.earlier,
            damage: None,
        })
    }
}

/// The only lesson of a kind.
#[track_caller]
fn lesson(view: &ReportView, kind: &str) -> LessonView {
    let found: Vec<_> = view.lessons.iter().filter(|lesson| lesson.kind == kind).collect();
    assert_eq!(found.len(), 1, "{:#?}", view.lessons);
    found[0].clone()
}

#[track_caller]
fn has_none(view: &ReportView, kind: &str) {
    assert!(view.lessons.iter().all(|lesson| lesson.kind != kind), "{:#?}", view.lessons);
}

#[test]
fn a_run_in_which_all_is_well_teaches_nothing() {
    let mut story = Story::new("step a { run \"true\" }");
    story.step("a", 0.0, 0.4, 0);
    story.finish(0.5, "achieved");
    let view = story.report();
    assert_eq!(view.lessons, []);
    assert_eq!(view.verdict, "achieved");
    assert_eq!(view.figures.critical_path, ["a"]);
}

#[test]
fn what_dominates_the_longest_chain_is_named() {
    let mut story = Story::new(
        "step a { run \"true\" }\nstep b { depends a; run \"true\" }\nstep c { run \"true\" }",
    );
    story.step("a", 0.0, 60.0, 0);
    story.step("c", 0.0, 100.0, 0);
    story.step("b", 60.0, 540.0, 0);
    story.finish(540.0, "achieved");
    let found = lesson(&story.report(), "critical-path");
    assert!(
        found.text.contains("`b` took 8m of the 9m of the longest chain (89%), `a` → `b`"),
        "{found:?}"
    );
    assert_eq!(found.steps, ["a", "b"]);
}

#[test]
fn waits_for_slots_say_how_many_would_help() {
    let steps: Vec<String> = (1..=4).map(|n| format!("step s{n} {{ run \"true\" }}")).collect();
    let mut story = Story::new(&format!("parallel 2\n{}", steps.join("\n")));
    for (n, from) in [(1, 0.0), (2, 0.0), (3, 100.0), (4, 100.0)] {
        story.attempt(&format!("s{n}"), 1, 0, from, from + 100.0, 0);
    }
    story.events.sort_by_key(|event| event.at);
    for (seq, event) in (1..).zip(&mut story.events) {
        event.seq = seq;
    }
    for n in 1..=4 {
        story.end(&format!("s{n}"), 200.0, "succeeded");
    }
    story.finish(200.0, "achieved");
    let view = story.report();
    let found = lesson(&view, "slots");
    assert!(found.text.contains("For 1m40s `s3` and `s4` waited for a free slot"), "{found:?}");
    assert!(
        found.text.contains("With 4 at once the run could take 1m40s instead of 3m20s"),
        "{found:?}"
    );
    assert_eq!(found.write.as_deref(), Some("parallel 4"));
    assert_eq!(view.figures.peak, 2);
}

#[test]
fn an_estimate_that_is_far_off_comes_with_one_that_fits() {
    let mut story = Story::new("step a { run \"true\"; estimate 30s }\nstep b { run \"true\" }");
    story.estimates = vec![("a", 30, 30), ("b", 100, 200)];
    story.step("a", 0.0, 241.0, 0);
    story.step("b", 0.0, 150.0, 0);
    story.finish(241.0, "achieved");
    let view = story.report();
    let found = lesson(&view, "estimate");
    assert!(
        found.text.contains("`a` takes 4m1s, and the plan says 30s: 8.0 times as long"),
        "{found:?}"
    );
    assert_eq!(found.write.as_deref(), Some("estimate 4m"));
}

#[test]
fn retries_that_helped_say_what_they_cost() {
    let mut story = Story::new("step a { run \"true\"; retry 3 delay 10s; idempotent }");
    story.attempt("a", 1, 0, 0.0, 5.0, 75);
    let delayed = json!({ "event": "delayed", "unit": { "node": { "step": "a" } },
        "length": { "secs": 10, "nanos": 0 }, "until": START + 15_000 });
    story.at(5.0, delayed);
    story.attempt("a", 2, 0, 15.0, 20.0, 0);
    story.end("a", 20.0, "succeeded");
    story.finish(20.0, "achieved");
    let view = story.report();
    let found = lesson(&view, "retry");
    assert!(found.text.contains("although 1 attempt failed (exit code 75)"), "{found:?}");
    assert!(found.text.contains("at a cost of 15s"), "{found:?}");
    let first = &view.steps[0].attempts[0];
    assert_eq!(first.then.as_deref(), Some("tried again after 10s"));
    assert_eq!(first.delay, Some(10.0));
    assert_eq!(view.steps[0].took, Some(20.0));
}

#[test]
fn flaky_steps_are_told_from_those_that_changed() {
    let run = |plan: &str, exit| {
        let mut story = Story::new(plan);
        story.step("a", 0.0, 1.0, exit);
        story.finish(1.0, if exit == 0 { "achieved" } else { "failed" });
        story
    };
    let (plan, other) =
        ("step a { run \"true\"; idempotent }", "step a { run \"false\"; idempotent }");
    let mut now = run(plan, 0);
    now.earlier = [1, 0, 1].map(|exit| run(plan, exit).as_earlier()).into();
    let view = now.report();
    let found = lesson(&view, "flaky");
    assert!(found.text.contains("in 2 of its last 4 runs an attempt failed"), "{found:?}");
    assert!(found.text.contains("has no `retry`"), "{found:?}");
    assert_eq!(view.steps[0].earlier.map(|earlier| earlier.runs), Some(1));
    now.earlier = [1, 0, 1].map(|exit| run(other, exit).as_earlier()).into();
    has_none(&now.report(), "flaky");
}

#[test]
fn what_is_ignored_and_always_fails_is_useless() {
    let run = || {
        let mut story = Story::new("step a { run \"x\"; on failure ignore because \"known\" }");
        story.step("a", 0.0, 1.0, 1);
        story.finish(1.0, "achieved");
        story
    };
    let mut now = run();
    now.earlier = vec![run().as_earlier(), run().as_earlier()];
    let view = now.report();
    assert!(lesson(&view, "useless").text.contains("in each of its last 3 runs"));
    assert_eq!(view.steps[0].ignored.as_deref(), Some("known"));
}

#[test]
#[allow(clippy::float_cmp)] // whole numbers
fn long_waits_for_people_are_told_with_their_share() {
    let mut story = Story::new("step a { confirm \"Sure?\"; run \"true\" }");
    let unit = json!({ "node": { "step": "a" } });
    story.at(
        0.0,
        json!({ "event": "asked", "unit": unit, "kind": "confirm", "question": "Sure?",
        "until": null }),
    );
    story.at(
        900.0,
        json!({ "event": "answered", "unit": unit, "answer": "approved", "by": "ada",
        "from": "command", "note": "as agreed" }),
    );
    story.step("a", 900.0, 1000.0, 0);
    story.finish(1000.0, "achieved");
    let view = story.report();
    let found = lesson(&view, "person");
    assert!(
        found.text.contains("waited 15m for a person (approved by ada), 90% of the run's 16m40s"),
        "{found:?}"
    );
    let answer = &view.answers[0];
    assert_eq!((&*answer.by, &*answer.note, answer.waited), ("ada", "as agreed", 900.0));
    assert_eq!(view.figures.waited, 900.0);
}

#[test]
fn what_a_killed_process_had_begun_is_lost_and_takes_no_time_until_the_resume() {
    let mut story = Story::new("step a { run \"true\"; idempotent }");
    let unit = json!({ "node": { "step": "a" } });
    story.at(0.0, json!({ "event": "attempt-started", "unit": unit, "attempt": 1, "way": 0 }));
    story.at(5_000.0, json!({ "event": "run-resumed", "retry_failed": false, "changed": [] }));
    story.at(5_000.0, json!({ "event": "doubt-cleared", "unit": unit }));
    story.attempt("a", 2, 0, 5_000.0, 5_007.0, 0);
    story.end("a", 5_007.0, "succeeded");
    story.finish(5_007.0, "achieved");
    let view = story.report();
    let first = &view.steps[0].attempts[0];
    assert_eq!(first.error.as_deref(), Some("goalc was gone before it ended"));
    assert_eq!(view.steps[0].took, Some(7.0));
}

#[test]
fn a_goal_whose_own_verify_fails_says_so() {
    let mut story = Story::new("step a { run \"true\" }\nverify { file \"x\" }");
    story.step("a", 0.0, 1.0, 0);
    story.at(
        1.0,
        json!({ "event": "goal-verified", "goal": "", "failure": "file \"x\" is not there" }),
    );
    story.at(
        1.0,
        json!({ "event": "goal-ended", "goal": "", "status": "failed", "reason": "verify" }),
    );
    story.finish(1.0, "failed");
    let view = story.report();
    assert_eq!(
        view.verdict,
        "all steps succeeded, but the goal is not achieved: its `verify` does not hold: file \"x\" \
         is not there"
    );
    assert_eq!(view.verify[0].failures, ["file \"x\" is not there"]);
}
