//! Names: where they are found, what is said of those that are not, and of those that stand twice.

use super::{check, errors, plan};

#[test]
fn a_name_is_looked_up_outwards() {
    plan("param v: string = \"x\"\ngoal inner { goal deep { step a { run [\"echo\", v] } } }");
}

#[test]
fn an_inner_goals_name_hides_an_outer_one() {
    let plan = plan(
        "let v = 1\ngoal inner { let v = \"x\"; step a { when v == \"x\"; run \"true\" } }\nstep b { when v == 1; run \"true\" }",
    );
    assert_eq!(plan.bindings.len(), 2);
}

#[test]
fn a_step_of_a_sub_goal_is_named_with_dots() {
    plan(
        "goal a { goal b { step c { run \"true\"; output o: int } } }\nstep d { depends a.b.c; run [\"echo\", \"${a.b.c.o}\"] }",
    );
}

#[test]
fn an_unknown_step_is_reported_with_the_closest_name() {
    let checked = check(
        "goal g {\nstep build { run \"true\" }\nstep test { depends biuld; run \"true\" }\n}",
    );
    assert_eq!(checked.codes(), ["E0201 3"]);
    assert_eq!(checked.help("E0201"), "did you mean `build`?");
}

#[test]
fn an_unknown_step_that_is_in_a_sub_goal_is_offered_with_its_path() {
    let checked = check(
        "goal g {\ngoal db { step migrate { run \"true\" } }\nstep a { depends migrate; run \"true\" }\n}",
    );
    assert_eq!(checked.help("E0201"), "did you mean `db.migrate`?");
}

#[test]
fn an_output_of_a_step_in_a_sub_goal_is_offered_with_its_path() {
    let checked = check(
        "goal g {\ngoal db { step make { run \"true\"; output url: string } }\n\
         step a { depends db; run \"echo ${make.url}\" }\n}",
    );
    assert_eq!(checked.help("E0202"), "did you mean `db.make`?");
}

#[test]
fn an_unknown_name_causes_nothing_further() {
    assert_eq!(
        errors("step a { when len(nowhere) > \"x\" && 3 == nowhere; run \"true\" }"),
        ["E0202 2"; 2]
    );
    assert_eq!(errors("let x = nowhere\nstep a { when x; run [\"echo\", x] }"), ["E0202 2"]);
}

#[test]
fn an_unknown_function_is_reported_with_the_closest_one() {
    let checked = check("goal g {\nlet x = lenght([1])\nstep a { run [\"echo\", \"${x}\"] }\n}");
    assert_eq!(checked.errors(), ["E0202 2"]);
    assert_eq!(
        check("goal g {\nlet x = spilt(\"a\", \"b\")\nstep a { run [\"e\", ...x] }\n}")
            .help("E0202"),
        "did you mean `split`?"
    );
}

#[test]
fn two_of_one_name_show_both_places() {
    let checked = check("goal g {\nstep a { run \"true\" }\ngoal a { step b { run \"true\" } }\n}");
    assert_eq!(checked.codes(), ["E0203 3"]);
    let lines: Vec<usize> = checked
        .only("E0203")
        .labels
        .iter()
        .map(|label| checked.sources.position(label.span.file, label.span.start).line)
        .collect();
    assert_eq!(lines, [3, 2]);
}

#[test]
fn steps_goals_params_and_lets_share_one_name_space() {
    assert_eq!(errors("step a { run \"true\" }\nparam a: string = \"\""), ["E0203 3"]);
    assert_eq!(errors("let a = 1\nparam a: string = \"\""), ["E0203 3"]);
    assert_eq!(
        errors("let files = [1]\nstep a { foreach files in [1]; run \"true\" }"),
        ["E0203 3"]
    );
}

#[test]
fn two_names_that_become_one_variable_are_a_duplicate() {
    assert_eq!(errors("param a-b: string = \"\"\nlet a_b = 1"), ["E0203 3"]);
    assert_eq!(
        errors("param a-b: string = \"\"\nstep s { foreach a_b in [1]; run \"true\" }"),
        ["E0203 3"]
    );
}

#[test]
fn outputs_and_fallbacks_of_one_name_are_duplicates() {
    assert_eq!(errors("step s { run \"true\"\noutput o: int\noutput o: int }"), ["E0203 4"]);
    assert_eq!(
        errors("step s { run \"true\"\nfallback f { run \"a\" }\nfallback f { run \"b\" } }"),
        ["E0203 4"]
    );
}

#[test]
fn a_resource_is_declared_once_and_used_where_it_is_known() {
    assert_eq!(errors("resource gpu 1\nresource gpu 2"), ["E0203 3"]);
    assert_eq!(errors("step a { uses gpu; run \"true\" }"), ["E0202 2"]);
    let plan = plan("goal inner { step a { uses gpu; run \"true\" } }\nresource gpu 1");
    assert!(plan.resources.contains_key("gpu"));
}

#[test]
fn a_param_in_depends_is_said_to_be_one() {
    let checked = check("goal g {\nparam p: int = 1\nstep a { depends p; run \"echo $p\" }\n}");
    assert_eq!(checked.codes(), ["E0201 3"]);
    assert!(checked.only("E0201").message.contains("`p` is a param"));
}

#[test]
fn an_output_in_depends_offers_the_step() {
    let checked = check(
        "goal g {\nstep a { run \"true\"; output o: int }\nstep b { depends a.o; run \"true\" }\n}",
    );
    assert_eq!(checked.codes(), ["E0201 3"]);
    assert!(checked.help("E0201").contains("`a`"));
}

#[test]
fn a_sub_goals_own_values_are_not_seen_from_outside() {
    assert_eq!(
        errors(
            "goal i { let x = 1; step s { run \"echo $x\" } }\nstep a { run [\"echo\", \"${i.x}\"] }"
        ),
        ["E0202 3"]
    );
}

#[test]
fn an_unknown_output_is_reported_with_the_closest_one() {
    let checked = check(
        "goal g {\nstep a { run \"true\"; output digest: int }\nstep b { depends a; run [\"x\", \"${a.digset}\"] }\n}",
    );
    assert_eq!(checked.codes(), ["E0204 3"]);
    assert_eq!(checked.help("E0204"), "did you mean `digest`?");
}

#[test]
fn what_a_missing_brace_swallows_may_be_named() {
    let text = "goal g {\nstep z { after b; run \"true\" }\nstep a {\nrun \"true\"\nstep b { run \"true\" }\n}";
    assert_eq!(check(text).codes(), ["E0101 6"]);
    let text = "goal g {\n  step z { after c; run \"true\" }\n  step a { run \"true\"\n  step b { run \"true\" }\n  \
                step c { depends b, nowhere; run \"true\" }\n}";
    assert_eq!(check(text).codes(), ["E0201 5", "E0101 6"]);
}

#[test]
fn words_that_no_output_is_called_get_help_that_can_be_written() {
    let help = |used: &str, more: &str| {
        let text = format!(
            "goal g {{\nstep a {{ {more} run \"true\"; output v: int }}\nstep b {{ foreach k in a; run \"echo ${{k.v}} \
             {used}\" }}\nstep c {{ foreach x in [1]; depends a; run [\"x\", \"${{x}}\"] }}\n}}"
        );
        let checked = check(&text);
        checked.help("E0204").to_owned()
    };
    let each = "foreach i in [1, 2];";
    assert!(help("${k.via}", each).contains("output way: string"));
    assert!(help("${k.status}", each).contains("has succeeded"));
    assert!(help("${a.item}", each).contains("its item is `i`"));
    let plain = "goal g {\nstep a { run \"true\"; output v: int }\nstep b { depends a; run [\"x\", a.item] }\n}";
    assert!(check(plain).help("E0204").contains("its outputs are `v`"));
}

#[test]
fn operators_and_probes_of_other_forms_are_answered_with_their_own() {
    let found = |lines: &str| {
        let checked = check(&format!("goal g {{\nparam x: int = 3\nstep a {{ {lines} }}\n}}"));
        let [found] = &checked.found[..] else { panic!("{lines}: {:?}", checked.found) };
        (found.code.as_str(), found.help.clone().unwrap_or_default())
    };
    for when in ["not x == 3", "x == 3 && not x == 4", "(not x == 3)", "x in [not x]"] {
        let (code, help) = found(&format!("when {when}; run \"true\""));
        assert!(code == "E0101" && help.contains("write `!`"), "{when}: {help}");
    }
    let (code, help) = found("when not(x == 3); run \"true\"");
    assert!(code == "E0202" && help.contains("`!(…)`"), "{help}");
    let (code, help) = found("await { memory > 3GiB }; env { X = x }");
    assert!(code == "E0202" && help.contains("`memory >= 3GiB`"), "{help}");
    let declared = "param not: bool = true\nparam memory: int = 1\n\
                    step a { when not && memory > 3; run \"true\" }";
    assert_eq!(errors(declared), [""; 0]);
}

#[test]
fn a_step_or_goal_alone_is_no_value() {
    assert_eq!(
        errors("step a { run \"true\" }\nstep b { depends a; when a; run \"true\" }"),
        ["E0301 3"]
    );
    assert_eq!(
        errors(
            "goal i { step a { run \"true\" } }\nstep b { depends i; when i == 1; run \"true\" }"
        ),
        ["E0301 3"]
    );
}

#[test]
fn what_may_stand_in_unreadable_text_is_not_called_unknown() {
    assert_eq!(errors("lte x = 1\nstep b { run [\"echo\", x] }"), ["E0102 2"]);
}

#[test]
fn a_step_is_not_offered_as_what_it_depends_on_itself() {
    let checked = check("goal g { step deploy { depends deplyo; run \"true\" } }");
    assert_eq!(checked.codes(), ["E0201 1"]);
    assert_eq!(checked.only("E0201").help, None);
}

#[test]
fn a_single_letter_is_not_near_to_another() {
    let checked = check("goal g { step a { run \"true\" }; step c { depends x; run \"true\" } }");
    assert_eq!(checked.only("E0201").help, None);
}

#[test]
fn names_that_goalc_sets_itself_are_taken() {
    assert_eq!(
        errors(
            "param GOAL_OUTPUT: string = \"x\"\nstep a { foreach GOAL_TMP in [1]; run \"true\" }\n\
             step b { run \"true\"; env { GOAL_RUN = \"x\" } }"
        ),
        ["E0203 2", "E0203 3", "E0203 4"]
    );
}

#[test]
fn the_item_in_a_when_is_told_to_come_too_early() {
    let checked =
        check("goal g {\nstep a { foreach i in [1]; when i == 1; run [\"echo\", \"${i}\"] }\n}");
    assert!(checked.help("E0202").contains("before there are items"), "{}", checked.help("E0202"));
}

#[test]
fn what_could_not_be_read_hides_only_the_names_that_stand_in_it() {
    assert_eq!(
        errors("parm version: string\nstep a { run \"true\"; when missing == version }"),
        ["E0102 2", "E0202 3"]
    );
    assert_eq!(
        errors(
            "frobnicate 3\nstep a { run \"true\"; depends zz }\ngoal inner { step b { when other == 1; run \"true\" } }"
        ),
        ["E0102 2", "E0201 3", "E0202 4"]
    );
}

#[test]
fn a_comma_behind_a_block_swallows_nothing() {
    assert_eq!(
        errors(
            "step a { run \"true\" },\nstep b { depends zz; run \"true\" }, step c { run \"true\"; run \"x\" }"
        ),
        ["E0101 2", "E0201 3", "E0101 3", "E0502 3"]
    );
}
