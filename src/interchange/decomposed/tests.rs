//! What import makes of small inputs of each form, good and bad.
//!
//! Whatever it writes must read back without a finding, in canonical form.

use proptest::prelude::*;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::SourceMap;

/// How many findings an imported text has, and its canonical form.
fn read_back(text: &str) -> (usize, String) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "plan.goal", text);
    let mut diagnostics = Diagnostics::new();
    let document = crate::syntax::parse(file, text, &mut diagnostics);
    crate::clause::outline(std::borrow::Cow::Borrowed(&document), text, &mut diagnostics);
    (diagnostics.iter().count(), crate::format::format(&document, text))
}

fn any_text() -> impl Strategy<Value = String> {
    let odd = r#"[a-c設計é "'\\${}#\n\t\r;,\u{202e}\u{200d}\u{0}💻-]{1,40}"#;
    let quotes = r#"("""|'''|x|\n| ){1,8}"#;
    prop_oneof![odd, quotes, "[a-z ,]{80,140}", ".{1,60}"]
}

proptest! {
    #[test]
    fn any_texts_read_back_in_canonical_form(a in any_text(), b in any_text(), c in any_text()) {
        let retry = serde_json::json!({"max_attempts": 3, "delay_seconds": 0.5});
        let json = serde_json::json!({"original_goal": a, "decomposition_strategy": c, "steps": [
            {"step": 1, "title": a, "description": b},
            {"step": 2, "title": a, "description": c, "dependencies": [1], "run": [a, c]},
            {"step": 3, "title": b, "description": a, "dependencies": [2, 1], "command": c,
             "retry": retry},
        ]});
        if let Ok(text) = import(&json.to_string()) {
            prop_assert_eq!(read_back(&text), (0, text.clone()));
        }
    }
}

fn step(number: u32, rest: &str) -> String {
    format!(r#"{{"step": {number}, "title": "S{number}", "description": "Do it", {rest}}}"#)
}

fn goal(steps: &[String]) -> String {
    format!(r#"{{"original_goal": "Ship", "steps": [{}]}}"#, steps.join(", "))
}

fn chained(dependencies: &[&str]) -> String {
    let steps: Vec<_> = dependencies
        .iter()
        .zip(1..)
        .map(|(on, number)| step(number, &format!(r#""dependencies": [{on}]"#)))
        .collect();
    goal(&steps)
}

fn problems(json: &str) -> String {
    import(json).unwrap_err().to_string()
}

#[test]
fn a_decomposed_goal_becomes_manual_steps() {
    let json = r#"{
      "original_goal": "家計簿アプリを作る",
      "decomposition_strategy": "bottom-up",
      "steps": [
        {"step": 1, "title": "DB 設計", "description": "表を\n決める", "estimated_effort": "small", "dependencies": []},
        {"step": 2, "title": "実装（API）", "description": "書く", "estimated_effort": "large", "dependencies": [1]}
      ]
    }"#;
    let expected = r#"# Strategy: bottom-up
goal 家計簿アプリを作る "家計簿アプリを作る" {
  step DB-設計 "DB 設計" {
    manual """
      表を
      決める
    """
    estimate small
  }

  step 実装-API "実装（API）" {
    depends DB-設計
    manual "書く"
    estimate large
  }
}
"#;
    assert_eq!(import(json).unwrap(), expected);
}

#[test]
fn commands_become_scripts_and_argvs() {
    let text = import(&goal(&[
        step(1, r#""command": "echo \"${HOME}\"""#),
        step(2, r#""run": ["echo", "a b", "${x}"]"#),
        step(3, r#""commands": ["make", "make test"]"#),
    ]))
    .unwrap();
    assert!(text.contains(r#"    run 'echo "${HOME}"'"#), "{text}");
    assert!(text.contains(r#"    run ["echo", "a b", '${x}']"#), "{text}");
    assert!(text.contains("    run \"\"\"\n      make\n      make test\n    \"\"\"\n"), "{text}");
    assert!(text.contains("  # Do it\n  step S1 {"), "{text}");
}

#[test]
fn what_is_too_wide_for_a_line_gets_several() {
    let wide = format!(r#""run": ["echo", "{}"]"#, "wide ".repeat(20));
    let text = import(&goal(&[step(1, &wide)])).unwrap();
    let expected =
        format!("    run [\n      \"echo\",\n      \"{}\",\n    ]\n", "wide ".repeat(20));
    assert!(text.contains(&expected), "{text}");

    let mut steps: Vec<_> = (1..=30).map(|number| step(number, r#""dependencies": []"#)).collect();
    let all: Vec<_> = (1..=30).map(|number| number.to_string()).collect();
    steps.push(step(31, &format!(r#""dependencies": [{}]"#, all.join(", "))));
    let text = import(&goal(&steps)).unwrap();
    assert!(text.contains("    depends S1\n    depends S2\n"), "{text}");
}

#[test]
fn total_attempts_become_retries_where_the_step_may_run_twice() {
    let retry = r#""retry": {"max_attempts": 3, "delay_seconds": 1.5, "backoff_multiplier": 2}"#;
    let safe = format!(r#""command": "make", "idempotent": true, {retry}"#);
    let text = import(&goal(&[step(1, &safe)])).unwrap();
    assert!(text.contains("    retry 2 delay 1s500ms backoff 2\n    idempotent\n"), "{text}");
}

#[test]
fn retries_stay_comments_where_running_twice_may_harm() {
    let retry = r#""retry": {"max_attempts": 3, "delay_seconds": 5}"#;
    let text = import(&goal(&[
        step(1, &format!(r#""command": "make", {retry}"#)),
        step(2, retry),
        step(3, r#""command": "make", "retry": {"max_attempts": 1}"#),
    ]))
    .unwrap();
    assert_eq!(text.matches("    # retry 2 delay 5s\n    # idempotent\n").count(), 1, "{text}");
    assert_eq!(text.matches("retry 2 delay 5s\n").count(), 2, "{text}");
    assert!(!text.contains("\n    retry") && !text.contains("retry 0"), "{text}");
}

#[test]
fn dependencies_that_follow_from_others_are_left_out() {
    let text = import(&chained(&["", "1", "1, 2", "3, 2, 1"])).unwrap();
    let depends: Vec<_> = text.lines().filter(|line| line.contains("depends")).collect();
    assert_eq!(depends, ["    depends S1", "    depends S2", "    depends S3"]);
}

#[test]
fn dependencies_on_later_steps_are_fine() {
    let text = import(&chained(&["3", "", "2"])).unwrap();
    assert!(text.contains("step S1 {\n    depends S3\n"), "{text}");
}

#[test]
fn everything_wrong_is_reported_in_one_go() {
    let json = r#"{
      "steps": [
        {"step": 1, "title": "", "description": 3, "dependencies": "x"},
        {"step": 1, "title": "b", "description": "b", "estimated_effort": "huge", "dependencies": [9, 9]},
        "c",
        {"step": 0, "title": "d", "description": "d", "retry": {"max_attempts": 0, "delay_seconds": -1}}
      ]
    }"#;
    let expected = "\
original_goal: is missing
steps[0].title: is empty
steps[0].description: is a number, not a string
steps[0].dependencies: is a string, not a list of numbers
steps[1].estimated_effort: is not one of `small`, `medium`, `large`
steps[2]: is a string, not an object
steps[3].step: is not a whole number from 1 on
steps[3].retry.max_attempts: is not a whole number from 1 to 1000
steps[3].retry.delay_seconds: is not a number from 0 to 31536000
steps[1].step: 1 is the number of steps[0] already
steps[1].dependencies: names step 9 twice";
    assert_eq!(problems(json), expected);
}

#[test]
fn unknown_and_own_numbers_are_reported_at_their_step() {
    assert_eq!(
        problems(&chained(&["9", "2"])),
        "steps[0].dependencies: there is no step 9\n\
         steps[1].dependencies: step 2 depends on itself"
    );
}

#[test]
fn each_cycle_is_reported_once() {
    let text = problems(&chained(&["2", "3", "1", "1", "6", "5"]));
    assert_eq!(
        text,
        "steps[0].dependencies: steps wait for each other: 1 -> 2 -> 3 -> 1\n\
         steps[4].dependencies: steps wait for each other: 5 -> 6 -> 5"
    );
}

#[test]
fn a_long_cycle_is_shown_shortened() {
    let dependencies: Vec<_> = (0..3000).map(|at| ((at + 1) % 3000 + 1).to_string()).collect();
    let names: Vec<_> = dependencies.iter().map(String::as_str).collect();
    let text = problems(&chained(&names));
    assert!(text.contains("(2990 more) -> 1") && text.len() < 300, "{text}");
}

#[test]
fn what_is_not_json_is_reported_with_line_and_column() {
    let text = problems("{\n  \"steps\": [,]\n}");
    assert!(text.starts_with("line 2, column 13: is not JSON: expected value"), "{text}");
}

#[test]
fn deep_and_large_inputs_are_refused() {
    let deep = problems(&("[".repeat(100_000)));
    assert!(deep.contains("nested too deep"), "{deep}");
    assert!(problems(&" ".repeat(LARGEST + 1)).contains("larger than 16 MiB"));
}

#[test]
fn the_number_of_problems_shown_is_limited() {
    let json = format!(r#"{{"original_goal": "g", "steps": [{}]}}"#, vec!["1"; 5000].join(","));
    let error = import(&json).unwrap_err();
    assert_eq!((error.problems.len(), error.more), (100, 4900));
}

#[test]
fn decomposed_goals_are_told_from_compiled_plans() {
    assert!(looks_like_decomposed(&chained(&[""])));
    assert!(looks_like_decomposed(r#"{"original_goal": "g", }"#));
    assert!(looks_like_decomposed(r#"{"steps": [{"step": 1}]}"#));
    assert!(!looks_like_decomposed(r#"{"format": 1, "goals": {}, "steps": {"a": {}}}"#));
    assert!(!looks_like_decomposed("[]"));
}

#[test]
fn many_steps_of_one_title_that_all_depend_on_the_first_are_read_in_little_time() {
    let steps: Vec<_> = (1..=5_000_u32)
        .map(|number| {
            let on = if number > 2 { format!("{}, 1", number - 1) } else { String::new() };
            step(number, &format!(r#""dependencies": [{on}]"#)).replace(&format!("S{number}"), "S")
        })
        .collect();
    let started = std::time::Instant::now();
    let text = import(&goal(&steps)).unwrap();
    assert_eq!(text.matches("    depends ").count(), 4_998);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
