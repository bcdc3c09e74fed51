//! Races.

use super::{check, check_files, errors};

/// Whether two steps race, one writing one pattern and the other reading another.
fn race(writes: &str, reads: &str) -> bool {
    let found = errors(&format!(
        "param p: string\nlet l = \"out/l\"\nstep a {{ run \"true\"; writes \"{writes}\" }}\nstep b {{ run \"true\"\nreads \"{reads}\" }}"
    ));
    assert!(found.is_empty() || found == ["E0403 6"], "{found:?}");
    !found.is_empty()
}

#[test]
fn patterns_meet_where_one_path_fits_both() {
    for (writes, reads) in [
        ("a", "a"),
        ("./a//b", "a/./b"),
        ("x/../a", "a"),
        ("data/x.csv", "data/**"),
        ("out/app", "out/*"),
        ("out/*.c", "out/m*"),
        ("**/x", "a/b/x"),
        ("**/x", "x"),
        ("a/**/z", "a/b/c/z"),
        ("a/**/z", "a/z"),
        ("a/**/m/*", "a/b/**/m/x"),
        ("a?c", "abc"),
        ("[a-c]x", "[c-e]x"),
        ("[!a]x", "bx"),
        ("{a,b}/x", "b/*"),
        ("out/", "out/deep/file"),
        ("out", "out/deep/file"),
        (".", "a/b"),
        ("/etc/x", "/etc/*"),
        ("\\\\*", "\\\\*"),
        ("*", "[*]"),
    ] {
        assert!(race(writes, reads), "{writes} and {reads}");
    }
}

#[test]
fn patterns_without_a_common_path_are_apart() {
    for (writes, reads) in [
        ("a", "b"),
        ("a", "ab"),
        ("out/*", "out/deep/file"),
        ("out/*.c", "out/*.h"),
        ("a?c", "a/c"),
        ("[a-c]x", "[d-e]x"),
        ("[!b]x", "bx"),
        ("{a,b}/x", "c/x"),
        ("out/", "outer/x"),
        ("/x", "x"),
        ("../a", "a"),
        ("a/**/z", "b/z"),
        ("\\\\*", "a"),
        ("a/*/c", "a/b/d"),
    ] {
        assert!(!race(writes, reads), "{writes} and {reads}");
    }
}

#[test]
fn a_value_of_the_run_counts_as_any_name_against_a_plain_pattern() {
    assert!(race("out/${p}/x", "out/*/x"));
    assert!(race("out/${p}/x", "out/a/x"));
    assert!(race("out/${p}/x", "out/${p}/*"));
    assert!(race("${p}/x", "${p}/x"));
    assert!(race("${l}/x", "out/l/*"));
    assert!(!race("out/${p}/x", "out/a/b/x"));
    assert!(!race("out/${p}/x", "out/${l}/x"));
    assert!(!race("${p}/x", "a/x"));
}

#[test]
fn steps_that_wait_for_each_other_do_not_race() {
    let steps = |b: &str| {
        errors(&format!(
            "step a {{ run \"true\"; writes \"x\" }}\nstep m {{ depends a; run \"true\" }}\nstep b {{ {b}; run \"cat\"; writes \"x\" }}"
        ))
    };
    assert_eq!(steps("depends m"), [""; 0]);
    assert_eq!(steps("after a"), [""; 0]);
    assert_eq!(steps("stdin from a"), ["E0403 4"]);
    assert_eq!(steps("priority 1"), ["E0403 4"]);
}

#[test]
fn a_lock_keeps_steps_apart_and_a_shared_one_does_not() {
    let steps = |a: &str, b: &str| {
        errors(&format!(
            "resource r 2\nstep a {{ {a}; run \"true\"; writes \"x\" }}\nstep b {{ {b}; run \"true\"; reads \"x\" }}"
        ))
    };
    assert_eq!(steps("lock k", "lock k"), [""; 0]);
    assert_eq!(steps("lock k", "lock shared k"), [""; 0]);
    assert_eq!(steps("lock shared k", "lock shared k"), ["E0403 4"]);
    assert_eq!(steps("lock k", "lock j"), ["E0403 4"]);
    assert_eq!(steps("uses r 2", "uses r"), [""; 0]);
    assert_eq!(steps("uses r", "uses r"), ["E0403 4"]);
}

#[test]
fn a_goal_that_holds_a_lock_keeps_only_others_away() {
    let found = errors(
        "goal i { lock k\nstep a { run \"true\"; writes \"x\" }\nstep b { run \"true\"\nreads \"x\" }\n}\nstep c { lock k; run \"true\"; reads \"x\" }",
    );
    assert_eq!(found, ["E0403 5"]);
}

#[test]
fn conditions_that_exclude_each_other_keep_steps_apart() {
    let steps = |a: &str, b: &str| {
        errors(&format!(
            "param t: \"a\" | \"b\" | \"c\"\nparam n: int\nparam p: bool\nstep a {{ when {a}; run \"true\"; writes \"x\" }}\nstep b {{ when {b}; run \"true\"; reads \"x\" }}"
        ))
    };
    for (a, b) in [
        ("t == \"a\"", "t == \"b\""),
        ("t == \"a\"", "t != \"a\""),
        ("t in [\"a\", \"b\"]", "t == \"c\""),
        ("t == \"a\" || t == \"b\"", "!(t in [\"a\", \"b\"])"),
        ("p", "!p"),
        ("p && n > 1", "n <= 1"),
        ("t != \"a\" && t != \"b\"", "t == \"b\""),
    ] {
        assert_eq!(steps(a, b), [""; 0], "{a} and {b}");
    }
    for (a, b) in [
        ("t == \"a\"", "t != \"b\""),
        ("p", "n > 1"),
        ("exists(\"f\")", "!exists(\"f\")"),
        ("t == \"a\" || p", "t == \"b\""),
    ] {
        assert_eq!(steps(a, b), ["E0403 6"], "{a} and {b}");
    }
}

#[test]
fn two_snapshots_of_one_folder_at_once_are_a_race() {
    assert_eq!(
        errors(
            "step a { run \"true\"; snapshot \"data\" }\nstep b { run \"true\"; snapshot \"data/x\" }"
        ),
        ["E0403 3"]
    );
}

#[test]
fn paths_begin_in_the_folder_of_their_file_and_dir() {
    let file = "goal i { step a { run \"true\"; writes \"x\" } }";
    let text = |b: &str| format!("goal g {{\ngoal i from \"sub/i.goal\"\nstep b {{ {b} }}\n}}");
    let files: &[(&str, &'static str)] = &[("/plans/sub/i.goal", file)];
    let codes = |b: &str| check_files(&text(b), files).errors();
    assert_eq!(codes("run \"true\"; reads \"x\""), [""; 0]);
    assert_eq!(codes("run \"true\"; reads \"sub/x\"").len(), 1);
    assert_eq!(codes("run \"true\"; dir \"sub\"; reads \"x\"").len(), 1);
}

#[test]
fn a_mounted_files_paths_do_not_begin_in_the_dir_of_the_goal_around_it() {
    let file = "goal i { step a { run \"true\"; writes \"x\" } }";
    let files: &[(&str, &'static str)] = &[("/plans/sub/i.goal", file)];
    let codes = |reads: &str| {
        let text = format!(
            "goal g {{\ngoal o {{ dir \"out\"\ngoal i from \"sub/i.goal\" }}\nstep b {{ run \"true\"; reads \"{reads}\" }}\n}}"
        );
        check_files(&text, files).errors()
    };
    assert_eq!(codes("out/x"), [""; 0]);
    assert_eq!(codes("sub/x").len(), 1);
}

#[test]
fn all_races_of_a_clause_are_one_finding() {
    let found = check(
        "goal g {\nstep a { run \"true\"; writes \"x\" }\nstep b { run \"true\"; writes \"x\" }\nstep c { run \"true\"; writes \"x\" }\n}",
    );
    assert_eq!(found.errors(), ["E0403 3", "E0403 4"]);
    assert_eq!(found.found[1].labels.len(), 3);
}

#[test]
fn thousands_of_steps_in_one_folder_are_no_race() {
    use std::fmt::Write as _;
    let mut text = String::from("goal g {\n");
    for at in 0..3000 {
        writeln!(text, "step s{at} {{ run \"true\"; writes \"out/{at}-*.o\"; reads \"src/**\" }}")
            .unwrap();
        let before = if at == 0 { "s0".to_owned() } else { format!("t{}", at - 1) };
        writeln!(text, "step t{at} {{ depends {before}; run \"true\"; writes \"all/log\" }}")
            .unwrap();
    }
    text.push('}');
    assert_eq!(check(&text).errors(), [""; 0]);
}

#[test]
fn a_circle_hides_no_race_of_others() {
    assert_eq!(
        errors(
            "step a { depends b; writes \"f\"; run \"true\" }\nstep b { depends a; writes \"f\"; run \"true\" }\nstep x { depends b; writes \"f\"; run \"true\" }\nstep z { writes \"h\"; run \"true\" }\nstep y { writes \"h\"; run \"true\" }"
        ),
        ["E0401 2", "E0403 6"]
    );
}
