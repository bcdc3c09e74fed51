//! A plan as a list of nodes with what they wait for, and its text.
//!
//! Invariant: the root is node 0, a node comes before all that it holds and waits for earlier
//! nodes only.

use std::collections::BTreeSet;

use super::plan::{Action, Each, Omit, StepPolicy, Tolerate, When};
use super::plan::{Confirm, EdgeKind, Goal, Guards, Kind, Node, Plan, Policy, Status, Step, Way};

pub(crate) struct Tree<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) nodes: Vec<Flat<'a>>,
}

/// A step or goal.
pub(crate) struct Flat<'a> {
    /// As events name it: `g1.s2`.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
    pub(crate) what: What<'a>,
    pub(crate) edges: Vec<(usize, EdgeKind)>,
    pub(crate) when: Option<Condition>,
    /// Whose instances its own come from.
    pub(crate) source: Option<usize>,
    /// How many instances it has.
    pub(crate) count: u32,
}

#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Step(&'a Step),
    Goal(&'a Goal),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Condition {
    Constant(bool),
    Ended { on: usize, status: Status, not: bool },
    Output { on: usize, least: u32, by_let: bool },
}

impl<'a> Tree<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let root = Flat {
            id: String::new(),
            name: "g".to_owned(),
            parent: None,
            children: Vec::new(),
            what: What::Goal(&plan.root),
            edges: Vec::new(),
            when: None,
            source: None,
            count: 0,
        };
        let mut tree = Self { plan, nodes: vec![root] };
        tree.hold(0, &plan.root);
        tree
    }

    fn hold(&mut self, parent: usize, goal: &'a Goal) {
        for child in &goal.children {
            let at = self.nodes.len();
            let (letter, what) = match child {
                Node::Step(step) => ('s', What::Step(step)),
                Node::Goal(goal) => ('g', What::Goal(goal)),
            };
            let name = format!("{letter}{at}");
            let id = match self.nodes[parent].id.as_str() {
                "" => name.clone(),
                around => format!("{around}.{name}"),
            };
            let (edges, when) = self.waits(parent, what.guards());
            let (source, count) = what.each().map_or((None, 0), |each| self.items(each));
            let (children, parent_of) = (Vec::new(), Some(parent));
            self.nodes.push(Flat {
                id,
                name,
                parent: parent_of,
                children,
                what,
                edges,
                when,
                source,
                count,
            });
            self.nodes[parent].children.push(at);
            if let Node::Goal(inner) = child {
                self.hold(at, inner);
            }
        }
    }

    /// Where a step's instances come from, and how many there are.
    fn items(&self, each: &Each) -> (Option<usize>, u32) {
        let all = (1..self.nodes.len()).filter(|node| self.nodes[*node].what.each().is_some());
        let all: Vec<usize> = all.collect();
        if let Some(of) = each.of.filter(|_| !all.is_empty()) {
            let source = all[all.len() - 1 - usize::from(of) % all.len()];
            return (Some(source), self.nodes[source].count);
        }
        (None, each.items.div_ceil(each.batch.unwrap_or(1)))
    }

    /// What a node in `parent` waits for: whatever is before it in the text and not around it.
    fn waits(&self, parent: usize, guards: &Guards) -> (Vec<(usize, EdgeKind)>, Option<Condition>) {
        let around: Vec<usize> = std::iter::once(parent).chain(self.around(parent)).collect();
        let before: Vec<usize> = (1..self.nodes.len()).filter(|n| !around.contains(n)).collect();
        let mut edges: Vec<(usize, EdgeKind)> = Vec::new();
        for edge in guards.edges.iter().filter(|_| !before.is_empty()) {
            let on = before[before.len() - 1 - usize::from(edge.on) % before.len()];
            if edges.iter().all(|(known, _)| *known != on) {
                edges.push((on, edge.kind));
            }
        }
        let when = guards.when.map(|when| match when {
            When::Constant(holds) => Condition::Constant(holds),
            When::Ended { .. } if edges.is_empty() => Condition::Constant(true),
            When::Output { edge, least, by_let } => {
                let gives = |(on, _): &&(usize, EdgeKind)| self.gives(*on);
                let all: Vec<usize> = edges.iter().filter(gives).map(|(on, _)| *on).collect();
                let on = all.get(usize::from(edge) % all.len().max(1));
                on.map_or(Condition::Constant(true), |on| Condition::Output {
                    on: *on,
                    least,
                    by_let,
                })
            }
            When::Ended { edge, status, not } => {
                Condition::Ended { on: edges[usize::from(edge) % edges.len()].0, status, not }
            }
        });
        (edges, when)
    }

    /// Whether a node is a step with an output.
    pub(crate) fn gives(&self, node: usize) -> bool {
        self.step(node).is_some_and(|step| step.output)
    }

    /// The goals around a node, from the inside.
    pub(crate) fn around(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.nodes[node].parent, |goal| self.nodes[*goal].parent)
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    pub(crate) fn step(&self, node: usize) -> Option<&'a Step> {
        match self.nodes[node].what {
            What::Step(step) => Some(step),
            What::Goal(_) => None,
        }
    }

    pub(crate) fn goal(&self, node: usize) -> Option<&'a Goal> {
        match self.nodes[node].what {
            What::Goal(goal) => Some(goal),
            What::Step(_) => None,
        }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = (usize, &'a Step)> + '_ {
        (0..self.nodes.len()).filter_map(|node| Some((node, self.step(node)?)))
    }

    /// A step's own way, or one of its fallbacks.
    pub(crate) fn way(&self, node: usize, way: u32) -> Option<&'a Way> {
        let step = self.step(node)?;
        match way.checked_sub(1) {
            None => Some(&step.way),
            Some(fallback) => step.fallbacks.get(fallback as usize),
        }
    }

    /// What the call says of a node.
    pub(crate) fn omitted(&self, node: usize) -> Option<Omit> {
        self.step(node).and_then(|step| step.omit)
    }

    /// A node and all steps that need it, by whatever they wait for.
    pub(crate) fn with_dependents(&self, node: usize) -> Vec<usize> {
        let mut all = vec![node];
        for next in node + 1..self.nodes.len() {
            let own = std::iter::once(next).chain(self.around(next));
            let needs = own.into_iter().any(|at| {
                let flat = &self.nodes[at];
                let mut on = flat.edges.iter().map(|(on, _)| *on).chain(flat.source);
                on.any(|on| all.contains(&on) || self.holds_any(on, &all))
            });
            if needs {
                all.push(next);
            }
        }
        all.retain(|at| self.step(*at).is_some());
        all
    }

    fn holds_any(&self, goal: usize, all: &[usize]) -> bool {
        all.iter().any(|node| self.around(*node).any(|around| around == goal))
    }

    /// A goal's policy, which it inherits if it has none of its own.
    pub(crate) fn policy(&self, goal: usize) -> Policy {
        let own = std::iter::once(goal).chain(self.around(goal));
        own.into_iter().find_map(|node| self.goal(node)?.policy).unwrap_or(Policy::Stop)
    }

    /// The plan's text.
    pub(crate) fn text(&self) -> String {
        let mut text = "goal g {\n  resource r 2\n".to_owned();
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
        all.push(match &step.action {
            Action::Run => "run [\"x\"]".to_owned(),
            Action::Await => "await { file \"a\" }".to_owned(),
            Action::Manual(_) => "manual \"do it\"".to_owned(),
        });
        all.extend(way_clauses(&step.way));
        for fallback in &step.fallbacks {
            let clauses = way_clauses(fallback).join("; ");
            all.push(format!("fallback {{ run [\"y\"]; {clauses} }}"));
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
        let mut text = match self.nodes[at].source {
            Some(source) => format!("foreach i in {}", self.nodes[source].id),
            None => {
                let items: Vec<String> = (0..each.items).map(|item| item.to_string()).collect();
                let batch = each.batch.map_or_else(String::new, |size| format!(" batch {size}"));
                format!("foreach i in [{}]{batch}", items.join(", "))
            }
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
            Condition::Output { on, least, by_let: true } => format!("when v{on} >= {least}"),
            Condition::Output { on, least, by_let: false } => {
                format!("when {} >= {least}", self.output(on))
            }
        }));
        all.extend(guards.confirm.as_ref().map(confirm_clause));
        all.extend(guards.locks.iter().map(|lock| {
            format!("lock {}l{}", if lock.shared { "shared " } else { "" }, lock.name)
        }));
        all.extend(guards.uses.map(|amount| format!("uses r {amount}")));
        all
    }
}

impl<'a> What<'a> {
    pub(crate) fn guards(self) -> &'a Guards {
        match self {
            Self::Step(step) => &step.guards,
            Self::Goal(goal) => &goal.guards,
        }
    }

    pub(crate) fn each(self) -> Option<&'a Each> {
        match self {
            Self::Step(step) => step.each.as_ref(),
            Self::Goal(_) => None,
        }
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
