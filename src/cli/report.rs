//! `goalc report`: a run told as a page, as data, or for CI.
//!
//! Gathers what the report is made from: the run, earlier runs of its plan, the ends of logs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::disk::{ending, write_result};
use super::exit::Failed;
use super::logs::end_of;
use super::output;
use super::runs::{Found, find, open_to_read};
use super::session::now;
use super::view::view;
use crate::exec::estimate;
use crate::exec::scope::Values;
use crate::exec::world::RealSurroundings;
use crate::exec::{RunStatus, Timestamp};
use crate::graph;
use crate::report::{self, EarlierRun, ReportView, Sources};
use crate::value::StepId;

/// Earlier runs of the plan that are looked at.
const EARLIER: usize = 20;

/// No further earlier run is read once so many events are.
const MOST_EVENTS: usize = 300_000;

/// Steps and goals of a plan that is drawn, at most.
const DRAWN: usize = 150;

/// Of a log's end so much is read: lines may be long.
const LOG_END: u64 = 64 * 1024;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown (the default)
    #[default]
    Md,
    /// One page that needs nothing else
    Html,
    Json,
    /// `JUnit` XML, for CI
    Junit,
}

#[derive(Debug, Args)]
pub struct ReportArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    /// If left out, what the ending of OUT says (`.html`, `.json`, `.xml`), or else Markdown
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// Where to write it; standard output otherwise
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
}

pub(super) fn report(arguments: &ReportArguments) -> Result<u8, Failed> {
    let found = find(open_to_read()?, arguments.run.as_deref())?;
    let view = report_view(&found);
    let format = arguments.format.unwrap_or_else(|| format_of(arguments.output.as_deref()));
    let text = match format {
        ReportFormat::Md => report::markdown(&view),
        ReportFormat::Html => report::html(&view, drawing(&found, &view).as_deref()),
        ReportFormat::Junit => report::junit(&view),
        ReportFormat::Json => output::json_text(&view),
    };
    match &arguments.output {
        None => output::print(&text),
        Some(path) => write_result(path, &text, [])?,
    }
    found.told()
}

/// The plan with the run's longest chain; nothing where it would be too large to be looked at.
fn drawing(found: &Found, view: &ReportView) -> Option<String> {
    let graph = found.state.graph();
    let path: Vec<StepId> =
        view.figures.critical_path.iter().map(|id| StepId::new(id.as_str())).collect();
    (graph.node_count() <= DRAWN).then(|| graph::svg(&graph::view(graph, Some(&path))))
}

fn format_of(output: Option<&Path>) -> ReportFormat {
    match ending(output).as_deref() {
        Some("html" | "htm") => ReportFormat::Html,
        Some("json") => ReportFormat::Json,
        Some("xml") => ReportFormat::Junit,
        _ => ReportFormat::Md,
    }
}

fn report_view(found: &Found) -> ReportView {
    let run = view(&found.summary.id, &found.state, found.alive);
    let open = found.alive || run.status == RunStatus::Waiting;
    let last = found.events.last().map_or(found.record.created, |event| event.at);
    // What estimates are made of needs nothing of the world's.
    let world = RealSurroundings::new(PathBuf::from("/"), []);
    let estimates = estimate::ranges(&found.state, &Values::default(), &world);
    let earlier = earlier(found);
    let mut view = ReportView::new(&Sources {
        run: &run,
        state: &found.state,
        events: &found.events,
        plan: found.record.plan_path.display().to_string(),
        until: if open { now().max(last) } else { last },
        alive: found.alive,
        estimates: &estimates,
        earlier: &earlier,
        damage: found.damage(),
    });
    let folder = found.store.folder().run(&found.summary.id);
    for log in &mut view.logs {
        let path = folder.logs().join(format!("{}.log", log.seq));
        log.fill(&end_of(&path, LOG_END).unwrap_or_default());
    }
    view.logs.retain(|log| !log.lines.is_empty());
    view
}

/// Runs of the same plan before this one, the newest first. One that cannot be read is left out:
/// the report is about another.
fn earlier(found: &Found) -> Vec<EarlierRun> {
    let before = |created: Timestamp| created < found.summary.created;
    let runs = found.store.runs().unwrap_or_default();
    let same = runs.into_iter().filter(|run| {
        run.plan_path == found.summary.plan_path
            && run.id != found.summary.id
            && before(run.created)
            && run.status != RunStatus::Running
    });
    let mut read = 0;
    let mut earlier = Vec::new();
    for run in same.take(EARLIER) {
        if read > MOST_EVENTS {
            break;
        }
        let Ok((record, events)) = found.store.load(&run.id) else { continue };
        read += events.len();
        earlier.push(EarlierRun::new(record.plan, &events));
    }
    earlier
}
