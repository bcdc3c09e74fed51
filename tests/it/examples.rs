//! Every plan in `examples/` is sound, in canonical form, and has a forecast.

use std::path::{Path, PathBuf};

use crate::support::{Project, files_below};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = files_below(&folder).into_iter().map(|(path, _)| path);
    files.filter(|path| path.extension().is_some_and(|end| end == "goal")).collect()
}

/// Calls goalc for each example; tells all that do not exit with 0.
fn all_pass(examples: Vec<PathBuf>, call: impl Fn(&str) -> String) {
    let project = Project::empty();
    let mut wrong = Vec::new();
    for path in examples {
        let call = call(&path.to_string_lossy());
        let done = project.call(&call.split(' ').collect::<Vec<_>>());
        if done.code != 0 {
            wrong.push(format!("{}: exit {}: {}", path.display(), done.code, done.text()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn there_are_some() {
    assert!(examples().len() >= 5);
}

#[test]
fn each_is_sound() {
    all_pass(examples(), |path| format!("check {path} --deny warnings"));
}

#[test]
fn each_scenario_of_them_holds() {
    let with = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("an example");
        text.contains("\nscenario ")
    };
    let found: Vec<PathBuf> = examples().into_iter().filter(with).collect();
    assert!(found.len() >= 2);
    all_pass(found, |path| format!("test {path} --deny warnings"));
}

#[test]
fn each_is_in_canonical_form() {
    all_pass(examples(), |path| format!("fmt {path} --check"));
}

/// What another example mounts has params that only the mount gives.
#[test]
fn each_that_stands_alone_has_a_forecast() {
    let texts: Vec<String> =
        examples().iter().map(|path| std::fs::read_to_string(path).expect("an example")).collect();
    let mounted = |path: &Path| {
        let name = path.file_name().expect("it has a name").to_string_lossy();
        texts.iter().any(|text| text.contains(&format!("from \"./{name}\"")))
    };
    let scenarios = |path: &Path| path.to_string_lossy().ends_with(".test.goal");
    let alone = examples().into_iter().filter(|path| !mounted(path) && !scenarios(path)).collect();
    all_pass(alone, |path| format!("run {path} --dry-run"));
}
