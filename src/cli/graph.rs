//! `goalc graph`: the checked plan as a drawing, or its edges as JSON. Runs nothing.

use std::path::Path;
use std::sync::Arc;

use super::arguments::{GraphArguments, GraphFormat};
use super::disk::{ending, write_result};
use super::exit::{Failed, WRONG, refusal};
use super::load::{Loaded, Mounts};
use super::plan::checked;
use super::run::jobs;
use super::{forecast, output, params, session};
use crate::exec::graph::Graph;
use crate::exec::world::RealSurroundings;
use crate::graph;
use crate::value::StepId;

pub(super) fn graph(arguments: &GraphArguments) -> Result<u8, Failed> {
    let json = arguments.format == Some(GraphFormat::Json);
    let (loaded, plan) =
        checked(arguments.file.as_deref(), Mounts::allowed(arguments.allow_outside), json)?;
    let graph = Arc::new(Graph::new(plan));
    let path = critical_path(arguments, &loaded, &graph)?;
    let view = graph::view(&graph, path.as_deref());
    let drawn = match arguments.format.unwrap_or_else(|| format_of(arguments.output.as_deref())) {
        GraphFormat::Text => graph::text(&view, style(arguments)),
        GraphFormat::Mermaid => graph::mermaid(&view),
        GraphFormat::Dot => graph::dot(&view),
        GraphFormat::Svg => graph::svg(&view),
        GraphFormat::Json => output::json_text(&view),
    };
    match &arguments.output {
        None => output::print(&drawn),
        Some(path) => write_result(path, &drawn, loaded.files())?,
    }
    Ok(0)
}

/// The format that a file's ending asks for.
fn format_of(output: Option<&Path>) -> GraphFormat {
    match ending(output).as_deref() {
        Some("svg") => GraphFormat::Svg,
        Some("json") => GraphFormat::Json,
        Some("dot" | "gv") => GraphFormat::Dot,
        Some("mmd" | "mermaid") => GraphFormat::Mermaid,
        _ => GraphFormat::Text,
    }
}

fn style(arguments: &GraphArguments) -> graph::Style {
    let to_file = arguments.output.is_some();
    graph::Style {
        ascii: arguments.ascii || (!to_file && !output::is_utf8()),
        colour: !to_file && output::colour_out(),
    }
}

/// That of the dry-run. `None` where a param that nobody gave has no value; that is said.
fn critical_path(
    arguments: &GraphArguments,
    loaded: &Loaded,
    graph: &Arc<Graph>,
) -> Result<Option<Vec<StepId>>, Failed> {
    let env = session::environment(loaded)?;
    let surroundings = RealSurroundings::new(loaded.folder().to_owned(), env);
    let given = params::given(&arguments.params, arguments.params_file.as_deref())?;
    let params = match params::resolve(graph, &given, &surroundings) {
        Ok(params) => params,
        Err(wrong) if given.is_empty() => {
            for why in output::first_of(wrong.into_iter()) {
                output::complain(&format!("the critical path is not marked: {why}"));
            }
            return Ok(None);
        }
        Err(wrong) => return Err(refuse(&wrong, arguments.format)),
    };
    let jobs = jobs(arguments.jobs, loaded, graph, &params, &surroundings)?;
    let forecast = forecast::expected(loaded, graph, params, jobs, &surroundings);
    Ok(Some(forecast.map_err(Failed::machine)?.critical_path))
}

/// Params that were given are wrong: all of it in one report.
fn refuse(wrong: &[String], format: Option<GraphFormat>) -> Failed {
    if format == Some(GraphFormat::Json) {
        output::print_json(&refusal(wrong.iter().map(String::as_str)));
    }
    for message in wrong {
        output::complain(message);
    }
    Failed::said(WRONG)
}
