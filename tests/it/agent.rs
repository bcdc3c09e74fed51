//! `--agent`: manual steps in the hands of a command.

use rustix::process::Signal;

use crate::support::Project;

const PLAN: &str = r#"
goal g {
  step press {
    manual "Press the button, and the other one."
    output pressure: int
    env { PLACE = "Kyoto" }
    timeout 30s
  }
  step use { depends press; run "echo ${press.pressure} > used" }
}
"#;

#[test]
fn an_agent_gets_the_text_and_gives_the_outputs() {
    let project = Project::new(PLAN);
    let agent = "cat > text; echo $GOAL_STEP $PLACE > where; echo at it; \
                 echo pressure=7 >> \"$GOAL_OUTPUT\"";
    let outcome = project.run(&["--agent", agent]).exits(0);
    let outcome = outcome.stands("press succeeded, use succeeded");
    assert_eq!(project.read("text"), "Press the button, and the other one.\n");
    assert_eq!(project.read("where"), "press Kyoto\n");
    assert_eq!(project.read("used"), "7\n");
    let notes = outcome.step("press")["notes"].to_string();
    assert!(notes.contains("done by agent (--agent, "), "{notes}");
    let logs = project.call(&["logs", "press"]).exits(0).out();
    assert!(logs.contains("press, agent\nat it\n"), "{logs}");
}

#[test]
fn an_agent_that_fails_or_gives_no_outputs_fails_the_step() {
    let project = Project::new(PLAN);
    let outcome = project.run(&["--agent", "exit 3"]).exits(1).stands("press failed, use blocked");
    assert!(outcome.reason("press").contains("exit code 3"), "{}", outcome.reason("press"));
    let outcome = project.run(&["--agent", "echo pressure=x >> $GOAL_OUTPUT"]).exits(1);
    assert!(outcome.reason("press").contains("pressure"), "{}", outcome.reason("press"));
}

#[test]
fn an_agent_never_approves() {
    let project = Project::new("goal g { step a { confirm \"Go?\"; manual \"Do it.\" } }");
    project.run(&["--agent", "touch done"]).exits(3).stands("a waiting");
    assert!(!project.has("done"));
    project.call(&["approve", "a"]).exits(0);
    project.resume(&["--agent", "touch done"]).exits(0).stands("a succeeded");
    assert!(project.has("done"));
}

#[test]
fn an_agent_is_bounded_by_the_steps_timeout() {
    let project = Project::new("goal g { step a { manual \"Do it.\"; timeout 200ms } }");
    let outcome = project.run(&["--agent", "sleep 60"]).exits(1).stands("a failed");
    assert!(outcome.reason("a").contains("timeout"), "{}", outcome.reason("a"));
}

#[test]
fn a_stopped_agent_ends_with_the_run_and_begins_again_with_resume() {
    let project = Project::new("goal g { step a { manual \"Do it.\" } }");
    let live = project.start(&["--agent", "sh hold go"]);
    project.await_file("held");
    project.await_status("a", "running");
    let pid = project.read("held");
    live.signal(Signal::INT);
    live.outcome().exits(130).stands("a cancelled");
    assert!(!crate::support::is_alive(&pid));
    project.write("go", "");
    project.resume(&["--agent", "sh hold go"]).exits(0).stands("a succeeded");
}

#[test]
fn what_an_agent_was_at_in_a_crash_is_a_persons_to_decide() {
    let project = Project::new("goal g { step a { manual \"Do it.\" } }");
    let live = project.start(&["--agent", "sh hold go"]);
    project.await_file("held");
    live.kill();
    let outcome = project.resume(&["--agent", "touch again"]).exits(3).stands("a waiting");
    assert!(!project.has("again"), "nothing is guessed");
    let notes = outcome.step("a")["notes"].to_string();
    assert!(notes.contains("no one knows"), "{notes}");
    project.call(&["done", "a"]).exits(0);
    project.resume(&[]).exits(0).stands("a succeeded");
}

#[test]
fn a_person_may_answer_before_the_agent_which_is_ended_then() {
    let project = Project::new("goal g { step a { manual \"Do it.\" } }");
    let live = project.start(&["--agent", "sh hold go"]);
    project.await_file("held");
    project.call(&["done", "a"]).exits(0);
    live.outcome().exits(0).stands("a succeeded");
    assert!(!crate::support::is_alive(&project.read("held")));
}

#[test]
fn agents_work_side_by_side_on_instances() {
    let project =
        Project::new("goal g { step a { foreach x in [\"1\", \"2\"]; manual \"Do ${x}.\" } }");
    project.run(&["--agent", "cat >> did"]).exits(0).stands("a succeeded");
    let mut did = project.lines("did");
    did.sort();
    assert_eq!(did, ["Do 1.", "Do 2."]);
}
