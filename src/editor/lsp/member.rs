//! The names that are seen from a place, and the parts of a name.

use super::view::View;
use crate::sema::{Index, Name, NameKind};
use crate::value::Type;

/// The names that are seen at an offset, the inner ones first; each text once.
pub(super) fn seen(view: View<'_>, offset: usize) -> Vec<&Name> {
    let index = &view.checked.index;
    let Some(from) = vantage(view, offset) else { return Vec::new() };
    let mut names: Vec<&Name> = Vec::new();
    for (step, at) in index.outwards(from).enumerate() {
        let own = index.held(at).map(|(_, name)| name).filter(|name| match name.kind {
            NameKind::Item => step == 0,
            NameKind::Output | NameKind::Fallback | NameKind::Lock | NameKind::Resource => false,
            _ => true,
        });
        for name in own {
            if !names.iter().any(|known| known.text == name.text) {
                names.push(name);
            }
        }
    }
    names
}

/// The goal or step from which names are seen: a scenario, which is in none, sees as the whole goal does.
fn vantage(view: View<'_>, offset: usize) -> Option<usize> {
    let index = &view.checked.index;
    index.around(view.file, offset).or_else(|| index.root())
}

/// What a dotted name stands for, seen from an offset.
fn named(view: View<'_>, offset: usize, path: &[&str]) -> Option<usize> {
    let index = &view.checked.index;
    let (first, rest) = path.split_first()?;
    let from = vantage(view, offset)?;
    let held = |by: usize, text: &str| {
        index.held(by).find(|(_, name)| name.text == text).map(|(at, _)| at)
    };
    let mut at = index.outwards(from).find_map(|around| held(around, first))?;
    for part in rest {
        at = held(at, part)?;
    }
    Some(at)
}

/// The parts that may follow `path.`; `edges`: only what an edge may lead to.
pub(super) fn members<'a>(
    view: View<'a>,
    offset: usize,
    path: &[&str],
    edges: bool,
) -> Vec<Member<'a>> {
    let index: &Index = &view.checked.index;
    let Some(at) = named(view, offset, path) else { return Vec::new() };
    let kind = index.names.get(at).map(|name| name.kind);
    let fits = |name: &&Name| match name.kind {
        NameKind::Step | NameKind::Goal => true,
        NameKind::Output => !edges,
        _ => false,
    };
    let mut members: Vec<Member<'a>> =
        index.held(at).map(|(_, name)| name).filter(fits).map(Member::Name).collect();
    if !edges && matches!(kind, Some(NameKind::Step | NameKind::Goal)) {
        members.push(Member::Word("status", "how it ended"));
    }
    if !edges && kind == Some(NameKind::Step) {
        members.push(Member::Word("via", "the fallback that did it"));
    }
    members
}

/// A part of a name: one that is declared, or one that every step has.
pub(super) enum Member<'a> {
    Name(&'a Name),
    Word(&'static str, &'static str),
}

/// The words that a value may be, where it is one of some.
pub(super) fn words(view: View<'_>, offset: usize, path: &[&str]) -> Vec<String> {
    if path.len() > 1 && path.last() == Some(&"status") {
        return if let Type::OneOf(words) = Type::status() { words } else { Vec::new() };
    }
    let name = named(view, offset, path).and_then(|at| view.checked.index.names.get(at));
    name.map(|name| name.words.clone()).unwrap_or_default()
}
