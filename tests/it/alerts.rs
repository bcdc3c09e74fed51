//! Alerts: told once, by script, address or log; and they never change the run.

use serde_json::Value;

use crate::server::{has, server};
use crate::support::{Project, contains, files_below};

/// What the journal says of alerts.
fn told(project: &Project) -> Vec<Value> {
    let db = rusqlite::Connection::open(project.state().join("state.db")).expect("the state opens");
    let mut query = db.prepare("select body from events order by seq").expect("a query");
    let bodies = query.query_map([], |row| row.get::<_, String>(0)).expect("events");
    let events =
        bodies.map(|body| serde_json::from_str::<Value>(&body.expect("text")).expect("JSON"));
    events.filter(|event| event["event"] == "alert-sent").collect()
}

#[test]
fn a_webhook_is_tried_again_and_signed_and_keeps_secrets() {
    let (address, server) = server(&[503, 500, 200]);
    let project = Project::new(&format!(
        r#"
goal g "Ship it" {{
  param token: secret = env("TOKEN")
  step a {{ env {{ T = token }}; run "echo $T; exit 7" }}
  alert on failure {{ webhook "{address}" {{ header "Authorization" = "Bearer ${{token}}" }} }}
}}
"#
    ));
    let mut command = project.command(&["run", "plan.goal"]);
    command.env("GOALC_WEBHOOK_SECRET", "key").env("TOKEN", "top-secret-token");
    project.spawn(command).end().exits(1);
    let seen = server.join().expect("the server ends");
    let last = seen.last().expect("a request");
    assert!(has(last, "authorization", "Bearer top-secret-token"), "{last:?}");
    assert!(last.0.iter().any(|h| h.to_lowercase().starts_with("x-goalc-signature-256: sha256=")));
    let body: Value = serde_json::from_slice(&last.1).expect("JSON");
    assert_eq!((&body["event"], &body["step"]), (&"failure".into(), &"a".into()), "{body}");
    assert_eq!(body["message"], "step `a` failed: exit code 7", "{body}");
    assert!(seen.iter().all(|request| request.1 == last.1), "each try is the same");
    let told = told(&project);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["way"], &told[0]["failure"]), (&"webhook".into(), &Value::Null));
    for (path, content) in files_below(&project.state()) {
        assert!(!contains(&content, b"top-secret-token"), "{}", path.display());
    }
}

#[test]
fn an_alert_that_cannot_be_delivered_changes_nothing() {
    let project = Project::new(
        r#"
goal g {
  step a { run "true" }
  alert on achieved { webhook "http://127.0.0.1:1/"; run "exit 3"; log }
}
"#,
    );
    let outcome = project.run(&[]).exits(0);
    assert_eq!(outcome.json["status"], "achieved");
    let told = told(&project);
    let of = |way: &str| told.iter().find(|each| each["way"] == way).expect("it is told of");
    assert!(of("webhook")["failure"].is_string() && of("run")["failure"].is_string(), "{told:?}");
    assert!(of("log")["failure"].is_null());
}

#[test]
fn a_script_knows_what_happened() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step a { run "exit 1"; retry 1; idempotent }
  step ok { run "true" }
  step asks { confirm "Sure?"; run "true" }
  step mine { run "exit 2"; on failure ignore because "it may" }
  goal inner { step b { run "exit 4" } ; alert on failure { run "echo inner $GOAL_ALERT_STEP >> told" } }
  alert on failure, retry, waiting { run "echo $GOAL_ALERT $GOAL_ALERT_STEP $GOAL_ALERT_TEXT >> told" }
}
"#,
    );
    project.run(&[]).exits(3);
    let mut lines = project.lines("told");
    lines.sort();
    assert_eq!(
        lines,
        [
            "failure a step `a` failed: exit code 1",
            "failure inner.b step `inner.b` failed: exit code 4",
            "inner inner.b",
            "retry a `a` is tried again in 0s",
            "waiting asks `asks` waits for a person: Sure?",
        ]
    );
}

#[test]
fn that_a_goal_inside_failed_by_itself_is_told_once_to_those_around_it() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  goal inner {
    step a { run "true" }
    verify { file "nowhere" }
    alert on failure { run "echo \"$GOAL_ALERT_TEXT\" >> inner" }
  }
  alert on failure { run "echo \"$GOAL_ALERT_TEXT\" >> outer" }
}
"#,
    );
    project.run(&[]).exits(1);
    for file in ["inner", "outer"] {
        let told = project.lines(file);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("goal `inner` failed"), "{told:?}");
    }
}

#[test]
fn what_takes_too_long_or_is_silent_is_told_once() {
    let project = Project::new(
        r#"
goal g {
  step slow { run "sh hold go"; estimate 1s }
  alert on overrun, silence > 1s { run "echo $GOAL_ALERT $GOAL_ALERT_STEP >> told" }
}
"#,
    );
    let run = project.start(&[]);
    crate::support::eventually("both alerts", || project.lines("told").len() >= 2);
    project.write("go", "");
    run.end().exits(0);
    let mut lines = project.lines("told");
    lines.sort();
    assert_eq!(lines, ["overrun slow", "silence slow"]);
}

#[test]
fn without_an_estimate_earlier_runs_say_what_is_too_long() {
    let project = Project::new(
        r#"
goal g {
  step slow { run "sh hold go" }
  alert on overrun { run "echo $GOAL_ALERT $GOAL_ALERT_TEXT >> told" }
}
"#,
    );
    project.write("go", "");
    for _ in 0..3 {
        project.run(&[]).exits(0);
    }
    assert!(!project.has("told"));
    std::fs::remove_file(project.path("go")).expect("it is there");
    let run = project.start(&[]);
    project.await_file("told");
    project.write("go", "");
    run.end().exits(0);
    let wanted = "overrun `slow` takes longer than 1s, which is unusual by its earlier runs";
    assert_eq!(project.lines("told"), [wanted]);
}

#[test]
fn the_report_tells_of_alerts_and_first_of_those_not_delivered() {
    let project = Project::new(
        r#"
goal g {
  step a { run "true" }
  alert on achieved { log; webhook "http://127.0.0.1:1/" }
}
"#,
    );
    project.run(&[]).exits(0);
    let report = project.call(&["report", "--format", "json"]).exits(0).json();
    let alerts = report["alerts"].as_array().expect("a list");
    let of = |at: usize| (alerts[at]["way"].as_str(), alerts[at]["failure"].is_string());
    assert_eq!([of(0), of(1)], [(Some("webhook"), true), (Some("log"), false)]);
    let page = project.call(&["report"]).exits(0).out();
    let section = page.split("## Alerts").nth(1).expect("a section");
    assert!(section.trim_start().starts_with("- not delivered: achieved by webhook ("), "{page}");
    let html = project.call(&["report", "--format", "html"]).exits(0).out();
    assert!(html.contains("not delivered: achieved by webhook"), "{html}");
}

#[test]
fn a_machine_that_is_used_too_much_is_told() {
    let project = Project::new(
        r#"
goal g {
  step slow { run "sh hold go" }
  alert on memory > 0.1%, cpu > 99.99% { run "echo $GOAL_ALERT $GOAL_ALERT_TEXT >> told" }
}
"#,
    );
    let run = project.start(&[]);
    project.await_file("told");
    project.write("go", "");
    run.end().exits(0);
    let said = project.read("told");
    assert!(said.starts_with("memory the machine's memory"), "{said}");
}
