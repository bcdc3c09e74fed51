//! What is assumed and can never come true.

use super::super::gather;
use super::{Known, crashes, shown};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::ir::{
    Action, Assumption, Attempt, Fails, Given, NodeGiven, Part, Reply, RetryOn, Scenario, Step,
};
use crate::source::Span;
use crate::value::{Type, Value};

pub(super) fn check(known: &Known<'_>, scenario: &Scenario, found: &mut Vec<Diagnostic>) {
    let mut earlier: Vec<(&NodeGiven, Span)> = Vec::new();
    for Given { span, what } in &scenario.givens {
        let Assumption::Node(given) = what else { continue };
        let line = Line { given, span: *span, known, crashes: crashes(scenario) };
        found.extend(line.findings());
        if let Some((_, first)) = earlier.iter().find(|(other, _)| overlap(other, given)) {
            found.push(twice(given, *span, *first));
        }
        earlier.push((given, *span));
    }
}

/// Two lines that say the same of the same attempts, or answer the same question.
fn overlap(one: &NodeGiven, other: &NodeGiven) -> bool {
    let same = one.node == other.node && one.via == other.via && one.item == other.item;
    let both = |says: fn(&NodeGiven) -> bool| says(one) && says(other);
    let outputs = one.gives.as_ref().zip(other.gives.as_ref());
    same && (both(|given| given.fails.is_some())
        || both(|given| given.takes.is_some())
        || both(|given| given.reply.is_some())
        || outputs.is_some_and(|((one, _), (other, _))| one == other))
}

fn twice(given: &NodeGiven, second: Span, first: Span) -> Diagnostic {
    let message = format!("two lines assume how `{}` goes", shown(&given.node));
    Diagnostic::new(Code::E0901, message, second, "the second")
        .label(first, "the first")
        .help("keep one of them, or tell them apart by `via FALLBACK` or `for ITEM`")
}

/// One `given` of a step or goal.
struct Line<'a> {
    given: &'a NodeGiven,
    span: Span,
    known: &'a Known<'a>,
    crashes: bool,
}

impl Line<'_> {
    fn cannot(&self, message: String, label: &str) -> Diagnostic {
        Diagnostic::new(Code::E0901, message, self.span, label)
    }

    fn name(&self) -> String {
        shown(&self.given.node)
    }

    fn findings(&self) -> Vec<Diagnostic> {
        let Some(step) = self.known.step(&self.given.node) else { return self.of_goal() };
        let mut found = Vec::new();
        found.extend(self.fallback(step));
        found.extend(self.items(step));
        if let Some(fails) = &self.given.fails {
            found.extend(self.fails(step, fails));
        }
        found.extend(self.output(step));
        found.extend(self.reply(step));
        if self.given.already_done && step.guards.unless.is_empty() {
            let message = format!("`{}` has no `unless` that could hold", self.name());
            found.push(self.cannot(message, "never asked").help("take `already done` out"));
        }
        found.extend(self.broken(step));
        found
    }

    fn of_goal(&self) -> Vec<Diagnostic> {
        let Some(goal) = self.known.goal(&self.given.node) else { return Vec::new() };
        let given = self.given;
        let of_steps = [
            (given.fails.is_some(), "fails", "say which step fails, or `verify fails`"),
            (given.takes.is_some(), "takes", "say which step takes so long"),
            (given.gives.is_some(), "gives", "say which step gives it"),
            (given.already_done, "already done", "say which step is"),
            (given.via.is_some(), "via", "only steps have fallbacks"),
            (given.item.is_some(), "for", "only steps have items"),
        ];
        let mut found: Vec<Diagnostic> = of_steps
            .iter()
            .filter(|(said, _, _)| *said)
            .map(|(_, word, help)| {
                let message =
                    format!("`{word}` is said of a step, and `{}` is a goal", self.name());
                self.cannot(message, "a goal").help(*help)
            })
            .collect();
        if given.reply.is_some() && goal.guards.confirm.is_none() {
            let message = format!("nobody is asked about `{}`: it has no `confirm`", self.name());
            found.push(self.cannot(message, "never asked").help("take the line out"));
        }
        let has = match given.broken {
            Some(Part::Verify) => !goal.verify.is_empty(),
            Some(Part::Cleanup) => !goal.cleanup.is_empty(),
            Some(Part::Requires | Part::Rollback) => false,
            None => true,
        };
        found.extend((!has).then(|| self.has_no_part()).flatten());
        found
    }

    fn has_no_part(&self) -> Option<Diagnostic> {
        let word = self.given.broken?.word();
        let message = match (word, self.known.goal(&self.given.node)) {
            // What goals require is asked before anything runs: there is no run then.
            ("requires", Some(_)) => "what a goal requires is asked before the run".to_owned(),
            _ => format!("`{}` has no `{word}` that could fail", self.name()),
        };
        Some(self.cannot(message, "never asked").help("take the line out"))
    }

    fn broken(&self, step: &Step) -> Option<Diagnostic> {
        let has = match self.given.broken? {
            Part::Requires => !step.guards.requires.is_empty(),
            Part::Verify => ways(step).any(|way| !way.verify.is_empty()),
            Part::Rollback => !step.rollback.is_empty() || !step.guards.snapshot.is_empty(),
            Part::Cleanup => false,
        };
        if has { None } else { self.has_no_part() }
    }

    fn fallback(&self, step: &Step) -> Option<Diagnostic> {
        let via = self.given.via.as_ref()?;
        no_fallback(Code::E0901, step, via, &self.name(), self.span)
    }

    fn items(&self, step: &Step) -> Option<Diagnostic> {
        if self.given.item.is_none() || step.foreach.is_some() {
            return None;
        }
        let message = format!("`{}` has no items: it has no `foreach`", self.name());
        Some(self.cannot(message, "for no item").help("take `for …` out"))
    }

    fn fails(&self, step: &Step, fails: &Fails) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let by_hand = matches!(step.attempt.action, Action::Manual(_));
        let most = match &self.given.via {
            None => gather::attempts_at_most(step),
            Some(via) => {
                let way = step.fallbacks.iter().find(|fallback| fallback.name == *via);
                way.and_then(|fallback| gather::attempts_of(&fallback.attempt))
            }
        };
        if let (Some(times), Some(most), false) = (fails.times, most, self.crashes)
            && i64::from(times) > most
        {
            let message = format!("`{}` makes at most {}", self.name(), attempts(most));
            let help = format!("write `fails {most} times`, or `fails` for all of them");
            found.push(self.cannot(message, &format!("{times} cannot fail")).help(help));
        }
        let ways = || ways(step);
        let never = match &fails.with {
            Some(RetryOn::Timeout) => {
                (!ways().any(|way| way.timeout.is_some())).then_some("timeout")
            }
            Some(RetryOn::Verify) => {
                (!ways().any(|way| !way.verify.is_empty())).then_some("verify")
            }
            Some(RetryOn::Output) => step.outputs.is_empty().then_some("output"),
            _ => None,
        };
        if let Some(word) = never {
            let message = format!("`{}` has no `{word}` that could fail", self.name());
            found.push(
                self.cannot(message, "cannot happen").help("name another failure, as `exit 1`"),
            );
        } else if by_hand && fails.with.is_some() {
            let message =
                format!("`{}` is done by hand: a person says that it failed", self.name());
            found.push(self.cannot(message, "no such failure").help("write `fails` alone"));
        }
        found
    }

    fn output(&self, step: &Step) -> Option<Diagnostic> {
        let (name, value) = self.given.gives.as_ref()?;
        let Some(spec) = step.outputs.get(name) else {
            let message = format!("`{}` has no output `{name}`", self.name());
            let found = self.cannot(message, "not an output of it");
            let names: Vec<&str> = step.outputs.keys().map(|name| &**name).collect();
            return Some(match nearest(name, names.iter().copied()) {
                Some(near) => found.help(format!("did you mean `{}`?", near.word)),
                None if names.is_empty() => found.help("it has no outputs"),
                None => found.help(format!("its outputs are `{}`", names.join("`, `"))),
            });
        };
        if fits(&spec.ty, value) {
            return None;
        }
        let message = format!("`{name}` is `{}`, and this is {}", spec.ty, value.kind());
        Some(
            Diagnostic::new(Code::E0301, message, self.span, "of another type")
                .help("give it a value of its type"),
        )
    }

    fn reply(&self, step: &Step) -> Option<Diagnostic> {
        let reply = self.given.reply?;
        let by_hand = matches!(step.attempt.action, Action::Manual(_));
        let confirmed = step.guards.confirm.is_some();
        let (can, why) = match reply {
            Reply::Approved | Reply::Denied => (confirmed, "it has no `confirm`"),
            Reply::Unanswered => (
                confirmed || by_hand || self.crashes,
                "it has no `confirm`, is not done by hand, and nothing crashes",
            ),
            Reply::Done => (by_hand || self.crashes, "it is not done by hand, and nothing crashes"),
            Reply::Rerun => (self.crashes, "nothing crashes that would leave it in doubt"),
        };
        if can {
            return None;
        }
        let message = format!("nobody is asked about `{}`: {why}", self.name());
        Some(self.cannot(message, "never asked").help("take the line out"))
    }
}

/// All ways to do a step.
fn ways(step: &Step) -> impl Iterator<Item = &Attempt> {
    std::iter::once(&step.attempt).chain(step.fallbacks.iter().map(|fallback| &fallback.attempt))
}

fn attempts(count: i64) -> String {
    if count == 1 { "one attempt".to_owned() } else { format!("{count} attempts") }
}

/// What to say where a step has no fallback of a name.
pub(super) fn no_fallback(
    code: Code,
    step: &Step,
    name: &str,
    shown: &str,
    span: Span,
) -> Option<Diagnostic> {
    let names: Vec<&str> = step.fallbacks.iter().map(|fallback| &*fallback.name).collect();
    if names.contains(&name) {
        return None;
    }
    let message = format!("`{shown}` has no fallback `{name}`");
    let found = Diagnostic::new(code, message, span, "not a fallback of it");
    Some(match nearest(name, names.iter().copied()) {
        Some(near) => found.help(format!("did you mean `{}`?", near.word)),
        None if names.is_empty() => found.help("it has no fallbacks"),
        None => found.help(format!("its fallbacks are `{}`", names.join("`, `"))),
    })
}

/// Whether a value may be what an output of a type gives.
fn fits(ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::Any, _)
        | (Type::String | Type::Path | Type::Secret, Value::Text(_))
        | (Type::Int | Type::Number, Value::Int(_))
        | (Type::Number, Value::Number(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Duration, Value::Duration { .. })
        | (Type::Size, Value::Size { .. }) => true,
        (Type::OneOf(words), Value::Text(text)) => words.contains(text),
        (Type::List(item), Value::List(items)) => items.iter().all(|value| fits(item, value)),
        _ => false,
    }
}
