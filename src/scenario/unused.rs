//! What a scenario assumes and never came up, and what decided though nothing was said of it.

use super::play::Play;
use crate::diagnostic::{Code, Diagnostic};
use crate::exec::event::Status;
use crate::exec::graph::Graph;
use crate::ir::{Assumption, BindingKind, Fails, Given, NodeGiven, Scenario};
use crate::value::{Expr, NodeId, StepId};

/// A finding for each.
pub fn unused(scenario: &Scenario, play: &Play) -> Vec<Diagnostic> {
    let givens = scenario.givens.iter().zip(&play.used);
    let mut found: Vec<Diagnostic> =
        givens.filter_map(|(given, used)| not_used(given, *used, play)).collect();
    found.extend(undecided(scenario, play));
    found
}

fn not_used(given: &Given, used: u32, play: &Play) -> Option<Diagnostic> {
    let Assumption::Node(node) = &given.what else {
        return (used == 0).then(|| {
            let message = "this moment did not come";
            Diagnostic::new(Code::W0718, message, given.span, "not used")
                .help("take the line out, or name a step that runs")
        });
    };
    let times = node.fails.as_ref().and_then(|fails: &Fails| fails.times);
    let label = match times {
        Some(times) if used > 0 && used < times => format!("only {used} of {times} came up"),
        _ if used == 0 => why(node, play),
        _ => return None,
    };
    let message = "an assumption that was not used";
    let found = Diagnostic::new(Code::W0718, message, given.span, label);
    Some(found.help("take the line out, or correct it"))
}

/// Why nothing came of an assumption.
fn why(given: &NodeGiven, play: &Play) -> String {
    let state = &play.state;
    let Some(node) = state.graph().node_ix(&given.node) else { return String::new() };
    let status = state.status(node);
    let began = matches!(status, Status::Succeeded | Status::Failed | Status::Undone);
    if began { "it did not come up".to_owned() } else { format!("`{}` is {status}", given.node) }
}

/// Outputs on which it depends what runs, and of which the scenario says nothing.
fn undecided(scenario: &Scenario, play: &Play) -> Vec<Diagnostic> {
    let graph = play.state.graph();
    let mut found: Vec<(StepId, String, String)> = Vec::new();
    for node in graph.nodes() {
        let step = graph.step(node);
        let guards = step.map(|step| &*step.guards).or(graph.goal(node).map(|goal| &goal.guards));
        let when = guards.and_then(|guards| guards.when.as_ref());
        let items = step.and_then(|step| step.foreach.as_ref());
        let items = items.filter(|foreach| foreach.of.is_none()).map(|foreach| &foreach.items);
        for (expr, what) in when
            .map(|expr| (expr, "whether"))
            .into_iter()
            .chain(items.map(|expr| (expr, "for which items")))
        {
            for (source, output) in outputs_of(graph, expr) {
                let gave = graph.step_ix(&source).map(|node| state_of(play, node));
                let said = says(scenario, &source, &output);
                if gave == Some(Status::Succeeded)
                    && !said
                    && !found.iter().any(|(step, name, _)| *step == source && *name == output)
                {
                    found.push((source, output, format!("{what} `{}` runs", graph.id(node))));
                }
            }
        }
    }
    let finding = |(step, output, what): (StepId, String, String)| {
        let message =
            format!("the scenario says nothing of `{step}.{output}`, which decides {what}");
        Diagnostic::new(Code::W0719, message, scenario.name.span, "taken to be empty")
            .help(format!("add `given {step} gives {output} = …`"))
    };
    found.into_iter().map(finding).collect()
}

fn state_of(play: &Play, node: crate::exec::graph::NodeIx) -> Status {
    play.state.node(node).status
}

fn says(scenario: &Scenario, step: &StepId, output: &str) -> bool {
    scenario.givens.iter().any(|given| match &given.what {
        Assumption::Node(NodeGiven {
            node: NodeId::Step(node), gives: Some((name, _)), ..
        }) => node == step && **name == *output,
        _ => false,
    })
}

/// The outputs that an expression uses, itself or through lets.
fn outputs_of(graph: &Graph, expr: &Expr) -> Vec<(StepId, String)> {
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        let mut bindings = Vec::new();
        expr.walk(&mut |part| match part {
            Expr::Output { step, output } => found.push((step.clone(), output.to_string())),
            Expr::Binding(id) => bindings.push(id.clone()),
            _ => {}
        });
        for id in bindings {
            if seen.contains(&id) {
                continue;
            }
            let binding = graph.plan().bindings.get(&id).map(|binding| &binding.kind);
            if let Some(
                BindingKind::Let { value } | BindingKind::Param { bound: Some(value), .. },
            ) = binding
            {
                open.push(value);
            }
            seen.push(id);
        }
    }
    found
}
