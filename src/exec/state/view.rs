//! How nodes show: the contract's words for where they stand now.

use super::{Phase, RunState, Stage, UnitIx};
use crate::exec::event::{Status, Unit};
use crate::exec::graph::NodeIx;
use crate::value::Value;

/// Of an item so many characters are shown.
const LONGEST_ITEM: usize = 40;

/// As [`RunState::label`], where the item is known from elsewhere.
pub fn label(unit: &Unit, item: Option<&Value>) -> String {
    let Some(item) = item else { return unit.to_string() };
    let text = if item.is_secret() { "***".to_owned() } else { item.to_text() };
    let mut letters = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let mut short: String = letters.by_ref().take(LONGEST_ITEM).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    format!("{unit} ({short})")
}

impl RunState {
    /// The word for where a node stands, also before its end.
    pub fn status(&self, node: NodeIx) -> Status {
        let state = self.node(node);
        if state.status.is_end() {
            return state.status;
        }
        if state.items.is_some() {
            let running = state.instances.iter().any(|i| i.phase == Phase::Running);
            let all: Vec<Status> = state.instances.iter().map(super::UnitState::status).collect();
            let any = |status| all.contains(&status);
            return match () {
                () if running => Status::Running,
                () if any(Status::InDoubt) => Status::InDoubt,
                () if any(Status::Waiting) => Status::Waiting,
                () => Status::Ready,
            };
        }
        match (state.unit.status(), state.unit.placed) {
            (Status::Pending, Stage::Startable | Stage::Decide(_)) => Status::Ready,
            (status, _) => status,
        }
    }

    /// A unit as people are told of it: an instance of a `foreach` step with its item, as in
    /// `copy[2] (web3)`.
    pub fn label(&self, unit: UnitIx) -> String {
        label(&self.name(unit), self.item(unit))
    }

    /// Attempts of a step, with those of all its instances.
    pub fn attempts(&self, node: NodeIx) -> u32 {
        let state = self.node(node);
        let of = super::UnitState::tried;
        of(&state.unit) + state.instances.iter().map(of).sum::<u32>()
    }

    /// Units with a question that a person has yet to answer, in the order of the plan.
    pub fn open_questions(&self) -> impl Iterator<Item = (UnitIx, &super::Question)> {
        self.agenda.asking.iter().filter_map(|unit| {
            self.unit(*unit)
                .and_then(super::UnitState::open_question)
                .map(|question| (*unit, question))
        })
    }
}
