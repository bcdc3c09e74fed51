//! `goalc lsp`, as an editor speaks to it.

mod client;
mod requests;
mod scenarios;
mod typing;

use serde_json::{Value, json};

use crate::support::Project;
use client::{Client, cut};

const BROKEN: &str =
    "goal g {\n  step a { run \"true\" }\n  step b { depends aa; run \"true\" }\n}\n";

fn codes(client: &Client<'_>, name: &str) -> Vec<String> {
    let found = client.found.get(name).map(Vec::as_slice).unwrap_or_default();
    found.iter().map(|each| each["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn takes_its_leave_properly_or_says_so() {
    let project = Project::empty();
    assert_eq!(Client::start(&project, &[]).end(), 0);
    assert_eq!(Client::start(&project, &[]).exit(), 1);
}

#[test]
fn positions_count_as_the_editor_likes() {
    let text = "goal 請求 {\n  step 𝒳 { run \"true\"; depends 無い }\n}\n";
    let project = Project::empty();
    for (known, kind, column) in [(&[][..], "utf-16", 32), (&["utf-8", "utf-16"], "utf-8", 34)] {
        let mut client = Client::start(&project, known);
        assert_eq!(client.answer["capabilities"]["positionEncoding"], kind);
        client.open("plan.goal", text);
        client.settle();
        let found = &client.found["plan.goal"][0];
        assert_eq!(found["range"]["start"], json!({ "line": 1, "character": column }), "{found}");
        assert_eq!(client.end(), 0);
    }
}

#[test]
fn findings_follow_what_is_typed() {
    let project = Project::empty();
    let mut client = Client::start(&project, &[]);
    client.open("plan.goal", BROKEN);
    client.settle();
    assert_eq!(codes(&client, "plan.goal"), ["E0201"]);
    let found = client.found["plan.goal"][0].clone();
    assert_eq!(cut(BROKEN, &found["range"]), "aa");
    assert_eq!((&found["source"], &found["severity"]), (&json!("goalc"), &json!(1)));
    assert!(found["message"].as_str().is_some_and(|text| text.contains("`a`")), "{found}");
    let range =
        json!({ "start": { "line": 2, "character": 19 }, "end": { "line": 2, "character": 21 } });
    client.change("plan.goal", json!([{ "range": range, "text": "a" }]));
    client.settle();
    assert_eq!(codes(&client, "plan.goal"), [""; 0]);
    client.change("plan.goal", json!([{ "text": "goal" }]));
    client.settle();
    assert!(!codes(&client, "plan.goal").is_empty());
    let uri = client.uri("plan.goal");
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    client.settle();
    assert_eq!(codes(&client, "plan.goal"), [""; 0]);
    assert_eq!(client.end(), 0);
}

#[test]
fn what_is_unused_is_marked_and_other_places_are_told() {
    let text =
        "goal g {\n  param p: int\n  step a { run \"true\" }\n  step a { run \"true\" }\n}\n";
    let project = Project::empty();
    let mut client = Client::start(&project, &[]);
    client.open("plan.goal", text);
    client.settle();
    let twice = client.found["plan.goal"].iter().find(|each| each["code"] == "E0203");
    let place = &twice.expect("two of one name")["relatedInformation"][0]["location"];
    assert_eq!((cut(text, &place["range"]), &place["range"]["start"]["line"]), ("a", &json!(2)));
    client.change(
        "plan.goal",
        json!([{ "text": "goal g {\n  param p: int\n  step a { run \"true\" }\n}\n" }]),
    );
    client.settle();
    let unused = &client.found["plan.goal"][0];
    assert_eq!((&unused["code"], &unused["tags"]), (&json!("W0706"), &json!([1])));
}

#[test]
fn mounted_files_are_told_of_and_open_texts_win_over_the_disk() {
    let project = Project::empty();
    project.write("plan.goal", "goal g {\n  goal m from \"./in/m.goal\"\n}\n");
    project.write("in/m.goal", "goal m {\n  step s { depends x; run \"true\" }\n}\n");
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    client.settle();
    assert_eq!(codes(&client, "in/m.goal"), ["E0201"]);
    client.open("in/m.goal", "goal m {\n  step s { run \"true\" }\n}\n");
    client.settle();
    assert_eq!(codes(&client, "in/m.goal"), [""; 0]);
    let uri = client.uri("in/m.goal");
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    client.settle();
    assert_eq!(codes(&client, "in/m.goal"), ["E0201"]);
    project.write("in/m.goal", "goal m {\n  step s { run \"true\" }\n}\n");
    client.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    client.settle();
    assert_eq!(codes(&client, "in/m.goal"), [""; 0]);
}

#[test]
fn an_editor_that_can_is_asked_to_tell_of_changed_files() {
    let project = Project::empty();
    let mut client = Client::unready(&project);
    let can = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
    client.ask("initialize", json!({ "capabilities": { "workspace": can } }));
    client.tell("initialized", json!({}));
    let asked = client.receive();
    assert_eq!(asked["method"], "client/registerCapability");
    assert!(asked.to_string().contains("**/*.goal"), "{asked}");
    assert_eq!(client.end(), 0);
}

#[test]
fn what_cannot_be_read_is_answered_and_passed_over() {
    let project = Project::empty();
    let mut client = Client::start(&project, &[]);
    client.raw("Content-Length: 5\r\n\r\n{{{{{");
    client.raw("rubbish\r\n\r\n");
    client.raw("Content-Length: many\r\n\r\n");
    for _ in 0..3 {
        let answer = client.receive();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null));
    }
    let error = |answer: Value| answer["error"]["code"].as_i64();
    assert_eq!(error(client.exchange("no/such", json!({}))), Some(-32601));
    assert_eq!(error(client.exchange("textDocument/hover", json!({ "x": 1 }))), Some(-32602));
    let far = json!({ "textDocument": { "uri": client.uri("none.goal") },
        "position": { "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 } });
    assert_eq!(client.ask("textDocument/hover", far), Value::Null);
    client.tell("textDocument/didChange", json!({ "nothing": true }));
    client.open("plan.goal", BROKEN);
    let far =
        client.place("plan.goal", "§", json!({ "position": { "line": 9999, "character": 7 } }));
    assert_eq!(client.ask("textDocument/hover", far), Value::Null);
    let huge =
        json!({ "start": { "line": 0, "character": 5 }, "end": { "line": 0, "character": 0 } });
    client.change("plan.goal", json!([{ "range": huge, "text": "x" }]));
    client.settle();
    assert_eq!(client.end(), 0);
}

#[test]
fn nothing_is_answered_before_the_beginning_and_after_the_end() {
    let project = Project::empty();
    let mut client = Client::unready(&project);
    let answer = client.exchange("textDocument/hover", json!({}));
    assert_eq!(answer["error"]["code"], -32002);
    client.ask("initialize", json!({ "capabilities": {} }));
    client.ask("shutdown", Value::Null);
    let answer = client.exchange("textDocument/hover", json!({}));
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(client.exit(), 0);
}

#[test]
fn what_is_cancelled_is_answered_once_all_the_same() {
    let project = Project::empty();
    let mut client = Client::start(&project, &[]);
    client.open("plan.goal", "goal g { step a { run \"true\" } }\n");
    let ids: Vec<i64> = (1000..1020).collect();
    let mut burst = String::new();
    for message in ids
        .iter()
        .map(|id| {
            let file = json!({ "textDocument": { "uri": client.uri("plan.goal") } });
            let method = "textDocument/documentSymbol";
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": file })
        })
        .chain(ids.iter().map(
            |id| json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } }),
        ))
    {
        let body = message.to_string();
        burst += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    }
    client.raw(&burst);
    client.ask("textDocument/hover", json!({
        "textDocument": { "uri": client.uri("plan.goal") }, "position": { "line": 0, "character": 0 },
    }));
    let answers: Vec<_> = client.told.iter().filter(|each| each["id"].is_i64()).collect();
    let answered: Vec<_> = answers.iter().filter_map(|each| each["id"].as_i64()).collect();
    assert_eq!(answered, ids);
    // How many were still waiting is the machine's business; none is refused for another reason.
    let refused = answers.iter().filter_map(|each| each["error"]["code"].as_i64());
    assert!(refused.eq(answers.iter().filter_map(|each| each.get("error")).map(|_| -32800)));
}

#[test]
fn an_editor_may_have_several_folders() {
    let project = Project::empty();
    project.write("one/a.goal", "goal first { step deploy-a { run \"true\" } }\n");
    project.write("two/b.goal", "goal second { step deploy-b { run \"true\" } }\n");
    let mut client = Client::unready(&project);
    let folders = ["one", "two"].map(|name| json!({ "uri": client.uri(name), "name": name }));
    client.ask("initialize", json!({ "workspaceFolders": folders, "capabilities": {} }));
    let found = client.ask("workspace/symbol", json!({ "query": "deploy" }));
    let names: Vec<_> =
        found.as_array().expect("symbols").iter().map(|each| &each["name"]).collect();
    assert_eq!(names, ["deploy-a", "deploy-b"]);
}
