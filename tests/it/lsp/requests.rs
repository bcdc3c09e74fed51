//! Each request on a plan in two files, with names that are wide.

use serde_json::{Value, json};

use super::client::{Client, cut, edited, position};
use crate::support::Project;

const PLAN: &str = r#"# Ships it.
goal ship "Ship it" {
  # Which one.
  param version: string = "1"
  param target: "staging" | "live" = "staging"
  let tag = "shop:${version}"
  resource port 2

  # Takes 請求書 in.
  step 請求書 "Bills" {
    run """
      echo "$version ${version}" # ${tag}
      echo "n=1" >> "$GOAL_OUTPUT"
    """
    output n: int
    retry 2
    fallback other { run "true" }
    idempotent
    lock x
  }

  goal east from "./in/region.goal" { 名前 = tag }

  step end {
    depends 請求書, east.deploy
    when target == "live"
    run ["echo", "𝒳${請求書.n}"]
    uses port
    lock x
  }
}
"#;

const REGION: &str =
    "goal region {\n  param 名前: string\n  step deploy { run \"echo ${名前}\" }\n}\n";

fn project() -> Project {
    let project = Project::empty();
    project.write("plan.goal", PLAN);
    project.write("in/region.goal", REGION);
    project
}

fn started(project: &Project) -> Client<'_> {
    let mut client = Client::start(project, &[]);
    client.open_file("plan.goal");
    client.settle();
    assert!(client.found["plan.goal"].is_empty(), "{:?}", client.found);
    client
}

/// The plan with a mark before some text.
fn before(text: &str) -> String {
    assert!(PLAN.contains(text), "{text}");
    PLAN.replacen(text, &format!("§{text}"), 1)
}

fn hover(client: &mut Client<'_>, marked: &str) -> String {
    let found = client.at("textDocument/hover", "plan.goal", marked, json!({}));
    found["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn hover_tells_of_names_and_words() {
    let project = project();
    let mut client = started(&project);
    for (at, has) in [
        ("請求書, east", &["step 請求書", "Bills", "Takes 請求書 in.", "4 attempts"][..]),
        ("deploy\n", &["step east.deploy"]),
        ("target ==", &["param target: \"staging\" | \"live\""]),
        ("version}\" # ", &["param version: string"]),
        ("n}\"]", &["output 請求書.n: int"]),
        ("retry 2", &["retry N", "delay DURATION"]),
        ("east from", &["goal east"]),
        ("end {", &["step end", "Waits for `請求書`, `east.deploy`"]),
    ] {
        let text = hover(&mut client, &before(at));
        assert!(has.iter().all(|part| text.contains(part)), "{at}: {text}");
    }
    assert_eq!(hover(&mut client, &before("{\n  # Which")), "");
}

#[test]
fn definitions_lead_into_mounted_files() {
    let project = project();
    let mut client = started(&project);
    let mut definition =
        |at: &str| client.at("textDocument/definition", "plan.goal", &before(at), json!({}));
    let here = definition("請求書, east");
    assert_eq!(cut(PLAN, &here["range"]), "請求書");
    assert_eq!(here["range"]["start"]["line"], 9);
    let there = definition("deploy\n");
    assert!(there["uri"].as_str().is_some_and(|uri| uri.ends_with("/in/region.goal")), "{there}");
    assert_eq!(cut(REGION, &there["range"]), "deploy");
    let file = definition("region.goal");
    assert!(file["uri"].as_str().is_some_and(|uri| uri.ends_with("/in/region.goal")), "{file}");
    assert_eq!(definition("true"), Value::Null);
}

#[test]
fn references_are_found_in_scripts_and_other_files() {
    let project = project();
    let mut client = started(&project);
    let mut lines = |at: &str, declared: bool| {
        let more = json!({ "context": { "includeDeclaration": declared } });
        let found = client.at("textDocument/references", "plan.goal", &before(at), more);
        let line = |each: &Value| each["range"]["start"]["line"].as_u64();
        let mut lines: Vec<_> = found.as_array().expect("a list").iter().filter_map(line).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines("version: string", true), [3, 5, 11, 11]);
    assert_eq!(lines("version: string", false), [5, 11, 11]);
    assert_eq!(lines("名前 = tag", true), [1, 2, 21]);
    assert_eq!(lines("x\n  }\n\n  goal", true), [18, 28]);
    assert_eq!(lines("port 2", true), [6, 27]);
}

fn renamed(client: &mut Client<'_>, at: &str, new: &str) -> Value {
    let params = client.place("plan.goal", &before(at), json!({ "newName": new }));
    client.exchange("textDocument/rename", params)
}

#[test]
fn rename_changes_every_file_and_keeps_what_is_meant() {
    let project = project();
    let mut client = started(&project);
    let prepared =
        client.at("textDocument/prepareRename", "plan.goal", &before("名前 ="), json!({}));
    assert_eq!(prepared["placeholder"], "名前");
    let mut answer = renamed(&mut client, "名前 = tag", "label");
    let changes = answer["result"]["changes"].take();
    let plan = edited(PLAN, &changes[client.uri("plan.goal")]);
    let region = edited(REGION, &changes[client.uri("in/region.goal")]);
    assert_eq!(region, REGION.replace("名前", "label"));
    assert_eq!(plan, PLAN.replace("名前", "label"));
    let mut answer = renamed(&mut client, "version: string", "new-version");
    let plan = edited(PLAN, &answer["result"]["changes"].take()[client.uri("plan.goal")]);
    assert!(plan.contains("echo \"$new_version ${new-version}\""), "{plan}");
    project.write("plan.goal", plan);
    assert_eq!(project.check("plan.goal"), [Value::Null; 0]);
}

#[test]
fn rename_refuses_what_is_no_name_and_what_clashes() {
    let project = project();
    let mut client = started(&project);
    for (at, new, why) in [
        ("請求書, east", "a b", "is no name"),
        ("請求書, east", "true", "is no name"),
        ("請求書, east", "end", "end"),
        ("version: string", "tag", "tag"),
        ("deploy\n", "名前", "名前"),
    ] {
        let answer = renamed(&mut client, at, new);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{new}: {answer}");
    }
}

/// The labels that are offered where `§` stands, with the text without it.
fn offered(project: &Project, marked: &str) -> Vec<String> {
    let mut client = Client::start(project, &[]);
    client.open("plan.goal", &marked.replacen('§', "", 1));
    let list = client.at("textDocument/completion", "plan.goal", marked, json!({}));
    let label = |each: &Value| each["label"].as_str().map(ToOwned::to_owned);
    list.as_array().expect("a list").iter().filter_map(label).collect()
}

#[test]
fn completion_offers_what_may_stand_there() {
    let project = project();
    let inside = |text: &str| PLAN.replacen("    when target == \"live\"\n", text, 1);
    for (text, has, has_not) in [
        (inside("    §\n"), &["retry", "lock", "depends"][..], &["param", "nonempty"][..]),
        (inside("    re§\n"), &["retry"], &[]),
        (PLAN.replacen("east.deploy", "§", 1), &["請求書", "east"], &["end", "version"]),
        (PLAN.replacen("east.deploy", "east.§", 1), &["deploy"], &["名前", "status"]),
        (inside("    when §\n"), &["target", "tag", "exists", "true"], &["lock"]),
        (inside("    when 請求書.§\n"), &["n", "status", "via"], &["other"]),
        (inside("    when target == §\n"), &["\"staging\"", "\"live\""], &[]),
        (inside("    when 請求書.status == §\n"), &["\"succeeded\"", "\"skipped\""], &[]),
        (inside("    timeout §\n"), &["10s", "1h"], &[]),
        (inside("    retry 2 §\n"), &["delay", "jitter", "backoff"], &[]),
        (inside("    on failure §\n"), &["stop", "ignore"], &[]),
        (inside("    requires { § }\n"), &["file", "tcp", "command", "not"], &["lock"]),
        (inside("    output a: §\n"), &["string", "size"], &[]),
        (inside("    confirm \"${§\"\n"), &["target", "version"], &["depends"]),
        (inside("    # §\n"), &[], &["retry", "target"]),
        (PLAN.replacen("./in/region.goal", "./in/§", 1), &["region.goal"], &[]),
        (PLAN.replacen("./in/region.goal", "./§", 1), &["in/"], &["plan.goal"]),
        (PLAN.replacen("名前 = tag", "§", 1), &["名前", "depends"], &["version"]),
    ] {
        let labels = offered(&project, &text);
        let at = text.find('§').unwrap_or_default();
        let shown = &text[text.floor_char_boundary(at.saturating_sub(20))..at];
        for word in has {
            assert!(labels.iter().any(|label| label == word), "no {word} at {shown}: {labels:?}");
        }
        for word in has_not {
            assert!(!labels.iter().any(|label| label == word), "{word} at {shown}: {labels:?}");
        }
    }
}

#[test]
fn formatting_gives_what_fmt_gives_and_a_range_only_its_lines() {
    let messy = "goal   g {\nstep a { run \"true\" }\n\n\n\nstep   b { run \"true\" }\n}\n";
    let project = Project::empty();
    project.write("plan.goal", messy);
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let edits = client.about("textDocument/formatting", "plan.goal", json!({ "options": options }));
    project.call(&["fmt", "plan.goal"]).exits(0);
    assert_eq!(edited(messy, &edits), project.read("plan.goal"));
    let range =
        json!({ "start": { "line": 5, "character": 0 }, "end": { "line": 5, "character": 3 } });
    let more = json!({ "options": options, "range": range });
    let edits = client.about("textDocument/rangeFormatting", "plan.goal", more);
    let part = edited(messy, &edits);
    assert!(part.contains("\n  step b {") && part.contains("goal   g {"), "{part}");
    client.change("plan.goal", json!([{ "text": "goal g {" }]));
    let edits = client.about("textDocument/formatting", "plan.goal", json!({ "options": options }));
    assert_eq!(edits, json!([]));
}

#[test]
fn actions_mend_and_explain() {
    let text = "goal g {\n  step a { run \"true\"; output n: int from stdout }\n  step b {\n    \
                run [\"echo\", \"${a.n}\"]\n  }\n  step c { dependz a, b; run \"true\" }\n}\n";
    let project = Project::empty();
    project.write("plan.goal", text);
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    let at = |part: &str| position(text, text.find(part).expect("the part"));
    let asked = |part: &str, only: Value| {
        let mut context = json!({ "diagnostics": [] });
        if !only.is_null() {
            context["only"] = only;
        }
        json!({ "range": { "start": at(part), "end": at(part) }, "context": context })
    };
    let actions = client.about("textDocument/codeAction", "plan.goal", asked("a.n", Value::Null));
    let uri = client.uri("plan.goal");
    let add = actions.as_array().expect("actions").iter().find(|each| each["edit"].is_object());
    let add = add.unwrap_or_else(|| panic!("no mend: {actions}"));
    assert!(add["title"].as_str().is_some_and(|title| title.contains("depends a")), "{add}");
    let after = edited(text, &add["edit"]["changes"][&uri]);
    assert!(after.contains("    depends a\n"), "{after}");
    let explain =
        actions.as_array().expect("actions").iter().find(|each| each["command"].is_object());
    let command = explain.expect("an explanation")["command"].clone();
    let told = client.ask("workspace/executeCommand", command);
    assert!(told.as_str().is_some_and(|text| text.contains("E0")), "{told}");
    assert_eq!(client.told.last().expect("a message")["method"], "window/showMessage");
    let all = client.about(
        "textDocument/codeAction",
        "plan.goal",
        asked("goal", json!(["source.fixAll"])),
    );
    let after = edited(text, &all[0]["edit"]["changes"][&uri]);
    project.call(&["check", "--fix", "plan.goal"]);
    assert_eq!(after, project.read("plan.goal"));
}

#[test]
fn steps_are_extracted_into_a_goal_and_what_leads_to_them_follows() {
    let text = "goal g {\n  param to: string = \"x\"\n  step a { run \"true\" }\n\n  # Why.\n  step b {\n    \
                depends a\n    run \"\"\"\n      echo ${to}\n\n      echo n=1 >> \"$GOAL_OUTPUT\"\n    \"\"\"\n    \
                output n: int\n  }\n  step c { depends b; run \"echo ${b.n}\" } # last\n  step d {\n    \
                depends b, c\n    run [\"echo\", \"${b.n}\"]\n  }\n}\n";
    let project = Project::empty();
    project.write("plan.goal", text);
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    let at = |part: &str| position(text, text.find(part).expect("the part"));
    let mut extracted = |from: &str, to: &str| {
        let range = json!({ "start": at(from), "end": at(to) });
        let context = json!({ "diagnostics": [], "only": ["refactor"] });
        let asked = json!({ "range": range, "context": context });
        client.about("textDocument/codeAction", "plan.goal", asked)
    };
    assert_eq!(extracted("param to", "step b"), json!([]), "a param is no step");
    assert_eq!(extracted("step a", "step a"), json!([]), "nothing is selected");
    let actions = extracted("step b", " # last");
    assert_eq!(actions[0]["title"], "Extract 2 steps into a goal");
    let uri = client.uri("plan.goal");
    let after = edited(text, &actions[0]["edit"]["changes"][&uri]);
    let wanted = "goal g {\n  param to: string = \"x\"\n  step a { run \"true\" }\n\n  goal part {\n    # Why.\n    \
                  step b {\n      depends a\n      run \"\"\"\n        echo ${to}\n\n        \
                  echo n=1 >> \"$GOAL_OUTPUT\"\n      \"\"\"\n      output n: int\n    }\n    \
                  step c { depends b; run \"echo ${b.n}\" } # last\n  }\n  step d {\n    \
                  depends part.b, part.c\n    run [\"echo\", \"${part.b.n}\"]\n  }\n}\n";
    assert_eq!(after, wanted);
}

#[test]
fn steps_tell_what_they_took_and_how_much_time_they_have() {
    let text = "goal g {\n  step long { run \"true\"; estimate 10m }\n  \
                step short { run \"true\"; estimate 4m }\n  step end { depends long, short; run \"true\"; estimate 1m }\n}\n";
    let project = Project::empty();
    project.write("plan.goal", text);
    let mut client = Client::start(&project, &[]);
    client.open_file("plan.goal");
    let range = json!({ "start": position(text, 0), "end": position(text, text.len()) });
    let hints = client.about("textDocument/inlayHint", "plan.goal", json!({ "range": range }));
    let labels: Vec<_> =
        hints.as_array().expect("hints").iter().map(|hint| &hint["label"]).collect();
    assert_eq!(labels, ["critical", "slack 6m", "critical"]);
    let asked = json!({ "position": position(text, text.find("short").expect("a step")) });
    let hover = client.about("textDocument/hover", "plan.goal", asked.clone());
    let page = hover["contents"]["value"].as_str().expect("a page").to_owned();
    assert!(page.contains("In a dry-run from 0s to 4m, as estimated; slack 6m"), "{page}");
    project.call(&["run", "plan.goal"]);
    client.change("plan.goal", json!([{ "text": text.replace("short", "brief") }]));
    client.change("plan.goal", json!([{ "text": text }]));
    let hover = client.about("textDocument/hover", "plan.goal", asked);
    let page = hover["contents"]["value"].as_str().expect("a page").to_owned();
    assert!(page.contains("in the last 1 run"), "{page}");
}

#[test]
fn the_shape_of_a_file() {
    let project = project();
    let mut client = started(&project);
    let symbols = client.about("textDocument/documentSymbol", "plan.goal", json!({}));
    assert_eq!((&symbols[0]["name"], &symbols[0]["detail"]), (&json!("ship"), &json!("Ship it")));
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|each| each["name"].as_str().expect("a name").to_owned()).collect()
    };
    let held = ["version", "target", "tag", "port", "請求書", "east", "end"];
    assert_eq!(names(&symbols[0]["children"]), held);
    assert_eq!(names(&symbols[0]["children"][4]["children"]), ["n", "other"]);
    let found = client.ask("workspace/symbol", json!({ "query": "dpl" }));
    assert_eq!(names(&found), ["deploy"]);
    let folds = client.about("textDocument/foldingRange", "plan.goal", json!({}));
    let fold = |start: u64, end: u64| {
        folds
            .as_array()
            .expect("folds")
            .iter()
            .any(|each| each["startLine"] == start && each["endLine"] == end)
    };
    assert!(fold(1, 29) && fold(9, 18) && fold(10, 12), "{folds}");
    let all = json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } } });
    let hints = client.about("textDocument/inlayHint", "plan.goal", all);
    assert_eq!(hints[0]["label"], "up to 4 attempts");
    assert_eq!(hints[0]["position"], json!({ "line": 9, "character": 10 }));
    let lenses = client.about("textDocument/codeLens", "plan.goal", json!({}));
    assert_eq!(lenses[0]["command"]["command"], "goalc.dryRun");
    assert_eq!(lenses[0]["command"]["arguments"], json!([client.uri("plan.goal")]));
}

#[test]
fn edges_are_a_hierarchy_of_calls() {
    let project = project();
    let mut client = started(&project);
    let items =
        client.at("textDocument/prepareCallHierarchy", "plan.goal", &before("end {"), json!({}));
    assert_eq!(items[0]["name"], "end");
    let calls = client.ask("callHierarchy/outgoingCalls", json!({ "item": items[0] }));
    let names: Vec<_> =
        calls.as_array().expect("calls").iter().map(|call| &call["to"]["name"]).collect();
    assert!(names.contains(&&json!("請求書")) && names.contains(&&json!("east.deploy")), "{calls}");
    let deploy =
        calls.as_array().expect("calls").iter().find(|call| call["to"]["name"] == "east.deploy");
    let item = &deploy.expect("the call")["to"];
    let back = client.ask("callHierarchy/incomingCalls", json!({ "item": item }));
    assert_eq!((back.as_array().map(Vec::len), &back[0]["from"]["name"]), (Some(1), &json!("end")));
}

#[test]
fn tokens_cover_the_text_in_order() {
    let project = project();
    let mut client = started(&project);
    let legend =
        client.answer["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"].clone();
    let data = client.about("textDocument/semanticTokens/full", "plan.goal", json!({}));
    let numbers: Vec<u64> =
        data["data"].as_array().expect("numbers").iter().filter_map(Value::as_u64).collect();
    let (mut line, mut start, mut found) = (0, 0, Vec::new());
    for each in numbers.chunks(5) {
        start = if each[0] == 0 { start + each[1] } else { each[1] };
        line += each[0];
        let range = json!({ "start": { "line": line, "character": start },
            "end": { "line": line, "character": start + each[2] } });
        let kind = legend[usize::try_from(each[3]).expect("a type")].as_str().unwrap_or_default();
        found.push((cut(PLAN, &range).to_owned(), kind.to_owned()));
    }
    for (text, kind) in [
        ("# Ships it.", "comment"),
        ("goal", "keyword"),
        ("ship", "namespace"),
        ("請求書", "method"),
        ("version", "parameter"),
        ("string", "type"),
        ("n", "property"),
        ("\"true\"", "string"),
        ("2", "number"),
        ("from", "keyword"),
    ] {
        assert!(found.contains(&(text.to_owned(), kind.to_owned())), "{text}: {found:?}");
    }
}
