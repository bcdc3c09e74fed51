//! Secrets that steps give while a run goes on.

use crate::support::{Done, Project, contains, files_below};

#[test]
fn what_runs_already_hides_a_secret_that_a_step_gives() {
    let project = Project::new(
        r#"
goal g {
  step talk { run "sh hold go; echo token is hunt''er2222; exit 3" }
  step give {
    run "until test -e held; do sleep 0.02; done; echo key=hunt''er2222 >> $GOAL_OUTPUT"
    output key: secret
  }
  step tell { depends give; run "touch go" }
}
"#,
    );
    project.run(&["-j4"]).exits(1).stands("talk failed, give succeeded, tell succeeded");
    let told = project.call(&["logs", "talk"]).exits(0).out();
    assert!(told.contains("token is ***"), "{told}");
    for (path, content) in files_below(&project.state()) {
        assert!(!contains(&content, b"hunter2222"), "{}", path.display());
    }
}

#[test]
fn many_secrets_that_hold_each_other_are_all_hidden() {
    let project = Project::new(
        r#"
goal g {
  step give {
    foreach n in range(100, 160) parallel 8
    run "echo key=long-secret-$n$n >> $GOAL_OUTPUT; echo part=cret-$n >> $GOAL_OUTPUT"
    output key: secret
    output part: secret
  }
  step show {
    depends give
    run "for n in 100 131 159; do echo \"<long-secret-$n$n> <cret-$n> <long-secret-$n>\"; done"
  }
}
"#,
    );
    project.run(&["-j8"]).exits(0);
    let told = project.call(&["logs", "show"]).exits(0).out();
    assert_eq!(told.matches("<***> <***> <long-se***>").count(), 3, "{told}");
}

const SECRET: &str = "Sup3rSecretTok";

const BY_HAND: &str = r#"
goal p {
  param token: secret = env("TOK")
  step man { manual "do it"; output k: string }
  step end { depends man; env { K = man.k }; run 'printf "<%s> %s" "$K" "${#K}" > len; echo "got $K"' }
  step hold { run "if test -e live; then sh hold go; fi"; idempotent }
}
"#;

/// With the secret in the environment.
fn with_secret(project: &Project, arguments: &[&str]) -> Done {
    let mut command = project.command(arguments);
    command.env("TOK", SECRET);
    project.spawn(command).end()
}

#[track_caller]
fn nothing_is_left_of_it(project: &Project) {
    for (path, content) in files_below(&project.state()) {
        assert!(!contains(&content, SECRET.as_bytes()), "{}", path.display());
    }
}

#[test]
fn an_output_that_a_person_gives_and_that_holds_a_secret_is_what_they_gave_and_hidden() {
    let project = Project::new(BY_HAND);
    with_secret(&project, &["run", "plan.goal"]).exits(3);
    project.call(&["done", "man", "--output", &format!("k=zz-{SECRET}-zz")]).exits(0);
    let told = with_secret(&project, &["resume"]).exits(0).text();
    assert_eq!(project.read("len"), format!("<zz-{SECRET}-zz> 20"), "{told}");
    assert!(told.contains("got ***") && !told.contains(SECRET), "{told}");
    nothing_is_left_of_it(&project);
}

#[test]
fn what_a_live_run_is_told_leaves_no_secret_behind() {
    let project = Project::new(BY_HAND);
    project.write("live", "");
    let mut command = project.command(&["run", "plan.goal", "-j2"]);
    command.env("TOK", SECRET);
    let live = project.spawn(command);
    project.await_file("held");
    project.await_status("man", "waiting");
    project.call(&["note", "hold", &format!("note {SECRET}")]).exits(0);
    let note = format!("said {SECRET}");
    project
        .call(&["done", "man", "--output", &format!("k=zz-{SECRET}-zz"), "--note", &note])
        .exits(0);
    project.await_status("end", "succeeded");
    assert_eq!(project.read("len"), format!("<zz-{SECRET}-zz> 20"));
    project.write("go", "");
    live.end().exits(0);
    let shown = project.call(&["show"]).exits(0).out();
    assert!(shown.contains("note ***") && shown.contains("said ***"), "{shown}");
    nothing_is_left_of_it(&project);
}

#[test]
fn a_secret_in_a_note_is_hidden_by_whoever_knows_it_first() {
    let project = Project::new(BY_HAND);
    with_secret(&project, &["run", "plan.goal"]).exits(3);
    // Who writes it down knows the secret.
    with_secret(&project, &["note", "man", &format!("one {SECRET}")]).exits(0);
    nothing_is_left_of_it(&project);
    // Or does not: then the next process that takes the run up does.
    project.call(&["note", "man", &format!("two {SECRET}")]).exits(0);
    for told in ["show", "report"] {
        assert!(project.call(&[told]).exits(0).out().contains("two "), "{told}");
    }
    with_secret(&project, &["resume"]).exits(3);
    let shown = project.call(&["show"]).exits(0).out();
    assert!(shown.contains("one ***") && shown.contains("two ***"), "{shown}");
    nothing_is_left_of_it(&project);
}

#[test]
fn what_the_system_says_of_a_secret_is_hidden_wherever_it_is_told() {
    const SECRET: &str = "topsecretA1value";
    let project = Project::new(
        r#"
goal g {
  on failure continue
  param u: secret = env("U")
  step d { dir "sub/${u}"; run "true" }
  step h { run ["${u}"] }
  step n { shell "${u}", "-c"; run "true" }
  step o { run "true"; output o: string from file "${u}" }
  step v { run "true"; verify { run ["${u}"] } }
  cleanup { run ["${u}"] }
  alert on failure { run ["${u}"] }
}
"#,
    );
    let mut command = project.command(&["run", "plan.goal", "--format", "json"]);
    command.env("U", SECRET);
    let done = project.spawn(command).end().exits(1);
    let told = [
        done.text(),
        project.call(&["show"]).text(),
        project.call(&["report"]).text(),
        project.call(&["report", "--format", "html"]).text(),
    ];
    assert!(done.text().contains("***"), "{}", done.text());
    assert!(told.iter().all(|text| !text.contains(SECRET)), "{told:#?}");
    for (path, content) in files_below(&project.state()) {
        assert!(!contains(&content, SECRET.as_bytes()), "{}", path.display());
    }
}
