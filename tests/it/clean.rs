//! `goalc clean`: what is over goes, what may be needed stays.

use crate::support::{Project, files_below};

const PLAN: &str = r#"
goal g {
  param fails: bool = false
  step a { snapshot "data"; run "echo changed > data; test ${fails} = false"; rollback { run "true" } }
}
"#;

/// How many logs and snapshots there are.
fn kept(project: &Project) -> (usize, usize) {
    let files = files_below(&project.state().join("runs"));
    let count =
        |what: &str| files.iter().filter(|(path, _)| path.to_string_lossy().contains(what)).count();
    (count("/logs/"), count("/manifest"))
}

#[test]
fn runs_that_are_over_lose_their_files_and_keep_their_records() {
    let project = Project::new(&PLAN.replace("echo changed", "echo out; echo changed"));
    project.write("data", "before");
    for _ in 0..4 {
        project.run(&[]).exits(0);
    }
    assert_eq!(kept(&project), (4, 4));
    let told = project.call(&["clean", "--keep", "2"]).exits(0).text();
    assert!(told.contains("2 runs"), "{told}");
    assert_eq!(kept(&project), (2, 2));
    // The newest run of a plan can be undone, whatever is asked for.
    project.call(&["clean", "--keep", "0"]).exits(0);
    assert_eq!(kept(&project), (1, 1));
    let runs = project.call(&["runs", "--format", "json"]).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(4));
    project.call(&["rollback", "--to", "start"]).exits(0);
    // An older one cannot any more, and nothing of it is undone by half.
    project.write("data", "kept");
    let oldest = runs["runs"][3]["run"].as_str().expect("a run");
    let refused = project.call(&["rollback", oldest, "--to", "start"]).exits(2);
    assert!(refused.err.contains("the snapshot of step `a` is no longer there"), "{}", refused.err);
    assert_eq!(project.read("data"), "kept");
}

#[test]
fn what_waits_or_can_be_taken_up_or_undone_stays() {
    let project = Project::new(PLAN);
    project.write("data", "before");
    project.run(&["-p", "fails=true"]).exits(1);
    let other = "goal other { step b { manual \"Say so\" } }";
    project.write("other.goal", other);
    project.call(&["run", "other.goal"]).exits(3);
    project.run(&[]).exits(0);
    let before = kept(&project);
    project.call(&["clean", "--keep", "0"]).exits(0);
    project.call(&["clean", "--keep", "0", "--older", "365d"]).exits(0);
    assert_eq!(kept(&project), before);
    project.call(&["clean", "--older", "soon"]).exits(2);
}

#[test]
fn contents_that_no_snapshot_has_any_more_go_too() {
    let project = Project::new(PLAN);
    for text in ["first", "second"] {
        project.write("data", text);
        project.run(&[]).exits(0);
    }
    project.call(&["clean", "--keep", "0"]).exits(0);
    let objects = files_below(&project.state().join("objects"));
    assert!(objects.iter().all(|(_, content)| content == b"second"), "{objects:?}");
}
