//! Mounted files on disk: which of them a plan may read.

use std::os::unix::fs::symlink;

use crate::support::{Done, Project};

const INNER: &str = "goal inner {\n  step s { run \"echo secret-words\" }\n}\n";

fn mounting(file: &str) -> String {
    format!("goal g {{\n  goal m from \"{file}\"\n}}\n")
}

/// A project with `p/plan.goal`, which mounts a file, and `inner.goal` beside the folder `p`.
fn outside(file: &str) -> Project {
    let project = Project::empty();
    project.write("inner.goal", INNER);
    project.write("p/plan.goal", mounting(file));
    project
}

/// Calls goalc from the plan's own folder.
fn call(project: &Project, arguments: &[&str]) -> Done {
    let mut command = project.command(arguments);
    command.current_dir(project.path("p"));
    project.spawn(command).end()
}

/// `check` says E0604 at the mount, once, and nothing of what the file holds.
fn is_refused(project: &Project) {
    let done = call(project, &["check", "plan.goal", "--format", "json"]).exits(2);
    let json = done.json();
    let found = json["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{json}");
    assert_eq!((&found[0]["code"], &found[0]["line"]), (&"E0604".into(), &2.into()));
    let text = call(project, &["check", "plan.goal"]).exits(2).text();
    assert!(!text.contains("secret-words") && text.contains("--allow-outside"), "{text}");
    for command in [&["run", "plan.goal"][..], &["compile", "plan.goal"]] {
        let text = call(project, command).exits(2).text();
        assert!(!text.contains("secret-words"), "{text}");
    }
}

#[test]
fn a_path_that_leads_up_out_of_the_plans_folder_is_refused() {
    is_refused(&outside("../inner.goal"));
    is_refused(&outside("./x/../../inner.goal"));
    is_refused(&outside("../nowhere.goal"));
}

#[test]
fn an_absolute_path_is_refused_where_it_leads_outside() {
    let project = outside("./x.goal");
    let there = project.path("inner.goal").canonicalize().expect("it is there");
    project.write("p/plan.goal", mounting(&there.to_string_lossy()));
    is_refused(&project);
    project.write("p/x.goal", INNER);
    let here = project.path("p/x.goal").canonicalize().expect("it is there");
    project.write("p/plan.goal", mounting(&here.to_string_lossy()));
    call(&project, &["check", "plan.goal"]).exits(0);
}

#[test]
fn a_symbolic_link_is_followed_only_inside() {
    let project = outside("./link.goal");
    symlink("../inner.goal", project.path("p/link.goal")).expect("a link");
    is_refused(&project);
    let project = outside("./folder/inner.goal");
    symlink("..", project.path("p/folder")).expect("a link");
    is_refused(&project);
    let project = outside("./link.goal");
    project.write("p/real.goal", INNER);
    symlink("real.goal", project.path("p/link.goal")).expect("a link");
    call(&project, &["check", "plan.goal"]).exits(0);
}

#[test]
fn what_a_mounted_file_mounts_is_bound_to_the_same_folder() {
    let project = outside("./sub/a.goal");
    project.write("p/sub/a.goal", mounting("../b.goal"));
    project.write("p/b.goal", INNER);
    call(&project, &["check", "plan.goal"]).exits(0);
    project.write("p/sub/a.goal", mounting("../../inner.goal"));
    let text = call(&project, &["check", "plan.goal", "--format", "short"]).exits(2).text();
    assert!(text.contains("sub/a.goal:2") && text.contains("E0604"), "{text}");
}

#[test]
fn who_calls_from_above_has_chosen_that_folder() {
    let project = outside("../inner.goal");
    project.call(&["check", "p/plan.goal"]).exits(0);
    let mut elsewhere = project.command(&["check"]);
    elsewhere.arg(project.path("p/plan.goal")).current_dir("/usr");
    project.spawn(elsewhere).end().exits(2);
}

#[test]
fn a_goal_toml_above_makes_one_project_of_them() {
    let project = outside("../inner.goal");
    project.write("goal.toml", "");
    call(&project, &["check", "plan.goal"]).exits(0);
}

/// However the plan is named, its folder is the one that it is in.
#[test]
fn the_way_to_the_plan_changes_nothing() {
    let project = outside("./x.goal");
    project.write("p/x.goal", INNER);
    symlink("p", project.path("q")).expect("a link");
    for way in ["p/plan.goal", "./p/../p/plan.goal", "q/plan.goal", "q/../q/plan.goal"] {
        project.call(&["check", way]).exits(0);
    }
}

#[test]
fn it_may_be_allowed_and_a_resumed_run_keeps_that() {
    let project = outside("../inner.goal");
    project.write(
        "p/plan.goal",
        "goal g {\n  goal m from \"../inner.goal\"\n  step ask { manual \"Say so\" }\n}\n",
    );
    call(&project, &["check", "plan.goal", "--allow-outside"]).exits(0);
    call(&project, &["compile", "plan.goal", "--allow-outside"]).exits(0);
    call(&project, &["run", "plan.goal"]).exits(2);
    call(&project, &["run", "plan.goal", "--allow-outside"]).exits(3);
    // The plan is read again: what it mounts has changed, and that is seen.
    project.write("inner.goal", INNER.replace("echo", "printf"));
    let text = call(&project, &["resume"]).exits(3).text();
    assert!(text.contains("m.s") && text.contains("--accept-changes"), "{text}");
    call(&project, &["done", "ask"]).exits(0);
    call(&project, &["resume", "--accept-changes"]).exits(0);
}
