//! Edges, circles, and outputs that need an edge.

use super::{check, errors, plan};
use crate::ir::{Edge, EdgeKind};
use crate::value::{Expr, GoalId, NodeId, StepId};

fn step(id: &str) -> NodeId {
    NodeId::Step(StepId::new(id))
}

#[test]
fn edges_hold_what_they_name_and_how() {
    let plan = plan(
        "step a { run \"true\" }\nstep b { run \"true\" }\ngoal i { depends a; step s { run \"true\" } }\nstep z { run \"true\" }\nstep c { depends i, z?; after a; stdin from b; run \"cat\" }",
    );
    let edge = |on, kind| Edge { on, kind };
    assert_eq!(
        plan.steps["c"].edges,
        [
            edge(NodeId::Goal(GoalId::new("i")), EdgeKind::Depends),
            edge(step("z"), EdgeKind::DependsOptional),
            edge(step("a"), EdgeKind::After),
            edge(step("b"), EdgeKind::Stdin),
        ]
    );
    assert_eq!(plan.goals["i"].edges, [edge(step("a"), EdgeKind::Depends)]);
}

#[test]
fn an_edge_of_a_sub_goal_names_its_siblings() {
    let plan = plan("step a { run \"true\" }\ngoal i { depends a; step a { run \"true\" } }");
    assert_eq!(plan.goals["i"].edges[0].on, step("a"));
}

#[test]
fn stdin_comes_from_a_step() {
    assert_eq!(
        errors("goal i { step s { run \"true\" } }\nstep a { stdin from i; run \"cat\" }"),
        ["E0201 3"]
    );
}

#[test]
fn a_circle_is_reported_once_at_its_first_written_edge() {
    let checked = check(
        "goal g {\nstep a { depends b; run \"true\" }\nstep b { after c; run \"true\" }\nstep c { stdin from a; run \"true\" }\nstep d { depends a; run \"true\" }\n}",
    );
    assert_eq!(checked.codes(), ["E0401 2"]);
    assert_eq!(checked.only("E0401").labels.len(), 3);
}

#[test]
fn the_shortest_circle_is_shown() {
    let checked = check(
        "goal g {\nstep a { depends b, c; run \"true\" }\nstep b { depends c; run \"true\" }\nstep c { depends a; run \"true\" }\nstep z { run \"true\" }\n}",
    );
    let found = checked.only("E0401");
    assert_eq!(found.labels.len(), 3);
    assert!(found.message.ends_with("`a` → `b` → `c` → `a`"), "{}", found.message);
}

#[test]
fn depending_on_the_goal_around_is_a_circle() {
    assert_eq!(errors("goal i {\nstep a { depends i; run \"true\" }\n}"), ["E0401 3"]);
    assert_eq!(errors("goal i {\ndepends a\nstep a { run \"true\" }\n}"), ["E0401 3"]);
}

#[test]
fn pipelines_and_goals_count_in_circles() {
    assert_eq!(
        errors("step a { foreach x in b; run \"true\" }\nstep b { foreach y in a; run \"true\" }"),
        ["E0401 2"]
    );
    assert_eq!(
        errors(
            "goal i { depends j; step a { run \"true\" } }\ngoal j { step b { depends i.a; run \"true\" } }"
        ),
        ["E0401 2"]
    );
}

#[test]
fn an_output_needs_a_depends_on_its_step() {
    let checked = check(
        "goal g {\nstep a { run \"true\"; output o: int }\nstep b {\nrun [\"echo\", \"${a.o}\"]\n}\n}",
    );
    assert_eq!(checked.codes(), ["E0205 4"]);
    assert_eq!(checked.help("E0205"), "add `depends a` to `b`");
    assert_eq!(checked.only("E0205").fixes[0].text, "depends a\n");
}

#[test]
fn the_missing_depends_joins_one_that_is_there() {
    let checked = check(
        "goal g {\nstep a { run \"true\"; output o: int }\nstep z { run \"true\" }\nstep b {\ndepends z\nrun [\"echo\", \"${a.o}\"]\n}\n}",
    );
    assert_eq!(checked.only("E0205").fixes[0].text, ", a");
}

#[test]
fn an_output_may_be_used_through_other_steps_and_goals() {
    plan(
        "step a { run \"true\"; output o: int }\nstep b { depends a; run \"true\" }\ngoal i { depends b; step s { when a.o == 1; run \"true\" } }\nstep c { depends i; run [\"echo\", \"${a.o}\"] }",
    );
}

#[test]
fn order_alone_is_not_enough_for_an_output_but_for_a_status() {
    let a = "step a { run \"true\"; output o: int }";
    assert_eq!(
        errors(&format!("{a}\nstep b {{ after a; when a.o == 1; run \"true\" }}")),
        ["E0205 3"]
    );
    plan(&format!(
        "{a}\nstep b {{ after a; when a.status == \"failed\" && a.via == \"\"; run \"true\" }}"
    ));
    let checked = check(&format!(
        "goal g {{\n{a}\nstep b {{ when a.status == \"failed\"; run \"true\" }}\n}}"
    ));
    assert_eq!(checked.help("E0205"), "add `after a` to `b`");
}

#[test]
fn a_reader_starts_with_its_writer_and_has_none_of_its_outputs() {
    let steps =
        "step z { run \"true\"; output o: int }\nstep a { depends z; run \"true\"; output o: int }";
    assert_eq!(
        errors(&format!("{steps}\nstep b {{ stdin from a; run [\"cat\", \"${{a.o}}\"] }}")),
        ["E0205 4"]
    );
    plan(&format!("{steps}\nstep b {{ stdin from a; run [\"cat\", \"${{z.o}}\"] }}"));
    plan(&format!(
        "{steps}\nstep b {{ stdin from a; run \"cat\" }}\nstep c {{ depends b; run [\"cat\", \"${{a.o}}\"] }}"
    ));
}

#[test]
fn a_step_knows_its_own_outputs_at_its_end() {
    plan(
        "step a { run \"true\"; output o: int; verify { a.o > 1 }; rollback { run \"undo ${a.o}\" } }",
    );
    assert_eq!(errors("step a { run \"echo ${a.o}\"; output o: int }"), ["E0205 2"]);
}

#[test]
fn a_goals_verify_knows_what_is_inside() {
    plan(
        "goal i { step a { run \"true\"; output o: int }; verify { a.o > 1 } }\nverify { i.a.o > 2 }\ncleanup { run \"echo ${i.status}\" }",
    );
    assert_eq!(errors("step a { run \"true\"; output o: int }\nrequires { a.o > 1 }"), ["E0205 3"]);
}

#[test]
fn whoever_uses_a_let_depends_on_what_it_needs() {
    let lets = "step a { run \"true\"; output o: int }\nlet x = a.o\nlet y = x";
    plan(&format!("{lets}\nstep b {{ depends a; run [\"echo\", \"${{y}}\"] }}"));
    assert_eq!(errors(&format!("{lets}\nstep b {{ run [\"echo\", \"${{y}}\"] }}")), ["E0205 5"]);
    assert_eq!(errors(&format!("{lets}\nstep b {{ run \"echo ${{y}}\" }}")), ["E0205 5"]);
    assert_eq!(
        errors(
            "step a { run \"true\"; output o: int }\nparam p: int = a.o\nstep b { run \"echo $p\" }"
        ),
        ["E0205 3"]
    );
}

#[test]
fn no_depends_is_offered_that_would_close_a_circle() {
    let checked = check(
        "goal g {\nstep a { depends b; run \"true\"; output o: int }\nstep b { when a.o == 1; run \"true\" }\n}",
    );
    assert!(checked.only("E0205").fixes.is_empty());
    assert!(checked.help("E0205").contains("itself waits for"));
}

#[test]
fn a_pipeline_by_item_is_an_edge_and_gives_its_outputs() {
    let plan = plan(
        "step a { foreach n in [1, 2]; run \"true\"; output part: path }\nstep b { foreach p in a; run [\"x\", p, \"${p.item}\", \"${p.part}\"] }\nstep c { foreach q in b; when true; requires { q == 1 }; run \"true\" }",
    );
    let b = &plan.steps["b"];
    assert_eq!(b.edges, [Edge { on: step("a"), kind: EdgeKind::Item }]);
    let foreach = b.foreach.as_ref().unwrap();
    assert_eq!(foreach.of.as_ref().map(StepId::as_str), Some("a"));
    let crate::ir::Action::Run(crate::ir::Command::Arguments(arguments)) = &b.attempt.action else {
        panic!()
    };
    let crate::ir::Argument::One(Expr::Template(parts)) = &arguments[3] else {
        panic!("{arguments:?}")
    };
    assert!(matches!(&parts[0], Expr::ItemOutput { output, .. } if &**output == "part"));
}

#[test]
fn an_item_of_a_list_has_no_parts() {
    assert_eq!(errors("step b { foreach p in [1]; run [\"x\", \"${p.part}\"] }"), ["E0204 2"]);
    assert_eq!(
        errors(
            "step a { foreach p in [1]; run \"true\" }\nstep b { foreach p in a; run [\"x\", \"${p.part}\"] }"
        ),
        ["E0204 3"]
    );
}

#[test]
fn items_from_a_step_come_in_no_batches() {
    assert_eq!(
        errors(
            "step a { foreach p in [1]; run \"true\" }\nstep b { foreach p in a batch 2; run \"x\" }"
        ),
        ["E0504 3"]
    );
}

#[test]
fn a_chain_of_many_steps_is_no_deep_recursion() {
    let mut lines = vec!["step s0 { run \"true\"; output o: int }".to_owned()];
    for at in 1..5_000 {
        lines.push(format!("step s{at} {{ depends s{}; run [\"x\", \"${{s0.o}}\"] }}", at - 1));
    }
    assert_eq!(plan(&lines.join("\n")).steps.len(), 5_000);
    lines[0] = "step s0 { depends s4999; run \"true\"; output o: int }".to_owned();
    let checked = check(&format!("goal g {{\n{}\n}}", lines.join("\n")));
    assert_eq!(checked.codes(), ["E0401 2"]);
    assert!(checked.only("E0401").labels.len() <= 20);
}
