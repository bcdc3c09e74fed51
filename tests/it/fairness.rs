//! Locks and resources: nothing waits for ever, and what is held back holds nobody else up.

use crate::support::Project;

/// Where a step's mark stands among all marks in `order`.
fn place(project: &Project, mark: &str) -> usize {
    let order = project.lines("order");
    order.iter().position(|line| line == mark).unwrap_or_else(|| panic!("{order:?}"))
}

#[test]
fn a_writer_does_not_wait_for_all_readers() {
    let project = Project::new(
        r#"
goal g {
  parallel 3
  step readers {
    foreach i in range(0, 60) parallel 2
    run "echo reader >> order"
    lock shared data
    estimate 1h
  }
  step writer { run "echo writer >> order"; lock data }
}
"#,
    );
    project.run(&[]).exits(0);
    assert!(place(&project, "writer") < 40, "{:?}", project.lines("order"));
}

#[test]
fn who_needs_much_of_a_resource_gets_it_in_time() {
    let project = Project::new(
        r#"
goal g {
  parallel 4
  resource gpu 2
  step small { foreach i in range(0, 60); run "echo small >> order"; uses gpu 1; estimate 1h }
  step large { run "echo large >> order"; uses gpu 2 }
}
"#,
    );
    project.run(&[]).exits(0);
    assert!(place(&project, "large") < 40, "{:?}", project.lines("order"));
}

#[test]
fn a_goal_with_a_lock_gets_it_in_time() {
    let project = Project::new(
        r#"
goal g {
  parallel 3
  step users { foreach i in range(0, 60) parallel 2; run "echo user >> order"; lock shared data; estimate 1h }
  goal migration { lock data; step move { run "echo moved >> order" } }
}
"#,
    );
    project.run(&[]).exits(0);
    assert!(place(&project, "moved") < 40, "{:?}", project.lines("order"));
}

#[test]
fn many_who_wait_for_a_lock_hold_no_one_else_up() {
    let project = Project::new(
        r#"
goal g {
  parallel 2
  step serial {
    foreach i in range(0, 400)
    run "test -e other || sh hold other; echo serial >> order"
    lock data
    priority 5
  }
  step other { run "echo other >> order; touch other" }
}
"#,
    );
    project.run(&[]).exits(0);
    assert_eq!(place(&project, "other"), 0);
}

#[test]
fn what_is_due_by_time_comes_while_short_steps_follow_each_other() {
    let project = Project::new(
        r#"
goal g {
  parallel 2
  step again { run "echo again >> order; test $GOAL_ATTEMPT = 2"; retry 2 delay 10ms; idempotent }
  step items { foreach i in range(0, 400); run "echo item >> order" }
}
"#,
    );
    project.run(&[]).exits(0);
    let order = project.lines("order");
    let again = order.iter().rposition(|line| line == "again").expect("it ran");
    assert!(again < 300, "{again}");
}

#[test]
fn many_short_steps_of_all_kinds_come_to_their_end() {
    let project = Project::new(
        r#"
goal g {
  parallel 8
  step made { foreach i in range(0, 200); run ["true"] }
  step used { depends made; foreach i in range(0, 200); run ["true"] }
  step flaky { foreach i in range(0, 60); run "test $GOAL_ATTEMPT = 3"; retry 3 delay 5ms; idempotent }
  step served { run "exec sleep 600"; service; ready { file "up" } }
  step up { run "touch up" }
  step uses { depends served; foreach i in range(0, 60); run ["true"]; verify { run "true" } }
  goal inner {
    step fails { run "exit 1"; on failure ignore because "it is to fail" }
    step follows { depends fails; run "true" }
  }
  step last { depends used, flaky, uses; after inner; run "echo last >> order" }
}
"#,
    );
    project.run(&[]).exits(0);
    assert_eq!(place(&project, "last"), 0);
}
