//! `goalc note`: what someone wants to be known of a step.

use crate::support::Project;

const HELD: &str = r#"
goal g {
  step a { run "sh hold go" }
  step b { depends a; foreach x in ["1", "2"]; run "true" }
}
"#;

#[test]
fn a_note_is_kept_with_its_step_while_the_run_goes_on_and_after() {
    let project = Project::new(HELD);
    let live = project.start(&[]);
    project.await_file("held");
    project.call(&["note", "a", "it takes long\ntoday"]).exits(0);
    crate::support::eventually("the note", || {
        project.show().step("a")["notes"].to_string().contains("it takes long")
    });
    project.write("go", "");
    live.outcome().exits(0);
    let run = project.run_id();
    project.call(&["note", &run, "b[1]", "それでよい"]).exits(0);
    let outcome = project.show().exits(0).stands("a succeeded, b succeeded");
    assert_eq!(outcome.json["status"], "achieved");
    assert!(outcome.step("b")["notes"].to_string().contains("それでよい"), "{}", outcome.json);
    let text = project.call(&["show"]).exits(0).out();
    assert!(text.contains("それでよい"), "{text}");
    for format in ["md", "html", "json"] {
        let report = project.call(&["report", "--format", format]).exits(0).out();
        assert!(report.contains("それでよい") && report.contains("it takes long"), "{report}");
    }
}

#[test]
fn a_note_to_a_run_that_waits_changes_nothing_else() {
    let project = Project::new("goal g { step a { confirm \"Go?\"; run \"touch a\" } }");
    project.run(&[]).exits(3);
    project.call(&["note", "a", "asked the team"]).exits(0);
    assert_eq!(project.show().stands("a waiting").json["status"], "waiting");
    project.call(&["approve", "a"]).exits(0);
    project.resume(&[]).exits(0);
    assert!(project.show().step("a")["notes"].to_string().contains("asked the team"));
}

#[test]
fn a_note_needs_a_step_that_is_there_and_a_text() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.run(&[]).exits(0);
    let done = project.call(&["note", "aa", "text"]).exits(2);
    assert!(done.err.contains("did you mean `a`"), "{}", done.err);
    project.call(&["note", "a", "  "]).exits(2);
    project.call(&["note", "a"]).exits(2);
}

#[test]
fn a_secret_in_a_note_or_output_from_another_terminal_is_hidden_when_it_is_taken_up() {
    let project = Project::new(
        r#"
goal g {
  param token: secret = "hunter22"
  step ask { manual "look"; output seen: string }
}
"#,
    );
    project.run(&[]).exits(3);
    let output = ["done", "ask", "--output", "seen=hunter22", "--note", "pw hunter22"];
    project.call(&output).exits(0);
    project.resume(&[]).exits(0);
    let shown =
        project.call(&["show"]).exits(0).text() + &project.call(&["report"]).exits(0).text();
    assert!(shown.contains("pw ***") && !shown.contains("hunter22"), "{shown}");
}
