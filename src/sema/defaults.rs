//! `defaults`: which of their clauses count for the steps in a goal.
//!
//! The further in, the more it counts: a step's own clause, then the `defaults` of its goal, then
//! what that goal says for all steps inside, then those of the goal around it.

use std::collections::HashSet;
use std::rc::Rc;

use super::edit;
use super::pass::Pass;
use super::world::GoalIx;
use crate::clause::Clause;

/// What a goal may say for all steps inside as well as its `defaults`.
const HELD_BY_GOALS: [&str; 3] = ["dir", "shell", "on failure"];

/// A clause of a `defaults` block, and the goal that it is written in.
#[derive(Clone)]
pub(super) struct Default {
    pub(super) goal: GoalIx,
    pub(super) clause: Rc<Clause>,
}

/// The defaults for steps right inside a goal, the outer ones first. Of those of the goals around
/// it, what the goal says itself takes the place, as what is further in wins.
pub(super) fn defaults_of(pass: &Pass<'_>, goal: GoalIx, around: &[Default]) -> Vec<Default> {
    let decl = pass.world.goal(goal);
    let clauses = &decl.outline.clauses;
    let own = edit::all(clauses, "defaults").flat_map(|clause| clause.block.iter());
    let own: Vec<Default> =
        own.map(|clause| Default { goal, clause: Rc::new(clause.clone()) }).collect();
    // A mounted file's steps run in its own folder, unless it says another itself.
    let is_said = |word: &str| {
        own.iter().any(|each| each.clause.spec.word == word)
            || HELD_BY_GOALS.contains(&word) && says(clauses, word)
            || word == "dir" && decl.folder.is_some()
    };
    let kept = around.iter().filter_map(|outer| {
        if merges(&outer.clause) {
            without_names(outer, clauses)
        } else {
            (!is_said(outer.clause.spec.word)).then(|| outer.clone())
        }
    });
    kept.chain(own.iter().cloned()).collect()
}

/// An `env` without the names that a goal further in gives a value; `None` where no name is left.
fn without_names(outer: &Default, inner: &[Clause]) -> Option<Default> {
    let said: HashSet<&str> = edit::all(inner, "env")
        .flat_map(|clause| clause.bindings.iter())
        .map(|(name, _)| &*name.value)
        .collect();
    let bindings = &outer.clause.bindings;
    let left = bindings.iter().filter(|(name, _)| !said.contains(&*name.value)).cloned();
    let left: Vec<_> = left.collect();
    match left.len() {
        0 => None,
        all if all == bindings.len() => Some(outer.clone()),
        _ => {
            let clause = Clause { bindings: left.into(), ..(*outer.clause).clone() };
            Some(Default { goal: outer.goal, clause: Rc::new(clause) })
        }
    }
}

/// Whether one of a few clauses has this word.
pub(super) fn says(clauses: &[Clause], word: &str) -> bool {
    clauses.iter().any(|clause| clause.spec.word == word)
}

/// Whether an inner clause of this word adds to an outer one instead of taking its place.
pub(super) fn merges(clause: &Clause) -> bool {
    clause.spec.word == "env"
}
