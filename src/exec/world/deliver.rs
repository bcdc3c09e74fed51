//! Delivering an alert: a script, a request to an address, a line in the run's log.
//!
//! Each in a thread of its own, with patience but not for ever. Knows nothing of what sets an alert
//! off. Invariant: what is sent holds no secret but in headers, where the plan put it.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::alerts::Trouble;
use super::cleanup::{Task, carry_out, task};
use super::launch::{ALERT_TAG, LogName, Subject, place_of};
use super::local::LocalWorld;
use super::message::Message;
use super::pool::spawn;
use super::post::post_json;
use super::{View, Wake};
use crate::exec::event::AlertWay;
use crate::exec::graph::NodeIx;
use crate::exec::process::Controller;
use crate::exec::scope::Place;
use crate::exec::state::UnitIx;
use crate::ir::{Action, Alert, AlertAction, Cleanup, Command};
use crate::value::{EvalError, Expr};

/// A script of an alert is ended after this.
const LONGEST: Duration = Duration::from_mins(1);

/// Pauses before the further tries at a request.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
];

/// Where the key is that requests are signed with: not in plans, which are shared.
const KEY: &str = "GOALC_WEBHOOK_SECRET";

/// Does all that a clause says.
pub(super) fn deliver(
    world: &mut LocalWorld,
    view: View<'_>,
    goal: NodeIx,
    alert: &Alert,
    trouble: &Trouble,
) {
    let text = world.launcher.masker.mask(&trouble.text).into_owned();
    let trouble = Trouble { text, ..trouble.clone() };
    for action in &alert.actions {
        let way = match action {
            AlertAction::Run(_) => AlertWay::Run,
            AlertAction::Webhook { .. } => AlertWay::Webhook,
            AlertAction::Log => AlertWay::Log,
        };
        let job = job(world, view, goal, action, &trouble);
        let told = told(view, goal, &trouble, way);
        world.alerts.open += 1;
        let sender = world.sender.clone();
        spawn(move || {
            let failure = job.and_then(Job::carry_out).err();
            sender.send(Message::Told(Box::new(told(failure))));
        });
    }
}

/// What is said of a delivery when it has ended.
fn told(
    view: View<'_>,
    goal: NodeIx,
    trouble: &Trouble,
    way: AlertWay,
) -> impl FnOnce(Option<String>) -> Wake + Send + 'static {
    let goal = view.state.graph().goal_id(goal).cloned();
    let goal = goal.unwrap_or_else(crate::value::GoalId::root);
    let Trouble { on, unit, text } = trouble.clone();
    move |failure| Wake::Told { goal, on: on.to_owned(), unit, way, text, failure }
}

/// What is to be done, with all values.
enum Job {
    Nothing,
    Run(Task),
    Send(Box<Request>),
}

impl Job {
    fn carry_out(self) -> Result<(), String> {
        match self {
            Self::Nothing => Ok(()),
            Self::Run(task) => carry_out(task, &Controller::new()),
            Self::Send(request) => request.send(),
        }
    }
}

fn job(
    world: &LocalWorld,
    view: View<'_>,
    goal: NodeIx,
    action: &AlertAction,
    trouble: &Trouble,
) -> Result<Job, String> {
    let place = place_of(view, &world.surroundings, UnitIx::of(goal));
    match action {
        AlertAction::Log => Ok(Job::Nothing),
        AlertAction::Run(action) => {
            let Action::Run(command) = action else { return Ok(Job::Nothing) };
            Ok(Job::Run(script(world, view, (goal, place), command, trouble)))
        }
        AlertAction::Webhook { url, headers } => {
            request(world, view, place, (url, headers), trouble)
                .map(|request| Job::Send(Box::new(request)))
                .map_err(|why| world.launcher.masker.mask(&why.to_string()).into_owned())
        }
    }
}

/// The script knows what happened by its environment.
fn script(
    world: &LocalWorld,
    view: View<'_>,
    (goal, place): (NodeIx, Place<'_>),
    command: &Command,
    trouble: &Trouble,
) -> Task {
    let (number, log) = (view.state.seq, LogName::Of("alert"));
    let subject = Subject { place, node: goal, attempt: 0, number, log, desk: None };
    let bounds = (Some(LONGEST), Duration::from_secs(2));
    let order = |command: &Command| {
        let mut order = world.launcher.order(subject, command, &[], bounds)?;
        order.tag |= u64::from(ALERT_TAG);
        let step = trouble.unit.as_ref().map(ToString::to_string).unwrap_or_default();
        for (name, value) in [
            ("GOAL_ALERT", trouble.on),
            ("GOAL_ALERT_STEP", &step),
            ("GOAL_ALERT_TEXT", &trouble.text),
        ] {
            order.env.set(name, value);
        }
        Ok(order)
    };
    task(&Cleanup::Run(Action::Run(command.clone())), place, order)
}

/// A POST with JSON.
struct Request {
    url: String,
    /// How it is called in messages: without what may be a secret in it.
    shown: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn request(
    world: &LocalWorld,
    view: View<'_>,
    place: Place<'_>,
    (url, headers): (&Expr, &[(Expr, Expr)]),
    trouble: &Trouble,
) -> Result<Request, EvalError> {
    let url = place.text(url)?;
    let body = serde_json::json!({
        "event": trouble.on,
        "goal": view.state.graph().plan().name,
        "run": world.launcher.run,
        "step": trouble.unit.as_ref().map(ToString::to_string),
        "message": trouble.text,
        "at": view.state.last.to_string(),
    })
    .to_string();
    let each = |(name, value): &(Expr, Expr)| Ok((place.text(name)?, place.text(value)?));
    let mut headers: Vec<(String, String)> =
        headers.iter().map(each).collect::<Result<_, EvalError>>()?;
    if let Ok(key) = std::env::var(KEY) {
        headers.push(("X-Goalc-Signature-256".to_owned(), signature(&key, &body)));
    }
    let shown = world.launcher.masker.mask(&url).into_owned();
    Ok(Request { url, shown, headers, body })
}

/// As others sign their webhooks: `sha256=` and the HMAC of the body in hexadecimal.
fn signature(key: &str, body: &str) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

impl Request {
    fn send(&self) -> Result<(), String> {
        let sent = post_json(&self.url, &self.headers, &self.body, &PAUSES);
        sent.map_err(|why| format!("{}: {why}", self.shown))
    }
}

/// How much of the machine is used.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// Busy and all processor time so far, and when that was.
    last: Option<(u64, u64, Instant)>,
}

/// A shorter look at processors says little.
const SPAN: Duration = Duration::from_secs(3);

impl Machine {
    /// Percent of memory that is not to be had.
    #[allow(clippy::unused_self)] // beside the processors
    pub(super) fn memory(&self) -> Option<f64> {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let field = |name: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
            rest.split_whitespace().next()?.parse::<f64>().ok()
        };
        let (all, free) = (field("MemTotal:")?, field("MemAvailable:")?);
        Some(100.0 * (1.0 - free / all))
    }

    /// Percent of processor time since the last look; `None` while that was just now.
    pub(super) fn processors(&mut self) -> Option<f64> {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        let numbers: Vec<u64> = text
            .lines()
            .next()?
            .split_whitespace()
            .skip(1)
            .filter_map(|number| number.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal
        let all: u64 = numbers.iter().take(8).sum();
        let idle: u64 = numbers.iter().skip(3).take(2).sum();
        let now = (all - idle, all, Instant::now());
        let Some(last) = self.last else {
            self.last = Some(now);
            return None;
        };
        if last.2.elapsed() < SPAN {
            return None;
        }
        self.last = Some(now);
        let span = now.1.saturating_sub(last.1);
        #[allow(clippy::cast_precision_loss)] // hundredths of seconds
        let share = now.0.saturating_sub(last.0) as f64 / span.max(1) as f64;
        Some(100.0 * share)
    }
}
