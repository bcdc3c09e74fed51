//! `goalc import`, and `goalc run` of a decomposed goal as it is.

use crate::support::{Outcome, Project};

const DECOMPOSED: &str = r#"{
  "original_goal": "家計簿アプリを公開する",
  "decomposition_strategy": "top-down: 設計から",
  "steps": [
    {"step": 1, "title": "データベース設計", "description": "表を決める。\n「金額」は整数。",
     "estimated_effort": "small", "dependencies": []},
    {"step": 2, "title": "API を書く", "description": "Write the \"API\" for $5 & ${more}",
     "estimated_effort": "large", "dependencies": [1]},
    {"step": 3, "title": "画面", "description": "見た目", "estimated_effort": "medium", "dependencies": [1]},
    {"step": 4, "title": "公開", "description": "出す", "estimated_effort": "small", "dependencies": [2, 3, 1]}
  ]
}"#;

fn imported(json: &str) -> Project {
    let project = Project::empty();
    project.write("goal.json", json);
    project.call(&["import", "goal.json", "-o", "plan.goal"]).exits(0);
    project
}

#[test]
fn an_imported_goal_is_a_sound_plan_in_canonical_form() {
    let project = imported(DECOMPOSED);
    let checked = project.call(&["check", "plan.goal", "--deny", "warnings"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.text(), project.read("plan.goal"));
    project.call(&["fmt", "plan.goal", "--check"]).exits(0);
    let printed = project.call(&["import", "goal.json"]).exits(0).out();
    assert_eq!(printed, project.read("plan.goal"));
}

#[test]
fn its_text_is_kept_as_it_is() {
    let plan = imported(DECOMPOSED).read("plan.goal");
    for text in [
        "家計簿アプリを公開する",
        "データベース設計",
        "表を決める。",
        "「金額」は整数。",
        "設計から",
    ] {
        assert!(plan.contains(text), "{text} is not in:\n{plan}");
    }
    assert!(plan.contains("estimate large") && plan.contains("estimate medium"), "{plan}");
}

#[test]
fn its_steps_wait_for_people_in_their_order() {
    let project = imported(DECOMPOSED);
    let outcome = project.run(&[]).exits(3);
    let steps = outcome.json["steps"].as_array().expect("steps").clone();
    let statuses: Vec<_> = steps.iter().map(|step| step["status"].as_str().expect("it")).collect();
    assert_eq!(statuses, ["waiting", "pending", "pending", "pending"]);
    let dry = project.run(&["--dry-run", "-j", "4"]).exits(0);
    // small 30 min, large 8 h, small 30 min: the longest chain.
    assert_eq!(dry.json["makespan"], 9.0 * 3600.0);
    let asked = outcome.done.err;
    assert!(asked.contains("表を決める"), "{asked}");
    let first = steps[0]["id"].as_str().expect("an id").to_owned();
    project.call(&["done", &first]).exits(0);
    let outcome = project.resume(&[]).exits(3);
    let steps = outcome.json["steps"].as_array().expect("steps");
    let statuses: Vec<_> = steps.iter().map(|step| step["status"].as_str().expect("it")).collect();
    assert_eq!(statuses, ["succeeded", "waiting", "waiting", "pending"]);
}

#[test]
fn run_takes_the_decomposed_goal_itself() {
    let project = Project::empty();
    project.write("goal.json", DECOMPOSED);
    let outcome = Outcome::of(project.call(&["run", "goal.json", "--format", "json"])).exits(3);
    assert_eq!(outcome.json["steps"].as_array().map(Vec::len), Some(4));
    assert_eq!(outcome.json["status"], "waiting");
}

#[test]
fn commands_become_steps_that_run() {
    let project = imported(
        r#"{"original_goal": "Ship it", "steps": [
          {"step": 1, "title": "Build", "description": "b", "dependencies": [], "command": "echo ${HOME:-x} > built", "idempotent": true},
          {"step": 2, "title": "Build", "description": "t", "dependencies": [1], "run": ["touch", "a b\"; touch pwned"]}
        ]}"#,
    );
    project.call(&["check", "plan.goal"]).exits(0);
    let outcome = project.run(&[]).exits(0);
    assert!(project.has("built") && project.has("a b\"; touch pwned") && !project.has("pwned"));
    assert_eq!(outcome.json["steps"].as_array().map(Vec::len), Some(2));
}

#[test]
fn all_that_is_wrong_is_told_in_one_go() {
    let project = Project::empty();
    project.write(
        "goal.json",
        r#"{"original_goal": "x", "steps": [
          {"step": 1, "title": "a", "description": "d", "dependencies": [9]},
          {"step": 1, "title": "b", "description": "d", "dependencies": [], "estimated_effort": "huge"}
        ]}"#,
    );
    let done = project.call(&["import", "goal.json"]).exits(2);
    assert!(done.out.is_empty());
    for part in ["steps[0].dependencies", "9", "steps[1].step", "estimated_effort"] {
        assert!(done.err.contains(part), "nothing about {part}: {}", done.err);
    }
}

#[test]
fn a_circle_or_no_json_is_refused() {
    let project = Project::empty();
    let circle = r#"{"original_goal": "x", "steps": [
      {"step": 1, "title": "a", "description": "d", "dependencies": [2]},
      {"step": 2, "title": "b", "description": "d", "dependencies": [1]}]}"#;
    for text in [circle, "", "[1", "{\"steps\": 3}"] {
        project.write("goal.json", text);
        project.call(&["import", "goal.json"]).exits(2);
        project.call(&["run", "goal.json"]).exits(2);
    }
}

/// Two of three counts come before the merge; `c` says so only of its parent.
const RECORDED: &str = r#"{
  "name": "count-words", "description": "A recorded run", "schemaVersion": "1.5",
  "workflow": {
    "specification": {"tasks": [
      {"id": "split", "name": "split", "parents": [], "children": ["a", "b", "merge"]},
      {"id": "a", "name": "count", "parents": ["split"], "children": ["merge"]},
      {"id": "b", "name": "count", "parents": [], "children": ["merge"]},
      {"id": "c", "name": "count", "parents": ["split"]},
      {"id": "merge", "name": "merge", "parents": ["a", "b"], "children": []}
    ]},
    "execution": {"makespanInSeconds": 9.5, "tasks": [
      {"id": "merge", "runtimeInSeconds": 1.25, "command": {"program": "sort", "arguments": ["-u"]}},
      {"id": "split", "runtimeInSeconds": 2.0, "command": {"program": "split"}},
      {"id": "a", "runtimeInSeconds": 4.001, "command": {"program": "wc"}},
      {"id": "b", "runtimeInSeconds": 3, "command": {"program": "wc"}},
      {"id": "c", "runtimeInSeconds": 1}
    ]}
  }
}"#;

#[test]
fn a_recorded_run_is_a_sound_plan_with_its_figures() {
    let project = imported(RECORDED);
    project.call(&["check", "plan.goal", "--deny", "warnings"]).exits(0);
    project.call(&["fmt", "plan.goal", "--check"]).exits(0);
    let dry = |jobs| project.run(&["--dry-run", "-j", jobs]).exits(0).json;
    let json = dry("2");
    assert_eq!(json["critical_path"], serde_json::json!(["split", "a", "merge"]));
    assert_eq!(json["work"], 11.251);
    assert_eq!(json["makespan"], 7.251);
    // Whoever does `c` by hand takes no slot.
    assert_eq!(dry("1")["makespan"], 10.251);
    let text = project.read("plan.goal");
    assert!(text.contains("run [\"sort\", \"-u\"]") && text.contains("manual \"count\""), "{text}");
    assert!(!text.contains("depends split, "), "{text}");
}

#[test]
fn packed_input_is_told_by_its_content() {
    use std::io::Write;
    let project = Project::empty();
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(RECORDED.as_bytes()).expect("it is packed");
    let packed = writer.finish().expect("it is packed");
    std::fs::write(project.path("run.data"), &packed).expect("it is written");
    std::fs::write(project.path("run.json.gz"), &packed).expect("it is written");
    let plan = project.call(&["import", "run.data"]).exits(0).out();
    assert_eq!(plan, imported(RECORDED).read("plan.goal"));
    project.call(&["run", "run.json.gz", "--dry-run"]).exits(0);
    std::fs::write(project.path("run.data"), &packed[..packed.len() / 2]).expect("it is written");
    let done = project.call(&["import", "run.data"]).exits(2);
    assert!(done.err.contains("damaged") && done.out.is_empty(), "{}", done.err);
}
