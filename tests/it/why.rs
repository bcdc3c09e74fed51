//! `goalc why`: what a step waits for, and why it did not run.

use crate::support::{Project, eventually};

/// What `why` says of a step.
fn why(project: &Project, step: &str) -> String {
    project.call(&["why", step]).exits(0).text()
}

#[track_caller]
fn says(project: &Project, step: &str, wanted: &[&str]) {
    let said = why(project, step);
    for part in wanted {
        assert!(said.contains(part), "`{part}` is not said of {step}:\n{said}");
    }
}

#[test]
fn a_waiting_step_names_what_it_waits_for() {
    let project = Project::new(
        r#"
goal g {
  parallel 2
  resource gpu 3
  step holder { run "sh hold go"; lock db; uses gpu 2 }
  step locked { run "true"; lock db }
  step short { run "true"; uses gpu 2 }
  step later { depends holder; run "true" }
  step last { depends later; run "true" }
  goal inner { depends holder; step deep { run "true" } }
  step asked { confirm "Sure?"; run "true" }
  step server { run "exec sleep 600"; service; ready { file "go" } }
  step user { depends server; run "true" }
  step comes { await { file "go" } every 20ms }
  step needs { requires { run "until test -e go; do sleep 0.02; done"; file "go" }; run "true" }
}
"#,
    );
    let run = project.start(&["-j4"]);
    project.await_file("held");
    project.await_status("server", "running");
    project.await_status("comes", "running");
    project.await_status("asked", "waiting");
    says(&project, "locked", &["locked waits for the lock `db`: `holder`"]);
    let shown = project.show().stands("locked waiting, short waiting, later pending");
    assert_eq!(shown.reason("locked"), "waits for the lock `db`");
    assert_eq!(shown.reason("short"), "waits for 2 of 3 `gpu`");
    says(&project, "short", &["short waits for 2 of 3 `gpu`: `holder`"]);
    says(&project, "later", &["later waits for `holder`, which is running"]);
    says(
        &project,
        "last",
        &["last waits for `later`, which is pending", "later waits for `holder`"],
    );
    says(&project, "inner.deep", &["waits for its goal `inner`", "inner waits for `holder`"]);
    says(&project, "asked", &["asked waits for a person: Sure?"]);
    says(&project, "holder", &["holder runs: attempt 1\n"]);
    says(&project, "server", &["whose `ready` does not hold yet: `file \"go\"`"]);
    says(
        &project,
        "comes",
        &["comes runs: attempt 1, whose probes do not hold yet: `file \"go\"`"],
    );
    says(
        &project,
        "needs",
        &["needs waits for what it `requires`:", "`run \"until", "`file \"go\"`"],
    );
    let json = project.call(&["why", "locked", "--format", "json"]).exits(0).json();
    assert_eq!(json["because"][0]["kind"], "lock", "{json}");
    assert_eq!(json["because"][0]["on"][0], "holder", "{json}");
    project.write("go", "");
    run.end().exits(3);
    says(&project, "asked", &["Sure?", "goalc resume"]);
}

#[test]
fn a_full_run_names_what_takes_the_slots() {
    let project = Project::new(
        r#"
goal g {
  parallel 1
  step awaits { await { file "go" } every 50ms }
  step first { run "sh hold go"; priority 9 }
  step second { run "true" }
}
"#,
    );
    let run = project.start(&[]);
    project.await_file("held");
    says(&project, "second", &["second waits for a free slot, all are taken: `first`\n"]);
    let shown = project.show().stands("second waiting");
    assert_eq!(shown.reason("second"), "waits for a free slot");
    project.write("go", "");
    run.end().exits(0);
    says(&project, "second", &["second succeeded"]);
}

#[test]
fn a_delayed_step_says_when_it_is_tried_again() {
    let project = Project::new(
        "goal g { step a { run \"echo x >> tried; exit 1\"; retry 1 delay 10m; idempotent } }",
    );
    let run = project.start(&[]);
    eventually("the first attempt's end", || project.show().status("a") == "waiting");
    says(&project, "a", &["a is tried again in 9m"]);
    drop(run);
}

#[test]
fn what_did_not_run_names_the_beginning() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step a { run "exit 7" }
  step b { depends a; run "true" }
  step c { depends b; run "true" }
  step d { when false; run "true" }
  step e { depends d; run "true" }
  goal inner { depends c; step f { run "true" } }
}
"#,
    );
    project.run(&[]).exits(1);
    says(&project, "a", &["a failed: exit code 7"]);
    says(&project, "c", &["c was blocked", "a failed: exit code 7"]);
    says(&project, "inner.f", &["inner.f was blocked", "a failed: exit code 7"]);
    says(&project, "e", &["e was skipped", "d was skipped: its `when` is false"]);
}

#[test]
fn an_unknown_step_is_refused_with_a_near_one() {
    let project = Project::new("goal g { step compile { run \"true\" } }");
    project.run(&[]).exits(0);
    let done = project.call(&["why", "compil"]).exits(2);
    assert!(done.err.contains("did you mean `compile`?"), "{}", done.err);
}
