//! `goalc run`, where a plan of the corpus does not suffice: params from everywhere, mounts, formats
//! of the output, secrets on disk, who may use the state.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Outcome, Project, contains, eventually, files_below};

const PARAMS: &str = r#"
goal params {
  param name: string matches "[a-z]+"
  param count: int in 1..9 = 3
  param list: [string] = ["x"]
  param wait: duration = 1s
  param mode: "fast" | "slow" = "fast"
  step a {
    run "printf '%s\n' \"${name} ${count} ${list} ${wait} ${mode}\" > given.txt; touch ran"
  }
}
"#;

fn given(project: &Project) -> String {
    project.read("given.txt").trim_end().to_owned()
}

#[test]
fn a_param_is_taken_from_the_command_line_then_file_environment_and_default() {
    let project = Project::new(PARAMS);
    project.write("p.toml", "name = \"file\"\ncount = 5\nlist = [\"f\"]\n");
    let run = |arguments: &[&str]| {
        let fixed = ["run", "plan.goal", "--format", "json"];
        let mut command = project.command(&[&fixed, arguments].concat());
        command.env("GOAL_PARAM_NAME", "environment").env("GOAL_PARAM_COUNT", "7");
        command.env("GOAL_PARAM_WAIT", "2m");
        project.spawn(command).end().exits(0);
        given(&project)
    };
    assert_eq!(run(&[]), r#"environment 7 ["x"] 120 fast"#);
    assert_eq!(run(&["--params", "p.toml"]), r#"file 5 ["f"] 120 fast"#);
    let all = ["--params", "p.toml", "-p", "name=line", "--param", "mode=slow", "-p", "wait=90"];
    assert_eq!(run(&all), r#"line 5 ["f"] 90 slow"#);
}

#[test]
fn a_list_is_given_as_json_or_item_by_item() {
    let project = Project::new(PARAMS);
    project.run(&["-p", "name=a", "-p", r#"list=["a b","c"]"#]).exits(0);
    assert_eq!(given(&project), r#"a 3 ["a b","c"] 1 fast"#);
    project.run(&["-p", "name=a", "-p", "list=a b", "-p", "list=c,d"]).exits(0);
    assert_eq!(given(&project), r#"a 3 ["a b","c,d"] 1 fast"#);
}

#[test]
fn all_that_is_wrong_with_params_is_told_at_once_and_nothing_runs() {
    let project = Project::new(PARAMS);
    let wrong = ["-p", "count=12", "-p", "mode=swift", "-p", "wait=soon", "-p", "nmae=x"];
    let outcome = project.run(&wrong).exits(2);
    let found = outcome.json["diagnostics"].as_array().expect("a list").clone();
    let text: String = found.iter().map(|each| each["message"].to_string()).collect();
    for part in ["name", "count", "mode", "wait", "nmae"] {
        assert!(text.contains(part), "nothing about {part}: {text}");
    }
    assert!(!project.has("ran") && !project.state().join("runs").exists());
    project.write("p.toml", "name = 3\nextra = 1\n");
    let text = project.run(&["--params", "p.toml"]).exits(2).json.to_string();
    assert!(text.contains("extra"), "{text}");
}

#[test]
fn matches_is_against_the_whole_value() {
    let project = Project::new(PARAMS);
    project.run(&["-p", "name=abc1"]).exits(2);
    project.run(&["-p", "name="]).exits(2);
    project.run(&["-p", "name=abc"]).exits(0);
}

#[test]
fn a_param_of_an_inline_goal_is_given_by_its_path() {
    let project = Project::new(
        "goal g { goal inner { param x: string\n step a { run \"echo ${x} > x.txt\" } } }",
    );
    project.run(&["-p", "inner.x=deep"]).exits(0);
    assert_eq!(project.read("x.txt"), "deep\n");
    project.run(&[]).exits(2);
}

#[test]
fn a_mounted_file_sees_its_params_and_runs_in_its_own_folder() {
    let project = Project::new(
        r#"
goal fleet {
  param version: string
  goal east from "./parts/region.goal" { name = "east"; version = "v${version}" }
  goal west from "./parts/region.goal" { depends east; name = "west"; version = version }
  step tell { depends west; run "echo ${east.deploy.url} ${west.deploy.url} > told.txt" }
}
"#,
    );
    project.write(
        "parts/region.goal",
        r#"
goal region {
  param name: string
  param version: string
  step deploy {
    run "echo ${name}-${version} >> here.txt; echo url=${name}.example/${version} >> $GOAL_OUTPUT"
    output url: string
  }
}
"#,
    );
    let outcome = project.run(&["-p", "version=2"]).exits(0);
    let outcome = outcome.stands("east.deploy succeeded, west.deploy succeeded, tell succeeded");
    assert_eq!(outcome.step("east.deploy")["outputs"], json!({"url": "east.example/v2"}));
    assert_eq!(project.read("parts/here.txt"), "east-v2\nwest-2\n");
    assert_eq!(project.read("told.txt"), "east.example/v2 west.example/2\n");
}

#[test]
fn a_mounted_file_sees_no_other_value_of_the_plan() {
    let project = Project::new(
        r#"
goal g {
  let hidden = "outside"
  goal part from "./part.goal"
  step a { run "echo ${hidden}" }
}
"#,
    );
    project.write("part.goal", "goal part { step a { run \"echo ${hidden:-unset} > seen.txt\" } }");
    project.run(&[]).exits(0);
    assert_eq!(project.read("seen.txt"), "unset\n");
}

#[test]
fn json_is_the_only_thing_on_standard_output() {
    let project = Project::new("goal g { step a { run \"echo loud; echo louder >&2\" } }");
    let outcome = project.run(&[]).exits(0);
    for field in ["run", "goal", "status", "exit", "started", "ended", "steps"] {
        assert!(!outcome.json[field].is_null(), "{field}");
    }
    let step = outcome.step("a");
    for (field, wanted) in [
        ("status", json!("succeeded")),
        ("attempts", json!(1)),
        ("via", Value::Null),
        ("outputs", json!({})),
        ("reason", Value::Null),
        ("tolerated", json!(false)),
        ("notes", json!([])),
        ("instances", json!([])),
    ] {
        assert_eq!(step[field], wanted, "{field}");
    }
    let time = regex::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$").expect("a pattern");
    for at in [&outcome.json["started"], &outcome.json["ended"], &step["started"], &step["ended"]] {
        assert!(at.as_str().is_some_and(|at| time.is_match(at)), "{at}");
    }
}

#[test]
fn jsonl_is_one_event_a_line_from_start_to_end() {
    let project = Project::new("goal g { step a { run \"echo loud\" } }");
    let done = project.call(&["run", "plan.goal", "--format", "jsonl"]).exits(0);
    let events: Vec<Value> =
        done.out().lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    assert_eq!(events[0]["event"], "run-started");
    assert_eq!(events.last().expect("events")["event"], "run-ended");
    let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_u64().expect("seq")).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_plan_with_errors_is_told_as_json_and_runs_nothing() {
    let project = Project::new("goal g { step a { run \"touch ran\"; timout 3s } }");
    let outcome = project.run(&[]).exits(2);
    assert_eq!(outcome.json["diagnostics"][0]["code"], "E0102");
    assert!(!project.has("ran"));
    let outcome = Outcome::of(project.call(&["run", "nowhere.goal", "--format", "json"])).exits(2);
    assert!(outcome.json["diagnostics"].is_array(), "{}", outcome.json);
}

#[test]
fn a_refusal_is_json_too_where_json_is_asked_for() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    let calls: [&[&str]; 5] = [
        &["run", "plan.goal", "--frobnicate", "--format", "json"],
        &["run", "plan.goal", "--only", "b", "--format=jsonl"],
        &["run", "plan.goal", "-p", "nobody=1", "--format", "json"],
        &["show", "x", "--format", "json"],
        &["resume", "x", "--format", "json"],
    ];
    for call in calls {
        let json = project.call(call).exits(2).json();
        assert!(json["diagnostics"][0]["message"].is_string(), "{call:?}: {json}");
    }
}

#[test]
fn a_pipe_or_device_is_no_plan() {
    let project = Project::empty();
    let made = std::process::Command::new("mkfifo").arg(project.path("pipe.goal")).status();
    assert!(made.expect("a pipe is made").success());
    for file in ["pipe.goal", "/dev/zero", "."] {
        project.call(&["check", file]).exits(2);
        project.call(&["run", file]).exits(2);
    }
    project.write("plan.goal", "goal g {\n  goal x from \"./pipe.goal\"\n}\n");
    assert_eq!(project.check("plan.goal")[0]["code"], "E0601");
}

#[test]
fn what_is_tolerated_keeps_only_its_own_items_from_going_on() {
    let project = Project::new(
        r#"
goal g {
  step a { foreach x in ["1", "2", "3"] tolerate 1; run "test $1 != 2" }
  step b { foreach y in a; run "echo $1 >> went" }
  step c { foreach z in b; run "echo $1 >> went-on" }
  step d { depends c; run "true" }
}
"#,
    );
    let outcome = project.run(&[]).exits(0);
    let outcome = outcome.stands("a succeeded, b succeeded, c succeeded, d succeeded");
    let mut went = project.lines("went-on");
    went.sort();
    assert_eq!(went, ["1", "3"]);
    let why = "1 of 3 instances did not run, as those that they come from failed: tolerated";
    assert_eq!((outcome.reason("b"), outcome.reason("c")), (why, why));
}

#[test]
fn a_pipeline_by_item_that_never_began_is_blocked_by_what_failed_before_it() {
    let project = Project::new(
        r#"
goal g {
  step a { foreach i in [1, 2, 3] parallel 1; run "test $i != 1" }
  step b { foreach x in a; run "echo ${x.item} >> began" }
  step c { depends b; run "true" }
}
"#,
    );
    let outcome = project.run(&[]).exits(1).stands("a failed, b blocked, c blocked");
    assert_eq!(outcome.reason("b"), "instances that it takes its items from failed");
    assert!(!project.has("began"));
}

#[test]
fn a_pipeline_by_item_tells_of_its_own_tolerated_failures_too() {
    let project = Project::new(
        r#"
goal g {
  step fetch { foreach f in ["1", "2", "3", "4"] tolerate 1; run "test $1 != 2" }
  step parse { foreach x in fetch tolerate 1; run "test $1 != 3" }
}
"#,
    );
    let outcome = project.run(&[]).exits(0).stands("fetch succeeded, parse succeeded");
    let why =
        "1 of 4 instances failed, 1 did not run, as those that they come from failed: tolerated";
    assert_eq!(outcome.reason("parse"), why);
    for told in ["show", "report"] {
        let told = project.call(&[told]).exits(0).out();
        assert!(told.contains("1 of 4 instances failed"), "{told}");
    }
}

#[test]
fn a_foreach_step_shows_its_instances() {
    let project = Project::new(
        r#"
goal g {
  step each {
    foreach item in ["a", "b", "c"] tolerate 1
    run "test ${item} != b; echo name=${item}! >> $GOAL_OUTPUT"
    output name: string
  }
}
"#,
    );
    let outcome = project.run(&[]).exits(0);
    let instances = outcome.step("each")["instances"].as_array().expect("a list").clone();
    let found: Vec<_> = instances.iter().map(|each| (&each["item"], &each["status"])).collect();
    let wanted = [(json!("a"), "succeeded"), (json!("b"), "failed"), (json!("c"), "succeeded")];
    assert_eq!(found.len(), 3);
    for ((item, status), (wanted_item, wanted_status)) in found.into_iter().zip(wanted) {
        assert_eq!((item, status.as_str()), (&wanted_item, Some(wanted_status)));
    }
    assert_eq!(instances[0]["outputs"], json!({"name": "a!"}));
    assert_eq!(instances[2]["attempts"], 1);
}

#[test]
fn two_steps_run_at_once_where_slots_allow() {
    // Each waits for the other; with one slot they never end.
    let project = Project::new(
        r#"
goal g {
  step a { run "touch a; sh hold b" }
  step b { run "touch b; sh hold a" }
}
"#,
    );
    project.run(&["-j", "2"]).exits(0).stands("a succeeded, b succeeded");
}

const SECRET: &str = "tr0ub4dor-and-3";

#[test]
fn a_secret_is_in_no_file_and_no_output() {
    let project = Project::new(
        r#"
# Never write tr0ub4dor-and-3 here.
goal g {
  param token: secret = env("MY_TOKEN")
  step say {
    env { TOKEN = token }
    run "echo \"$TOKEN\"; echo \"$TOKEN\" >&2; printf '%s' \"$TOKEN\" | base64; printf '%s' \"$TOKEN\" | wc -c > n"
  }
  step fail { env { TOKEN = token }; after say; run "echo \"$TOKEN\" > \"file $TOKEN\" ; rm file*; cat \"no $TOKEN\"" }
  step probe { after say; run "true"; verify { file "no ${token}" } }
}
"#,
    );
    let mut text = String::new();
    for format in ["json", "jsonl", "text"] {
        let mut command = project.command(&["run", "plan.goal", "-k", "--format", format]);
        command.env("MY_TOKEN", SECRET);
        let done = project.spawn(command).end().exits(1);
        text += &done.text();
        text += &project.call(&["show"]).text();
        text += &project.call(&["show", "--format", "json"]).text();
        text += &project.call(&["logs"]).text();
    }
    assert_eq!(project.read("n").trim(), "15");
    assert!(text.contains("***"));
    let plan = project.path("plan.goal");
    for form in [SECRET, "dHIwdWI0ZG9yLWFuZC0z"] {
        assert!(!text.contains(form), "{text}");
        for (path, content) in files_below(&project.state()) {
            assert!(path == plan || !contains(&content, form.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn an_output_that_holds_a_secret_reaches_nobody_as_another_value() {
    let project = Project::new(
        r#"
goal g {
  param token: secret = env("MY_TOKEN")
  on failure continue
  step shows { env { T = token }; run "echo url=https://$T@host >> $GOAL_OUTPUT"; output url: string }
  step fetch { depends shows; run "test ${shows.url} = https://tr0ub4dor-and-3@host" }
  step keeps { env { T = token }; run "echo key=pre-$T >> $GOAL_OUTPUT"; output key: secret }
  step uses { depends keeps; run "test ${keeps.key} = pre-tr0ub4dor-and-3" }
  step made { run "echo key=$(printf 'mad%s' e-in-the-step) >> $GOAL_OUTPUT"; output key: secret }
  step says { depends made; run "echo it is ${made.key}" }
  step list { env { T = token }; run "printf 'all=[\"a\", \"%s\"]\\n' \"$T\" >> $GOAL_OUTPUT"; output all: [string] }
  step asks { confirm "Go on?"; run "true" }
  step later { depends asks, keeps; run "echo ${keeps.key} >> later" }
  step each { depends asks, list; foreach x in list.all; run "echo $1 >> later" }
}
"#,
    );
    let with = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("MY_TOKEN", SECRET);
        project.spawn(command)
    };
    let outcome = with(&["run", "plan.goal", "--format", "json"]).outcome().exits(3);
    let outcome = outcome.stands("shows succeeded, fetch succeeded, uses succeeded");
    assert_eq!(outcome.step("shows")["outputs"]["url"], "***");
    assert_eq!(project.call(&["logs", "says"]).exits(0).out(), "==> says, attempt 1\nit is ***\n");
    project.call(&["approve", "asks"]).exits(0);
    let outcome = with(&["resume", "--format", "json"]).outcome().exits(1);
    let outcome = outcome.stands("later failed, each failed");
    assert!(outcome.reason("later").contains("known only to the process"), "{}", outcome.json);
    assert!(!project.has("later"));
}

#[test]
fn a_secret_that_is_split_between_writes_is_hidden() {
    let project = Project::new(
        r#"
goal g {
  param token: secret
  step a { env { TOKEN = token }; run "printf 'x%s' tr0ub4d; sh hold go; printf '%s\n' or-and-3" }
}
"#,
    );
    let live = project.start(&["-p", &format!("token={SECRET}")]);
    project.await_status("a", "running");
    project.write("go", "");
    let outcome = live.outcome().exits(0);
    let text = outcome.done.text() + &project.call(&["logs"]).text();
    assert!(!text.contains("or-and-3") && text.contains("x***"), "{text}");
}

#[test]
fn what_probes_and_cleanups_write_is_in_no_steps_log() {
    let project = Project::new(
        r#"
goal g {
  step a { run "echo from-a" }
  step c { depends a; run "true" }
  step b { depends c; unless { run "echo from-a-probe; exit 1" }; run "echo from-b" }
  cleanup { run "echo from-cleanup" }
}
"#,
    );
    project.run(&[]).exits(0);
    let logs = project.call(&["logs"]).exits(0).out();
    assert!(logs.contains("from-a\n") && logs.contains("from-b\n"), "{logs}");
    assert!(!logs.contains("from-a-probe"), "{logs}");
    assert!(logs.ends_with("==> cleanup\nfrom-cleanup\n"), "{logs}");
    assert_eq!(project.call(&["logs", "cleanup"]).exits(0).out(), "==> cleanup\nfrom-cleanup\n");
}

#[test]
fn logs_are_by_step() {
    let project = Project::new(
        "goal g { step a { run \"echo from-a; echo more >&2\" }; step b { run \"echo from-b\" } }",
    );
    let run = project.run(&[]).exits(0).json["run"].as_str().expect("a run").to_owned();
    let all = project.call(&["logs"]).exits(0).out();
    assert!(all.contains("from-a") && all.contains("more") && all.contains("from-b"), "{all}");
    let one = project.call(&["logs", &run, "a"]).exits(0).out();
    assert!(one.contains("from-a") && !one.contains("from-b"), "{one}");
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.run(&[]).exits(0);
    for command in [&["runs"][..], &["show"], &["report"], &["logs"], &["check", "plan.goal"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let ended = project.command(command).stdout(full).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        let wanted = if command == ["logs"] || command[0] == "check" { 0 } else { 4 };
        assert_eq!(ended.status.code(), Some(wanted), "{command:?}: {said}");
        assert_eq!(said.contains("could not be written"), wanted == 4, "{command:?}: {said}");
    }
}

#[test]
fn a_goal_whose_inner_cleanup_failed_is_no_success() {
    let inner = r#"goal g { goal s { step a { run "true" }; cleanup { run "exit 5" } } }"#;
    let project = Project::new(inner);
    let outcome = project.run(&[]).exits(1).stands("s.a succeeded");
    assert_eq!(outcome.json["status"], "achieved");
    let reason = outcome.json["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("cleanup of `s`: "), "{reason}");
    assert!(project.call(&["show"]).exits(0).out().contains("cleanup of `s`"));
    project.call(&["resume"]).exits(1);
}

#[test]
fn a_run_whose_cleanup_failed_is_no_success_when_it_is_resumed_either() {
    let project = Project::new(r#"goal g { step a { run "true" }; cleanup { run "exit 5" } }"#);
    project.run(&[]).exits(1);
    let done = project.call(&["resume"]).exits(1);
    assert!(done.err.contains("not all is cleaned up: cleanup: "), "{}", done.err);
    // That runs it again, and it fails again.
    let done = project.call(&["resume", "--retry-failed"]).exits(1);
    assert!(done.err.contains("the goal is achieved, but cleanup: "), "{}", done.err);
}

#[test]
fn runs_are_listed_newest_first() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    assert_eq!(project.call(&["runs", "--format", "json"]).exits(0).json(), json!({"runs": []}));
    let first = project.run(&[]).json["run"].clone();
    project.write("plan.goal", "goal g { step a { run \"false\" } }");
    let second = project.run(&[]).exits(1).json["run"].clone();
    let listed = project.call(&["runs", "--format", "json"]).exits(0).json();
    let statuses: Vec<_> = listed["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| (run["run"].clone(), run["status"].as_str().expect("a status").to_owned()))
        .collect();
    assert_eq!(statuses, [(second, "failed".to_owned()), (first, "achieved".to_owned())]);
}

#[test]
fn state_is_private_whatever_the_umask() {
    let project =
        Project::new("goal g { step a { run \"echo x\"; output n: string from stdout } }");
    // The shell sets the umask, and becomes goalc.
    let mut command = std::process::Command::new("sh");
    let script = "umask 000; exec \"$0\" run plan.goal";
    command.args(["-c", script, env!("CARGO_BIN_EXE_goalc")]);
    command.current_dir(project.path("")).env("GOALC_STATE_DIR", project.state());
    project.spawn(command).end().exits(0);
    let mut folders = vec![project.state()];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_state_folder_that_is_a_link_or_open_to_others_is_refused() {
    let project = Project::new("goal g { step a { run \"touch ran\" } }");
    fs::create_dir(project.path("elsewhere")).expect("a folder");
    std::os::unix::fs::symlink(project.path("elsewhere"), project.state()).expect("a link");
    let done = project.call(&["run", "plan.goal"]).exits(4);
    assert!(done.err.contains("link"), "{}", done.err);
    fs::remove_file(project.state()).expect("the link goes");
    fs::create_dir(project.state()).expect("a folder");
    fs::set_permissions(project.state(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    project.call(&["run", "plan.goal"]).exits(4);
    assert!(!project.has("ran"));
}

#[test]
fn state_lives_beside_the_settings_or_the_plan() {
    let project = Project::empty();
    project.write("deep/plan.goal", "goal g { step a { run \"pwd > where\" } }");
    let run = || {
        let mut command = project.command(&["run", "deep/plan.goal"]);
        command.env_remove("GOALC_STATE_DIR");
        project.spawn(command).end().exits(0);
    };
    run();
    assert!(project.has("deep/.goal") && !project.has(".goal"));
    assert_eq!(project.read("deep/.goal/.gitignore"), "*\n");
    assert!(project.read("deep/where").trim_end().ends_with("/deep"));
    project.write("goal.toml", "");
    run();
    assert!(project.has(".goal"));
}

#[test]
fn settings_give_environment_jobs_and_shell() {
    let project = Project::new("goal g { step a { run \"echo $FROM_FILE $BOTH $0 > said.txt\" } }");
    let settings = "[env]\nfiles = [\".env\"]\n[defaults]\njobs = 3\nshell = [\"bash\", \"-c\"]\n";
    project.write("goal.toml", settings);
    project.write(".env", "FROM_FILE='$(touch pwned)'\nBOTH=file\n");
    let mut command = project.command(&["run", "plan.goal"]);
    command.env("BOTH", "caller");
    project.spawn(command).end().exits(0);
    assert_eq!(project.read("said.txt"), "$(touch pwned) caller bash\n");
    assert!(!project.has("pwned"));
    let done = project.call(&["run", "plan.goal", "--dry-run", "--format", "json"]).exits(0);
    assert_eq!(done.json()["jobs"], 3);
}

#[test]
fn names_of_steps_make_no_paths() {
    let long = "x".repeat(200);
    let project = Project::new(&format!("goal g {{ step {long} {{ run \"echo hi\" }} }}"));
    project.run(&[]).exits(0).stands(&format!("{long} succeeded"));
    for name in ["../../escape", "a/b", "..", ""] {
        project.call(&["run", "plan.goal", "--only", name]).exits(2);
    }
    project.call(&["logs", "../../escape"]).exits(2);
}

#[test]
fn an_unknown_step_on_the_command_line_gets_a_suggestion() {
    let project = Project::new("goal g { step build { run \"touch ran\" } }");
    for flag in ["--only", "--skip", "--from"] {
        let done = project.call(&["run", "plan.goal", flag, "biuld"]).exits(2);
        assert!(done.err.contains("build"), "{flag}: {}", done.err);
    }
    assert!(!project.has("ran"));
}

#[test]
fn from_a_step_does_not_begin_where_what_comes_before_it_is_needed() {
    let project = Project::new(
        r#"
goal g {
  let tag = "v${build.version}"
  step build { run "echo version=1 >> $GOAL_OUTPUT"; output version: string }
  step test { depends build; run "touch ran" }
  step ship { depends test; run "echo ${tag}" }
  step perhaps { depends test; when build.version == "2"; run "echo ${build.version}" }
}
"#,
    );
    for more in [&[][..], &["--dry-run"]] {
        let arguments = [&["run", "plan.goal", "--from", "test"], more].concat();
        let done = project.call(&arguments).exits(2);
        assert!(done.err.contains("`ship` needs `tag`"), "{}", done.err);
        assert!(done.err.contains("--skip ship"), "{}", done.err);
    }
    assert!(!project.has("ran"));
    project.run(&["--from", "test", "--skip", "ship,perhaps"]).exits(0).stands("test succeeded");
}

#[test]
fn a_goal_of_which_nothing_runs_is_asked_nothing() {
    let project = Project::new(
        r#"
goal g {
  step a { run "true" }
  goal s {
    depends a
    confirm "Go on?"
    requires { env "NEVER_SET" }
    step d { run "touch ran" }
    verify { run "touch ran; false" }
    cleanup { run "touch ran" }
  }
  step f { depends s; run "true" }
  step h { run "true" }
}
"#,
    );
    project.run(&["--only", "a"]).exits(0).stands("a succeeded, s.d not-run, f not-run");
    let outcome = project.run(&["--from", "f"]).exits(0).stands("s.d not-run, f succeeded");
    assert_eq!(outcome.reason("s.d"), "left out of this run");
    let outcome = project.run(&["--skip", "s"]).exits(0);
    outcome.stands("a succeeded, s.d skipped, f skipped, h succeeded");
    // As if the `when` of its step were false: the goal itself goes on.
    assert!(!project.has("ran"));
    assert!(!project.has("ran"));
    project.run(&[]).exits(2);
}

#[test]
fn a_plan_that_can_be_executed_runs_itself() {
    let project =
        Project::new("#!/usr/bin/env -S goalc run\ngoal g { step a { run \"touch ran\" } }");
    project.run(&[]).exits(0);
    assert!(project.has("ran"));
}

#[test]
fn huge_output_is_cut_as_the_plan_says() {
    let project = Project::new(
        r#"
goal g {
  step loud { run "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the end"; limits { output 20KiB } }
}
"#,
    );
    project.run(&[]).exits(0);
    let logs: usize = files_below(&project.state().join("runs"))
        .iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/logs/"))
        .map(|(_, content)| content.len())
        .sum();
    assert!((10_000..40_000).contains(&logs), "{logs} bytes are kept");
}

#[test]
fn attempts_leave_no_process_behind() {
    let project = Project::new(
        r#"
goal g {
  step tree {
    run "sh -c 'echo $$ > child; exec sleep 100' & sh hold child; trap '' TERM; while :; do sleep 1; done"
    timeout 300ms
    grace 100ms
  }
}
"#,
    );
    project.run(&[]).exits(1);
    let child = project.read("child");
    eventually("the end of the child", || !crate::support::is_alive(&child));
}

#[test]
fn a_step_that_leaves_its_session_is_found() {
    let project = Project::new(
        r#"
goal g {
  step tree {
    run "(sh -c 'trap \"\" HUP TERM; echo $$ > child; while :; do sleep 1; done' > /dev/null 2>&1 &) ; sh hold never"
    timeout 400ms
    grace 100ms
  }
}
"#,
    );
    project.run(&[]).exits(1);
    let child = project.read("child");
    assert!(!child.is_empty());
    eventually("the end of the grandchild", || !crate::support::is_alive(&child));
}

#[test]
fn what_attempts_leave_behind_is_told() {
    let project = Project::new(
        r#"
goal g {
  step a { run "sleep 100 > /dev/null 2>&1 & echo $! > child" }
}
"#,
    );
    let outcome = project.run(&[]).exits(0);
    let notes = outcome.step("a")["notes"].to_string();
    assert!(notes.contains("it left a background process, which was ended"), "{notes}");
    assert!(!crate::support::is_alive(&project.read("child")));
}

#[test]
fn what_a_steps_whole_tree_used_is_measured_and_kept() {
    let project = Project::new(
        r#"
goal g {
  step busy {
    run """
      # The child of a child, which its parent does not wait for.
      sh -c 'sh -c "i=0; while [ \\$i -lt 60000 ]; do i=\\$((i+1)); done; head -c 3000000 /dev/zero > filler; echo x > done" &'
      until test -e done; do sleep 0.02; done
    """
  }
  step large { run "head -c 60000000 /dev/zero | tail -c 60000000 > /dev/null" }
  step manual { manual "nothing to measure" }
}
"#,
    );
    project.run(&[]).exits(3);
    let shown = project.show();
    let used = |step: &str, what: &str| shown.step(step)["usage"][what].as_f64().unwrap_or(-1.0);
    assert!(used("busy", "cpu") > 0.01, "{}", shown.json);
    assert!(used("busy", "written") >= 3_000_000.0, "{}", shown.json);
    assert!(used("large", "peak_memory") >= 50_000_000.0, "{}", shown.json);
    assert!(used("large", "read") >= 60_000_000.0, "{}", shown.json);
    assert!(shown.step("manual")["usage"].is_null(), "{}", shown.json);
}

#[test]
fn goalcs_own_settings_do_not_reach_steps() {
    let project = Project::new("goal g { step a { run \"env | grep -c '^GOALC_' > n || true\" } }");
    project.run(&[]).exits(0);
    let internal = project.read("n");
    assert!(["0", "1"].contains(&internal.trim()), "only the mark of the step: {internal}");
}

#[test]
fn a_lock_of_the_machine_keeps_two_runs_apart() {
    keeps_two_runs_apart("waits for the machine's lock `goalc-test", |name, script| {
        format!("goal g {{\n  step a {{ run \"{script}\"; lock machine {name} }}\n}}")
    });
}

#[test]
fn a_goals_lock_of_the_machine_keeps_two_runs_apart_until_all_in_it_has_ended() {
    keeps_two_runs_apart("pending", |name, script| {
        let step = format!("step a {{ run \"{script}\"; lock machine {name} }}");
        format!("goal g {{\n  goal inner {{\n    lock machine {name}\n    {step}\n  }}\n}}")
    });
}

fn keeps_two_runs_apart(waits: &str, plan: impl Fn(&str, &str) -> String) {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("goalc-test-{}-{next}", std::process::id());
    let script = "mkdir inside; echo x >> entered; sh hold go; rmdir inside";
    let project = Project::new(&plan(&name, script));
    let first = project.start(&[]);
    project.await_file("entered");
    let second = project.start(&[]);
    eventually("the second run", || {
        project.call(&["runs", "--format", "json"]).json()["runs"].as_array().map_or(0, Vec::len)
            == 2
    });
    eventually("what it waits for", || {
        let shown = project.call(&["show"]).out();
        shown.contains(waits) && !shown.contains("ready")
    });
    project.write("go", "");
    first.end().exits(0);
    second.end().exits(0);
    assert_eq!(project.lines("entered").len(), 2);
}

#[test]
fn no_order_of_locks_blocks_a_run() {
    let project = Project::new(
        r#"
goal g {
  goal a {
    lock x
    step s { run "true" }
    step t { depends s; lock y; run "true" }
    step u { depends t; lock x; run "true" }
  }
  goal b {
    lock y
    step s { run "true" }
    step t { depends s; lock x; run "true" }
  }
}
"#,
    );
    project.run(&[]).exits(0).stands("a.u succeeded").stands("b.t succeeded");
}

#[test]
fn what_a_service_keeps_from_its_user_fails_the_user() {
    let project = Project::new(
        r#"
goal g {
  step server { run "sh hold never"; service; lock port }
  step client { depends server; lock port; run "true" }
}
"#,
    );
    let outcome = project.run(&[]).exits(1).stands("client failed");
    let reason = outcome.step("client")["reason"].to_string();
    assert!(reason.contains("a service keeps `port`"), "{reason}");
}

#[test]
fn an_await_gives_what_the_files_hold_that_it_waited_for() {
    let project = Project::new(
        "goal g {\n\
           step write { run \"echo 41 > number\" }\n\
           step wait { await { file \"number\" nonempty } every 20ms; output n: int from file \"number\" }\n\
           step use { depends wait; run [\"test\", \"${wait.n}\", \"=\", \"41\"] }\n\
         }",
    );
    project.run(&[]).exits(0).stands("wait succeeded, use succeeded");
}

#[test]
fn what_an_await_can_never_give_is_an_error() {
    let project = Project::new(
        "goal g {\n\
           step wait { await { file \"plan.goal\" }; output n: int; output f: int from file \"n\" }\n\
           step way { run \"true\"; output m: int; fallback { await { file \"plan.goal\" } } }\n\
         }",
    );
    let found = project.check("plan.goal");
    let said: Vec<&str> = found.iter().filter_map(|each| each["message"].as_str()).collect();
    assert_eq!(
        said,
        [
            "`await` can never give `n`: it runs nothing that could write it",
            "`await` can never give `m`: it runs nothing that could write it"
        ]
    );
    assert_eq!(found[0]["code"], "E0504");
    assert!(found[0]["help"].as_str().is_some_and(|help| help.contains("from file")), "{found:?}");
}

#[test]
fn a_timeout_says_what_had_not_come_by_then() {
    let project = Project::new(
        "goal g {\n\
           on failure continue\n\
           step wait { await { file \"never\" } every 20ms; timeout 200ms }\n\
           step server { run \"exec sleep 600\"; service; ready { file \"port\" }; timeout 300ms; grace 1s }\n\
           step use { depends server; run \"true\" }\n\
           step other { run \"exec sleep 600\"; service; ready { tcp \"127.0.0.1:1\" within 300ms }; grace 1s }\n\
           step uses { depends other; run \"true\" }\n\
         }",
    );
    let outcome = project.run(&[]).exits(1);
    let outcome = outcome.stands("wait failed, server failed, use blocked, other failed");
    assert_eq!(
        outcome.reason("other"),
        "timeout after 300ms: tcp \"127.0.0.1:1\" does not take connections: connection refused"
    );
    assert_eq!(outcome.reason("wait"), "timeout after 200ms: file \"never\" is not there");
    assert_eq!(outcome.reason("server"), "timeout after 300ms: file \"port\" is not there");
}

#[test]
fn with_jsonl_a_refusal_is_one_line() {
    let project = Project::new("goal g { step a { run \"true\" } }");
    project.write("wrong.goal", "goal g { step a { rnu \"true\" } }");
    project
        .write("needs.goal", "goal g { requires { file \"nowhere\" }; step a { run \"true\" } }");
    for call in [
        "run plan.goal -p x=1",
        "run plan.goal --skip nope",
        "run plan.goal --nope",
        "run wrong.goal",
        "run needs.goal",
        "run needs.goal --dry-run --preflight",
        "run nowhere.goal",
        "rollback nowhere",
        "resume nowhere",
    ] {
        let arguments: Vec<&str> = call.split(' ').chain(["--format", "jsonl"]).collect();
        let done = project.call(&arguments).exits(2);
        assert_eq!(done.out().lines().count(), 1, "{call}: {}", done.out());
        assert!(done.json()["diagnostics"][0]["message"].is_string(), "{call}");
    }
}

#[test]
fn a_part_of_a_core_is_a_limit() {
    let project = Project::new(
        "goal g {\nparam n: number = 0.25\n\
         step a { run \"nproc > a\"; limits { cpu 0.5 } }\n\
         step b { run \"nproc > b\"; limits { cpu n } }\n}\n",
    );
    project.run(&[]).exits(0).stands("a succeeded, b succeeded");
    assert_eq!((project.read("a"), project.read("b")), ("1\n".to_owned(), "1\n".to_owned()));
    let wrong = project.run(&["-p", "n=0"]).exits(1);
    assert!(wrong.reason("b").contains("not above zero"), "{}", wrong.reason("b"));
}

#[test]
fn a_default_of_secrets_is_a_list_of_them() {
    let project = Project::new(
        r#"
goal g {
  param keys: [secret] = split(env("KEYS"), ",")
  param two: [secret] = ["abcdefgh", "ijklmnop"]
  let n = len(keys)
  step a { foreach key in keys; run "echo \"${key}\" >> \"shown-${n}\"; echo ${key}" }
  step b { env { TWO = join(two, "+"); N = "${len(two)}" }; run "echo $N $TWO > two; echo $TWO" }
}
"#,
    );
    let mut command = project.command(&["run", "plan.goal", "--format", "json"]);
    command.env("KEYS", "first-key,other-key");
    project.spawn(command).outcome().exits(0).stands("a succeeded, b succeeded");
    let mut shown = project.lines("shown-2");
    shown.sort();
    assert_eq!(shown, ["first-key", "other-key"]);
    assert_eq!(project.read("two"), "2 abcdefgh+ijklmnop\n");
    let logs = project.call(&["logs"]).out();
    assert!(logs.contains("***") && !logs.contains("-key") && !logs.contains("abcdefgh"), "{logs}");
    for (path, bytes) in files_below(&project.state()) {
        let hidden = ["first-key", "other-key"].map(|key| contains(&bytes, key.as_bytes()));
        assert_eq!(hidden, [false; 2], "{}", path.display());
    }
}

#[test]
fn what_is_wrong_with_params_and_steps_is_told_as_it_is() {
    let project = Project::new(
        "goal g {\nparam k: int = 1\nparam t: string = \"x\"\nstep a { run \"echo $k $t\" }\n}\n",
    );
    project.write("list.toml", "t = [\"a\"]\n");
    let refused = |more: &[&str]| {
        let done = project.call(&[&["run", "plan.goal"], more].concat()).exits(2);
        done.err
    };
    let large = refused(&["-p", "k=9223372036854775808"]);
    assert!(large.contains("`k` is too large: an int goes up to 9223372036854775807"), "{large}");
    assert!(refused(&["-p", "k=-9223372036854775809"]).contains("is too small"));
    assert!(refused(&["-p", "k=9x"]).contains("is not an int"));
    let unknown =
        refused(&["--skip", "nope", "--only", "a,nope1", "--skip", "nope2", "--from", "nope3"]);
    for name in ["`nope`", "`nope1`", "`nope2`", "`nope3`"] {
        assert!(unknown.contains(name), "{name}: {unknown}");
    }
    let list = refused(&["--params", "list.toml"]);
    assert!(list.contains("param `t` is given a list, and is of type string"), "{list}");
    assert!(refused(&["-p", "t=a", "-p", "t=b"]).contains("more than once"));
}

#[test]
fn a_long_chain_of_deep_lets_behind_an_output_is_evaluated() {
    let deep = |of: &str| format!("{}{of} == \"x\"{}", "!(".repeat(120), ")".repeat(120));
    let lets: Vec<String> = (1..400)
        .map(|at| format!("let l{at} = {}", deep(&format!("\"${{l{}}}\"", at - 1))))
        .collect();
    let project = Project::new(&format!(
        "goal g {{\n step z {{ run \"printf x\"; output o: string from stdout }}\n let l0 = z.o\n {}\n \
         step a {{ depends z; run [\"test\", \"${{l399}}\", \"!=\", \"\"] }}\n}}",
        lets.join("\n ")
    ));
    project.run(&[]).exits(0);
}

#[test]
fn a_resource_that_is_too_small_is_said_to_be_that() {
    let project = Project::new(
        r#"
goal g {
  param some: int = 3
  resource gpu 2
  step a { uses gpu some; run "touch ran" }
}
"#,
    );
    let outcome = project.run(&[]).exits(1).stands("a failed");
    assert_eq!(outcome.reason("a"), "uses: it needs 3 of `gpu`, and there are only 2");
    assert!(!project.has("ran"));
}

#[test]
fn glob_gives_hidden_names_only_where_the_pattern_says_so() {
    let project = Project::new(
        r#"
goal g {
  let plain = join(glob("t/*"), " ")
  let deep = join(glob("t/**"), " ")
  let dotted = join(glob("t/.*"), " ")
  let below = join(glob("t/**/.*"), " ")
  let named = join(glob("t/.d/*"), " ")
  step a { run "echo \"${plain} | ${deep} | ${dotted} | ${below} | ${named}\" > found" }
}
"#,
    );
    for file in ["t/a", "t/.h", "t/d/z", "t/d/.y", "t/.d/x", "t/.d/.w"] {
        project.write(file, "");
    }
    project.run(&[]).exits(0);
    assert_eq!(
        project.read("found").trim(),
        "t/a t/d | t/a t/d t/d/z | t/.d t/.h | t/.d t/.d/.w t/.h t/d/.y | t/.d/x"
    );
}

#[test]
fn steps_that_no_call_can_mean_together_are_refused() {
    let project = Project::new(
        r#"
goal g {
  step a { run "touch ran" }
  step b { depends a; run "touch ran" }
}
"#,
    );
    for (call, why) in [
        (&["--from", "b", "--only", "a"][..], "`--from` keeps `b`"),
        (&["--only", "a", "--skip", "a"], "`--skip` leaves out `a`"),
    ] {
        for more in [&[][..], &["--dry-run"]] {
            let arguments = [&["run", "plan.goal"], call, more].concat();
            let done = project.call(&arguments).exits(2);
            assert!(done.err.contains("nothing would run"), "{}", done.err);
            assert!(done.err.contains(why), "{}", done.err);
        }
    }
    assert!(!project.has("ran"));
    project.run(&["--from", "b", "--only", "b"]).exits(0).stands("a not-run, b succeeded");
}

#[test]
fn a_duration_finer_than_a_millisecond_is_rounded_up_and_stays_what_its_text_says() {
    let project = Project::new(
        "goal g {\n  param d: duration\n  \
         step a { run \"echo d=$d >> $GOAL_OUTPUT\"; output d: duration }\n  \
         step b { depends a; when a.d == d && d == 1ms; run \"true\" }\n}\n",
    );
    project.run(&["-p", "d=0.0005"]).exits(0).stands("a succeeded, b succeeded");
}
