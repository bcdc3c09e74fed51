//! How a run and a forecast read, and that their JSON keeps the contract's shape.

use serde_json::Value as Json;

use super::layout::width;
use super::*;
use crate::exec::{RunStatus, Status, Timestamp};
use crate::value::Value;

/// 2026-11-22T13:42:10.250Z
const START: Timestamp = Timestamp(1_795_354_930_250);

fn at(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1000)
}

fn step(id: &str, status: Status, attempts: u32, from: i64, to: i64) -> StepView {
    let mut step = StepView::new(id, status);
    step.attempts = attempts;
    step.started = (attempts > 0).then(|| at(from));
    step.ended = Some(at(to));
    step
}

fn run() -> RunView {
    let mut view = RunView::new("20261122-134210-k3f", "release", START);
    view.status = RunStatus::Failed;
    view.exit = Some(1);
    view.ended = Some(at(402));
    let mut image = step("image", Status::Succeeded, 1, 252, 290);
    image.output("digest", &Value::text("sha256:1f0c"));
    image.output("token", &Value::secret("hunter22"));
    let mut connect = step("database.connect", Status::Succeeded, 5, 0, 31);
    connect.via = Some("replica".into());
    let mut migrate = step("database.migrate", Status::Failed, 1, 290, 400);
    migrate.reason = Some("verify: `./migrate status --clean` ended with exit code 3".into());
    migrate.notes.push("approved by ada from terminal at 13:47".into());
    let mut tell = step("告知", Status::Failed, 1, 400, 401);
    tell.tolerated = true;
    tell.reason = Some("exit code 1".into());
    let mut score = step("score", Status::Failed, 4, 252, 300);
    score.instances = vec![
        InstanceView::new(&Value::text("a.csv"), Status::Succeeded, 1),
        InstanceView::new(&Value::text("b.csv"), Status::Failed, 3),
    ];
    let mut rollout = step("rollout", Status::Blocked, 0, 0, 401);
    rollout.reason = Some("`database` did not succeed".into());
    view.steps = vec![
        step("test", Status::Succeeded, 2, 0, 252),
        image,
        connect,
        migrate,
        tell,
        score,
        rollout,
    ];
    view
}

#[test]
fn show_is_a_table_that_fits_a_terminal() {
    let text = text(&run(), None, false);
    assert!(text.lines().all(|line| width(line) <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn run_json_has_the_shape_of_the_contract() {
    let json = serde_json::to_value(run()).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&json), ["run", "goal", "status", "exit", "started", "ended", "steps"]);
    assert_eq!(
        keys(&json["steps"][0]),
        [
            "id",
            "status",
            "attempts",
            "via",
            "outputs",
            "reason",
            "started",
            "ended",
            "tolerated",
            "usage",
            "notes",
            "instances"
        ]
    );
    assert_eq!(keys(&json["steps"][5]["instances"][0]), ["item", "status", "attempts", "outputs"]);
    assert_eq!(json["started"], "2026-11-22T13:42:10.250Z");
    assert_eq!(json["steps"][6]["started"], serde_json::Value::Null);
    assert_eq!(json["steps"][1]["outputs"]["token"], "***");
    assert_eq!(json["steps"][6]["status"], "blocked");
}

#[test]
fn markdown_shows_values_as_text() {
    let mut failed = StepReport { id: "a_b".into(), ..StepReport::default() };
    failed.reason = Some("<script>|`x`\n[y](z) https://x.example @ada".into());
    failed.ignored = Some("known".into());
    let mut view = ReportView { goal: "g".into(), steps: vec![failed], ..ReportView::default() };
    view.logs = vec![LogView { step: "a_b".into(), ..LogView::default() }];
    view.logs[0].fill("```\n# no heading\n````");
    let page = markdown(&view);
    assert!(
        page.contains("&lt;script&gt;\\|\\`x\\` \\[y\\](z) https&#58;//x.example &#64;ada |"),
        "{page}"
    );
    assert!(page.contains("## Ignored failures\n\n- a\\_b: "), "{page}");
    assert!(page.contains("\n`````text\n```\n# no heading\n````\n`````\n"), "{page}");
}

#[test]
fn runs_are_listed_with_their_ends() {
    let line = |run: &str, status, ended| RunLine {
        run: run.into(),
        goal: "release".into(),
        status,
        alive: status == RunStatus::Running && run != "lost",
        started: Some(START),
        ended,
    };
    let runs = RunsView {
        runs: vec![
            line("k3f", RunStatus::Running, None),
            line("j2e", RunStatus::Achieved, Some(at(90))),
            line("lost", RunStatus::Running, None),
        ],
    };
    let text = runs_text(&runs, false);
    assert!(text.contains("k3f   release  running    2026-11-22 13:42:10 UTC\n"), "{text}");
    assert!(text.ends_with("2026-11-22 13:42:10 UTC, its process is gone\n"), "{text}");
    assert!(
        text.contains("j2e   release  achieved   2026-11-22 13:42:10 UTC, took 1m30s\n"),
        "{text}"
    );
    assert_eq!(runs_text(&RunsView::default(), false), "no runs yet\n");
}

fn planned(id: &str, start: f64, end: f64, critical: bool) -> DryRunStep {
    DryRunStep {
        id: id.into(),
        start,
        end,
        slack: if critical { 0.0 } else { 30.0 },
        critical,
        attempts_max: 1,
        action: format!("run \"./{id} --all --with-a-long-option\""),
        estimate_known: true,
        source: TimeSource::Estimate,
        ..DryRunStep::default()
    }
}

fn forecast() -> DryRunView {
    let mut test = planned("test", 0.0, 390.0, true);
    test.attempts_max = 3;
    let mut connect = planned("database.connect", 0.0, 10.0, false);
    connect.attempts_max = 6;
    connect.source = TimeSource::Guess;
    connect.estimate_known = false;
    let mut migrate = planned("database.migrate", 10.0, 70.0, false);
    migrate.asks = Some("Migrate production to 1.2.3?".into());
    (migrate.source, migrate.runs) = (TimeSource::History, 12);
    let mut rollout = planned("rollout", 510.0, 690.0, true);
    rollout.may_skip = true;
    let steps = vec![test, connect, planned("image", 390.0, 510.0, true), migrate, rollout];
    let path = ["test", "image", "rollout"].map(str::to_owned).to_vec();
    let piece = |step: &DryRunStep| DryRunPiece {
        id: step.id.clone(),
        item: None,
        start: step.start,
        end: step.end,
    };
    let row = |at: &[usize]| at.iter().map(|at| piece(&steps[*at])).collect::<Vec<_>>();
    let question = DryRunQuestion {
        step: "database.migrate".into(),
        kind: "confirm".into(),
        question: "Migrate production to 1.2.3?".into(),
        at: 10.0,
        ..DryRunQuestion::default()
    };
    let branch = DryRunBranch {
        step: "rollout".into(),
        condition: "when".into(),
        if_skipped: Some(510.0),
        ..DryRunBranch::default()
    };
    DryRunView {
        slots: vec![row(&[0, 2, 4]), row(&[1, 3])],
        questions: vec![question],
        branches: vec![branch],
        lower_bound: 690.0,
        critical_length: 690.0,
        p90: 750.0,
        simulations: 1000,
        ..DryRunView::new("release", 4, steps, path)
    }
}

#[test]
fn a_dry_run_reads_from_top_to_bottom() {
    let text = dry_run_text(&forecast());
    assert!(text.lines().all(|line| width(line) <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_forecast_adds_up() {
    let view = forecast();
    assert!((view.makespan - 690.0).abs() < 1e-9 && (view.work - 760.0).abs() < 1e-9);
    assert_eq!(
        view.waves,
        [
            vec!["test", "database.connect"],
            vec!["database.migrate"],
            vec!["image"],
            vec!["rollout"]
        ]
    );
}

#[test]
fn an_empty_or_odd_forecast_still_reads() {
    assert!(dry_run_text(&DryRunView::default()).starts_with(": 0 steps"));
    let odd = DryRunView::new("g", 1, vec![planned("a", f64::NAN, f64::INFINITY, true)], vec![]);
    assert!(dry_run_text(&odd).contains("./a"));
}

#[test]
fn every_schema_is_there() {
    for name in SCHEMAS {
        let schema = schema(name).unwrap();
        assert!(schema["properties"].is_object(), "{name}: {schema}");
    }
    assert_eq!(schema("nothing"), None);
}

/// Fails where a value lacks a required field or has one that its schema does not know.
fn assert_fits(value: &Json, schema: &Json, root: &Json) {
    let path = schema["$ref"].as_str().map(|path| path.trim_start_matches('#'));
    let schema = path.map_or(schema, |path| root.pointer(path).unwrap());
    if let (Some(object), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(object.contains_key(name.as_str().unwrap()), "no {name} in {value}");
        }
        for (name, field) in object {
            assert!(known.contains_key(name), "{name} is not in {schema}");
            assert_fits(field, &known[name], root);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        assert_fits(item, &schema["items"], root);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{value} is not among {words:?}");
    }
}

#[test]
fn what_is_printed_fits_its_schema() {
    let place = PlaceView { file: "g".into(), line: 1, column: 1, end_line: 1, end_column: 2 };
    let related = vec![RelatedView { message: "b".into(), place: place.clone() }];
    let found = DiagnosticView {
        code: Some("E0201".into()),
        severity: SeverityView::Error,
        message: "a".into(),
        place: Some(place),
        help: None,
        related,
        fixes: vec![],
    };
    let runs = RunsView { runs: vec![RunLine::default()] };
    for (name, json) in [
        ("check", serde_json::to_value(CheckView { diagnostics: vec![found] })),
        ("run", serde_json::to_value(run())),
        ("dry-run", serde_json::to_value(forecast())),
        ("runs", serde_json::to_value(runs)),
        ("report", serde_json::to_value(ReportView::default())),
    ] {
        let schema = schema(name).unwrap();
        assert_fits(&json.unwrap(), &schema, &schema);
    }
}
