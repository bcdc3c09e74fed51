//! Whoever uses an output must depend on the step that gives it; for a `status`, come after it.
//!
//! Answers many targets in one walk over the graph.

use std::collections::{HashMap, HashSet};

use super::edit;
use super::graph::Graph;
use super::pass::{Need, Pass, Phase, Used, User};
use super::reach::{Reached, is_behind};
use super::world::{BindingIx, GoalIx, Node, StepIx};
use crate::clause::{Argument, Clause};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::source::Span;

/// A question: does this user come behind what it needs?
#[derive(Debug)]
struct Query {
    user: User,
    phase: Phase,
    need: Need,
    span: Span,
    /// The param or let by which it is needed.
    through: Option<BindingIx>,
    /// Only asked: a word of a script may be a let's name by chance.
    soft: bool,
}

/// Bindings with outputs in them that a step may use, as it depends on where they come from.
pub(super) type Known = HashSet<(StepIx, BindingIx)>;

/// Reports outputs that are used without depending on their steps. Gives the lets that stand as
/// words in a step's scripts and can be known there.
pub(super) fn check(graph: &Graph, pass: &mut Pass<'_>) -> Known {
    let queries = queries(pass);
    let answers = answers(graph, &queries);
    let mut known: HashMap<(StepIx, BindingIx), bool> = HashMap::new();
    let mut said: HashSet<(usize, Span, Node)> = HashSet::new();
    for (query, holds) in queries.iter().zip(answers) {
        if let (true, User::Step(step), Some(binding)) = (query.soft, query.user, query.through) {
            *known.entry((step, binding)).or_insert(true) &= holds;
        } else if !holds
            && said.insert((source(graph, query), query.span, query.need.target))
            && !is_misspelt(pass, query)
        {
            let found = missing(graph, pass, query);
            pass.report(found);
        }
    }
    known.into_iter().filter(|(_, holds)| *holds).map(|(pair, _)| pair).collect()
}

fn queries(pass: &Pass<'_>) -> Vec<Query> {
    let mut queries = Vec::new();
    let steps = pass.world.step_ids().map(User::Step).zip(&pass.steps);
    let goals = pass.world.goal_ids().map(User::Goal).zip(&pass.goals);
    for (user, record) in steps.chain(goals) {
        for Used { what, span, phase } in &record.uses.needs {
            let (need, span, phase) = (what.clone(), *span, *phase);
            queries.push(Query { user, phase, need, span, through: None, soft: false });
        }
        for Used { what, span, phase } in &record.uses.bindings {
            for need in &pass.facts(*what).needs {
                let (need, span, phase) = (need.clone(), *span, *phase);
                queries.push(Query { user, phase, need, span, through: Some(*what), soft: false });
            }
        }
        for ix in record.uses.words.difference(&record.uses.expanded) {
            for need in &pass.facts(*ix).needs {
                let (need, phase, span) = (need.clone(), Phase::During, Span::default());
                queries.push(Query { user, phase, need, span, through: Some(*ix), soft: true });
            }
        }
    }
    params(pass, &mut queries);
    queries
}

/// The default of a param is known before anything runs, so it needs no step.
fn params(pass: &Pass<'_>, queries: &mut Vec<Query>) {
    for ix in pass.world.binding_ids() {
        let record = &pass.facts(ix).record;
        let user = User::Binding(ix);
        for used in record.uses.needs.iter().filter(|used| used.phase == Phase::Before) {
            let (need, span, phase) = (used.what.clone(), used.span, used.phase);
            queries.push(Query { user, phase, need, span, through: None, soft: false });
        }
        for used in record.uses.bindings.iter().filter(|used| used.phase == Phase::Before) {
            for need in &pass.facts(used.what).needs {
                let (need, span, phase) = (need.clone(), used.span, used.phase);
                let through = Some(used.what);
                queries.push(Query { user, phase, need, span, through, soft: false });
            }
        }
    }
}

/// A node that waits for nothing: what is needed before the run.
const NOTHING: usize = usize::MAX;

fn source(graph: &Graph, query: &Query) -> usize {
    match (query.user, query.phase) {
        (_, Phase::Before) | (User::Binding(_) | User::Scenario, _) => NOTHING,
        (User::Step(ix), _) => graph.step(ix),
        (User::Goal(ix), Phase::During) => graph.start(ix),
        (User::Goal(ix), Phase::End) => graph.end(ix),
    }
}

fn answers(graph: &Graph, queries: &[Query]) -> Vec<bool> {
    let near: Vec<Option<bool>> = queries.iter().map(|query| at_once(graph, query)).collect();
    let mut open: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, query) in queries.iter().enumerate().filter(|(at, _)| near[*at].is_none()) {
        open.entry(graph.target(query.need.target)).or_default().push(at);
    }
    let mut answers: Vec<bool> = near.into_iter().map(|answer| answer == Some(true)).collect();
    let mut targets: Vec<usize> = open.keys().copied().collect();
    targets.sort_unstable();
    let mut bits = vec![0; graph.hops.len()];
    for batch in targets.chunks(64) {
        for (bit, target) in batch.iter().enumerate() {
            bits[*target] = 1 << bit;
        }
        let reached = Reached::of(graph, &bits);
        for target in batch {
            for at in open.get(target).into_iter().flatten() {
                let query = &queries[*at];
                let masks = if query.need.status { &reached.ended } else { &reached.succeeded };
                answers[*at] = masks[source(graph, query)].started & bits[*target] != 0;
            }
        }
        for target in batch {
            bits[*target] = 0;
        }
    }
    answers
}

/// The answers that need no walk over the whole graph: what is known before the run, one's own outputs at
/// one's end, and what is near.
fn at_once(graph: &Graph, query: &Query) -> Option<bool> {
    let (from, to) = (source(graph, query), graph.target(query.need.target));
    if from == NOTHING {
        return Some(false);
    }
    let own = matches!((query.user, query.need.target), (User::Step(a), Node::Step(b)) if a == b);
    if own {
        return Some(query.phase == Phase::End);
    }
    is_behind(graph, from, to, query.need.status)
}

fn missing(graph: &Graph, pass: &mut Pass<'_>, query: &Query) -> Diagnostic {
    let world = pass.world;
    let need = &query.need;
    let target = world.shown(need.target);
    let what = match query.through {
        Some(ix) => format!("`{}`, which needs `{}`,", world.binding(ix).name.value, need.shown),
        None => format!("`{}`", need.shown),
    };
    let Some((user, clauses)) = holder(pass, query) else {
        let message = format!("{what} is not known yet when this is needed");
        let label = "needed before anything runs";
        let help = "use params and plain values here; what steps give comes later";
        return Diagnostic::new(Code::E0205, message, query.span, label).help(help);
    };
    if source(graph, query) == graph.target(need.target) || own(query) {
        let message = format!("`{target}` cannot use {what} before it has run");
        let found = Diagnostic::new(Code::E0205, message, query.span, "its own output");
        return found.help("its own outputs are known in `verify`, `rollback` and `checkpoint`");
    }
    let (clause, verb) =
        if need.status { ("after", "come after") } else { ("depends", "depend on") };
    let message = format!("`{user}` uses {what} but does not {verb} `{}`", need.name);
    let label = if need.status {
        format!("`{}` may not have ended yet", need.name)
    } else {
        format!("`{}` may not have run yet", need.name)
    };
    let found = Diagnostic::new(Code::E0205, message, query.span, label);
    if pass.may_suggest() && graph.waits(graph.target(need.target), source(graph, query)) {
        let help = format!("`{target}` itself waits for `{user}`: use a step that runs before it");
        return found.help(help);
    }
    match written_in(pass, query) {
        Written::There => {}
        Written::Around(goal) => {
            let help = format!(
                "add `{clause} {}` to the goal `{goal}`: in it the name is that of another one",
                need.name
            );
            return found.help(help);
        }
        Written::AtMount => {
            let help = format!("write `{clause} {}` in the braces of the mount", need.name);
            return found.help(help);
        }
    }
    let found = found.help(format!("add `{clause} {}` to `{user}`", need.name));
    match edit::add_edge(pass.sources, clauses, clause, &need.name) {
        Some((place, text)) => found.fix(place, text),
        None => found,
    }
}

/// Whether an edge to what is needed is there with a slip in its name, which is reported.
fn is_misspelt(pass: &Pass<'_>, query: &Query) -> bool {
    let Some((_, clauses)) = holder(pass, query) else { return false };
    let record = match query.user {
        User::Step(ix) => &pass.steps[ix.at()],
        User::Goal(ix) => &pass.goals[ix.at()],
        User::Binding(_) | User::Scenario => return false,
    };
    let edges = ["depends", "after"].into_iter().flat_map(|word| edit::all(clauses, word));
    let names = edges.flat_map(|clause| &clause.head).filter_map(Argument::as_reference);
    let lost = names.filter(|name| !record.edges.iter().any(|edge| edge.span == name.span));
    lost.map(|name| pass.sources.slice(name.span).trim_end_matches('?'))
        .any(|written| closest(written, [query.need.name.as_str()]).is_some())
}

fn own(query: &Query) -> bool {
    matches!((query.user, query.need.target), (User::Step(a), Node::Step(b)) if a == b)
}

/// The step or goal that an edge would be added to, and its clauses. None where no edge would help.
fn holder<'p>(pass: &Pass<'p>, query: &Query) -> Option<(&'p str, &'p [Clause])> {
    if query.phase == Phase::Before {
        return None;
    }
    match query.user {
        User::Step(ix) => {
            let step = pass.world.step(ix);
            Some((step.id.as_str(), &step.outline.clauses))
        }
        User::Goal(ix) => {
            let goal = pass.world.goal(ix);
            goal.parent?;
            let clauses = goal.mount.map_or(&goal.outline.clauses, |mount| &mount.clauses);
            Some((goal.shown(), clauses))
        }
        User::Binding(_) | User::Scenario => None,
    }
}

/// Where an edge means what is needed.
enum Written<'a> {
    /// With who needs it.
    There,
    /// With this goal around it.
    Around(&'a str),
    /// Only with the mount of the file that it is in.
    AtMount,
}

fn written_in<'a>(pass: &Pass<'a>, query: &Query) -> Written<'a> {
    let world = pass.world;
    let first = query.need.name.split('.').next().unwrap_or_default();
    let meant = |from| world.visible(from).find_map(|(_, goal)| goal.names.get(first));
    let needed = meant(query.need.scope);
    let scope: GoalIx = match query.user {
        User::Step(ix) => world.step(ix).goal,
        User::Goal(ix) => world.goal(ix).parent.unwrap_or(ix),
        User::Binding(ix) => world.binding(ix).goal,
        User::Scenario => super::world::ROOT,
    };
    if meant(scope) == needed {
        return Written::There;
    }
    let around = world.visible(scope).find(|(_, goal)| {
        goal.mount.is_none() && goal.parent.is_some_and(|parent| meant(parent) == needed)
    });
    around.map_or(Written::AtMount, |(_, goal)| Written::Around(goal.shown()))
}
