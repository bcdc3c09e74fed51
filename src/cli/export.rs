//! `goalc export`: a run for other tools; and the trace that is sent at the end of a run.
//!
//! Knows where it goes, not what is in it. Invariant: a delivery has an end, and one that fails
//! changes nothing of a run.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::{Failed, MACHINE};
use super::output;
use super::runs::{find, open_to_read};
use crate::exec::graph::Graph;
use crate::exec::world::post_json;
use crate::report::Trace;
use crate::store::{RunId, Store};

/// More spans in one request are refused by some.
const MOST_SPANS: usize = 2_000;

/// Before another try.
const PAUSES: [Duration; 1] = [Duration::from_millis(500)];

/// Headers of the request, as others take them: `name=value,name=value`.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A trace in the JSON of the OpenTelemetry protocol
    Otlp,
}

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Send it there by HTTP instead of printing it
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
}

pub(super) fn export(arguments: &ExportArguments) -> Result<u8, Failed> {
    let found = find(open_to_read()?, arguments.run.as_deref())?.sound()?;
    let run = found.summary.id.to_string();
    let trace = Trace::new(&run, found.state.graph(), &found.events);
    let Some(url) = &arguments.endpoint else {
        output::print_json(&trace.otlp());
        return Ok(0);
    };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Failed::wrong(
            "`--endpoint` must be an address with http:// or https://, as http://127.0.0.1:4318",
        ));
    }
    match send(&trace, url) {
        Ok(()) => Ok(0),
        Err(why) => {
            output::complain(&why);
            Err(Failed::said(MACHINE))
        }
    }
}

/// Sends the trace of a run that this process has ended, or says why that was not possible.
pub(super) fn send_at_end(store: &Store, run: &RunId, graph: &Graph, url: &str) {
    let sent = match store.load(run) {
        Ok((_, events)) => send(&Trace::new(run.as_str(), graph, &events), url),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = sent {
        output::complain(&format!("{why}; the run is not changed by that"));
    }
}

fn send(trace: &Trace<'_>, url: &str) -> Result<(), String> {
    let url = with_path(url);
    let headers = headers(&std::env::var(HEADERS).unwrap_or_default());
    trace.otlp_in_parts(MOST_SPANS).try_for_each(|part| {
        post_json(&url, &headers, &part.to_string(), &PAUSES)
            .map_err(|why| format!("the trace was not delivered: {} {why}", shown(&url)))
    })
}

/// An address of a host alone stands for its usual path.
fn with_path(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    match host.split_once('/') {
        None => format!("{url}/v1/traces"),
        Some((_, "")) => format!("{url}v1/traces"),
        Some(_) => url.to_owned(),
    }
}

/// The address without what may be a secret in it.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// Values may have `%20` and the like in them.
fn headers(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), unescaped(value.trim())))
    };
    text.split(',').filter_map(pair).collect()
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte =
            pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
