//! Where what a plan runs finds itself: the shell, the folder, the environment; who says it.

use crate::support::Project;

#[test]
fn the_shell_of_the_settings_runs_all_scripts_for_which_the_plan_names_none() {
    let project = Project::new(
        r#"
goal g {
  requires { run "[[ a == a ]] && echo $0 > requires.txt" }
  verify { run "echo $0 > goal.txt" }
  cleanup { run "echo $0 > cleanup.txt" }
  alert on achieved { run "echo $0 > alert.txt" }
  step a { run "false"; fallback { run "echo $0 > fallback.txt" }; verify { run "echo $0 > verify.txt" } }
  step own { shell "sh", "-c"; run "echo $0 > own.txt" }
  goal inner { shell "sh", "-c"; step b { run "echo $0 > inner.txt" } }
  step late { depends a, own, inner; run "echo $0 > late.txt; false"; rollback { run "echo $0 > rollback.txt" } }
  on failure rollback
}
"#,
    );
    project.write("goal.toml", "[defaults]\nshell = [\"bash\", \"-c\"]\n");
    project.run(&[]).exits(1);
    for name in ["requires", "fallback", "verify", "late", "rollback", "cleanup"] {
        assert_eq!(project.read(&format!("{name}.txt")), "bash\n", "{name}");
    }
    for name in ["own", "inner"] {
        assert_eq!(project.read(&format!("{name}.txt")), "sh\n", "{name}");
    }
    project.write("plan.goal", project.read("plan.goal").replace("; false", ""));
    project.run(&[]).exits(0);
    for name in ["goal", "alert"] {
        assert_eq!(project.read(&format!("{name}.txt")), "bash\n", "{name}");
    }
    // A compiled plan is the same plan.
    let compiled = project.call(&["compile", "plan.goal"]).exits(0);
    project.write("other/plan.json", compiled.out);
    project.call(&["run", "other/plan.json"]).exits(0);
    assert_eq!(project.read("other/late.txt"), "bash\n");
}

#[test]
fn a_run_keeps_the_shell_that_it_began_with_until_the_change_is_accepted() {
    let text = "goal g { step a { run \"echo $0 > a.txt; test -e go\" } }";
    let project = Project::new(text);
    project.write("goal.toml", "[defaults]\nshell = [\"bash\", \"-c\"]\n");
    project.run(&[]).exits(1);
    project.write("goal.toml", "[defaults]\nshell = [\"sh\", \"-c\"]\n");
    let done = project.call(&["resume", "--retry-failed"]).exits(1);
    assert!(done.err.contains("edited since this run began"), "{}", done.err);
    assert_eq!(project.read("a.txt"), "bash\n");
    project.write("go", "");
    project.call(&["resume", "--accept-changes"]).exits(0);
    assert_eq!(project.read("a.txt"), "sh\n");
}

#[test]
fn what_check_assumes_of_scripts_follows_the_shell_of_the_settings() {
    let text = "goal g { param v: string = \"x\"\nstep a { run \"print('${v}'\" } }";
    let project = Project::new(text);
    let codes = || {
        let found = project.check("plan.goal");
        found.iter().map(|each| each["code"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let found: Vec<String> = codes();
    assert!(found.contains(&"W0707".to_owned()), "{found:?}");
    project.write("goal.toml", "[defaults]\nshell = [\"/usr/bin/env\", \"python3\", \"-c\"]\n");
    let found: Vec<String> = codes();
    assert!(found.contains(&"E0506".to_owned()), "{found:?}");
    assert!(!found.contains(&"W0707".to_owned()), "{found:?}");
}

#[test]
fn what_a_goal_says_itself_counts_more_than_the_defaults_of_a_goal_around_it() {
    let project = Project::new(
        r#"
goal g {
  defaults { env { V = "outer"; W = "outer" }; dir "d1"; shell "bash", "-c"; on failure stop }
  env { V = "root" }
  step plain { run "echo $V $W ${PWD##*/} $0 > ../plain.txt" }
  goal inner {
    depends plain, other
    env { V = "inner" }
    dir "d2"
    shell "sh", "-c"
    on failure continue
    step a { run "echo $V $W ${PWD##*/} $0 > ../a.txt" }
    step own { dir "d3"; env { V = "own" }; run "echo $V $W ${PWD##*/} $0 > ../own.txt" }
    goal deep { step b { run "echo $V $W ${PWD##*/} $0 > ../b.txt" } }
    goal again {
      defaults { dir "d1"; env { V = "again" } }
      step c { run "echo $V $W ${PWD##*/} $0 > ../c.txt" }
    }
    step fails { run "false" }
    step later { after fails; run "true" }
  }
  goal other from "sub/other.goal"
}
"#,
    );
    let other = "goal other { step o { run \"echo $V $W ${PWD##*/} $0 > ../o.txt\" } }";
    project.write("sub/other.goal", other);
    for folder in ["d1", "d2", "d3"] {
        project.write(&format!("{folder}/kept"), "");
    }
    project.run(&["-j", "1"]).exits(1).stands("inner.fails failed, inner.later succeeded");
    for (name, said) in [
        ("plain", "outer outer d1 bash"),
        ("a", "inner outer d2 sh"),
        ("own", "own outer d3 sh"),
        ("b", "inner outer d2 sh"),
        ("c", "again outer d1 sh"),
        ("o", "outer outer sub bash"),
    ] {
        assert_eq!(project.read(&format!("{name}.txt")), format!("{said}\n"), "{name}");
    }
}

#[test]
fn a_snapshot_begins_in_the_folder_of_its_step() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step own { dir "own"; snapshot "s.dat"; run "echo new > s.dat; false" }
  goal around { dir "around"; step a { snapshot "s.dat"; run "echo new > s.dat; false" } }
  step each {
    foreach name in ["one", "two"]
    dir name
    snapshot "s.dat"
    run "echo new > s.dat; false"
  }
  step top { depends after; run "true" }
  step after { after own, each, around; run "echo theirs > s.dat" }
}
"#,
    );
    let folders = ["own", "around", "one", "two"];
    for folder in folders {
        project.write(&format!("{folder}/s.dat"), "old\n");
    }
    project.run(&[]).exits(1).stands("own failed, around.a failed, each failed, top succeeded");
    for folder in folders {
        assert_eq!(project.read(&format!("{folder}/s.dat")), "old\n", "{folder}");
    }
    assert_eq!(project.read("s.dat"), "theirs\n");
}

#[test]
fn what_a_step_reads_and_writes_begins_in_its_folder() {
    let project = Project::new(
        r#"
goal g {
  dir "work"
  step a { reads "in*"; writes "out"; unless { unchanged }; run "cat in > out; echo x >> ran" }
}
"#,
    );
    project.write("work/in", "1");
    let times = || {
        project.run(&[]).exits(0);
        project.lines("work/ran").len()
    };
    assert_eq!([times(), times()], [1, 1]);
    project.write("in", "of another");
    assert_eq!(times(), 1);
    project.write("work/in", "2");
    assert_eq!([times(), times()], [2, 2]);
    std::fs::remove_file(project.path("work/out")).expect("it was made");
    assert_eq!([times(), times()], [3, 3]);
}

#[test]
fn a_snapshot_that_leads_elsewhere_after_an_edit_is_taken_there() {
    let plan = |dir: &str| {
        format!(
            "goal g {{ step a {{ dir \"{dir}\"; snapshot \"s\"; run \"echo new > s; test -e ../go\" }} }}"
        )
    };
    let project = Project::new(&plan("one"));
    project.write("one/s", "old");
    project.write("two/s", "old");
    project.run(&[]).exits(1);
    project.write("plan.goal", plan("two"));
    project.call(&["resume", "--accept-changes", "--retry-failed"]).exits(1);
    assert_eq!((project.read("one/s"), project.read("two/s")), ("old".into(), "old".into()));
}
