//! Which code is reported for what, and at which line.

use super::{clauses, finding, findings, read, step};
use crate::diagnostic::Code;

#[test]
fn all_findings_come_in_one_go() {
    let text = "goal g {\n step a {\n run \"true\"\n depends ,\n }\n step b {\n run =\n }\n step c {\n \
                retyr 3\n run \"true\"\n }\n}";
    assert_eq!(findings(text), [("E0101", 4), ("E0101", 7), ("E0102", 10)]);
}

#[test]
fn unexpected_text_shows_the_usage() {
    let found = finding(&step("retry 3 twice"));
    assert_eq!(found.code, Code::E0101);
    assert!(found.help.unwrap().contains("retry N [delay DURATION]"));
    assert_eq!(finding(&step("retry 3 dealy 5s")).fixes[0].text, "delay");
    assert!(finding(&step("idempotent timeout 5s")).help.unwrap().contains("new line"));
    assert_eq!(finding(&step("timeout")).code, Code::E0101);
    assert_eq!(finding(&step("checkpoint { }")).code, Code::E0101);
    assert_eq!(finding(&step("foreach x")).code, Code::E0101);
    assert_eq!(finding(&step("env")).code, Code::E0101);
    assert_eq!(finding(&step("env { A }")).code, Code::E0101);
    assert_eq!(finding(&step("on failure explode")).code, Code::E0101);
    assert_eq!(finding(&step("\"text\"")).code, Code::E0101);
}

#[test]
fn a_slip_is_mended() {
    let found = finding(&step("timout 5m"));
    assert_eq!((found.code, &*found.fixes[0].text), (Code::E0102, "timeout"));
    assert_eq!(finding(&step("on failur skip")).fixes[0].text, "on failure");
    assert_eq!(finding("goal g { param x: strng }").code, Code::E0301);
    assert_eq!(finding("gaol g { step s { run \"true\" } }").fixes[0].text, "goal");
}

#[test]
fn a_slip_is_read_as_what_was_meant() {
    let (goal, found, _) = read("goal g {\n stpe a { rnu \"true\" }\n}");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(goal.unwrap().steps.len(), 1);
}

#[test]
fn a_clause_stands_once() {
    let text = step("timeout 5s\ntimeout 6s");
    assert_eq!(findings(&text), [("E0501", 4)]);
    assert_eq!(finding(&text).labels.len(), 2);
    assert_eq!(findings(&step("retry 1 delay 1s delay 2s")), [("E0501", 3)]);
    assert!(
        findings(&step("lock a\nlock b\ndepends x\ndepends y\nreads \"a\"\nreads \"b\""))
            .is_empty()
    );
    assert_eq!(findings(&step("limits { cpu 1; cpu 2 }")), [("E0501", 3)]);
}

#[test]
fn a_step_has_exactly_one_action() {
    assert_eq!(findings("goal g {\n step a { depends b }\n}"), [("E0502", 2)]);
    assert_eq!(findings(&step("manual \"do it\"")), [("E0502", 3)]);
    assert_eq!(findings(&step("run \"again\"")), [("E0502", 3)]);
    assert_eq!(findings(&step("fallback x { timeout 1s }")), [("E0502", 3)]);
    assert!(findings("goal g { cleanup { run \"a\"; run \"b\" } }").is_empty());
}

#[test]
fn a_known_word_in_the_wrong_place_says_where_it_belongs() {
    let found = finding(&step("parallel 3"));
    assert_eq!(found.code, Code::E0503);
    assert!(found.help.unwrap().contains("in a goal"));
    assert!(finding(&step("delay 3s")).help.unwrap().contains("`retry`"));
    assert_eq!(findings("step a { run \"true\" }"), [("E0503", 1)]);
    assert_eq!(finding(&step("ready { tcp \"a:1\" }")).code, Code::E0503);
    assert_eq!(finding(&step("fallback { run \"a\"; depends b }")).code, Code::E0503);
}

#[test]
fn values_out_of_reach_are_refused() {
    for clause in [
        "retry -1",
        "retry 1 backoff 0",
        "retry 1 on exit 300",
        "timeout 0s",
        "foreach x in y batch 0",
        "foreach x in y tolerate 101%",
        "foreach x in y parallel 0",
        "estimate 9m..4m",
        "uses gpu 0",
        "limits { memory 0B }",
        "limits { cpu 0 }",
        "output item: int",
        "requires { port 0 free }",
        "requires { tcp \"a:1\" within 0s }",
    ] {
        assert_eq!(finding(&step(clause)).code, Code::E0504, "{clause}");
    }
    for clause in [
        "parallel 0",
        "deadline 0s",
        "resource gpu 0",
        "param p: string matches \"(\"",
        "alert on memory > 120% { log }",
        "goal x from \"${y}\"",
    ] {
        assert_eq!(finding(&format!("goal g {{ {clause} }}")).code, Code::E0504, "{clause}");
    }
    clauses("retry 0\ngrace 0s\npriority -5\nestimate 0s");
}

#[test]
fn ignoring_a_failure_needs_a_reason() {
    clauses("on failure ignore because \"it is only a cache\"");
    assert_eq!(finding(&step("on failure ignore")).code, Code::E0101);
    assert_eq!(finding(&step("on failure skip because \"x\"")).code, Code::E0101);
}

#[test]
fn names_in_a_step_are_its_own() {
    assert_eq!(findings(&step("output a: int\noutput a: string")), [("E0203", 4)]);
    assert_eq!(findings(&step("env { A = 1\nA = 2 }")), [("E0203", 4)]);
    assert_eq!(
        findings(&step("fallback a { run \"x\" }\nfallback a { run \"y\" }")),
        [("E0203", 4)]
    );
}

#[test]
fn a_file_holds_one_goal() {
    assert_eq!(findings(""), [("E0101", 1)]);
    assert_eq!(findings("# nothing\n"), [("E0101", 1)]);
    assert_eq!(findings("goal a { }\ngoal b { }"), [("E0101", 2)]);
    assert!(finding("").help.unwrap().contains("goal hello {"));
}

#[test]
fn damage_causes_nothing_else() {
    assert_eq!(findings("goal g {\n step a {\n run \"true\n }\n}"), [("E0103", 3)]);
    assert_eq!(findings("goal g {\n step a { run \"a\\qb\" }\n}"), [("E0104", 2)]);
    assert_eq!(findings(&step("timeout 5parsecs\ntimeout 6s")), [("E0104", 3)]);
    assert_eq!(findings(&step("retry 1 twice\nretry 2")), [("E0101", 3)]);
    assert_eq!(findings("goal g {\n step a { run \"true\" } }\n}"), [("E0101", 3)]);
    assert_eq!(findings("goal g {\n step a { run \"true\" }\n"), [("E0101", 2)]);
    assert_eq!(findings("goal g {\n step a { run }\n}"), [("E0101", 2)]);
    assert_eq!(findings("goal g {\n step a\n}"), [("E0101", 2)]);
}

#[test]
fn nothing_is_found_behind_a_block_string_that_is_open() {
    for quotes in ["\"\"\"", "'''"] {
        let text = format!(
            "goal g {{\n step a {{\n run {quotes}\n if x; then y; fi\n }}\n step b {{ rnu 5parsecs }}\n nope\n}}\nscenario"
        );
        assert_eq!(findings(&text), [("E0103", 3)]);
        let before = text.replace("step a {", "step a { timeout 5parsecs");
        assert_eq!(findings(&before), [("E0104", 2), ("E0103", 3)]);
    }
    // Neither text nor words may hold it.
    let hidden = "goal g {\n step a {\n run \"\"\"\n \u{202e}\n }\n}";
    assert_eq!(findings(hidden), [("E0103", 3), ("E0105", 4)]);
}

#[test]
fn what_a_missing_brace_swallows_is_not_misplaced() {
    let more = "step c { run \"true\" }\n  goal d {\n    step e { run \"true\" }\n  }\n  verify { file \"x\" }\n";
    let beside = format!("goal g {{\n  step b {{ run \"true\"\n  {more}}}");
    assert_eq!(findings(&beside), [("E0101", 8)]);
    let (goal, ..) = read(&beside);
    let goal = goal.unwrap();
    assert_eq!((goal.steps.len(), goal.goals.len(), goal.clauses.len()), (2, 1, 1));
    // Errors of their own are still found in what follows.
    let wrong = beside.replace("step c {", "step c { timout 1s;");
    assert_eq!(findings(&wrong), [("E0102", 3), ("E0101", 8)]);
    let flush = "goal g {\nstep a {\nrun \"true\"\nstep b { run \"true\" }\nstep c { run \"true\" }\n}\n# end";
    assert_eq!(findings(flush), [("E0101", 7)]);
    let inner = "goal g {\nstep a { run \"true\"; fallback {\nrun \"true\"\ndepends b\nstep b { run \"true\" }\n}\n}";
    assert_eq!(findings(inner), [("E0101", 7)]);
    let sound = "goal g {\n  step a {\n    run \"true\"\n    step b { run \"true\" }\n  }\n}";
    assert_eq!(findings(sound), [("E0503", 4)]);
    let elsewhere = format!(
        "goal g {{\n  step a {{ run \"x\"; step z {{ }} }}\n  step b {{ run \"true\"\n  {more}}}"
    );
    assert_eq!(findings(&elsewhere), [("E0503", 2), ("E0101", 9)]);
}

#[test]
fn words_and_signs_of_elsewhere_are_answered_with_those_that_are_meant() {
    for (clause, help) in [
        ("needs b", "write `depends STEP, …`"),
        ("if true", "write `when CONDITION`"),
        ("continue-on-error true", "write `on failure ignore because \"…\"`"),
        ("deadline 4m", "how long a step may take is its `timeout DURATION`"),
        ("verify run \"true\"", "write it in braces, as `verify { run … }`"),
        (
            "verify { run \"true\" } rollback { run \"true\" }",
            "`rollback` begins a clause of its own: put it on a new line, or behind `;`",
        ),
        ("rollback run \"true\"", "write it in braces, as `rollback { run … }`"),
        ("when x = 1", "write `==` to compare"),
        ("when x and y", "write `&&` for \"and\""),
        ("foreach x in 1..5", "write `range(1, 6)` for the numbers from 1 to 5"),
        ("dir /tmp", "a path stands in quotes; and there is no arithmetic: compute in a script"),
        ("/* x */", "a comment starts with `#`, on each of its lines"),
    ] {
        assert_eq!(finding(&step(clause)).help.as_deref(), Some(help), "{clause}");
    }
    let in_goal = finding("goal g {\n timeout 5m\n step a { run \"true\" }\n}");
    assert_eq!(in_goal.help.unwrap(), "how long a goal may take is its `deadline DURATION`");
}
