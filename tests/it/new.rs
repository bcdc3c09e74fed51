//! `goalc new`: each template is sound, canonical, and does what it says, on files of its own.

use crate::support::Project;

const TEMPLATES: [&str; 4] = ["release", "migration", "data", "runbook"];

/// A project with the plan `x.goal` of a template.
fn project(template: &str) -> Project {
    let project = Project::empty();
    project.call(&["new", "x", "--template", template]).exits(0);
    project
}

#[test]
fn each_template_is_sound_and_canonical_and_has_a_forecast() {
    for template in TEMPLATES {
        let project = project(template);
        project.call(&["check", "x.goal", "--deny", "warnings"]).exits(0);
        project.call(&["fmt", "x.goal", "--check"]).exits(0);
        let forecast = project.call(&["run", "x.goal", "--dry-run", "--format", "json"]).exits(0);
        assert_eq!(forecast.json()["goal"], "x", "{template}");
    }
}

#[test]
fn a_plan_without_a_template_runs_and_the_next_steps_are_said() {
    let project = Project::empty();
    let text = project.call(&["new"]).exits(0).text();
    for next in ["goalc check plan.goal", "goalc run plan.goal --dry-run", "goalc run plan.goal\n"]
    {
        assert!(text.contains(next), "{text}");
    }
    project.call(&["check", "--deny", "warnings"]).exits(0);
    project.call(&["fmt", "--check"]).exits(0);
    project.call(&["run"]).exits(0);
}

#[test]
fn the_release_publishes_and_a_broken_one_is_undone() {
    let project = project("release");
    project.call(&["run", "x.goal", "-y", "-p", "version=1.2.0"]).exits(0);
    assert_eq!(project.read("work/x/server/current"), "1.2.0\n");
    project.call(&["run", "x.goal", "-y", "-p", "version=1.3.0", "-p", "broken=true"]).exits(1);
    assert_eq!(project.read("work/x/server/current"), "1.2.0\n");
    assert!(!project.has("work/x/server/app-1.3.0"));
    assert!(!project.has("work/x/built"));
}

#[test]
fn the_migration_adds_a_column_and_a_broken_one_is_put_back() {
    let broken = project("migration");
    broken.call(&["run", "x.goal", "-p", "sabotage=true"]).exits(1);
    assert_eq!(broken.read("work/x/orders"), "id,item\n1,bread\n2,honey\n");
    let project = project("migration");
    let text = project.call(&["run", "x.goal"]).exits(0).text();
    assert!(text.contains("2 rows in staging"), "{text}");
    assert_eq!(project.read("work/x/orders"), "id,item,price\n1,bread,0\n2,honey,0\n");
    let forecast = project.call(&["run", "x.goal", "-n", "-p", "target=production"]).exits(0);
    assert!(forecast.text().contains("Migrate production?"), "{}", forecast.text());
}

#[test]
fn the_data_is_added_up_and_only_the_report_stays() {
    let project = project("data");
    project.call(&["run", "x.goal", "-p", "days=mon", "-p", "days=tue"]).exits(0);
    assert_eq!(project.read("work/x/report"), "8 sold\n");
    assert!(!project.has("work/x/raw") && !project.has("work/x/clean"));
}

#[test]
fn the_runbook_waits_for_people_and_ends_once_they_have_answered() {
    let project = project("runbook");
    project.call(&["run", "x.goal"]).exits(3);
    project.call(&["done", "call", "--note", "Ada"]).exits(0);
    project.call(&["resume"]).exits(3);
    project.call(&["approve", "switch"]).exits(0);
    project.call(&["resume"]).exits(0);
    assert_eq!(project.read("work/x/report"), "switched to standby\n");
}

#[test]
fn a_name_may_be_of_any_script_and_is_the_goals_and_the_files() {
    let project = Project::empty();
    for name in ["目標", "größe-2", "_x"] {
        project.call(&["new", name, "-t", "data"]).exits(0);
        let file = format!("{name}.goal");
        project.call(&["check", &file, "--deny", "warnings"]).exits(0);
        project.call(&["fmt", &file, "--check"]).exits(0);
        assert!(project.read(&file).contains(&format!("goal {name} \"")));
    }
}

#[test]
fn a_name_that_is_none_is_refused_with_one_that_is() {
    let project = Project::empty();
    let cases =
        [("a b/c", "`a-b-c`"), ("9lives", "`plan-9lives`"), ("", "name"), ("true", "`plan-true`")];
    for (name, hint) in cases {
        let text = project.call(&["new", name]).exits(2).text();
        assert!(text.contains(hint), "{name}: {text}");
    }
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let project = Project::empty();
    project.write("x.goal", "mine");
    let text = project.call(&["new", "x"]).exits(2).text();
    assert!(text.contains("is there already") && text.contains("-o"), "{text}");
    assert_eq!(project.read("x.goal"), "mine");
    project.call(&["new", "x", "-o", "y.goal"]).exits(0);
    assert!(project.read("y.goal").contains("goal x "));
    project.call(&["new", "x", "-o", "nowhere/y.goal"]).exits(2);
}

#[test]
fn the_templates_are_listed() {
    let text = Project::empty().call(&["new", "--list"]).exits(0).text();
    assert!(TEMPLATES.iter().all(|name| text.contains(name)), "{text}");
}
