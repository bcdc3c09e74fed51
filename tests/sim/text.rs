//! A plan's text.

use std::collections::BTreeSet;

use super::plan::{
    Action, Confirm, Each, EdgeKind, Guards, Kind, Lock, Policy, RESOURCE, Step, StepPolicy,
    Tolerate, Way,
};
use super::tree::{Condition, Flat, Tree, What};

impl Tree<'_> {
    /// The plan's text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("goal g {{\n  param p: int = 1\n  resource r {RESOURCE}\n");
        if self.plan.checkpoints {
            text += "  progress checkpoints\n";
        }
        let by_let = |node: &Flat<'_>| match node.when {
            Some(Condition::Output { on, by_let: true, .. }) => Some(on),
            _ => None,
        };
        let used: BTreeSet<usize> = self.nodes.iter().filter_map(by_let).collect();
        for on in used {
            text += &format!("  let v{on} = {}\n", self.output(on));
        }
        let by_let = |when| matches!(when, Condition::Param { by_let: true, .. });
        if self.nodes.iter().filter_map(|node| node.when).any(by_let) {
            text += "  let w = len(range(0, p))\n";
        }
        self.write_goal(&mut text, 0, 1);
        text + "}\n"
    }

    fn write_goal(&self, text: &mut String, at: usize, depth: usize) {
        let Some(goal) = self.goal(at) else { return };
        let mut clauses = self.guards(at, &goal.guards);
        if let Some(policy) = goal.policy {
            let word = match policy {
                Policy::Stop => "stop",
                Policy::Continue => "continue",
                Policy::Rollback => "rollback",
            };
            clauses.push(format!("on failure {word}"));
        }
        clauses.extend(goal.parallel.map(|most| format!("parallel {most}")));
        clauses.extend(goal.deadline.map(|most| format!("deadline {most}ms")));
        clauses.extend(goal.verify.map(|_| "verify { file \"v\" }".to_owned()));
        clauses.extend(goal.cleanup.map(|_| "cleanup { run [\"c\"] }".to_owned()));
        let indent = "  ".repeat(depth);
        for clause in clauses {
            text.push_str(&format!("{indent}{clause}\n"));
        }
        for child in &self.nodes[at].children {
            let node = &self.nodes[*child];
            match node.what {
                What::Step(step) => {
                    let clauses = self.step_clauses(*child, step).join("; ");
                    text.push_str(&format!("{indent}step {} {{ {clauses} }}\n", node.name));
                }
                What::Goal(_) => {
                    text.push_str(&format!("{indent}goal {} {{\n", node.name));
                    self.write_goal(text, *child, depth + 1);
                    text.push_str(&format!("{indent}}}\n"));
                }
            }
        }
    }

    fn step_clauses(&self, at: usize, step: &Step) -> Vec<String> {
        let mut all = self.guards(at, &step.guards);
        all.extend(step.each.as_ref().map(|each| self.each_clause(at, each)));
        all.extend(step.unless.map(|_| "unless { file \"u\" }".to_owned()));
        all.extend(step.requires.map(|_| "requires { file \"r\" }".to_owned()));
        if self.nodes[at].service {
            all.push("service; ready { file \"r\" }".to_owned());
        }
        let reads = self.nodes[at].reads;
        all.extend(reads.map(|writer| format!("stdin from {}", self.nodes[writer].id)));
        all.push(match &step.action {
            Action::Run => "run [\"x\"]".to_owned(),
            Action::Await => "await { file \"a\" }".to_owned(),
            Action::Manual(_) => "manual \"do it\"".to_owned(),
        });
        all.extend(way_clauses(&step.way));
        for fallback in &step.fallbacks {
            let clauses = way_clauses(fallback).join("; ");
            let action = if fallback.by_hand.is_some() { "manual \"so\"" } else { "run [\"y\"]" };
            all.push(format!("fallback {{ {action}; {clauses} }}"));
        }
        all.extend(step.policy.map(|policy| {
            let word = match policy {
                StepPolicy::Stop => "stop",
                StepPolicy::Skip => "skip",
                StepPolicy::Rollback => "rollback",
                StepPolicy::Ignore => "ignore because \"so\"",
            };
            format!("on failure {word}")
        }));
        for (has, clause) in [
            (step.idempotent, "idempotent".to_owned()),
            (step.elsewhere, "executor slurm".to_owned()),
            (step.rollback, "rollback { run [\"z\"] }".to_owned()),
            (step.snapshot, format!("snapshot \"p{at}\"")),
            (step.checkpoint, "checkpoint".to_owned()),
            (step.output, "output o: int".to_owned()),
        ] {
            all.extend(has.then_some(clause));
        }
        all.extend(step.priority.map(|priority| format!("priority {priority}")));
        all
    }

    /// A step's output as an expression; of a `foreach`, how many instances gave one.
    fn output(&self, on: usize) -> String {
        let value = format!("{}.o", self.nodes[on].id);
        if self.nodes[on].what.each().is_some() { format!("len({value})") } else { value }
    }

    fn each_clause(&self, at: usize, each: &Each) -> String {
        let mut text = if let Some(source) = self.nodes[at].source {
            format!("foreach i in {}", self.nodes[source].id)
        } else {
            let items: Vec<String> = (0..each.items).map(|item| item.to_string()).collect();
            let batch = each.batch.map_or_else(String::new, |size| format!(" batch {size}"));
            format!("foreach i in [{}]{batch}", items.join(", "))
        };
        text.extend(each.parallel.map(|most| format!(" parallel {most}")));
        text.extend(each.tolerate.map(|tolerate| match tolerate {
            Tolerate::Count(count) => format!(" tolerate {count}"),
            Tolerate::Percent(percent) => format!(" tolerate {percent}%"),
        }));
        text
    }

    fn guards(&self, at: usize, guards: &Guards) -> Vec<String> {
        let mut all = Vec::new();
        for (on, kind) in &self.nodes[at].edges {
            let id = &self.nodes[*on].id;
            all.push(match kind {
                EdgeKind::Depends => format!("depends {id}"),
                EdgeKind::Optional => format!("depends {id}?"),
                EdgeKind::After => format!("after {id}"),
            });
        }
        all.extend(self.nodes[at].when.map(|when| match when {
            Condition::Constant(holds) => format!("when {} == 1", u8::from(holds)),
            Condition::Ended { on, status, not } => {
                let sign = if not { "!=" } else { "==" };
                format!("when {}.status {sign} \"{}\"", self.nodes[on].id, status.word())
            }
            Condition::Param { least, by_let } => {
                format!("when {} >= {least}", if by_let { "w" } else { "p" })
            }
            Condition::Output { on, least, by_let: true } => format!("when v{on} >= {least}"),
            Condition::Output { on, least, by_let: false } => {
                format!("when {} >= {least}", self.output(on))
            }
        }));
        all.extend(guards.confirm.as_ref().map(confirm_clause));
        all.extend(guards.locks.iter().map(|lock| {
            let scope = match lock {
                Lock { machine: true, .. } => "machine ",
                Lock { shared: true, .. } => "shared ",
                Lock { .. } => "",
            };
            format!("lock {scope}l{}", lock.name)
        }));
        all.extend(guards.uses.map(|amount| format!("uses r {amount}")));
        all
    }
}

fn confirm_clause(confirm: &Confirm) -> String {
    let mut text = "confirm \"go on?\"".to_owned();
    if let Some(holds) = confirm.when {
        text += &format!(" when {} == 1", u8::from(holds));
    }
    if let Some((length, approve)) = confirm.timeout {
        let word = if approve { "approve" } else { "deny" };
        text += &format!(" timeout {length}ms otherwise {word}");
    }
    text + if confirm.always { " always" } else { "" }
}

fn way_clauses(way: &Way) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(way.timeout.map(|most| format!("timeout {most}ms")));
    if let Some(retry) = &way.retry {
        let mut text = format!("retry {}", retry.count);
        let parts = [
            retry.delay.map(|delay| format!(" delay {delay}ms")),
            retry.backoff.map(|factor| format!(" backoff {factor}")),
            retry.max.map(|most| format!(" max {most}ms")),
            retry.jitter.then(|| " jitter".to_owned()),
            retry.within.map(|most| format!(" within {most}ms")),
        ];
        text.extend(parts.into_iter().flatten());
        let on: Vec<String> = retry.on.iter().filter_map(|kind| Kind::word(*kind)).collect();
        if !on.is_empty() {
            text += &format!(" on {}", on.join(", "));
        }
        all.push(text);
    }
    all
}
