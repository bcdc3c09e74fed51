//! The report as one HTML page that needs nothing else: no network, no script, no font.
//!
//! Invariant: whatever steps, people and plans wrote is text. What a page could be made to do with
//! it all the same, its content security policy forbids: only its own style sheet, known by hash.

mod chart;
mod escape;
mod scale;
mod sections;
mod tables;

use sha2::{Digest, Sha256};

use super::markdown::{shortened_path, used};
use super::review::{ReportView, seconds};
use super::text::clock;
use crate::exec::RunStatus;
use escape::{base64, text, with_code};

const STYLE: &str = include_str!("style.css");

/// The run as a page, with the plan as an SVG drawing where there is one.
pub fn html(view: &ReportView, drawing: Option<&str>) -> String {
    let parts = [
        head(view),
        "<body>\n".to_owned(),
        top(view),
        "<main>\n".to_owned(),
        sections::lessons(view),
        chart::chart(view),
        sections::verify(view),
        tables::steps(view),
        sections::attempts(view),
        sections::instances(view),
        sections::logs(view),
        sections::answers(view),
        sections::alerts(view),
        sections::undo(view),
        sections::checkpoints(view),
        tables::usage(view),
        tables::needs(view, drawing),
        sections::outputs(view),
        sections::notes(view),
        sections::documentation(view),
        "</main>\n</body>\n</html>\n".to_owned(),
    ];
    parts.concat()
}

fn head(view: &ReportView) -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n</head>\n",
        text(&view.goal),
        view.status
    )
}

fn top(view: &ReportView) -> String {
    let shade = match view.status {
        RunStatus::Achieved if view.exit.unwrap_or(0) == 0 => "ok",
        RunStatus::Achieved | RunStatus::Waiting | RunStatus::Cancelled => "warn",
        RunStatus::Failed => "bad",
        RunStatus::Running => "run",
        RunStatus::Undone => "undo",
    };
    let title =
        view.title.as_ref().map(|title| format!("<p class=\"title\">{}</p>\n", text(title)));
    let damage = view.damage.as_ref().map(|why| {
        format!(
            "<p class=\"notice\"><strong>The run's journal is damaged</strong>: {}; what follows \
             comes from the events before that, which are sound.</p>\n",
            text(why)
        )
    });
    format!(
        "<header>\n<h1>{} <span class=\"badge {shade}\">{}</span></h1>\n{}{}\
         <p class=\"verdict {shade}\">{}.</p>\n<p>{}</p>\n{}</header>\n",
        text(&view.goal),
        view.status,
        title.unwrap_or_default(),
        damage.unwrap_or_default(),
        with_code(&capital(&view.verdict)),
        text(&view.summary),
        facts(view)
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

fn facts(view: &ReportView) -> String {
    let figures = &view.figures;
    let mut facts = vec![("Took", seconds(view.took))];
    facts.extend(view.started.map(|started| ("Started", clock(started))));
    facts.extend(view.ended.map(|ended| ("Ended", clock(ended))));
    facts.push(("At once", format!("{} of {}", figures.peak, figures.jobs)));
    facts.extend(view.exit.map(|exit| ("Exit code", exit.to_string())));
    facts.push(("Run", view.run.clone()));
    let mut wide = vec![("Plan", view.plan.clone())];
    if !figures.critical_path.is_empty() {
        let path = shortened_path(&figures.critical_path);
        wide.push(("Longest chain", format!("{}: {path}", seconds(figures.critical))));
    }
    wide.extend(figures.usage.map(|usage| ("Used by all steps", used(usage))));
    let row = |class: &str, (name, value): &(&str, String)| {
        format!("<div{class}><dt>{name}</dt><dd>{}</dd></div>\n", text(value))
    };
    let narrow: String = facts.iter().map(|fact| row("", fact)).collect();
    let wide: String = wide.iter().map(|fact| row(" class=\"wide\"", fact)).collect();
    format!("<dl class=\"facts\">\n{narrow}{wide}</dl>\n")
}

/// A part of the page with a heading; nothing where it is empty.
fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{title}</h2>\n{body}</section>\n")
}
