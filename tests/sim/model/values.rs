//! Conditions and outputs.

use super::{Model, Status};
use crate::tree::Condition;

impl Model<'_> {
    /// Whether a condition holds; none where it has no value.
    pub(super) fn truth(&self, when: Condition) -> Option<bool> {
        Some(match when {
            Condition::Constant(holds) => holds,
            Condition::Param { least, by_let: false } => self.param >= i64::from(least),
            Condition::Param { least, by_let: true } => {
                self.let_of_param.unwrap_or(self.param) >= i64::from(least)
            }
            Condition::Ended { on, status, not } if self.serves(on) => {
                (status == Status::Succeeded) != not
            }
            Condition::Ended { on, status, not } => (self.nodes[on].status == Some(status)) != not,
            Condition::Output { on, least, by_let: false } => self.output(on)? >= i64::from(least),
            Condition::Output { on, least, by_let: true } => {
                let fixed = self.lets.get(&on).copied();
                fixed.or_else(|| self.output(on))? >= i64::from(least)
            }
        })
    }

    /// What a step gave; of a `foreach`, how many of its instances gave something.
    pub(super) fn output(&self, on: usize) -> Option<i64> {
        let node = &self.nodes[on];
        if let Some(instances) = &node.instances {
            let gave = instances.iter().filter(|unit| unit.gave.is_some()).count();
            return i64::try_from(gave).ok();
        }
        let succeeded = node.status == Some(Status::Succeeded) || self.serves(on);
        let empty = self.tree.nodes[on].what.each().is_some();
        if empty { None } else { node.unit.gave.filter(|_| succeeded) }
    }
}
