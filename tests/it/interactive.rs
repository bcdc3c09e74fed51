//! `-i`: a person is asked before each step's first attempt and after its last failure.

use crate::support::Project;
use crate::terminal::Terminal;

const ASKED: &str = "[r]un, [s]kip, [n]ote, sho[w], [a]ll, s[t]op, [?]: ";

const THREE: &str = r#"
goal g {
  step a "The first" { run "echo a >> ran" }
  step b { depends a; run "echo b >> ran" }
  step c { depends b; run "echo c >> ran" }
  step d { depends b?; run "echo d >> ran" }
}
"#;

const FAILING: &str = r#"
goal g {
  param key: int in 1..9 = 1
  param key-file: string = "none"
  let doubled = "${key}${key}"
  step a {
    run "echo try >> tries; test -e fixed || test ${doubled} = 22"
    retry 1
  }
  step b { depends a; run "touch b" }
}
"#;

fn notes(project: &Project, step: &str) -> String {
    project.show().step(step)["notes"].to_string()
}

#[test]
fn each_step_is_asked_about_and_a_skipped_one_takes_along_what_needs_it() {
    let project = Project::new(THREE);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "show");
    let shown = terminal.sees(ASKED);
    assert!(shown.contains("The first") && shown.contains("echo a >> ran"), "{shown}");
    terminal.says("r");
    terminal.answers(ASKED, "skip not today");
    terminal.answers(ASKED, "run");
    terminal.ends(0);
    assert_eq!(project.lines("ran"), ["a", "d"]);
    let outcome = project.show().stands("a succeeded, b skipped, c skipped, d succeeded");
    assert_eq!(outcome.reason("b"), "skipped by ada: not today");
    assert!(notes(&project, "a").contains("run by ada (terminal, "), "{}", notes(&project, "a"));
}

#[test]
fn all_ends_the_questions() {
    let project = Project::new(THREE);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "all");
    terminal.ends(0);
    assert_eq!(project.lines("ran").len(), 4);
}

#[test]
fn all_answers_the_questions_of_steps_that_wait_beside_it() {
    let project = Project::new(
        "goal g { parallel 3; step a { run \"true\" }; step b { run \"true\" }; step c { run \"true\" } }",
    );
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "a");
    terminal.ends(0);
    project.show().stands("a succeeded, b succeeded, c succeeded");
}

#[test]
fn stop_cancels_the_run_and_resume_takes_it_up() {
    let project = Project::new(THREE);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers(ASKED, "stop");
    terminal.ends(1);
    let outcome = project.show().stands("a succeeded, b not-run, c not-run");
    assert_eq!(outcome.json["status"], "cancelled");
    let mut terminal = Terminal::of(&project, &["resume", "-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers(ASKED, "all");
    terminal.ends(0);
    assert_eq!(project.lines("ran").len(), 4);
}

#[test]
fn the_end_of_input_leaves_the_run_waiting_and_resume_without_i_asks_no_more() {
    let project = Project::new(THREE);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.sees(ASKED);
    terminal.presses('d');
    let shown = terminal.ends(3);
    assert!(shown.contains("goalc resume"), "{shown}");
    project.show().stands("a waiting, b pending");
    let why = project.call(&["why", "a"]).exits(0).out();
    assert!(why.contains("waits for a person"), "{why}");
    let done = project.call(&["approve", "a"]).exits(2);
    assert!(done.err.contains("`goalc rerun` or `goalc skip`"), "{}", done.err);
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded, c succeeded, d succeeded");
}

#[test]
fn a_failed_step_is_tried_again_as_often_as_the_person_says() {
    let project = Project::new(FAILING);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "all");
    terminal.ends(1);
    let mut terminal = Terminal::of(&project, &["resume", "--retry-failed", "-i"]);
    terminal.answers(ASKED, "r");
    let choices = "[r]etry, [e]dit, [f]ail, [s]kip, [n]ote, sho[w], s[t]op, [?]: ";
    terminal.answers(choices, "retry");
    terminal.answers(choices, "note the key is wrong");
    project.write("fixed", "");
    terminal.answers(choices, "r");
    terminal.answers(ASKED, "r");
    terminal.ends(0);
    assert_eq!(project.lines("tries").len(), 2 + 2 + 2);
    assert!(notes(&project, "a").contains("the key is wrong"));
    project.show().stands("a succeeded, b succeeded");
}

#[test]
fn a_param_is_changed_within_its_type_and_range_and_the_step_tried_again() {
    let project = Project::new(FAILING);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers("[e]dit", "e");
    let shown = terminal.sees("leave all as it is: ");
    assert!(shown.contains("key = 1  (int)"), "{shown}");
    for (wrong, why) in [("keys=2", "no param `keys`"), ("key=x", "`key`"), ("key=10", "1..9")] {
        terminal.says(wrong);
        let said = terminal.sees("leave all as it is: ");
        assert!(said.contains(why), "{said}");
    }
    terminal.says("key=2");
    terminal.answers(ASKED, "r");
    terminal.ends(0);
    project.show().stands("a succeeded, b succeeded");
    let outcome = project.call(&["run", "plan.goal", "--format", "json"]);
    assert_eq!(outcome.code, 1, "the change is one run's alone");
}

#[test]
fn a_changed_param_is_kept_by_a_resumed_run() {
    let project = Project::new(
        r#"
goal g {
  param key: int = 1
  step a { run "test ${key} = 2" }
  step b { depends a; confirm "Go on?"; run "echo ${key} > b" }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers("[e]dit", "e");
    terminal.answers("leave all as it is: ", "key=2");
    terminal.sees("[y]es");
    terminal.presses('d');
    terminal.ends(3);
    project.call(&["approve", "b"]).exits(0);
    project.resume(&[]).exits(0);
    assert_eq!(project.read("b"), "2\n");
}

#[test]
fn a_failed_step_can_be_skipped_failed_or_left_to_its_fallback() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step a { run "false" }
  step b { depends a?; run "false"; fallback other { run "touch other" } }
  step c { depends b; run "false"; fallback { run "touch never" } }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers("[r]etry, ", "s known to be broken");
    terminal.answers(ASKED, "r");
    terminal.answers("fall[b]ack", "b");
    terminal.answers(ASKED, "r");
    terminal.answers("fall[b]ack", "fail");
    terminal.ends(1);
    let outcome = project.show().stands("a skipped, b succeeded, c failed");
    assert_eq!(outcome.reason("a"), "skipped by ada: known to be broken");
    assert_eq!(outcome.step("b")["via"], "other");
    assert!(project.has("other") && !project.has("never"));
}

#[test]
fn a_killed_run_asks_the_same_question_of_a_failure_again() {
    let project = Project::new(FAILING);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.sees("[e]dit");
    terminal.kill();
    project.show().stands("a waiting, b pending");
    let mut terminal = Terminal::of(&project, &["resume", "-i"]);
    terminal.answers("[e]dit", "fail");
    terminal.ends(1);
    assert_eq!(project.lines("tries").len(), 2);
    project.show().stands("a failed, b blocked");
}

#[test]
fn a_confirm_that_was_just_answered_is_not_asked_twice_and_foreach_is_asked_once() {
    let project = Project::new(
        r#"
goal g {
  step a { confirm "Sure?"; run "echo a >> ran" }
  step each { depends a; foreach x in ["1", "2"]; run "echo ${x} >> ran" }
  step hand { depends each; manual "Do it." }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers("[y]es", "y");
    terminal.answers(ASKED, "r");
    terminal.answers("[d]one", "skip");
    terminal.ends(0);
    assert_eq!(project.lines("ran").len(), 3);
    project.show().stands("a succeeded, each succeeded, hand skipped");
}

#[test]
fn steps_joined_by_a_pipe_are_asked_about_one_by_one_and_skipped_together() {
    let plan = r#"
goal g {
  step a { run "echo from a" }
  step b { stdin from a; run "cat > out" }
}
"#;
    let project = Project::new(plan);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers(ASKED, "r");
    terminal.ends(0);
    assert_eq!(project.read("out"), "from a\n");
    let project = Project::new(plan);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers(ASKED, "s");
    terminal.ends(0);
    project.show().stands("a skipped, b skipped");
}

#[test]
fn what_failed_and_is_skipped_puts_its_snapshot_back() {
    let project =
        Project::new("goal g { step a { snapshot \"data\"; run \"echo new > data; false\" } }");
    project.write("data", "old\n");
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "r");
    terminal.answers("[r]etry, ", "s");
    terminal.ends(0);
    assert_eq!(project.read("data"), "old\n");
    project.show().stands("a skipped");
}

#[test]
fn without_a_terminal_interactive_mode_is_a_wrong_call() {
    let project = Project::new(THREE);
    for call in [&["run", "plan.goal", "-i"][..], &["resume", "-i"]] {
        let done = project.call(call).exits(2);
        assert!(done.err.contains("no terminal"), "{}", done.err);
    }
    assert!(!project.has("ran"));
}

#[test]
fn a_dry_run_lists_what_is_asked() {
    let project = Project::new(THREE);
    let json = project.call(&["run", "plan.goal", "-n", "-i", "--format", "json"]).exits(0).json();
    let questions = json["questions"].as_array().expect("a list");
    assert_eq!(questions.len(), 4, "{json}");
    assert!(questions.iter().all(|question| question["kind"] == "step"));
    let text = project.call(&["run", "plan.goal", "-n", "-i"]).exits(0).out();
    assert!(text.contains("asks"), "{text}");
}

#[test]
fn other_terminals_answer_too() {
    let project = Project::new(THREE);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.sees(ASKED);
    project.call(&["rerun", "a"]).exits(0);
    terminal.sees(ASKED);
    let refused = project.call(&["approve", "b"]).exits(2);
    assert!(refused.err.contains("`goalc rerun` or `goalc skip`"), "{}", refused.err);
    project.call(&["skip", "b", "--note", "later"]).exits(0);
    terminal.sees(ASKED);
    let mut watch = Terminal::of(&project, &["watch"]);
    watch.shows("1 waiting for you");
    watch.types("r");
    watch.shows("d: to be run");
    watch.types("q");
    watch.ends(0);
    terminal.ends(0);
    project.show().stands("a succeeded, b skipped, c skipped, d succeeded");
    assert_eq!(project.lines("ran"), ["a", "d"]);
}

#[test]
fn a_failed_step_is_tried_again_from_elsewhere() {
    let project = Project::new(FAILING);
    let mut terminal = Terminal::run(&project, &["-i"]);
    terminal.answers(ASKED, "run");
    terminal.sees("[r]etry");
    project.write("fixed", "");
    project.call(&["rerun", "a", "--note", "mended"]).exits(0);
    terminal.answers(ASKED, "run");
    terminal.ends(0);
    project.show().stands("a succeeded, b succeeded");
}
