//! `goalc graph` and `goalc list`, from outside: what is in the JSON, and that drawings are
//! well-formed whatever names and titles hold.

use std::path::Path;
use std::time::Duration;

use goalc::report::layout::width;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{Done, Project};

const FORMATS: [&str; 5] = ["text", "mermaid", "dot", "svg", "json"];

/// Every kind of edge; `last` depends on `first` anyway.
const KINDS: &str = r#"
goal kinds "All kinds" {
  step first { run "true"; estimate 2m }
  goal inner "Nested" {
    depends first
    step many { foreach n in [1, 2]; run "true"; estimate 3m }
    step each { foreach one in many; run "true"; estimate 1m }
  }
  step maybe { when os() == "linux"; run "true" }
  step writer { run "echo" }
  step reader { stdin from writer; run "cat" }
  step serving { service; run "sleep 60"; ready { expr_holds } }
  step last "The end" { depends inner, first, maybe?; after reader; manual "Do it"; estimate 1m }
}
"#;

fn kinds() -> Project {
    Project::new(&KINDS.replace("expr_holds", "exists(\".\")"))
}

/// In a terminal that shows all of Unicode.
fn draw(project: &Project, arguments: &[&str]) -> Done {
    let mut command = project.command(&[&["graph"], arguments].concat());
    command.env("LC_ALL", "C.UTF-8");
    project.spawn(command).end()
}

fn drawn(project: &Project, format: &str) -> String {
    draw(project, &["plan.goal", "--format", format]).exits(0).out()
}

/// The edges as `from kind to`, an implied one with a `!`.
fn edges(graph: &Value) -> Vec<String> {
    let word = |edge: &Value, field: &str| edge[field].as_str().expect("a word").to_owned();
    let edges = graph["edges"].as_array().expect("edges").iter();
    let line = |edge: &Value| {
        let implied = if edge["implied"] == true { "!" } else { "" };
        format!("{} {}{implied} {}", word(edge, "from"), word(edge, "kind"), word(edge, "to"))
    };
    edges.map(line).collect()
}

#[test]
fn the_json_has_all_written_edges_and_says_which_others_imply() {
    let project = kinds();
    let graph = draw(&project, &["--format", "json"]).exits(0).json();
    let mut found = edges(&graph);
    found.sort();
    let wanted = [
        "first depends inner",
        "first depends! last",
        "inner depends last",
        "inner.many item inner.each",
        "maybe depends-optional last",
        "reader after last",
        "writer stdin reader",
    ];
    assert_eq!(found, wanted);
    assert_eq!(graph["goal"], "kinds");
    assert_eq!(
        graph["goals"][1],
        json!({"id": "inner", "parent": "", "title": "Nested",
        "mounted": false, "confirm": false, "when": false})
    );
    let step = |id: &str| {
        let mut steps = graph["steps"].as_array().expect("steps").iter();
        steps.find(|step| step["id"] == id).expect("the step is there")
    };
    assert_eq!(step("inner.many")["foreach"], "n in [1, 2]");
    assert_eq!(step("inner.many")["goal"], "inner");
    assert_eq!(step("serving")["service"], true);
    assert_eq!(step("last")["manual"], true);
    assert_eq!(step("maybe")["when"], true);
}

#[test]
fn the_critical_path_is_that_of_the_dry_run_and_is_marked() {
    let project = kinds();
    let forecast = project.run(&["--dry-run"]).exits(0).json;
    let graph = draw(&project, &["--format", "json"]).exits(0).json();
    assert_eq!(graph["critical_path"], forecast["critical_path"]);
    assert_eq!(graph["critical_path"], json!(["first", "inner.many", "inner.each", "last"]));
    let text = drawn(&project, "text");
    let marked: Vec<_> = text.lines().filter(|line| line.contains('●')).collect();
    for (line, name) in marked.iter().zip(["first", "many", "each", "last"]) {
        assert!(line.contains(name), "{text}");
    }
    let mermaid = drawn(&project, "mermaid");
    let class = Regex::new(r"(?m)^  class n\d+,n\d+,n\d+,n\d+ critical$").expect("a pattern");
    assert!(class.is_match(&mermaid), "{mermaid}");
    // Two goals' borders are crossed: first → inner, many → each, inner → last.
    assert!(
        Regex::new(r"linkStyle \d+,\d+,\d+ ").expect("a pattern").is_match(&mermaid),
        "{mermaid}"
    );
    assert_eq!(drawn(&project, "dot").matches("penwidth=2").count(), 4 + 3);
    assert_eq!(drawn(&project, "svg").matches("class=\"step critical\"").count(), 4 + 2 * 2);
}

#[test]
fn drawings_leave_out_what_is_implied_and_name_each_kind() {
    let project = kinds();
    let mermaid = drawn(&project, "mermaid");
    assert_eq!(mermaid.matches("->").count() + mermaid.matches("=>").count(), 6, "{mermaid}");
    for word in ["|\"after\"|", "|\"if not skipped\"|", "==>|\"stdin\"|", "|\"item by item\"|"] {
        assert!(mermaid.contains(word), "{word}: {mermaid}");
    }
    let dot = drawn(&project, "dot");
    assert_eq!(dot.matches(" -> ").count(), 6, "{dot}");
    assert!(dot.contains("ltail=cluster_1") && dot.contains("lhead=cluster_1"), "{dot}");
    assert_eq!(drawn(&project, "svg").matches("<path class=\"edge").count(), 6 + 5);
    let wanted = "\
kinds  All kinds

●    first
▽    inner    Nested
●      many   [foreach n in [1, 2]]
●      each   [foreach one in inner.many, item by item]
△─╮  inner    achieved
○─┤  maybe    [when]
○ │  writer
○─┤  reader   [stdin from writer]
○ │  serving  [service]
●─╯  last     The end [by hand, maybe?, after reader]

● on the critical path
";
    assert_eq!(drawn(&project, "text"), wanted);
}

#[test]
fn lanes_part_and_meet_as_the_steps_do() {
    let project = Project::new(
        r#"
goal diamond {
  step a { run "true"; estimate 2m }
  step b { depends a; run "true"; estimate 5m }
  step c { depends a; run "true"; estimate 1m }
  step d { depends b, c; run "true" }
}
"#,
    );
    let text = drawn(&project, "text");
    assert!(text.contains("●      a\n├─●─╮  b\n╰─○─┤  c\n●───╯  d\n"), "{text}");
    let text = draw(&project, &["--ascii"]).exits(0).out();
    assert!(text.contains("*      a\n+-*-.  b\n'-o-+  c\n*---'  d\n") && text.is_ascii(), "{text}");
    let mut command = project.command(&["graph"]);
    command.env("LC_ALL", "C");
    assert!(project.spawn(command).end().exits(0).out().is_ascii());
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let project = kinds();
    let coloured = |remove: &str| {
        let mut command = project.command(&["graph"]);
        command.env("CLICOLOR_FORCE", "1").env("LC_ALL", "C.UTF-8").env_remove(remove);
        project.spawn(command).end().exits(0).out().contains('\u{1b}')
    };
    assert!(coloured("NO_COLOR") && !coloured("NOTHING"));
}

#[test]
fn without_a_param_it_is_drawn_without_the_critical_path() {
    let project = Project::new("goal g {\n  param n: int\n  step a { run \"echo ${n}\" }\n}\n");
    let done = draw(&project, &["--format", "json"]).exits(0);
    assert_eq!(done.json()["critical_path"], Value::Null);
    assert!(done.err.contains("critical path is not marked") && done.err.contains("`n`"));
    let graph = draw(&project, &["--format", "json", "-p", "n=1"]).exits(0).json();
    assert_eq!(graph["critical_path"], json!(["a"]));
    let wrong = draw(&project, &["--format", "json", "-p", "n=x"]).exits(2);
    assert!(wrong.json()["diagnostics"][0]["message"].as_str().is_some());
}

#[test]
fn a_wrong_plan_is_told_as_check_does() {
    let project = Project::new("goal g {\n  step a { depends b; run \"true\" }\n}\n");
    for command in ["graph", "list"] {
        let done = project.call(&[command, "plan.goal"]).exits(2);
        assert!(done.out.is_empty() && done.err.contains("E0201"), "{}", done.text());
        let done = project.call(&[command, "plan.goal", "--format", "json"]).exits(2);
        assert_eq!(done.json()["diagnostics"][0]["code"], "E0201");
        let done = project.call(&[command, "no.goal", "--format", "json"]).exits(2);
        assert!(done.json()["diagnostics"][0]["message"].is_string());
    }
}

/// Names and titles that are code in one of the formats, or hide.
const NASTY: &[&str] = &[
    "\"]; x[\"",
    "</text><script>alert(1)</script>",
    "end",
    "new\nline",
    "back\\slash\\",
    "%%{init: {}}%%",
    "`**bold**`",
    "#quot; &amp; &#1;",
    "\u{fb02}\u{b0}\u{b0}39\u{b6}\u{df}",
    "\u{202e}txet",
    "👩‍💻 請求書 עברית",
    "\\N\\G\\\"",
    "\u{0}\u{1b}[31m\u{ffff}",
    "",
    "]]>-->",
];

/// A compiled plan with a goal and a step of each name, and titles to match.
fn nasty() -> Project {
    let project = Project::new(
        "goal g \"t\" {\n  step a { run \"true\" }\n  goal s { step b { run \"true\" } }\n}\n",
    );
    let mut plan = project.call(&["compile", "plan.goal"]).exits(0).json();
    let (goal, step) = (plan["goals"]["s"].clone(), plan["steps"]["a"].clone());
    plan["name"] = json!(NASTY[0]);
    plan["goals"][""]["title"] = json!(NASTY[1]);
    let mut before: Option<String> = None;
    for name in NASTY {
        let (mut goal, mut step) = (goal.clone(), step.clone());
        let (goal_id, step_id) = (format!("g{name}"), format!("g{name}.{name}"));
        goal["title"] = json!(name);
        step["title"] = json!(name);
        step["goal"] = json!(goal_id);
        step["edges"] =
            before.map_or(json!([]), |on| json!([{"on": {"step": on}, "kind": "after"}]));
        plan["goals"][&goal_id] = goal;
        plan["steps"][&step_id] = step;
        before = Some(step_id);
    }
    project.write("plan.json", plan.to_string());
    project
}

/// Fails unless tags are balanced, entities known, and characters allowed in XML.
fn assert_is_xml(text: &str) {
    let token = Regex::new(r#"<(/?)([A-Za-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(/?)>|[^<]+"#);
    let entity = Regex::new("&(amp|lt|gt|quot);").expect("a pattern");
    let mut open = Vec::new();
    let mut end = 0;
    for found in token.expect("a pattern").captures_iter(text) {
        let whole = found.get(0).expect("a match");
        assert_eq!(whole.start(), end, "no XML: {}", &text[end..text.len().min(end + 80)]);
        end = whole.end();
        match (found.get(2), &found.get(1).map_or("", |m| m.as_str()), found.get(4)) {
            (Some(name), &"/", _) => assert_eq!(open.pop(), Some(name.as_str())),
            (Some(name), _, close) if close.is_none_or(|close| close.is_empty()) => {
                open.push(name.as_str());
            }
            _ => {}
        }
        let left = entity.replace_all(whole.as_str(), "");
        assert!(!left.contains('&'), "an entity in {left}");
    }
    assert!(open.is_empty() && end == text.len());
    let allowed =
        |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(allowed));
}

#[test]
fn nothing_in_a_name_or_title_is_code() {
    let project = nasty();
    let plan = |format: &str| draw(&project, &["plan.json", "--format", format]).exits(0).out();

    let svg = plan("svg");
    assert_is_xml(&svg);
    assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script"), "{svg}");

    let dot = plan("dot");
    let strings = Regex::new(r#""(?:[^"\\\n]|\\\\|\\"|\\[nl])*""#).expect("a pattern");
    let left = strings.replace_all(&dot, "S");
    assert!(!left.contains(['"', '\\', '<', '&']), "{left}");
    assert_eq!(left.matches("subgraph").count(), NASTY.len() + 1);
    assert_eq!(left.matches(" -> ").count(), NASTY.len() - 1);

    let mermaid = plan("mermaid");
    let label = Regex::new("\"(?:[^\"\\n<>`#;]|#\\d+;|<br/>)*\"").expect("a pattern");
    let left = label.replace_all(&mermaid, "S");
    let line = Regex::new(
        r"^(flowchart TD|\s+(subgraph g\d+\[S\]|n\d+\[S\]|e\d+\[S\]|end|n\d+ -\.->\|S\| n\d+|class.*|linkStyle.*))$",
    );
    let line = line.expect("a pattern");
    for each in left.lines() {
        assert!(line.is_match(each), "{each}");
    }

    let text = plan("text");
    assert!(text.lines().all(|line| width(line) <= 80), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']));
}

#[test]
fn examples_fit_a_terminal_and_their_columns_align() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let project = Project::empty();
    let plans = std::fs::read_dir(folder).expect("the folder is there").filter_map(Result::ok);
    let is_plan = |path: &Path| {
        let name = path.to_string_lossy();
        path.extension().is_some_and(|e| e == "goal") && !name.ends_with(".test.goal")
    };
    for path in plans.map(|entry| entry.path()).filter(|path| is_plan(path)) {
        let path = path.to_string_lossy();
        let text = draw(&project, &[&path]).exits(0).out();
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        assert_is_xml(&draw(&project, &[&path, "--format", "svg"]).exits(0).out());
    }
    let plan = "goal 請求 {\n  step 作成 \"作る\" { run \"true\" }\n  step b \"B\" { depends 作成; run \"true\" }\n}\n";
    let text = drawn(&Project::new(plan), "text");
    assert!(text.contains("●  作成  作る\n●  b     B\n"), "{text}");
}

#[test]
fn goals_that_hold_each_other_are_no_plan() {
    let project = kinds();
    let mut plan = project.call(&["compile", "plan.goal"]).exits(0).json();
    plan["goals"]["inner"]["parent"] = json!("inner");
    project.write("plan.json", plan.to_string());
    let done = draw(&project, &["plan.json"]).exits(2);
    assert!(done.err.contains("`inner` is not in the root goal"), "{}", done.err);
}

/// Left, top, right, bottom of the rectangles of a class.
fn boxes(svg: &str, class: &str) -> Vec<[f64; 4]> {
    let side = r#"="([\d.]+)""#;
    let rect = Regex::new(&format!(
        r#"<rect class="{class}(?: critical)?" x{side} y{side} width{side} height{side}"#
    ));
    let found = rect.expect("a pattern");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let all = found.captures_iter(svg).map(|c| [1, 2, 3, 4].map(|at| number(&c[at])));
    all.map(|[x, y, width, height]| [x, y, x + width, y + height]).collect()
}

#[test]
fn boxes_never_overlap_and_goals_hold_theirs() {
    let mut plan = "goal g {\n".to_owned();
    for goal in 0..6 {
        plan += &format!("  goal g{goal} {{\n");
        for step in 0..7 {
            let inner = if step > 1 { format!("depends s{}; ", step / 2) } else { String::new() };
            let outer = (goal > 0 && step % 3 == 0)
                .then(|| format!("after g{}.s{}; ", (goal * 7 + step) % goal, (step * 5) % 7));
            let outer = outer.unwrap_or_default();
            plan += &format!("    step s{step} {{ {inner}{outer}run \"true\" }}\n");
        }
        plan += "  }\n";
    }
    let svg = drawn(&Project::new(&(plan + "}\n")), "svg");
    let (goals, steps) = (boxes(&svg, "goal"), boxes(&svg, "step"));
    assert_eq!((goals.len(), steps.len()), (6, 42));
    let apart =
        |a: &[f64; 4], b: &[f64; 4]| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
    let within =
        |a: &[f64; 4], b: &[f64; 4]| a[0] > b[0] && a[1] > b[1] && a[2] < b[2] && a[3] < b[3];
    for all in [&goals, &steps] {
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| apart(one, other)), "{svg}");
        }
    }
    for (at, step) in steps.iter().enumerate() {
        assert!(goals.iter().any(|goal| within(step, goal)), "{at}: {svg}");
    }
}

/// Goals that lead into each other's insides: their steps cannot stand together.
#[test]
fn goals_that_weave_are_drawn_without_upward_edges() {
    let project = Project::new(
        r#"
goal weave {
  goal a { step one { run "true" } step three { depends b.two; run "true" } }
  goal b { step two { depends a.one; run "true" } step four { depends a.three; run "true" } }
}
"#
        .replace("} step", "}\n  step")
        .as_str(),
    );
    let text = drawn(&project, "text");
    assert!(text.contains("●  a.one\n●  b.two\n●  a.three\n●  b.four\n"), "{text}");
    assert_is_xml(&drawn(&project, "svg"));
}

#[test]
fn five_thousand_steps_are_drawn_quickly() {
    use std::fmt::Write as _;
    let mut plan = "goal big {\n  step s0 { run \"true\" }\n".to_owned();
    for at in 1..5000 {
        let (near, far) = (at - 1, at / 2);
        let _ = writeln!(plan, "  step s{at} {{ depends s{near}; after s{far}; run \"true\" }}");
    }
    let project = Project::new(&(plan + "}\n"));
    for format in FORMATS {
        let done = draw(&project, &["plan.goal", "--format", format]).exits(0);
        assert!(done.took < Duration::from_secs(20), "{format} took {:?}", done.took);
    }
}

#[test]
fn it_is_written_where_it_is_wanted() {
    let project = kinds();
    let done = draw(&project, &["--format", "svg", "-o", "plan.svg"]).exits(0);
    assert!(done.out.is_empty() && project.read("plan.svg").starts_with("<svg "));
    let done = draw(&project, &["--format", "json", "-o", "nowhere/plan.json"]).exits(4);
    assert!(done.json()["diagnostics"][0]["message"].as_str().is_some());
}

#[test]
fn a_plan_is_listed_with_what_each_thing_is() {
    let project = Project::new(
        r#"
# All of it.
goal shop {
  param version: string "To ship"
  param token: secret = "hunter2-hunter2"
  # Builds it.
  # In two lines.
  step build { run "true" }
  goal 公開 "公開する" { step push "Push it" { run "true" } }
}
"#,
    );
    let text = project.call(&["list"]).exits(0).out();
    let wanted = "\
shop  All of it.

Params:
  version  To ship (string, must be given)
  token    (secret, default ***)

Goals:
  公開  公開する

Steps:
  build      Builds it.
  公開.push  Push it
";
    assert_eq!(text, wanted);
    let list = project.call(&["list", "--format", "json"]).exits(0).json();
    assert_eq!(list["goal"], "shop");
    assert_eq!(
        list["params"][0],
        json!({"name": "version", "type": "string", "default": null,
        "help": "To ship"})
    );
    assert_eq!(
        list["steps"][0],
        json!({"id": "build", "title": null,
        "doc": "Builds it.\nIn two lines."})
    );
    assert!(!list.to_string().contains("hunter2"));
}

#[test]
fn of_several_plans_the_titles_are_listed() {
    let project = Project::new("goal g \"The first\" {\n  step a { run \"true\" }\n}\n");
    project.write("other.goal", "goal o {\n  step a { depends b; run \"true\" }\n}\n");
    let text = project.call(&["list"]).exits(0).out();
    assert_eq!(text, "other.goal  has an error: see `goalc check`\nplan.goal   The first\n");
    let list = project.call(&["list", "--format", "json"]).exits(0).json();
    assert_eq!(list["goal"], Value::Null);
    assert_eq!(list["plans"][0]["errors"], 1);
    assert_eq!(
        list["plans"][1],
        json!({"file": "plan.goal", "goal": "g", "title": "The first",
        "doc": null, "errors": 0})
    );
}

#[test]
fn the_json_has_what_its_schema_requires() {
    let project = kinds();
    for name in ["graph", "list"] {
        let schema = project.call(&["schema", name]).exits(0).json();
        let value = project.call(&[name, "--format", "json"]).exits(0).json();
        let required = schema["required"].as_array().expect("required fields");
        assert!(!required.is_empty());
        for field in required {
            assert!(value.get(field.as_str().expect("a name")).is_some(), "{name}: {field}");
        }
    }
}
