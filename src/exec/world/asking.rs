//! From a plan's probes to probes with values, ready to be asked.

use std::time::Duration;

use super::launch::{Launcher, Subject};
use super::workdir::dir_of;
use crate::exec::probe::{Noted, Probe, ProbeKind, Unchanged};
use crate::ir;
use crate::value::{EvalError, Expr, Value};

/// How long a probe's script may take if nothing says otherwise.
const SCRIPT_TIMEOUT: Duration = Duration::from_mins(10);

/// Evaluates all expressions of probes. One that cannot be evaluated does not hold.
pub(super) fn evaluate(
    launcher: &Launcher,
    subject: Subject<'_>,
    probes: &[ir::Probe],
    ways: &[&ir::Environment],
) -> Vec<Probe> {
    let ready = |probe: &ir::Probe| {
        let kind = kind(launcher, subject, &probe.kind, ways);
        let kind = kind.unwrap_or_else(|why| ProbeKind::Unknown { why: why.to_string() });
        Probe { negated: probe.negated, kind }
    };
    probes.iter().map(ready).collect()
}

fn kind(
    launcher: &Launcher,
    subject: Subject<'_>,
    probe: &ir::ProbeKind,
    ways: &[&ir::Environment],
) -> Result<ProbeKind, EvalError> {
    let place = subject.place;
    let text = |expr: &Expr| place.text(expr);
    let maybe = |expr: &Option<Expr>| expr.as_ref().map(text).transpose();
    let within = |expr: &Option<Expr>| expr.as_ref().map(|expr| place.duration(expr)).transpose();
    Ok(match probe {
        ir::ProbeKind::File { path, nonempty, contains, sha256 } => {
            let shown = text(path)?;
            ProbeKind::File {
                path: place.folder().join(&shown),
                shown,
                nonempty: *nonempty,
                contains: maybe(contains)?,
                sha256: maybe(sha256)?,
            }
        }
        ir::ProbeKind::Dir { path, writable } => {
            let shown = text(path)?;
            ProbeKind::Dir { path: place.folder().join(&shown), shown, writable: *writable }
        }
        ir::ProbeKind::Command { name, version } => ProbeKind::Command {
            name: text(name)?,
            version: maybe(version)?,
            path: launcher.search_path(),
        },
        ir::ProbeKind::Unchanged => unchanged(launcher, subject, ways)?,
        ir::ProbeKind::Env { name } => {
            let name = text(name)?;
            let set = place.world.env(&name).is_some();
            ProbeKind::Env { name, set }
        }
        ir::ProbeKind::Tcp { address, within: time } => {
            ProbeKind::Tcp { address: text(address)?, within: within(time)? }
        }
        ir::ProbeKind::Http { url, status, body, within: time } => ProbeKind::Http {
            url: text(url)?,
            status: status.as_ref().map(|status| place.count(status)).transpose()?.map(small),
            body: maybe(body)?,
            within: within(time)?,
        },
        ir::ProbeKind::PortFree { port } => ProbeKind::PortFree { port: small(place.count(port)?) },
        ir::ProbeKind::Disk { path, at_least } => {
            let shown = text(path)?;
            ProbeKind::Disk {
                path: place.folder().join(&shown),
                shown,
                at_least: size(&place.value(at_least)?)?,
            }
        }
        ir::ProbeKind::Memory { at_least } => {
            ProbeKind::Memory { at_least: size(&place.value(at_least)?)? }
        }
        ir::ProbeKind::Run(command) => {
            let bounds = (Some(SCRIPT_TIMEOUT), Duration::from_secs(2));
            let mut order = launcher.order(subject, command, ways, bounds)?;
            order.lines = None;
            ProbeKind::Run(Box::new(order))
        }
        ir::ProbeKind::Expr(expr) => {
            ProbeKind::Holds { answer: place.truth(expr)?, shown: expr.to_string() }
        }
    })
}

/// What a step's last success is known by is added by whoever knows of it.
fn unchanged(
    launcher: &Launcher,
    subject: Subject<'_>,
    ways: &[&ir::Environment],
) -> Result<ProbeKind, EvalError> {
    let place = subject.place;
    let Some(step) = place.state.graph().step(subject.node) else {
        return Err(EvalError::failed("only a step can be unchanged"));
    };
    let patterns = |globs: &[Expr]| -> Result<Vec<String>, EvalError> {
        globs.iter().map(|glob| place.text(glob)).collect()
    };
    Ok(ProbeKind::Unchanged(Box::new(Unchanged {
        meaning: step.fingerprint.clone(),
        values: launcher.digest(subject, step, ways)?,
        folder: dir_of(place, step)?,
        reads: patterns(&step.reads)?,
        writes: patterns(&step.writes)?,
        last: None,
        noted: Noted::default(),
    })))
}

fn small(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn size(value: &Value) -> Result<u64, EvalError> {
    match value {
        Value::Size { bytes } => Ok(*bytes),
        Value::Int(bytes) => Ok(u64::try_from(*bytes).unwrap_or(0)),
        other => Err(EvalError::failed(format!("a size is needed, and this is {}", other.kind()))),
    }
}
