//! Reads a file: exactly one goal, and scenarios beside it; or scenarios alone.
//!
//! What is in the goal is read in `goal`.

use std::borrow::Cow;

use super::statement::Recognised;
use super::{Opened, Reader, complaint};
use crate::clause::table::SCENARIO;
use crate::clause::{GoalOutline, Place, ScenarioOutline};
use crate::source::{FileId, Span};
use crate::syntax::{Document, Statement, TokenKind};

impl Reader<'_> {
    pub(super) fn file(&mut self, document: Cow<'_, Document>) -> Option<GoalOutline> {
        let silent = self.is_damaged(document.file);
        let mut found: Vec<(usize, Opened<'_>)> = Vec::new();
        let mut strays = 0usize;
        for (at, statement) in document.statements.iter().enumerate() {
            match self.top(statement, silent || strays > 0) {
                Some(opened) => found.push((at, opened)),
                None => strays += 1,
            }
        }
        let (scenarios, goals): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, opened)| is_scenario(opened));
        let mut goals = goals.into_iter();
        let Some((at, first)) = goals.next() else {
            if strays == 0 && !silent {
                self.report(complaint::no_goal(Span::new(document.file, 0, 0)));
            }
            return None;
        };
        let place = name_or_word(&first);
        for (_, second) in goals.filter(|(_, goal)| !goal.clause.damaged) {
            let name = second.clause.head_names().next().map_or("name", |name| &*name.value);
            self.report(complaint::second_goal(name, name_or_word(&second), place));
        }
        let scenarios: Vec<_> =
            scenarios.into_iter().filter_map(|(_, each)| self.scenario(each)).collect();
        self.check_scenario_names(&scenarios);
        let head = first.clause;
        let statement = match document {
            Cow::Borrowed(document) => document.statements.get(at).map(Cow::Borrowed),
            Cow::Owned(document) => document.statements.into_iter().nth(at).map(Cow::Owned),
        };
        let goal = self.goal(&head, statement?);
        Some(GoalOutline { scenarios, ..goal })
    }

    pub(super) fn scenarios(&mut self, document: &Document) -> Vec<ScenarioOutline> {
        let mut found = Vec::new();
        let silent = self.is_damaged(document.file);
        let mut strays = 0usize;
        for statement in &document.statements {
            match self.top(statement, silent || strays > 0) {
                Some(opened) if is_scenario(&opened) => found.extend(self.scenario(opened)),
                Some(goal) => self.report(complaint::goal_among_scenarios(name_or_word(&goal))),
                None => strays += 1,
            }
        }
        if document.statements.is_empty() && !silent {
            self.report(complaint::no_scenario(Span::new(document.file, 0, 0)));
        }
        self.check_scenario_names(&found);
        found
    }

    /// The parser has found something in this file.
    fn is_damaged(&self, file: FileId) -> bool {
        self.diagnostics.iter().any(|finding| finding.is_error() && finding.span().file == file)
    }

    /// A statement outside of all braces. What stands behind a stray one most likely follows from
    /// a brace too many, so it is not reported again.
    fn top<'a>(&mut self, statement: &'a Statement, silent: bool) -> Option<Opened<'a>> {
        if silent && !begins_goal(statement) {
            return None;
        }
        match self.recognise(statement, Place::File, statement.span) {
            Recognised::Clause(opened) => Some(opened),
            Recognised::Misplaced | Recognised::Swallowed | Recognised::Unknown => None,
        }
    }
}

fn is_scenario(opened: &Opened<'_>) -> bool {
    opened.clause.spec.word == SCENARIO.word
}

fn begins_goal(statement: &Statement) -> bool {
    matches!(statement.tokens.first().map(|token| &token.kind),
        Some(TokenKind::Name(word)) if matches!(&**word, "goal" | "scenario"))
}

fn name_or_word(goal: &Opened<'_>) -> Span {
    goal.clause.head_names().next().map_or(goal.clause.word, |name| name.span)
}
