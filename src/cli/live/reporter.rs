//! Events as lines, for people and for programs.
//!
//! Sends them to the printing thread; writes nothing itself but JSON lines, which are the command's
//! result.

use crossbeam_channel::Sender;

use super::{Loudness, Note, tag};
use crate::cli::output;
use crate::exec::event::{
    AlertWay, AttemptEnd, Event, Failure, ProbeAnswer, Stamped, Status, Unit,
};
use crate::exec::process::in_order;
use crate::exec::state::RunState;
use crate::exec::world::{Observer, readable, readable_behind};
use crate::report::layout::Paint;
use crate::report::length;

/// Tells of events as lines.
#[derive(Debug)]
pub(crate) struct Reporter {
    notes: Sender<Note>,
    paint: Paint,
    loudness: Loudness,
    /// There is a picture, which is made from the events.
    drawn: bool,
}

impl Reporter {
    pub(super) fn new(notes: Sender<Note>, paint: Paint, loudness: Loudness, drawn: bool) -> Self {
        Self { notes, paint, loudness, drawn }
    }

    fn say(&self, text: String) {
        let _ = self.notes.send(Note::Say(text));
    }

    /// Says what is of no interest to who wants quiet.
    fn mention(&self, text: impl FnOnce() -> String) {
        if self.loudness > Loudness::Quiet {
            self.say(text());
        }
    }

    /// Tells whose lines come now.
    fn tell_blocks(&self, event: &Event, state: &RunState) {
        let of = |unit: &Unit| state.find(unit).map(|unit| tag(unit.node, unit.item));
        let whole = |node| state.graph().node_ix(node).map(|node| tag(node, None));
        let note = match event {
            Event::AttemptStarted { unit, .. } | Event::HandedOver { unit } => {
                of(unit).map(|tag| Note::Begins(tag, label(state, unit)))
            }
            Event::UndoStarted { step } => whole(&crate::value::NodeId::Step(step.clone()))
                .map(|tag| Note::Begins(tag, step.to_string())),
            // An agent's, if one was at it.
            Event::Answered { unit, .. } => of(unit).map(|tag| Note::Ends(tag, false, in_order())),
            Event::AttemptEnded { unit, end, .. } => {
                let failed = matches!(end, AttemptEnd::Failed(_));
                of(unit).map(|tag| Note::Ends(tag, failed, in_order()))
            }
            Event::ServiceReady { step, .. } => {
                whole(&crate::value::NodeId::Step(step.clone())).map(Note::Serves)
            }
            Event::UndoEnded { step, failure, .. } => {
                let step = crate::value::NodeId::Step(step.clone());
                whole(&step).map(|tag| Note::Ends(tag, failure.is_some(), in_order()))
            }
            Event::CleanupEnded { goal, failure } => {
                let goal = crate::value::NodeId::Goal(goal.clone());
                whole(&goal).map(|tag| Note::Ends(tag, failure.is_some(), in_order()))
            }
            _ => None,
        };
        if let Some(note) = note {
            let _ = self.notes.send(note);
        }
    }

    fn ended(&self, name: &str, status: Status, why: &str, state: &RunState) {
        let paint = self.paint;
        let mark = match status {
            Status::Succeeded => paint.green("✓"),
            Status::Failed => paint.red("✗"),
            Status::Cancelled | Status::Blocked => paint.yellow("✗"),
            _ => paint.dim("-"),
        };
        let took = state
            .graph()
            .step_ix(&crate::value::StepId::new(name))
            .map(|node| state.node(node))
            .and_then(|node| Some(node.ended?.since(node.started?)))
            .map_or_else(String::new, |took| format!(" ({})", length(took)));
        let word = if status == Status::Succeeded { String::new() } else { format!(" {status}") };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let text = format!("{mark} {name}{word}{took}{why}");
        if status == Status::Failed {
            self.say(text);
        } else {
            self.mention(|| text);
        }
    }

    /// Each probe that does not hold; those that do are counted.
    fn verify(&self, name: &str, why: &str, probes: &[ProbeAnswer]) {
        let mark = self.paint.red("✗");
        let held = probes.iter().filter(|probe| probe.holds).count();
        for probe in probes.iter().filter(|probe| !probe.holds) {
            self.say(format!("{mark} verify of {name}: {}", probe.found));
        }
        if probes.is_empty() {
            self.say(format!("{mark} verify of {name}: {why}"));
        } else if held > 0 {
            self.say(format!("- verify of {name}: {held} of {} probes hold", probes.len()));
        }
    }

    fn attempt(&self, event: &Event, state: &RunState) {
        match event {
            Event::AttemptStarted { unit, attempt: 1, .. } => {
                let unit = label(state, unit);
                self.mention(|| format!("{} {unit}", self.paint.cyan("▶")));
            }
            Event::AttemptStarted { unit, attempt, way, .. } => {
                let unit = label(state, unit);
                let how = if *way > 0 { ", a fallback" } else { "" };
                self.mention(|| format!("{} {unit}: attempt {attempt}{how}", self.paint.cyan("▶")));
            }
            Event::AttemptEnded { unit, attempt, end, notes, .. } => {
                let unit = label(state, unit);
                let mark = self.paint.yellow("!");
                // That it was stopped is told with the step's end.
                if let AttemptEnd::Failed(why) = end
                    && !matches!(why, Failure::Cancelled)
                {
                    self.mention(|| format!("{mark} {unit}: attempt {attempt} failed: {why}"));
                }
                for note in notes {
                    self.mention(|| format!("{mark} {unit}: {note}"));
                }
            }
            Event::Delayed { unit, length: wait, .. } if !wait.is_zero() => {
                let unit = label(state, unit);
                self.mention(|| {
                    format!("{} {unit}: again in {}", self.paint.yellow("↻"), length(*wait))
                });
            }
            _ => {}
        }
    }
}

impl Observer for Reporter {
    fn event(&mut self, stamped: &Stamped, state: &RunState) {
        // What is written comes between the lines of the beginning and of the end.
        let begins = matches!(
            stamped.event,
            Event::AttemptStarted { .. } | Event::HandedOver { .. } | Event::UndoStarted { .. }
        );
        if !begins {
            self.tell_blocks(&stamped.event, state);
        }
        self.tell(stamped, state);
        if begins {
            self.tell_blocks(&stamped.event, state);
        }
    }
}

impl Reporter {
    fn tell(&self, stamped: &Stamped, state: &RunState) {
        if self.drawn {
            let _ = self.notes.send(Note::Event(Box::new(stamped.clone())));
        }
        match &stamped.event {
            Event::StepEnded { step, status, reason, via, .. } => {
                let via = via.as_ref().map(|via| format!("by its fallback `{via}`"));
                let why = via.or_else(|| reason.clone()).unwrap_or_default();
                self.ended(step.as_str(), *status, &why, state);
            }
            Event::GoalEnded { goal, status, reason }
                if !goal.is_root() && *status != Status::Succeeded =>
            {
                self.ended(goal.as_str(), *status, reason.as_deref().unwrap_or_default(), state);
            }
            // Who is there sees the question itself.
            Event::Asked { unit, question, .. } if !output::is_interactive() => {
                let unit = label(state, unit);
                let question = readable_behind(question, 4);
                self.say(format!("{} {unit}: {question}", self.paint.yellow("?")));
            }
            Event::HandedOver { unit } => {
                let unit = label(state, unit);
                self.mention(|| format!("{} {unit}: an agent is at it", self.paint.cyan("▶")));
            }
            Event::Noted { unit, by, text, .. } => {
                let unit = label(state, unit);
                self.mention(|| format!("  {unit}: note by {by}: {}", readable_behind(text, 4)));
            }
            Event::ParamChanged { binding, by, .. } => {
                self.mention(|| format!("  param {binding} is changed by {by}"));
            }
            Event::Answered { unit, answer, by, from, .. } => {
                let unit = label(state, unit);
                let by = if by.is_empty() { from.as_str() } else { by.as_str() };
                self.mention(|| format!("  {unit}: {} by {by}", answer.word()));
            }
            Event::CheckpointReached { step, label } => {
                let label = if label.is_empty() { String::new() } else { format!(": {label}") };
                self.mention(|| format!("{} {step}: checkpoint{label}", self.paint.bold("⚑")));
            }
            Event::GoalVerified { goal, failure: Some(why), probes } => {
                let name = if goal.is_root() { "the goal" } else { goal.as_str() };
                self.verify(name, why, probes);
            }
            Event::CleanupEnded { goal, failure: Some(why) } => {
                let of = if goal.is_root() { String::new() } else { format!(" of `{goal}`") };
                self.say(format!("{} cleanup{of}: {why}", self.paint.red("✗")));
            }
            Event::UndoStarted { step } => {
                self.mention(|| format!("{} {step}: undoing", self.paint.yellow("↶")));
            }
            Event::UndoEnded { step, failure: None, .. } => {
                self.say(format!("{} {step} undone", self.paint.yellow("↶")));
            }
            Event::UndoEnded { step, failure: Some(why), .. } => {
                self.say(format!("{} {step}: its undo failed: {why}", self.paint.red("✗")));
            }
            Event::RestoreEnded { unit, failure: None } => {
                let unit = label(state, unit);
                self.say(format!("{} {unit}: its snapshot is put back", self.paint.yellow("↶")));
            }
            Event::RestoreEnded { unit, failure: Some(why) } => {
                let unit = label(state, unit);
                let mark = self.paint.red("✗");
                self.say(format!("{mark} {unit}: its snapshot is not put back: {why}"));
            }
            Event::AlertSent { on, text, way, failure: None, .. } => {
                let how = match way {
                    AlertWay::Log => "",
                    AlertWay::Run => " (a script was run)",
                    AlertWay::Webhook => " (a webhook was called)",
                };
                self.say(format!("{} alert on {on}: {text}{how}", self.paint.yellow("!")));
            }
            Event::AlertSent { on, failure: Some(why), .. } => {
                let mark = self.paint.yellow("!");
                self.say(format!("{mark} alert on {on} was not delivered: {why}"));
            }
            Event::StopRequested { goal, why } => {
                let of = if goal.is_root() { String::new() } else { format!(" in {goal}") };
                self.say(format!("stopping, as {why}: what runs{of} is asked to end"));
            }
            event => self.attempt(event, state),
        }
    }
}

/// A unit as it is told of on a terminal.
fn label(state: &RunState, unit: &Unit) -> String {
    state.find(unit).map_or_else(|| unit.to_string(), |unit| readable(&state.label(unit)))
}

/// Prints each event as one line of JSON.
#[derive(Debug, Default)]
pub(crate) struct JsonLines;

impl Observer for JsonLines {
    fn event(&mut self, stamped: &Stamped, _state: &RunState) {
        output::print(&(output::harmless_json(event_json(stamped).to_string()) + "\n"));
    }
}

/// An event as others read it.
pub(crate) fn event_json(stamped: &Stamped) -> serde_json::Value {
    let mut value = serde_json::to_value(&stamped.event).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("seq".to_owned(), stamped.seq.into());
        fields.insert("at".to_owned(), stamped.at.to_string().into());
    }
    value
}
