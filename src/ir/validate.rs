//! Guards the door through which plans come that this process did not check: JSON.

use std::collections::HashSet;

use thiserror::Error;

use super::{Action, EdgeKind, FORMAT, Plan, Step};
use crate::value::{GoalId, NodeId};

/// Why a plan in JSON cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidPlan {
    #[error(
        "the plan's format is {found}, and this goalc reads {FORMAT}: use the goalc that made it"
    )]
    Format { found: u32 },
    #[error("{user} names {missing}, which is not in the plan")]
    Missing { user: String, missing: String },
    #[error("the steps wait for each other in a circle: {0}")]
    Cycle(String),
    #[error("the plan has no root goal")]
    NoRoot,
    #[error("the goal `{0}` is not in the root goal, at any distance")]
    Rootless(String),
    #[error("`{0}` cannot be joined to other steps as it is by `stdin`")]
    Joined(String),
    #[error("`{0}` cannot be a service: only a single step with `run` is one")]
    Service(String),
}

impl Plan {
    /// Checks what a plan from the semantic pass keeps by construction: ids exist, edges form no
    /// circle, the format is ours, pipes and services are processes.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), InvalidPlan> {
        if self.format != FORMAT {
            return Err(InvalidPlan::Format { found: self.format });
        }
        if !self.goals.contains_key("") {
            return Err(InvalidPlan::NoRoot);
        }
        self.nodes_exist()?;
        self.goals_are_nested()?;
        self.joins_are_pipes()?;
        self.services_run()?;
        let circle = super::circle::circle(self);
        if circle.is_empty() { Ok(()) } else { Err(InvalidPlan::Cycle(circle.join(" → "))) }
    }

    fn nodes_exist(&self) -> Result<(), InvalidPlan> {
        let missing = |user: &str, missing: &str| {
            Err(InvalidPlan::Missing { user: user.to_owned(), missing: missing.to_owned() })
        };
        let of_steps = self.steps.iter().map(|(id, step)| (id.as_str(), &step.edges));
        let of_goals = self.goals.iter().map(|(id, goal)| (id.as_str(), &goal.edges));
        for (user, edges) in of_steps.chain(of_goals) {
            for edge in edges {
                let found = match &edge.on {
                    NodeId::Step(id) => self.steps.contains_key(id),
                    NodeId::Goal(id) => self.goals.contains_key(id),
                };
                if !found {
                    return missing(user, edge.on.as_str());
                }
            }
        }
        for (id, step) in &self.steps {
            if !self.goals.contains_key(&step.goal) {
                return missing(id.as_str(), step.goal.as_str());
            }
        }
        Ok(())
    }

    /// From each goal the way outwards leads to the root, which has none around it.
    fn goals_are_nested(&self) -> Result<(), InvalidPlan> {
        let mut sound: HashSet<&GoalId> = HashSet::new();
        for id in self.goals.keys() {
            let mut way = HashSet::new();
            let mut at = id;
            while !sound.contains(at) {
                let parent = self.goals.get(at).map(|goal| goal.parent.as_ref());
                match parent {
                    Some(None) if at.as_str().is_empty() => break,
                    Some(Some(parent)) if way.insert(at) => at = parent,
                    _ => return Err(InvalidPlan::Rootless(id.to_string())),
                }
            }
            sound.extend(way);
        }
        Ok(())
    }

    /// Each end of a pipe is a single step with `run`, and no step has two of either end.
    fn joins_are_pipes(&self) -> Result<(), InvalidPlan> {
        let mut read = HashSet::new();
        for (id, step) in &self.steps {
            let joined = || Err(InvalidPlan::Joined(id.to_string()));
            let mut edges = step.edges.iter().filter(|edge| edge.kind == EdgeKind::Stdin);
            let Some(edge) = edges.next() else { continue };
            let NodeId::Step(writer) = &edge.on else { return joined() };
            let ends = [Some(step), self.steps.get(writer)];
            if edges.next().is_some()
                || !read.insert(writer)
                || !ends.into_iter().all(|end| end.is_some_and(can_join))
            {
                return joined();
            }
        }
        Ok(())
    }

    fn services_run(&self) -> Result<(), InvalidPlan> {
        let runs = |step: &Step| matches!(step.attempt.action, Action::Run(_));
        let mut services = self.steps.iter().filter(|(_, step)| step.service.is_some());
        match services.find(|(_, step)| !runs(step) || step.foreach.is_some()) {
            Some((id, _)) => Err(InvalidPlan::Service(id.to_string())),
            None => Ok(()),
        }
    }
}

fn can_join(step: &Step) -> bool {
    let mut ways = step.fallbacks.iter().map(|fallback| &fallback.attempt).chain([&step.attempt]);
    let plain = step.foreach.is_none() && step.service.is_none();
    plain && ways.all(|way| matches!(way.action, Action::Run(_)))
}
