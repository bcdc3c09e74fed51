//! Any list of events can be folded, told of, and gone on from; any bytes can stand where the
//! database is.
//!
//! An input that begins as a database is one. Otherwise its first line is a plan's number, and each
//! other one an event as the journal has it; what is no event is passed over.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use goalc::exec::graph::Graph;
use goalc::exec::scope::{Place, Values};
use goalc::exec::state::{RunState, Stage, UnitIx};
use goalc::exec::why::why;
use goalc::exec::{Event, Stamped, Timestamp};
use goalc::forecast::remaining::remaining;
use goalc::report::{ReportView, RunView, Sources, html, junit, markdown};
use goalc::store::{StateFolder, Store};

use super::plan::{Nowhere, analyzed};
use super::text;

/// Of every clause, of pipes and services, and of a plan that is undone.
static PLANS: LazyLock<[Arc<Graph>; 3]> = LazyLock::new(|| {
    let texts = [
        include_str!("../../../corpus/valid/every-step-clause.goal"),
        include_str!("../../../corpus/valid/streams-and-services.goal"),
        include_str!("plan.goal"),
    ];
    texts.map(|text| {
        let plan = analyzed(text).unwrap_or_else(|| panic!("no plan:\n{text}"));
        Arc::new(Graph::new(Arc::new(plan)))
    })
});

pub fn journal(bytes: &[u8]) {
    if bytes.starts_with(b"SQLite format 3\0") {
        return database(bytes);
    }
    let Some((number, lines)) = text(bytes).and_then(|text| text.split_once('\n')) else { return };
    let number = number.trim().parse::<usize>().unwrap_or(0);
    let Some(graph) = PLANS.get(number % PLANS.len()) else { return };
    let events: Vec<Stamped> = (1..).zip(lines.lines()).filter_map(event).collect();
    told(graph, &events);
}

/// With its place and time, or without.
fn event((seq, line): (u64, &str)) -> Option<Stamped> {
    let stamped = serde_json::from_str::<Stamped>(line);
    let event = |_| serde_json::from_str::<Event>(line);
    let at = Timestamp(i64::try_from(seq).unwrap_or(i64::MAX));
    stamped.or_else(|error| event(error).map(|event| Stamped { seq, at, event })).ok()
}

fn told(graph: &Arc<Graph>, events: &[Stamped]) {
    let fold = |events: &[Stamped]| {
        let mut state = RunState::new(Arc::clone(graph), vec![0; graph.node_count()]);
        for event in events {
            state.apply(event);
            let read = serde_json::to_string(event).expect("an event is JSON");
            assert_eq!(serde_json::from_str::<Stamped>(&read).expect("it is read again"), *event);
        }
        state
    };
    let mut state = fold(events);
    looked_at(&state, events);
    let event = Event::RunResumed {
        retry_failed: true,
        changed: Vec::new(),
        interactive: false,
        edits: None,
    };
    state.apply(&Stamped { seq: state.seq.wrapping_add(1), at: state.last, event });
    looked_at(&state, events);
    agrees(&state);
}

fn looked_at(state: &RunState, events: &[Stamped]) {
    let graph = state.graph();
    let values = Values::default();
    for node in graph.nodes() {
        let _ = (state.status(node), state.attempts(node), state.is_ignored(node));
        let place = Place {
            state,
            values: &values,
            world: &Nowhere,
            goal: graph.root(),
            unit: None,
            own: None,
        };
        let _ = why(state, UnitIx::of(node), place);
    }
    let _ = remaining(state, &vec![Duration::from_secs(1); graph.node_count()], state.last);
    let run = RunView::new("run", "goal", Timestamp(0));
    let view = ReportView::new(&Sources {
        run: &run,
        state,
        events,
        plan: "plan.goal".to_owned(),
        until: state.last,
        alive: false,
        estimates: &vec![None; graph.node_count()],
        earlier: &[],
        damage: None,
    });
    let _ = (markdown(&view), html(&view, None), junit(&view));
}

/// The agenda has exactly what the units' stages say: whatever came before, a resume puts it right.
fn agrees(state: &RunState) {
    let agenda = &state.agenda;
    for node in state.graph().nodes() {
        let instances = 0..state.node(node).instances.len();
        let items = instances.filter_map(|item| u32::try_from(item).ok()).map(Some);
        for unit in items.chain([None]).map(|item| UnitIx { node, item }) {
            let due = state.stage(unit);
            let place = (state.place_in_queue(node), unit);
            let decides = matches!(due, Stage::Decide(_));
            assert_eq!(agenda.deciding.contains(&unit), decides, "{unit:?} {due:?}");
            let startable = due == Stage::Startable;
            assert_eq!(agenda.startable.contains(&place), startable, "{unit:?} {due:?}");
            assert_eq!(agenda.asking.contains(&unit), due == Stage::Asking, "{unit:?} {due:?}");
        }
    }
}

/// Opens the bytes as a state's database, and reads all that is in it.
fn database(bytes: &[u8]) {
    let temp = tempfile::tempdir().expect("a folder");
    let folder = temp.path().join(".goal");
    fs::DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(folder.join("state.db"));
    file.and_then(|mut file| file.write_all(bytes)).expect("it is written");
    let Ok(store) = StateFolder::open_existing(&folder).and_then(Store::open_to_read) else {
        return;
    };
    for run in store.runs().unwrap_or_default().iter().take(20) {
        let Ok((record, events, _)) = store.load_sound(&run.id) else { continue };
        assert_eq!(record.plan.validate(), Ok(()));
        told(&Arc::new(Graph::new(record.plan)), &events);
    }
}
