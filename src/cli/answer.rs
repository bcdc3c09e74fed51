//! `approve deny done rerun fail cancel`: what a person says of a run, from any terminal.

use std::sync::Arc;

use indexmap::IndexMap;

use super::arguments::{AnswerArguments, CancelArguments, DoneArguments, ResumeArguments};
use super::exit::{FAILED, Failed};
use super::output;
use super::resume::end_cancelled;
use super::runs::{Found, find, open_to_write};
use super::session::now;
use crate::exec::RunStatus;
use crate::exec::event::{QuestionKind, Status, Unit};
use crate::exec::graph::NodeIx;
use crate::exec::state::{RunState, UnitIx, UnitState};
use crate::exec::world::user;
use crate::store::{Request, RequestKind, RunId, Store};
use crate::value::{GoalId, NodeId, StepId, Value, read_text};

type Outputs = IndexMap<Arc<str>, Value>;

pub(super) fn approve(arguments: &AnswerArguments) -> Result<u8, Failed> {
    answer(arguments, "approve", &[])
}

pub(super) fn deny(arguments: &AnswerArguments) -> Result<u8, Failed> {
    answer(arguments, "deny", &[])
}

pub(super) fn done(arguments: &DoneArguments) -> Result<u8, Failed> {
    answer(&arguments.answer, "done", &arguments.outputs)
}

pub(super) fn rerun(arguments: &AnswerArguments) -> Result<u8, Failed> {
    answer(arguments, "rerun", &[])
}

pub(super) fn fail(arguments: &AnswerArguments) -> Result<u8, Failed> {
    answer(arguments, "fail", &[])
}

pub(super) fn skip(arguments: &AnswerArguments) -> Result<u8, Failed> {
    answer(arguments, "skip", &[])
}

pub(super) fn cancel(arguments: &CancelArguments) -> Result<u8, Failed> {
    let found = find(open_to_write()?, arguments.run.as_deref())?.sound()?;
    let (run, status) = (found.summary.id.clone(), found.state.status);
    if !found.alive && !matches!(status, RunStatus::Waiting | RunStatus::Running) {
        return Err(Failed::wrong(format!("run {run} is {status}: there is nothing to cancel")));
    }
    if found.alive {
        post_cancel(&found.store, &run)?;
        output::tell(&format!("run {run} is asked to stop\n"));
        return Ok(0);
    }
    // Nobody carries it out: this process takes it up, for its cleanup and its end.
    drop(found);
    let (run, params) = (Some(run.to_string()), arguments.params.clone());
    let taken_up = ResumeArguments { run, params, ..ResumeArguments::default() };
    let exit = end_cancelled(&taken_up, user())?;
    Ok(if exit == FAILED { 0 } else { exit })
}

fn answer(arguments: &AnswerArguments, command: &str, outputs: &[String]) -> Result<u8, Failed> {
    let (run, step) = run_and_step(&arguments.which)?;
    let found = find(open_to_write()?, run)?.sound()?;
    let unit = unit_named(&found, step)?;
    let outputs = read_outputs(&found, unit, command, outputs)?;
    let answer = (unit, command, outputs, arguments.note.as_str());
    let kind = post(&found.store, &found.summary.id, &found.state, answer)?;
    let next = if found.alive {
        String::new()
    } else {
        format!("; to go on: goalc resume {}", found.summary.id)
    };
    output::tell(&format!("{step} of run {}: {}{next}\n", found.summary.id, past(kind)));
    Ok(0)
}

/// Leaves an answer to a unit's open question for who carries the run out.
pub(super) fn post(
    store: &Store,
    run: &RunId,
    state: &RunState,
    (unit, command, outputs, note): (UnitIx, &str, Outputs, &str),
) -> Result<RequestKind, Failed> {
    let step = state.name(unit).to_string();
    let open = state.unit(unit).and_then(UnitState::open_question);
    let question = open.ok_or_else(|| {
        if let Some(why) = of_instances(run, state, (unit, command)) {
            return Failed::wrong(why);
        }
        let own = state.unit(unit).filter(|_| unit.item.is_some());
        let status = own.map_or_else(|| state.status(unit.node), UnitState::status);
        let next = match status {
            Status::InDoubt => format!(": `goalc resume {run}` asks what became of it"),
            _ => String::new(),
        };
        Failed::wrong(format!("{step} asks nothing in run {run}: it is {status}{next}"))
    })?;
    let kind = said(command, question.kind, &step)?;
    let asked = Some(question.seq);
    let request = request(Some(state.name(unit)), kind, note.to_owned(), outputs, asked);
    store.post(run, now(), &request)?;
    Ok(kind)
}

/// So many instances are named.
const NAMED: usize = 5;

/// Where not the step asks but its instances do: how these are answered.
fn of_instances(run: &RunId, state: &RunState, (unit, command): (UnitIx, &str)) -> Option<String> {
    let asks = |part: &UnitIx| state.unit(*part).and_then(UnitState::open_question).is_some();
    let count = u32::try_from(state.node(unit.node).instances.len()).ok()?;
    let parts = (0..count).map(|item| UnitIx { node: unit.node, item: Some(item) });
    let asking: Vec<UnitIx> = parts.filter(|part| unit.item.is_none() && asks(part)).collect();
    let first = state.name(*asking.first()?);
    let named: Vec<String> = asking.iter().take(NAMED).map(|part| state.label(*part)).collect();
    let more = asking.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let step = state.name(unit);
    Some(format!(
        "{step} asks for each of its items: {}{more}; name one, as in: goalc {command} {run} '{first}'",
        named.join(", ")
    ))
}

/// Asks who carries the run out to stop it.
pub(super) fn post_cancel(store: &Store, run: &RunId) -> Result<(), Failed> {
    let request = request(None, RequestKind::Cancel, String::new(), Outputs::new(), None);
    store.post(run, now(), &request)?;
    Ok(())
}

fn request(
    unit: Option<Unit>,
    kind: RequestKind,
    note: String,
    outputs: Outputs,
    asked: Option<u64>,
) -> Request {
    Request { unit, kind, by: user(), note, outputs, asked }
}

/// `[RUN] STEP`.
pub(super) fn run_and_step(which: &[String]) -> Result<(Option<&str>, &str), Failed> {
    match which {
        [run, step] => Ok((Some(run.as_str()), step.as_str())),
        [step] => Ok((None, step.as_str())),
        _ => Err(Failed::wrong("name the step")),
    }
}

/// The unit that `a.b`, `a.b[3]` or, by its item, `a.b[web3]` names.
pub(super) fn unit_named(found: &Found, text: &str) -> Result<UnitIx, Failed> {
    let unknown = || {
        let known = found.record.plan.steps.keys().map(StepId::as_str);
        let hint = crate::diagnostic::closest(text, known)
            .map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
        Failed::wrong(format!("there is no step `{text}` in run {}{hint}", found.summary.id))
    };
    let (name, item) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((name, item)) => (name, Some(item)),
        None => (text, None),
    };
    let graph = found.state.graph();
    let node = graph
        .node_ix(&NodeId::Step(StepId::new(name)))
        .or_else(|| graph.node_ix(&NodeId::Goal(GoalId::new(name))))
        .ok_or_else(unknown)?;
    let item = item.map(|item| instance(found, node, item).ok_or_else(unknown)).transpose()?;
    let unit = UnitIx { node, item };
    found.state.unit(unit).map(|_| unit).ok_or_else(unknown)
}

/// The number of the instance that is named by it, or by its item.
fn instance(found: &Found, node: NodeIx, text: &str) -> Option<u32> {
    let items = found.state.node(node).items.as_deref().unwrap_or_default();
    let number = text.parse::<u32>().ok().filter(|number| (*number as usize) < items.len());
    let named = |item: &Value| !item.is_secret() && item.to_text() == text;
    number.or_else(|| u32::try_from(items.iter().position(named)?).ok())
}

/// The commands that answer a question of this kind, and what each says.
pub(super) fn commands(question: QuestionKind) -> &'static [(&'static str, RequestKind)] {
    use RequestKind::{Approve, Deny, Done, Fail, Rerun, Retry, Run, Skip};
    match question {
        QuestionKind::Confirm => &[("approve", Approve), ("deny", Deny)],
        QuestionKind::Manual => &[("done", Done), ("fail", Fail)],
        QuestionKind::InDoubt => &[("done", Done), ("rerun", Rerun), ("fail", Fail)],
        QuestionKind::Step => &[("rerun", Run), ("skip", Skip)],
        QuestionKind::Failed => &[("rerun", Retry), ("skip", Skip), ("fail", Fail)],
    }
}

/// What a command says to this kind of question.
fn said(command: &str, question: QuestionKind, step: &str) -> Result<RequestKind, Failed> {
    let fitting = commands(question);
    if let Some((_, kind)) = fitting.iter().find(|(word, _)| *word == command) {
        return Ok(*kind);
    }
    let words: Vec<_> = fitting.iter().map(|(word, _)| format!("`goalc {word}`")).collect();
    Err(Failed::wrong(format!("{step} is answered by {}", words.join(" or "))))
}

/// `--output NAME=VALUE` by the step's declared types; a done step must give all of them.
fn read_outputs(
    found: &Found,
    unit: UnitIx,
    command: &str,
    given: &[String],
) -> Result<Outputs, Failed> {
    let mut outputs = Outputs::new();
    let Some(step) = found.state.graph().step(unit.node) else { return Ok(outputs) };
    for pair in given {
        let Some((name, text)) = pair.split_once('=') else {
            return Err(Failed::wrong(format!(
                "--output takes NAME=VALUE, and `{pair}` has no `=`"
            )));
        };
        let Some((name, spec)) = step.outputs.get_key_value(name) else {
            return Err(Failed::wrong(format!("the step declares no output `{name}`")));
        };
        if spec.ty.is_secret() {
            let run = &found.summary.id;
            return Err(Failed::wrong(format!(
                "output `{name}` is a secret, and what this command says is written down: \
                 at a terminal `goalc resume {run}` asks for it"
            )));
        }
        let value = read_text(text, &spec.ty)
            .map_err(|why| Failed::wrong(format!("output `{name}` {why}")))?;
        outputs.insert(Arc::clone(name), value);
    }
    let joined = found.state.graph().output_of_joined(unit.node).filter(|_| command == "done");
    if let Some((other, name)) = joined {
        let other = found.state.graph().id(other);
        return Err(Failed::wrong(format!(
            "it is joined by a pipe to `{other}`, whose output `{name}` nobody knows: answer by `goalc rerun` or \
             `goalc fail`"
        )));
    }
    let missing = step.outputs.keys().find(|name| !outputs.contains_key(*name));
    match missing {
        Some(name) if command == "done" => Err(Failed::wrong(format!(
            "its output `{name}` is missing: give it by --output {name}=…"
        ))),
        _ => Ok(outputs),
    }
}

/// What an answer came to, in a word.
pub(super) fn past(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Approve => "approved",
        RequestKind::Deny => "denied",
        RequestKind::Done => "done",
        RequestKind::Rerun => "to be run again",
        RequestKind::Fail => "failed",
        RequestKind::Run => "to be run",
        RequestKind::Retry => "to be tried again",
        RequestKind::Skip => "to be skipped",
        RequestKind::Note => "noted",
        RequestKind::Cancel => "cancelled",
    }
}
