//! E0403: steps that may run at once, of which one writes what the other touches.
//!
//! Equal patterns are one group; groups are compared only where their plain beginnings allow it.
//! A part that only the run knows counts as any name: against a pattern without such parts, and as
//! itself against the same expression. A pattern that begins with one is only compared with itself.

mod path;
mod pattern;

use std::collections::HashMap;

use self::path::{Paths, Pattern};
use self::pattern::{Token, Unknowns};
use super::condition::Conditions;
use super::edit;
use super::graph::Graph;
use super::lower::Lowered;
use super::pass::Pass;
use super::reach;
use super::world::{GoalIx, StepIx};
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::LockScope;
use crate::source::Span;
use crate::syntax::{self, ExprKind};
use crate::value::{Expr, Value};

/// So many races are reported.
const MOST_RACES: usize = 100;

/// So many pairs of patterns are compared.
const MOST_COMPARED: usize = 1_000_000;

/// Of two groups with more pairs of steps than this, only neighbours in the order are looked at.
const MOST_PAIRS: usize = 20_000;

/// With more pairs than this altogether, neighbours are looked at and nothing else.
const MOST_ALTOGETHER: usize = 500_000;

/// Pairs whose order is asked for at once.
const BATCH: usize = 1024;

/// One argument of `reads`, `writes` or `snapshot`.
#[derive(Debug, Clone, Copy)]
struct Access<'p> {
    step: StepIx,
    /// The clause's word; all but `reads` change the files.
    word: &'static str,
    written: &'p syntax::Expr,
}

impl Access<'_> {
    fn changes(&self) -> bool {
        self.word != "reads"
    }

    fn span(&self) -> Span {
        self.written.span
    }
}

/// Two accesses to the same files, in the order of the graph.
type Pair<'p> = (Access<'p>, Access<'p>);

/// Reports the races. What waits in a circle, which is reported, has no order yet: its steps are
/// taken as ordered among themselves.
pub(super) fn report(
    pass: &mut Pass<'_>,
    lowered: &Lowered,
    graph: &Graph,
    conditions: &Conditions,
) {
    let groups = groups(pass, lowered);
    let pairs = pairs(&groups, graph);
    let mut races: HashMap<(StepIx, StepIx), Pair<'_>> = HashMap::new();
    for batch in pairs.chunks(BATCH) {
        let apart = |(a, b): &Pair<'_>| {
            are_locked(pass, lowered, a.step, b.step)
                || conditions.conflict(graph.step(a.step), graph.step(b.step)).is_some()
        };
        let open: Vec<Pair<'_>> = batch.iter().copied().filter(|pair| !apart(pair)).collect();
        let asked: Vec<(usize, usize)> =
            open.iter().map(|(a, b)| (graph.step(b.step), graph.step(a.step))).collect();
        for (pair, ordered) in open.into_iter().zip(reach::come_after(graph, &asked)) {
            if !ordered {
                races.entry((pair.0.step, pair.1.step)).or_insert(pair);
            }
        }
        if races.len() >= MOST_RACES {
            break;
        }
    }
    for found in told(pass, races.into_values().collect()) {
        pass.report(found);
    }
}

/// All accesses by their pattern.
fn groups<'p>(pass: &Pass<'p>, lowered: &Lowered) -> Vec<(Pattern, Vec<Access<'p>>)> {
    let mut paths = Paths::new(pass, lowered);
    let mut groups: indexmap::IndexMap<Pattern, Vec<Access<'p>>> = indexmap::IndexMap::new();
    for step in pass.world.step_ids() {
        let clauses: &'p [Clause] = &pass.world.step(step).outline.clauses;
        let lowered = &lowered.steps[step];
        let known: [(&'static str, &[Expr]); 3] = [
            ("reads", &lowered.reads),
            ("writes", &lowered.writes),
            ("snapshot", &lowered.guards.snapshot),
        ];
        for (word, resolved) in known.into_iter().filter(|(_, resolved)| !resolved.is_empty()) {
            let written: Vec<_> = edit::all(clauses, word).flat_map(Clause::head_exprs).collect();
            if written.len() != resolved.len() {
                continue;
            }
            for (written, resolved) in written.into_iter().zip(resolved) {
                for pattern in paths.patterns(step, resolved, word == "snapshot") {
                    groups.entry(pattern).or_default().push(Access { step, word, written });
                }
            }
        }
    }
    groups.into_iter().collect()
}

/// All accesses that may meet.
fn pairs<'p>(groups: &[(Pattern, Vec<Access<'p>>)], graph: &Graph) -> Vec<Pair<'p>> {
    let mut place = vec![0; graph.hops.len()];
    for (at, node) in graph.components.items().iter().enumerate() {
        place[*node] = at;
    }
    let place = |access: &Access<'_>| place[graph.step(access.step)];
    let mut found = Vec::new();
    for (a, b) in meetings(groups) {
        let (a, b) = (&groups[a].1, &groups[b].1);
        let same = std::ptr::eq(a, b);
        let few = a.len().saturating_mul(b.len()) <= MOST_PAIRS;
        if few && found.len() < MOST_ALTOGETHER {
            for (at, x) in a.iter().enumerate() {
                found.extend(b.iter().skip(if same { at + 1 } else { 0 }).map(|y| (*x, *y)));
            }
        } else {
            let mut all: Vec<Access<'p>> = a.clone();
            all.extend(if same { &[][..] } else { b });
            all.sort_by_key(place);
            found.extend(neighbours(&all));
        }
    }
    found.retain(|(x, y)| x.step != y.step && (x.changes() || y.changes()));
    for pair in &mut found {
        if place(&pair.0) > place(&pair.1) {
            *pair = (pair.1, pair.0);
        }
    }
    found.sort_by_key(|(x, y)| (x.span().max(y.span()), x.span().min(y.span())));
    found
}

/// Each access with the changes before and behind it. Where these all wait for each other, so do
/// all others.
fn neighbours<'p>(sorted: &[Access<'p>]) -> Vec<Pair<'p>> {
    let mut found = Vec::new();
    let mut last: Option<Access<'p>> = None;
    let mut readers: Vec<Access<'p>> = Vec::new();
    for access in sorted {
        found.extend(last.map(|last| (last, *access)));
        if access.changes() {
            found.extend(readers.drain(..).map(|reader| (reader, *access)));
            last = Some(*access);
        } else {
            readers.push(*access);
        }
    }
    found
}

/// The groups whose patterns have a path in common, each with itself too.
fn meetings(groups: &[(Pattern, Vec<Access<'_>>)]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = (0..groups.len()).map(|at| (at, at)).collect();
    let mut sorted: Vec<(String, usize)> = groups
        .iter()
        .enumerate()
        .filter(|(_, (pattern, _))| !pattern.floating)
        .map(|(at, (pattern, _))| (pattern::plain_start(&pattern.tokens), at))
        .collect();
    sorted.sort();
    let mut compared = 0;
    // Those whose plain beginning is one of the current one's.
    let mut above: Vec<(&str, usize)> = Vec::new();
    for (start, at) in &sorted {
        while above.pop_if(|(shorter, _)| !start.starts_with(*shorter)).is_some() {}
        for (shorter, other) in &above {
            compared += 1;
            if compared > MOST_COMPARED {
                return found;
            }
            if meet(&groups[*other], &groups[*at], shorter.chars().count()) {
                found.push((*other, *at));
            }
        }
        above.push((start, *at));
    }
    found
}

fn meet(a: &(Pattern, Vec<Access<'_>>), b: &(Pattern, Vec<Access<'_>>), shared: usize) -> bool {
    let changes = |group: &[Access<'_>]| group.iter().any(Access::changes);
    if !changes(&a.1) && !changes(&b.1) {
        return false;
    }
    let unknowns =
        if a.0.has_unknowns() && b.0.has_unknowns() { Unknowns::Same } else { Unknowns::Anything };
    let (a, b): (&[Token], &[Token]) = (&a.0.tokens, &b.0.tokens);
    pattern::ends_fit(a, b) && pattern::overlap(a, b, shared, unknowns)
}

/// Whether a lock or a resource keeps two steps apart.
fn are_locked(pass: &Pass<'_>, lowered: &Lowered, a: StepIx, b: StepIx) -> bool {
    let around = |step: StepIx| -> Vec<GoalIx> {
        pass.world.outwards(pass.world.step(step).goal).map(|(ix, _)| ix).collect()
    };
    let (first, second) = (around(a), around(b));
    // What a goal around both of them holds keeps neither from the other.
    let guards = |step: StepIx, goals: &[GoalIx], others: &[GoalIx]| {
        let own = goals.iter().take_while(|goal| !others.contains(goal));
        let goals: Vec<_> = own.map(|goal| &lowered.goals[goal.at()].guards).collect();
        std::iter::once(&*lowered.steps[step].guards).chain(goals).collect::<Vec<_>>()
    };
    let (a, b) = (guards(a, &first, &second), guards(b, &second, &first));
    let both_shared = |x: LockScope, y: LockScope| x == LockScope::Shared && y == LockScope::Shared;
    let machine = |scope: LockScope| scope == LockScope::Machine;
    let locked = a.iter().flat_map(|guards| &guards.locks).any(|x| {
        b.iter().flat_map(|guards| &guards.locks).any(|y| {
            x.name == y.name
                && machine(x.scope) == machine(y.scope)
                && !both_shared(x.scope, y.scope)
        })
    });
    let amount = |expr: &Expr| match expr.as_literal() {
        Some(Value::Int(amount)) => *amount,
        _ => 1,
    };
    locked
        || a.iter().flat_map(|guards| &guards.uses).any(|x| {
            let total = pass.resources.get(&x.resource).copied().flatten();
            b.iter().flat_map(|guards| &guards.uses).any(|y| {
                let wanted = amount(&x.amount).saturating_add(amount(&y.amount));
                x.resource == y.resource && total.is_some_and(|total| wanted > total)
            })
        })
}

/// One finding for each argument that is the later one of a race, with the others as labels.
fn told(pass: &Pass<'_>, mut races: Vec<Pair<'_>>) -> Vec<Diagnostic> {
    for race in &mut races {
        if race.0.span() > race.1.span() {
            *race = (race.1, race.0);
        }
    }
    races.sort_by_key(|(first, later)| (later.span(), later.step, first.span(), first.step));
    races.truncate(MOST_RACES);
    let same = |a: &Pair<'_>, b: &Pair<'_>| a.1.step == b.1.step && a.1.span() == b.1.span();
    races.chunk_by(same).filter_map(|races| race(pass, races)).collect()
}

fn race(pass: &Pass<'_>, races: &[Pair<'_>]) -> Option<Diagnostic> {
    let (first, later) = races.first()?;
    let name = |access: &Access<'_>| pass.world.step(access.step).id.as_str();
    let (a, b) = (name(first), name(later));
    let message = match (first.changes(), later.changes()) {
        (true, true) => format!("`{a}` and `{b}` may write the same files at once"),
        (true, false) => format!("`{b}` reads files that `{a}` may write at the same time"),
        _ => format!("`{b}` writes files that `{a}` may read at the same time"),
    };
    let mut found = Diagnostic::new(Code::E0403, message, later.span(), label(later, b));
    for (other, _) in races.iter().take(5).filter(|(other, _)| other.span() != later.span()) {
        found = found.label(other.span(), label(other, name(other)));
    }
    let goals = (pass.world.step(first.step).goal, pass.world.step(later.step).goal);
    let short =
        if goals.0 == goals.1 { &pass.world.step(first.step).outline.name.value } else { a };
    Some(found.help(format!(
        "let one wait, as with `depends {short}` in `{b}`, or write `lock NAME` in both"
    )))
}

fn label(access: &Access<'_>, step: &str) -> String {
    let what = match &access.written.kind {
        ExprKind::String(text) => format!("`{}`", text.text),
        _ => "this".to_owned(),
    };
    match access.word {
        "reads" => format!("`{step}` reads {what}"),
        "writes" => format!("`{step}` writes {what}"),
        _ => format!("`{step}` saves {what} and may put it back"),
    }
}
