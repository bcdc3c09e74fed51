//! Steps joined by `stdin from`: real pipes, one start, one attempt, one end.
//!
//! Expectations are the contract's; scripts wait for files, never for a time.

use rustix::process::Signal;

use crate::support::{Outcome, Project, eventually};

fn project(steps: &str) -> Project {
    Project::new(&format!("goal g {{\n{steps}\n}}\n"))
}

fn run(steps: &str) -> Outcome {
    project(steps).run(&[])
}

/// How often a word stands in a file of the project, one a line.
fn count(project: &Project, file: &str, word: &str) -> usize {
    project.lines(file).iter().filter(|line| *line == word).count()
}

#[test]
fn a_chain_of_three_carries_much_and_keeps_nothing_of_it() {
    let project = project(
        "step a { run \"head -c 100000000 /dev/zero\" }\n\
         step b { stdin from a; run \"cat\" }\n\
         step c { stdin from b; run \"wc -c | tr -d ' ' > size\" }",
    );
    project.run(&["-j3"]).exits(0).stands("a succeeded, b succeeded, c succeeded");
    assert_eq!(project.read("size"), "100000000\n");
    let kept: usize =
        crate::support::files_below(&project.state()).iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(kept < 4_000_000, "the state holds {kept} bytes");
}

#[test]
fn goalc_itself_stays_small_while_much_passes() {
    let project = project(
        "step a { run \"head -c 300000000 /dev/zero\" }\n\
         step b { stdin from a; run \"cat > /dev/null; grep VmHWM /proc/$PPID/status > peak\" }",
    );
    project.run(&["-j2"]).exits(0);
    let peak: u64 = project
        .read("peak")
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .expect("a number of KiB");
    assert!(peak < 64 * 1024, "{peak} KiB");
}

#[test]
fn a_full_pipe_makes_its_writer_wait() {
    let project = project(
        "step a { run \"head -c 1000000 /dev/zero; touch written\" }\n\
         step b { stdin from a; run \"test ! -e written; sh hold go; test ! -e written; wc -c > size\" }",
    );
    let live = project.start(&["-j2"]);
    project.await_status("b", "running");
    project.write("go", "");
    live.outcome().exits(0).stands("a succeeded, b succeeded");
    assert_eq!(project.read("size").trim(), "1000000");
}

#[test]
fn a_writer_whose_reader_succeeds_early_has_succeeded() {
    run("step a { run \"yes\" }\n\
         step b { stdin from a; run \"head -n 3 > /dev/null\" }")
    .exits(0)
    .stands("a succeeded, b succeeded");
    run("step a { run \"yes | cat\" }\n\
         step b { stdin from a; run \"cat\" }\n\
         step c { stdin from b; run \"head -n 3 > /dev/null\" }")
    .exits(0)
    .stands("a succeeded, b succeeded, c succeeded");
}

#[test]
fn a_reader_that_fails_stops_its_writer() {
    let outcome = run("step a { run \"sleep 600\"; grace 1s }\n\
                       step b { stdin from a; run \"exit 3\" }\n\
                       step c { depends a; run \"true\" }");
    let outcome = outcome.exits(1).stands("a cancelled, b failed, c blocked");
    assert_eq!(outcome.reason("b"), "exit code 3");
    assert!(outcome.reason("a").contains("`b` failed"), "{}", outcome.reason("a"));
}

#[test]
fn a_writer_that_dies_of_its_failed_reader_did_not_fail() {
    run(
        "step a { run [\"yes\"] }\nstep b { stdin from a; run \"head -c 10 > /dev/null; exit 3\" }",
    )
    .exits(1)
    .stands("a cancelled, b failed");
}

#[test]
fn a_writer_that_fails_stops_its_reader() {
    let outcome = run("step a { run \"exit 4\" }\n\
                       step b { stdin from a; run \"trap 'exit 0' TERM; while :; do sleep 0.01 || :; done\" }");
    let outcome = outcome.exits(1).stands("a failed, b cancelled");
    assert!(outcome.reason("b").contains("`a` failed"), "{}", outcome.reason("b"));
}

#[test]
fn who_stops_for_one_that_puts_its_snapshot_back_first_is_told_of_it() {
    let project = project(
        "step a { run \"trap 'exit 1' TERM; touch writing; sh hold never\" }\n\
         step b { stdin from a; snapshot \"out\"; run \"while ! test -e writing; do sleep 0.01; done; echo x > out; exit 3\" }",
    );
    let outcome = project.run(&["-j2"]).exits(1).stands("a cancelled, b failed");
    assert_eq!(outcome.reason("a"), "`b` failed, and a pipe joins them");
    assert!(!project.has("out"), "it is put back");
}

#[test]
fn a_program_that_is_not_there_fails_its_chain() {
    run("step a { run [\"no-such-program\"] }\nstep b { stdin from a; run \"cat\" }")
        .exits(1)
        .stands("a failed, b cancelled");
}

#[test]
fn one_that_does_not_verify_fails_all() {
    run("step a { run \"echo x\" }\n\
         step b { stdin from a; run \"cat > /dev/null\"; verify { file \"none\" } }")
    .exits(1)
    .stands("a cancelled, b failed");
}

#[test]
fn a_chain_is_tried_again_as_a_whole() {
    let project = project(
        "step a { run \"echo a >> tries; echo x\"; idempotent }\n\
         step b { stdin from a; run \"cat > /dev/null; echo b >> tries; test $GOAL_ATTEMPT = 3\"; retry 2; idempotent }",
    );
    let outcome = project.run(&[]).exits(0).stands("a succeeded, b succeeded");
    assert_eq!((outcome.attempts("a"), outcome.attempts("b")), (3, 3));
    assert_eq!((count(&project, "tries", "a"), count(&project, "tries", "b")), (3, 3));
}

#[test]
fn a_chain_is_tried_while_each_failed_member_has_retries() {
    let project = project(
        "step a { run \"echo a >> tries; echo x\"; retry 9; idempotent }\n\
         step b { stdin from a; run \"cat > /dev/null; exit 1\"; retry 1; idempotent }",
    );
    let outcome = project.run(&[]).exits(1).stands("a cancelled, b failed");
    assert_eq!(outcome.attempts("b"), 2);
    assert_eq!(count(&project, "tries", "a"), 2);
}

#[test]
fn a_chain_goes_on_with_the_fallback_of_the_one_that_failed() {
    let outcome = run("step a { run \"echo $GOAL_ATTEMPT\"; idempotent }\n\
         step b { stdin from a; run \"cat > /dev/null; exit 1\"; retry 1; idempotent; fallback other { run \"cat > got; test $(cat got) = 3\" } }");
    let outcome = outcome.exits(0).stands("a succeeded, b succeeded");
    assert_eq!(outcome.step("b")["via"], "other");
    assert_eq!(outcome.attempts("a"), 3);
}

#[test]
fn a_chain_larger_than_the_slots_runs_alone() {
    let project = project(
        "step x { run \"echo x-begins >> order; echo x-ends >> order\" }\n\
         step a { run \"echo chain-begins >> order\" }\n\
         step b { stdin from a; run \"cat\" }\n\
         step c { stdin from b; run \"cat; echo chain-ends >> order\" }\n\
         step y { run \"echo y-begins >> order; echo y-ends >> order\" }",
    );
    project.run(&["-j1"]).exits(0).stands("x succeeded, a succeeded, c succeeded, y succeeded");
    let order = project.lines("order");
    for what in ["x", "chain", "y"] {
        let at = order.iter().position(|line| *line == format!("{what}-begins")).unwrap();
        assert_eq!(order[at + 1], format!("{what}-ends"), "{order:?}");
    }
}

#[test]
fn a_chain_waits_for_the_dependencies_of_all() {
    let project = project(
        "step first { run \"sleep 0.1; touch first\" }\n\
         step a { run \"test -e first\" }\n\
         step b { stdin from a; depends first; run \"cat\" }",
    );
    project.run(&["-j4"]).exits(0).stands("a succeeded, b succeeded");
}

#[test]
fn a_chain_does_not_start_without_one_of_its_steps() {
    run("step a { run \"touch ran\" }\nstep b { stdin from a; when 1 == 2; run \"cat\" }")
        .exits(0)
        .stands("a skipped, b skipped");
    run(
        "step a { run \"true\" }\nstep b { stdin from a; requires { file \"none\" }; run \"cat\" }",
    )
    .exits(1)
    .stands("a blocked, b failed");
}

#[test]
fn a_chain_is_done_where_its_last_step_is() {
    let steps = "step a { run \"touch ran; echo x\" }\n\
                 step b { stdin from a; unless { file \"got\" }; run \"cat > got\" }";
    let project = project(steps);
    project.write("got", "x\n");
    project.run(&[]).exits(0).stands("a succeeded, b succeeded");
    assert!(!project.has("ran"));
    std::fs::remove_file(project.path("got")).unwrap();
    project.run(&[]).exits(0).stands("a succeeded, b succeeded");
    assert!(project.has("ran") && project.has("got"));
}

#[test]
fn a_signal_ends_a_chain_and_resume_tries_it_again() {
    let project = project(
        "step a { run \"echo a >> tries; sh hold go; echo x\"; idempotent; grace 1s }\n\
         step b { stdin from a; run \"cat > got\"; idempotent }",
    );
    let live = project.start(&[]);
    project.await_file("tries");
    live.signal(Signal::INT);
    live.outcome().exits(130).stands("a cancelled, b cancelled");
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded");
    assert_eq!((count(&project, "tries", "a"), project.read("got")), (2, "x\n".to_owned()));
}

#[test]
fn after_a_crash_an_idempotent_chain_runs_again_as_a_whole() {
    let project = project(
        "step a { run \"echo a >> tries; sh hold go; echo x\"; idempotent }\n\
         step b { stdin from a; run \"echo b >> tries; cat > got\"; idempotent }",
    );
    let live = project.start(&[]);
    eventually("both run", || project.lines("tries").len() == 2);
    live.kill();
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded");
    assert_eq!((count(&project, "tries", "a"), count(&project, "tries", "b")), (2, 2));
}

#[test]
fn a_chain_whose_outputs_nobody_knows_cannot_be_said_to_be_done() {
    let project = project(
        "step a { run \"echo a >> tries; sh hold go; echo x\" }\n\
         step b { stdin from a; run \"echo b >> tries; cat; echo n=5 >> $GOAL_OUTPUT\"; output n: int }\n\
         step use { depends b; run [\"test\", \"${b.n}\", \"=\", \"5\"] }",
    );
    let live = project.start(&[]);
    eventually("both run", || project.lines("tries").len() == 2);
    live.kill();
    let asked = project.resume(&[]).exits(3);
    assert!(asked.reason("a").contains("`b`"), "{}", asked.json);
    let refused = project.call(&["done", "a"]).exits(2);
    assert!(refused.err.contains("`b`, whose output `n` nobody knows"), "{}", refused.err);
    project.call(&["rerun", "a"]).exits(0);
    project.write("go", "");
    project.resume(&[]).exits(0).stands("a succeeded, b succeeded, use succeeded");
}

#[test]
fn after_a_crash_one_question_is_asked_for_the_whole_chain() {
    for (answer, tries) in [("rerun", 2), ("done", 1)] {
        let project = project(
            "step a { run \"echo a >> tries; sh hold go; echo x\"; idempotent }\n\
             step b { stdin from a; run \"echo b >> tries; cat > got\" }",
        );
        let live = project.start(&[]);
        eventually("both run", || project.lines("tries").len() == 2);
        live.kill();
        project.write("go", "");
        let outcome = project.resume(&[]).exits(3).stands("a in-doubt, b in-doubt");
        assert!(outcome.reason("b").contains("was running"), "{}", outcome.reason("b"));
        let run = project.run_id();
        project.call(&[answer, &run, "b"]).exits(0);
        project.resume(&[]).exits(0).stands("a succeeded, b succeeded");
        assert_eq!(count(&project, "tries", "a"), tries);
    }
}

#[test]
fn a_dry_run_counts_a_chain_once() {
    let project = project(
        "step a { run \"true\"; estimate 10s }\n\
         step b { stdin from a; run \"cat\"; estimate 30s }\n\
         step c { depends b; run \"true\"; estimate 5s }",
    );
    let json = project.call(&["run", "plan.goal", "--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!(json["makespan"], 35.0);
    assert_eq!(json["steps"][1]["start"], 0.0);
}

#[test]
fn a_run_from_a_reader_on_takes_its_writer_along() {
    let project = project(
        "step a { run \"echo x\" }\n\
         step b { stdin from a; run \"cat > got\" }",
    );
    project.run(&["--from", "b"]).exits(0).stands("a succeeded, b succeeded");
    assert_eq!(project.read("got"), "x\n");
}
