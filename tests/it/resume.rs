//! What a run keeps when goalc is killed, and what `resume` makes of it.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Project, eventually, is_alive};

/// Runs a plan until a file is there and its step's start is in the journal, and kills goalc then.
/// What the step waits in is gone, too: it would see what the test makes next.
fn killed_at(plan: &str, file: &str) -> Project {
    let project = Project::new(plan);
    let live = project.start(&["-j", "4"]);
    project.await_file(file);
    let holds = plan.contains("sh hold");
    eventually("the step's start in the journal", || {
        let steps = project.show().json["steps"].clone();
        steps.as_array().is_some_and(|steps| steps.iter().any(|step| step["status"] == "running"))
    });
    eventually("the step's wait", || !holds || project.read("held").ends_with('\n'));
    live.kill();
    let held = project.read("held");
    eventually("the end of the step's wait", || !holds || !is_alive(&held));
    project
}

const IN_DOUBT: &str = r#"
goal g {
  step before { run "echo x >> before; echo kept=$GOAL_RUN >> $GOAL_OUTPUT"; output kept: string }
  step pay { depends before; run "echo x >> pay; touch started; sh hold go"; output n: int }
  step after-it { depends pay; run "echo ${before.kept} ${pay.n} > after" }
}
"#;

#[test]
fn what_ran_when_goalc_was_killed_shows_as_in_doubt_before_anything_goes_on() {
    let project = killed_at(IN_DOUBT, "started");
    let shown = project.show().stands("before succeeded, pay in-doubt, after-it pending");
    assert_eq!(shown.json["status"], "running");
    let runs = project.call(&["runs", "--format", "json"]).json();
    assert_eq!(runs["runs"][0]["alive"], false);
    let text = project.call(&["runs"]).exits(0).out();
    assert!(text.contains("its process is gone"), "{text}");
    let report = project.call(&["report"]).exits(0).out();
    assert!(report.contains("| pay | in-doubt |"), "{report}");
}

#[test]
fn an_idempotent_step_in_doubt_runs_again_and_what_succeeded_does_not() {
    let project = killed_at(
        r#"
goal g {
  step before { run "echo x >> before; echo kept=one >> $GOAL_OUTPUT"; output kept: string }
  step work { depends before; run "echo $GOAL_IDEMPOTENCY_KEY >> work; touch started; sh hold go"; idempotent }
  step after-it { depends work; run "echo ${before.kept} > after" }
}
"#,
        "started",
    );
    project.write("go", "");
    let outcome = project.resume(&[]).exits(0);
    let outcome = outcome.stands("before succeeded, work succeeded, after-it succeeded");
    assert_eq!(outcome.attempts("before"), 1);
    assert_eq!(outcome.attempts("work"), 2, "an attempt counts on");
    assert_eq!(project.lines("before").len(), 1);
    assert_eq!(project.read("after"), "one\n");
    let keys = project.lines("work");
    assert!(keys.len() == 2 && keys[0] == keys[1], "the same key for each attempt: {keys:?}");
}

#[test]
fn a_step_in_doubt_is_named_and_not_guessed() {
    let project = killed_at(IN_DOUBT, "started");
    let outcome = project.resume(&[]).exits(3).stands("before succeeded, after-it pending");
    assert!(["in-doubt", "waiting"].contains(&outcome.status("pay")), "{}", outcome.json);
    for word in ["goalc done", "goalc rerun", "goalc fail"] {
        assert!(outcome.done.err.contains(word), "{}", outcome.done.err);
    }
    assert_eq!(project.lines("pay").len(), 1);
    project.resume(&[]).exits(3);
    assert_eq!(project.lines("pay").len(), 1);
}

#[test]
fn show_says_in_doubt_of_a_killed_run() {
    let project = killed_at(IN_DOUBT, "started");
    let outcome = project.show();
    assert!(["in-doubt", "running"].contains(&outcome.status("pay")), "{}", outcome.json);
    assert_eq!(outcome.status("before"), "succeeded");
}

#[test]
fn a_step_in_doubt_that_is_done_gives_what_the_person_says() {
    let project = killed_at(IN_DOUBT, "started");
    project.resume(&[]).exits(3);
    project.call(&["approve", "pay"]).exits(2);
    project.call(&["done", "pay"]).exits(2);
    project.call(&["done", "pay", "--output", "n=7", "--note", "it is in the bank"]).exits(0);
    let outcome = project.resume(&[]).exits(0).stands("pay succeeded, after-it succeeded");
    assert!(outcome.step("pay")["notes"].to_string().contains("in the bank"));
    assert!(project.read("after").ends_with(" 7\n"));
    assert_eq!((project.lines("before").len(), project.lines("pay").len()), (1, 1));
}

#[test]
fn a_step_in_doubt_runs_again_where_a_person_says_so() {
    let project = killed_at(
        &IN_DOUBT.replace("sh hold go", "sh hold go; echo n=2 >> $GOAL_OUTPUT"),
        "started",
    );
    project.resume(&[]).exits(3);
    project.call(&["rerun", "pay"]).exits(0);
    project.write("go", "");
    project.resume(&[]).exits(0).stands("before succeeded, pay succeeded, after-it succeeded");
    assert_eq!((project.lines("before").len(), project.lines("pay").len()), (1, 2));
}

#[test]
fn a_step_in_doubt_fails_where_a_person_says_so() {
    let project = killed_at(IN_DOUBT, "started");
    project.resume(&[]).exits(3);
    project.call(&["fail", "pay", "--note", "bounced"]).exits(0);
    let outcome = project.resume(&[]).exits(1).stands("pay failed, after-it blocked");
    assert!(outcome.reason("pay").contains("bounced"), "{}", outcome.json);
}

#[test]
fn a_step_in_doubt_is_decided_by_its_unless() {
    let plan = r#"
goal g {
  step a {
    unless { file "made" }
    run "echo x >> tries; touch started; test \"$GOAL_ATTEMPT\" -gt 1 || sh hold go; touch made"
  }
}
"#;
    let project = killed_at(plan, "started");
    project.write("made", "");
    project.resume(&[]).exits(0).stands("a succeeded");
    assert_eq!(project.lines("tries").len(), 1);

    let project = killed_at(plan, "started");
    project.resume(&[]).exits(0).stands("a succeeded");
    assert_eq!(project.lines("tries").len(), 2);
}

#[test]
fn what_a_killed_goalc_left_running_is_soon_gone() {
    let project = killed_at(
        r#"
goal g {
  step tree {
    run "trap '' TERM; (trap '' TERM; sh -c 'echo $$ > child; trap \"\" TERM HUP; touch started; while :; do sleep 0.1; done') & echo $$ > parent; while :; do sleep 0.1; done"
    grace 300ms
  }
}
"#,
        "started",
    );
    project.await_file("parent");
    for name in ["parent", "child"] {
        let pid = project.read(name);
        assert!(!pid.trim().is_empty());
        eventually("the end of a process of the step", || !is_alive(&pid));
    }
}

#[test]
fn the_count_of_attempts_survives_a_kill_in_the_back_off() {
    let project = Project::new(
        r#"goal g { step a { run "echo $GOAL_ATTEMPT >> tries; exit 1"; retry 2 delay 1500ms; idempotent } }"#,
    );
    let live = project.start(&[]);
    project.await_status("a", "waiting");
    live.kill();
    let outcome = project.resume(&[]).exits(1).stands("a failed");
    assert_eq!(outcome.attempts("a"), 3);
    assert_eq!(project.lines("tries"), ["1", "2", "3"]);
}

#[test]
fn a_fallback_under_way_is_not_begun_from_the_primary() {
    let project = killed_at(
        r#"
goal g {
  step a {
    run "echo primary >> tries; exit 1"
    retry 1
    fallback other { run "echo other >> tries; touch started; sh hold go" }
    idempotent
  }
}
"#,
        "started",
    );
    project.write("go", "");
    let outcome = project.resume(&[]).exits(0).stands("a succeeded");
    assert_eq!(outcome.step("a")["via"], "other");
    assert_eq!(project.lines("tries"), ["primary", "primary", "other", "other"]);
}

#[test]
fn instances_that_succeeded_are_not_run_again() {
    let project = killed_at(
        r#"
goal g {
  step make { run "touch 1.in 2.in 3.in" }
  step each {
    depends make
    foreach f in glob("*.in") parallel 1
    run "echo ${f} >> done; test ${f} != 2.in || { touch started; sh hold go; }"
    idempotent
  }
}
"#,
        "started",
    );
    // The list is fixed: what comes later is not in it.
    project.write("4.in", "");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("each succeeded");
    assert_eq!(project.lines("done"), ["1.in", "2.in", "2.in", "3.in"]);
}

#[test]
fn a_let_keeps_its_value() {
    let project = Project::new(
        r#"
goal g {
  let stamp = trim(read("stamp.txt"))
  step first { run "echo ${stamp} > one; echo new > stamp.txt" }
  step second { depends first; run "touch started; sh hold go; echo ${stamp} > two"; idempotent }
}
"#,
    );
    project.write("stamp.txt", "old\n");
    let live = project.start(&[]);
    project.await_file("started");
    live.kill();
    project.write("go", "");
    project.resume(&[]).exits(0);
    assert_eq!((project.read("one"), project.read("two")), ("old\n".into(), "old\n".into()));
}

const EDITED: &str = r#"
goal g {
  step alone { run "echo x >> alone" }
  step base { run "echo x >> base" }
  step top { depends base; run "echo x >> top" }
  step gate { depends top, alone; run "echo x >> gate; test -e ok" }
}
"#;

/// How often `alone`, `base`, `top` and `gate` ran.
fn counts(project: &Project) -> [usize; 4] {
    ["alone", "base", "top", "gate"].map(|name| project.lines(name).len())
}

#[test]
fn an_edited_plan_is_listed_and_taken_only_when_accepted() {
    let project = Project::new(EDITED);
    project.run(&[]).exits(1).stands("gate failed");
    project.write("ok", "");
    project.write("plan.goal", EDITED.replace("echo x >> base", "echo y >> base"));
    let done = project.call(&["resume", "--retry-failed"]);
    assert!(done.err.contains("base") && done.err.contains("top"), "{}", done.text());
    assert!(!done.err.contains("alone"), "{}", done.text());
    assert!(done.err.contains("--accept-changes"), "{}", done.text());
    assert_eq!(project.read("base"), "x\n");

    let project = Project::new(EDITED);
    project.run(&[]).exits(1);
    project.write("ok", "");
    project.write("plan.goal", EDITED.replace("echo x >> base", "echo y >> base"));
    project.resume(&["--accept-changes", "--retry-failed"]).exits(0).stands("gate succeeded");
    assert_eq!(counts(&project), [1, 2, 2, 2]);
}

#[test]
fn a_step_that_is_gone_from_the_plan_is_listed_and_never_forgotten_with_its_undo() {
    let plan = r#"
goal g {
  step create { run "touch made"; rollback { run "rm made" } }
  step conf { depends create; run "test -e ok" }
}
"#;
    let project = Project::new(plan);
    let run = project.run(&[]).exits(1).json["run"].as_str().expect("a run").to_owned();
    project.write("plan.goal", "goal g { step conf { run \"test -e ok\" } }");
    let listed = project.resume(&["--retry-failed"]).exits(1).done.err;
    assert!(listed.contains("create (no longer in the plan)"), "{listed}");
    let refused = project.call(&["resume", "--accept-changes", "--retry-failed"]).exits(2);
    assert!(refused.err.contains(&format!("goalc rollback {run} --to start")), "{}", refused.err);
    assert!(project.has("made"));
    project.call(&["rollback", &run, "--to", "start"]).exits(0);
    assert!(!project.has("made"));
    project.write("ok", "");
    project.resume(&["--accept-changes", "--retry-failed"]).exits(0).stands("conf succeeded");
}

#[test]
fn a_step_that_failed_and_was_mended_in_the_plan_runs_with_what_it_kept_off() {
    let plan = r#"
goal g {
  step first { run "echo x >> first" }
  step broken { depends first; run "exit 3" }
  step last { depends broken; run "touch done" }
  step other { after broken; run "touch other" }
}
"#;
    let project = Project::new(plan);
    project.run(&["-j", "1"]).exits(1).stands("last blocked").stands("other not-run");
    project.write("plan.goal", plan.replace("exit 3", "touch mended"));
    project.resume(&["--accept-changes"]).exits(0).stands("other succeeded");
    assert!(project.has("mended") && project.has("done") && project.has("other"));
    assert_eq!(project.read("first"), "x\n");
}

#[test]
fn an_edit_is_seen_in_whichever_file_of_a_plan_it_is() {
    let project = Project::new(
        r#"goal g { goal part from "part.goal"; step gate { depends part; run "test -e ok" } }"#,
    );
    let part = r#"goal p { step base { run "echo x >> base" } }"#;
    project.write("part.goal", part);
    project.run(&[]).exits(1).stands("gate failed");
    let resumed = || project.call(&["resume", "--retry-failed"]).exits(1).err;
    assert!(!resumed().contains("--accept-changes"));
    project.write("part.goal", part.replace('x', "y"));
    assert!(resumed().contains("part.base"));
    project.write("part.goal", part);
    assert!(!resumed().contains("--accept-changes"));
    project.write("goal.toml", "[effort]\nsmall = \"5s\"\n");
    assert!(!resumed().contains("--accept-changes"), "what is estimated is no step's meaning");
    fs::remove_file(project.path("part.goal")).expect("it is removed");
    assert!(!resumed().contains("--accept-changes"), "the run holds its own");
}

#[test]
fn what_was_accepted_is_what_later_edits_are_compared_with() {
    let project = Project::new(EDITED);
    project.run(&[]).exits(1).stands("gate failed");
    let edited = EDITED.replace("echo x >> base", "echo y >> base");
    project.write("plan.goal", &edited);
    project.resume(&["--accept-changes", "--retry-failed"]).exits(1);
    let resumed = |arguments: &[&str]| project.resume(arguments).exits(1).done.err;
    assert!(!resumed(&["--retry-failed"]).contains("--accept-changes"));
    project.resume(&["--accept-changes", "--retry-failed"]).exits(1);
    assert_eq!(counts(&project), [1, 2, 2, 4], "nothing was edited since");
    project.write("plan.goal", EDITED);
    assert!(resumed(&["--retry-failed"]).contains("--accept-changes"));
}

#[test]
fn an_edit_of_a_plan_that_is_json_is_seen() {
    let project = Project::new(EDITED);
    let json = project.call(&["compile", "plan.goal"]).exits(0).out;
    let json = String::from_utf8(json).expect("JSON is Unicode");
    project.write("plan.json", &json);
    project.call(&["run", "plan.json"]).exits(1);
    let edited = json.replace("echo x >> base", "echo y >> base");
    let print = |json: &str| {
        let plan: serde_json::Value = serde_json::from_str(json).expect("JSON");
        plan["steps"]["base"]["fingerprint"].as_str().expect("a fingerprint").to_owned()
    };
    project.write("plan.json", edited.replace(&print(&json), "another"));
    let resumed = project.call(&["resume", "--retry-failed"]).exits(1);
    assert!(resumed.err.contains("--accept-changes"), "{}", resumed.text());
}

#[test]
fn layout_and_comments_are_no_change() {
    let project = Project::new(EDITED);
    project.run(&[]).exits(1);
    project.write("ok", "");
    project.write(
        "plan.goal",
        format!("# new\n\n{}", EDITED.replace("run \"", "# why\n    run   \"")),
    );
    let outcome = project.resume(&["--retry-failed"]).exits(0);
    assert!(!outcome.done.err.contains("--accept-changes"), "{}", outcome.done.err);
    assert_eq!(counts(&project), [1, 1, 1, 2]);
}

#[test]
fn a_run_goes_on_without_its_plan() {
    let project = killed_at(
        r#"
goal g {
  step a { run "echo x >> a; touch started; sh hold go"; idempotent }
  step b { depends a; run "echo x >> b" }
}
"#,
        "started",
    );
    fs::remove_file(project.path("plan.goal")).expect("it is removed");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded");
}

#[test]
fn a_plan_that_is_broken_by_now_does_not_stop_its_run() {
    let project = killed_at(
        r#"goal g { step a { run "touch started; sh hold go"; idempotent } }"#,
        "started",
    );
    project.write("plan.goal", "goal g { step a { run \"tr");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded");
}

#[test]
fn an_achieved_run_has_nothing_to_do() {
    let project = Project::new("goal g { step a { run \"echo x >> a\" } }");
    project.run(&[]).exits(0);
    project.call(&["resume"]).exits(0);
    project.resume(&["--retry-failed"]).exits(0).stands("a succeeded");
    assert_eq!(project.lines("a").len(), 1);
}

#[test]
fn failed_steps_are_tried_again_only_when_asked() {
    let project = Project::new(EDITED);
    project.run(&[]).exits(1);
    project.write("ok", "");
    project.resume(&[]).exits(1).stands("gate failed");
    assert_eq!(counts(&project), [1, 1, 1, 1]);
    project.resume(&["--retry-failed"]).exits(0).stands("gate succeeded");
    assert_eq!(counts(&project), [1, 1, 1, 2]);
}

#[test]
fn retrying_takes_up_what_was_blocked_or_not_run() {
    let project = Project::new(
        r#"
goal g {
  step bad { run "echo x >> bad; test -e ok"; priority 1 }
  step below { depends bad; run "echo x >> below" }
  step other { run "echo x >> other" }
  goal inner { depends below; step deep { run "echo x >> deep" } }
}
"#,
    );
    project.run(&["-j", "1"]).exits(1).stands("bad failed, below blocked, other not-run");
    project.write("ok", "");
    let outcome = project.resume(&["--retry-failed"]).exits(0);
    outcome.stands("bad succeeded, below succeeded, other succeeded, inner.deep succeeded");
    for name in ["below", "other", "deep"] {
        assert_eq!(project.lines(name).len(), 1, "{name}");
    }
}

#[test]
fn a_second_coordinator_is_refused_at_once() {
    let project =
        Project::new(r#"goal g { step a { run "touch started; sh hold go"; idempotent } }"#);
    let live = project.start(&[]);
    project.await_file("started");
    let began = Instant::now();
    let done = project.call(&["resume"]).exits(4);
    assert!(began.elapsed() < Duration::from_secs(2), "took {:?}", began.elapsed());
    assert!(done.err.contains("another process"), "{}", done.err);
    project.write("go", "");
    live.outcome().exits(0);
}

#[test]
fn of_many_resumes_at_once_one_works() {
    let project = killed_at(
        r#"goal g { step a { run "echo x >> tries; touch started; sh hold go"; idempotent } }"#,
        "started",
    );
    let calls: Vec<_> = (0..6).map(|_| project.start_resume(&[])).collect();
    project.write("go", "");
    let codes: Vec<i32> = calls.into_iter().map(|call| call.end().code).collect();
    let worked = codes.iter().filter(|code| **code == 0).count();
    assert!(worked >= 1 && codes.iter().all(|code| [0, 4].contains(code)), "{codes:?}");
    assert_eq!(project.lines("tries").len(), 2);
}

#[test]
fn no_lock_outlives_its_process() {
    let project = killed_at(
        r#"goal g { step a { run "echo x >> tries; touch started; sh hold go"; idempotent } }"#,
        "started",
    );
    for round in 2..5 {
        fs::remove_file(project.path("started")).expect("it is removed");
        let live = project.start_resume(&[]);
        project.await_file("started");
        live.kill();
        assert_eq!(project.lines("tries").len(), round);
    }
    project.write("go", "");
    project.resume(&[]).exits(0);
}

#[test]
fn cleanup_runs_after_a_crash_too() {
    let project = killed_at(
        r#"
goal g {
  step a { run "touch tmp-x started; sh hold go"; idempotent }
  cleanup { delete "tmp-*" }
}
"#,
        "started",
    );
    project.write("go", "");
    assert!(project.has("tmp-x"));
    project.resume(&[]).exits(0);
    assert!(!project.has("tmp-x"));
}

#[test]
fn a_secret_is_taken_anew() {
    let project = Project::new(
        r#"
goal g {
  param token: secret
  step a { run "touch started; sh hold go"; idempotent }
  step b { depends a; env { TOKEN = token }; run "printf '%s' \"$TOKEN\" | wc -c | tr -d ' ' > length" }
}
"#,
    );
    let live = project.start(&["-p", "token=tr0ub4dor-and-3"]);
    project.await_file("started");
    live.kill();
    project.write("go", "");
    let missing = project.call(&["resume"]).exits(2);
    assert!(missing.err.contains("token"), "{}", missing.err);
    project.resume(&["-p", "token=tr0ub4dor-and-3"]).exits(0);
    assert_eq!(project.read("length"), "15\n");
}

#[test]
fn a_log_whose_start_was_lost_is_no_part_of_another_one() {
    let project = Project::new(
        r#"goal g { step ask { manual "Go on?" }; step a { depends ask; run "echo mine"; idempotent } }"#,
    );
    project.run(&[]).exits(3);
    let logs = project.state().join("runs").join(project.run_id()).join("logs");
    for number in 1..40 {
        fs::write(logs.join(format!("{number}.log")), "of an attempt that the journal lost\n")
            .expect("it is written");
    }
    project.call(&["done", &project.run_id(), "ask"]).exits(0);
    project.resume(&[]).exits(0).stands("a succeeded");
    let log = project.call(&["logs", &project.run_id(), "a"]).exits(0).text();
    assert_eq!(log.lines().collect::<Vec<_>>(), ["==> a, attempt 1", "mine"]);
}

#[test]
fn when_and_skips_hold_for_the_whole_run() {
    let project = killed_at(
        r#"
goal g {
  step off { when exists("flag"); run "touch off" }
  step a { after off; run "touch started; sh hold go"; idempotent }
  step later { depends off; run "touch later" }
}
"#,
        "started",
    );
    project.write("flag", "");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("off skipped, later skipped, a succeeded");
}

#[test]
fn a_run_of_part_of_a_plan_stays_one() {
    let project = Project::new(
        r#"
goal g {
  step a { run "touch started; sh hold go"; idempotent }
  step b { depends a; run "true" }
  step c { run "touch c" }
}
"#,
    );
    let live = project.start(&["--only", "b"]);
    project.await_file("started");
    live.kill();
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded, c not-run");
    assert!(!project.has("c"));
}

#[test]
fn what_is_awaited_is_looked_for_again_after_a_crash_without_a_question() {
    let project = Project::new(
        r#"goal g { step a { await { run "touch asked"; file "come" } every 20ms } }"#,
    );
    let live = project.start(&[]);
    project.await_file("asked");
    live.kill();
    project.write("come", "");
    project.resume(&[]).exits(0).stands("a succeeded");
}

#[test]
fn a_damaged_state_is_said_and_not_run_over() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.run(&[]).exits(0);
    fs::write(project.state().join("state.db"), b"not a database, by any reading of it, at all")
        .expect("it is written");
    for call in [&["run", "plan.goal"][..], &["show"], &["resume"], &["runs"]] {
        let done = project.call(call).exits(4);
        assert!(done.err.contains("state.db"), "{call:?}: {}", done.err);
    }
}

#[test]
fn what_a_goals_deadline_ended_is_done_again_only_when_asked() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step ask { confirm "Go?"; run "true" }
  goal sub { deadline 200ms; step long { grace 1s; run "echo started >> starts; exec sleep 30" } }
}
"#,
    );
    project.run(&[]).exits(3).stands("sub.long cancelled");
    project.resume(&[]).exits(3).stands("sub.long cancelled");
    assert_eq!(project.lines("starts"), ["started"]);
}

#[test]
fn changes_that_are_accepted_keep_the_order_of_their_goals() {
    let plan = "goal g {\n\
         goal one { step work { run \"sleep 0.2; echo one >> trace\" } }\n\
         goal two { depends one; step go { run \"echo two >> trace; exit 1\" } }\n\
       }";
    let project = Project::new(plan);
    project.run(&["-j4"]).exits(1);
    project.write("plan.goal", plan.replace("one >>", "new >>").replace("exit 1", "exit 0"));
    project.resume(&["--accept-changes"]).exits(0);
    assert_eq!(project.lines("trace"), ["one", "two", "new", "two"]);
}
