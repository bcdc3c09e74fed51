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

/// Runs a plan to its end, edits it, and says what a resume names of it. `code`: of that resume.
fn named(project: &Project, after: &str, code: i32) -> String {
    project.write("plan.goal", after);
    let listed = project.resume(&[]).exits(code).done.err;
    assert!(listed.contains("--accept-changes"), "{listed}");
    listed
}

#[test]
fn a_goals_condition_that_was_edited_is_named_and_asked_anew() {
    let plan = "goal a {\n\
         goal g { when false; step s { run \"echo s >> log\" } }\n\
         step t { depends g; run \"echo t >> log\" }\n\
         step u { run \"echo u >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(0).stands("g.s skipped, t skipped, u succeeded");
    let listed = named(&project, &plan.replace("when false", "when true"), 0);
    assert!(listed.contains("g (the goal itself)") && listed.contains(" t\n"), "{listed}");
    assert!(!listed.contains(" u\n") && !listed.contains("g.s"), "{listed}");
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded, t succeeded");
    assert_eq!(project.lines("log"), ["u", "s", "t"]);
    let settled = project.resume(&[]).exits(0).done.err;
    assert!(!settled.contains("--accept-changes"), "{settled}");
}

#[test]
fn a_let_that_a_goals_condition_uses_is_taken_as_it_is_now() {
    let plan = "goal a {\n\
         let on = false\n\
         goal g { when on; step s { run \"echo s >> log\" } }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(0).stands("g.s skipped");
    named(&project, &plan.replace("on = false", "on = true"), 0);
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded");
}

#[test]
fn a_goals_question_that_was_denied_and_edited_is_asked_anew() {
    let plan = "goal a {\n\
         goal g { confirm \"Now?\"; step s { run \"echo s >> log\" } }\n\
         step t { depends g; run \"echo t >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(3);
    project.call(&["deny", "g"]).exits(0);
    project.resume(&[]).exits(1);
    named(&project, &plan.replace("Now?", "Or now?"), 1);
    let asks = project.resume(&["--accept-changes"]).exits(3);
    assert!(asks.done.text().contains("Or now?"), "{}", asks.done.text());
    project.call(&["approve", "g"]).exits(0);
    project.resume(&[]).exits(0);
    assert_eq!(project.lines("log"), ["s", "t"]);
}

#[test]
fn a_goals_verify_that_was_edited_is_asked_as_it_is_now() {
    let plan = "goal a {\n\
         goal g { step s { run \"echo s >> log\" }; verify { file \"never\" } }\n\
         step t { depends g; run \"echo t >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(1).stands("g.s succeeded");
    let edited = plan.replace("\"never\"", "\"log\"");
    named(&project, &edited, 1);
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded, t succeeded");
    assert_eq!(project.lines("log"), ["s", "t"], "what succeeded in it stays");

    // The whole goal's own.
    let plan = "goal a { step s { run \"echo s >> log\" }; verify { file \"never\" } }";
    let project = Project::new(plan);
    project.run(&[]).exits(1);
    let listed = named(&project, &plan.replace("\"never\"", "\"log\""), 1);
    assert!(listed.contains("the whole goal"), "{listed}");
    project.resume(&["--accept-changes"]).exits(0);
    assert_eq!(project.lines("log"), ["s"]);
}

#[test]
fn a_goals_deadline_that_has_passed_and_was_edited_counts_as_it_is_now() {
    let plan = "goal a {\n\
         goal g { deadline 50ms; step s { run \"test -e ok || sh hold never\"; grace 0s } }\n\
         step t { depends g; run \"echo t >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(1).stands("g.s cancelled");
    project.write("ok", "");
    named(&project, &plan.replace("50ms", "1h"), 1);
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded, t succeeded");
}

#[test]
fn a_goal_in_which_something_has_begun_has_its_new_deadline_too() {
    let plan = "goal a {\n\
         goal g { deadline 300ms; step s { foreach n in [1, 2]; run \"test $n = 1 || test -e ok || sh hold never\"; grace 0s } }\n\
         step t { depends g; run \"echo t >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(1).stands("g.s cancelled");
    project.write("ok", "");
    named(&project, &plan.replace("300ms", "1h"), 1);
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded, t succeeded");
}

#[test]
fn what_a_goal_waits_for_may_be_edited() {
    let plan = "goal a {\n\
         on failure continue\n\
         step x { run \"exit 1\" }\n\
         step y { run \"true\" }\n\
         goal g { depends x; step s { run \"echo s >> log\" } }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(1).stands("g.s blocked");
    named(&project, &plan.replace("depends x", "depends y"), 1);
    project.resume(&["--accept-changes"]).exits(1).stands("x failed, g.s succeeded");
}

#[test]
fn layout_titles_and_where_steps_run_are_no_change_of_a_goal() {
    let plan = "goal a { goal g { deadline 1h; step s { run \"true\" } }; step t { depends g; run \"exit 1\" } }";
    let project = Project::new(plan);
    project.run(&[]).exits(1);
    let edited = plan
        .replace("goal g {", "# why\n goal g \"A title\" { parallel 2; alert on failure { log };")
        .replace("1h", "60m");
    project.write("plan.goal", edited);
    let listed = project.resume(&[]).exits(1).done.err;
    assert!(!listed.contains("--accept-changes"), "{listed}");
}

#[test]
fn goals_of_runs_that_an_older_version_began_are_compared_by_their_clauses() {
    let plan = "goal a { goal g { when false; step s { run \"true\" } } }";
    let project = Project::new(plan);
    let compiled = || project.call(&["compile", "plan.goal"]).exits(0).json();
    let mut old = compiled();
    for goal in old["goals"].as_object_mut().expect("goals").values_mut() {
        let print = goal.as_object_mut().expect("a goal").remove("fingerprint");
        assert!(print.is_some(), "goals have fingerprints");
    }
    project.write("plan.json", old.to_string());
    project.call(&["run", "plan.json"]).exits(0);
    project.write("plan.json", compiled().to_string());
    let same = project.resume(&[]).exits(0).done.err;
    assert!(!same.contains("--accept-changes"), "{same}");
    project.write("plan.goal", plan.replace("when false", "when true"));
    project.write("plan.json", compiled().to_string());
    let listed = project.resume(&[]).exits(0).done.err;
    assert!(listed.contains("g (the goal itself)"), "{listed}");
    project.resume(&["--accept-changes"]).exits(0).stands("g.s succeeded");
}

#[test]
fn a_mended_rollback_is_named_and_taken_when_accepted() {
    let plan = "goal a {\n\
         step s { run \"echo s >> log\"; rollback { run \"exit 7\" } }\n\
         step t { depends s; run \"echo t >> log\" }\n\
       }";
    let project = Project::new(plan);
    project.run(&[]).exits(0);
    let failed = project.call(&["rollback", "--to", "start"]).exits(1);
    assert!(!failed.err.contains("--accept-changes"), "{}", failed.err);
    let mended = plan
        .replace("exit 7", "echo un-${how} >> log")
        .replace("step s", "let how = \"done\"\nstep s")
        .replace("echo t", "echo T");
    project.write("plan.goal", &mended);
    let named = project.call(&["rollback", "--to", "start"]).exits(1).err;
    assert!(named.contains(" s\n") && named.contains(" --to start --accept-changes"), "{named}");
    assert!(!named.contains(" t\n"), "{named}");
    project.call(&["rollback", "--to", "start", "--accept-changes"]).exits(0);
    assert_eq!(project.lines("log"), ["s", "t", "un-done"]);
    assert_eq!(project.show().json["status"], "undone");
    // What else was edited was not accepted by that.
    let again = project.resume(&["--retry-failed"]).exits(0).done.err;
    assert!(again.contains(" t\n"), "{again}");
    assert_eq!(project.lines("log").last().map(String::as_str), Some("s"), "`t` stays as it was");
}
