//! What a forecast's table has no room for: questions, branches, where times are from, the figures.

use std::collections::BTreeMap;

use super::dry_run::{DryRunBranch, DryRunQuestion, DryRunStep, DryRunView, TimeSource};
use super::dry_run_text::{COLUMNS, seconds};
use super::layout::{pad, wrap};
use crate::diagnostic::visible;
use crate::exec::RunStatus;

/// So many steps are named one by one.
const NAMED: usize = 12;

pub(super) fn notes(view: &DryRunView) -> String {
    let mut notes = vec!["\n".to_owned()];
    notes.extend(about(view));
    if !view.critical_path.is_empty() {
        let path = view.critical_path.join(" → ");
        notes.push(note("* critical", &format!("{path} ({})", seconds(view.critical_length))));
    }
    notes.extend(asked(view));
    notes.extend(view.branches.iter().map(|branch| note("may skip", &skipped(branch, view))));
    notes.extend(all_skipped(view));
    let of = |say: fn(&DryRunStep) -> Option<String>| -> Vec<String> {
        view.steps.iter().filter_map(say).collect()
    };
    notes.extend(list("skipped", &of(|step| step.skipped.then(|| step.id.clone()))));
    notes.extend(list("retries", &of(retries)));
    notes.extend(sources(view));
    notes.extend(view.late.iter().map(|late| {
        let goal = if late.goal.is_empty() { &view.goal } else { &late.goal };
        let (takes, deadline) = (seconds(late.takes), seconds(late.deadline));
        note("deadline", &format!("{goal} takes {takes}, and is stopped after {deadline}"))
    }));
    if view.status != RunStatus::Achieved {
        let reason = view.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        notes.push(note("ends", &format!("{}{reason}", view.status.word())));
    }
    if view.requires_hold == Some(true) {
        notes.push(note("requires", "all that the goals require holds"));
    }
    notes.extend(figures(view));
    notes.concat()
}

/// What the plan says of itself.
fn about(view: &DryRunView) -> impl Iterator<Item = String> {
    let said = view.documentation.iter().take(NAMED).map(|one| {
        let name = if one.id.is_empty() { &view.goal } else { &one.id };
        note("about", &format!("{name}: {}", one.in_one_line()))
    });
    let more = view.documentation.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| note("", &format!("and {more} more: `goalc list` has all")));
    said.chain(more)
}

/// Each question once, with how many instances ask it at the same time.
fn asked(view: &DryRunView) -> Vec<String> {
    let key = |question: &DryRunQuestion| {
        (question.step.clone(), question.question.clone(), question.at.to_bits())
    };
    let groups = view.questions.chunk_by(|a, b| key(a) == key(b));
    let said = groups.filter_map(|same| {
        let first = same.first()?;
        let item = first.item.map(|item| format!("[{item}]")).unwrap_or_default();
        let more = match same.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let perhaps = if first.sure { "" } else { ", perhaps" };
        let at = match seconds(first.at).as_str() {
            "0s" => "at the start".to_owned(),
            time => format!("after {time}"),
        };
        let (step, question) = (&first.step, &first.question);
        Some(note("asks", &format!("{at}{perhaps}: {step}{item}{more}: {question}")))
    });
    said.collect()
}

fn skipped(branch: &DryRunBranch, view: &DryRunView) -> String {
    let with = some(&branch.with);
    let with = if with.is_empty() { String::new() } else { format!(", and with it {with}") };
    let runs = seconds(view.makespan);
    let what = if branch.condition == "unless" { "done already" } else { "skipped" };
    match branch.if_skipped {
        Some(time) => {
            format!("{}{with}: {} in all if {what}, {runs} if not", branch.step, seconds(time))
        }
        None => format!("{}{with}", branch.step),
    }
}

/// Where several steps may be skipped, all of them may be.
fn all_skipped(view: &DryRunView) -> Option<String> {
    let time = view.if_all_skipped.filter(|_| view.branches.len() > 1)?;
    Some(note("", &format!("{} in all if all of these are", seconds(time))))
}

fn retries(step: &DryRunStep) -> Option<String> {
    let most = step.attempts_max;
    (most > 1).then(|| format!("{} up to {most} attempts", step.id))
}

/// The marks behind times, and how many runs they stand for.
fn sources(view: &DryRunView) -> Vec<String> {
    let mut measured: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for step in view.steps.iter().filter(|step| step.source == TimeSource::History) {
        measured.entry(step.runs).or_default().push(step.id.clone());
    }
    let mut notes: Vec<String> = measured
        .iter()
        .rev()
        .map(|(runs, steps)| {
            let s = if *runs == 1 { "" } else { "s" };
            note("~", &format!("measured in {runs} earlier run{s}: {}", some(steps)))
        })
        .collect();
    if view.steps.iter().any(|step| step.source == TimeSource::Guess && !step.skipped) {
        notes.push(note("?", "a guess: the plan has no `estimate`, and no run was measured"));
    }
    notes
}

fn figures(view: &DryRunView) -> Vec<String> {
    let (makespan, work) = (seconds(view.makespan), seconds(view.work));
    let (jobs, bound) = (view.jobs, seconds(view.lower_bound));
    let total = format!(
        "{makespan} with {jobs} at once; {work} of work one by one; no order takes less than {bound}"
    );
    let mut notes = vec![note("total", &total)];
    if view.simulations > 0 {
        let (p50, p90, runs) = (seconds(view.p50), seconds(view.p90), view.simulations);
        let odds = format!("{p50} in half of all runs, {p90} in nine of ten ({runs} simulated)");
        notes.push(note("likely", &format!("at most {odds}")));
    }
    notes
}

fn list(word: &str, items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| note(word, &some(items)))
}

/// The first ones by name, and how many more there are.
fn some(items: &[String]) -> String {
    let named: Vec<&str> = items.iter().take(NAMED).map(String::as_str).collect();
    match items.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// A word and, beside it, what there is to say about it.
fn note(word: &str, said: &str) -> String {
    let words = std::iter::once(pad(word, 10)).chain(std::iter::repeat(pad("", 10)));
    let lines = wrap(&visible(said), COLUMNS - 12);
    words.zip(lines).flat_map(|(word, line)| [word, "  ".into(), line, "\n".into()]).collect()
}
