//! What people say: of questions, after a while, as the script has it.

use std::collections::{BTreeMap, HashMap};

use goalc::exec::event::{Answer, QuestionKind, StopReason};
use goalc::exec::state::Question;
use goalc::exec::world::{View, Wake};
use goalc::value::{BindingId, Value};

use super::plan::{Action, Begin, Doubt, Reply, Then};
use super::trace::{At, SAID, Seen};
use super::translate::gives;
use super::world::Scripted;

/// Who is asked.
#[derive(Default)]
pub(crate) struct People {
    /// When what is said of a question, by its number; no time: nobody says it, or it is said.
    answers: BTreeMap<u64, (Option<i64>, Vec<Wake>)>,
    /// How often it was asked what comes after a failure.
    failures: HashMap<At, usize>,
}

impl People {
    /// When something is said next.
    pub(crate) fn due(&self) -> impl Iterator<Item = i64> + '_ {
        self.answers.values().filter_map(|(at, _)| *at)
    }

    /// Takes what is said by then, of one question.
    pub(crate) fn said_by(&mut self, now: i64) -> Option<Vec<Wake>> {
        let due = |(at, _): &&mut (Option<i64>, Vec<Wake>)| at.is_some_and(|at| at <= now);
        let (at, said) = self.answers.values_mut().find(due)?;
        *at = None;
        Some(std::mem::take(said))
    }
}

impl Scripted<'_> {
    /// What people will say of questions that are new.
    pub(crate) fn think(&mut self, view: View<'_>) {
        for (unit, question) in view.state.open_questions() {
            if self.people.answers.contains_key(&question.seq) {
                continue;
            }
            let name = view.state.name(unit);
            let at = self.at(&name);
            let way = view.state.unit(unit).map_or(0, |state| state.way);
            let (after, answer) = self.reply(at, question, (view.state.interactive, way));
            let now = self.disk.lock().now;
            let when = after.map(|after| now.max(question.asked.0 + i64::from(after)));
            let when = if self.someone { Some(now) } else { when };
            let said = match answer {
                Reaction::Stop => vec![Wake::Stop(StopReason::Cancelled { by: "ada".to_owned() })],
                Reaction::Say(param, answer) => {
                    let param = param.map(|value| Wake::ParamChanged {
                        binding: BindingId::new("p"),
                        value: Value::Int(value),
                        by: "ada".to_owned(),
                    });
                    let answer = Wake::Answered {
                        unit: name,
                        answer,
                        by: "ada".to_owned(),
                        from: "terminal".to_owned(),
                        note: String::new(),
                        asked: Some(question.seq),
                        said: None,
                    };
                    param.into_iter().chain([answer]).collect()
                }
            };
            self.people.answers.insert(question.seq, (when, said));
        }
    }

    fn reply(
        &mut self,
        at: At,
        question: &Question,
        (interactive, way): (bool, u32),
    ) -> (Option<u32>, Reaction) {
        let step = self.tree.step(at.0);
        let outputs = step.map(|step| gives(step, SAID)).unwrap_or_default();
        let done = Answer::Done { outputs };
        let of_reply = |reply: Reply, yes, no| {
            let skips = reply.skips && interactive;
            let answer = if reply.yes { yes } else { no };
            (reply.after, Reaction::say(if skips { Answer::Skipped } else { answer }))
        };
        match question.kind {
            QuestionKind::Confirm => {
                let guards = self.tree.nodes[at.0].what.guards();
                let reply = guards.confirm.as_ref().expect("it asks").reply;
                of_reply(reply, Answer::Approved, Answer::Denied)
            }
            QuestionKind::Manual => {
                let by_hand = match &self.step(at).action {
                    Action::Manual(reply) => Some(*reply),
                    _ => self.tree.way(at.0, way).and_then(|way| way.by_hand),
                };
                let reply = by_hand.expect("only what is done by hand is asked so");
                of_reply(reply, done, Answer::Failed)
            }
            QuestionKind::InDoubt => {
                let verdict = self.step(at).acts.in_doubt;
                let answer = match verdict.says {
                    Doubt::Done => done,
                    Doubt::Rerun => Answer::Rerun,
                    Doubt::Failed => Answer::Failed,
                };
                (verdict.after, Reaction::say(answer))
            }
            QuestionKind::Step => {
                let begins = self.step(at).acts.begins;
                let answer = match begins.says {
                    Begin::Run => Answer::Run,
                    Begin::All => Answer::All,
                    Begin::Skip => Answer::Skipped,
                    Begin::Stop if self.has_stopped_enough() => Answer::Run,
                    Begin::Stop => return (begins.after, Reaction::Stop),
                };
                (begins.after, Reaction::say(answer))
            }
            QuestionKind::Failed => self.after_failure(at),
        }
    }

    fn after_failure(&mut self, at: At) -> (Option<u32>, Reaction) {
        let asked = self.people.failures.entry(at).or_default();
        *asked += 1;
        let place = *asked - 1 + at.1.unwrap_or(0) as usize;
        let Some(said) = self.step(at).acts.failures.get(place).copied() else {
            return (Some(0), Reaction::say(Answer::FallBack));
        };
        let reaction = match said.says {
            Then::Retry => Reaction::say(Answer::Retry),
            Then::Edit(value) => Reaction::Say(Some(value.into()), Answer::Retry),
            Then::FallBack => Reaction::say(Answer::FallBack),
            Then::Fail => Reaction::say(Answer::Failed),
            Then::Skip => Reaction::say(Answer::Skipped),
            Then::Stop if self.has_stopped_enough() => Reaction::say(Answer::FallBack),
            Then::Stop => Reaction::Stop,
        };
        (said.after, reaction)
    }

    /// Whoever takes a run up again and again wants it to end some day.
    fn has_stopped_enough(&self) -> bool {
        self.someone || self.process > 3
    }

    /// Says it.
    pub(crate) fn hear(&self, said: Vec<Wake>) -> Vec<Wake> {
        if said.iter().any(|wake| matches!(wake, Wake::Stop(_))) {
            self.disk.lock().seen.push(Seen::Signal { number: 0 });
        }
        said
    }
}

/// What a person does about a question.
enum Reaction {
    /// The param gets another value, and that is the answer.
    Say(Option<i64>, Answer),
    /// The run is stopped.
    Stop,
}

impl Reaction {
    fn say(answer: Answer) -> Self {
        Self::Say(None, answer)
    }
}
