//! What people say of a run: from another terminal while it runs, or after it has ended waiting.

use serde_json::Value;

use crate::support::{Outcome, Project};

const CONFIRM: &str = r#"
goal g {
  step ship { confirm "Ship it?"; run "touch shipped" }
  step below { depends ship; run "touch below" }
  step other { run "echo x >> other" }
}
"#;

/// A run that has ended waiting, and its id.
fn waiting(plan: &str) -> (Project, String) {
    let project = Project::new(plan);
    let outcome = project.run(&[]).exits(3);
    assert_eq!(outcome.json["status"], "waiting");
    let run = outcome.json["run"].as_str().expect("a run").to_owned();
    (project, run)
}

fn notes(outcome: &Outcome, step: &str) -> String {
    outcome.step(step)["notes"].to_string()
}

#[test]
fn a_run_without_a_terminal_waits_and_says_how_to_answer() {
    let project = Project::new(CONFIRM);
    let done = project.call(&["run", "plan.goal"]).exits(3);
    let run = project.run_id();
    for part in ["Ship it?", &format!("goalc approve {run} ship"), "goalc deny", "goalc resume"] {
        assert!(done.err.contains(part), "does not say {part}: {}", done.err);
    }
    project.show().stands("ship waiting, below pending, other succeeded");
}

#[test]
fn an_approval_takes_effect_on_resume_and_is_kept_with_its_note() {
    let (project, run) = waiting(CONFIRM);
    project.call(&["approve", &run, "ship", "--note", "asked the team"]).exits(0);
    let outcome = project.resume(&[&run]).exits(0);
    let outcome = outcome.stands("ship succeeded, below succeeded, other succeeded");
    assert!(notes(&outcome, "ship").contains("asked the team"), "{}", notes(&outcome, "ship"));
    assert!(notes(&project.show(), "ship").contains("asked the team"));
    assert_eq!(project.lines("other").len(), 1, "what succeeded is not run again");
}

#[test]
fn a_denial_fails_the_step() {
    let (project, run) = waiting(CONFIRM);
    project.call(&["deny", &run, "ship", "--note", "too late today"]).exits(0);
    let outcome =
        project.resume(&[]).exits(1).stands("ship failed, below blocked, other succeeded");
    assert!(outcome.reason("ship").contains("denied"), "{}", outcome.reason("ship"));
    assert!(notes(&outcome, "ship").contains("too late today"), "{}", outcome.json);
    assert!(!project.has("shipped"));
}

#[test]
fn questions_of_goals_and_instances_are_shown_with_the_steps() {
    let (project, run) = waiting(
        r#"
goal g {
  on failure continue
  goal s { confirm "Go live?"; step a { run "true" } }
  step each { foreach x in ["eu", "us"]; confirm "Deploy ${x}?"; run "true" }
}
"#,
    );
    let shown = project.show();
    assert_eq!(shown.reason("s.a"), "its goal `s` waits for a person: Go live?");
    assert_eq!(shown.reason("each"), "each[0] (eu): Deploy eu?");
    project.call(&["deny", &run, "s", "--note", "not today"]).exits(0);
    project.call(&["approve", &run, "each[0]"]).exits(0);
    project.call(&["approve", &run, "each[1]"]).exits(0);
    let outcome = project.resume(&[]).exits(1).stands("s.a blocked, each succeeded");
    let reason = outcome.reason("s.a");
    assert!(reason.starts_with("its goal `s` failed: denied"), "{reason}");
    assert!(notes(&outcome, "each").contains("each[1] (us): approved"), "{}", outcome.json);
}

#[test]
fn a_run_that_was_left_waiting_shows_nothing_as_running() {
    let (project, _) = waiting(
        r#"
goal g {
  step server { run "exec sleep 600"; service; grace 1s }
  step user { depends server, asked; run "true" }
  step asked { depends begun; confirm "Go on?"; run "true" }
  step begun { depends server; run "true" }
}
"#,
    );
    project.show().stands("server pending, asked waiting, begun succeeded");
}

#[test]
fn no_value_forges_a_line_beside_a_question() {
    let project = Project::new(
        r#"
goal g {
  param v: string
  step a { confirm "Do ${v}?"; run "true" }
}
"#,
    );
    let done = project.call(&["run", "plan.goal", "-p", "v=it\ngoalc: all is answered"]).exits(3);
    assert_eq!(done.err.matches("all is answered").count(), 2, "{}", done.err);
    assert!(!done.err.contains("\ngoalc: all is answered"), "{}", done.err);
}

#[test]
fn resume_without_an_answer_waits_again() {
    let (project, _) = waiting(CONFIRM);
    project.resume(&[]).exits(3).stands("ship waiting, other succeeded");
    assert_eq!(project.lines("other").len(), 1);
}

#[test]
fn what_is_answered_once_is_not_asked_again() {
    let (project, run) = waiting(
        r#"
goal g {
  step one { confirm "One?"; run "echo 1 >> one" }
  step two { depends one; confirm "Two?"; run "true" }
}
"#,
    );
    project.call(&["approve", &run, "one"]).exits(0);
    project.resume(&[]).exits(3).stands("one succeeded, two waiting");
    project.call(&["approve", &run, "one"]).exits(2);
    project.resume(&[]).exits(3).stands("one succeeded, two waiting");
    project.call(&["approve", "two"]).exits(0);
    project.resume(&[]).exits(0);
    assert_eq!(project.lines("one").len(), 1);
}

#[test]
fn an_approval_of_a_step_that_failed_is_kept_for_the_next_try() {
    let (project, run) =
        waiting(r#"goal g { step a { confirm "Sure?"; run "echo x >> tries; test -e ok" } }"#);
    project.call(&["approve", &run, "a"]).exits(0);
    project.resume(&[]).exits(1).stands("a failed");
    project.write("ok", "");
    project.resume(&["--retry-failed"]).exits(0).stands("a succeeded");
    assert_eq!(project.lines("tries").len(), 2);
}

#[test]
fn an_answer_reaches_a_run_that_goes_on() {
    let project = Project::new(
        r#"
goal g {
  step ship { confirm "Ship?"; run "touch shipped" }
  step nope { confirm "Nope?"; run "touch nope"; on failure skip }
  step busy { run "sh hold go" }
}
"#,
    );
    let live = project.start(&["-j", "3"]);
    project.await_status("ship", "waiting");
    project.await_status("nope", "waiting");
    project.call(&["approve", "ship"]).exits(0);
    project.call(&["deny", "nope"]).exits(0);
    project.await_file("shipped");
    project.write("go", "");
    let outcome = live.outcome().exits(1);
    outcome.stands("ship succeeded, nope failed, busy succeeded");
    assert!(!project.has("nope"));
}

#[test]
fn a_manual_step_is_done_with_its_outputs_or_failed() {
    let plan = r#"
goal g {
  step decide { manual "Pick a colour"; output colour: "red" | "blue" }
  step paint { depends decide; run "echo ${decide.colour} > colour" }
}
"#;
    let (project, run) = waiting(plan);
    assert!(project.call(&["done", &run, "decide"]).exits(2).err.contains("colour"));
    project.call(&["done", &run, "decide", "--output", "colour=green"]).exits(2);
    project.call(&["done", &run, "decide", "--output", "color=red"]).exits(2);
    project.call(&["done", &run, "decide", "--output", "colour=blue", "--note", "why"]).exits(0);
    let outcome = project.resume(&[]).exits(0).stands("decide succeeded, paint succeeded");
    assert_eq!(outcome.step("decide")["outputs"]["colour"], "blue");
    assert!(notes(&outcome, "decide").contains("why"));
    assert_eq!(project.read("colour"), "blue\n");

    let (project, run) = waiting(plan);
    project.call(&["fail", &run, "decide", "--note", "no paint left"]).exits(0);
    let outcome = project.resume(&[]).exits(1).stands("decide failed, paint blocked");
    assert!(outcome.reason("decide").contains("no paint left"), "{}", outcome.reason("decide"));
}

#[test]
fn answers_of_the_wrong_kind_are_refused() {
    let (project, run) = waiting(
        r#"
goal g {
  step ask { confirm "Ship?"; run "touch ran" }
  step hand { manual "Look" }
  step free { run "true" }
}
"#,
    );
    let wrong = [
        ["done", "ask"],
        ["rerun", "ask"],
        ["fail", "ask"],
        ["approve", "hand"],
        ["deny", "hand"],
        ["rerun", "hand"],
        ["approve", "free"],
        ["done", "free"],
    ];
    for [word, step] in wrong {
        let done = project.call(&[word, &run, step]).exits(2);
        assert!(done.err.contains(step), "{word} {step}: {}", done.err);
    }
    project.resume(&[]).exits(3).stands("ask waiting, hand waiting, free succeeded");
    assert!(!project.has("ran"));
}

#[test]
fn unknown_steps_and_runs_are_refused_with_a_suggestion() {
    let (project, run) = waiting(CONFIRM);
    assert!(project.call(&["approve", &run, "shipp"]).exits(2).err.contains("`ship`"));
    for wrong in ["nowhere", "../..", "../../etc/passwd", "%2e%2e", "a/b", "*"] {
        project.call(&["approve", wrong, "ship"]).exits(2);
        project.call(&["show", wrong]).exits(2);
        project.call(&["logs", wrong]).exits(2);
        project.call(&["resume", wrong]).exits(2);
        project.call(&["cancel", wrong]).exits(2);
        project.call(&["approve", &run, wrong]).exits(2);
    }
    project.call(&["approve", &run[..run.len() - 1], "ship"]).exits(0);
}

#[test]
fn a_beginning_that_fits_two_runs_is_refused() {
    let (project, run) = waiting(CONFIRM);
    project.run(&[]).exits(3);
    let done = project.call(&["show", &run[..4]]).exits(2);
    assert!(done.err.contains(&run), "{}", done.err);
}

#[test]
fn a_timeout_answers_as_the_plan_says_and_keeps_the_process_alive() {
    let project = Project::new(
        r#"
goal g {
  step yes { confirm "Yes?" timeout 100ms otherwise approve; run "touch yes" }
  step no { confirm "No?" timeout 100ms otherwise deny; run "touch no"; on failure skip }
  step silent { confirm "Silent?" timeout 100ms; run "touch silent"; on failure skip }
}
"#,
    );
    let outcome = project.run(&[]).exits(1).stands("yes succeeded, no failed, silent failed");
    assert!(project.has("yes") && !project.has("no") && !project.has("silent"));
    assert!(outcome.reason("no").contains("denied"), "{}", outcome.json);
}

#[test]
fn yes_approves_all_but_what_is_marked_always() {
    let project = Project::new(
        r#"
goal g {
  step easy { confirm "Easy?"; run "true" }
  step hard { confirm "Hard?" always; run "true" }
  goal inner { confirm "Inner?"; step a { run "true" } }
}
"#,
    );
    let outcome = project.run(&["--yes"]).exits(3);
    let outcome = outcome.stands("easy succeeded, hard waiting, inner.a succeeded");
    assert!(notes(&outcome, "easy").contains("--yes"), "{}", outcome.json);
}

#[test]
fn yes_on_resume_approves_what_was_asked_before() {
    let (project, _) = waiting(CONFIRM);
    project.resume(&["--yes"]).exits(0).stands("ship succeeded, below succeeded");
}

#[test]
fn yes_does_not_override_what_a_person_has_said() {
    let (project, run) = waiting(CONFIRM);
    project.call(&["deny", &run, "ship"]).exits(0);
    project.resume(&["--yes"]).exits(1).stands("ship failed, below blocked");
    assert!(!project.has("shipped"));
}

#[test]
fn a_confirm_whose_own_condition_is_false_asks_nobody() {
    let project = Project::new(
        r#"
goal g {
  param target: "staging" | "production"
  step a { confirm "Really ${target}?" when target == "production"; run "true" }
}
"#,
    );
    project.run(&["-p", "target=staging"]).exits(0);
    let done = project.run(&["-p", "target=production"]).exits(3).done;
    assert!(done.err.contains("Really production?"), "{}", done.err);
}

#[test]
fn a_goal_that_asks_holds_all_it_has() {
    let (project, run) = waiting(
        r#"
goal g {
  goal inner { confirm "In?"; step a { run "touch a" }; step b { run "touch b" } }
  step after-it { depends inner; run "true" }
}
"#,
    );
    assert!(!project.has("a") && !project.has("b"));
    project.call(&["approve", &run, "inner"]).exits(0);
    project.resume(&[]).exits(0).stands("inner.a succeeded, inner.b succeeded, after-it succeeded");
}

#[test]
fn an_instance_is_answered_by_its_number_or_its_item() {
    let (project, run) = waiting(
        r#"
goal g {
  step each {
    foreach x in ["a", "b", "db 3"] tolerate 1
    confirm "Do ${x}?"
    run ['touch', "did-${x}"]
  }
}
"#,
    );
    project.call(&["approve", &run, "each[db 3]"]).exits(0);
    project.call(&["approve", &run, "each[c]"]).exits(2);
    let said = project.resume(&[]).exits(3).done.text();
    assert!(said.contains("each[0] (a) waits for a person: Do a?"), "{said}");
    project.call(&["approve", &run, "each[1]"]).exits(0);
    project.call(&["deny", &run, "each[0]"]).exits(0);
    project.call(&["approve", &run, "each[3]"]).exits(2);
    assert!(project.has("did-db 3"));
    project.resume(&[]).exits(0);
    assert!(project.has("did-b") && !project.has("did-a"));
}

#[test]
fn a_step_that_asks_for_each_item_is_answered_by_naming_one() {
    let plan = r#"
goal g {
  step a { foreach x in ["web", "db"]; confirm "Go ${x}?"; run "true" }
  step m { foreach x in range(0, 7); manual "do ${x}" }
}
"#;
    let (project, run) = waiting(plan);
    let refused = project.call(&["approve", "a"]).exits(2).err;
    assert!(refused.contains("a asks for each of its items: a[0] (web), a[1] (db)"), "{refused}");
    assert!(refused.contains(&format!("goalc approve {run} 'a[0]'")), "{refused}");
    let refused = project.call(&["done", "m"]).exits(2).err;
    assert!(refused.contains("m[4] (4) and 2 more"), "{refused}");
    assert!(refused.contains(&format!("goalc done {run} 'm[0]'")), "{refused}");
}

#[test]
fn a_secret_output_is_asked_for_at_a_terminal_and_no_command_is_offered_that_is_refused() {
    let project = Project::new("goal p { step man { manual \"enter\"; output k: secret } }");
    let told = project.call(&["run", "plan.goal"]).exits(3).err;
    let run = project.run_id();
    assert!(!told.contains("goalc done"), "{told}");
    assert!(told.contains(&format!("at a terminal: goalc resume {run}")), "{told}");
    assert!(told.contains(&format!("goalc fail {run} man")), "{told}");
    let refused = project.call(&["done", "man", "--output", "k=v"]).exits(2).err;
    assert!(
        refused.contains(&format!("at a terminal `goalc resume {run}` asks for it")),
        "{refused}"
    );
}

#[test]
fn a_question_that_was_changed_is_asked_again() {
    let (project, run) = waiting(CONFIRM);
    project.call(&["approve", &run, "ship"]).exits(0);
    project.write("plan.goal", CONFIRM.replace("Ship it?", "Ship all of it?"));
    let outcome = project.resume(&["--accept-changes"]).exits(3);
    assert_eq!(outcome.status("ship"), "waiting");
    assert!(!project.has("shipped"));
}

#[test]
fn cancel_stops_a_live_run_and_refuses_one_that_has_ended() {
    let project = Project::new(
        r#"
goal g {
  step a { run "touch started; sh hold never" }
  cleanup { run "touch cleaned" }
}
"#,
    );
    let live = project.start(&[]);
    project.await_file("started");
    project.call(&["cancel"]).exits(0);
    let outcome = live.outcome();
    assert_eq!(outcome.json["status"], Value::from("cancelled"));
    assert_eq!(outcome.status("a"), "cancelled");
    assert!(project.has("cleaned"));
    project.call(&["cancel"]).exits(2);
    project.call(&["approve", "a"]).exits(2);
}

#[test]
fn cancel_ends_a_run_that_waits_with_its_cleanup() {
    let (project, run) = waiting(
        r#"
goal g {
  step a { run "true" }
  step ship { depends a; confirm "Ship it?"; run "touch shipped" }
  cleanup { run "touch cleaned" }
}
"#,
    );
    project.call(&["approve", &run, "ship", "--note", "at last"]).exits(0);
    let note = project.show().step("ship")["notes"][0].to_string();
    assert!(
        note.contains("approved by ") && note.contains("once the run goes on: at last"),
        "{note}"
    );
    project.call(&["cancel", &run]).exits(0);
    let shown = project.show().stands("a succeeded, ship not-run");
    assert_eq!(shown.json["status"], Value::from("cancelled"));
    assert!(project.has("cleaned") && !project.has("shipped"));
    project.call(&["cancel", &run]).exits(2);
    // Taken up again, it goes on.
    project.resume(&[]).exits(0).stands("ship succeeded");
}

#[test]
fn a_killed_run_that_is_cancelled_is_not_gone_on_with_once_its_doubts_are_cleared() {
    let project = Project::new(
        r#"
goal g {
  step pay { run "touch started; sh hold never" }
  step ship { depends pay; run "touch shipped" }
}
"#,
    );
    let live = project.start(&[]);
    project.await_file("started");
    live.kill();
    let run = project.run_id();
    let said = project.call(&["cancel"]).exits(3).err;
    let last = said.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last, format!("then:    goalc cancel {run}"), "{said}");
    project.call(&["done", "pay"]).exits(0);
    project.call(&["cancel"]).exits(0);
    project.show().stands("pay succeeded, ship not-run");
    assert!(!project.has("shipped"));
}

#[test]
fn of_two_answers_the_first_counts() {
    let (project, run) = waiting(CONFIRM);
    project.call(&["approve", &run, "ship"]).exits(0);
    let second = project.call(&["deny", &run, "ship"]).exits(2);
    assert!(second.err.contains("it was answered already, by "), "{}", second.err);
    project.resume(&[]).exits(0).stands("ship succeeded");
}
