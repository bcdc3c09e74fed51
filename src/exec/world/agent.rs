//! Manual steps in the hands of a command instead of a person: what is to be done is on its standard
//! input, its end is the answer.
//!
//! Supervised as an attempt is, with a log of its own. An agent never approves: it gets no confirm.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::attempt::{Pending, failure_of, read_outputs, take_desk};
use super::folder::Desk;
use super::launch::{LogName, Subject, bounds, environments, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::pool::spawn;
use super::{Account, AttemptOrder, Outcome, Ticket, View};
use crate::exec::drive::attempt_of;
use crate::exec::event::{AttemptEnd, Failure, QuestionKind};
use crate::exec::outputs::LARGEST_SOURCE;
use crate::exec::process::{Ends, ProcessOrder, ProcessReport, supervise_joined};
use crate::exec::state::UnitIx;
use crate::ir::{Command, OutputSource, Rare, Script, Step};
use crate::value::EvalError;

pub(super) fn begin(
    world: &mut LocalWorld,
    ticket: Ticket,
    unit: UnitIx,
    log: u64,
    view: View<'_>,
) {
    let graph = Arc::clone(view.state.graph());
    let Some(step) = graph.step(unit.node) else { return };
    if let Err(why) = start(world, ticket, (unit, log), step, view) {
        fail(world, ticket, Failure::Value { why: why.to_string() });
    }
}

fn start(
    world: &mut LocalWorld,
    ticket: Ticket,
    (unit, log): (UnitIx, u64),
    step: &Step,
    view: View<'_>,
) -> Result<(), EvalError> {
    let question = view.state.unit(unit).and_then(|unit| unit.question(QuestionKind::Manual));
    let text = question.map(|question| question.text.clone()).unwrap_or_default();
    let desk = take_desk(world)?;
    let made = order(world, (unit, log), step, &desk, view)
        .and_then(|process| Ok((process, input(world, &text)?)));
    let (process, stdin) = match made {
        Ok(made) => made,
        Err(why) => {
            world.launcher.files.return_desk(desk);
            return Err(why);
        }
    };
    let timeout = process.timeout;
    let order = AttemptOrder { unit, attempt: 1, way: 0, log };
    world.pending.insert(ticket, Pending::Agent { order, timeout, desk });
    let (sender, control) = (world.sender.clone(), world.control(ticket));
    spawn(move || {
        let ends = Ends { stdin: Some(stdin), stdout: None };
        let report = supervise_joined(&process, ends, &control);
        sender.send(Message::Ran(ticket, Box::new(report)));
    });
    Ok(())
}

fn order(
    world: &LocalWorld,
    (unit, log): (UnitIx, u64),
    step: &Step,
    desk: &Desk,
    view: View<'_>,
) -> Result<ProcessOrder, EvalError> {
    let place = place_of(view, &world.surroundings, unit);
    let (node, desk) = (unit.node, Some(desk));
    let subject = Subject { place, node, attempt: 1, number: log, log: LogName::Event, desk };
    let way = view.state.unit(unit).map_or(0, |state| state.way);
    let attempt = attempt_of(step, way).unwrap_or(&step.attempt);
    let ways = environments(step, attempt);
    let bounds = bounds(place, step, attempt)?;
    let line = world.agent.clone().unwrap_or_default();
    // What the caller wrote is for `sh`, whatever shell the plan has for its own scripts.
    let command = Command::Script(Script { text: String::new(), variables: Rare::default() });
    let mut process = world.launcher.order(subject, &command, &ways, bounds)?;
    process.argv = ["sh", "-c", line.as_str()].map(Into::into).to_vec();
    let wants_stdout =
        |source: &OutputSource| matches!(source, OutputSource::Stdout | OutputSource::Json(_));
    if step.outputs.values().any(|output| wants_stdout(&output.source)) {
        process.capture = Some(LARGEST_SOURCE);
    }
    Ok(process)
}

/// A text as standard input: a file without a name, so that nobody has to write while it is read.
fn input(world: &LocalWorld, text: &str) -> Result<OwnedFd, EvalError> {
    let made = || -> std::io::Result<File> {
        let mut file = tempfile::tempfile_in(world.launcher.files.state())?;
        writeln!(file, "{text}")?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    };
    let failed = |error| EvalError::failed(format!("its input cannot be written: {error}"));
    made().map(OwnedFd::from).map_err(failed)
}

/// The agent has ended: read what it gave.
pub(super) fn ran(
    world: &mut LocalWorld,
    ticket: Ticket,
    (order, timeout, desk): (AttemptOrder, Option<std::time::Duration>, Desk),
    report: ProcessReport,
    view: View<'_>,
) {
    let graph = Arc::clone(view.state.graph());
    let end = match (failure_of(&report, timeout), graph.step(order.unit.node)) {
        (Some(failure), _) => AttemptEnd::Failed(failure),
        (None, None) => return,
        (None, Some(step)) => {
            let given = read_outputs(world, order, view, (step, &desk), report.stdout.as_deref());
            match given {
                Ok(outputs) => AttemptEnd::Succeeded { outputs },
                Err(why) => {
                    let why = world.launcher.masker.mask(&why).into_owned();
                    AttemptEnd::Failed(Failure::Output { why })
                }
            }
        }
    };
    world.launcher.files.return_desk(desk);
    world.done(ticket, Outcome::Attempt { end, account: report.into() });
}

fn fail(world: &mut LocalWorld, ticket: Ticket, failure: Failure) {
    let end = AttemptEnd::Failed(failure);
    world.done(ticket, Outcome::Attempt { end, account: Account::default() });
}
