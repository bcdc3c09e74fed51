//! Questions and answers, those of interactive mode too; and agents, who answer.

use super::{Ask, Due, Handed, Model, Phase, Unit, Wrong};
use crate::plan::{Action, Status, Step};
use crate::trace::{At, From, Question, SAID, Said};

impl Model<'_> {
    pub(super) fn ask_mut(&mut self, at: At, question: Question) -> &mut Ask {
        let unit = self.unit_mut(at);
        match question {
            Question::Confirm => &mut unit.confirm,
            Question::Manual => &mut unit.manual,
            Question::InDoubt => &mut unit.doubt,
            Question::Step => &mut unit.begins,
            Question::Failed => &mut unit.fails,
        }
    }

    pub(super) fn check_until(
        &self,
        at: At,
        question: Question,
        until: Option<i64>,
    ) -> Result<(), Wrong> {
        let confirm = self.tree.nodes[at.0].what.guards().confirm.as_ref();
        let timeout = confirm.and_then(|confirm| confirm.timeout);
        let timeout = timeout.filter(|_| question == Question::Confirm);
        let wanted = timeout.map(|(length, _)| self.now + i64::from(length));
        if wanted == until {
            return Ok(());
        }
        Err(format!("{} is asked until {until:?}, and {wanted:?} is right", self.name(at)))
    }

    pub(super) fn answer(&mut self, at: At, said: Said, from: From) -> Result<(), Wrong> {
        let now = self.now;
        let confirm = self.tree.nodes[at.0].what.guards().confirm.as_ref();
        let otherwise = confirm.and_then(|confirm| confirm.timeout);
        let name = self.name(at);
        let mut touched = false;
        let gives = self.tree.gives(at.0);
        let unit = self.unit_mut(at);
        let handed = unit.handed;
        let all = [
            &mut unit.confirm,
            &mut unit.manual,
            &mut unit.doubt,
            &mut unit.begins,
            &mut unit.fails,
        ];
        let open = all.into_iter().find(|ask| matches!(ask, Ask::Open(_)));
        let Some(ask) = open else {
            return Err(format!("{name} is answered and was not asked"));
        };
        if from == From::Agent && handed != Handed::Now {
            return Err(format!("{name} is answered by an agent that has it not"));
        }
        let Ask::Open(until) = std::mem::replace(ask, Ask::Said(said)) else { return Ok(()) };
        if from == From::Timeout {
            let right = otherwise.is_some_and(|(_, approve)| approve == (said == Said::Yes));
            if !right || until.is_none_or(|until| until > now) {
                return Err(format!("{name} answers itself: {said:?} at {now}"));
            }
        }
        if unit.manual == Ask::Said(Said::Yes) || unit.doubt == Ask::Said(Said::Yes) {
            unit.touched = true;
            touched = true;
            unit.gave = gives.then_some(i64::try_from(SAID).unwrap_or(i64::MAX));
        }
        if handed != Handed::No {
            unit.handed = Handed::Over;
        }
        let approved = said == Said::Yes && unit.confirm == Ask::Said(Said::Yes);
        if approved && unit.manual == Ask::Not && unit.doubt == Ask::Not {
            unit.approved_here = from == From::Terminal;
        }
        if unit.fails == Ask::Said(Said::Retry)
            && matches!(unit.phase, Phase::Failed(_) | Phase::Unsaved(_))
        {
            unit.phase = Phase::Fresh;
        }
        if unit.doubt == Ask::Said(Said::Rerun) {
            (unit.doubt, unit.phase) = (Ask::Not, Phase::Fresh);
        }
        self.nodes[at.0].unit.touched |= touched;
        if said == Said::All {
            self.interactive = false;
        }
        Ok(())
    }

    /// Whether a person is asked something before its first attempt.
    pub(super) fn is_asked(&self, at: At) -> bool {
        let unit = self.unit(at);
        let asks = [unit.confirm, unit.manual, unit.begins];
        asks.iter().any(|ask| matches!(ask, Ask::Open(_)))
    }

    /// In interactive mode, before a step's first attempt.
    pub(super) fn due_begins(&self, at: At) -> Option<Due> {
        let unit = self.unit(at);
        let by_hand = |step: &Step| matches!(step.action, Action::Manual(_));
        if at.1.is_some() || self.tree.step(at.0).is_none_or(by_hand) {
            return None;
        }
        match unit.begins {
            Ask::Open(_) if self.interactive => Some(Due::Person),
            // Nobody is asked any more.
            Ask::Open(_) => Some(Due::Said(Said::Run)),
            Ask::Said(Said::Skip) => Some(Due::End(vec![Status::Skipped])),
            Ask::Not if self.interactive && !unit.approved_here => Some(Due::Ask(Question::Step)),
            _ => None,
        }
    }

    /// In interactive mode, once a step's attempts are used up.
    pub(super) fn due_verdict(&self, unit: &Unit) -> Option<Due> {
        match unit.fails {
            Ask::Open(_) if self.plain => Some(Due::Said(Said::FallBack)),
            Ask::Open(_) => Some(Due::Person),
            Ask::Said(Said::Skip) => Some(Due::End(vec![Status::Skipped])),
            Ask::Said(Said::No) => Some(Due::End(vec![Status::Failed])),
            Ask::Not if self.interactive => Some(Due::Ask(Question::Failed)),
            _ => None,
        }
    }

    /// Whether it has come to a fallback that a person does.
    pub(super) fn is_by_hand(&self, at: At) -> bool {
        let way = self.tree.way(at.0, self.unit(at).way);
        way.is_some_and(|way| way.by_hand.is_some())
    }

    /// Of a step by hand.
    pub(super) fn due_by_hand(&self, unit: &Unit) -> Due {
        match (unit.manual, unit.handed) {
            (Ask::Said(Said::No), _) => Due::End(vec![Status::Failed]),
            (Ask::Said(Said::Skip), _) => Due::End(vec![Status::Skipped]),
            (Ask::Said(_), _) => Due::End(vec![Status::Succeeded]),
            (Ask::Open(_), Handed::No) if self.agent => Due::HandOver,
            (Ask::Open(_), Handed::Now) => Due::Nothing,
            (Ask::Open(_), _) => Due::Person,
            _ => Due::Ask(Question::Manual),
        }
    }
}
