//! `goalc test`: plays the scenarios of plans, and says which of them do not hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{TestArguments, TestFormat};
use super::exit::{Failed, WRONG, messages};
use super::findings::{self, findings, hint};
use super::load::{Aim, Loaded, Mounts, Texts, here, load_for};
use super::output;
use crate::diagnostic::Diagnostic;
use crate::exec::event::{Event, Timestamp};
use crate::exec::graph::Graph;
use crate::ir::Scenario;
use crate::report::layout::Paint;
use crate::report::{
    HappenedView, ScenarioView, ScenariosView, scenario_text, scenarios_junit, scenarios_summary,
    widest,
};
use crate::scenario::{Line, Play, judge, play, timeline, unplayed, unused};

pub(super) fn test(arguments: &TestArguments) -> Result<u8, Failed> {
    let chosen = !arguments.files.is_empty();
    let files = if chosen { arguments.files.clone() } else { here()? };
    let mut view = ScenariosView::default();
    let mut wrong = false;
    for file in &files {
        match read(file, arguments, &mut view)? {
            Some((loaded, graph)) => {
                if chosen || !loaded.scenarios.is_empty() {
                    play_all(file, &loaded, &graph, arguments, &mut view);
                }
            }
            None => wrong = true,
        }
    }
    let refused = nothing_to_play(&files, arguments, &view).filter(|_| !wrong);
    if let Some(message) = &refused {
        view.diagnostics.extend(messages([message.as_str()]));
    }
    match arguments.format {
        TestFormat::Json => output::print_json(&view),
        TestFormat::Junit => output::print(&scenarios_junit(&view)),
        TestFormat::Text if !view.scenarios.is_empty() => output::print(&scenarios_summary(&view)),
        TestFormat::Text => {}
    }
    if let Some(message) = &refused {
        output::complain(message);
    }
    if wrong || refused.is_some() {
        return Err(Failed::said(WRONG));
    }
    Ok(u8::from(view.failed > 0))
}

/// Why nothing was played, where nothing was.
fn nothing_to_play(
    files: &[PathBuf],
    arguments: &TestArguments,
    view: &ScenariosView,
) -> Option<String> {
    if !view.scenarios.is_empty() {
        return None;
    }
    if let Some(name) = &arguments.only {
        return Some(format!("no scenario has `{name}` in its name"));
    }
    let of = match files {
        [one] => format!("`{}` has", one.display()),
        _ => "the plans here have".to_owned(),
    };
    Some(format!(
        "{of} no scenarios: write `scenario \"…\" {{ … }}` beside the goal, or into a `NAME.test.goal`"
    ))
}

/// A plan and its scenarios. `None`: it has errors, which have been told.
fn read(
    file: &Path,
    arguments: &TestArguments,
    view: &mut ScenariosView,
) -> Result<Option<(Loaded, Arc<Graph>)>, Failed> {
    let mounts = Mounts::allowed(arguments.allow_outside);
    let mut loaded = load_for(file, (Aim::Scenarios, None), mounts, &Texts::new())?;
    let Some(plan) = loaded.plan.take() else {
        let mut found = findings(&loaded, false);
        found.retain(Diagnostic::is_error);
        view.diagnostics.extend(findings::json(&found, &loaded));
        output::tell(&findings::fancy(&found, &loaded));
        output::tell(&hint(&found, found.len()));
        return Ok(None);
    };
    // Of a file of scenarios only its own are wanted.
    if super::load::plan_of(file).is_some() {
        let own = loaded.beside;
        loaded.scenarios.retain(|scenario| Some(scenario.name.span.file) == own);
    }
    if let Some(only) = &arguments.only {
        loaded.scenarios.retain(|scenario| scenario.name.value.contains(only.as_str()));
    }
    Ok(Some((loaded, Arc::new(Graph::new(Arc::new(plan))))))
}

fn play_all(
    file: &Path,
    loaded: &Loaded,
    graph: &Arc<Graph>,
    arguments: &TestArguments,
    view: &mut ScenariosView,
) {
    let text = arguments.format == TestFormat::Text;
    let names = widest(loaded.scenarios.iter().map(|scenario| scenario.name.value.as_str()));
    let paint = Paint(output::colour_out());
    if text && !loaded.scenarios.is_empty() {
        output::print(&format!("{}\n", paint.bold(&file.display().to_string())));
    }
    for scenario in &loaded.scenarios {
        let (played, found) = play_one(loaded, graph, scenario, arguments);
        if text {
            output::print(&scenario_text(&played, names, paint, arguments.verbose));
            if !found.is_empty() {
                output::print(&findings::fancy(&found, loaded));
            }
        }
        view.add(played);
    }
}

/// Plays a scenario: what is shown of it, and what was found.
fn play_one(
    loaded: &Loaded,
    graph: &Arc<Graph>,
    scenario: &Scenario,
    arguments: &TestArguments,
) -> (ScenarioView, Vec<Diagnostic>) {
    let place = &loaded.sources.file(scenario.name.span.file);
    let position = loaded.sources.position(scenario.name.span.file, scenario.name.span.start);
    let view = ScenarioView {
        file: place.name.clone(),
        line: position.line,
        name: scenario.name.value.clone(),
        ..ScenarioView::default()
    };
    let (mut found, view) = match play(graph, scenario) {
        Ok(play) => {
            let found = [judge(scenario, &play), unused(scenario, &play)].concat();
            (found, played(view, &play))
        }
        Err(why) => (vec![unplayed(scenario, &why)], view),
    };
    findings::judge(&mut found, loaded, arguments.deny.is_some());
    let holds = !found.iter().any(Diagnostic::is_error);
    let diagnostics = findings::json(&found, loaded);
    (ScenarioView { holds, diagnostics, ..view }, found)
}

fn played(view: ScenarioView, play: &Play) -> ScenarioView {
    let asked = play.events.iter().filter_map(|stamped| match &stamped.event {
        Event::Asked { question, .. } => Some(question.clone()),
        _ => None,
    });
    let attempts = play.events.iter();
    let attempts =
        attempts.filter(|stamped| matches!(stamped.event, Event::AttemptStarted { .. })).count();
    let end = play.state.ended.unwrap_or(play.state.last);
    ScenarioView {
        status: Some(play.end.status),
        took: end.since(Timestamp(0)).as_secs_f64(),
        attempts,
        asked: asked.collect(),
        timeline: timeline(&play.events).into_iter().map(happened).collect(),
        ..view
    }
}

pub(super) fn happened(line: Line) -> HappenedView {
    let unit = Some(line.unit).filter(|unit| !unit.is_empty());
    HappenedView { at: line.at.as_secs_f64(), unit, text: line.text }
}
