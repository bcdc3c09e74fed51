//! Reads goals, steps, mounts and fallbacks as outlines of their own.
//!
//! Invariant: what has no name is read for its findings, and is not in the outline.

use std::borrow::Cow;

use super::bindings::is_binding;
use super::checks::Once;
use super::coming::{Next, Statements};
use super::statement::Recognised;
use super::{Listed, Opened, Reader, recognised, title};
use crate::clause::table::{FALLBACK, GOAL, LET, MOUNT, PARAM, RESOURCE, STEP};
use crate::clause::{
    Argument, Clause, ClauseSpec, FallbackOutline, GoalOutline, LetOutline, MountOutline,
    ParamOutline, Place, ResourceOutline, Said, StepOutline,
};
use crate::ir::Rare;
use crate::source::{Span, Spanned};
use crate::syntax::{Block, Statement, TokenKind};

/// So many steps are not worth looking ahead for.
const FEW: usize = 256;

/// What a step's or fallback's braces hold.
#[derive(Default)]
struct Body {
    clauses: Vec<Clause>,
    fallbacks: Vec<FallbackOutline>,
    damaged: bool,
}

fn is(clause: &Clause, spec: &'static ClauseSpec) -> bool {
    std::ptr::eq(clause.spec, spec)
}

fn name_of(clause: &Clause) -> Option<Spanned<Box<str>>> {
    clause.head_names().next().cloned()
}

impl Reader<'_> {
    /// Reads the braces of a goal of which `clause` is the head. Its statements are read and dropped
    /// one after the other where they were given.
    pub(super) fn goal(&mut self, clause: &Clause, head: Next<'_>) -> GoalOutline {
        let mut goal = GoalOutline {
            name: name_of(clause).unwrap_or_else(|| Spanned::new("".into(), clause.word)),
            title: title(clause),
            doc: self.doc(&head.statement),
            clauses: Vec::new(),
            params: Vec::new(),
            lets: Vec::new(),
            resources: Vec::new(),
            steps: Vec::new(),
            goals: Vec::new(),
            mounts: Vec::new(),
            scenarios: Vec::new(),
            span: clause.span,
            damaged: clause.damaged,
            unread: Rare::default(),
        };
        let Some((mut statements, closed)) = statements_of(head) else { return goal };
        if !closed {
            goal.damaged = true;
            goal.unread.push(clause.span);
        }
        goal.steps.reserve_exact(statements.there().iter().filter(|each| is_step(each)).count());
        let mut once = Once::default();
        while let Some(next) = self.next(&mut statements, Place::Goal, true) {
            let statement = &*next.statement;
            make_room(&mut goal.steps, clause.span, statement.span);
            let recognised = self.recognise(statement, Place::Goal, clause.span);
            let whole = matches!(&recognised, Recognised::Clause(opened) if !opened.clause.damaged);
            if statement.damaged || !whole {
                goal.damaged = true;
                goal.unread.push(statement.span);
            }
            let Recognised::Clause(opened) = recognised else { continue };
            self.check_once(&opened.clause, &mut once);
            if is(&opened.clause, &GOAL) {
                let Opened { clause, .. } = opened;
                let inner = self.goal(&clause, next);
                goal.goals.extend((!inner.name.value.is_empty()).then_some(inner));
            } else {
                self.held(opened, &mut goal);
            }
        }
        goal.steps.shrink_to_fit();
        goal
    }

    /// Puts one of a goal's statements that is no goal itself where it belongs.
    fn held(&mut self, opened: Opened<'_>, goal: &mut GoalOutline) {
        let clause = &opened.clause;
        if is(clause, &STEP) {
            let step = self.step(opened);
            // It may hold what belongs behind it.
            if let Some(step) = step.as_ref().filter(|step| self.lacks_brace && step.damaged) {
                goal.damaged = true;
                goal.unread.push(step.span);
            }
            goal.steps.extend(step);
        } else if is(clause, &MOUNT) {
            goal.mounts.extend(self.mount(opened));
        } else if is(clause, &PARAM) {
            let doc = self.doc(opened.statement);
            goal.params.extend(param(clause).map(|param| ParamOutline { doc, ..param }));
        } else if is(clause, &LET) {
            goal.lets.extend(binding(clause));
        } else if is(clause, &RESOURCE) {
            goal.resources.extend(resource(clause));
        } else {
            let clause = self.finish(opened);
            goal.clauses.push(clause);
        }
    }

    fn step(&mut self, opened: Opened<'_>) -> Option<StepOutline> {
        let Opened { clause, block, statement } = opened;
        let known = self.known.as_mut().and_then(|known| known.take(clause.span));
        if known.is_some() {
            return known;
        }
        let reported = self.reported;
        let what =
            name_of(&clause).map_or("the step".to_owned(), |n| format!("step `{}`", n.value));
        let body = self.body(&clause, block, Place::Step, &what);
        let found = self.reported > reported || self.is_full();
        if let (Some(known), true) = (&mut self.known, found) {
            known.forget(clause.span);
        }
        let Body { clauses, fallbacks, damaged } = body;
        let said = Said { title: title(&clause), doc: self.doc(statement) };
        let (name, span) = (name_of(&clause)?, clause.span);
        let (said, clauses, fallbacks) = (said.into(), clauses.into(), fallbacks.into());
        Some(StepOutline { name, said, clauses, fallbacks, span, damaged })
    }

    fn fallback(&mut self, opened: Opened<'_>) -> FallbackOutline {
        let Opened { clause, block, .. } = opened;
        let name = name_of(&clause);
        let what = match &name {
            Some(name) => format!("fallback `{}`", name.value),
            None => "the fallback".to_owned(),
        };
        let Body { clauses, damaged, .. } = self.body(&clause, block, Place::Fallback, &what);
        FallbackOutline { name, clauses, span: clause.span, damaged }
    }

    /// Reads the braces of a step or fallback, and what must be true of them.
    fn body(&mut self, head: &Clause, block: Option<&Block>, place: Place, what: &str) -> Body {
        let Some(block) = block else { return Body { damaged: true, ..Body::default() } };
        let mut listed = self.list(&block.statements, place, head.span);
        listed.unknown |= !block.closed;
        let name = head.head_names().next().map_or(head.word, |name| name.span);
        self.check_action(what, name, &listed);
        self.check_service(&listed);
        self.check_names("output", &listed);
        self.check_names(FALLBACK.word, &listed);
        self.split(listed, head.damaged)
    }

    fn split(&mut self, listed: Listed<'_>, head_damaged: bool) -> Body {
        let damaged = head_damaged || listed.lost || listed.unknown;
        let mut body = Body { damaged, ..Body::default() };
        // As long as it must be: a plan has hundreds of thousands of steps with a few clauses each.
        let is_clause = |opened: &&Opened<'_>| !is(&opened.clause, &FALLBACK);
        let clauses = listed.opened.iter().filter(is_clause).count();
        body.clauses.reserve_exact(clauses);
        body.fallbacks.reserve_exact(listed.opened.len() - clauses);
        for opened in listed.opened {
            if is(&opened.clause, &FALLBACK) {
                let fallback = self.fallback(opened);
                body.damaged |= fallback.damaged;
                body.fallbacks.push(fallback);
            } else {
                let clause = self.finish(opened);
                body.damaged |= clause.damaged;
                body.clauses.push(clause);
            }
        }
        body
    }

    fn mount(&mut self, opened: Opened<'_>) -> Option<MountOutline> {
        let Opened { clause, block, statement } = opened;
        let mut damaged = clause.damaged;
        let (mut bindings, mut clauses) = (Vec::new(), Vec::new());
        if let Some(block) = block {
            let (bound, rest): (Vec<_>, Vec<_>) =
                block.statements.iter().partition(|statement| is_binding(statement));
            damaged |= self.bindings(bound, &mut bindings);
            let listed = self.list(rest, Place::Mount, clause.span);
            damaged |= listed.lost || !block.closed;
            clauses.extend(listed.opened.into_iter().map(|opened| self.finish(opened)));
        }
        let file = clause.text(Some("from"))?;
        let file = Spanned::new(file.value.text.to_string(), file.span);
        let (doc, span) = (self.doc(statement), clause.span);
        Some(MountOutline { name: name_of(&clause)?, file, doc, bindings, clauses, span, damaged })
    }
}

/// Makes room for as many steps as there will be if they go on as they have come so far: a row that doubles
/// takes up to three times as much for a while.
fn make_room(steps: &mut Vec<StepOutline>, goal: Span, at: Span) {
    let count = steps.len();
    if count < steps.capacity() || count < FEW {
        return;
    }
    let read = (at.start.saturating_sub(goal.start)).max(1) as usize;
    let rest = goal.end.saturating_sub(at.start) as usize;
    steps.reserve_exact(count.saturating_mul(rest) / read + count / 32 + 1);
}

fn is_step(statement: &Statement) -> bool {
    recognised(Place::Goal, statement).is_some_and(|(spec, _)| spec.word == STEP.word)
}

/// The statements in the block of one whose clause takes a block, the first; and whether that is closed.
fn statements_of(head: Next<'_>) -> Option<(Statements<'_>, bool)> {
    let Next { statement, open } = head;
    let block = match statement {
        Cow::Borrowed(statement) => statement.tokens.iter().find_map(|token| match &token.kind {
            TokenKind::Block(block) => Some((Cow::Borrowed(&*block.statements), block.closed)),
            _ => None,
        }),
        Cow::Owned(statement) => statement.tokens.into_iter().find_map(|token| match token.kind {
            TokenKind::Block(block) => Some((Cow::Owned(block.statements), block.closed)),
            _ => None,
        }),
    };
    let (statements, closed) = block?;
    Some((if open { Statements::Coming } else { Statements::of(statements) }, closed))
}

fn param(clause: &Clause) -> Option<ParamOutline> {
    let range = clause.option("in").and_then(|option| match option.arguments.first() {
        Some(Argument::Range(ends)) => Some((**ends).clone()),
        _ => None,
    });
    Some(ParamOutline {
        name: name_of(clause)?,
        ty: clause.option_type(":").cloned(),
        matches: clause.text(Some("matches")).cloned(),
        range,
        default: clause.option_expr("=").cloned(),
        help: clause.text(Some("")).map(|text| text.value.text.to_string()),
        doc: None,
        span: clause.span,
        damaged: clause.damaged,
    })
}

fn binding(clause: &Clause) -> Option<LetOutline> {
    let value = clause.option_expr("=").cloned();
    Some(LetOutline { name: name_of(clause)?, value, span: clause.span })
}

fn resource(clause: &Clause) -> Option<ResourceOutline> {
    let amount = clause.head_exprs().next().cloned();
    Some(ResourceOutline { name: name_of(clause)?, amount, span: clause.span })
}
