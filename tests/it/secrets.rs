//! Secrets that steps give while a run goes on.

use crate::support::{Project, contains, files_below};

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
