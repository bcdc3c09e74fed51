//! Scripts: values arrive by variables, and only those that are named.

use super::{check, errors, plan};
use crate::ir::{Action, Argument, Command, Plan, Script};
use crate::value::Expr;

fn script<'p>(plan: &'p Plan, step: &str) -> &'p Script {
    match &plan.steps[step].attempt.action {
        Action::Run(Command::Script(script)) => script,
        other => panic!("no script: {other:?}"),
    }
}

#[test]
fn a_param_keeps_its_name_and_the_shells_own_stays() {
    let plan =
        plan("param version: string\nstep a { run \"echo ${version} ${HOME} ${x:-1} ${#x}\" }");
    let script = script(&plan, "a");
    assert_eq!(script.text, "echo ${version} ${HOME} ${x:-1} ${#x}");
    assert!(script.variables.is_empty());
    assert_eq!(plan.goals[""].exports["version"].as_str(), "version");
}

#[test]
fn a_hyphen_becomes_an_underscore() {
    let plan = plan("param my-x: string\nstep a { run \"echo ${my-x}\" }");
    assert_eq!(script(&plan, "a").text, "echo ${my_x}");
    assert_eq!(plan.goals[""].exports["my_x"].as_str(), "my-x");
}

#[test]
fn a_name_that_no_shell_can_expand_gets_a_variable_that_it_can() {
    let plan = plan("param 対象: string\nstep a { run \"echo ${対象}\" }");
    let script = script(&plan, "a");
    assert_eq!(script.text, "echo ${_u5bfe_u8c61}");
    assert!(
        matches!(&script.variables["_u5bfe_u8c61"], Expr::Binding(id) if id.as_str() == "対象")
    );
    assert!(plan.goals[""].exports.contains_key("対象"));
}

#[test]
fn an_output_becomes_a_variable_of_the_script() {
    let plan = plan(
        "step image { run \"true\"; output digest: string }\nstep b { depends image; run \"echo ${image.digest} ${image.status} ${image.digest}\"; fallback { run \"echo ${image.digest}\" } }",
    );
    let script = script(&plan, "b");
    assert_eq!(script.text, "echo ${image_digest} ${image_status} ${image_digest}");
    assert_eq!(script.variables.len(), 2);
    assert!(matches!(&script.variables["image_digest"], Expr::Output { .. }));
}

#[test]
fn a_variable_that_is_taken_is_left_alone() {
    let plan = plan(
        "let a_o = 1\nstep a { run \"true\"; output o: string; output p: string }\nstep b { depends a; run \"a_p=1; echo ${a.o} ${a.p} ${a_o}\" }",
    );
    assert_eq!(script(&plan, "b").text, "a_p=1; echo ${a_o_2} ${a_p_2} ${a_o}");
}

#[test]
fn an_inner_variable_does_not_stand_for_an_outer_name() {
    let plan =
        plan("param a-b: string\ngoal i { let a_b = 1; step s { run \"echo ${a-b} ${a_b}\" } }");
    let script = script(&plan, "i.s");
    assert_eq!(script.text, "echo ${a_b_2} ${a_b}");
    assert!(matches!(&script.variables["a_b_2"], Expr::Binding(id) if id.as_str() == "a-b"));
}

#[test]
fn an_unknown_dotted_name_is_an_error() {
    assert_eq!(errors("step a { run \"echo ${nowhere.x}\" }"), ["E0202 2"]);
    assert_eq!(
        errors("step b { run \"true\"; output x: int }\nstep a { depends b; run \"echo ${b.y}\" }"),
        ["E0204 3"]
    );
    assert_eq!(
        errors("step b { run \"true\"; output x: int }\nstep a { run \"echo ${b.x}\" }"),
        ["E0205 3"]
    );
}

#[test]
fn another_shell_does_not_expand_a_goals_values() {
    let lines = |run: &str| {
        format!("param name: string\nstep a {{\nrun {run}\nshell \"/usr/bin/python3\", \"-c\"\n}}")
    };
    let checked = check(&format!("goal g {{\n{}\n}}", lines("\"print('${name}')\"")));
    assert_eq!(checked.errors(), ["E0506 4"]);
    assert!(checked.help("E0506").contains("env { NAME = name }"));
    assert_eq!(errors(&lines("\"print('${other} ${obj.prop} name')\"")), [""; 0]);
}

#[test]
fn the_shell_in_force_may_come_from_around_the_step() {
    let step = "step a { run \"echo ${v}\" }";
    for (around, count) in [
        ("shell \"node\", \"-e\"", 1),
        ("defaults { shell \"node\", \"-e\" }", 1),
        ("defaults { shell \"env\", \"node\", \"-e\" }", 1),
        ("shell \"node\", \"-e\"; defaults { shell \"/bin/bash\", \"-c\" }", 0),
        ("shell \"env\", \"bash\", \"-c\"", 0),
    ] {
        let found = errors(&format!("param v: string\n{around}\n{step}"));
        assert_eq!(found.len(), count, "{around}: {found:?}");
    }
    assert_eq!(
        errors(
            "param v: string\nstep a { run \"echo ${v}\"\nfallback { shell \"node\", \"-e\"\nrun \"x(${v})\" } }"
        ),
        ["E0506 5"]
    );
}

#[test]
fn a_secret_goes_only_to_the_steps_that_name_it() {
    let plan = plan(
        "param token: secret\nstep a { run \"curl -H $token\" }\nstep b { run \"true\"; fallback { run \"echo \\\"${token}\\\"\" } }\nstep c { run \"true\" }",
    );
    assert!(plan.goals[""].exports.is_empty());
    assert_eq!(plan.steps["a"].exports["token"].as_str(), "token");
    assert_eq!(plan.steps["b"].exports["token"].as_str(), "token");
    assert!(plan.steps["c"].exports.is_empty());
}

#[test]
fn a_let_that_looks_outside_goes_only_to_the_steps_that_name_it() {
    let plan = plan(
        "let files = glob(\"*\")\nlet count = len(files)\nlet fixed = 1\nstep a { run \"ls $files\" }\nstep b { rollback { run \"echo ${count}\" }; run \"true\" }",
    );
    assert_eq!(plan.goals[""].exports.keys().map(|k| &**k).collect::<Vec<_>>(), ["fixed"]);
    assert!(plan.steps["a"].exports.contains_key("files"));
    assert_eq!(plan.steps["b"].exports.keys().map(|k| &**k).collect::<Vec<_>>(), ["count"]);
}

#[test]
fn a_let_that_needs_a_step_comes_as_a_word_only_behind_that_step() {
    let plan = plan(
        "step a { run \"true\"; output o: int }\nlet x = a.o\nstep b { depends a; run \"echo $x\" }\nstep c { run \"echo x\" }",
    );
    assert!(plan.steps["b"].exports.contains_key("x"));
    assert!(plan.steps["c"].exports.is_empty());
}

#[test]
fn a_goals_own_script_brings_its_secrets_along() {
    let plan =
        plan("param token: secret\ncleanup { run \"logout ${token}\" }\nstep a { run \"true\" }");
    let crate::ir::Cleanup::Run(Action::Run(Command::Script(script))) = &plan.goals[""].cleanup[0]
    else {
        panic!()
    };
    assert!(script.variables.contains_key("token"));
}

#[test]
fn an_item_is_a_variable_of_its_own_name() {
    let plan = plan("step a { foreach my-file in [\"a\"]; run \"cat ${my-file}\" }");
    assert_eq!(script(&plan, "a").text, "cat ${my_file}");
    assert!(script(&plan, "a").variables.is_empty());
}

#[test]
fn an_argument_is_one_expression_and_a_spread_many() {
    let plan = plan("param l: [string] = []\nstep a { run [\"echo\", \"a ${l}\", ...l] }");
    let Action::Run(Command::Arguments(arguments)) = &plan.steps["a"].attempt.action else {
        panic!()
    };
    assert!(matches!(
        arguments[..],
        [
            Argument::One(Expr::Literal(_)),
            Argument::One(Expr::Template(_)),
            Argument::Spread(Expr::Binding(_))
        ]
    ));
}

#[test]
fn an_empty_list_names_no_program() {
    assert_eq!(errors("step a { run [] }").len(), 1);
}
