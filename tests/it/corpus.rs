//! The corpus: one `.goal` file a behaviour, with what is expected of it in its comments.
//!
//! `valid/` must pass `check`, and `fmt` must change neither meaning nor comments. In `invalid/` the
//! last line says which codes are found, each with its line: `# expect: E0101 4, E0102 10`. In
//! `run/` the head says what `run --format json` must do, one statement a comment line:
//!
//! ```text
//! args: ARG…          more arguments, quoted as for a shell   exit: N      the exit code
//! status: WORD        the run's status                        no-file: F   it must not exist
//! step: ID STATUS [attempts=N] [via=NAME] [output.NAME=JSON] [reason="part of it"]
//! order: a < b        b started after a ended                 file: F = JSON the file's text
//! within: S  at-least: S  the run's time                      says: TEXT   the output has it
//! never: TEXT         nowhere in the output, the folder or the state, but in the plan itself
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use regex::Regex;
use serde_json::Value;

use crate::support::{Done, Outcome, Project, contains, files_below};

#[test]
fn valid_plans_pass_and_fmt_keeps_what_they_mean() {
    for_each("valid", check_valid);
}

#[test]
fn invalid_plans_are_reported_in_full_and_no_further() {
    for_each("invalid", check_invalid);
}

#[test]
fn runs_do_what_their_heads_say() {
    for_each("run", check_run);
}

#[test]
#[ignore = "needs a Slurm cluster: scripts/tests/slurm"]
fn runs_do_the_same_on_a_cluster() {
    for_each("run", check_run_on_cluster);
}

/// A statement: its word and the rest of the line.
type Statement = (String, String);

/// Judges all files of a folder, a few at once, and tells all that differs in one go.
fn for_each(kind: &str, judge: fn(&Path, &str) -> Vec<String>) {
    let paths = plans(kind);
    assert!(!paths.is_empty(), "tests/corpus/{kind} is empty");
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = fs::read_to_string(path).expect("a plan of the corpus");
            let found = judge(path, &text);
            wrong.extend(found.iter().map(|each| format!("{}: {each}", path.display())));
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn plans(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(kind);
    let entries = fs::read_dir(folder).expect("a folder of the corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "goal")).collect();
    paths.sort();
    paths
}

fn statements(text: &str) -> Vec<Statement> {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        let words = "args|exit|status|step|order|file|no-file|within|at-least|says|never|expect";
        Regex::new(&format!(r"(?m)^#\s*({words}):[ ]*(.*?)\s*$")).expect("the pattern is right")
    });
    LINE.captures_iter(text).map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
}

/// A project with a copy of the whole folder that the plan is in, for those that mount others.
fn project_beside(path: &Path) -> (Project, String) {
    let project = Project::empty();
    let folder = path.parent().expect("a plan is in a folder");
    for (file, content) in files_below(folder) {
        let below = file.strip_prefix(folder).expect("it is below");
        project.write(&below.to_string_lossy(), content);
    }
    let name = path.file_name().expect("a plan has a name").to_string_lossy().into_owned();
    (project, name)
}

fn check_valid(path: &Path, text: &str) -> Vec<String> {
    let (project, name) = project_beside(path);
    let mut wrong = Vec::new();
    let checked = project.call(&["check", &name]);
    if checked.code != 0 {
        return vec![format!("check exits {}: {}", checked.code, checked.text())];
    }
    let before = project.call(&["compile", &name]);
    let formatted = project.call(&["fmt", &name]);
    let once = project.read(&name);
    if formatted.code != 0 {
        wrong.push(format!("fmt exits {}: {}", formatted.code, formatted.text()));
    }
    if project.call(&["fmt", &name, "--check"]).code != 0 {
        wrong.push(format!("fmt is not idempotent:\n{once}"));
    }
    let kept = comments(&once);
    wrong.extend(
        comments(text)
            .iter()
            .filter(|comment| !kept.contains(comment))
            .map(|comment| format!("fmt lost the comment `{comment}`")),
    );
    let after = project.call(&["compile", &name]);
    if before.code != 0 || before.json() != after.json() {
        wrong.push("fmt changed what the plan means".to_owned());
    }
    wrong
}

/// The comments of a plan; a `#` in a string starts none.
fn comments(text: &str) -> Vec<String> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?s)""".*?"""|'''.*?'''|"(?:\\.|[^"\\])*"|'[^']*'|(#[^\n]*)"#)
            .expect("the pattern is right")
    });
    let found = TOKEN.captures_iter(text).filter_map(|token| token.get(1));
    found.map(|comment| comment.as_str().trim_end().to_owned()).collect()
}

fn check_invalid(path: &Path, text: &str) -> Vec<String> {
    let (project, name) = project_beside(path);
    let mut wanted: Vec<String> = statements(text)
        .into_iter()
        .filter(|(word, _)| word == "expect")
        .flat_map(|(_, found)| found.split(", ").map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect();
    wanted.sort();
    let mut wrong = Vec::new();
    let asked = |code: &str| wanted.iter().any(|each| each.starts_with(code));
    let done = project.call(&["check", &name, "--format", "json"]);
    let found = done.json();
    let mut got: Vec<String> = found["diagnostics"]
        .as_array()
        .expect("a list of findings")
        .iter()
        .map(|found| (found["code"].as_str().expect("a code"), &found["line"]))
        // Advice that the file does not ask about may come too.
        .filter(|(code, _)| code.starts_with('E') || asked(code))
        .map(|(code, line)| format!("{code} {line}"))
        .collect();
    got.sort();
    if got != wanted {
        wrong.push(format!("wants {wanted:?}, got {got:?}"));
    }
    let errors = wanted.iter().any(|each| each.starts_with('E'));
    if done.code != if errors { 2 } else { 0 } {
        wrong.push(format!("check exits {}", done.code));
    }
    for format in ["fancy", "short"] {
        let said = project.call(&["check", &name, "--format", format]).text();
        let missing = wanted.iter().filter(|each| !said.contains(&each[..5]));
        wrong.extend(missing.map(|each| format!("--format {format} does not say {each}")));
    }
    wrong
}

fn check_run(_: &Path, text: &str) -> Vec<String> {
    run_as_said(&Project::new(text), &statements(text), &[])
}

/// But for what no cluster can keep, and how long it takes.
fn check_run_on_cluster(_: &Path, text: &str) -> Vec<String> {
    let project = Project::new(text);
    project.write("goal.toml", "[executor.slurm]\ngrace = \"4s\"\nlease = \"5s\"\n");
    if project.call(&["check", "plan.goal", "--executor", "slurm"]).text().contains("E0507") {
        return Vec::new();
    }
    let mut statements = statements(text);
    statements.retain(|(word, _)| word != "within");
    run_as_said(&project, &statements, &["--executor", "slurm"])
}

fn run_as_said(project: &Project, statements: &[Statement], more: &[&str]) -> Vec<String> {
    if statements.is_empty() {
        return vec!["it expects nothing".to_owned()];
    }
    let arguments: Vec<String> = statements
        .iter()
        .filter(|(word, _)| word == "args")
        .flat_map(|(_, given)| words(given))
        .collect();
    let arguments = arguments.iter().map(String::as_str).chain(more.iter().copied());
    let arguments: Vec<&str> = arguments.collect();
    let done = project.start(&arguments).end();
    if serde_json::from_slice::<Value>(&done.out).is_err() {
        return vec![format!("standard output is not one JSON value: {}", done.text())];
    }
    let outcome = Outcome::of(done);
    let judge = |(word, rest): &Statement| judge(project, &outcome, word, rest);
    let mut wrong: Vec<String> = statements.iter().filter_map(judge).collect();
    if !wrong.is_empty() {
        wrong.push(format!("it printed {}", outcome.done.text()));
    }
    wrong
}

/// Splits as a shell does: blanks, `'…'`, `"…"` and `\`.
fn words(text: &str) -> Vec<String> {
    static PIECE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^\s'"\\]+)|(\s+)"#)
            .expect("the pattern is right")
    });
    let mut words = vec![None::<String>];
    for piece in PIECE.captures_iter(text) {
        if piece.get(5).is_some() {
            words.push(None);
            continue;
        }
        let plain = [1, 3, 4].iter().find_map(|at| piece.get(*at));
        let quoted = piece.get(2).map(|m| m.as_str().replace("\\\"", "\"").replace("\\\\", "\\"));
        let word = words.last_mut().map(Option::get_or_insert_default);
        if let Some(word) = word {
            word.push_str(&quoted.or(plain.map(|m| m.as_str().to_owned())).unwrap_or_default());
        }
    }
    words.into_iter().flatten().collect()
}

/// What is wrong by one statement.
fn judge(project: &Project, outcome: &Outcome, word: &str, rest: &str) -> Option<String> {
    let differs = |wrong: bool, what: String| wrong.then_some(what);
    let Done { code, took, .. } = &outcome.done;
    let (code, took) = (code.to_string(), took.as_secs_f64());
    let seconds = || rest.parse::<f64>().expect("a number of seconds");
    match word {
        "exit" => differs(code != rest, format!("exit {code}, wants {rest}")),
        "status" => {
            let status = &outcome.json["status"];
            differs(status != rest, format!("status {status}, wants {rest}"))
        }
        "step" => judge_step(outcome, rest),
        "order" => judge_order(outcome, rest),
        "file" => {
            let (name, text) = rest.split_once(" = ").expect("a name and a text");
            let wanted: String = serde_json::from_str(text).expect("a text as JSON");
            let found = fs::read_to_string(project.path(name)).ok();
            let what = format!("{name} is {found:?}, wants {wanted:?}");
            differs(found.as_deref() != Some(&wanted), what)
        }
        "no-file" => differs(project.has(rest), format!("{rest} exists")),
        "within" => differs(took > seconds(), format!("took {took:.2} s, {rest} at most")),
        "at-least" => differs(took < seconds(), format!("took {took:.2} s, {rest} at least")),
        "says" => differs(!outcome.done.text().contains(rest), format!("does not say {rest:?}")),
        "never" => judge_never(project, outcome, rest),
        _ => None,
    }
}

fn judge_step(outcome: &Outcome, rest: &str) -> Option<String> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(\S+?)=("(?:[^"\\]|\\.)*"|\S+)"#).expect("the pattern is right")
    });
    let (id, rest) = rest.split_once(' ').expect("a step and a status");
    let (status, pairs) = rest.split_once(' ').unwrap_or((rest, ""));
    let step = outcome.step(id);
    if step["status"] != status {
        return Some(format!("{id} is {}, wants {status}", step["status"]));
    }
    for pair in PAIR.captures_iter(pairs) {
        let (key, written) = (&pair[1], &pair[2]);
        let wanted: Value =
            serde_json::from_str(written).unwrap_or_else(|_| Value::from(written.to_owned()));
        let (found, fits) = if let Some(name) = key.strip_prefix("output.") {
            let wanted = wanted.as_str().map(serde_json::from_str::<Value>);
            let wanted = wanted.unwrap_or(Ok(wanted_number(written))).expect("JSON in a string");
            (&step["outputs"][name], step["outputs"][name] == wanted)
        } else if key == "reason" {
            let part = wanted.as_str().expect("a text");
            (&step["reason"], step["reason"].as_str().is_some_and(|text| text.contains(part)))
        } else {
            (&step[key], step[key] == wanted)
        };
        if !fits {
            return Some(format!("{id}: {key} is {found}, wants {written}"));
        }
    }
    None
}

fn wanted_number(written: &str) -> Value {
    serde_json::from_str(written).expect("a number")
}

fn judge_order(outcome: &Outcome, rest: &str) -> Option<String> {
    let (first, second) = rest.split_once(" < ").expect("two steps");
    let ended = outcome.step(first)["ended"].as_str();
    let started = outcome.step(second)["started"].as_str();
    let fine = ended.zip(started).is_some_and(|(ended, started)| ended <= started);
    (!fine).then(|| format!("order {rest}: ended {ended:?}, started {started:?}"))
}

fn judge_never(project: &Project, outcome: &Outcome, text: &str) -> Option<String> {
    if outcome.done.text().contains(text) {
        return Some(format!("{text} is in the output"));
    }
    let plan = project.path("plan.goal");
    let files = files_below(&project.path("")).into_iter().chain(files_below(&project.state()));
    let bad = files.filter(|(path, content)| *path != plan && contains(content, text.as_bytes()));
    bad.map(|(path, _)| format!("{text} is in {}", path.display())).next()
}
