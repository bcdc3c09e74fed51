//! `goalc check --fix`: what it mends, what it prints, and all that it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, files_below};

/// Five mends in one step after another, and nothing else wrong.
const SLIPS: &str = "\
# Ship it.
goal release {
  step build {
    run \"echo digest=1 >> $GOAL_OUTPUT\"   # keep this
    timout 5m
    output digest: string
  }

  step push {
    run [\"push\", build.digset]
  }

  step tell { depends biuld, push; run \"true\" }
}
";

const MENDED: &str = "\
# Ship it.
goal release {
  step build {
    run \"echo digest=1 >> $GOAL_OUTPUT\"   # keep this
    timeout 5m
    output digest: string
  }

  step push {
    depends build
    run [\"push\", build.digest]
  }

  step tell { depends push; run \"true\" }
}
";

/// Mends a plan; gives its text then.
fn mended(plan: &str) -> String {
    let project = Project::new(plan);
    project.call(&["check", "plan.goal", "--fix"]);
    project.read("plan.goal")
}

#[test]
fn all_that_is_certain_is_mended_one_after_another() {
    let project = Project::new(SLIPS);
    let done = project.call(&["check", "plan.goal", "--fix"]).exits(0);
    assert_eq!(project.read("plan.goal"), MENDED);
    for line in ["--- plan.goal", "-    timout 5m", "+    timeout 5m", "+    depends build"] {
        assert!(done.out().lines().any(|each| each == line), "{line}\n{}", done.out());
    }
    assert!(!done.text().contains("can mend"), "{}", done.text());
    let again = project.call(&["check", "plan.goal", "--fix"]).exits(0);
    assert!(again.out.is_empty(), "{}", again.out());
    assert_eq!(project.read("plan.goal"), MENDED);
}

#[test]
fn what_is_left_is_told_after_the_diff_and_decides_the_exit_code() {
    let project = Project::new(&SLIPS.replace("run \"true\"", "run \"true\"; depends nowhere"));
    let done = project.call(&["check", "plan.goal", "--fix", "--format", "short"]).exits(2);
    let out = done.out();
    assert!(out.find("+++ plan.goal") < out.find("plan.goal:14:"), "{out}");
    assert_eq!(out.matches("error[").count(), 1, "{out}");
}

#[test]
fn every_other_byte_stays() {
    let windows = format!("\u{feff}{}", SLIPS.replace('\n', "\r\n").trim_end());
    let wanted = format!("\u{feff}{}", MENDED.replace('\n', "\r\n").trim_end());
    assert_eq!(mended(&windows), wanted);
    let unusual = "goal   g{ # a\n\n\n step a{run 'true';timout 1s}#b\n }\n\n# end";
    assert_eq!(mended(unusual), unusual.replace("timout", "timeout"));
}

#[test]
fn a_redundant_depends_goes_with_what_joins_it_and_comments_stay() {
    let plan = |clause: &str| {
        format!(
            "goal g {{\n  step a {{ run \"true\" }}\n  step b {{ depends a; run \"true\" }}\n  \
             step c {{\n    depends b\n{clause}    run \"true\"\n  }}\n}}\n"
        )
    };
    for (clause, left) in [
        ("    depends a\n", ""),
        ("    depends a # why\n", "    # why\n"),
        ("    depends a; timeout 1s\n", "    timeout 1s\n"),
        ("    timeout 1s; depends a\n", "    timeout 1s\n"),
        ("    depends a, # first\n      b\n", "    depends a, # first\n      b\n"),
    ] {
        assert_eq!(mended(&plan(clause)), plan(left), "{clause}");
    }
}

#[test]
fn other_slips_have_their_mends() {
    for (wrong, right) in [
        ("param p: strng = \"x\"", "param p: string = \"x\""),
        ("param p: string matches \"\\d+\" = \"1\"", "param p: string matches \"\\\\d+\" = \"1\""),
        ("param p: \"east\" | \"west\" = \"eats\"", "param p: \"east\" | \"west\" = \"east\""),
        ("param p: bool = true && exsits('x')", "param p: bool = true && exists('x')"),
        ("param p： string ＝ \"x\"", "param p: string = \"x\""),
    ] {
        let plan = |param: &str| {
            format!("goal g {{\n  {param}\n  step a {{ run [\"echo\", \"${{p}}\"] }}\n}}\n")
        };
        assert_eq!(mended(&plan(wrong)), plan(right));
    }
}

#[test]
fn what_may_mean_another_thing_is_left() {
    let plan = "goal g {\n  step test-a { run \"true\" }\n  step x { depends test-b; run \"true\" }\n  \
                step y { run \"true\"; retry 2 }\n}\n";
    assert_eq!(mended(plan), plan);
}

#[test]
fn a_mend_that_makes_it_worse_is_not_made_and_others_are() {
    // With a plain comma, three unknown names are found instead of one sign.
    let plan = "goal g {\n  step a { run \"true\"; timout 1s }\n  step b {\n    depends x1， y2, z3\n    \
                run \"true\"\n  }\n}\n";
    assert_eq!(mended(plan), plan.replace("timout", "timeout"));
}

#[test]
fn what_only_follows_from_a_slip_is_not_mended() {
    let plan = |name: &str| {
        format!(
            "goal g {{\n  step build {{ run \"true\"; output o: int }}\n  step b {{ depends {name}; run \"true\" \
             }}\n  step c {{ depends b; run [\"x\", build.o] }}\n}}\n"
        )
    };
    assert_eq!(mended(&plan("biuld")), plan("build"));
    // Short names may be two things, so it is not mended; and no second `depends` is put beside it.
    let unsure = "goal g {\n  step 集計 { run \"true\"; output o: int }\n  step b { depends 集計計; run \
                  [\"x\", 集計.o] }\n}\n";
    assert_eq!(mended(unsure), unsure);
}

#[test]
fn what_may_be_the_text_of_an_open_string_is_left() {
    let plan = "goal g {\n  step a {\n    run \"\"\"\n    if x; then y; fi\n  }\n  step b { timout 1s }\n}\n";
    assert_eq!(mended(plan), plan);
    let project = Project::new(plan);
    let found = project.check("plan.goal");
    assert!(found.len() == 1 && found[0]["code"] == "E0103", "{found:?}");
    // What stands before it is mended.
    let before = |ty: &str| plan.replace("step a", &format!("param p: {ty}\n  step a"));
    assert_eq!(mended(&before("strng")), before("string"));
}

#[test]
fn a_preview_changes_nothing() {
    let project = Project::new(SLIPS);
    let done = project.call(&["check", "plan.goal", "--diff"]).exits(2);
    assert!(done.out().contains("+    timeout 5m"), "{}", done.out());
    assert_eq!(project.read("plan.goal"), SLIPS);
    project.write("plan.goal", MENDED);
    assert!(project.call(&["check", "plan.goal", "--diff"]).exits(0).out.is_empty());
}

#[test]
fn mounted_files_and_settings_are_mended_too() {
    let project = Project::new(
        "goal g {\n  goal east from \"./east.goal\" { nmae = \"x\" }\n  goal west from \"./east.goal\"\n}\n",
    );
    project.write(
        "east.goal",
        "goal east {\n  param name: string = \"y\"\n  step a { run [\"echo\", name]; timout 1s }\n}\n",
    );
    project.write("goal.toml", "[lint]\nW0706 = \"deny\"\n");
    let out = project.call(&["check", "plan.goal", "--fix"]).exits(0).out();
    assert!(project.read("east.goal").contains("timeout 1s"), "{out}");
    assert!(project.read("goal.toml").starts_with("[lints]"), "{out}");
    assert!(project.read("plan.goal").contains("{ name = \"x\" }"), "{out}");
}

#[test]
fn a_file_keeps_its_mode_and_a_link_stays_a_link() {
    let project = Project::new(SLIPS);
    let path = project.path("plan.goal");
    fs::rename(&path, project.path("real")).expect("it is renamed");
    std::os::unix::fs::symlink("real", &path).expect("a link");
    let mode = fs::Permissions::from_mode(0o750);
    fs::set_permissions(project.path("real"), mode).expect("it is ours");
    project.call(&["check", "plan.goal", "--fix"]).exits(0);
    assert!(fs::symlink_metadata(&path).expect("a link").is_symlink());
    assert_eq!(project.read("real"), MENDED);
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

#[test]
fn with_json_standard_output_is_still_one_value() {
    for format in ["json", "sarif"] {
        let project = Project::new(SLIPS);
        let done = project.call(&["check", "plan.goal", "--fix", "--format", format]).exits(0);
        assert!(done.json().is_object() && done.err.contains("+    timeout 5m"), "{}", done.err);
        assert_eq!(project.read("plan.goal"), MENDED);
    }
}

#[test]
fn people_are_told_once_that_it_can_be_mended() {
    let project = Project::new(SLIPS);
    project.write("other.goal", "goal g {\n  step a { run \"true\"; timout 1s }\n}\n");
    for format in ["fancy", "short"] {
        let done = project.call(&["check", "plan.goal", "other.goal", "--format", format]);
        assert_eq!(
            done.text().matches("`goalc check --fix` can mend").count(),
            1,
            "{}",
            done.text()
        );
    }
    assert!(
        project.call(&["run", "other.goal"]).exits(2).err.contains("check --fix` can mend this")
    );
}

/// Every plan of the corpus that has something wrong: no mend makes it worse, and a second call
/// has nothing to do.
#[test]
fn no_plan_of_the_corpus_gets_worse() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/invalid");
    let project = Project::empty();
    for (path, content) in files_below(&corpus) {
        project.write(&path.strip_prefix(&corpus).expect("below").to_string_lossy(), content);
    }
    let errors = |name: &str| {
        project.check(name).iter().filter(|found| found["severity"] == "error").count()
    };
    let mut mended = 0;
    for (path, content) in files_below(&corpus) {
        let name = path.strip_prefix(&corpus).expect("below").to_string_lossy().into_owned();
        let before = errors(&name);
        let out = project.call(&["check", &name, "--fix"]).out();
        assert!(errors(&name) <= before, "{name}: {out}");
        let again = project.call(&["check", &name, "--fix"]).out();
        assert!(again.is_empty(), "{name}: {again}");
        mended += usize::from(project.read(&name).as_bytes() != content);
    }
    assert!(mended >= 5, "{mended}");
}

#[test]
fn words_for_and_are_commas_in_lists_and_signs_in_conditions() {
    let plan = "\
goal g {
  param x: bool = true
  step b { run \"true\" }
  step c { run \"true\" }
  step m { depends b and c; when x and x; run \"true\" }
  step n { depends m && b; run \"true\" }
  alert on failure or retry { log }
}
";
    let project = Project::new(plan);
    project.call(&["check", "--fix", "plan.goal"]).exits(0);
    let mended = project.read("plan.goal").replace(' ', "");
    assert!(mended.contains("dependsb,c;whenx&&x;"), "{mended}");
    assert!(!mended.contains("m&&b"), "{mended}");
    assert!(mended.contains("onfailure,retry{"), "{mended}");
    // There is no list of which one is enough: nothing is certain there.
    project.write("plan.goal", plan.replace("b and c", "b or c").replace("x and x", "x"));
    project.call(&["check", "--fix", "plan.goal"]).exits(2);
    assert!(project.read("plan.goal").contains("b or c"));
}

#[test]
fn an_edge_that_is_missing_is_written_where_its_name_means_what_is_needed() {
    let plan = "\
goal g {
  step b { run \"echo 1\"; output o: string from stdout }
  goal k {
    env { A = b.o }
    step c { run \"echo $A\" }
  }
  goal m {
    when b.o == \"1\"
    step d { run \"true\" }
  }
}
";
    let project = Project::new(plan);
    project.call(&["check", "--fix", "plan.goal"]).exits(0);
    assert_eq!(project.read("plan.goal").matches("depends b").count(), 2);
    // In `h` the name is another step's: nothing that is written in `x` would do.
    let shadowed = "\
goal g {
  let v = b.o
  step b { run \"echo 1\"; output o: string from stdout }
  goal h {
    step b { run \"true\" }
    step x { run \"echo ${v}\" }
  }
}
";
    project.write("plan.goal", shadowed);
    let found = project.check("plan.goal");
    let help = found[0]["help"].as_str().unwrap_or_default();
    assert!(help.contains("add `depends b` to the goal `h`"), "{found:#?}");
    project.write("plan.goal", shadowed.replace("goal h {", "goal h {\ndepends b"));
    project.call(&["check", "plan.goal"]).exits(0);
}
