//! What `goalc test` found: which scenarios hold, and what came of the others.

use std::fmt::Write as _;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::DiagnosticView;
use super::junit::xml;
use super::layout::{Paint, pad, width};
use super::text::length;
use crate::diagnostic::visible;
use crate::exec::RunStatus;

/// The widest that names may get beside what came of them.
const WIDEST: usize = 48;

/// All scenarios of a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ScenariosView {
    /// How many hold.
    pub passed: usize,
    pub failed: usize,
    /// File by file, in the order of the text.
    pub scenarios: Vec<ScenarioView>,
    /// Why plans were not played, as `check` prints it.
    #[schemars(with = "Vec<DiagnosticView>")]
    pub diagnostics: Vec<serde_json::Value>,
}

/// A scenario that was played. Times are seconds of its own clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ScenarioView {
    pub file: String,
    /// Where it begins; from 1.
    pub line: usize,
    pub name: String,
    /// All that it expects is so.
    pub holds: bool,
    /// How the run ended; null where it could not begin.
    #[schemars(with = "Option<String>")]
    pub status: Option<RunStatus>,
    /// How long the run took.
    pub took: f64,
    /// Attempts at all steps together.
    pub attempts: usize,
    /// What people were asked, in this order.
    pub asked: Vec<String>,
    /// Expectations that do not hold, assumptions that were not used, as `check` prints them.
    #[schemars(with = "Vec<DiagnosticView>")]
    pub diagnostics: Vec<serde_json::Value>,
    pub timeline: Vec<HappenedView>,
}

/// Something that happened in a run that was played.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct HappenedView {
    /// Seconds since the run's start.
    pub at: f64,
    /// The step or goal; null for the run itself.
    pub unit: Option<String>,
    pub text: String,
}

impl ScenariosView {
    pub fn add(&mut self, scenario: ScenarioView) {
        *(if scenario.holds { &mut self.passed } else { &mut self.failed }) += 1;
        self.scenarios.push(scenario);
    }
}

/// A scenario's line, and where it does not hold, or if `all`, what happened in it.
pub fn scenario_text(view: &ScenarioView, names: usize, paint: Paint, all: bool) -> String {
    let mark = if view.holds { paint.green("ok  ") } else { paint.red("FAIL") };
    let name = pad(&visible(&view.name), names.min(WIDEST));
    let mut text = format!("{mark}  {name}  {}\n", paint.dim(&outcome(view)));
    if all || !view.holds {
        text.push_str(&happened_text(&view.timeline, paint));
    }
    text
}

/// The widest of these names, as columns.
pub fn widest<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(|name| width(&visible(name))).max().unwrap_or(0)
}

fn outcome(view: &ScenarioView) -> String {
    let Some(status) = view.status else { return "could not begin".to_owned() };
    let attempts = match view.attempts {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    format!("{status} after {}, {attempts}", clock(view.took))
}

fn clock(seconds: f64) -> String {
    length(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Lines of what happened, each with its time.
pub fn happened_text(lines: &[HappenedView], paint: Paint) -> String {
    let units = widest(lines.iter().filter_map(|line| line.unit.as_deref())).min(WIDEST);
    let mut text = String::new();
    for line in lines {
        let at = super::layout::pad_left(&clock(line.at), 8);
        let unit = pad(&visible(line.unit.as_deref().unwrap_or("")), units);
        let said = visible(&line.text).replace('\n', " ");
        let _ = writeln!(text, "{}  {unit}  {said}", paint.dim(&at));
    }
    text
}

/// The line at the end.
pub fn scenarios_summary(view: &ScenariosView) -> String {
    let all = view.passed + view.failed;
    match view.failed {
        0 if all == 1 => "1 scenario holds\n".to_owned(),
        _ if all == 1 => "1 scenario does not hold\n".to_owned(),
        0 => format!("all {all} scenarios hold\n"),
        1 => format!("{} of {all} scenarios hold, 1 does not\n", view.passed),
        failed => format!("{} of {all} scenarios hold, {failed} do not\n", view.passed),
    }
}

/// As `JUnit` XML: a suite a file, a case a scenario.
pub fn scenarios_junit(view: &ScenariosView) -> String {
    let mut files: indexmap::IndexMap<&str, Vec<&ScenarioView>> = indexmap::IndexMap::new();
    for scenario in &view.scenarios {
        files.entry(&scenario.file).or_default().push(scenario);
    }
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (all, failed) = (view.passed + view.failed, view.failed);
    let _ = writeln!(
        text,
        "<testsuites name=\"goalc test\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\">"
    );
    for (file, scenarios) in files {
        let failed = scenarios.iter().filter(|scenario| !scenario.holds).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">",
            xml(file),
            scenarios.len()
        );
        for scenario in scenarios {
            text.push_str(&case(scenario));
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn case(view: &ScenarioView) -> String {
    let (name, file) = (xml(&view.name), xml(&view.file));
    let open = format!(
        "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{}\" \
         time=\"{:.3}\"",
        view.line, view.took
    );
    if view.holds {
        return open + "/>\n";
    }
    let said = |finding: &serde_json::Value| {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{}:{}: {}", part("file"), finding["line"], part("message"))
    };
    let findings: Vec<String> = view.diagnostics.iter().map(said).collect();
    let is_error = |found: &&serde_json::Value| found["severity"] == "error";
    let first = view.diagnostics.iter().find(is_error).or(view.diagnostics.first());
    let message = first.and_then(|first| first["message"].as_str());
    format!(
        "{open}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
        xml(message.unwrap_or("it does not hold")),
        xml(&findings.join("\n"))
    )
}
