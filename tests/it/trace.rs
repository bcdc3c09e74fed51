//! A run as an OpenTelemetry trace: printed, sent, and sent at the end of a run.

use serde_json::Value;

use crate::server::{has, server};
use crate::support::Project;

const PLAN: &str = r#"
goal g "A goal" {
  param token: secret = "hunter22"
  on failure continue
  step flaky { retry 2; idempotent; run "test -e again || { touch again; exit 7; }" }
  goal inner {
    step each { foreach n in [1, 2]; run "true" }
    step bad { env { TOKEN = token }; run "echo $TOKEN; exit 3" }
  }
}
"#;

fn spans(request: &Value) -> Vec<Value> {
    request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone()
}

fn span<'s>(spans: &'s [Value], name: &str) -> &'s Value {
    spans
        .iter()
        .find(|span| span["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {spans:#?}"))
}

#[test]
fn each_goal_step_instance_and_attempt_is_a_span_in_its_place() {
    let project = Project::new(PLAN);
    project.run(&[]).exits(1);
    let trace = project.call(&["export", "--format", "otlp"]).exits(0);
    assert!(!trace.text().contains("hunter22"));
    let spans = spans(&trace.json());
    let id = |name: &str| span(&spans, name)["spanId"].clone();
    let parent = |name: &str| span(&spans, name)["parentSpanId"].clone();
    assert!(parent("g").is_null());
    for (inner, outer) in [
        ("flaky", "g"),
        ("flaky attempt 2", "flaky"),
        ("inner", "g"),
        ("inner.bad", "inner"),
        ("inner.each[1]", "inner.each"),
        ("inner.each[1] attempt 1", "inner.each[1]"),
    ] {
        assert_eq!(parent(inner), id(outer), "{inner} in {outer}");
    }
    let code = |name: &str| span(&spans, name)["status"]["code"].clone();
    assert_eq!(
        [code("g"), code("flaky"), code("flaky attempt 1"), code("inner.bad")],
        [2, 1, 2, 2]
    );
    assert_eq!(span(&spans, "flaky attempt 1")["status"]["message"], "exit code 7");
    let mut ids: Vec<&str> = spans.iter().filter_map(|span| span["spanId"].as_str()).collect();
    assert!(ids.iter().all(|id| id.len() == 16));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len());
    for span in &spans {
        let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{span}");
        assert_eq!(span["traceId"], spans[0]["traceId"]);
    }
}

#[test]
fn it_is_sent_by_http_and_tried_once_more() {
    let project = Project::new(PLAN);
    project.run(&[]).exits(1);
    let (address, seen) = server(&[503, 200]);
    project.call(&["export", "--format", "otlp", "--endpoint", &address]).exits(0);
    let requests = seen.join().expect("the server");
    assert!(has(&requests[1], "content-type", "application/json"));
    let sent: Value = serde_json::from_slice(&requests[1].1).expect("JSON");
    assert_eq!(sent, project.call(&["export", "--format", "otlp"]).exits(0).json());
}

#[test]
fn a_run_is_sent_at_its_end_where_the_project_says_so() {
    let project = Project::new(PLAN);
    let (address, seen) = server(&[200]);
    project.write("goal.toml", format!("[log]\notlp = \"{address}\"\n"));
    project.run(&[]).exits(1);
    let requests = seen.join().expect("the server");
    let sent: Value = serde_json::from_slice(&requests[0].1).expect("JSON");
    span(&spans(&sent), "inner.bad");
}

#[test]
fn what_cannot_be_delivered_changes_nothing_of_the_run() {
    let project = Project::new(r#"goal g { step a { run "true" } }"#);
    let (address, seen) = server(&[400]);
    project.write("goal.toml", format!("[log]\notlp = \"{address}?key=hunter22\"\n"));
    let done = project.call(&["run", "plan.goal"]).exits(0);
    assert!(done.err.contains("the trace was not delivered: http://127.0.0.1:"), "{}", done.err);
    assert!(done.err.contains("answered 400") && !done.err.contains("hunter22"), "{}", done.err);
    seen.join().expect("the server");
}

#[test]
fn an_endpoint_that_is_no_address_is_refused() {
    let project = Project::new(r#"goal g { step a { run "true" } }"#);
    project.run(&[]).exits(0);
    let done = project.call(&["export", "--format", "otlp", "--endpoint", "localhost"]).exits(2);
    assert!(done.err.contains("http://127.0.0.1:4318"), "{}", done.err);
}
