//! `goalc test`: scenarios are played by the run loop itself, and judged.

use std::fmt::Write as _;

use goalc::diagnostic::CATALOGUE;
use serde_json::Value;

use crate::support::{PATIENCE, Project};

const SHOP: &str = r#"goal shop {
  param version: string
  param target: "staging" | "production" = "production"
  on failure rollback
  goal database {
    step connect {
      run "connect"
      retry 3 delay 10s
      idempotent
      estimate 5s
      fallback replica { run "replica"; retry 1; timeout 1m }
    }
    step migrate {
      depends connect
      confirm "Migrate ${target} to ${version}?" when target == "production" timeout 30m otherwise deny
      run "migrate"
      rollback { run "back" }
      estimate 10m
      verify { run "look" }
    }
  }
  step rollout { depends database; run "rollout"; estimate 20m; timeout 1h; rollback { run "previous" } }
  step tell { depends rollout; manual "tell people"; estimate 1m }
}
"#;

/// Plays scenarios of a plan; their results, by name.
struct Played(Value);

fn play(plan: &str, scenarios: &str) -> Played {
    let project = Project::new(plan);
    project.write("plan.test.goal", scenarios);
    let done = project.call(&["test", "plan.goal", "--format", "json"]);
    assert!(done.code < 2, "{}", done.err);
    Played(done.json())
}

/// The shop's, with its param.
fn shop(lines: &str) -> Value {
    let text = format!("scenario \"it\" {{\n  param version = \"1.2.3\"\n{lines}\n}}\n");
    let Played(json) = play(SHOP, &text);
    json["scenarios"][0].clone()
}

#[track_caller]
fn holds(lines: &str) {
    let played = shop(lines);
    assert_eq!(played["holds"], true, "{played:#}");
    assert_eq!(played["diagnostics"], Value::Array(Vec::new()), "{played:#}");
}

/// The codes and messages of what is wrong with a scenario of the shop.
#[track_caller]
fn findings(lines: &str) -> String {
    let played = shop(lines);
    let mut text = String::new();
    for finding in played["diagnostics"].as_array().expect("a list") {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        writeln!(text, "{}: {}", part("code"), part("message")).expect("it is written");
    }
    text
}

#[test]
fn what_no_one_speaks_of_goes_well() {
    holds(
        "expect goal achieved within 31m5s\n expect tell after rollout\n expect asked \"tell people\"\n\
         expect database achieved\n expect database.connect succeeded in 1 attempt",
    );
}

#[test]
fn attempts_fail_as_assumed_and_a_fallback_does_it() {
    holds(
        "given database.connect fails 4 times with exit 75\n\
         expect database.connect succeeded via replica in 5 attempts\n\
         expect rollout after database.migrate",
    );
    holds(
        "given database.connect fails 4 times\n given database.connect via replica fails once with timeout\n\
         expect database.connect succeeded via replica in 6 attempts",
    );
    holds("given database.connect fails\n expect database.connect failed in 6 attempts");
}

#[test]
fn what_takes_too_long_ends_by_its_timeout() {
    holds(
        "given rollout takes 2h\n expect rollout failed\n expect database.migrate undone\n\
         expect tell blocked\n expect goal failed within 1h11m",
    );
}

#[test]
fn people_answer_as_assumed() {
    holds(
        "given database.migrate denied\n expect database.migrate failed\n expect not asked \"tell people\"",
    );
    holds(
        "given database.migrate unanswered\n expect goal failed within 31m\n expect asked \"Migrate production to 1.2.3?\"",
    );
    holds("given database.migrate approved after 29m\n expect database.migrate succeeded");
    holds("given tell fails\n expect goal failed\n expect rollout undone");
    holds("given tell unanswered\n expect goal waiting\n expect tell waiting");
    holds("param target = \"staging\"\n expect not asked \"Migrate staging to 1.2.3?\"");
}

#[test]
fn a_crash_leaves_in_doubt_what_ran() {
    holds(
        "given crash during database.migrate\n expect goal waiting\n expect database.migrate in-doubt",
    );
    holds(
        "given crash during database.migrate\n given database.migrate rerun\n\
         expect database.migrate succeeded in 2 attempts\n expect goal achieved",
    );
    holds("given crash during database.connect\n expect database.connect succeeded in 2 attempts");
    holds(
        "given crash after database.migrate\n given crash after rollout\n\
         expect database.migrate succeeded in 1 attempt\n expect goal achieved",
    );
}

#[test]
fn a_person_stops_the_run() {
    holds("given stop during rollout\n expect rollout cancelled\n expect goal cancelled");
}

#[test]
fn parts_do_not_hold_as_assumed() {
    holds("given database.migrate verify fails\n expect database.migrate failed");
    holds(
        "given rollout fails\n given database.migrate rollback fails\n\
         expect goal failed\n expect rollout failed",
    );
}

#[test]
fn the_time_in_which_all_wait_for_a_person_is_not_the_deadlines() {
    let plan = "goal g { deadline 10m\n step a { confirm \"Go?\"; run \"a\"; estimate 5m } }\n";
    let found = play(
        plan,
        "scenario \"late\" { given a approved after 2h; expect goal achieved within 2h5m }\n\
         scenario \"slow\" { given a takes 11m; expect a cancelled; expect goal failed within 10m }\n",
    );
    assert_eq!(found.0["passed"], 2, "{:#}", found.0);
}

#[test]
fn outputs_items_files_and_variables_are_those_of_the_scenario() {
    let plan = r#"goal g {
  param token: string = env("TOKEN", "none")
  let parts = glob("in/*.csv")
  step scan { run "scan"; output found: bool; output names: [string] }
  step repair { depends scan; when scan.found; run "repair ${token}" }
  step load { foreach part in parts; run "load"; retry 1; idempotent }
  step each { depends scan; foreach name in scan.names tolerate 1; run "each" }
  step done { depends load, each; when exists("in/b.csv"); unless { file "x" }; manual "${token}: ok?" }
}
"#;
    let found = play(
        plan,
        r#"scenario "all of it" {
  env { TOKEN = "t1" }
  file "in/a.csv" = "1"
  file "in/b.csv"
  given scan gives found = true
  given scan gives names = ["x", "y"]
  given load fails once for "in/b.csv"
  given each fails for "y"
  expect repair succeeded
  expect load succeeded in 3 attempts
  expect each succeeded in 2 attempts
  expect asked "t1: ok?"
}
scenario "nothing is there" {
  given scan gives found = false
  given scan gives names = []
  expect repair skipped
  expect load succeeded in 0 attempts
  expect done skipped
}
scenario "it is done" {
  file "in/b.csv"
  given scan gives found = false
  given scan gives names = []
  given done already done
  expect not asked
}
"#,
    );
    assert_eq!(found.0["passed"], 3, "{:#}", found.0);
}

#[test]
fn services_and_pipes_are_played() {
    let plan = "goal g {\n step db { run \"db\"; service; estimate 3s }\n step load { depends db; run \"load\" }\n\
                step a { run \"a\" }\n step b { stdin from a; run \"b\" }\n}\n";
    let found = play(
        plan,
        "scenario \"well\" { expect load after db; expect db succeeded; expect goal achieved }\n\
         scenario \"no start\" { given db fails; expect load blocked }\n\
         scenario \"no reader\" { given b fails; expect a cancelled; expect b failed }\n",
    );
    let failed: Vec<&Value> = found.0["scenarios"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|each| each["holds"] == false)
        .collect();
    // A service has begun to serve before what needs it begins; it ends behind it.
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0]["name"], "well", "{failed:#?}");
}

#[test]
fn what_does_not_hold_says_what_came_instead() {
    let said = findings(
        "given database.connect fails\n expect database.connect succeeded\n expect rollout after database\n\
         expect goal achieved\n expect asked \"Sure?\"",
    );
    assert_eq!(
        said,
        "E0903: `database.connect` did not succeed\n\
         E0903: `rollout` did not come after `database`\n\
         E0903: the goal was not achieved\n\
         E0903: nobody was asked this\n"
    );
}

#[test]
fn what_never_came_up_is_told() {
    let said = findings(
        "given database.migrate denied\n given rollout takes 2h\n given crash after tell\n\
         given database.connect fails 2 times\n expect goal failed",
    );
    assert_eq!(said, "W0718: an assumption that was not used\nW0718: this moment did not come\n");
}

#[test]
fn what_can_never_be_is_found_before_it_is_played() {
    let wrong = [
        ("given rollout approved", "E0901"),
        ("given rollout fails with verify", "E0901"),
        ("given rollout fails 2 times", "E0901"),
        ("given rollout via replica fails", "E0901"),
        ("given rollout gives x = 1", "E0901"),
        ("given rollout already done", "E0901"),
        ("given rollout for \"x\" fails", "E0901"),
        ("given rollout rerun", "E0901"),
        ("given database fails", "E0901"),
        ("given goal verify fails", "E0901"),
        ("given rollout takes 1m\n given rollout takes 2m", "E0901"),
        ("given roolout takes 1m", "E0201"),
        ("given rollout fails 2", "E0101"),
        ("given rollout", "E0101"),
        ("given crash after", "E0101"),
        ("given rollout explodes", "E0101"),
        ("param target = \"moon\"", "E0301"),
        ("param nothing = 1", "E0202"),
        ("expect rollout achieved", "E0902"),
        ("expect goal succeeded", "E0902"),
        ("expect database.connect succeeded via mirror", "E0902"),
        ("expect database.connect in 7 attempts", "E0902"),
        ("expect database after rollout", "E0902"),
        ("expect rollout before rollout", "E0902"),
        ("expect rollout in-doubt", "E0902"),
        ("expect rollout failed\n expect rollout succeeded", "E0902"),
        ("expect tell undone", "E0902"),
        ("expect rollout", "E0101"),
        ("expect rollout succeeded failed", "E0101"),
        ("wait 5m", "E0102"),
    ];
    for (lines, code) in wrong {
        let project = Project::new(SHOP);
        let text = format!(
            "scenario \"it\" {{\n  param version = \"1\"\n  expect goal within 9h\n  {lines}\n}}\n"
        );
        project.write("plan.test.goal", text);
        let found = project.call(&["check", "plan.test.goal", "--format", "json"]).json();
        let codes: Vec<&Value> = found["diagnostics"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|each| &each["code"])
            .collect();
        assert_eq!(codes, [code], "{lines}: {found:#}");
        assert_eq!(project.call(&["test", "plan.goal"]).code, 2, "{lines}");
    }
}

#[test]
fn a_scenario_without_an_expectation_or_a_value_for_a_param_is_an_error() {
    let project = Project::new(SHOP);
    project.write("plan.test.goal", "scenario \"empty\" { param version = \"1\" }\n");
    let found = project.call(&["check", "plan.test.goal", "--format", "short"]);
    assert!(found.text().contains("E0902") && found.code == 2, "{}", found.text());
    project.write("plan.test.goal", "scenario \"none\" { expect goal achieved }\n");
    let found = project.call(&["check", "plan.test.goal", "--format", "short"]);
    assert!(found.text().contains("no value for the param `version`"), "{}", found.text());
}

#[test]
fn a_step_may_be_called_like_a_word_of_scenarios() {
    let plan = "goal g {\n step crash { run \"x\"; retry 1; idempotent }\n step asked { depends crash; run \"y\" }\n\
                step goal { depends asked; run \"z\" }\n}\n";
    let found = play(
        plan,
        "scenario \"names\" {\n given crash fails once\n given crash after crash\n expect crash succeeded in 2 attempts\n\
         expect asked succeeded\n expect goal succeeded\n expect not asked\n}\n",
    );
    assert_eq!(found.0["passed"], 1, "{:#}", found.0);
}

#[test]
fn each_code_that_a_play_finds_has_an_example_and_its_mend() {
    let played: Vec<_> = CATALOGUE.iter().filter(|entry| entry.played).collect();
    assert!(played.len() >= 3);
    for entry in played {
        for (text, wanted) in [(entry.wrong, vec![entry.code]), (entry.mended, Vec::new())] {
            let project = Project::new(text);
            let json = project.call(&["test", "plan.goal", "--format", "json"]).json();
            let found = json["scenarios"][0]["diagnostics"].as_array().expect("a list");
            let codes: Vec<&str> = found.iter().filter_map(|each| each["code"].as_str()).collect();
            assert_eq!(codes, wanted, "{text}\n{json:#}");
        }
    }
}

#[test]
fn results_are_for_people_and_for_programs() {
    let project = Project::new(SHOP);
    project.write(
        "plan.test.goal",
        "scenario \"good & <well>\" { param version = \"1\"; expect goal achieved }\n\
         scenario \"bad\" { param version = \"1\"; given rollout fails; expect goal achieved }\n",
    );
    let done = project.call(&["test"]);
    assert_eq!(done.code, 1);
    for part in [
        "ok    good & <well>  achieved after 31m5s",
        "FAIL  bad",
        "it is failed: `rollout` failed",
        "1 of 2 scenarios hold, 1 does not",
    ] {
        assert!(done.text().contains(part), "{part}:\n{}", done.text());
    }
    let xml = project.call(&["test", "--format", "junit"]).text();
    assert!(xml.contains("<testsuites name=\"goalc test\" tests=\"2\" failures=\"1\""), "{xml}");
    assert!(xml.contains("name=\"good &amp; &lt;well&gt;\""), "{xml}");
    let only = project.call(&["test", "plan.test.goal", "--only", "good", "-v"]);
    assert!(
        only.code == 0 && only.text().contains("rollout           succeeded"),
        "{}",
        only.text()
    );
    assert_eq!(project.call(&["test", "--only", "none"]).code, 2);
}

#[test]
fn nothing_is_executed_and_nothing_is_written() {
    let plan = "goal g { step a { run \"touch ran\" } }\nscenario \"it\" { expect a succeeded }\n";
    let project = Project::new(plan);
    assert_eq!(project.call(&["test", "plan.goal"]).code, 0);
    assert!(!project.has("ran") && !project.state().exists());
}

#[test]
fn a_file_of_scenarios_is_no_plan() {
    let project = Project::new("goal g { step a { run \"true\" } }\n");
    project.write("plan.test.goal", "scenario \"it\" { expect a succeeded }\n");
    let refused = project.call(&["run", "plan.test.goal"]);
    assert!(
        refused.code == 2 && refused.err.contains("goalc test plan.test.goal"),
        "{}",
        refused.err
    );
    project.write("plan.test.goal", "goal h { step b { run \"true\" } }\n");
    let wrong = project.call(&["check", "plan.test.goal", "--format", "short"]);
    assert!(wrong.code == 2 && wrong.text().contains("holds scenarios only"), "{}", wrong.text());
    let none = Project::new("goal g { step a { run \"true\" } }\n").call(&["test", "plan.goal"]);
    assert!(none.code == 2 && none.err.contains("has no scenarios"), "{}", none.err);
}

#[test]
fn a_run_without_end_is_given_up() {
    let project = Project::new("goal g { step a { run \"a\"; retry 1000000000; idempotent } }\n");
    let scenario = "scenario \"for ever\" { given a fails; expect goal failed }\n";
    project.write("plan.test.goal", scenario);
    let live = project.spawn(project.command(&["test", "plan.goal", "--format", "json"]));
    let found = Played(live.end_within(10 * PATIENCE).json());
    let message = found.0["scenarios"][0]["diagnostics"][0]["message"].clone();
    assert!(
        message
            .as_str()
            .is_some_and(|text| text.contains("it has no end: more than 1,000,000 events")),
        "{:#}",
        found.0
    );
}

#[test]
fn with_json_one_value_says_why_nothing_was_played() {
    let call = |plan: &str, more: &[&str]| {
        let project = Project::new(plan);
        project.write(
            "sound.goal",
            "goal g { step a { run \"true\" } }\nscenario \"x\" { expect goal achieved }\n",
        );
        let fixed = ["test", "plan.goal", "--format", "json"];
        let done = project.call(&[&fixed, more].concat()).exits(2);
        let json = done.json();
        let found = json["diagnostics"].as_array().expect("a list").clone();
        let messages: String = found.iter().filter_map(|each| each["message"].as_str()).collect();
        assert!(found.len() == 1 && done.err.contains(&messages), "{json:#} {}", done.err);
        (json, messages)
    };
    let (none, message) = call("goal g { step a { run \"true\" } }\n", &[]);
    assert!(message.contains("has no scenarios") && none["passed"] == 0, "{none:#}");
    let (wrong, message) = call("goal g { step a { rnu \"true\" } }\n", &["sound.goal"]);
    assert!(message.contains("`rnu`"), "{wrong:#}");
    assert_eq!((&wrong["passed"], &wrong["diagnostics"][0]["line"]), (&1.into(), &1.into()));
    let (_, message) =
        call("goal g { step a { run \"true\" } }\n", &["sound.goal", "--only", "nope"]);
    assert!(message.contains("`nope`"), "{message}");
}
