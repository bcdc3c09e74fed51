//! Reads scenarios: each a name and lines of their own place.

use std::collections::HashMap;

use super::{Opened, Reader, complaint};
use crate::clause::{Place, ScenarioOutline};
use crate::source::{Span, Spanned};

impl Reader<'_> {
    pub(super) fn scenario(&mut self, opened: Opened<'_>) -> Option<ScenarioOutline> {
        let Opened { clause, block, .. } = opened;
        let listed = self.list(&block?.statements, Place::Scenario, clause.span);
        let clauses = listed.opened.into_iter().map(|opened| self.finish(opened)).collect();
        let name = clause.text(None)?;
        let name = Spanned::new(name.value.text.to_string(), name.span);
        Some(ScenarioOutline { name, clauses })
    }

    /// Results are told apart by their names.
    pub(super) fn check_scenario_names(&mut self, scenarios: &[ScenarioOutline]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for scenario in scenarios {
            let name = &scenario.name;
            match seen.get(name.value.as_str()) {
                Some(first) => {
                    self.report(complaint::duplicate("scenario", &name.value, name.span, *first));
                }
                None => drop(seen.insert(&name.value, name.span)),
            }
        }
    }
}
