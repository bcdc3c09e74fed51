//! What steps and goals mean, as hashes: layout, comments, titles and other steps do not change it.
//!
//! Hashes JSON whose maps are sorted, so that the order of the text does not count.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::lower::Lowered;
use super::pass::{Pass, Record};
use super::world::{BindingIx, GoalIx, StepIx};
use crate::ir::{BindingKind, Goal, Step};
use crate::value::BindingId;

/// Gives each step and goal its fingerprint; exports must be there.
pub(super) fn fingerprint(pass: &mut Pass<'_>, lowered: &mut Lowered) {
    let mut text = Vec::new();
    bindings(pass, &mut text);
    let goals = surroundings(pass, lowered, &mut text);
    for ix in pass.world.step_ids() {
        let print = step(pass, lowered, ix, &goals[pass.world.step(ix).goal.at()], &mut text);
        lowered.steps[ix].fingerprint = print;
    }
    for ix in pass.world.goal_ids() {
        let print = goal(pass, &lowered.goals[ix.at()], ix, &mut text);
        lowered.goals[ix.at()].fingerprint = print;
    }
}

/// The digest of each binding's definition and of those that it uses.
fn bindings(pass: &mut Pass<'_>, text: &mut Vec<u8>) {
    for ix in pass.order.clone() {
        let facts = pass.facts(ix);
        let meaning = match &facts.kind {
            BindingKind::Param { bound, .. } => bound.as_ref(),
            BindingKind::Let { value } => Some(value),
        };
        let used = definitions(pass, &facts.record, None);
        let digest = digest(&(&facts.ty, meaning, used), text);
        pass.facts[ix.at()].digest = digest;
    }
}

/// The digests of what a record uses, by path.
fn definitions<'p>(
    pass: &'p Pass<'_>,
    record: &Record,
    exports: Option<&BTreeSet<&str>>,
) -> BTreeMap<&'p str, &'p str> {
    let used = record.uses.bindings.iter().map(|used| used.what);
    let named = record.uses.words.iter().copied().filter(|ix| {
        let id = pass.world.binding(*ix).id.as_str();
        pass.facts(*ix).is_public() || exports.is_some_and(|exports| exports.contains(id))
    });
    let entry =
        |ix: BindingIx| (pass.world.binding(ix).id.as_str(), pass.facts(ix).digest.as_str());
    used.chain(named).map(entry).collect()
}

/// The digest of where a goal's steps run, with the goals around it.
fn surroundings(pass: &Pass<'_>, lowered: &Lowered, text: &mut Vec<u8>) -> Vec<String> {
    let mut digests: Vec<String> = Vec::new();
    for ix in pass.world.goal_ids() {
        let around = pass.world.goal(ix).parent.map(|parent: GoalIx| digests[parent.at()].as_str());
        let environment = &lowered.goals[ix.at()].environment;
        let plain =
            environment.env.is_empty() && environment.dir.is_none() && environment.shell.is_none();
        let found = match around {
            // A goal that says nothing changes nothing.
            around if plain => around.unwrap_or_default().to_owned(),
            around => {
                let used = environment_uses(pass, ix);
                let mut environment = environment.clone();
                environment.env.sort_unstable_keys();
                digest(&(around, environment, used), text)
            }
        };
        digests.push(found);
    }
    digests
}

/// What the goal's `env`, `dir` and `shell` use.
fn environment_uses<'p>(pass: &'p Pass<'_>, goal: GoalIx) -> BTreeMap<&'p str, &'p str> {
    uses(pass, goal, |word| matches!(word, "env" | "dir" | "shell"))
}

/// What the goal's clauses of some words use.
fn uses<'p>(
    pass: &'p Pass<'_>,
    goal: GoalIx,
    of: impl Fn(&str) -> bool,
) -> BTreeMap<&'p str, &'p str> {
    let decl = pass.world.goal(goal);
    let mount = decl.mount.into_iter().flat_map(|mount| &mount.clauses);
    let spans: Vec<_> = decl
        .outline
        .clauses
        .iter()
        .chain(mount)
        .filter(|clause| of(clause.spec.word))
        .map(|clause| clause.span)
        .collect();
    let used = pass.goals[goal.at()].uses.bindings.iter().filter(|used| {
        spans.iter().any(|span| span.start <= used.span.start && used.span.end <= span.end)
    });
    used.map(|used| {
        (pass.world.binding(used.what).id.as_str(), pass.facts(used.what).digest.as_str())
    })
    .collect()
}

/// Whether a clause of a goal says whether, when and with what end it is done. Those inside and around it
/// have the rest: where steps run, how many at once, who is told.
fn decides(word: &str) -> bool {
    matches!(
        word,
        "depends"
            | "after"
            | "when"
            | "confirm"
            | "lock"
            | "uses"
            | "requires"
            | "verify"
            | "deadline"
            | "cleanup"
    )
}

fn goal(pass: &Pass<'_>, goal: &Goal, ix: GoalIx, text: &mut Vec<u8>) -> String {
    let Goal { edges, guards, verify, deadline, cleanup, .. } = goal;
    let mut used = uses(pass, ix, decides);
    // What scripts of its probes and cleanup read from their environment.
    used.extend(
        pass.goals[ix.at()]
            .uses
            .words
            .iter()
            .map(|ix| (pass.world.binding(*ix).id.as_str(), pass.facts(*ix).digest.as_str())),
    );
    digest(&(edges, guards, verify, deadline, cleanup, used), text)
}

fn step(
    pass: &Pass<'_>,
    lowered: &Lowered,
    ix: StepIx,
    around: &str,
    text: &mut Vec<u8>,
) -> String {
    let meaning = meaning(&lowered.steps[ix]);
    let exports: BTreeSet<&str> = meaning.exports.values().map(BindingId::as_str).collect();
    let used = definitions(pass, &pass.steps[ix.at()], Some(&exports));
    digest(&(&meaning, around, used), text)
}

/// A step without what does not change what it does, and with its maps in one order.
fn meaning(step: &Step) -> Step {
    let mut meaning = step.clone();
    meaning.title = None;
    meaning.doc = None;
    // How long its author thinks that it takes changes nothing that it does.
    meaning.estimate = None;
    meaning.fingerprint.clear();
    if let Some(outputs) = meaning.outputs.written() {
        outputs.sort_unstable_keys();
    }
    if let Some(exports) = meaning.exports.written() {
        exports.sort_unstable_keys();
    }
    let ways = meaning.fallbacks.iter_mut().map(|fallback| &mut fallback.attempt);
    for way in std::iter::once(&mut meaning.attempt).chain(ways) {
        if let Some(environment) = way.environment.written() {
            environment.env.sort_unstable_keys();
        }
    }
    meaning
}

/// The first 16 bytes of the SHA-256 of a value's JSON, in hexadecimal. `text` is only reused.
fn digest(value: &impl Serialize, text: &mut Vec<u8>) -> String {
    text.clear();
    // A value that has no JSON has no meaning either.
    if serde_json::to_writer(&mut *text, value).is_err() {
        text.clear();
    }
    let hash = Sha256::digest(&*text);
    let mut hex = String::with_capacity(32);
    for byte in hash.iter().take(16) {
        for digit in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    hex
}
