//! Reads a file: exactly one goal, and scenarios beside it; or scenarios alone.
//!
//! What is in the goal is read in `goal`.

use super::coming::Statements;
use super::statement::Recognised;
use super::{Opened, Reader, complaint, foreign};
use crate::clause::table::SCENARIO;
use crate::clause::{Clause, GoalOutline, Place, ScenarioOutline};
use crate::source::{FileId, Span};
use crate::syntax::{Document, Statement, TokenKind};

impl Reader<'_> {
    pub(super) fn file(
        &mut self,
        file: FileId,
        mut statements: Statements<'_>,
    ) -> Option<GoalOutline> {
        let silent = self.is_damaged(file);
        let mut found: Option<(GoalOutline, Span)> = None;
        let mut scenarios = Vec::new();
        let mut strays = 0usize;
        while let Some(next) = self.next(&mut statements, Place::File, found.is_none()) {
            match (self.top(&next.statement, silent || strays > 0), &found) {
                (None, _) => strays += 1,
                (Some(opened), _) if is_scenario(&opened) => {
                    scenarios.extend(self.scenario(opened));
                }
                (Some(Opened { clause, .. }), None) => {
                    let place = name_or_word(&clause);
                    found = Some((self.goal(&clause, next), place));
                }
                (Some(Opened { clause, .. }), Some((_, first))) if !clause.damaged => {
                    let name = clause.head_names().next().map_or("name", |name| &*name.value);
                    self.report(complaint::second_goal(name, name_or_word(&clause), *first));
                }
                _ => {}
            }
        }
        let Some((goal, _)) = found else {
            let text = self.text;
            if let Some(foreign) = foreign::no_plan(file, text).filter(|_| scenarios.is_empty()) {
                self.diagnostics.retain(|each| each.span().file != file);
                self.report(foreign);
                return None;
            }
            if strays == 0 && !silent {
                self.report(complaint::no_goal(Span::new(file, 0, 0)));
            }
            return None;
        };
        self.check_scenario_names(&scenarios);
        Some(GoalOutline { scenarios, ..goal })
    }

    pub(super) fn scenarios(&mut self, document: &Document) -> Vec<ScenarioOutline> {
        let mut found = Vec::new();
        let silent = self.is_damaged(document.file);
        let mut strays = 0usize;
        for statement in &document.statements {
            match self.top(statement, silent || strays > 0) {
                Some(opened) if is_scenario(&opened) => found.extend(self.scenario(opened)),
                Some(goal) => {
                    self.report(complaint::goal_among_scenarios(name_or_word(&goal.clause)));
                }
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

fn name_or_word(goal: &Clause) -> Span {
    goal.head_names().next().map_or(goal.word, |name| name.span)
}
