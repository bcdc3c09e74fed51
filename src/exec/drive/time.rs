//! What happens by the passing of time: deadlines, and questions that answer themselves.

use std::time::Duration;

use super::Drive;
use crate::exec::event::{Answer, Event, StopReason, Timestamp};
use crate::exec::graph::NodeIx;
use crate::exec::schedule;
use crate::exec::state::UnitIx;
use crate::exec::world::World;

impl<W: World> Drive<'_, W> {
    /// The next moment at which something is due by itself.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        // What is due already was looked at, and waits for what others have.
        let mut delayed = self.state.agenda.delayed.iter().map(|(until, _)| *until);
        let delayed = delayed.find(|until| *until > self.turns.looked_at);
        let asked = self.state.open_questions().filter_map(|(_, question)| question.until).min();
        // While the run stands still no deadline comes nearer.
        let moves = !self.state.stands_still();
        let deadline = self.deadlines(Duration::ZERO).map(|(_, at)| at).filter(|_| moves).min();
        [delayed, asked, deadline].into_iter().flatten().min()
    }

    /// Open goals' deadlines, moved by the time in which the run stood still since; it has done so
    /// for `still` now.
    fn deadlines(&self, still: Duration) -> impl Iterator<Item = (NodeIx, Timestamp)> + '_ {
        let graph = self.state.graph();
        // A forecast goes on, so that it can say by how much a deadline is missed.
        let goals =
            if self.world.assumes() { 0..0 } else { graph.step_count()..graph.node_count() };
        goals.filter_map(move |at| {
            let node = NodeIx(u32::try_from(at).ok()?);
            let state = self.state.node(node);
            // What still runs after a failure is bounded, too.
            let runs = matches!(state.stopping.as_deref(), None | Some(StopReason::Failure { .. }));
            let bound = state.open && runs && state.rolling.is_none();
            let (deadline, stood) = state.deadline.filter(|_| bound)?;
            let stood = (self.state.standing + still).saturating_sub(stood);
            Some((node, deadline.after(stood)))
        })
    }

    /// Stops the goals whose deadlines have passed.
    pub(super) fn pass_deadlines(&mut self) {
        let now = self.world.now();
        let stands = self.state.stands_still();
        let still = if stands { now.since(self.state.last) } else { Duration::ZERO };
        let over: Vec<NodeIx> =
            self.deadlines(still).filter(|(_, at)| *at <= now).map(|(goal, _)| goal).collect();
        for goal in over {
            self.stop_goal(goal, StopReason::Deadline);
        }
    }

    /// Deadlines that have passed, and questions that answer themselves.
    pub(super) fn pass_time(&mut self) {
        self.pass_deadlines();
        let now = self.world.now();
        let due = |until: Option<Timestamp>| until.is_some_and(|until| until <= now);
        let answered: Vec<UnitIx> = self
            .state
            .open_questions()
            .filter(|(_, question)| due(question.until))
            .map(|(unit, _)| unit)
            .collect();
        for unit in answered {
            let answer = self.answer_of_timeout(unit);
            let unit = self.state.name(unit);
            let (by, note) = (String::new(), String::new());
            self.record(Event::Answered {
                unit,
                answer,
                by,
                from: "timeout".to_owned(),
                note,
                said: None,
            });
        }
    }

    fn answer_of_timeout(&self, unit: UnitIx) -> Answer {
        let guards = schedule::guards_of(self.state.graph(), unit.node);
        match guards.and_then(|guards| guards.confirm.as_ref()).map(|confirm| confirm.otherwise) {
            Some(crate::ir::Otherwise::Approve) => Answer::Approved,
            _ => Answer::Denied,
        }
    }
}
