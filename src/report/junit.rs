//! The report as `JUnit` XML: a suite a goal, a case a step, for what CI shows of tests.
//!
//! Invariant: well-formed XML 1.0, whatever steps wrote: no character that it cannot hold.

use indexmap::IndexMap;

use super::review::{ReportView, StepReport};
use crate::diagnostic::is_hidden;
use crate::exec::{RunStatus, Status};

/// What a case came to.
enum Case {
    Passed,
    Skipped(String),
    Failed { kind: String, why: String },
    Error { kind: String, why: String },
}

#[derive(Default)]
struct Count {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: f64,
}

/// The run as test suites.
pub fn junit(view: &ReportView) -> String {
    let mut goals: IndexMap<&str, Vec<&StepReport>> = IndexMap::from([("", Vec::new())]);
    for step in &view.steps {
        goals.entry(&step.goal).or_default().push(step);
    }
    for verify in &view.verify {
        goals.entry(&verify.goal).or_default();
    }
    let mut all = Count::default();
    let suites: Vec<String> =
        goals.iter().map(|(goal, steps)| suite(view, goal, steps, &mut all)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" \
         failures=\"{}\" errors=\"{}\" time=\"{:.3}\">\n{}</testsuites>\n",
        xml(&view.goal),
        all.tests,
        all.failures,
        all.errors,
        view.took,
        suites.concat()
    )
}

/// A goal, with the steps that are directly in it; nothing for the root goal if it has none.
fn suite(view: &ReportView, goal: &str, steps: &[&StepReport], all: &mut Count) -> String {
    let name = if goal.is_empty() { view.goal.clone() } else { format!("{}.{goal}", view.goal) };
    let mut count = Count::default();
    let mut cases: Vec<String> =
        steps.iter().map(|step| step_case(view, step, &name, &mut count)).collect();
    cases.extend(own_cases(view, goal, &name, &mut count));
    all.tests += count.tests;
    all.failures += count.failures;
    all.errors += count.errors;
    if cases.is_empty() {
        return String::new();
    }
    let started = view.started.map(|started| started.to_string()).unwrap_or_default();
    format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         time=\"{:.3}\" timestamp=\"{}\" hostname=\"localhost\">\n    <properties>\n{}    \
         </properties>\n{}  </testsuite>\n",
        xml(&name),
        count.tests,
        count.failures,
        count.errors,
        count.skipped,
        count.time,
        // The usual schema wants the seconds without a fraction or a zone.
        started.get(..19).unwrap_or("1970-01-01T00:00:00"),
        property("run", &view.run) + &property("status", view.status.word()),
        cases.concat()
    )
}

fn property(name: &str, value: &str) -> String {
    format!("      <property name=\"{name}\" value=\"{}\"/>\n", xml(value))
}

/// What is asked of the goal itself: without it, a goal that is not achieved could look green.
fn own_cases(view: &ReportView, goal: &str, suite: &str, count: &mut Count) -> Vec<String> {
    let mut cases = Vec::new();
    for verify in view.verify.iter().filter(|verify| verify.goal == goal) {
        let why = verify.failures.join("\n");
        let found = if why.is_empty() { Case::Passed } else { failed("verify", why) };
        cases.push(case("(verify)", suite, 0.0, &found, "", count));
    }
    for cleanup in view.cleanup.iter().filter(|cleanup| cleanup.goal == goal) {
        let found = Case::Error { kind: "cleanup".into(), why: cleanup.failure.clone() };
        cases.push(case("(cleanup)", suite, 0.0, &found, "", count));
    }
    let told = view.steps.iter().any(is_red) || view.verify.iter().any(|v| !v.failures.is_empty());
    if goal.is_empty() && view.status == RunStatus::Failed && !told {
        let found = failed("goal", view.verdict.clone());
        cases.push(case("(goal)", suite, 0.0, &found, "", count));
    }
    cases
}

fn is_red(step: &StepReport) -> bool {
    matches!(outcome(step), Case::Failed { .. } | Case::Error { .. })
}

fn failed(kind: &str, why: String) -> Case {
    Case::Failed { kind: kind.to_owned(), why }
}

fn step_case(view: &ReportView, step: &StepReport, suite: &str, count: &mut Count) -> String {
    let own = step.id.strip_prefix(&step.goal).unwrap_or(&step.id);
    let name = own.strip_prefix('.').unwrap_or(own);
    let instance = format!("{}[", step.id);
    let tails =
        view.logs.iter().filter(|log| log.step == step.id || log.step.starts_with(&instance));
    let out: Vec<String> = tails
        .map(|log| {
            let what = log.attempt.map_or_else(|| "undo".to_owned(), |n| format!("attempt {n}"));
            format!("{}, {what}:\n{}\n", log.step, log.lines.join("\n"))
        })
        .collect();
    let time = step.took.unwrap_or(0.0);
    case(name, suite, time, &outcome(step), &out.concat(), count)
}

fn outcome(step: &StepReport) -> Case {
    let why = step.reason.clone().unwrap_or_else(|| step.status.to_string());
    let kind = || step.status.word().to_owned();
    match step.status {
        Status::Succeeded => Case::Passed,
        Status::Failed => match &step.ignored {
            Some(because) => Case::Skipped(format!("{why}; ignored because {because}")),
            None => Case::Failed { kind: kind(), why },
        },
        Status::UndoFailed | Status::InDoubt | Status::Cancelled => {
            Case::Error { kind: kind(), why }
        }
        Status::Running
        | Status::Undone
        | Status::Skipped
        | Status::Blocked
        | Status::Pending
        | Status::Ready
        | Status::Waiting
        | Status::NotRun => {
            let reason = step.reason.as_ref().map(|reason| format!(": {reason}"));
            Case::Skipped(format!("{}{}", step.status, reason.unwrap_or_default()))
        }
    }
}

fn case(name: &str, suite: &str, time: f64, found: &Case, out: &str, count: &mut Count) -> String {
    count.tests += 1;
    count.time += time;
    let result = match found {
        Case::Passed => String::new(),
        Case::Skipped(why) => {
            count.skipped += 1;
            format!("      <skipped message=\"{}\"/>\n", xml(why))
        }
        Case::Failed { kind, why } => {
            count.failures += 1;
            problem("failure", kind, why)
        }
        Case::Error { kind, why } => {
            count.errors += 1;
            problem("error", kind, why)
        }
    };
    let out = if out.is_empty() {
        String::new()
    } else {
        format!("      <system-out>{}</system-out>\n", xml(out))
    };
    let (name, suite) = (xml(name), xml(suite));
    let head = format!("    <testcase name=\"{name}\" classname=\"{suite}\" time=\"{time:.3}\"");
    match result + &out {
        inside if inside.is_empty() => format!("{head}/>\n"),
        inside => format!("{head}>\n{inside}    </testcase>\n"),
    }
}

fn problem(tag: &str, kind: &str, why: &str) -> String {
    let why = xml(why);
    format!("      <{tag} type=\"{}\" message=\"{why}\">{why}</{tag}>\n", xml(kind))
}

/// Text for an element or an attribute. What XML cannot hold even as a reference, and
/// what would act on a terminal, is left out.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if is_hidden(c) => {}
            c => escaped.push(c),
        }
    }
    escaped
}
