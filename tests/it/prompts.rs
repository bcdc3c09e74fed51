//! What a person at the terminal is asked, and what they can say.

use crate::support::Project;
use crate::terminal::Terminal;

const CONFIRM: &str = r#"
goal g {
  param version: string = "1.2.3"
  param token: secret = "hunter22"
  step ship {
    confirm "Ship ${version}?"
    env { TOKEN = token }
    run "echo ${version} $TOKEN > shipped"
  }
  step below { depends ship; run "touch below" }
}
"#;

const MANUAL: &str = r#"
goal g {
  step press {
    manual """
      Press the button.
      Then read the gauge.
    """
    output pressure: int
    output note: string
  }
  step use { depends press; run "echo ${press.pressure} ${press.note} > used" }
}
"#;

#[test]
fn a_confirm_shows_what_runs_without_its_secrets_takes_notes_and_an_answer() {
    let project = Project::new(CONFIRM);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[y]es, [n]o, note, sho[w], [?]: ", "maybe");
    terminal.sees("`maybe` is no answer here");
    terminal.answers("[?]: ", "?");
    terminal.sees("the step fails, as denied");
    terminal.answers("[?]: ", "show");
    let shown = terminal.sees("[?]: ");
    for part in ["sh -eu -c", "echo ${version}", "version=1.2.3", "TOKEN=***"] {
        assert!(shown.contains(part), "does not show {part}: {shown}");
    }
    assert!(!shown.contains("hunter22"), "{shown}");
    terminal.says("note");
    terminal.answers("note: ", "the token is hunter22");
    terminal.answers("(noted)", "yes as agreed");
    terminal.ends(0);
    let outcome = project.show().stands("ship succeeded, below succeeded");
    let notes = outcome.step("ship")["notes"].to_string();
    assert!(notes.contains("approved by ada (terminal, "), "{notes}");
    assert!(notes.contains("as agreed"), "{notes}");
    assert!(notes.contains("note by ada") && notes.contains("the token is ***"), "{notes}");
}

#[test]
fn no_denies() {
    let project = Project::new(CONFIRM);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[?]: ", "n too late");
    terminal.ends(1);
    project.show().stands("ship failed, below blocked");
    assert!(!project.has("shipped"));
}

#[test]
fn a_manual_step_shows_its_whole_text_and_asks_for_its_outputs_until_they_fit() {
    let project = Project::new(MANUAL);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("press: to be done by hand");
    let shown = terminal.sees("[d]one, [f]ail, [n]ote, sho[w], [?]: ");
    assert!(shown.contains("    Press the button.\r\n    Then read the gauge.\r\n"), "{shown}");
    terminal.says("done quite easy");
    terminal.answers("pressure (int): ", "high");
    let why = terminal.sees("pressure (int): ");
    assert!(why.contains("`pressure`"), "{why}");
    terminal.says(" 7 ");
    terminal.answers("note (string): ", "all well");
    terminal.ends(0);
    assert_eq!(project.read("used"), "7 all well\n");
    let outcome = project.show();
    assert_eq!(outcome.step("press")["outputs"]["pressure"], 7);
    assert!(outcome.step("press")["notes"].to_string().contains("quite easy"));
}

#[test]
fn secrets_that_are_typed_as_outputs_reach_who_uses_them_and_are_hidden() {
    let project = Project::new(
        r#"
goal g {
  param token: secret = "hunter22"
  step press { manual "look"; output key: secret; output text: string }
  step use {
    depends press
    env { KEY = press.key; TEXT = press.text }
    run "echo $KEY $TEXT > used; echo got $KEY $TEXT"
  }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[?]: ", "done");
    terminal.answers("key (secret): ", "typed-key-1");
    terminal.answers("text (string): ", "<hunter22>");
    terminal.ends(0);
    assert_eq!(project.read("used"), "typed-key-1 <hunter22>\n");
    let written = project.call(&["logs", "use"]).exits(0).out();
    assert!(written.contains("got *** ***\n"), "{written}");
    let shown = project.call(&["show"]).exits(0).out();
    assert!(!shown.contains("hunter22") && !shown.contains("typed-key"), "{shown}");
}

#[test]
fn a_manual_step_that_is_said_to_have_failed_fails() {
    let project = Project::new(MANUAL);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[?]: ", "skip");
    terminal.sees("`skip` is no answer here");
    terminal.answers("[?]: ", "fail it is stuck");
    terminal.ends(1);
    assert!(project.show().stands("press failed").reason("press").contains("it is stuck"));
}

#[test]
fn the_end_of_input_is_no_answer_nor_is_the_line_that_it_cuts_off() {
    let project = Project::new(CONFIRM);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("[?]: ");
    terminal.types("y");
    terminal.presses('d');
    terminal.presses('d');
    let shown = terminal.ends(3);
    assert!(shown.contains("goalc approve"), "{shown}");
    project.show().stands("ship waiting, below pending");
    let mut terminal = Terminal::of(&project, &["resume"]);
    terminal.answers("[?]: ", "y");
    terminal.ends(0);
    assert!(project.has("below"));
}

#[test]
fn the_end_of_input_among_outputs_leaves_the_step_open() {
    let project = Project::new(MANUAL);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[?]: ", "d");
    terminal.answers("pressure (int): ", "7");
    terminal.sees("note (string): ");
    terminal.presses('d');
    terminal.ends(3);
    project.show().stands("press waiting, use pending");
}

#[test]
fn ctrl_c_at_a_question_stops_the_run_which_can_be_resumed() {
    let project = Project::new(CONFIRM);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("[?]: ");
    terminal.presses('c');
    terminal.ends(130);
    let mut terminal = Terminal::of(&project, &["resume"]);
    terminal.answers("[?]: ", "yes");
    terminal.ends(0);
}

#[test]
fn texts_of_plans_cannot_move_the_cursor_and_japanese_stays_as_it_is() {
    let project = Project::new(
        "goal g { step a { confirm \"本番に\\u{1b}[2J\\u{7}出しますか?\"; run \"true\" } }",
    );
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("? a: 本番に[2J出しますか?\r\n  [y]es, [n]o, note, sho[w], [?]: ");
    terminal.says("note");
    terminal.answers("note: ", "了解しました");
    terminal.answers("[?]: ", "y");
    terminal.ends(0);
    assert!(project.show().step("a")["notes"].to_string().contains("了解しました"));
}

#[test]
fn an_answer_from_elsewhere_ends_the_question_on_the_screen() {
    let project = Project::new(CONFIRM);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("[?]: ");
    project.call(&["approve", "ship"]).exits(0);
    terminal.ends(0);
}

#[test]
fn a_fallback_may_be_done_by_hand() {
    let plan = r#"
goal g {
  step a {
    run "false"
    output x: int
    fallback hand { manual "Do it yourself." }
  }
  step b { depends a; run "echo ${a.x} > b" }
}
"#;
    let project = Project::new(plan);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("[d]one", "d");
    terminal.answers("x (int): ", "5");
    terminal.ends(0);
    let outcome = project.show().stands("a succeeded, b succeeded");
    assert_eq!(outcome.step("a")["via"], "hand");
    assert_eq!(project.read("b"), "5\n");
    let project = Project::new(plan);
    project.run(&[]).exits(3).stands("a waiting, b pending");
    project.run(&["--agent", "echo x=6 > $GOAL_OUTPUT"]).exits(0);
    assert_eq!(project.read("b"), "6\n");
}

#[test]
fn ctrl_c_at_a_fallback_by_hand_stops_the_run() {
    let project = Project::new(
        "goal g { step a { run \"false\"; fallback hand { manual \"Do it yourself.\" } } }",
    );
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("[d]one");
    terminal.presses('c');
    terminal.ends(130);
    project.show().stands("a cancelled");
}

#[test]
fn what_is_typed_before_a_question_does_not_answer_it() {
    let project = Project::new(
        r#"
goal g {
  step first { run "sh hold one" }
  step second { depends first; confirm "Drop the database?"; run "touch dropped" }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &[]);
    // The step says that it runs; what is typed now is about nothing.
    project.await_status("first", "running");
    terminal.says("y");
    project.write("one", "");
    terminal.sees("Drop the database?");
    terminal.answers("[?]: ", "n");
    terminal.ends(1);
    project.show().stands("first succeeded, second failed");
    assert!(!project.has("dropped"));
}

#[test]
fn what_a_question_is_about_is_shown_before_it() {
    let project = Project::new(
        r#"
goal g {
  step build { run "echo WARNING of the build" }
  step ship { depends build; confirm "Ship it?"; run "true" }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &[]);
    let before = terminal.sees("Ship it?");
    for part in ["▶ build", "WARNING of the build", "✓ build"] {
        assert!(before.contains(part), "does not show {part}: {before}");
    }
    terminal.answers("[?]: ", "y");
    terminal.ends(0);
}

#[test]
fn params_that_are_missing_or_wrong_are_asked_for_until_they_are_right() {
    let project = Project::new(
        r#"
goal g {
  param size: int in 1..9 "How large?"
  param colour: "red" | "blue"
  param count: int = 3
  step paint { run "echo ${size} ${colour} ${count} > painted" }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &["-p", "count=many"]);
    terminal.answers("size (int): ", "twelve");
    terminal.sees("param `size`");
    terminal.answers("size (int): ", "12");
    terminal.sees("param `size`");
    terminal.answers("size (int): ", "7");
    terminal.answers("colour (\"red\" | \"blue\"): ", "red");
    terminal.sees("param `count`");
    terminal.answers("count (int): ", "4");
    terminal.ends(0);
    assert_eq!(project.read("painted"), "7 red 4\n");
}
