//! `goalc compile`: the checked plan as JSON, which runs alike, and what a step's fingerprint is of.

use serde_json::{Value, json};

use crate::support::{Outcome, Project};

const PLAN: &str = r#"
goal g {
  param who: string = "you"
  let greeting = "hello ${who}"
  env { FROM = "goal" }
  step a { run "echo $GOAL_STEP; echo n=3 >> $GOAL_OUTPUT"; output n: int; idempotent }
  step b {
    depends a
    run ["sh", "-c", "echo \"$1 $FROM\" > said.txt", "sh", "${greeting}: ${a.n}"]
    verify { file "said.txt" nonempty }
  }
  goal inner { depends b; step c { foreach x in range(0, a.n); run "echo ${x} >> items.txt" } }
  cleanup { delete "*.tmp" }
}
"#;

fn compiled(project: &Project) -> Value {
    project.call(&["compile", "plan.goal"]).exits(0).json()
}

/// The fingerprint of each step, in the plan's order.
fn fingerprints(project: &Project) -> Vec<(String, String)> {
    let json = compiled(project);
    let steps = json["steps"].as_object().expect("steps by id");
    let print = |step: &Value| step["fingerprint"].as_str().expect("a fingerprint").to_owned();
    steps.iter().map(|(id, step)| (id.clone(), print(step))).collect()
}

/// The steps whose fingerprint is another one with this edit.
fn changed_by(from: &str, to: &str) -> Vec<String> {
    assert!(PLAN.contains(from), "{from}");
    let project = Project::new(PLAN);
    let before = fingerprints(&project);
    project.write("plan.goal", PLAN.replace(from, to));
    let after = fingerprints(&project);
    assert_eq!(before.len(), after.len());
    let differ = before.into_iter().zip(after).filter(|(a, b)| a.1 != b.1);
    differ.map(|((id, _), _)| id).collect()
}

#[test]
fn a_compiled_plan_does_the_same() {
    let project = Project::new(PLAN);
    project.call(&["compile", "plan.goal", "-o", "plan.json"]).exits(0);
    let wanted = "a succeeded, b succeeded, inner.c succeeded";
    let plain = project.run(&["-p", "who=me"]).exits(0).stands(wanted);
    let said = project.read("said.txt");
    let call = ["run", "plan.json", "--format", "json", "-p", "who=me"];
    let outcome = Outcome::of(project.call(&call)).exits(0).stands(wanted);
    assert_eq!(outcome.json["goal"], plain.json["goal"]);
    assert_eq!(outcome.step("a")["outputs"], plain.step("a")["outputs"]);
    assert_eq!(project.read("said.txt"), said);
    assert_eq!(said, "hello me: 3 goal\n");
    let mut items = project.lines("items.txt");
    items.sort();
    assert_eq!(items, ["0", "0", "1", "1", "2", "2"]);
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let project = Project::new(PLAN);
    let once = project.call(&["compile", "plan.goal"]).exits(0).out;
    assert_eq!(project.call(&["compile", "plan.goal"]).exits(0).out, once);
}

#[test]
fn compiling_runs_nothing_and_refuses_what_has_errors() {
    let project = Project::new("goal g { step a { run \"touch ran\"; timout 3s } }");
    let done = project.call(&["compile", "plan.goal", "-o", "plan.json"]).exits(2);
    assert!(done.err.contains("E0102"), "{}", done.err);
    assert!(!project.has("plan.json") && !project.has("ran"));
}

#[test]
fn what_is_read_is_never_written_over() {
    let text = "goal g { step a { run \"true\" } }";
    let project = Project::new(text);
    for (command, out) in
        [("compile", "plan.goal"), ("compile", "./plan.goal"), ("graph", "plan.goal")]
    {
        let done = project.call(&[command, "plan.goal", "-o", out]).exits(2);
        assert!(done.err.contains("is what is read here"), "{}", done.err);
        assert_eq!(project.read("plan.goal"), text);
    }
    project.call(&["graph", "plan.goal", "-o", "plan.svg"]).exits(0);
    assert!(project.read("plan.svg").starts_with("<svg"));
}

#[test]
fn another_format_or_other_json_is_refused() {
    let project = Project::new(PLAN);
    let mut plan = compiled(&project);
    plan["format"] = json!(9999);
    project.write("new.json", plan.to_string());
    let done = project.call(&["run", "new.json"]).exits(2);
    assert!(done.err.contains("9999") || done.err.contains("format"), "{}", done.err);
    for text in ["{}", "[]", "not json", r#"{"format": 1}"#, "null"] {
        project.write("odd.json", text);
        project.call(&["run", "odd.json"]).exits(2);
    }
    assert!(!project.has("said.txt"));
}

#[test]
fn layout_and_comments_leave_fingerprints_alone() {
    assert_eq!(changed_by("  step a {", "\n\n  # why\n  step   a   {"), [""; 0]);
    assert_eq!(changed_by("step b {", "step b \"A title\" {"), [""; 0]);
    assert_eq!(changed_by("depends a\n", "depends   a # first\n"), [""; 0]);
}

#[test]
fn a_script_changes_its_own_step_alone() {
    assert_eq!(changed_by("echo $GOAL_STEP;", "echo changed;"), ["a"]);
    assert_eq!(changed_by("echo ${x} >>", "echo  ${x} >>"), ["inner.c"]);
}

#[test]
fn what_a_step_uses_is_part_of_it() {
    assert_eq!(changed_by("hello ${who}", "good day ${who}"), ["b"]);
    assert_eq!(changed_by("nonempty", ""), ["b"]);
    assert_eq!(changed_by("FROM = \"goal\"", "FROM = \"others\""), ["a", "b", "inner.c"]);
}

#[test]
fn other_steps_are_no_part_of_it() {
    let project = Project::new(PLAN);
    let before = fingerprints(&project);
    project.write("plan.goal", PLAN.replace("  cleanup", "  step new { run \"true\" }\n  cleanup"));
    let after = fingerprints(&project);
    assert!(before.iter().all(|each| after.contains(each)), "{before:?} {after:?}");
}

#[test]
fn each_schema_is_json_and_an_unknown_one_is_refused() {
    let project = Project::empty();
    for name in ["check", "run", "show", "dry-run", "runs", "ir"] {
        let schema = project.call(&["schema", name]).exits(0).json();
        assert!(schema.is_object(), "{name}");
    }
    project.call(&["schema", "nothing"]).exits(2);
}

#[test]
fn no_secret_default_is_needed_to_compile() {
    let plan = "goal g { param t: secret = env(\"NO_SUCH_TOKEN\")\n step a { env { T = t }; run \"true\" } }";
    let project = Project::new(plan);
    project.call(&["compile", "plan.goal"]).exits(0);
}

#[test]
fn a_compiled_plan_that_waits_in_a_circle_is_refused() {
    let plan = "goal g {\n step a { run \"true\" }\n step b { depends a; run \"true\" }\n\
                goal h { depends b; step c { run \"true\" } }\n}\n";
    let project = Project::new(plan);
    let whole = compiled(&project);
    let edge = |kind: &str, on: &str| json!([{ "on": { kind: on }, "kind": "depends" }]);
    for (on, said) in [
        (edge("step", "a"), "a → a"),
        (edge("step", "b"), "a → b → a"),
        (edge("goal", "h"), "a → h → "),
        (edge("step", "h.c"), "a → h.c → h → b → a"),
        (edge("goal", ""), "a → the goal → a"),
    ] {
        let mut json = whole.clone();
        json["steps"]["a"]["edges"] = on;
        project.write("circle.json", json.to_string());
        for call in
            [&["run", "circle.json"][..], &["run", "-n", "circle.json"], &["graph", "circle.json"]]
        {
            let refused = project.call(call);
            assert!(refused.code == 2 && refused.err.contains(said), "{said}: {}", refused.err);
        }
    }
}
