//! What `goalc simulate` found: what each thing that may go wrong leads to, the worst first.

use std::fmt::Write as _;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::layout::{Paint, cut, pad, width};
use super::scenarios::{HappenedView, happened_text};
use super::text::length;
use crate::diagnostic::visible;
use crate::exec::RunStatus;

/// Rows of one kind in the text; all of them are in the JSON.
const MOST_ROWS: usize = 40;

/// The widest that a cause may get beside what comes of it.
const WIDEST: usize = 40;

/// The width of the text.
const COLUMNS: usize = 100;

/// All cases that were played. Times are seconds of their own clocks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct SimulationView {
    pub goal: String,
    /// How many runs were played, the one in which nothing goes wrong included.
    pub played: usize,
    /// Cases that were too many to be played.
    pub left_out: usize,
    /// How long the run takes in which nothing goes wrong.
    pub baseline: f64,
    /// The worst first.
    pub cases: Vec<CaseView>,
    /// What happened in the worst case that is not as `--expect` wants it; empty where there is none.
    pub counterexample: Option<CounterexampleView>,
}

/// Something that goes wrong, and what it leads to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CaseView {
    /// `once`, `lasting`, `people`, `pair` or `crash`.
    pub kind: String,
    /// What goes wrong, as a scenario's `given` says it; of a pair two.
    pub what: Vec<String>,
    #[schemars(with = "String")]
    pub status: RunStatus,
    pub took: f64,
    pub reason: Option<String>,
    /// One failure that loses the whole goal.
    pub loses_the_goal: bool,
    /// Steps that a fallback did.
    pub via: Vec<String>,
    /// Failed steps that the plan says to ignore.
    pub ignored: Vec<String>,
    pub blocked: Vec<String>,
    pub undone: Vec<String>,
    /// Steps that began, did not succeed, and were not undone.
    pub half_done: Vec<String>,
    /// Steps that wait for a person, or are in doubt.
    pub open: Vec<String>,
}

/// A case that is not as it should be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CounterexampleView {
    pub what: Vec<String>,
    pub timeline: Vec<HappenedView>,
}

/// The table for a terminal.
pub fn simulation_text(view: &SimulationView, paint: Paint) -> String {
    let mut text = format!(
        "{}: {} runs played; with nothing wrong it takes {}\n",
        paint.bold(&visible(&view.goal)),
        view.played,
        clock(view.baseline)
    );
    for (kind, title) in KINDS {
        let cases: Vec<&CaseView> = view.cases.iter().filter(|case| case.kind == *kind).collect();
        if !cases.is_empty() {
            let _ = writeln!(text, "\n{}", paint.bold(title));
            section(&mut text, &cases, view.baseline, paint);
        }
    }
    text.push('\n');
    text.push_str(&verdict(view));
    if let Some(example) = &view.counterexample {
        let what = example.what.join(", and ");
        let _ = writeln!(text, "\nwith `{}`:", visible(&what));
        text.push_str(&happened_text(&example.timeline, paint));
    }
    text
}

const KINDS: &[(&str, &str)] = &[
    ("lasting", "One thing fails, however often it is tried"),
    ("people", "A person says no, or nothing"),
    ("pair", "Two things fail that would each be borne alone"),
    ("crash", "The machine stops, and the run is resumed"),
    ("once", "One attempt fails once"),
];

/// Rows of one kind; those with the same end are one.
fn section(text: &mut String, cases: &[&CaseView], baseline: f64, paint: Paint) {
    let mut rows: IndexMap<(bool, String), Vec<String>> = IndexMap::new();
    for case in cases {
        let key = (case.loses_the_goal, comes_to(case, baseline));
        rows.entry(key).or_default().push(visible(&case.what.join(", ")).into_owned());
    }
    let names: Vec<String> = rows.values().map(|whats| cause(whats)).collect();
    let columns = names.iter().map(|name| width(name)).max().unwrap_or(0).min(WIDEST);
    for (((loses, end), _), name) in rows.iter().zip(&names).take(MOST_ROWS) {
        let mark = if *loses { paint.red("!") } else { " ".to_owned() };
        let end = cut(end, COLUMNS.saturating_sub(columns + 5));
        let _ = writeln!(text, "{mark} {}  {end}", pad(&cut(name, columns), columns));
    }
    if rows.len() > MOST_ROWS {
        let _ = writeln!(text, "  … and {} more: --format json", rows.len() - MOST_ROWS);
    }
}

/// The first of some causes with the same end.
fn cause(whats: &[String]) -> String {
    match whats {
        [] => String::new(),
        [one] => one.clone(),
        all if all.iter().all(|what| what.starts_with("crash ")) => {
            format!("crash at {} moments", all.len())
        }
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

/// How a case ends, in one line.
fn comes_to(case: &CaseView, baseline: f64) -> String {
    let mut parts = vec![case.status.to_string()];
    let mut add = |word: &str, names: &[String]| {
        if !names.is_empty() {
            parts.push(format!("{word} {}", listed(names)));
        }
    };
    add("left half-done:", &case.half_done);
    add("open:", &case.open);
    add("undone:", &case.undone);
    add("blocked:", &case.blocked);
    add("by", &case.via);
    add("ignored:", &case.ignored);
    let later = case.took - baseline;
    if case.status == RunStatus::Achieved && later >= 1.0 {
        parts.push(format!("{} later", clock(later)));
    }
    visible(&parts.join("; ")).into_owned()
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 4;
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let more = names.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// What it comes to as a whole.
fn verdict(view: &SimulationView) -> String {
    let single = |case: &&CaseView| case.kind != "pair" && case.kind != "crash";
    let singles = view.cases.iter().filter(single).count();
    let lose = view.cases.iter().filter(single).filter(|case| case.loses_the_goal).count();
    let half = view.cases.iter().filter(|case| !case.half_done.is_empty()).count();
    let mut text = match (singles, lose) {
        (0, _) => String::new(),
        (all, 0) => format!("none of {all} single failures loses the goal\n"),
        (all, lose) => format!("! {lose} of {all} single failures lose the whole goal\n"),
    };
    if half > 0 {
        let _ = writeln!(text, "{half} cases leave something half-done");
    }
    if view.left_out > 0 {
        let _ = writeln!(text, "{} cases were too many, and are left out", view.left_out);
    }
    text
}

fn clock(seconds: f64) -> String {
    length(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}
