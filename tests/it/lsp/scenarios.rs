//! Scenarios in an editor: beside their goal, and in a file of their own.

use serde_json::{Value, json};

use super::client::Client;
use super::codes;
use crate::support::Project;

const PLAN: &str = "goal g {\n  param version: string\n  step build { run \"b\"; output digest: string }\n  \
                    step ship {\n    depends build\n    run \"s\"\n    fallback mirror { run \"m\" }\n  }\n}\n";
const SCENARIOS: &str = "scenario \"it\" {\n  param version = \"1\"\n  given ship fails once\n  expect ship succeeded via mirror\n}\n";

fn project() -> Project {
    let project = Project::empty();
    project.write("plan.goal", PLAN);
    project.write("plan.test.goal", SCENARIOS);
    project
}

#[test]
fn what_is_wrong_in_them_is_told_in_their_file() {
    let project = project();
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.test.goal");
    client.settle();
    assert_eq!(codes(&client, "plan.test.goal"), [""; 0]);
    client.open("plan.test.goal", &SCENARIOS.replace("via mirror", "via miror"));
    client.settle();
    assert_eq!(codes(&client, "plan.test.goal"), ["E0902"]);
    // What is changed in the plan shows in its scenarios.
    client.open("plan.test.goal", SCENARIOS);
    client.open("plan.goal", &PLAN.replace("fallback mirror", "fallback other"));
    client.settle();
    assert_eq!(codes(&client, "plan.test.goal"), ["E0902"]);
}

#[test]
fn a_step_is_renamed_in_them_too() {
    let project = project();
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    let marked = PLAN.replacen("step ship", "step §ship", 1);
    let params = client.place("plan.goal", &marked, json!({ "newName": "send" }));
    let answer = client.exchange("textDocument/rename", params);
    let edits = &answer["result"]["changes"][client.uri("plan.test.goal")];
    assert_eq!(edits.as_array().map(Vec::len), Some(2), "{answer:#}");
}

/// The labels that are offered where `§` stands in the scenarios.
fn offered(marked: &str) -> Vec<String> {
    let project = project();
    let mut client = Client::start(&project, &[]);
    client.open("plan.test.goal", &marked.replacen('§', "", 1));
    let list = client.at("textDocument/completion", "plan.test.goal", marked, json!({}));
    let label = |each: &Value| each["label"].as_str().map(ToOwned::to_owned);
    list.as_array().expect("a list").iter().filter_map(label).collect()
}

#[test]
fn completion_offers_what_may_stand_in_them() {
    for (line, has, has_not) in [
        ("§", &["given", "expect", "given crash", "file"][..], &["step", "retry"][..]),
        ("given §", &["build", "ship", "goal"], &["version"]),
        ("given ship §", &["fails", "takes", "approved"], &["succeeded"]),
        ("given ship fails via §", &["mirror"], &[]),
        ("given build gives §", &["digest"], &["mirror"]),
        ("given ship fails with §", &["exit", "timeout"], &[]),
        ("expect ship §", &["succeeded", "within"], &["fails"]),
        ("given crash after §", &["build", "ship"], &[]),
    ] {
        let found =
            offered(&SCENARIOS.replacen("  given ship fails once\n", &format!("  {line}\n"), 1));
        for word in has {
            assert!(found.iter().any(|each| each == word), "{line}: no {word} in {found:?}");
        }
        for word in has_not {
            assert!(!found.iter().any(|each| each == word), "{line}: {word} in {found:?}");
        }
    }
}

#[test]
fn they_are_in_the_outline_and_can_be_played() {
    let project = project();
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.test.goal");
    let symbols = client.about("textDocument/documentSymbol", "plan.test.goal", json!({}));
    assert_eq!(symbols[0]["name"], "it", "{symbols:#}");
    let lenses = client.about("textDocument/codeLens", "plan.test.goal", json!({}));
    assert_eq!(lenses[0]["command"]["command"], "goalc.test");
    assert_eq!(lenses[0]["command"]["arguments"], json!([client.uri("plan.test.goal"), "it"]));
    let marked = SCENARIOS.replacen("given ship", "given §ship", 1);
    let place = client.at("textDocument/definition", "plan.test.goal", &marked, json!({}));
    assert!(place.to_string().contains("plan.goal"), "{place}");
    let text = client.at(
        "textDocument/hover",
        "plan.test.goal",
        &SCENARIOS.replacen("given", "§given", 1),
        json!({}),
    );
    assert!(text.to_string().contains("What is assumed"), "{text}");
}
