//! Types: what fits where, and what is said where it does not.

use super::{check, errors, plan};
use crate::ir::BindingKind;
use crate::value::{Type, Value};

fn when(condition: &str) -> Vec<String> {
    let all = errors(&format!(
        "param n: int = 3\nparam t: \"staging\" | \"production\" = \"staging\"\nparam s: string = \"\"\nparam d: duration = 1s\nparam l: [string] = []\nparam b: bool = true\nstep a {{\nwhen {condition}\nrun [\"echo\", \"${{n}}${{t}}${{s}}${{d}}${{l}}${{b}}\"]\n}}"
    ));
    assert!(all.iter().all(|code| code.ends_with(" 9")), "{all:?}");
    all.iter().map(|code| code.replace(" 9", "")).collect()
}

#[test]
fn comparisons_that_fit_are_right() {
    for right in [
        "n == 3 && n < 2.5",
        "t != \"production\"",
        "t in [\"staging\", \"production\"]",
        "s in l || s in \"abc\"",
        "d >= 90s",
        "!b",
        "len(l) > 0",
        "s == t",
        "json(s, \"/x\") == 3",
        "if(b, n, 2) == 1",
        "exists(s)",
    ] {
        assert_eq!(when(right), [""; 0], "{right}");
    }
}

#[test]
fn comparisons_that_never_hold_are_wrong() {
    for wrong in [
        "n",
        "n == \"three\"",
        "t == \"prod\"",
        "\"prod\" == t",
        "t in [\"prod\", \"staging\"]",
        "n in l",
        "n in n",
        "d < 3",
        "b < b",
        "s && b",
        "!n",
        "l == s",
        "len(n) == 1",
        "len(l, l) == 1",
        "if(n, 1, 2) == 1",
        "n == 80%",
    ] {
        assert_eq!(when(wrong), ["E0301"], "{wrong}");
    }
}

#[test]
fn a_word_that_is_none_of_an_enumeration_is_offered_one() {
    let checked = check(
        "goal g {\nparam t: \"staging\" | \"production\" = \"staging\"\nstep a { when t == \"stagin\"; run \"true\" }\n}",
    );
    assert_eq!(checked.help("E0301"), "did you mean \"staging\"?");
}

#[test]
fn a_status_is_compared_with_its_words_only() {
    assert_eq!(
        errors(
            "step a { run \"true\" }\nstep b { after a; when a.status == \"succeeded\"; run \"true\" }"
        ),
        [""; 0]
    );
    assert_eq!(
        errors(
            "step a { run \"true\" }\nstep b { after a; when a.status == \"ok\"; run \"true\" }"
        ),
        ["E0301 3"]
    );
}

#[test]
fn defaults_fit_their_params() {
    let use_all = "step a { run \"echo $p\" }";
    for right in [
        "param p: number = 3",
        "param p: path = \"a/b\"",
        "param p: secret = env(\"T\", \"\")",
        "param p: [int] = []",
        "param p: [\"a\" | \"b\"] = [\"a\"]",
        "param p: duration in 1s..1h = 5m",
        "param p: string matches \"a+\" = \"aa\"",
    ] {
        assert_eq!(errors(&format!("{right}\n{use_all}")), [""; 0], "{right}");
    }
    for (wrong, code) in [
        ("param p: int = \"three\"", "E0301 2"),
        ("param p: int = 2.5", "E0301 2"),
        ("param p: [\"a\" | \"b\"] = [\"c\"]", "E0301 2"),
        ("param p: duration = 5", "E0301 2"),
        ("param p: string in 1..2 = \"a\"", "E0301 2"),
        ("param p: int matches \"a\" = 1", "E0301 2"),
        ("param p: int in 1..10 = 11", "E0302 2"),
        ("param p: size in 1KiB..1MiB = 1B", "E0302 2"),
        ("param p: string matches \"a+\" = \"aab\"", "E0302 2"),
        ("param p: int in 10..1 = 5", "E0504 2"),
    ] {
        assert_eq!(errors(&format!("{wrong}\n{use_all}")), [code], "{wrong}");
    }
}

#[test]
fn a_foreach_goes_over_a_list() {
    assert_eq!(errors("step a { foreach x in 3; run \"true\" }"), ["E0301 2"]);
    assert_eq!(
        errors("step a { run \"true\" }\nstep b { foreach x in a; run \"true\" }"),
        ["E0301 3"]
    );
    plan("step a { foreach x in [1, 2]; run [\"echo\", x]; when true }");
}

#[test]
fn an_item_has_the_type_of_the_lists_items() {
    assert_eq!(
        errors(
            "step a { foreach x in [1, 2]; env { A = x }; requires { x == \"a\" }; run \"true\" }"
        ),
        ["E0301 2"]
    );
    assert_eq!(
        errors("step a { foreach x in [1, 2] batch 2; requires { len(x) > 0 }; run \"true\" }"),
        [""; 0]
    );
}

#[test]
fn an_output_of_a_foreach_step_is_a_list() {
    let steps = "step a { foreach x in [1]; run \"true\"; output o: int }";
    assert_eq!(errors(&format!("{steps}\nstep b {{ depends a; run [\"e\", ...a.o] }}")), [""; 0]);
    assert_eq!(
        errors(&format!("{steps}\nstep b {{ depends a; when a.o == 1; run \"e\" }}")),
        ["E0301 3"]
    );
}

#[test]
fn a_spread_needs_a_list_and_a_list_needs_a_spread() {
    assert_eq!(errors("let l = [1]\nstep a { run [\"echo\", l] }"), ["E0301 3"]);
    assert_eq!(errors("let l = 1\nstep a { run [\"echo\", ...l] }"), ["E0301 3"]);
    assert_eq!(errors("let l = [1]\nstep a { run [\"echo\", ...l, \"${l}\"] }"), [""; 0]);
}

#[test]
fn clause_arguments_have_their_types() {
    for (clause, code) in [
        ("timeout 5", "E0301 2"),
        ("timeout \"5m\"", "E0301 2"),
        ("retry 1.5", "E0301 2"),
        ("priority 1; estimate 5m", ""),
        ("requires { port \"x\" free }", ""),
        ("dir [1]", "E0301 2"),
        ("limits { memory 5 }", "E0301 2"),
    ] {
        let found = errors(&format!("step a {{ run \"true\"; idempotent; {clause} }}"));
        assert_eq!(found.join(","), code, "{clause}");
    }
}

#[test]
fn a_number_where_a_string_is_wanted_is_to_stand_in_quotes() {
    let checked =
        check("goal g {\nstep a { requires { command \"x\" version >= 24 }; run \"true\" }\n}");
    assert_eq!(checked.help("E0301"), "write it in quotes: `\"24\"`");
}

#[test]
fn a_named_value_out_of_a_clauses_bounds_is_reported() {
    assert_eq!(errors("let n = 0\nparallel n\nstep a { run \"echo $n\" }"), ["E0504 3"]);
}

#[test]
fn a_text_with_a_secret_in_it_is_a_secret() {
    let plan = plan(
        "param t: secret = env(\"T\", \"\")\nlet header = \"Bearer ${upper(t)}\"\nstep a { env { H = header }; run \"true\" }",
    );
    assert_eq!(plan.bindings["header"].ty, Type::Secret);
    assert!(!plan.goals[""].exports.contains_key("header"));
}

#[test]
fn values_that_define_each_other_are_a_circle() {
    let checked = check(
        "goal g {\nlet a = \"${b}\"\nlet b = c\nlet c = a\nstep s { run [\"echo\", a, b, c] }\n}",
    );
    assert_eq!(checked.errors(), ["E0401 2"]);
    assert_eq!(checked.only("E0401").labels.len(), 3);
    assert_eq!(errors("let a = a\nstep s { run \"echo $a\" }"), ["E0401 2"]);
}

#[test]
fn lets_may_stand_in_any_order() {
    let plan = plan("let a = b\nlet b = 3\nstep s { when a == 3; run \"true\" }");
    assert_eq!(plan.bindings["a"].ty, Type::Int);
    assert!(
        matches!(&plan.bindings["b"].kind, BindingKind::Let { value } if value.as_literal() == Some(&Value::Int(3)))
    );
}

#[test]
fn ten_thousand_lets_in_a_row_are_typed_without_recursion() {
    let mut lines: Vec<String> = (0..10_000).map(|at| format!("let l{at} = l{}", at + 1)).collect();
    lines.push("let l10000 = 1\nstep s { when l0 == 1; run \"true\" }".to_owned());
    assert_eq!(plan(&lines.join("\n")).bindings["l0"].ty, Type::Int);
}

#[test]
fn what_can_never_be_read_as_what_it_should_be_is_refused() {
    let digest = "0".repeat(64);
    for (right, wrong) in [
        (
            "alert on failure { webhook \"https://hooks.internal/x\" }",
            "alert on failure { webhook \"hooks.internal/x\" }",
        ),
        ("requires { http \"http://x/%20\" status 404 }", "requires { http \"http://x/a b\" }"),
        ("requires { http \"http://x\" status 999 }", "requires { http \"http://x\" status 1000 }"),
        ("requires { http \"http://x\" }", "requires { http \"http:///x\" }"),
        (
            &format!("requires {{ file \"f\" sha256 \"{digest}\" }}"),
            "requires { file \"f\" sha256 \"abc\" }",
        ),
        (
            "requires { command \"c\" version >= \"v1.2rc1\" }",
            "requires { command \"c\" version >= \"abc\" }",
        ),
        (
            "verify { json(read(\"f\"), \"/a/b\") == 1 }",
            "verify { json(read(\"f\"), \"a.b\") == 1 }",
        ),
        ("verify { len(glob(\"./a/[ab]*/\")) > 0 }", "verify { len(glob(\"[\")) > 0 }"),
        ("step a { run [\"x\", \"\"] }", "step a { run [\"\", \"x\"] }"),
        ("step a { run \"true\"; timeout 1.5s }", "let t = 0s\nstep a { run \"true\"; timeout t }"),
    ] {
        assert_eq!(errors(&format!("{right}\nstep s {{ run \"true\" }}")), [""; 0], "{right}");
        let found = errors(&format!("{wrong}\nstep s {{ run \"true\" }}"));
        assert!(found.len() == 1 && found[0].starts_with("E0504"), "{wrong}: {found:?}");
    }
    assert_eq!(errors("step a { run \"true\"; timeout 1.0005s }"), ["E0104 2"]);
}

#[test]
fn all_wrong_words_of_a_list_are_told_and_the_words_are_offered() {
    let checked = check(
        "goal g {\nparam l: [\"a\" | \"b\"] = [\"a\", \"cc\", \"dd\"]\nstep s { run [\"x\", ...l] }\n}",
    );
    let found = checked.only("E0301");
    assert!(found.message.starts_with("\"cc\" and \"dd\" are not among"), "{}", found.message);
    assert_eq!(found.help.as_deref(), Some("write one of `\"a\" | \"b\"`"));
    let checked = check(
        "goal g {\nparam t: \"a\" | \"b\" = \"a\"\nstep s { when t in [\"cc\", \"dd\"]; run \"x\" }\n}",
    );
    assert!(checked.only("E0301").message.starts_with("\"cc\" and \"dd\" are never"));
}

#[test]
fn helps_can_be_followed_and_slips_bring_nothing_more() {
    let one = |lines: &str| {
        let checked = check(&format!("goal g {{\nparam n: int = 1\n{lines}\n}}"));
        assert_eq!(checked.found.len(), 1, "{lines}: {:#?}", checked.found);
        let found = &checked.found[0];
        format!("{}: {}", found.message, found.help.as_deref().unwrap_or_default())
    };
    let step = |clause: &str| one(&format!("step s {{ run \"echo ${{n}}\"; {clause} }}"));
    assert!(step("when foo.bar == \"x\"").contains("`\"foo.bar\"`"));
    assert!(step("when n == 1 ? true : false").contains("`if(CONDITION, A, B)`"));
    assert!(step("output o: string from stdot").ends_with("did you mean `stdout`?"));
    assert!(step("when n = 1").ends_with("write `==` to compare"));
    assert!(one("step s { run \"echo ${n}\" }\ngoal j from \".\"").contains("the file `.`"));
}

#[test]
fn several_uses_are_not_more_than_there_is_together() {
    let step =
        |uses: &str| errors(&format!("resource r 2\nlet n = 1\nstep a {{ run \"a\"; {uses} }}"));
    assert_eq!(step("uses r 1; uses r 2"), ["E0504 4"]);
    assert_eq!(step("uses r n; uses r 2"), ["E0504 4"]);
    assert_eq!(step("uses r; uses r n"), [""; 0]);
    assert_eq!(step("uses r 3; uses r"), ["E0504 4"], "told once");
    let pipe = |b: &str| {
        errors(&format!(
            "resource r 2\nstep a {{ run \"a\"; uses r }}\nstep b {{ stdin from a; run \"b\"; uses r {b} }}\nstep c {{ run \"c\"; uses r 2 }}"
        ))
    };
    assert_eq!(pipe("2"), ["E0504 4"]);
    assert_eq!(pipe("1"), [""; 0]);
}

#[test]
fn a_named_amount_above_the_resource_is_refused() {
    let uses = |n: &str| {
        errors(&format!("let n = {n}\nresource gpu 2\nstep a {{ run \"true\"; uses gpu n }}"))
    };
    assert_eq!(uses("3"), ["E0504 4"]);
    assert_eq!(uses("2"), [""; 0]);
}

#[test]
fn a_pattern_that_is_known_is_a_regular_expression() {
    assert_eq!(errors(r#"step a { when matches("x", "\\d("); run "true" }"#), ["E0504 2"]);
    assert_eq!(
        errors(
            r#"let p = "("
step a { when matches("x", p); run "true" }"#
        ),
        ["E0504 3"]
    );
    assert!(errors(r#"step a { when matches("x", "\\d+"); run "true" }"#).is_empty());
}

#[test]
fn strings_of_a_form_are_held_to_it_where_they_are_known() {
    let probes = |probe: &str| {
        errors(&format!("let host = \"db\"\nstep a {{ requires {{ {probe} }}; run \"true\" }}"))
    };
    for right in [
        "tcp \"db:5432\"",
        "tcp \"[::1]:80\"",
        "tcp \"${host}:x\"",
        "http \"https://db/\"",
        "http \"${host}\"",
    ] {
        assert_eq!(probes(right), [""; 0], "{right}");
    }
    for wrong in ["tcp \"db\"", "tcp \"db:0\"", "tcp host", "http \"db/health\"", "http host"] {
        assert_eq!(probes(wrong), ["E0504 3"], "{wrong}");
    }
    assert_eq!(errors("step a { run \"true\"; output o: int from json \"a/b\" }"), ["E0504 2"]);
}

#[test]
fn helps_say_what_can_be_written_there() {
    let help = |text: &str, code| check(&format!("goal g {{\n{text}\n}}")).help(code).to_owned();
    assert_eq!(
        help("param d: bool = yes\nstep a { run \"true\"; when d }", "E0202"),
        "write `true`, or `\"yes\"` for the word"
    );
    assert_eq!(
        help("step a { shell [\"bash\", \"-c\"]; run \"true\" }", "E0301"),
        "write its items one after the other, without brackets"
    );
    assert_eq!(
        help("step a { run \"echo ${env(\"HOME\")}\" }", "E0101"),
        "write strings inside of `${…}` with `'`, as `${env('HOME')}`"
    );
    assert_eq!(
        help("step t { run \"true\" }\nstep a { depends t; when t.status; run \"true\" }", "E0301"),
        "compare it, as `… == \"succeeded\"`"
    );
}
