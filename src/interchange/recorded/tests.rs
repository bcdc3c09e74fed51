//! What import makes of small recordings, good and bad.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::SourceMap;

/// How many findings an imported text has, and its canonical form.
fn read_back(text: &str) -> (usize, String) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "plan.goal", text);
    let mut diagnostics = Diagnostics::new();
    let document = crate::syntax::parse(file, text, &mut diagnostics);
    crate::clause::outline(std::borrow::Cow::Borrowed(&document), text, &mut diagnostics);
    (diagnostics.iter().count(), crate::format::format(&document, text))
}

fn recording(tasks: &Value, measured: &Value) -> String {
    json!({
        "name": "run", "schemaVersion": "1.5",
        "workflow": {"specification": {"tasks": tasks}, "execution": {"tasks": measured}},
    })
    .to_string()
}

fn problems(json: &str) -> String {
    import(json).expect_err("it is wrong").to_string()
}

proptest! {
    #[test]
    fn any_texts_read_back_in_canonical_form(
        a in "[a-c計é \"'\\\\${}#\n\t;,.\u{202e}-]{1,40}", b in ".{1,150}", c in r#"("""|'''|x|\n| ){1,8}"#,
    ) {
        let tasks = json!([
            {"id": "x.1", "name": a, "children": ["2"]},
            {"id": "2", "name": b, "parents": ["x.1"]},
            {"id": format!("x-1{b}"), "name": c, "parents": ["2", "x.1"]},
        ]);
        let measured = json!([
            {"id": "x.1", "runtimeInSeconds": 0.0014, "command": {"program": a, "arguments": [b, c]}},
            {"id": "2", "runtimeInSeconds": 90, "command": {"program": c}},
        ]);
        if let Ok(text) = import(&recording(&tasks, &measured)) {
            prop_assert_eq!(read_back(&text), (0, text.clone()));
        }
    }
}

#[test]
fn a_task_becomes_a_step_with_its_time_and_command() {
    let tasks = json!([
        {"id": "split_1", "name": "split", "children": ["count.1", "merge"]},
        {"id": "count.1", "name": "count", "parents": ["split_1"], "children": []},
        {"id": "merge", "name": "merge", "parents": ["count.1"]},
        {"id": "look", "name": "look at it", "parents": ["merge"]},
    ]);
    let measured = json!([
        {"id": "count.1", "runtimeInSeconds": 61.5, "command": {"program": "wc", "arguments": ["-l", "a"]}},
        {"id": "split_1", "runtimeInSeconds": 0, "command": {"program": "split", "arguments": ["--lines 10", "a"]}},
        {"id": "merge", "command": {"program": "cat a\nrm a", "arguments": []}},
    ]);
    let expected = r#"goal run "run" {
  step split_1 "split" {
    run "split --lines 10 a"
    estimate 0s
  }

  step count-1 "count.1" {
    depends split_1
    run ["wc", "-l", "a"]
    estimate 1m1s500ms
  }

  step merge {
    depends count-1
    run """
      cat a
      rm a
    """
  }

  step look "look at it" {
    depends merge
    manual "look at it"
  }
}
"#;
    assert_eq!(import(&recording(&tasks, &measured)).unwrap(), expected);
}

#[test]
fn all_that_is_wrong_is_reported_in_one_go() {
    let tasks = json!([
        {"id": "a", "parents": ["b", "nobody"], "children": ["a"]},
        {"id": "b", "parents": "a"},
        {"id": "b", "children": [3]},
    ]);
    let measured = json!([
        {"id": "c", "runtimeInSeconds": -1},
        {"id": "a", "runtimeInSeconds": "long", "command": {"program": 3}},
        {"id": "a"}, 7,
    ]);
    let said = problems(&recording(&tasks, &measured));
    for part in [
        "tasks[0].parents: there is no task `nobody`",
        "tasks[0].children: `a` depends on itself",
        "tasks[1].parents: is a string, not a list of strings",
        "tasks[2].id: `b` is the id of [1] already",
        "tasks[2].children: holds something that is not a string",
        "execution.tasks[0].runtimeInSeconds: is not a number",
        "execution.tasks[0].id: there is no task `c`",
        "execution.tasks[1].command.program: is a number, not a string",
        "execution.tasks[2].id: `a` was measured at [1] already",
        "execution.tasks[3]: is a number, not an object",
    ] {
        assert!(said.contains(part), "nothing about {part}:\n{said}");
    }
}

#[test]
fn tasks_that_wait_for_each_other_are_reported_once() {
    let tasks = json!([{"id": "a", "parents": ["b"]}, {"id": "b", "parents": ["a"]}]);
    let said = problems(&recording(&tasks, &json!([])));
    assert_eq!(said, "workflow.specification.tasks[0]: tasks wait for each other: a -> b -> a");
}

#[test]
fn older_versions_deep_and_large_inputs_are_refused() {
    let old = r#"{"name": "x", "schemaVersion": "1.4", "workflow": {"tasks": []}}"#;
    assert!(looks_like_recorded(old));
    assert!(problems(old).contains("WfFormat 1.5 is read and this is 1.4"));
    let deep = format!("{{\"schemaVersion\": \"1.5\", \"workflow\": {}", "[".repeat(100_000));
    assert!(looks_like_recorded(&deep) && problems(&deep).contains("nested too deep"));
    assert!(problems(&" ".repeat(LARGEST + 1)).contains("larger than 16 MiB"));
    let many: Vec<Value> = (0..10_001).map(|at| json!({"id": at.to_string()})).collect();
    assert!(problems(&recording(&json!(many), &json!([]))).contains("more than 10000 tasks"));
}

#[test]
fn recordings_are_told_from_the_other_formats() {
    assert!(looks_like_recorded(&recording(&json!([]), &json!([]))));
    assert!(!looks_like_recorded(r#"{"original_goal": "g", "workflow": {}}"#));
    assert!(!looks_like_recorded(r#"{"format": 1, "goals": {}, "steps": {}}"#));
}
