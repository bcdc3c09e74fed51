//! The pages of `docs/` that are made from the program, and the messages that they show.
//!
//! After a change that is meant: `UPDATE=1 cargo test --test it docs`.

use std::fs;
use std::path::{Path, PathBuf};

use goalc::clause::{self, Place};
use goalc::diagnostic::{self, Entry};
use goalc::report::layout::width as columns;

use crate::support::Project;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Whether a page of `docs/` is as it is made now; with `UPDATE` it is written.
fn is_current(name: &str, made: &str) {
    let path = page(name);
    if std::env::var_os("UPDATE").is_some_and(|update| update != "0") {
        fs::write(&path, made).expect("the page is written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == made, "docs/{name} is old: run `UPDATE=1 cargo test --test it docs`");
}

/// What `goalc check plan.goal` prints, at 80 columns.
fn printed(project: &Project, plan: &str) -> String {
    let mut command = project.command(&["check", plan]);
    command.env("COLUMNS", "80");
    project.spawn(command).end().err
}

/// What is printed for a plan of the catalogue.
fn printed_for(entry: &Entry) -> String {
    let project = Project::empty();
    project.write("plan.goal", "goal g {\n  step a { run \"true\" }\n}\n");
    project.write(entry.file, entry.wrong);
    for (name, text) in entry.files {
        project.write(name, text);
    }
    printed(&project, "plan.goal")
}

#[test]
fn the_clauses_are_those_of_the_table() {
    is_current("clauses.md", &clause::reference());
}

#[test]
fn the_diagnostics_are_those_of_the_catalogue_as_they_are_printed() {
    is_current("diagnostics.md", &diagnostic::reference(&printed_for));
}

#[test]
fn no_printed_message_is_wider_than_80_columns() {
    let text = diagnostic::reference(&printed_for);
    let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    for line in blocks.flat_map(str::lines) {
        assert!(columns(line) <= 80, "{line}");
    }
}

/// Marks stand below the letters that they are about, where those take two columns each.
#[test]
fn marks_align_below_wide_letters() {
    let text = diagnostic::reference(&printed_for);
    let wide = text.split("## How they look").nth(1).expect("the part").split("\n## ").next();
    let lines: Vec<&str> = wide.expect("its text").lines().collect();
    let mut compared = 0;
    for pair in lines.windows(2) {
        for word in ["\"出力/日報.csv\"", "\"出力/*.csv\""] {
            let marks = pair[1].contains('┬').then(|| pair[1].find('─')).flatten();
            if let (Some(at), Some(mark)) = (pair[0].find(word), marks) {
                let whole = columns(pair[0]) - columns(&pair[0][at..]);
                let clause = pair[0][..at]
                    .rfind(['r', 'w'])
                    .map_or(whole, |start| columns(&pair[0][..start]));
                let mark = columns(&pair[1][..mark]);
                assert!(mark == whole || mark == clause, "{}\n{}", pair[0], pair[1]);
                compared += 1;
            }
        }
    }
    assert!(compared >= 2, "{wide:?}");
}

#[test]
fn what_the_readme_shows_is_what_is_printed() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let shown = readme.split("```text\n$ goalc check release.goal\n").nth(1).expect("the block");
    let shown = shown.split("```").next().expect("its end");
    let project = Project::empty();
    project.write("release.goal", include_str!("docs/release.goal"));
    assert_eq!(printed(&project, "release.goal"), shown);
}

/// What the examples of scenarios are about.
const REHEARSED: &str = r#"goal host {
  param version: string = "1"
  param target: string = "production"
  param token: string = env("DEPLOY_TOKEN", "")
  step connect { run "true"; retry 3; idempotent; fallback replica { run "true" } }
  step image { run "true"; output digest: string }
  step migrate {
    depends connect, image
    confirm "Migrate ${target} to ${version}?" when target == "production"
    run "true"
    env { TOKEN = token }
  }
  step rollout { depends migrate; run "true" }
}

"#;

/// A clause's example in a goal that has nothing else, as `goalc fmt` would write it.
fn in_a_goal(example: &str) -> String {
    let lines = example.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    format!("goal host {{\n{}}}\n", lines.collect::<String>())
}

#[test]
fn the_example_of_each_clause_checks_and_is_canonical() {
    let page = clause::reference();
    let project = Project::empty();
    project.write("region.goal", "goal region {\n  param name: string = \"x\"\n}\n");
    let mut wrong = Vec::new();
    for spec in clause::table() {
        let of_scenario = [Place::File, Place::Scenario];
        let plan = if spec.places.iter().all(|place| of_scenario.contains(place)) {
            format!("{REHEARSED}{}\n", spec.example)
        } else {
            in_a_goal(spec.example)
        };
        project.write("plan.goal", &plan);
        let checked = project.call(&["check", "plan.goal", "--format", "short"]);
        if checked.code != 0 {
            wrong.push(format!("`{}`: {}\n{plan}", spec.word, checked.text()));
        }
        if project.call(&["fmt", "--check", "plan.goal"]).code != 0 {
            wrong.push(project.call(&["fmt", "--diff", "plan.goal"]).text());
        }
        assert!(page.contains(&format!("```goal\n{}\n```", spec.example)), "{}", spec.word);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words of the language, as its definition lists them, by place.
const WORDS: &[(Place, &str)] = &[
    (Place::File, "goal scenario"),
    (Place::Scenario, "param env file jobs given expect"),
    (
        Place::Goal,
        "param let step goal resource requires verify parallel deadline progress defaults env dir \
         shell cleanup alert depends after when confirm lock",
    ),
    (Place::Mount, "depends after when confirm lock"),
    (
        Place::Step,
        "run manual await depends after when unless requires verify confirm timeout grace retry \
         fallback foreach stdin service ready output reads writes idempotent lock uses priority \
         snapshot rollback checkpoint env dir shell limits estimate",
    ),
    (Place::Fallback, "run timeout retry env dir shell verify"),
    (Place::Defaults, "timeout retry shell env dir limits lock"),
    (Place::Limits, "memory cpu output"),
    (Place::Executor, "partition account qos cpus memory gpus time flag"),
    (Place::Cleanup, "run delete"),
    (Place::Rollback, "run"),
    (Place::Alert, "run webhook log"),
    (Place::Webhook, "header"),
    (Place::Probes, "file dir command unchanged env tcp http port disk memory run not"),
];

#[test]
fn each_word_of_the_language_is_in_the_table_where_it_belongs() {
    for (place, words) in WORDS {
        for word in words.split_whitespace() {
            assert!(clause::find(*place, word).is_some(), "{word} {}", place.phrase());
        }
    }
    for place in [Place::Goal, Place::Step, Place::Defaults] {
        assert!(clause::find(place, "on failure").is_some(), "on failure {}", place.phrase());
    }
}

/// The plan `every-clause.goal` of the corpus is checked, formatted and compiled there.
#[test]
fn one_plan_of_the_corpus_has_every_word_and_option() {
    let plan = include_str!("../corpus/valid/every-clause.goal");
    let words: Vec<&str> =
        plan.split(|c: char| c.is_whitespace() || "{}();,".contains(c)).collect();
    let mut missing = Vec::new();
    for spec in clause::table() {
        let of_options = spec.options.iter().map(|option| option.word);
        let all = std::iter::once(spec.word).chain(of_options).flat_map(|word| word.split(' '));
        missing.extend(all.filter(|word| word.len() > 2 && !words.contains(word)));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_reference_of_the_language_lists_all_codes() {
    let language = fs::read_to_string(page("language.md")).expect("the reference");
    for entry in diagnostic::CATALOGUE {
        assert!(language.contains(&format!("\n| {} | ", entry.code)), "{}", entry.code);
    }
}
