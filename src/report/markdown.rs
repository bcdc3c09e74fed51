//! A run as a Markdown page.

use super::run::{RunView, StepView};
use super::text::{clock, length};
use crate::diagnostic::visible;
use crate::exec::Status;

/// The run as a page: how it ended, a table of its steps, what they gave and what was noted.
pub fn markdown(view: &RunView) -> String {
    let mut page = format!("# {}: {}\n\n", plain(&view.goal), view.status);
    page.push_str(&facts(view));
    if !view.steps.is_empty() {
        page.push_str("\n## Steps\n\n| step | status | attempts | time | reason |\n");
        page.push_str("| --- | --- | ---: | ---: | --- |\n");
        page.extend(view.steps.iter().map(row));
    }
    page.push_str(&list("Ignored failures", view.tolerated().map(ignored)));
    page.push_str(&list("Outputs", view.steps.iter().flat_map(outputs)));
    page.push_str(&list("Instances", view.steps.iter().flat_map(instances)));
    page.push_str(&list("Notes", view.steps.iter().flat_map(notes)));
    page
}

fn facts(view: &RunView) -> String {
    let mut lines = vec![format!("- run: {}", plain(&view.run))];
    lines.extend(view.exit.map(|exit| format!("- exit code: {exit}")));
    lines.extend(view.started.map(|time| format!("- started: {}", clock(time))));
    lines.extend(view.ended.map(|time| format!("- ended: {}", clock(time))));
    lines.extend(view.took().map(|took| format!("- took: {}", length(took))));
    lines.extend(view.reason.as_ref().map(|reason| format!("- reason: {}", plain(reason))));
    lines.join("\n") + "\n"
}

fn row(step: &StepView) -> String {
    let took = step.took().map(length).unwrap_or_default();
    let via = step.via.as_ref().map(|via| format!("via {via}"));
    let reason: Vec<_> = via.into_iter().chain(step.reason.clone()).collect();
    format!(
        "| {} | {} | {} | {took} | {} |\n",
        plain(&step.id),
        step.status,
        step.attempts,
        plain(&reason.join("; "))
    )
}

fn ignored(step: &StepView) -> String {
    let reason = step.reason.as_deref().unwrap_or("failed");
    format!("{}: {}", plain(&step.id), plain(reason))
}

fn outputs(step: &StepView) -> impl Iterator<Item = String> {
    step.outputs.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}: {}", plain(&format!("{}.{name}", step.id)), plain(&value))
    })
}

fn instances(step: &StepView) -> impl Iterator<Item = String> {
    let bad = step.instances.iter().filter(|each| each.status != Status::Succeeded);
    bad.map(|each| format!("{}: {}: {}", plain(&step.id), plain(&each.item_text()), each.status))
}

fn notes(step: &StepView) -> impl Iterator<Item = String> {
    step.notes.iter().map(|note| format!("{}: {}", plain(&step.id), plain(note)))
}

/// A section of one line an item; nothing where there are none.
fn list(title: &str, items: impl Iterator<Item = String>) -> String {
    let lines: Vec<_> = items.map(|item| format!("- {item}\n")).collect();
    if lines.is_empty() { String::new() } else { format!("\n## {title}\n\n{}", lines.concat()) }
}

/// Text that Markdown shows as it is, on one line: nothing in it is markup, HTML or a link.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '\n' | '\t' => shown.push(' '),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                shown.push('\\');
                shown.push(c);
            }
            c => shown.push(c),
        }
    }
    shown
}
