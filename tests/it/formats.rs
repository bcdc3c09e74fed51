//! The formats of `goalc check`, what a project makes of advice in each of them, `--preflight`,
//! and `goalc explain`.

use serde_json::Value;

use crate::support::Project;

const FORMATS: [&str; 5] = ["fancy", "short", "json", "sarif", "github"];

/// Two pieces of advice: W0706 in line 2, W0701 in line 3.
const ADVISED: &str =
    "goal g {\n  param nobody: string = \"x\"\n  step a { run \"true\"; retry 2 }\n}\n";

/// Whether a code is told, with its severity, in a format.
fn told(project: &Project, format: &str, code: &str) -> Option<String> {
    let done = project.call(&["check", "plan.goal", "--format", format]);
    match format {
        "json" => find(&done.json()["diagnostics"], "code", code, "severity"),
        "sarif" => find(&done.json()["runs"][0]["results"], "ruleId", code, "level"),
        "github" => done.out().lines().find(|line| line.contains(code)).map(|line| {
            line.trim_start_matches("::").split(' ').next().expect("a word").to_owned()
        }),
        _ => ["error", "warning"]
            .into_iter()
            .find(|word| done.text().contains(&format!("{word}[{code}]")))
            .map(ToOwned::to_owned),
    }
}

fn find(all: &Value, key: &str, code: &str, severity: &str) -> Option<String> {
    let found = all.as_array().expect("a list").iter().find(|each| each[key] == code)?;
    Some(found[severity].as_str().expect("a word").to_owned())
}

#[test]
fn settings_hold_in_every_format() {
    let project = Project::new(ADVISED);
    for (lints, first, second, exit) in [
        ("", Some("warning"), Some("warning"), 0),
        ("W0706 = \"allow\"\nW0701 = \"warn\"", None, Some("warning"), 0),
        ("W0706 = \"allow\"\nW0701 = \"deny\"", None, Some("error"), 2),
        ("W0706 = \"allow\"\nW0701 = \"allow\"", None, None, 0),
    ] {
        project.write("goal.toml", format!("[lints]\n{lints}\n"));
        for format in FORMATS {
            assert_eq!(told(&project, format, "W0706").as_deref(), first, "{format} {lints}");
            assert_eq!(told(&project, format, "W0701").as_deref(), second, "{format} {lints}");
            project.call(&["check", "plan.goal", "--format", format]).exits(exit);
        }
    }
}

#[test]
fn denied_warnings_are_shown_as_errors() {
    let project = Project::new(ADVISED);
    let done = project.call(&["check", "plan.goal", "--deny", "warnings"]).exits(2);
    assert!(done.err.contains("error[W0706]") && done.err.contains("2 errors"), "{}", done.err);
}

#[test]
fn a_comment_allows_several_codes_in_every_format() {
    let comment = |comment: &str| ADVISED.replacen("goal g", &format!("# {comment}\ngoal g"), 1);
    for format in FORMATS {
        let project = Project::new(&comment("goalc: allow(W0706, W0701)"));
        for code in ["W0706", "W0701"] {
            assert_eq!(told(&project, format, code), None, "{format}");
        }
        let project = Project::new(&comment("goalc: allow(W0706)"));
        assert_eq!(told(&project, format, "W0706"), None, "{format}");
        assert_eq!(told(&project, format, "W0701").as_deref(), Some("warning"), "{format}");
        // Above one step it says nothing of another place.
        let inside = ADVISED.replace("  step", "  # goalc: allow(W0701,W0706)\n  step");
        let project = Project::new(&inside);
        assert_eq!(told(&project, format, "W0701"), None, "{format}");
        assert_eq!(told(&project, format, "W0706").as_deref(), Some("warning"), "{format}");
    }
}

#[test]
fn misspelt_codes_are_reported_at_both_places() {
    let project = Project::new(&format!("# goalc: allow(W0706, W7001, E0401)\n{ADVISED}"));
    let found = project.check("plan.goal");
    let places: Vec<_> = found
        .iter()
        .filter(|each| each["code"] == "W0717")
        .map(|each| (each["line"].as_u64(), each["column"].as_u64(), each["end_column"].as_u64()))
        .collect();
    assert_eq!(places, [(Some(1), Some(23), Some(28)), (Some(1), Some(30), Some(35))]);
    project.write("goal.toml", "[lints]\nW7001 = \"allow\"\n");
    assert_eq!(project.check("plan.goal")[0]["code"], "E0801");
}

#[test]
fn sarif_has_rules_places_and_mends() {
    let project = Project::empty();
    let plan =
        "goal g {\n  step a { run \"true\"; timout 5s }\n  step 日 { run \"日\"; depends b }\n}\n";
    project.write("計画 1.goal", plan);
    let log = project.call(&["check", "計画 1.goal", "--format", "sarif"]).exits(2).json();
    let run = &log["runs"][0];
    assert_eq!(
        (&log["version"], &run["columnKind"]),
        (&"2.1.0".into(), &"unicodeCodePoints".into())
    );
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), goalc::diagnostic::CATALOGUE.len());
    let first = &run["results"][0];
    let index = usize::try_from(first["ruleIndex"].as_u64().expect("a number")).expect("small");
    assert_eq!((&first["ruleId"], &rules[index]["id"]), (&"E0102".into(), &"E0102".into()));
    let place = &first["locations"][0]["physicalLocation"];
    let uri = "%E8%A8%88%E7%94%BB%201.goal";
    assert_eq!(place["artifactLocation"]["uri"], uri);
    assert_eq!(run["artifacts"][0]["location"]["uri"], uri);
    let region =
        serde_json::json!({"startLine": 2, "startColumn": 24, "endLine": 2, "endColumn": 30});
    assert_eq!(place["region"], region);
    let change = &first["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(
        (&change["deletedRegion"], &change["insertedContent"]["text"]),
        (&region, &"timeout".into())
    );
    let second = &run["results"][1]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&second["startLine"], &second["startColumn"]), (&3.into(), &29.into()));
}

#[test]
fn machine_formats_print_one_value_whatever_happens() {
    let project = Project::empty();
    for (arguments, exit) in [
        (&["check", "nowhere.goal", "--format", "sarif"][..], 2),
        (&["check", "--format", "sarif"], 2),
        (&["check", "--format=sarif", "--no-such-flag"], 2),
        (&["check", "--format", "sarif", "--deny", "nothing"], 2),
    ] {
        let log = project.call(arguments).exits(exit).json();
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false, "{arguments:?}");
        assert!(invocation["toolExecutionNotifications"][0]["message"]["text"].is_string());
    }
    project.write("plan.goal", "goal g {\n  step a { run \"true\" }\n}\n");
    let log = project.call(&["check", "plan.goal", "--format", "sarif"]).exits(0).json();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn github_lines_are_escaped() {
    let project = Project::empty();
    let name = "a,b:100%.goal";
    project.write(name, "goal g {\n  step a { run \"true\"; frob \"%\" }\n}\n");
    let out = project.call(&["check", name, "--format", "github"]).exits(2).out();
    let wanted = "::error file=a%2Cb%3A100%25.goal,line=2,col=24,endLine=2,endColumn=28,\
                  title=E0102%3A unknown clause word::unknown clause `frob`%0Ahelp: ";
    assert!(out.starts_with(wanted), "{out}");
    assert_eq!(out.lines().count(), 1, "{out}");
    let out = project.call(&["check", "nowhere.goal", "--format", "github"]).exits(2).out();
    assert!(out.starts_with("::error title=goalc::`nowhere.goal` cannot be read"), "{out}");
}

/// Requires things in a goal and in a sub-goal; a step would leave a file.
const REQUIRING: &str = "\
goal g {
  param flag: string = \"flag\"
  requires { file flag; env \"NOT_SET_BY_ANYONE\" }
  goal inner {
    requires { run \"test -e inner\" }
    step a { run \"touch ran\" }
  }
}
";

#[test]
fn preflight_asks_all_goals_and_tells_all_in_one_go() {
    let project = Project::new(REQUIRING);
    let done = project.call(&["check", "plan.goal", "--preflight"]).exits(2);
    assert_eq!(done.err.matches("requires: ").count(), 3, "{}", done.err);
    let run = project.call(&["run", "plan.goal"]).exits(2);
    let lines = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains("requires: ")).map(ToOwned::to_owned).collect()
    };
    assert_eq!(lines(&done.err), lines(&run.err), "as a run says it");
    assert!(!project.has("ran"));
    // Without the flag nothing is asked.
    project.call(&["check", "plan.goal"]).exits(0);
}

#[test]
fn preflight_in_every_format_and_with_params() {
    let project = Project::new(REQUIRING);
    let call = |format: &str| {
        project.call(&["check", "plan.goal", "--preflight", "--format", format]).exits(2)
    };
    let found = call("json").json()["diagnostics"].as_array().map(Vec::len);
    assert_eq!(found, Some(3));
    let log = call("sarif").json();
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes.as_array().map(Vec::len), Some(3));
    assert_eq!(call("github").out().matches("::error title=goalc::requires%3A").count(), 0);
    assert_eq!(call("github").out().matches("::error title=goalc::requires: ").count(), 3);
    project.write("inner", "");
    project.write("other", "");
    let arguments = ["check", "plan.goal", "--preflight", "-p", "flag=other"];
    let mut command = project.command(&arguments);
    command.env("NOT_SET_BY_ANYONE", "x");
    project.spawn(command).end().exits(0);
    assert!(!project.state().exists() && !project.has("ran"));
    let done = project.call(&["check", "plan.goal", "--preflight", "-p", "flga=x"]).exits(2);
    assert!(done.err.contains("did you mean `flag`"), "{}", done.err);
}

#[test]
fn explain_knows_codes_and_words() {
    let project = Project::empty();
    let list = project.call(&["explain"]).exits(0).out();
    assert_eq!(list.lines().count(), goalc::diagnostic::CATALOGUE.len());
    assert!(list.contains("E0401  cycle\n"), "{list}");
    for (words, part) in [
        (&["retry"][..], "retry N [delay DURATION]"),
        (&["on", "failure"], "on failure stop | continue | rollback"),
        (&["tcp"], "tcp \"HOST:PORT\""),
        (&["glob"], "glob(pattern)"),
        (&["jitter"], "retry N"),
        (&["e0401"], "E0401: cycle"),
    ] {
        let page = project.call(&[&["explain"], words].concat()).exits(0).out();
        assert!(page.contains(part), "{page}");
    }
    let both = project.call(&["explain", "env"]).exits(0).out();
    for part in ["env { NAME = EXPR … }", "env \"NAME\"", "env(name, [default])"] {
        assert!(both.contains(part), "{both}");
    }
    for (slip, near) in [("retyr", "`retry`"), ("E0410", "`E0401`"), ("jittr", "`jitter`")] {
        let done = project.call(&["explain", slip]).exits(2);
        assert!(done.err.contains("did you mean `") && done.err.contains(near), "{}", done.err);
    }
}

#[test]
fn every_page_of_explain_fits_80_columns() {
    let project = Project::empty();
    for spec in goalc::clause::table().iter().filter(|spec| !spec.word.is_empty()) {
        let page = project.call(&["explain", spec.word]).exits(0).out();
        for line in page.lines() {
            // Examples are shown as they are written.
            let example = spec.example.lines().any(|each| line.ends_with(each));
            assert!(example || goalc::report::layout::width(line) <= 80, "{line}");
        }
    }
}
