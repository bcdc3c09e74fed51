//! Plans that were edited while a run of them waited to go on: what `resume --accept-changes` takes.

use std::fs;

use crate::support::{Project, eventually};

/// Of a plan in which a step uses `VALUE` of a definition, and the next one fails until it is mended.
const USES: &str = r#"
goal b {
  DEFINED
  step s { run "echo ${v} >> log" }
  step t { depends s; run "exit 1" }
}
"#;

/// Runs a plan, edits it, and resumes it twice: the second time nothing was edited.
fn edited(before: &str, after: &str, write: &[(&str, &str)]) -> Project {
    let project = Project::new(before);
    for (name, text) in write {
        project.write(name, text);
    }
    project.run(&[]).exits(1);
    project.write("plan.goal", after);
    let listed = project.resume(&[]).exits(1).done.err;
    assert!(listed.contains("--accept-changes"), "{listed}");
    project
}

#[test]
fn what_is_defined_otherwise_has_its_new_value() {
    let cases = [
        ("let v = \"one\"", "let v = \"two\""),
        ("let w = \"one\"; let v = w", "let w = \"two\"; let v = w"),
        ("let v = trim(read(\"one\"))", "let v = trim(read(\"two\"))"),
        ("param v: string = \"one\"", "let v = \"two\""),
    ];
    for (before, after) in cases {
        let plan = |defined: &str| USES.replace("DEFINED", defined);
        let mended = plan(after).replace("exit 1", "true");
        let project = edited(&plan(before), &mended, &[("one", "one"), ("two", "two")]);
        project.resume(&["--accept-changes"]).exits(0);
        assert_eq!(project.lines("log"), ["one", "two"], "{after}");
    }
}

#[test]
fn a_list_a_condition_and_a_bound_param_are_taken_as_they_are_now() {
    let hosts = "goal b {\n\
         let hosts = [\"a\", \"b\"]\n\
         step s { foreach h in hosts; run \"echo $h >> log\" }\n\
         step t { depends s; run \"exit 1\" }\n\
       }";
    let after = hosts.replace("\"b\"]", "\"b\", \"c\"]").replace("exit 1", "true");
    let project = edited(hosts, &after, &[]);
    project.resume(&["--accept-changes"]).exits(0);
    let mut log = project.lines("log");
    log.sort();
    assert_eq!(log, ["a", "a", "b", "b", "c"]);

    let on = "goal b { let on = false; step s { when on; run \"touch ran\" }; step t { after s; run \"exit 1\" } }";
    let project = edited(on, &on.replace("= false", "= true").replace("exit 1", "true"), &[]);
    project.resume(&["--accept-changes"]).exits(0).stands("s succeeded, t succeeded");

    let bound = "goal b { goal i from \"inner.goal\" { v = \"one\" }; step t { depends i; run \"exit 1\" } }";
    let inner = ("inner.goal", "goal x { param v: string; step s { run \"echo ${v} >> log\" } }");
    let project = edited(bound, &bound.replace("one", "two").replace("exit 1", "true"), &[inner]);
    project.resume(&["--accept-changes"]).exits(0);
    assert_eq!(project.lines("log"), ["one", "two"]);
}

#[test]
fn what_is_defined_as_before_keeps_its_value() {
    let plan = USES.replace("DEFINED", "let v = trim(read(\"one\"))");
    let project = edited(&plan, &plan.replace("echo ${v}", "echo now ${v}"), &[("one", "one")]);
    project.write("one", "another");
    project.resume(&["--accept-changes"]).exits(1);
    assert_eq!(project.lines("log"), ["one", "now one"]);
}

#[test]
fn a_new_value_is_kept_by_later_resumes() {
    let plan = "goal b {\n\
         let v = \"one\"\n\
         step s { run \"echo ${v} >> log\" }\n\
         step t { depends s; run \"exit 1; test -e ok || sh hold never; echo ${v} >> log\"; idempotent }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(1);
    project
        .write("plan.goal", plan.replace("\"one\"", "trim(read(\"v\"))").replace("exit 1", "true"));
    project.write("v", "two");
    let live = project.start_resume(&["--accept-changes"]);
    project.await_file("held");
    live.kill();
    project.write("v", "three");
    project.write("ok", "");
    project.resume(&[]).exits(0).stands("t succeeded");
    assert_eq!(project.lines("log"), ["one", "two", "two"]);
}

#[test]
fn a_param_that_an_edit_brings_may_be_given_and_is_kept() {
    let plan = "goal a { step s { run \"echo x >> log; test -e ok\" } }";
    let project = Project::new(plan);
    project.run(&[]).exits(1);
    let edited = "goal a {\n\
         param region: string\n\
         param zone: string = \"z1\"\n\
         step s { run \"echo ${region} ${zone} >> log; test -e ok\" }\n\
       }";
    project.write("plan.goal", edited);
    let missing = project.call(&["resume", "--accept-changes"]).exits(2).err;
    assert!(missing.contains("give it by -p region="), "{missing}");
    let wrong = ["resume", "--accept-changes", "-p", "region=eu", "-p", "zoen=z2"];
    project.call(&wrong).exits(2);
    project.resume(&["--accept-changes", "-p", "region=eu"]).exits(1);
    assert_eq!(project.lines("log"), ["x", "eu z1"]);
    let kept = project.call(&["resume", "--retry-failed", "-p", "region=us"]).exits(2).err;
    assert!(kept.contains("a run keeps its params"), "{kept}");
    fs::write(project.path("ok"), "").expect("it is written");
    project.resume(&["--retry-failed"]).exits(0);
    assert_eq!(project.lines("log"), ["x", "eu z1", "eu z1"]);
}

#[test]
fn a_param_of_another_type_is_read_anew_or_given() {
    let plan = "goal a { param n: string = \"few\"; step s { run \"echo ${n} >> log; exit 1\" } }";
    let project = Project::new(plan);
    project.run(&[]).exits(1);
    project.write("plan.goal", plan.replace("string = \"few\"", "int = 3"));
    project.call(&["resume", "--accept-changes"]).exits(2);
    project.resume(&["--accept-changes", "-p", "n=7"]).exits(1);
    assert_eq!(project.lines("log"), ["few", "7"]);
}

/// A run that was killed while `x` was at it, and then edited in `x`.
fn killed_and_edited(plan: &str, edit: (&str, &str)) -> Project {
    let project = Project::new(plan);
    let live = project.start(&[]);
    project.await_file("held");
    live.kill();
    project.write("plan.goal", plan.replace(edit.0, edit.1));
    project
}

const CHARGES: &str = r#"
goal b {
  step x { run "echo charge-card >> log; sh hold never" }
  step y { depends x; run "echo y >> log" }
}
"#;

#[test]
fn an_accepted_edit_does_not_say_what_became_of_a_step_in_doubt() {
    let mended = ("sh hold never", "true");
    let project = killed_and_edited(CHARGES, mended);
    let outcome = project.resume(&["--accept-changes"]).exits(3).stands("x in-doubt, y pending");
    assert!(outcome.done.err.contains('x'), "{}", outcome.done.err);
    assert_eq!(project.lines("log"), ["charge-card"]);
    project.call(&["done", "x"]).exits(0);
    project.resume(&[]).exits(0);
    assert_eq!(project.lines("log"), ["charge-card", "y"]);

    let project = killed_and_edited(CHARGES, mended);
    project.resume(&["--accept-changes"]).exits(3);
    project.call(&["rerun", "x"]).exits(0);
    project.resume(&[]).exits(0);
    assert_eq!(project.lines("log"), ["charge-card", "charge-card", "y"], "as it is now");

    let safe = ("sh hold never\"", "true\"; idempotent");
    let project = killed_and_edited(CHARGES, safe);
    project.resume(&["--accept-changes"]).exits(0);
    assert_eq!(project.lines("log"), ["charge-card", "charge-card", "y"]);
}

#[test]
fn of_an_edited_list_only_the_instances_in_doubt_are_asked_about() {
    let plan = "goal b {\n\
         step x { foreach n in [1, 2]; run \"echo $n >> log; if test $n = 2; then sh hold never; fi\" }\n\
       }";
    let project = Project::new(plan);
    let live = project.start(&["-j1"]);
    project.await_file("held");
    live.kill();
    project.write("plan.goal", plan.replace("sh hold never", "true"));
    project.resume(&["--accept-changes"]).exits(3);
    eventually("the other runs again", || project.lines("log") == ["1", "2", "1"]);
    project.call(&["done", "x[1]"]).exits(0);
    project.resume(&[]).exits(0).stands("x succeeded");
    assert_eq!(project.lines("log"), ["1", "2", "1"]);
}
