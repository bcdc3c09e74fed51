//! What shapes cannot say: how often clauses stand, one action a step, names that are taken.
//!
//! Damaged clauses count where their absence would be reported, and never cause a finding.

use std::collections::HashMap;

use super::{Listed, Reader, complaint};
use crate::clause::{Clause, Repeat, Role, usage};
use crate::source::Span;

/// Where in a block each clause stands that may stand there once.
#[derive(Default)]
pub(super) struct Once(HashMap<&'static str, Span>);

impl Reader<'_> {
    /// A clause that may stand once does so. Actions are counted by [`Reader::check_action`].
    pub(super) fn check_once(&mut self, clause: &Clause, Once(seen): &mut Once) {
        let spec = clause.spec;
        if clause.damaged || spec.repeat == Repeat::Many || spec.role == Role::Action {
            return;
        }
        if let Some(first) = seen.get(spec.word) {
            let help = format!("keep one `{}`", usage(spec));
            self.report(complaint::twice(spec.word, clause.word, *first, &help));
        } else {
            seen.insert(spec.word, clause.word);
        }
    }

    /// A step or fallback has exactly one action. `place` is where to say that there is none.
    pub(super) fn check_action(&mut self, what: &str, place: Span, listed: &Listed<'_>) {
        let all: Vec<_> = listed
            .opened
            .iter()
            .map(|opened| &opened.clause)
            .filter(|clause| complaint::is_action(clause.spec))
            .collect();
        if all.is_empty() && !listed.unknown {
            self.report(complaint::no_action(what, place));
        }
        let mut whole = all.iter().filter(|clause| !clause.damaged);
        if let Some(first) = whole.next() {
            for second in whole {
                self.report(complaint::second_action(what, second.word, first.word));
            }
        }
    }

    /// `ready` says when a service is; without one it says nothing. And a service is one process.
    pub(super) fn check_service(&mut self, listed: &Listed<'_>) {
        let named = |word: &'static str| {
            listed.opened.iter().map(|o| &o.clause).find(move |clause| clause.spec.word == word)
        };
        if let (Some(ready), None, false) = (named("ready"), named("service"), listed.unknown) {
            self.report(complaint::ready_without_service(ready.word));
        }
        let Some(service) = named("service") else { return };
        for word in ["foreach", "manual", "await"] {
            if let Some(other) = named(word) {
                self.report(complaint::no_service(word, other.word, service.word));
            }
        }
        let all = listed.opened.iter().map(|opened| &opened.clause);
        for output in all.filter(|clause| clause.spec.word == "output") {
            let source = ["from stdout", "from json"].iter().find_map(|word| output.option(word));
            if let Some(source) = source {
                self.report(complaint::unfinished_output(source.span, service.word));
            }
        }
    }

    /// Outputs of one step, and its fallbacks, each have a name of their own.
    pub(super) fn check_names(&mut self, word: &str, listed: &Listed<'_>) {
        let named = listed.opened.iter().filter(|opened| opened.clause.spec.word == word);
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for name in named.filter_map(|opened| opened.clause.head_names().next()) {
            if let Some(first) = seen.get(&*name.value) {
                self.report(complaint::duplicate(word, &name.value, name.span, *first));
            } else {
                seen.insert(&name.value, name.span);
            }
        }
    }
}
