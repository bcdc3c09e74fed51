//! `goalc runs`, and finding the run that a command is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{RunsArguments, ShowFormat};
use super::exit::{Failed, MACHINE};
use super::output;
use crate::exec::graph::Graph;
use crate::exec::state::RunState;
use crate::exec::{RunStatus, Stamped};
use crate::report::{self, RunLine, RunsView};
use crate::store::{RunId, RunRecord, RunSummary, StateFolder, Store, StoreError};

pub(super) fn runs(arguments: &RunsArguments) -> Result<u8, Failed> {
    let store = match open_to_read() {
        Ok(store) => Some(store),
        Err(StoreError::NoFolder(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let found = store.as_ref().map(Store::runs).transpose()?.unwrap_or_default();
    let mut view = RunsView::default();
    for run in found {
        let goes_on = run.status == RunStatus::Running;
        let alive = goes_on && store.as_ref().is_some_and(|store| is_held(store, &run.id));
        view.runs.push(RunLine {
            run: run.id.to_string(),
            goal: run.goal,
            status: run.status,
            alive,
            started: Some(run.created),
            ended: run.ended.filter(|_| run.status != RunStatus::Waiting),
        });
    }
    match arguments.format {
        ShowFormat::Json => output::print_json(&view),
        ShowFormat::Text => output::print(&report::runs_text(&view, output::colour_out())),
    }
    Ok(0)
}

/// Whether a process carries a run out. Where that cannot be told, none does.
fn is_held(store: &Store, run: &RunId) -> bool {
    store.folder().run(run).holder().is_ok_and(|holder| holder.is_some())
}

/// A run with its events folded.
pub(super) struct Found {
    pub(super) store: Store,
    pub(super) summary: RunSummary,
    pub(super) record: RunRecord,
    pub(super) events: Vec<Stamped>,
    pub(super) state: RunState,
    /// A process carries it out now.
    pub(super) alive: bool,
    /// What is wrong with the events behind those that were folded.
    damage: Option<StoreError>,
}

impl Found {
    /// For commands that act on a run: not on one that is damaged.
    pub(super) fn sound(self) -> Result<Self, Failed> {
        match self.damage {
            Some(damage) => Err(damage.into()),
            None => Ok(self),
        }
    }

    /// What is wrong with the run, where it is damaged.
    pub(super) fn damage(&self) -> Option<String> {
        self.damage.as_ref().map(ToString::to_string)
    }

    /// For commands that have told what can be known: how they end.
    pub(super) fn told(self) -> Result<u8, Failed> {
        let Some(damage) = self.damage else { return Ok(0) };
        output::complain(&format!(
            "what is shown comes from the first {} events, which are sound",
            self.events.len()
        ));
        output::complain(&damage.to_string());
        // Standard output has the result already, and may be one JSON value.
        Err(Failed::said(MACHINE))
    }
}

/// The state folder of the plans in this folder.
pub(super) fn state_path() -> PathBuf {
    let chosen = std::env::var_os("GOALC_STATE_DIR").map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    StateFolder::locate(chosen.as_deref(), Path::new(&here))
}

/// The database, for commands that only look.
pub(super) fn open_to_read() -> Result<Store, StoreError> {
    Store::open_to_read(StateFolder::open_existing(&state_path())?)
}

/// The database, for commands that leave something.
pub(super) fn open_to_write() -> Result<Store, StoreError> {
    Store::open_to_write(StateFolder::open_existing(&state_path())?)
}

/// The run that a name means, as it stands.
pub(super) fn find(store: Store, name: Option<&str>) -> Result<Found, Failed> {
    let summary = store.find_run(name)?;
    let is_held = || store.folder().run(&summary.id).holder().map(|holder| holder.is_some());
    let mut alive = is_held()?;
    let (record, mut events, damage) = loop {
        let loaded = store.load_sound(&summary.id)?;
        // One that has begun or ended meanwhile has written more.
        let still = is_held()?;
        if still == std::mem::replace(&mut alive, still) {
            break loaded;
        }
    };
    if !alive && damage.is_none() {
        let last = events.last().map_or(0, |last| last.seq);
        events.extend(super::note::left(&store, &summary.id, last));
    }
    let graph = Arc::new(Graph::new(Arc::clone(&record.plan)));
    let order = vec![0; graph.node_count()];
    let mut state = fold(graph, order, &events);
    if !alive {
        state.leave_behind();
    }
    Ok(Found { store, summary, record, events, state, alive, damage })
}

/// The state that events lead to.
pub(super) fn fold(graph: Arc<Graph>, order: Vec<u32>, events: &[Stamped]) -> RunState {
    let mut state = RunState::new(graph, order);
    for event in events {
        state.apply(event);
    }
    state
}
