//! Mounted files: loading, params, and what they see.

use super::{Checked, check, check_files};
use crate::ir::BindingKind;

const REGION: &str = "goal region {\n  param name: string\n  param size: int = 1\n  step deploy { run \"./deploy ${name} ${size}\"; output build: int }\n}";

fn region(text: &str) -> Checked {
    check_files(text, &[("/plans/sub/region.goal", REGION)])
}

#[test]
fn a_mounted_files_steps_are_named_through_the_mount() {
    let checked = region(
        "goal g {\ngoal east from \"./sub/region.goal\" { name = \"east\" }\nstep a { depends east; run [\"echo\", \"${east.deploy.build}\"] }\nstep b { depends east.deploy; run \"true\" }\n}",
    );
    let plan = checked.plan();
    assert!(plan.steps.contains_key("east.deploy"));
    let east = &plan.goals["east"];
    assert!(east.mounted);
    assert_eq!(east.folder.as_deref(), Some("sub"));
    assert!(matches!(&plan.bindings["east.name"].kind, BindingKind::Param { bound: Some(_), .. }));
}

#[test]
fn a_file_may_be_mounted_twice() {
    let checked = region(
        "goal g {\ngoal east from \"sub/region.goal\" { name = \"e\" }\ngoal west from \"./sub/../sub/region.goal\" { depends east; name = \"w\" }\n}",
    );
    assert_eq!(checked.plan().steps.len(), 2);
    assert_eq!(checked.sources.files().count(), 2);
    assert_eq!(checked.plan().goals["west"].edges.len(), 1);
}

#[test]
fn a_mounted_file_sees_only_its_own_names() {
    let checked = check_files(
        "goal g {\nparam outer: string\nstep s { run \"echo $outer\" }\ngoal m from \"m.goal\"\n}",
        &[("/plans/m.goal", "goal m {\nstep a {\ndepends s\nrun [\"echo\", outer]\n}\n}")],
    );
    assert_eq!(checked.codes(), ["E0201 m.goal:3", "E0202 m.goal:4"]);
    assert!(checked.help("E0202").contains("sees only its own names"));
}

#[test]
fn a_mounts_clauses_and_values_see_the_mounting_goal() {
    let checked = region(
        "goal g {\nlet n = \"east\"\nstep a { run \"true\"; output o: int }\ngoal east from \"sub/region.goal\" {\ndepends a\nwhen a.o > 1\nname = n\nsize = a.o\n}\n}",
    );
    let plan = checked.plan();
    assert!(plan.goals["east"].guards.when.is_some());
    assert!(plan.steps["east.deploy"].exports.contains_key("size"));
    assert!(plan.goals["east"].exports.contains_key("name"));
}

#[test]
fn a_bound_output_needs_a_depends_of_the_mount() {
    let checked = region(
        "goal g {\nstep a { run \"true\"; output o: int }\ngoal east from \"sub/region.goal\" { name = \"e\"; size = a.o }\n}",
    );
    assert_eq!(checked.codes(), ["E0205 sub/region.goal:4"]);
    assert_eq!(checked.help("E0205"), "write `depends a` in the braces of the mount");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let checked = check_files(
        "goal g {\ngoal x from \"./nowhere.goal\"\nstep a { depends x.y, x; run [\"echo\", \"${x.y.z}\"] }\n}",
        &[],
    );
    assert_eq!(checked.codes(), ["E0601 2"]);
    assert!(checked.only("E0601").message.contains("nowhere.goal"));
}

#[test]
fn missing_params_are_reported_once_a_mount() {
    let checked = check_files(
        "goal g {\ngoal m from \"m.goal\" { c = 1 }\n}",
        &[(
            "/plans/m.goal",
            "goal m {\nparam a: string\nparam b: int\nparam c: int\nstep s { run \"echo $a $b $c\" }\n}",
        )],
    );
    assert_eq!(checked.codes(), ["E0603 2"]);
    assert!(checked.only("E0603").message.contains("`a`, `b`"));
}

#[test]
fn unknown_and_mistyped_params_are_reported() {
    let checked = region("goal g {\ngoal e from \"sub/region.goal\" {\nname = 3\nsiez = 3\n}\n}");
    assert_eq!(checked.codes(), ["E0603 3", "E0603 4"]);
    assert_eq!(checked.found[1].help.as_deref(), Some("did you mean `size`?"));
}

#[test]
fn a_value_outside_of_a_mounted_params_bounds_is_reported() {
    let checked = check_files(
        "goal g {\ngoal m from \"m.goal\" { a = 11 }\n}",
        &[("/plans/m.goal", "goal m {\nparam a: int in 1..10\nstep s { run \"echo $a\" }\n}")],
    );
    assert_eq!(checked.codes(), ["E0302 2"]);
}

#[test]
fn files_that_mount_each_other_show_the_whole_circle() {
    let checked = check_files(
        "goal g {\ngoal a from \"a.goal\"\n}",
        &[
            ("/plans/a.goal", "goal a {\ngoal b from \"sub/b.goal\"\n}"),
            (
                "/plans/sub/b.goal",
                "goal b {\nstep x { run \"true\" }\ngoal again from \"../a.goal\"\n}",
            ),
        ],
    );
    assert_eq!(checked.codes(), ["E0602 a.goal:2"]);
    let found = checked.only("E0602");
    assert!(found.message.contains("`a` → `b` → `a`"), "{}", found.message);
    assert_eq!(found.labels.len(), 2);
}

#[test]
fn a_file_that_mounts_itself_is_a_circle() {
    let checked = check_files("goal g {\ngoal again from \"./plan.goal\"\n}", &[]);
    assert_eq!(checked.codes(), ["E0602 2"]);
}

#[test]
fn mounts_that_double_at_each_level_come_to_an_end() {
    let mut files = Vec::new();
    for level in 0..30 {
        let text = format!(
            "goal l{level} {{\ngoal a from \"l{}.goal\"\ngoal b from \"l{}.goal\"\n}}",
            level + 1,
            level + 1
        );
        let path = format!("/plans/l{level}.goal");
        files.push((path, &*Box::leak(text.into_boxed_str())));
    }
    files.push(("/plans/l30.goal".to_owned(), "goal l30 { step s { run \"true\" } }"));
    let files: Vec<(&str, &'static str)> =
        files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let checked = check_files("goal g {\ngoal a from \"l0.goal\"\n}", &files);
    assert!(checked.errors().iter().all(|code| code.starts_with("E0601")));
    assert!(!checked.errors().is_empty());
}

#[test]
fn nested_mounts_are_relative_to_the_file_that_mounts_them() {
    let checked = check_files(
        "goal g {\ngoal a from \"x/a.goal\"\n}",
        &[
            ("/plans/x/a.goal", "goal a {\ngoal b from \"y/b.goal\"\ngoal c from \"../c.goal\"\n}"),
            ("/plans/x/y/b.goal", "goal b { step s { run \"true\" } }"),
            ("/plans/c.goal", "goal c { step s { run \"true\" } }"),
        ],
    );
    let plan = checked.plan();
    assert_eq!(plan.goals["a.b"].folder.as_deref(), Some("x/y"));
    assert_eq!(plan.goals["a.c"].folder.as_deref(), Some("."));
}

#[test]
fn what_is_wrong_in_a_mounted_file_is_reported_there() {
    let checked = check_files(
        "goal g {\ngoal a from \"a.goal\"\ngoal b from \"a.goal\"\n}",
        &[("/plans/a.goal", "goal a {\nstep s {\nwhen 3\nrun \"true\"\n}\n}")],
    );
    assert_eq!(checked.codes(), ["E0301 a.goal:3"]);
}

#[test]
fn a_mount_that_names_no_file_is_an_error() {
    assert_eq!(
        check("goal g {\ngoal r from \"\"\nstep a { depends r; run \"true\" }\n}").codes(),
        ["E0601 2"]
    );
    assert_eq!(
        check("goal g {\ngoal r from \"./${x}.goal\"\nstep a { run \"true\" }\n}").codes(),
        ["E0504 2"]
    );
}
