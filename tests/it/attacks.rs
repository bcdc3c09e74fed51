//! What a hostile step, a hostile value or another user of the machine may try: text that acts on
//! the terminal, links in the place of files, patterns and paths that lead out.
//!
//! Values in scripts are in the corpus (`injection-everywhere`), secrets in `run` and `report`,
//! paths of mounted files in `mounts`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::{Outcome, Project, files_below};
use crate::terminal::Terminal;

/// Clears the screen, sets a title, fills the clipboard, names a link, reports a position, writes
/// over the line, does so in C1, and turns the order of letters around.
const NASTY: &str = "A\u{1b}[2JB\u{1b}]0;title\u{7}C\u{1b}]52;c;Zm9v\u{1b}\\D\u{1b}]8;;http://x\u{7}E\u{1b}[6nF\u{8}G\rH\u{9b}2JI\u{202e}J\u{2066}K\u{90}L\u{1b}7M\u{1b}cN";

/// What may not reach a terminal. Colours that goalc itself uses are taken out before.
fn acts_on_a_terminal(c: char) -> bool {
    let bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    bidi || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let found = text.chars().position(acts_on_a_terminal);
    assert!(found.is_none(), "{what}: character {found:?} of {text:?}");
}

fn nasty_plan() -> Project {
    let project = Project::new(
        r#"
goal g {
  param text: string = "x"
  on failure continue
  step says {
    run "cat nasty; cat nasty >&2; printf 'value=%s\\n' \"$text\" >> $GOAL_OUTPUT"
    output value: string
  }
  step fails { depends says; run "cat nasty; cat nasty >&2; exit 1" }
  step told { depends says; run "true"; verify { text == "y" } }
  step items { depends says; foreach item in [text]; run "echo ${item}; exit 1" }
  step asks { depends says; confirm "Take ${says.value}?"; run "true" }
}
"#,
    );
    project.write("nasty", format!("{NASTY}\n"));
    project
}

#[test]
fn nothing_of_a_steps_output_or_of_a_value_acts_on_the_terminal() {
    let project = nasty_plan();
    let value = format!("text={}", NASTY.replace('\r', ""));
    let done = project.call(&["run", "plan.goal", "-v", "-p", &value]);
    assert!(done.err.contains('A') && done.err.contains("N\n"), "{}", done.err);
    assert_harmless("run -v", &done.text());
    for call in [
        "run plan.goal -q",
        "run plan.goal",
        "run plan.goal --format json",
        "run plan.goal --format jsonl",
        "run plan.goal --log - --log-format json",
        "run plan.goal --dry-run",
        "run plan.goal --dry-run --format json",
    ] {
        let words = call.split(' ').chain(["-p", &value]).collect::<Vec<_>>();
        let done = project.call(&words);
        assert_harmless(call, &done.text());
    }
    for call in [
        "show",
        "show --format json",
        "runs",
        "why fails",
        "why items",
        "why asks",
        "why told",
        "report --format md",
        "report --format html",
        "report --format junit",
        "report --format json",
        "list plan.goal",
        "export --format otlp",
        "deny asks --note x",
    ] {
        let done = project.call(&call.split(' ').collect::<Vec<_>>());
        assert!(done.code <= 3, "{call}: {}", done.text());
        assert_harmless(call, &done.text());
    }
    let strange = project.call(&["show", NASTY]).exits(2);
    assert_harmless("a name from the command line", &strange.err);
}

/// What was shown, but for the sequences that goalc's own picture is made of.
fn without_own(shown: &str) -> String {
    let own =
        regex::Regex::new("\u{1b}\\[[?0-9;]*[mKJABCDGHhlsu]|\u{1b}[78]|\r").expect("a pattern");
    own.replace_all(shown, "").into_owned()
}

#[test]
fn on_a_terminal_logs_are_harmless_and_into_a_pipe_as_they_were() {
    let project = Project::new(r#"goal g { step says { run "cat nasty" } }"#);
    // All that `without_own` would take for goalc's own is left out here.
    let nasty = "A\u{1b}]0;title\u{7}B\u{1b}]52;c;Zm9v\u{1b}\\C\u{1b}[6nD\u{8}E\u{9b}2JF\u{202e}G\u{1b}cH\n";
    project.write("nasty", nasty);
    let shown = Terminal::run(&project, &["-v"]).ends(0);
    assert!(shown.contains("A^[]0;title"), "{shown:?}");
    assert_harmless("run on a terminal", &without_own(&shown));
    let shown = Terminal::of(&project, &["logs", "says"]).ends(0);
    assert!(shown.contains("A^[]0;title"), "{shown:?}");
    assert_harmless("logs on a terminal", &without_own(&shown));
    let piped = project.call(&["logs", "says"]).exits(0).out();
    assert!(piped.ends_with(nasty), "{piped:?}");
}

#[test]
fn a_question_shows_values_without_what_acts_on_the_terminal() {
    let project = Project::new(
        "goal g { param who: string; step a { confirm \"Let ${who} in?\"; run \"true\" } }",
    );
    let mut terminal =
        Terminal::run(&project, &["-p", "who=x\u{1b}]52;c;Zm9v\u{7}y\u{9b}2Jz\u{202e}\u{2067}"]);
    let before = terminal.sees("in?");
    assert_harmless("a question", &without_own(&before));
    terminal.answers("[?]: ", "n");
    terminal.ends(1);
}

/// A folder that no step and no pattern may reach, beside the plan's.
fn outside(project: &Project) -> PathBuf {
    let outside = project.path("../outside");
    fs::create_dir_all(outside.join("data")).expect("a folder");
    fs::write(outside.join("data/file"), "theirs").expect("a file");
    outside.canonicalize().expect("a folder")
}

fn is_whole(outside: &Path) -> bool {
    fs::read_to_string(outside.join("data/file")).is_ok_and(|text| text == "theirs")
}

#[test]
fn a_deletion_stays_in_the_plans_folder() {
    let project = Project::new(
        r#"
goal g {
  param pattern: string = "x"
  step a { run "true" }
  cleanup { delete pattern }
}
"#,
    );
    let outside = outside(&project);
    project.write("kept/file", "kept");
    for name in ["link", "sub/link"] {
        fs::create_dir_all(project.path("sub")).expect("a folder");
        symlink(&outside, project.path(name)).expect("a link");
    }
    let absolute = outside.join("data").display().to_string();
    for pattern in [
        "../outside",
        "../outside/*",
        "./../outside/data",
        "sub/../../outside/*",
        &absolute,
        "link/data",
        "link/data/file",
        "link/*",
        "*/link/data",
        "**/file/../../link/data",
        "link/**/*",
        "/",
        "..",
        ".",
        "",
    ] {
        let done = project.call(&["run", "plan.goal", "-p", &format!("pattern={pattern}")]);
        assert!(is_whole(&outside), "{pattern}: {}", done.text());
        assert!(project.has("plan.goal") && project.has("link"), "{pattern}: {}", done.text());
    }
    // A link goes by itself.
    project.call(&["run", "plan.goal", "-p", "pattern=**/link"]).exits(0);
    assert!(is_whole(&outside));
    assert!(project.path("link").symlink_metadata().is_err());
    assert!(project.path("sub/link").symlink_metadata().is_err());
    // Inside, the way may go over a link.
    symlink("kept", project.path("alias")).expect("a link");
    project.call(&["run", "plan.goal", "-p", "pattern=alias/file"]).exits(0);
    assert!(!project.has("kept/file") && project.has("kept"));
}

/// While something runs, a folder and a link to the outside take turns at one name.
fn while_swapped<T>(project: &Project, name: &str, outside: &Path, run: impl FnOnce() -> T) -> T {
    let (at, folder, link) =
        (project.path(name), project.path("as-folder"), project.path("as-link"));
    symlink(outside, &link).expect("a link");
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let _ = fs::rename(&at, &folder).and_then(|()| fs::rename(&link, &at));
                let _ = fs::rename(&at, &link).and_then(|()| fs::rename(&folder, &at));
            }
        });
        let result = run();
        ended.store(true, Ordering::Relaxed);
        result
    })
}

#[test]
fn a_link_that_is_swapped_in_meanwhile_does_not_lead_a_deletion_out() {
    let project = Project::new(
        r#"goal g { step a { run "true" } cleanup { delete "way/data/*"; delete "way/*" } }"#,
    );
    let outside = outside(&project);
    project.write("way/data/file", "mine");
    while_swapped(&project, "way", &outside, || {
        for _ in 0..12 {
            project.call(&["run", "plan.goal"]);
            let _ = fs::create_dir_all(project.path("way/data"));
            assert!(is_whole(&outside), "what is outside was deleted");
        }
    });
    assert!(is_whole(&outside));
}

#[test]
fn a_link_that_is_swapped_in_meanwhile_does_not_lead_a_restore_out() {
    let project = Project::new(
        r#"goal g { step a { snapshot "way/data"; run "rm -rf way/data/file; exit 1" } }"#,
    );
    let outside = outside(&project);
    project.write("way/data/file", "mine");
    while_swapped(&project, "way", &outside, || {
        for _ in 0..12 {
            project.call(&["run", "plan.goal"]);
            // The step itself goes where the link leads, as any program does: it is no part of this.
            let _ = fs::write(outside.join("data/file"), "theirs");
            let names = fs::read_dir(outside.join("data")).expect("a folder").count();
            assert_eq!(names, 1, "something was put back outside");
            assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 1);
        }
    });
}

#[test]
fn links_in_the_state_are_refused_and_nothing_is_written_through_them() {
    let plan = r#"goal g { step a { run "echo text; touch ran" } }"#;
    let victim = |project: &Project| {
        let victim = project.path("victim");
        fs::write(&victim, "mine").expect("a file");
        fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).expect("a mode");
        victim
    };
    for name in ["state.db", "state.db-wal", "state.db-journal", ".gitignore", "runs", "objects"] {
        let project = Project::new(plan);
        let victim = victim(&project);
        fs::create_dir(project.state()).expect("a folder");
        fs::set_permissions(project.state(), fs::Permissions::from_mode(0o700)).expect("a mode");
        symlink(&victim, project.state().join(name)).expect("a link");
        project.call(&["run", "plan.goal"]);
        assert_eq!(fs::read(&victim).expect("a file"), b"mine", "{name}");
    }
    for name in ["lock", "logs", "work", "snapshots"] {
        let project = Project::new(
            r#"goal g { step a { snapshot "data"; run "echo text; touch started; sh hold go; exit 1"; idempotent } }"#,
        );
        project.write("data/file", "saved");
        let live = project.start(&[]);
        project.await_file("started");
        live.kill();
        let victim = victim(&project);
        let folder = project.path("victim-folder");
        fs::create_dir(&folder).expect("a folder");
        let at = project.state().join("runs").join(project.run_id()).join(name);
        fs::rename(&at, project.path("moved")).expect("it is moved");
        symlink(if name == "lock" { &victim } else { &folder }, &at).expect("a link");
        project.write("go", "");
        let done = project.call(&["resume"]);
        assert_eq!(fs::read(&victim).expect("a file"), b"mine", "{name}: {}", done.text());
        assert!(files_below(&folder).is_empty(), "{name}: {}", done.text());
    }
}

#[test]
fn what_a_step_puts_in_the_place_of_its_output_file_fails_it_and_hangs_nothing() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step pipe { run "rm $GOAL_OUTPUT; mkfifo $GOAL_OUTPUT"; output x: string }
  step link { run "echo x=secret > elsewhere; ln -sf $PWD/elsewhere $GOAL_OUTPUT"; output x: string }
  step folder { run "rm $GOAL_OUTPUT; mkdir $GOAL_OUTPUT"; output x: string }
  step device { run "ln -sf /dev/zero $GOAL_OUTPUT"; output x: string }
  step file { run "mkfifo pipe"; output x: string from file "pipe" }
  step zero { run "true"; output x: string from file "/dev/zero" }
  step sound { run "echo x=1 >> $GOAL_OUTPUT"; output x: string }
}
"#,
    );
    let outcome = project.run(&[]).exits(1);
    let failed = ["pipe", "link", "folder", "device", "file", "zero"];
    for step in failed {
        assert_eq!(outcome.status(step), "failed", "{step}: {}", outcome.json);
        assert!(outcome.reason(step).contains("not a file"), "{step}: {}", outcome.reason(step));
    }
    assert_eq!(outcome.status("sound"), "succeeded");
    assert_eq!(project.read("elsewhere"), "x=secret\n");
}

#[test]
fn what_a_step_leaves_in_its_files_or_opens_to_others_does_not_reach_the_next() {
    let look = r#"stat -c %a "$GOAL_TMP" "$GOAL_OUTPUT" >> found; ls -A "$GOAL_TMP" >> found; wc -c < "$GOAL_OUTPUT" >> found"#;
    for change in [
        "true",
        r#"echo x > "$GOAL_TMP/.hidden"; echo noise >> "$GOAL_OUTPUT""#,
        r#"chmod 755 "$GOAL_TMP"; chmod 644 "$GOAL_OUTPUT""#,
        r#"rm -r "$GOAL_TMP"; mkdir -m 755 "$GOAL_TMP"; echo x > "$GOAL_TMP/y""#,
        r#"mv "$GOAL_TMP" moved; mkdir "$GOAL_TMP""#,
        r#"rm "$GOAL_OUTPUT"; : > "$GOAL_OUTPUT""#,
        r#"rm "$GOAL_OUTPUT"; ln -s "$PWD/found" "$GOAL_OUTPUT""#,
        r#"rm -r "$GOAL_TMP"; ln -s "$PWD" "$GOAL_TMP""#,
        r#"ln "$GOAL_OUTPUT" kept"#,
    ] {
        let project = Project::new(&format!(
            "goal g {{\nstep a {{\nrun \"\"\"\n{change}\n\"\"\"\n}}\n\
             step b {{\ndepends a\nrun \"\"\"\n{look}\n\"\"\"\n}} }}"
        ));
        project.run(&[]).exits(0);
        assert_eq!(project.read("found"), "700\n600\n0\n", "{change}");
    }
}

#[test]
fn a_file_of_the_users_in_the_place_of_an_output_file_is_neither_emptied_nor_written_to() {
    for change in [
        r#"ln -f mine "$GOAL_OUTPUT""#,
        r#"ln -f "$GOAL_OUTPUT" kept; cat mine > kept; ln -f kept mine"#,
        r#"mv mine "$GOAL_OUTPUT"; ln "$GOAL_OUTPUT" mine"#,
    ] {
        let project = Project::new(&format!(
            "goal g {{\nstep a {{\nrun \"\"\"\n{change}\n\"\"\"\n}}\n\
             step b {{\ndepends a\nrun 'echo tok=1 >> \"$GOAL_OUTPUT\"; cat mine > seen; stat -c %a mine >> seen'\n\
             output tok: int\n}} }}"
        ));
        project.write("mine", "precious\n");
        fs::set_permissions(project.path("mine"), fs::Permissions::from_mode(0o644)).unwrap();
        project.run(&[]).exits(0);
        assert!(
            project.read("seen").starts_with("precious\n"),
            "{change}: {}",
            project.read("seen")
        );
        assert_eq!(project.read("mine"), "precious\n", "{change}");
    }
}

#[test]
fn names_of_runs_and_steps_from_the_command_line_are_no_paths() {
    let project = Project::new(r#"goal g { step a { confirm "Go on?"; run "true" } }"#);
    project.call(&["run", "plan.goal"]).exits(3);
    let outside = outside(&project);
    for name in ["..", "../..", "../../outside", "/", "a/../../x", "%2e%2e", "*", "\u{202e}"] {
        for call in [
            &["show", name][..],
            &["logs", name],
            &["report", name],
            &["resume", name],
            &["cancel", name],
            &["rollback", name, "--to", "start"],
            &["why", name],
            &["approve", name],
            &["done", name],
            &["logs", name, name],
            &["why", name, name],
            &["approve", name, name],
        ] {
            let done = project.call(call);
            assert_ne!(done.code, 0, "{call:?}: {}", done.text());
        }
    }
    assert!(is_whole(&outside));
    Outcome::of(project.call(&["show", "--format", "json"])).exits(0);
}
