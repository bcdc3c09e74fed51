//! `goalc check`: formats, exit codes, and inputs of every odd shape.

use std::fmt::Write;

use serde_json::Value;

use crate::support::Project;

const TWO_ERRORS: &str = "\
goal g {
  step a {
    run \"true\"
    timout 5m
  }
  step b { depends nowhere; run \"true\" }
}
";

const WARNED: &str = "goal g {\n  param nobody: string = \"x\"\n  step a { run \"true\" }\n}\n";

fn codes(found: &[Value]) -> Vec<(&str, u64)> {
    let line = |found: &Value| found["line"].as_u64().expect("a line");
    found.iter().map(|each| (each["code"].as_str().expect("a code"), line(each))).collect()
}

#[test]
fn a_sound_plan_says_nothing_on_standard_output() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    let done = project.call(&["check", "plan.goal"]).exits(0);
    assert!(!done.text().contains("error"), "{}", done.text());
}

#[test]
fn json_has_each_finding_with_its_place_and_help() {
    let project = Project::new(TWO_ERRORS);
    let done = project.call(&["check", "plan.goal", "--format", "json"]).exits(2);
    let json = done.json();
    let found = json["diagnostics"].as_array().expect("a list");
    assert_eq!(codes(found), [("E0102", 4), ("E0201", 6)]);
    for each in found {
        assert_eq!(each["severity"], "error");
        assert!(each["file"].as_str().is_some_and(|file| file.ends_with("plan.goal")));
        assert!(each["message"].as_str().is_some_and(|text| !text.is_empty()));
        for place in ["line", "column", "end_line", "end_column"] {
            assert!(each[place].as_u64().is_some_and(|at| at >= 1), "{place}: {each}");
        }
    }
    assert_eq!((&found[0]["column"], &found[0]["end_column"]), (&5.into(), &11.into()));
    assert!(found[0]["help"].as_str().is_some_and(|help| help.contains("timeout")), "{}", found[0]);
}

#[test]
fn each_format_tells_all_errors_in_one_go() {
    let project = Project::new(TWO_ERRORS);
    for format in ["fancy", "short"] {
        let text = project.call(&["check", "plan.goal", "--format", format]).exits(2).text();
        for part in ["E0102", "E0201", "timout", "nowhere", "plan.goal"] {
            assert!(text.contains(part), "{format} does not say {part}: {text}");
        }
    }
}

#[test]
fn short_is_a_line_for_each_finding() {
    let project = Project::new(TWO_ERRORS);
    let text = project.call(&["check", "plan.goal", "--format", "short"]).text();
    let found: Vec<_> = text.lines().filter(|line| line.contains("E0")).collect();
    assert_eq!(found.len(), 2, "{text}");
    assert!(found[0].contains("plan.goal:4:5"), "{text}");
}

#[test]
fn warnings_pass_unless_denied() {
    let project = Project::new(WARNED);
    let done = project.call(&["check", "plan.goal", "--format", "json"]).exits(0);
    assert_eq!(done.json()["diagnostics"][0]["code"], "W0706");
    assert_eq!(done.json()["diagnostics"][0]["severity"], "warning");
    project.call(&["check", "plan.goal", "--deny", "warnings"]).exits(2);
    project.write("sound.goal", "goal g { step a { run \"true\" } }");
    project.call(&["check", "sound.goal", "--deny", "warnings"]).exits(0);
}

#[test]
fn settings_deny_or_allow_a_warning() {
    let project = Project::new(WARNED);
    project.write("goal.toml", "[lints]\nW0706 = \"deny\"\n");
    project.call(&["check", "plan.goal"]).exits(2);
    project.write("goal.toml", "[lints]\nW0706 = \"allow\"\n");
    assert!(project.check("plan.goal").is_empty());
    project.call(&["check", "plan.goal", "--deny", "warnings"]).exits(0);
}

#[test]
fn an_unknown_setting_is_an_error_with_its_place() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.write("goal.toml", "[effort]\nsmal = \"30m\"\n");
    let found = project.check("plan.goal");
    assert_eq!(codes(&found), [("E0801", 2)]);
    assert!(found[0]["file"].as_str().is_some_and(|file| file.ends_with("goal.toml")));
}

#[test]
fn all_files_are_checked_and_any_error_counts() {
    let project = Project::new(TWO_ERRORS);
    project.write("sound.goal", "goal g { step a { run \"true\" } }");
    let done = project.call(&["check", "sound.goal", "plan.goal", "--format", "json"]).exits(2);
    assert_eq!(done.json()["diagnostics"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_wrong_with_a_file_that_several_plans_mount_is_told_once() {
    let project = Project::new("goal p { goal x from \"./m.goal\" }");
    project.write("m.goal", "goal m { param q: int = 1; step a { depends z; run \"true\" } }");
    let files = ["check", "plan.goal", "m.goal", "plan.goal"];
    let done = project.call(&[&files[..], &["--format", "json"]].concat()).exits(2).json();
    let found = done["diagnostics"].as_array().expect("a list");
    assert_eq!(codes(found), [("W0706", 1), ("E0201", 1)]);
    for format in ["short", "fancy", "sarif", "github"] {
        let text = project.call(&[&files[..], &["--format", format]].concat()).exits(2).text();
        assert_eq!(text.matches("called `z`").count(), 1, "{format}: {text}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let project = Project::empty();
    let done = project.call(&["check", "nowhere.goal"]).exits(2);
    assert!(done.out.is_empty() && done.err.contains("nowhere.goal"), "{}", done.text());
    project.write("plan.goal", TWO_ERRORS);
    let done = project.call(&["check", "nowhere.goal", "plan.goal", "--format", "json"]).exits(2);
    let json = done.json();
    assert_eq!(json["diagnostics"].as_array().map(Vec::len), Some(3), "{json}");
    assert!(json["diagnostics"][0]["code"].is_null(), "{json}");
    assert!(json["diagnostics"][0]["message"].to_string().contains("nowhere.goal"), "{json}");
    project.write("folder.goal/x", "");
    project.call(&["check", "folder.goal"]).exits(2);
}

#[test]
fn the_only_plan_of_a_folder_needs_no_name() {
    let project = Project::new(TWO_ERRORS);
    assert!(project.call(&["check"]).exits(2).text().contains("E0102"));
    project.write("other.goal", TWO_ERRORS);
    let text = project.call(&["check"]).exits(2).text();
    assert!(text.contains("plan.goal") && text.contains("other.goal"), "{text}");
}

#[test]
fn bytes_that_are_not_utf_8_are_an_error() {
    let project = Project::empty();
    project.write("plan.goal", b"goal g {\n  step a { run \"\xff\xfe\" }\n}\n");
    assert_eq!(codes(&project.check("plan.goal")), [("E0105", 2)]);
    project.write("plan.goal", b"\xff\xfeg\0o\0a\0l\0");
    assert_eq!(project.check("plan.goal")[0]["code"], "E0105");
}

#[test]
fn nothing_is_no_plan() {
    let project = Project::empty();
    for text in ["", "\n\n", "\u{feff}", "# only a comment\n"] {
        project.write("plan.goal", text);
        let found = project.check("plan.goal");
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert_eq!(found[0]["code"], "E0101");
        project.call(&["check", "plan.goal"]).exits(2);
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    let project = Project::new(TWO_ERRORS);
    let plain = project.check("plan.goal");
    for changed in [
        TWO_ERRORS.replace('\n', "\r\n"),
        format!("\u{feff}{TWO_ERRORS}"),
        TWO_ERRORS.trim().into(),
    ] {
        project.write("plan.goal", changed);
        assert_eq!(project.check("plan.goal"), plain);
    }
    let sound =
        "goal g {\n  step a {\n    run \"\"\"\n      one\n        two\n    \"\"\"\n  }\n}\n";
    project.write("plan.goal", sound);
    let compiled = project.call(&["compile", "plan.goal"]).exits(0).out();
    project.write("plan.goal", sound.replace('\n', "\r\n"));
    assert_eq!(project.call(&["compile", "plan.goal"]).exits(0).out(), compiled);
}

#[test]
fn a_thousand_errors_are_counted_and_not_all_shown() {
    let mut plan = String::from("goal g {\n");
    for n in 0..1000 {
        writeln!(plan, "  step s{n} {{ depends x{n}; run \"true\" }}").expect("it is written");
    }
    plan += "}\n";
    let project = Project::new(&plan);
    for format in ["fancy", "short"] {
        let text = project.call(&["check", "plan.goal", "--format", format]).exits(2).text();
        let shown = text.matches("E0201").count();
        assert!((1..=105).contains(&shown), "{format} shows {shown}");
        let counted = text.contains("1000") || text.contains(&format!("{} more", 1000 - shown));
        assert!(counted, "{format} does not count them");
    }
}

#[test]
fn deep_nesting_ends_with_a_message() {
    let project = Project::empty();
    for (open, close) in [("goal a {\n", "}\n"), ("(", ")"), ("[", "]"), ("!", "")] {
        for depth in [50, 5000] {
            let inner = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            let plan = if open.starts_with("goal") {
                format!("{}step x {{ run \"true\" }}\n{}", open.repeat(depth), close.repeat(depth))
            } else {
                format!("goal g {{\n  step a {{ when {inner}\n  run \"true\" }}\n}}\n")
            };
            project.write("plan.goal", plan);
            let done = project.call(&["check", "plan.goal", "--format", "json"]);
            assert!([0, 2].contains(&done.code), "{open} {depth}: {}", done.code);
            assert!(done.json()["diagnostics"].is_array());
        }
        let done = project.call(&["check", "plan.goal"]);
        assert_eq!(done.code, 2, "5000 times {open}");
    }
}

#[test]
fn a_very_long_line_is_read_and_shown_in_part() {
    let long = "x".repeat(64 << 10);
    let project = Project::new(&format!("goal g {{ step a {{ run \"echo {long}\" }} }}"));
    assert!(project.check("plan.goal").is_empty());
    let done = project.run(&[]).exits(0);
    assert_eq!(done.status("a"), "succeeded");
    project.write("plan.goal", format!("goal g {{ step a {{ run \"echo {long}\"; timout 3s }} }}"));
    let text = project.call(&["check", "plan.goal", "--format", "fancy"]).exits(2).text();
    assert!(text.contains("E0102") && text.len() < 10_000, "{} bytes", text.len());
}

#[test]
fn checking_runs_and_writes_nothing() {
    let project =
        Project::new("goal g { step a { run \"touch ran\"; unless { run \"touch ran\" } } }");
    project.call(&["check", "plan.goal"]).exits(0);
    assert!(!project.has("ran") && !project.state().exists());
}

#[test]
fn the_same_plan_is_told_in_the_same_bytes() {
    let project = Project::new(TWO_ERRORS);
    let one = project.call(&["check", "plan.goal", "--format", "json"]).out;
    assert_eq!(project.call(&["check", "plan.goal", "--format", "json"]).out, one);
}

#[test]
fn a_code_explains_itself() {
    let project = Project::empty();
    assert!(project.call(&["explain", "E0401"]).exits(0).out().contains("cycle"));
    project.call(&["explain", "E9999"]).exits(2);
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let project = Project::empty();
    let done = project.call(&["frobnicate"]).exits(2);
    assert!(done.out.is_empty(), "{}", done.text());
    assert!(project.call(&["--help"]).exits(0).out().contains("resume"));
}

/// A file in which much is wrong, but no sign; what stands for `@` is space.
const SPACED: &str = "\
# About the plan.
goal g {
@
  let twice = \"x\"
  goal inner {
@
    step a { run \"true\"; timout 5s }
    # goalc: allow(W0701)
    step allowed { run \"true\"; retry 2 }
@
    goal core { step b { depends nowhere; run \"true\" } }
@
  }
  gaol slip {
@
    step c { run \"true\" }
  }
  step long {
@
    run \"true\"
    writes 5
@
  }
  scenario \"inside\" {
@
  }
  goal one { step d { retri 1; run \"true\" } } goal two {
@
    step e { depends no-one; run \"true\" }
  }
@
  step a { depends inner.a, slip.c; run \"true\" }
}
@
scenario \"s\" { expect goal failed; expect nonsense }
@
goal second {
@
  step unseen { rum \"true\" }
}
";

#[test]
fn how_long_a_file_is_changes_no_finding() {
    // Longer than what is read at once.
    let space = format!("\n{}\n", "# nothing is said here\n".repeat(2_000));
    let project = Project::new(&SPACED.replace("@\n", ""));
    project.write("long.goal", SPACED.replace("@\n", &space));
    let found = |name: &str| -> Vec<String> {
        let found = project.check(name);
        found.iter().map(|each| format!("{} {}", each["code"], each["message"])).collect()
    };
    let short = found("plan.goal");
    assert!(short.len() > 6, "{short:#?}");
    assert_eq!(short, found("long.goal"));
}

#[test]
fn words_for_probes_and_names_from_elsewhere_are_told_what_is_written_here() {
    let words = [
        ("exists \"x\"", "write `file \"PATH\"`"),
        ("directory \"x\"", "write `dir \"PATH\"`"),
        ("grep \"a\" \"x\"", "contains \"TEXT\""),
        ("sh \"test -e x\"", "`run \"SCRIPT\"`"),
        ("which \"git\"", "write `command \"NAME\"`"),
        ("curl \"http://x\"", "write `http \"URL\"`"),
        ("ping \"x:80\"", "write `tcp \"HOST:PORT\"`"),
        ("exit 0", "exit code than 0 has failed"),
        ("stdout == \"x\"", "`output NAME: string from stdout`"),
        ("exit_code == 0", "`STEP.status`"),
    ];
    for (probe, help) in words {
        let project = Project::new(&format!(
            "goal g {{\nstep a {{\nrun \"true\"\nverify {{ {probe} }}\n}}\n}}\n"
        ));
        let found = project.check("plan.goal");
        assert_eq!(found.len(), 1, "{probe}: {found:#?}");
        assert!(found[0]["help"].as_str().is_some_and(|text| text.contains(help)), "{}", found[0]);
    }
}

#[test]
fn what_follows_from_another_error_is_not_told_beside_it() {
    let plans = [
        ("let x = y\n  let y = x\n  step a { run \"echo ${x}\" }", "E0401"),
        ("step build { run \"true\" }\n}\nscenario \"s\" {\n  expect biuld succeeded", "E0201"),
    ];
    for (inside, code) in plans {
        let project = Project::new(&format!("goal g {{\n  {inside}\n}}\n"));
        let found = project.check("plan.goal");
        let codes: Vec<_> = found.iter().filter_map(|each| each["code"].as_str()).collect();
        assert_eq!(codes, [code], "{found:#?}");
    }
}

#[test]
fn a_file_of_another_tool_is_told_once_to_be_no_plan() {
    for (text, looks, imports) in [
        (
            "name: CI\non: push\njobs:\n  a:\n    steps:\n      - run: echo $((1 + 2))\n",
            "YAML",
            false,
        ),
        (
            "{\n  \"services\": { \"web\": { \"image\": \"x\", \"ports\": [1, 2] } }\n}\n",
            "JSON",
            true,
        ),
        ("CC = gcc\nall: x.o\n\t$(CC) -o x $<\n", "Makefile", false),
        ("#!/bin/bash\nset -eu\nfor i in 1 2; do echo \"$i\"; done\n", "a script", false),
    ] {
        let project = Project::new(text);
        let done = project.call(&["check", "plan.goal", "--format", "json"]).exits(2);
        let json = done.json();
        let found = json["diagnostics"].as_array().expect("a list");
        assert_eq!(found.len(), 1, "{json}");
        let said = |key: &str| found[0][key].as_str().expect("a text").to_owned();
        assert!(said("message").contains(looks), "{json}");
        assert!(said("help").contains("a file holds one goal: `goal "), "{json}");
        assert_eq!(said("help").contains("goalc import"), imports, "{json}");
    }
}

#[test]
fn an_unknown_key_of_an_executor_is_told_with_those_there_are() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.write("goal.toml", "[executor.slurm]\nzzz = 1\n");
    let text = project.call(&["check", "plan.goal"]).text();
    assert!(text.contains("`partition`") && !text.contains("goalc explain"), "{text}");
}
