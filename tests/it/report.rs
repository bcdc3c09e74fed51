//! `goalc report`: what it says of runs that went well, failed, wait or are damaged, in each format.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Done, Project};

const FORMATS: [&str; 4] = ["md", "html", "json", "junit"];

/// A release that fails at its last step and is taken back, with what a report has to tell apart.
const PLAN: &str = r#"
# Ships it.
goal release "Ship it" {
  param token: secret = "hunter22-very-secret"
  on failure rollback
  step prepare "Get ready" { run "true"; rollback { run "true" }; checkpoint "ready" }
  step oven {
    depends prepare
    run "test $GOAL_ATTEMPT = 2"
    retry 1 delay 10ms
    idempotent
    rollback { run "true" }
  }
  step sweet { depends prepare; run "exit 7"; fallback honey { run "true" } }
  step known { depends prepare; run "exit 5"; on failure ignore because "it is <b>mended</b> soon" }
  goal inner {
    depends oven, sweet, known
    step ship {
      env { TOKEN = token }
      run '''
        echo "<script>alert(1)</script> $TOKEN"
        printf '\033[31mred\033[0m \001 ```\n'
        exit 9
      '''
    }
  }
  step after { depends inner; run "true" }
}
"#;

fn failed() -> Project {
    let project = Project::new(PLAN);
    project.run(&[]).exits(1);
    project
}

fn report(project: &Project, format: &str) -> Done {
    project.call(&["report", "--format", format])
}

#[track_caller]
fn says(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

fn step<'j>(report: &'j Value, id: &str) -> &'j Value {
    let steps = report["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["id"] == id).expect("the step is there")
}

#[test]
fn markdown_tells_what_failed_and_what_was_done_about_it() {
    let page = report(&failed(), "md").exits(0).out();
    says(
        &page,
        &[
            "# release: failed",
            "Ship it",
            "oven, attempt 1 (",
            "exit code 1; tried again after 10ms",
            "exit code 7; the fallback `honey` was tried",
            "exit code 5; ignored because it is &lt;b&gt;mended&lt;/b&gt; soon",
            "inner.ship, attempt 1 (",
            "## Fallbacks\n\n- sweet: done by honey",
            "## Ignored failures\n\n- known: exit code 5",
            "- oven: undone (",
            "- prepare: ready (",
            "`oven` succeeded although 1 attempt failed (exit code 1)",
            "<script>alert(1)</script> ***\nred <U+0001> ```\n````\n",
        ],
    );
}

#[test]
fn json_has_the_attempts_and_fits_its_schema() {
    let project = failed();
    let json = report(&project, "json").exits(0).json();
    assert_eq!(json["status"], "failed");
    assert_eq!(step(&json, "sweet")["via"], "honey");
    let attempts = step(&json, "oven")["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["error"], "exit code 1");
    assert_eq!(attempts[0]["delay"], 0.01);
    assert_eq!(step(&json, "inner.ship")["goal"], "inner");
    assert_eq!(step(&json, "after")["status"], "blocked");
    assert_eq!(json["logs"][0]["lines"][1], "red <U+0001> ```");
    let schema = project.call(&["schema", "report"]).exits(0).json();
    fits(&json, &schema, &schema);
}

/// As far as schemas here go: references, required and known fields, items.
fn fits(value: &Value, schema: &Value, root: &Value) {
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(place) = reference {
        let place = place.strip_prefix('#').expect("a reference into itself");
        return fits(value, root.pointer(place).expect("it is there"), root);
    }
    if let (Some(object), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        let names: BTreeSet<_> = object.keys().collect();
        assert_eq!(names, known.keys().collect(), "{schema}");
        for (name, field) in object {
            fits(field, &known[name], root);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        fits(item, &schema["items"], root);
    }
}

#[test]
fn html_is_one_page_in_which_output_is_text() {
    let page = report(&failed(), "html").exits(0).out();
    says(
        &page,
        &[
            "<!DOCTYPE html>",
            "default-src &#39;none&#39;".replace("&#39;", "'").as_str(),
            "&lt;script&gt;alert(1)&lt;/script&gt; ***",
            "red &lt;U+0001&gt; ```",
            "ignored because it is &lt;b&gt;mended&lt;/b&gt; soon",
            "class=\"b-undo\"",
            "class=\"b-delay\"",
        ],
    );
    // The one image is in the page itself: what is drawn can neither run nor load anything.
    let (before, image) = page.split_once("<img ").unwrap();
    let (image, after) = image.split_once('>').unwrap();
    assert!(image.contains(" src=\"data:image/svg+xml;base64,"), "{image}");
    let rest = format!("{before}{after}");
    for never in
        ["<script", "<b>", "<link", "<img", " src=", " href=", " style=", "url(", "@import"]
    {
        assert!(!rest.contains(never), "`{never}` is in\n{rest}");
    }
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page}");
}

#[test]
fn junit_has_a_suite_a_goal_and_a_case_a_step() {
    let text = report(&failed(), "junit").exits(0).out();
    says(
        &text,
        &[
            "<testsuites name=\"release\" tests=\"6\" failures=\"1\" errors=\"0\"",
            "<testsuite name=\"release\" tests=\"5\" failures=\"0\" errors=\"0\" skipped=\"3\"",
            "<testsuite name=\"release.inner\" tests=\"1\" failures=\"1\"",
            "<testcase name=\"ship\" classname=\"release.inner\" time=\"",
            "<failure type=\"failed\" message=\"exit code 9\">",
            "&lt;script&gt;alert(1)&lt;/script&gt; ***",
            "<skipped message=\"blocked",
            "<skipped message=\"exit code 5; ignored because it is &lt;b&gt;mended",
        ],
    );
    assert_eq!(text.matches("<testcase").count(), 6);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
}

#[test]
fn no_format_shows_a_secret() {
    let project = failed();
    for format in FORMATS {
        let text = report(&project, format).exits(0).text();
        assert!(!text.contains("hunter22"), "{format}: {text}");
        assert!(text.contains("***"), "{format}: the log is not shown");
    }
}

#[test]
fn a_goal_that_is_not_achieved_though_all_steps_succeeded_is_told_as_that() {
    let project = Project::new("goal g { step a { run \"true\" }; verify { file \"x\" } }");
    project.run(&[]).exits(1);
    let page = report(&project, "md").exits(0).out();
    says(&page, &["All steps succeeded, but the goal is not achieved", "does not hold: "]);
    let junit = report(&project, "junit").exits(0).out();
    says(&junit, &["<testcase name=\"(verify)\"", "tests=\"2\" failures=\"1\""]);
}

#[test]
fn a_run_that_goes_on_waits_or_was_stopped_is_told_as_far_as_it_is() {
    let project = Project::new(
        "goal g { step a { run \"sh hold go\" }; step b { confirm \"Sure of <it>?\"; run \"true\" } }",
    );
    let run = project.start(&[]);
    project.await_file("held");
    project.await_status("b", "waiting");
    says(&report(&project, "md").exits(0).out(), &["**Still going on**", "not answered yet"]);
    let json = report(&project, "json").exits(0).json();
    assert_eq!(step(&json, "a")["attempts"][0]["ended"], Value::Null);
    says(&report(&project, "html").exits(0).out(), &["class=\"b-run\"", "Sure of &lt;it&gt;?"]);
    project.write("go", "");
    run.end().exits(3);
    says(&report(&project, "md").exits(0).out(), &["**Waiting for a person"]);
    project.call(&["deny", "b", "--note", "not today | `x`"]).exits(0);
    project.resume(&[]).exits(1);
    let page = report(&project, "md").exits(0).out();
    says(&page, &["**denied** by ", "(command, ", "not today \\| \\`x\\`"]);
}

#[test]
fn a_run_that_was_stopped_says_so() {
    let project = Project::new(
        "goal g { step a { run \"sh hold go\" }; step b { depends a; run \"true\" } }",
    );
    let run = project.start(&[]);
    project.await_file("held");
    run.signal(rustix::process::Signal::INT);
    run.end().exits(130);
    let page = report(&project, "md").exits(0).out();
    says(&page, &["# g: cancelled", "Stopped before it was achieved", "stopped with the run"]);
    for format in FORMATS {
        report(&project, format).exits(0);
    }
}

#[test]
fn of_a_damaged_run_what_is_sound_is_told_with_exit_code_4() {
    let project = failed();
    let db = Connection::open(project.state().join("state.db")).expect("the state opens");
    let change = r#"update events set body = replace(body, 'failed', 'succeeded')
        where body like '%step-ended%"inner.ship"%'"#;
    assert_eq!(db.execute(change, []).expect("it is changed"), 1);
    for format in FORMATS {
        let done = report(&project, format).exits(4);
        assert!(done.err.contains("which are sound"), "{}", done.err);
    }
    says(&report(&project, "md").out(), &["**The run's journal is damaged**", "oven, attempt 1"]);
    assert!(report(&project, "json").json()["damage"].is_string());
}

#[test]
fn earlier_runs_of_the_plan_are_compared_with() {
    let project = Project::new("goal g { step a { run \"true\" }; step b { run \"test -e ok\" } }");
    project.run(&[]).exits(1);
    project.run(&[]).exits(1);
    project.write("ok", "");
    project.run(&[]).exits(0);
    let json = report(&project, "json").exits(0).json();
    assert_eq!(json["figures"]["earlier"], 2);
    assert_eq!(step(&json, "a")["earlier"]["runs"], 2);
    assert_eq!(step(&json, "b")["earlier"], Value::Null);
    let lessons = json["lessons"].as_array().expect("lessons");
    let flaky = lessons.iter().find(|lesson| lesson["kind"] == "flaky").expect("one");
    says(flaky["text"].as_str().expect("a text"), &["`b` is flaky: in 2 of its last 3 runs"]);
}

#[test]
fn a_report_is_written_to_a_file_in_the_format_of_its_ending() {
    let project = failed();
    for (name, start) in
        [("r.html", "<!DOCTYPE"), ("r.json", "{"), ("r.xml", "<?xml"), ("r.txt", "# release")]
    {
        let done = project.call(&["report", "-o", name]).exits(0);
        assert!(done.out.is_empty(), "{}", done.out());
        assert!(project.read(name).starts_with(start), "{name}: {}", project.read(name));
    }
    project.call(&["report", "-o", "no/such/folder.md"]).exits(4);
}

#[test]
fn many_items_make_a_bounded_report() {
    let project = Project::new(
        "goal g { step a { foreach n in range(0, 600) tolerate 600; run \"test $n -lt 3\" } }",
    );
    project.run(&[]).stands("a succeeded");
    let json = report(&project, "json").exits(0).json();
    let step = step(&json, "a");
    assert_eq!(step["instances"]["all"], 600);
    assert_eq!(step["instances"]["failed"], 597);
    assert_eq!(step["attempts"].as_array().map(Vec::len), Some(400));
    assert_eq!(step["attempts_left_out"], 200);
    says(&report(&project, "md").exits(0).out(), &["- … and 200 more", "… and 547 more"]);
    assert!(report(&project, "html").exits(0).out.len() < 300_000);
}

#[test]
fn what_cannot_be_reported_is_refused_in_the_format_asked_for() {
    let project = failed();
    project.call(&["report", "nosuchrun"]).exits(2);
    let json = project.call(&["report", "nosuchrun", "--format", "json"]).exits(2).json();
    assert!(json["diagnostics"][0]["message"].is_string(), "{json}");
    let json = project.call(&["report", "--nonsense", "--format", "json"]).exits(2).json();
    assert!(json["diagnostics"][0]["message"].is_string(), "{json}");
}

#[test]
fn what_a_resume_tried_again_is_counted_alike_and_no_retry_absorbed_it() {
    let project = Project::new(
        "goal g {\n\
           step a { run \"test -e mended\" }\n\
           step b { depends a; run \"test -e go || sh hold go\"; idempotent }\n\
         }",
    );
    project.run(&[]).exits(1);
    project.write("mended", "");
    let run = project.start_resume(&["--retry-failed"]);
    project.await_file("held");
    run.signal(rustix::process::Signal::INT);
    run.end().exits(130);
    project.write("go", "");
    let outcome = project.resume(&[]).exits(0).stands("a succeeded, b succeeded");
    let json = report(&project, "json").exits(0).json();
    for id in ["a", "b"] {
        assert_eq!(outcome.attempts(id), 2, "{id}");
        let tries = step(&json, id)["attempts"].as_array().map(Vec::len);
        assert_eq!(tries, Some(2), "{id}");
        assert_eq!(step(&json, id)["attempts"][0]["then"], "tried again when the run was resumed");
    }
    let page = report(&project, "md").exits(0).out();
    assert!(!page.contains("absorbed"), "{page}");
}

#[test]
fn comments_above_goals_and_steps_are_their_documentation() {
    let project = Project::new(
        "# All of it,\n# with care.\ngoal g {\n  # Where it goes.\n  param region: string = \"eu\"\n  \
         # Makes <it>.\n  step make \"Make it\" { run \"true\" }\n  \
         # The inner part.\n  goal inner { step push { run \"echo $region\" } }\n}\n",
    );
    let planned = project.call(&["run", "-n", "plan.goal"]).exits(0).out();
    let lines = [
        "about       g: All of it, with care.",
        "inner: The inner part.",
        "make: Make it. Makes <it>.",
    ];
    for line in lines {
        assert!(planned.contains(line), "{planned}");
    }
    let json = project.call(&["run", "-n", "plan.goal", "--format", "json"]).exits(0).json();
    let told = json["documentation"].as_array().expect("a list");
    let told: Vec<_> = told.iter().map(|one| (&one["id"], &one["doc"])).collect();
    assert_eq!(told[0], (&"".into(), &"All of it,\nwith care.".into()));
    project.run(&[]).exits(0);
    for (format, makes) in
        [("md", "make: Make it. Makes &lt;it&gt;."), ("html", "Makes &lt;it&gt;.")]
    {
        let page = project.call(&["report", "--format", format]).exits(0).out();
        assert!(page.contains("From the plan") && page.contains(makes), "{page}");
    }
    let params = project.call(&["list", "plan.goal"]).exits(0).out();
    assert!(params.contains("Where it goes."), "{params}");
}

#[test]
fn a_service_counts_in_the_longest_chain_until_it_is_ready() {
    let project = Project::new(
        r#"
goal g {
  step s { service; ready { file "up" }; run "touch up; exec sleep 600" }
  step c { depends s; run "sleep 0.3" }
  step d { depends c, s; run "sleep 0.2" }
}
"#,
    );
    project.run(&[]).exits(0);
    let report = project.call(&["report", "--format", "json"]).exits(0).json();
    let figure = |name: &str| report["figures"][name].as_f64().expect("a number");
    let took = report["took"].as_f64().expect("a number");
    assert!(figure("critical") <= took + 0.01, "{report:#}");
    assert!(figure("critical") >= 0.5, "{report:#}");
}
