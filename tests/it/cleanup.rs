//! Cleanups that fail or are skipped, and what a resume makes of them.

use rustix::process::Signal;

use crate::support::Project;

#[test]
fn a_cleanup_that_failed_is_run_again_with_retry_failed() {
    let project = Project::new(
        r#"
goal g {
  goal inner {
    step a { run "echo x >> ran" }
    verify { run "echo x >> asked" }
    cleanup { run "echo x >> tidied; test -e fixed" }
  }
  step b { depends inner; run "echo x >> ran" }
}
"#,
    );
    let outcome = project.run(&[]).exits(1).stands("inner.a succeeded, b succeeded");
    assert_eq!(outcome.json["cleanup"][0]["goal"], "inner", "{}", outcome.json);
    let again = project.call(&["resume"]).exits(1);
    assert!(again.err.contains("--retry-failed"), "{}", again.err);
    assert_eq!(project.lines("tidied").len(), 1);
    project.resume(&["--retry-failed"]).exits(1);
    project.write("fixed", "");
    let outcome = project.resume(&["--retry-failed"]).exits(0);
    assert_eq!(outcome.json["status"], "achieved");
    assert!(outcome.json["cleanup"].is_null(), "{}", outcome.json);
    assert_eq!(project.lines("tidied").len(), 3);
    assert_eq!((project.lines("ran").len(), project.lines("asked").len()), (2, 1));
    let over = project.call(&["resume", "--retry-failed"]).exits(0);
    assert!(over.err.contains("is achieved already"), "{}", over.err);
}

#[test]
fn a_cleanup_that_a_second_interrupt_took_away_is_told_and_comes_with_resume() {
    let project = Project::new(
        r#"
goal g {
  goal inner {
    step a { run "echo x >> ran" }
    cleanup { run "test -e quick || { touch tidying; sh hold never; }; touch tidied" }
  }
  step stubborn {
    idempotent
    run "test -e quick || { trap 'touch got-term' TERM; touch started; while :; do sleep 0.05 || true; done; }"
  }
}
"#,
    );
    let live = project.start(&["-j4"]);
    project.await_file("tidying");
    project.await_file("started");
    live.signal(Signal::INT);
    project.await_file("got-term");
    live.signal(Signal::INT);
    live.end().exits(130);
    let shown = project.call(&["show"]).exits(0).out();
    assert!(shown.contains("cleanup of inner") && shown.contains("skipped"), "{shown}");
    let page = project.call(&["report"]).exits(0).out();
    assert!(page.contains("inner: skipped: the run was ended at once"), "{page}");
    assert!(!project.has("tidied"));
    project.write("quick", "");
    let outcome = project.resume(&[]).exits(0).stands("inner.a succeeded, stubborn succeeded");
    assert!(project.has("tidied") && outcome.json["cleanup"].is_null(), "{}", outcome.json);
    assert_eq!(project.lines("ran").len(), 1);
}
