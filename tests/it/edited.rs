//! What an edit of the plan that `resume --accept-changes` takes does to what is saved and to what
//! is undone later.

use super::support::Project;

fn edit(project: &Project, changes: &[(&str, &str)]) {
    let mut plan = project.read("plan.goal");
    for (from, to) in changes {
        assert!(plan.contains(from), "{plan}");
        plan = plan.replace(from, to);
    }
    project.write("plan.goal", plan);
}

fn with_paths_d_and_e() -> Project {
    let project = Project::new(
        r#"
goal f {
  step a { snapshot "d"; run "echo a >> d/x" }
  step b { depends a; run "exit 1" }
}
"#,
    );
    project.write("d/x", "o\n");
    project.write("e/x", "o\n");
    project.run(&[]).exits(1);
    project
}

#[test]
fn a_path_that_an_edit_adds_to_a_snapshot_is_saved_before_the_step_runs_again() {
    for snapshot in [r#"snapshot "d", "e""#, r#"snapshot "e""#, r#"snapshot "e"; snapshot "d/x""#] {
        let project = with_paths_d_and_e();
        let fails = r#"run "echo a2 >> d/x; echo a2 >> e/x; exit 1""#;
        edit(&project, &[(r#"snapshot "d""#, snapshot), (r#"run "echo a >> d/x""#, fails)]);
        project.resume(&["--accept-changes"]).exits(1);
        assert_eq!((&*project.read("d/x"), &*project.read("e/x")), ("o\n", "o\n"), "{snapshot}");
    }
}

#[test]
fn a_path_that_an_edit_adds_to_a_snapshot_is_put_back_by_a_rollback_and_the_first_state_counts() {
    let project = with_paths_d_and_e();
    project.write("all/d/y", "y\n");
    edit(
        &project,
        &[
            (r#"snapshot "d""#, r#"snapshot "d/x", "e", "all""#),
            ("echo a >> d/x", "echo a2 >> d/x; echo a2 >> e/x; rm all/d/y"),
            ("exit 1", "true"),
        ],
    );
    project.resume(&["--accept-changes"]).exits(0);
    assert_eq!(project.read("d/x"), "o\na\na2\n");
    project.call(&["rollback", "--to", "start"]).exits(0);
    assert_eq!((&*project.read("d/x"), &*project.read("e/x")), ("o\n", "o\n"));
    assert_eq!(project.read("all/d/y"), "y\n");
}

#[test]
fn what_a_folder_held_before_it_was_saved_as_a_whole_is_put_back_as_it_first_was() {
    let project = with_paths_d_and_e();
    edit(
        &project,
        &[(r#"snapshot "d"; run "echo a >> d/x""#, r#"snapshot "d/x"; run "echo a >> d/x; : 2""#)],
    );
    project.resume(&["--accept-changes"]).exits(1);
    edit(
        &project,
        &[(r#"snapshot "d/x""#, r#"snapshot "e""#), (": 2", "rm e/x"), ("exit 1", "true")],
    );
    project.resume(&["--accept-changes"]).exits(0);
    project.call(&["rollback", "--to", "start"]).exits(0);
    assert_eq!((&*project.read("d/x"), &*project.read("e/x")), ("o\n", "o\n"));
}

#[test]
fn what_items_saved_first_is_put_back_after_an_accepted_rerun() {
    for (before, after) in [("s/${i}", "s/${i}"), ("s/", "s/"), ("s/", "s/${i}"), ("s/${i}", "s/")]
    {
        let plan = r#"
goal f {
  step a { foreach i in ["1","2"]; snapshot "PATH"; run "echo a >> s/$i; : OLD" }
  step b { depends a; run "exit 1" }
}
"#;
        let project = Project::new(&plan.replace("PATH", before));
        project.write("s/1", "o1\n");
        project.write("s/2", "o2\n");
        project.run(&[]).exits(1);
        edit(&project, &[(before, after), (": OLD", ": NEW"), ("exit 1", "true")]);
        project.resume(&["--accept-changes"]).exits(0);
        project.call(&["rollback", "--to", "start"]).exits(0);
        let found = (project.read("s/1"), project.read("s/2"));
        assert_eq!(found, ("o1\n".to_owned(), "o2\n".to_owned()), "{before} to {after}");
    }
}

#[test]
fn what_items_did_that_an_edit_removed_is_undone_too() {
    let project = Project::new(
        r#"
goal f {
  step a {
    foreach i in ["one","two"]
    snapshot "s/${i}"
    run "echo create $i >> log; echo x >> s/$i"
    rollback { run "echo delete $i $1 $GOAL_STATUS >> log" }
  }
  step b { depends a; run "exit 1" }
}
"#,
    );
    project.write("s/one", "o\n");
    project.run(&[]).exits(1);
    edit(&project, &[(r#"["one","two"]"#, r#"["two","three"]"#), ("exit 1", "exit 3")]);
    project.resume(&["--accept-changes"]).exits(1);
    edit(&project, &[(r#"["two","three"]"#, "[]"), ("exit 3", "true")]);
    project.resume(&["--accept-changes"]).exits(0);
    project.write("log", "");
    project.call(&["rollback", "--to", "start"]).exits(0);
    let mut undone = project.lines("log");
    undone.sort();
    assert_eq!(undone, ["one", "three", "two"].map(|i| format!("delete {i} {i} succeeded")));
    assert_eq!(project.read("s/one"), "o\n");
    assert!(!project.has("s/three"));
}

#[test]
fn a_step_whose_work_is_undone_by_item_stays_one_until_that_is_undone() {
    let plain = r#"step a { run "touch made"; rollback { run "rm made" } }"#;
    let each = r#"step a { foreach i in []; run "touch $i"; rollback { run "rm $i" } }"#;
    let one = each.replace("[]", r#"["made"]"#);
    for (before, after, said) in [
        (plain, each, "`a` has run in this run and is a `foreach` step now"),
        (&*one, plain, "`a` has run in this run and is no longer a `foreach` step"),
    ] {
        let project =
            Project::new(&format!("goal f {{ {before}; step b {{ depends a; run \"exit 1\" }} }}"));
        let run = project.run(&[]).exits(1).json["run"].as_str().expect("a run").to_owned();
        edit(&project, &[(before, after)]);
        let refused = project.call(&["resume", "--accept-changes"]).exits(2).err;
        assert!(refused.contains(said), "{refused}");
        assert!(refused.contains(&format!("goalc rollback {run} --to start")), "{refused}");
        project.call(&["rollback", "--to", "start"]).exits(0);
        assert!(!project.has("made"));
        project.resume(&["--accept-changes", "--retry-failed"]);
    }
}

#[test]
fn an_undo_that_needs_what_a_removed_item_gave_fails_aloud() {
    let project = Project::new(
        r#"
goal f {
  step a { foreach i in ["one","two"]; run "echo id=$i >> $GOAL_OUTPUT"; output id: string }
  step b {
    foreach x in a
    run "true"
    rollback { run "echo delete ${x.id} >> log" }
  }
  step c { depends b; run "exit 1" }
}
"#,
    );
    project.run(&[]).exits(1);
    edit(&project, &[(r#"["one","two"]"#, r#"["two"]"#), ("exit 1", "true")]);
    project.resume(&["--accept-changes"]).exits(0);
    let failed = project.call(&["rollback", "--to", "start"]).exits(1).text();
    assert!(failed.contains("is gone with its item"), "{failed}");
    assert_eq!(project.lines("log"), ["delete two"]);
}
