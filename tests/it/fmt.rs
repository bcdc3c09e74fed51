//! `goalc fmt`: what it prints, changes, and leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::support::{Done, Project};

const MESSY: &str = "goal   g{\n# of a\nstep a{run   \"true\" ;depends b\n}\n\n\n\n  step b { run \"true\" } # end\n}\n";

fn through_stdin(project: &Project, text: &str) -> Done {
    project.write("in", text);
    let mut command: Command = project.command(&["fmt", "-"]);
    command.stdin(Stdio::from(fs::File::open(project.path("in")).expect("the input")));
    project.spawn(command).end()
}

#[test]
fn a_second_time_changes_nothing() {
    let project = Project::new(MESSY);
    project.call(&["fmt", "plan.goal"]).exits(0);
    let once = project.read("plan.goal");
    assert_ne!(once, MESSY);
    assert!(once.contains("# of a") && once.contains("# end"), "{once}");
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert_eq!(project.read("plan.goal"), once);
    project.call(&["fmt", "plan.goal", "--check"]).exits(0);
}

#[test]
fn check_changes_nothing_and_exits_with_1() {
    let project = Project::new(MESSY);
    let done = project.call(&["fmt", "plan.goal", "--check"]).exits(1);
    assert!(done.text().contains("plan.goal"), "{}", done.text());
    assert_eq!(project.read("plan.goal"), MESSY);
}

#[test]
fn diff_shows_lines_of_both_and_changes_nothing() {
    let project = Project::new(MESSY);
    let out = project.call(&["fmt", "plan.goal", "--diff"]).out();
    assert!(out.lines().any(|line| line == "-goal   g{"), "{out}");
    assert!(out.lines().any(|line| line == "+goal g {"), "{out}");
    assert_eq!(project.read("plan.goal"), MESSY);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let project = Project::new(MESSY);
    let piped = through_stdin(&project, MESSY).exits(0);
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert_eq!(piped.out(), project.read("plan.goal"));
}

#[test]
fn a_file_keeps_its_permissions() {
    let project = Project::new(MESSY);
    let path = project.path("plan.goal");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).expect("it is ours");
    project.call(&["fmt", "plan.goal"]).exits(0);
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

#[test]
fn a_link_stays_a_link() {
    let project = Project::new(MESSY);
    fs::rename(project.path("plan.goal"), project.path("real")).expect("it is renamed");
    std::os::unix::fs::symlink("real", project.path("plan.goal")).expect("a link");
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert!(fs::symlink_metadata(project.path("plan.goal")).expect("a link").is_symlink());
    assert_ne!(project.read("real"), MESSY);
}

#[test]
fn a_plan_that_cannot_be_read_is_left_as_it_is() {
    let broken = "goal   g {\n  step a { run \"true }\n}\n";
    let project = Project::new(broken);
    project.write("sound.goal", MESSY);
    let done = project.call(&["fmt", "plan.goal", "sound.goal"]).exits(2);
    assert!(done.err.contains("E0103"), "{}", done.err);
    assert_eq!(project.read("plan.goal"), broken);
    assert_ne!(project.read("sound.goal"), MESSY, "the other file is still written");
    let piped = through_stdin(&project, broken).exits(2);
    assert!(piped.out.is_empty());
}

#[test]
fn only_layout_matters_not_what_is_wrong_with_the_plan() {
    let project = Project::new("goal g {\n  step a {   depends nowhere\n run \"true\" }\n}\n");
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert!(project.read("plan.goal").contains("depends nowhere"));
}

#[test]
fn texts_stay_byte_for_byte() {
    let script = "goal g {\n      step a {\n    run \"\"\"\n      if true; then\n      \techo 'x  y' # not a comment   \n      fi\n\n      done=\"${a:-b}\"\n    \"\"\"\n  }\n}\n";
    let project = Project::new(script);
    let before = project.call(&["compile", "plan.goal"]).exits(0).out();
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert_eq!(project.call(&["compile", "plan.goal"]).exits(0).out(), before);
}

#[test]
fn line_ends_and_byte_order_marks_become_plain() {
    let project = Project::new(&format!("\u{feff}{}", MESSY.replace('\n', "\r\n")));
    project.call(&["fmt", "plan.goal"]).exits(0);
    let text = project.read("plan.goal");
    assert!(!text.contains('\r') && !text.starts_with('\u{feff}'), "{text:?}");
    assert_eq!(text, through_stdin(&project, MESSY).out());
}
