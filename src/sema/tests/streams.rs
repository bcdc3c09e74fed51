//! Steps joined by `stdin from`, and services: what they cannot be, and circles by them.

use super::{check, errors, plan};

const TWO: &str = "step a { run \"a\" }\nstep b { stdin from a; run \"cat\" }";

#[test]
fn a_writer_has_one_reader() {
    let checked = check(&format!("goal g {{\n{TWO}\nstep c {{ stdin from a; run \"cat\" }}\n}}"));
    assert_eq!(checked.codes(), ["E0504 4"]);
    assert_eq!(checked.only("E0504").labels.len(), 2);
}

#[test]
fn only_single_processes_are_joined() {
    for clause in ["foreach i in [1]", "service"] {
        let writer =
            format!("step a {{ {clause}\nrun \"a\" }}\nstep b {{ stdin from a; run \"cat\" }}");
        assert_eq!(errors(&writer), ["E0503 2"], "{clause}");
        let reader =
            format!("step a {{ run \"a\" }}\nstep b {{ stdin from a\n{clause}\nrun \"cat\" }}");
        assert_eq!(errors(&reader), ["E0503 4"], "{clause}");
    }
    assert_eq!(
        errors("step a { manual \"x\" }\nstep b { stdin from a; run \"cat\" }"),
        ["E0503 2"]
    );
}

#[test]
fn what_goes_into_a_pipe_is_no_output() {
    let reader = "step b { stdin from a; run \"cat\"; output x: string from stdout }";
    plan(&format!("step a {{ run \"a\"; output y: string }}\n{reader}"));
    assert_eq!(
        errors(&format!("step a {{ run \"a\"; output y: string from stdout }}\n{reader}")),
        ["E0504 2"]
    );
}

#[test]
fn steps_that_run_at_once_do_not_take_one_lock() {
    let steps = |a: &str, b: &str| {
        format!(
            "step a {{ run \"a\"; lock {a} }}\nstep b {{ stdin from a; run \"cat\"; lock {b} }}"
        )
    };
    assert_eq!(errors(&steps("x", "x")), ["E0504 3"]);
    assert_eq!(errors(&steps("shared x", "x")), ["E0504 3"]);
    plan(&steps("shared x", "shared x"));
    plan(&steps("x", "y"));
}

#[test]
fn joined_steps_do_not_wait_for_each_other_by_another_way() {
    let found = errors(
        "step a { run \"a\" }\nstep x { depends a; run \"x\" }\nstep b { stdin from a; depends x; run \"cat\" }",
    );
    assert_eq!(found, ["E0401 3"]);
    assert_eq!(
        errors("step a { run \"a\" }\nstep b { stdin from a; after a; run \"cat\" }"),
        ["E0401 3"]
    );
    plan(
        "step x { run \"x\" }\nstep a { depends x; run \"a\" }\nstep b { stdin from a; after x; run \"cat\" }",
    );
}

#[test]
fn a_goal_does_not_wait_for_whoever_waits_for_it() {
    let steps = "goal i { step s { run \"s\"; service } }\nstep d { depends i, i.s; run \"d\" }";
    assert_eq!(errors(steps), ["E0401 3"]);
    plan(
        "goal i { step s { run \"s\"; service }\nstep t { depends s; run \"t\" } }\nstep d { depends i; run \"d\" }",
    );
}

#[test]
fn a_service_is_one_process() {
    assert_eq!(errors("step a { foreach i in [1]; run \"a\"; service }"), ["E0503 2"]);
    assert_eq!(errors("step a { manual \"a\"; service }"), ["E0503 2"]);
    assert_eq!(errors("step a { run \"a\"; service; output x: int from stdout }"), ["E0504 2"]);
    plan("step a { run \"a\"; service; output x: int }");
}
