//! Steps joined by `stdin from`: what they cannot be, and what would keep them from starting.
//!
//! Joined steps start together and each is read by one at most, so they form chains.

use std::collections::HashMap;

use super::edit;
use super::lower::Lowered;
use super::pass::Pass;
use super::world::{Node, StepIx};
use crate::clause::Clause;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{EdgeKind, LockScope, OutputSource};
use crate::source::Span;

/// So many processes with their pipes are what a machine gives one program by default.
const LONGEST: usize = 100;

/// A step that reads from another, and where it says so.
#[derive(Debug, Clone, Copy)]
struct Join {
    writer: StepIx,
    reader: StepIx,
    span: Span,
}

/// Reports what chains cannot be. Gives them, each from its first writer on.
pub(super) fn check(pass: &mut Pass<'_>, lowered: &Lowered) -> Vec<Vec<StepIx>> {
    let joins = joins(pass);
    let mut readers: HashMap<StepIx, Join> = HashMap::new();
    for join in &joins {
        if let Some(first) = readers.get(&join.writer) {
            let found = two_readers(pass, *first, *join);
            pass.report(found);
        } else {
            readers.insert(join.writer, *join);
        }
        misfits(pass, lowered, *join);
    }
    let chains = chains(&joins, &readers);
    for chain in &chains {
        if let Some(join) = chain.get(LONGEST).and_then(|last| joined_at(&joins, *last)) {
            pass.report(too_long(join.span));
        }
        locks(pass, lowered, &joins, chain);
    }
    chains
}

fn joins(pass: &Pass<'_>) -> Vec<Join> {
    let joins = pass.world.step_ids().zip(&pass.steps).filter_map(|(reader, record)| {
        let stdin = record.edges.iter().find(|edge| edge.kind == Some(EdgeKind::Stdin))?;
        let Node::Step(writer) = stdin.to else { return None };
        let span = clause(pass, reader, "stdin").map_or_else(Span::default, |found| found.span);
        Some(Join { writer, reader, span })
    });
    joins.collect()
}

fn clause<'p>(pass: &Pass<'p>, step: StepIx, word: &'static str) -> Option<&'p Clause> {
    edit::one(&pass.world.step(step).outline.clauses, word)
}

fn joined_at(joins: &[Join], reader: StepIx) -> Option<Join> {
    joins.iter().copied().find(|join| join.reader == reader)
}

/// Rows from those who read nothing; circles are reported elsewhere.
fn chains(joins: &[Join], readers: &HashMap<StepIx, Join>) -> Vec<Vec<StepIx>> {
    let reading: std::collections::HashSet<StepIx> = joins.iter().map(|join| join.reader).collect();
    let firsts = joins.iter().map(|join| join.writer).filter(|writer| !reading.contains(writer));
    let next = |step: &StepIx| readers.get(step).map(|join| join.reader);
    let mut chains: Vec<Vec<StepIx>> =
        firsts.map(|first| std::iter::successors(Some(first), next).collect()).collect();
    chains.dedup();
    chains
}

/// What neither end of a pipe can be.
fn misfits(pass: &mut Pass<'_>, lowered: &Lowered, join: Join) {
    for step in [join.writer, join.reader] {
        for word in ["foreach", "service", "manual", "await"] {
            if let Some(found) = clause(pass, step, word) {
                let found = does_not_go(word, found.word, join.span);
                pass.report(found);
            }
        }
    }
    let outputs = edit::all(&pass.world.step(join.writer).outline.clauses, "output");
    for output in outputs {
        let Some(name) = output.head_names().next() else { continue };
        let spec = lowered.steps[join.writer].outputs.get(&*name.value);
        if matches!(
            spec.map(|spec| &spec.source),
            Some(OutputSource::Stdout | OutputSource::Json(_))
        ) {
            let reader = pass.world.step(join.reader).id.to_string();
            let found = output_gone(&name.value, &reader, output.span, join.span);
            pass.report(found);
        }
    }
}

/// Locks that steps would take from each other which run at once.
fn locks(pass: &mut Pass<'_>, lowered: &Lowered, joins: &[Join], chain: &[StepIx]) {
    let mut taken: HashMap<&str, (StepIx, bool)> = HashMap::new();
    for step in chain {
        for lock in &lowered.steps[*step].guards.locks {
            let shared = lock.scope == LockScope::Shared;
            match taken.get(&*lock.name) {
                Some((other, both)) if !(shared && *both) && other != step => {
                    let name = |step: StepIx| pass.world.step(step).id.to_string();
                    let span = joined_at(joins, *step).map(|join| join.span).unwrap_or_default();
                    let found = same_lock(&name(*other), &name(*step), &lock.name, span);
                    pass.report(found);
                }
                Some(_) => {}
                None => {
                    taken.insert(&lock.name, (*step, shared));
                }
            }
        }
    }
}

fn two_readers(pass: &Pass<'_>, first: Join, second: Join) -> Diagnostic {
    let name = |step: StepIx| &pass.world.step(step).id;
    let writer = name(first.writer);
    let message = format!("`{writer}` has two readers, and a pipe has one");
    Diagnostic::new(Code::E0504, message, second.span, "the second reader")
        .label(first.span, format!("`{}` reads it", name(first.reader)))
        .help(format!("let `{writer}` write a file that both read once they `depends {writer}`"))
}

fn too_long(span: Span) -> Diagnostic {
    let message = format!("more than {LONGEST} steps are joined by `stdin from`");
    Diagnostic::new(Code::E0504, message, span, "one too many")
        .help("let one of them write a file, and the next read it once that has succeeded")
}

fn does_not_go(word: &str, place: Span, join: Span) -> Diagnostic {
    let message = format!("`{word}` does not go with `stdin from`");
    let help = match word {
        "foreach" => "give the instances files to pass on, as in a pipeline by item",
        "service" => "let the service write a file, and read that",
        _ => "only steps with `run` have a standard input and output",
    };
    Diagnostic::new(Code::E0503, message, place, "not in a step that is joined")
        .label(join, "joined here")
        .help(help)
}

fn output_gone(name: &str, reader: &str, place: Span, join: Span) -> Diagnostic {
    let message = format!("`{name}` cannot be read from standard output: that goes to `{reader}`");
    Diagnostic::new(Code::E0504, message, place, "nothing is left to read")
        .label(join, "goes here")
        .help(format!("write it to \"$GOAL_OUTPUT\" as `{name}=value`, without `from`"))
}

fn same_lock(first: &str, second: &str, lock: &str, span: Span) -> Diagnostic {
    let message = format!("`{first}` and `{second}` run at once, and both take the lock `{lock}`");
    Diagnostic::new(Code::E0504, message, span, "joins them")
        .help(format!("take `lock {lock}` in one of them, or `lock shared {lock}` in both"))
}
