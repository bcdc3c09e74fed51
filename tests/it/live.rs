//! What is shown of a run while it goes on: on a terminal, in a log, on the screen of `watch`.

use crate::support::Project;
use crate::terminal::Terminal;

/// Two steps that write in turns, each when the other has.
const TURNS: &str = r#"
goal g {
  parallel 2
  step a {
    run "echo a1; touch a1; until test -e b1; do sleep 0.01; done; echo a2; touch a2; until test -e b2; do sleep 0.01; done; echo a3"
  }
  step b {
    run "until test -e a1; do sleep 0.01; done; echo b1; touch b1; until test -e a2; do sleep 0.01; done; echo b2; touch b2"
  }
}
"#;

/// A step that runs until it is let go.
const HELD: &str = r#"
goal g {
  step 準備 { estimate 30s; run "echo 要件定義と技術調査; until test -e go; do sleep 0.01; done" }
  step after { depends 準備; estimate 10s; run "echo done" }
}
"#;

fn positions(text: &str, parts: &[&str]) -> Vec<usize> {
    let at = |part: &&str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    parts.iter().map(at).collect()
}

#[test]
fn on_a_terminal_a_picture_tells_what_runs_and_how_long_the_rest_takes() {
    let project = Project::new(HELD);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("/30s [");
    terminal.sees("要件定義と技術調査");
    terminal.sees("0/2 done, 1 runs");
    terminal.sees("about 4");
    project.write("go", "");
    let rest = terminal.ends(0);
    // Above the picture a log stays behind.
    positions(&rest, &["✓ 準備", "▶ after", "after | done", "✓ after", "g achieved"]);
}

#[test]
fn ctrl_c_ends_the_picture_and_the_run() {
    let project = Project::new(HELD);
    let mut terminal = Terminal::run(&project, &[]);
    terminal.sees("1 runs");
    terminal.presses('c');
    terminal.sees("stopping, as the run was stopped by a signal: what runs is asked to end");
    let rest = terminal.ends(130);
    assert!(rest.contains("goalc: to go on: goalc resume"), "{rest}");
}

#[test]
fn what_several_steps_write_comes_in_one_piece_each() {
    let project = Project::new(TURNS);
    let text = project.call(&["run", "plan.goal"]).exits(0).err;
    let order = positions(&text, &["a | a1", "a | a2", "a | a3", "✓ a"]);
    assert!(order.is_sorted(), "{text}");
    let (b1, b2) = (text.find("b | b1\n").unwrap(), text.find("b | b2\n").unwrap());
    assert_eq!(b1 + "b | b1\n".len(), b2, "{text}");
}

#[test]
fn with_v_it_comes_as_it_is_written() {
    let project = Project::new(
        r#"
goal g {
  parallel 2
  step a { run "echo a1; until test -e go; do sleep 0.01; done" }
  step b { run "echo b1; until test -e go; do sleep 0.01; done" }
}
"#,
    );
    let mut terminal = Terminal::run(&project, &["-v"]);
    terminal.shows("a | a1");
    terminal.shows("b | b1");
    project.write("go", "");
    terminal.ends(0);
}

#[test]
fn with_q_there_are_failures_and_the_end_only() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step fine { run "echo noise" }
  step bad { run "echo what was wrong; exit 3" }
}
"#,
    );
    let done = project.call(&["run", "plan.goal", "-q"]).exits(1);
    let (err, out) = (&done.err, done.out());
    assert!(err.contains("✗ bad failed") && err.contains("last lines of bad:\n  what was wrong"));
    assert!(!err.contains("noise") && !err.contains("fine") && !err.contains("▶"), "{err}");
    assert!(out.contains("g failed, exit code 1"), "{out}");
}

#[test]
fn the_last_lines_of_what_failed_are_said_again_with_where_the_rest_is() {
    let project = Project::new(r#"goal g { step bad { run "seq 1 30; exit 3" } }"#);
    let text = project.call(&["run", "plan.goal"]).exits(1).err;
    let (_, end) = text.split_once("last lines of bad:\n").unwrap();
    assert!(end.starts_with("  21\n  22\n"), "{text}");
    assert!(end.contains("  30\n") && end.contains("goalc logs "), "{text}");
}

#[test]
fn colours_are_used_as_the_command_line_says() {
    let project = Project::new(r#"goal g { step a { run "true" } }"#);
    let colours = |arguments: &[&str]| {
        project
            .call(&[&["run", "plan.goal"], arguments].concat())
            .exits(0)
            .text()
            .contains('\u{1b}')
    };
    assert!(!colours(&[]));
    assert!(colours(&["--color", "always"]));
    assert!(!colours(&["--color=never"]));
}

#[test]
fn watch_shows_a_run_and_answers_it_with_a_note() {
    let project = Project::new(
        r#"
goal g {
  step 準備 { run "echo 要件定義" }
  step ship { depends 準備; confirm "Ship it?"; run "touch shipped" }
}
"#,
    );
    project.run(&[]).exits(3);
    let mut terminal = Terminal::of(&project, &["watch"]);
    terminal.shows("waiting");
    terminal.shows("Ship it?");
    terminal.types("n");
    terminal.shows("note: ");
    terminal.types("as agreed\r");
    terminal.shows("note: as agreed");
    terminal.types("a");
    terminal.shows("ship: approved; to go on: goalc resume");
    terminal.types("k");
    terminal.types("nwell done\r");
    terminal.shows("準備: noted");
    terminal.types("\r");
    terminal.shows("要件定義");
    terminal.types("q");
    terminal.ends(0);
    let outcome = project.resume(&[]).exits(0);
    assert!(outcome.step("準備")["notes"].to_string().contains("well done"));
    assert!(
        outcome.step("ship")["notes"].to_string().contains("as agreed"),
        "{:?}",
        outcome.step("ship")
    );
}

#[test]
fn watch_stops_a_run_that_goes_on() {
    let project = Project::new(HELD);
    let run = project.start(&[]);
    project.await_status("準備", "running");
    let mut terminal = Terminal::of(&project, &["watch"]);
    terminal.shows("1 running");
    terminal.types("c");
    terminal.shows("stop the run?");
    terminal.types("y");
    terminal.shows("cancelled");
    terminal.types("q");
    terminal.ends(0);
    run.outcome().exits(1);
}

#[test]
fn watch_needs_a_terminal() {
    let project = Project::new(r#"goal g { step a { run "true" } }"#);
    project.run(&[]).exits(0);
    let text = project.call(&["watch"]).exits(2).text();
    assert!(text.contains("goalc show"), "{text}");
}

#[test]
fn what_steps_write_stands_behind_the_line_that_they_began_with() {
    let project = Project::new(
        r#"
goal g {
  step a { run "echo A"; idempotent }
  step b { depends a; retry 1; idempotent; run "echo B$GOAL_ATTEMPT; test $GOAL_ATTEMPT = 2" }
  step c { depends b; run "echo C"; idempotent }
}
"#,
    );
    for _ in 0..5 {
        let text = project.call(&["run", "plan.goal"]).exits(0).err;
        let parts = [
            "▶ a",
            "a | A",
            "✓ a",
            "▶ b",
            "b | B1",
            "! b: attempt 1",
            "b: attempt 2",
            "b | B2",
            "✓ b",
            "▶ c",
            "c | C",
            "✓ c",
        ];
        assert!(positions(&text, &parts).is_sorted(), "{text}");
    }
}

#[test]
fn a_secret_that_is_typed_is_not_shown() {
    let project = Project::new(
        r#"goal g { param key: secret; step a { env { K = key }; run "test $K = hunter22" } }"#,
    );
    let mut terminal = Terminal::run(&project, &[]);
    terminal.answers("key (secret): ", "hunter22");
    let shown = terminal.ends(0);
    assert!(!shown.contains("hunter22"), "{shown}");
}

#[test]
fn show_says_how_long_what_runs_has_run_so_far_and_no_more_once_its_process_is_gone() {
    let project = Project::new(
        "goal g {\n  step held { run \"touch started; sh hold go\" }\n  step last { depends held; run \"true\" }\n}\n",
    );
    let live = project.start(&[]);
    project.await_file("started");
    let row = |shown: &str| -> Vec<String> {
        let row = shown.lines().find(|line| line.contains(" held ")).expect("its row");
        row.split_whitespace().map(str::to_owned).collect()
    };
    let shown = project.call(&["show"]).exits(0).out();
    assert!(shown.contains(" so far\n"), "{shown}");
    let row_of_held = row(&shown);
    assert_eq!(row_of_held[2..4], ["running", "1"], "{shown}");
    assert!(row_of_held.get(4).is_some_and(|time| time.ends_with('s')), "{shown}");
    live.kill();
    let shown = project.call(&["show"]).exits(0).out();
    assert!(!shown.contains("so far"), "{shown}");
    assert!(!row(&shown).get(4).is_some_and(|time| time.ends_with("ms")), "{shown}");
}
