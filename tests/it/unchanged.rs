//! `unless { unchanged }`: a step that is up to date is not done again, in any later run.

use std::fs;

use crate::support::Project;

const PLAN: &str = r#"
goal g {
  param title: string = "plain"
  param other: string = "x"
  param token: secret = "very-secret-1"
  step report {
    unless { unchanged }
    reads "in/*.txt"
    writes "out.txt"
    env { TOKEN = token }
    run "echo x >> ran; cat in/*.txt > out.txt; echo ${title} >> out.txt"
  }
}
"#;

fn project() -> Project {
    let project = Project::new(PLAN);
    project.write("in/a.txt", "a\n");
    project.write("in/b.txt", "b\n");
    project
}

/// How often the step has run after one more run of the plan.
fn runs(project: &Project, arguments: &[&str]) -> usize {
    project.run(arguments).exits(0).stands("report succeeded");
    project.lines("ran").len()
}

#[test]
fn a_step_that_is_up_to_date_is_not_done_again() {
    let project = project();
    assert_eq!(runs(&project, &[]), 1);
    assert_eq!(runs(&project, &[]), 1);
    // Touched, but with the same content.
    project.write("in/a.txt", "a\n");
    assert_eq!(runs(&project, &[]), 1);
    assert_eq!(project.show().attempts("report"), 0);
}

#[test]
fn a_change_of_files_values_or_meaning_is_noticed() {
    let project = project();
    assert_eq!(runs(&project, &[]), 1);
    // The same size, right after the last look: neither size nor time may hide it.
    project.write("in/a.txt", "A\n");
    assert_eq!(runs(&project, &[]), 2);
    project.write("in/c.txt", "c\n");
    assert_eq!(runs(&project, &[]), 3);
    fs::remove_file(project.path("in/b.txt")).expect("it is removed");
    assert_eq!(runs(&project, &[]), 4);
    assert_eq!(runs(&project, &["-p", "title=fancy"]), 5);
    assert_eq!(runs(&project, &["-p", "title=fancy"]), 5);
    fs::remove_file(project.path("out.txt")).expect("it is removed");
    assert_eq!(runs(&project, &["-p", "title=fancy"]), 6);
    project.write("plan.goal", PLAN.replace("echo ${title}", "echo; echo ${title}"));
    assert_eq!(runs(&project, &["-p", "title=fancy"]), 7);
    assert_eq!(runs(&project, &["-p", "title=fancy"]), 7);
}

#[test]
fn what_the_step_does_not_name_does_not_count() {
    let project = project();
    assert_eq!(runs(&project, &[]), 1);
    assert_eq!(runs(&project, &["-p", "other=y"]), 1);
    assert_eq!(runs(&project, &["-p", "token=another-secret"]), 1);
    project.write("plan.goal", format!("# a comment\n{PLAN}"));
    assert_eq!(runs(&project, &[]), 1);
}

#[test]
fn a_failure_is_no_success() {
    let project = Project::new(
        r#"
goal g {
  step a {
    unless { unchanged }
    reads "in"
    run "echo x >> ran; test -e works"
  }
}
"#,
    );
    project.write("in", "");
    project.run(&[]).exits(1);
    project.write("works", "");
    project.run(&[]).exits(0);
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran").len(), 2);
}

#[test]
fn instances_are_known_by_their_items() {
    let project = Project::new(
        r#"
goal g {
  step each {
    foreach name in glob("in/*")
    unless { unchanged }
    reads "${name}"
    run ["sh", "-c", "echo \"$1\" >> ran", "sh", name]
  }
}
"#,
    );
    project.write("in/b", "1");
    project.run(&[]).exits(0);
    project.write("in/a", "1");
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran"), ["in/b", "in/a"]);
    project.write("in/b", "2");
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran"), ["in/b", "in/a", "in/b"]);
}

#[test]
fn a_pattern_that_matches_nothing_is_unchanged_until_it_matches_something() {
    let plan =
        "goal g {\n  step s { reads \"in/*\"; run \"echo x >> ran\"; unless { unchanged } }\n}\n";
    let project = Project::new(plan);
    let runs = || {
        project.run(&[]).exits(0).stands("s succeeded");
        project.lines("ran").len()
    };
    assert_eq!([runs(), runs()], [1, 1]);
    project.write("in/a", "a");
    assert_eq!([runs(), runs()], [2, 2]);
    fs::remove_file(project.path("in/a")).unwrap();
    assert_eq!([runs(), runs()], [3, 3]);
    project.write("plan.goal", plan.replace("in/*", "in/named"));
    assert_eq!([runs(), runs()], [4, 5], "what is named is to be there");
}

#[test]
fn a_change_while_the_step_runs_is_seen_the_next_time() {
    let project = Project::new(
        r#"
goal g {
  step a {
    unless { unchanged }
    reads "in"
    run "echo x >> ran; cat in > out; echo later > in"
  }
}
"#,
    );
    project.write("in", "first\n");
    project.run(&[]).exits(0);
    project.run(&[]).exits(0);
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran").len(), 2);
}

#[test]
fn what_a_step_gave_that_is_up_to_date_is_known_in_later_runs() {
    let project = Project::new(
        "goal g {\n\
           step make {\n\
             unless { unchanged }\n\
             reads \"in.txt\"\n\
             run \"echo x >> ran; echo word=$(cat in.txt) >> $GOAL_OUTPUT; echo from-stdout\"\n\
             output word: string\n\
             output said: string from stdout\n\
           }\n\
           step each { foreach n in [1, 2]; unless { unchanged }; reads \"in.txt\"; run \"echo $n >> ran; echo v=$n >> $GOAL_OUTPUT\"; output v: int }\n\
           step use { depends make, each; run [\"sh\", \"-c\", 'echo \"$@\" >> used', \"sh\", \"${make.word}\", \"${make.said}\", \"${each.v}\"] }\n\
         }",
    );
    project.write("in.txt", "first");
    project.run(&[]).exits(0);
    project.run(&["-j1"]).exits(0).stands("make succeeded, each succeeded, use succeeded");
    assert_eq!(project.lines("ran").len(), 3);
    assert_eq!(project.show().step("make")["outputs"]["word"], "first");
    project.write("in.txt", "second");
    project.run(&[]).exits(0);
    assert_eq!(
        project.lines("used"),
        ["first from-stdout [1,2]", "first from-stdout [1,2]", "second from-stdout [1,2]"]
    );
}

#[test]
fn what_a_step_gives_that_is_done_already_is_read_from_its_files() {
    let project = Project::new(
        "goal g {\n\
           on failure continue\n\
           step make {\n\
             unless { file \"made\" }\n\
             run \"echo one > made; echo word=one >> $GOAL_OUTPUT\"\n\
             output text: string from file \"made\"\n\
             output word: string\n\
           }\n\
           step use { depends make; run [\"sh\", \"-c\", 'echo \"$1\" >> used', \"sh\", \"${make.text}\"] }\n\
           step other { depends make; run [\"echo\", \"${make.word}\"] }\n\
         }",
    );
    project.write("made", "by hand");
    let outcome = project.run(&[]).exits(1).stands("make succeeded, use succeeded, other failed");
    assert_eq!(project.lines("used"), ["by hand"]);
    let why = outcome.reason("other");
    assert!(
        why.contains("`make` was already done (its `unless` held), so it gave no `word`"),
        "{why}"
    );
}

const UNDOABLE: &str = r#"
goal g {
  step gen {
    reads "in"
    writes "out"
    unless { unchanged }
    run "cp in out; echo x >> ran"
    rollback { run "cp old out" }
  }
  step fin { depends gen; run "cat out; test -e works" }
}
"#;

fn undoable(plan: &str) -> Project {
    let project = Project::new(plan);
    project.write("in", "new");
    project.write("old", "old");
    project.write("out", "old");
    project
}

#[test]
fn a_success_that_was_undone_is_none() {
    let project = undoable(UNDOABLE);
    project.write("works", "");
    project.run(&[]).exits(0);
    assert_eq!(project.read("out"), "new");
    project.call(&["rollback", "--to", "start"]).exits(0);
    assert_eq!(project.read("out"), "old");
    project.run(&[]).exits(0).stands("gen succeeded");
    assert_eq!((project.read("out").as_str(), project.lines("ran").len()), ("new", 2));
    project.call(&["rollback", "--to", "start"]).exits(0);
    project.resume(&["--retry-failed"]).exits(0).stands("gen succeeded");
    assert_eq!((project.read("out").as_str(), project.lines("ran").len()), ("new", 3));
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran").len(), 3, "what stands is up to date");
}

#[test]
fn a_success_that_a_failure_behind_it_undoes_is_none() {
    let way_back = "rollback { run \"cp old out\" }";
    for undo in [way_back, "snapshot \"out\""] {
        let plan =
            UNDOABLE.replace(way_back, undo).replace("goal g {", "goal g {\n  on failure rollback");
        let project = undoable(&plan);
        project.run(&[]).exits(1).stands("gen undone, fin failed");
        assert_eq!(project.read("out"), "old", "{undo}");
        project.write("works", "");
        project.run(&[]).exits(0).stands("gen succeeded");
        assert_eq!(project.read("out"), "new", "{undo}");
        assert_eq!(project.lines("ran").len(), 2, "{undo}");
    }
}

#[test]
fn a_success_is_forgotten_before_its_undo_begins() {
    let project =
        undoable(&UNDOABLE.replace("run \"cp old out\"", "run \"sh hold go; cp old out\""));
    project.write("works", "");
    project.run(&[]).exits(0);
    let rollback = project.spawn(project.command(&["rollback", "--to", "start"]));
    project.await_file("held");
    rollback.kill();
    // The undo had begun; what it has changed by now, no one knows.
    project.run(&[]).exits(0).stands("gen succeeded");
    assert_eq!(project.lines("ran").len(), 2);
}

#[test]
fn an_instance_whose_snapshot_is_put_back_is_done_again_and_the_others_are_not() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step each {
    foreach name in ["a", "b"] tolerate 1
    snapshot "out.${name}"
    unless { unchanged }
    reads "in"
    run "echo ${name} >> ran; cp in out.${name}; ! test -e \"breaks-${name}\""
  }
}
"#,
    );
    project.write("in", "first");
    project.run(&[]).exits(0);
    project.write("in", "second");
    project.write("breaks-b", "");
    project.run(&["-j1"]).exits(0).stands("each succeeded");
    assert_eq!(
        (project.read("out.a").as_str(), project.read("out.b").as_str()),
        ("second", "first")
    );
    fs::remove_file(project.path("breaks-b")).expect("it is removed");
    project.run(&[]).exits(0);
    let mut ran = project.lines("ran");
    ran.sort();
    assert_eq!(ran, ["a", "a", "b", "b", "b"]);
    project.call(&["rollback", "--to", "start"]).exits(0);
    project.run(&[]).exits(0);
    assert_eq!(project.lines("ran").len(), 7, "an undo takes back all of a step");
}
