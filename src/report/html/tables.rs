//! The tables of the page: steps with their times, what they used, what they wait for.

use super::chart::shade;
use super::escape::{base64, text};
use super::section;
use crate::report::markdown::{earlier, estimated, shown_steps, took};
use crate::report::review::{ReportView, StepReport, seconds};
use crate::value::size_text;

/// Rows of a table.
const MOST_ROWS: usize = 500;

/// Steps with attempts and times.
pub(super) fn steps(view: &ReportView) -> String {
    let titles = [
        ("Step", ""),
        ("Status", ""),
        ("Attempts", "n"),
        ("Time", "n"),
        ("Estimate", "n"),
        ("Earlier runs", "n"),
        ("What else", ""),
    ];
    let (shown, left_out) = shown_steps(&view.steps, MOST_ROWS);
    let rows = shown.into_iter().map(|step| {
        let attempts = step.attempts.len() + step.attempts_left_out;
        let mark = if step.critical { "<span class=\"mark\">◆</span> " } else { "" };
        let title = step
            .title
            .as_ref()
            .map(|title| format!("<br><span class=\"soft\">{}</span>", text(title)));
        let title = title.unwrap_or_default();
        vec![
            format!("<span>{mark}{}{title}</span>", text(&step.id)),
            format!("<span class=\"{}\">{}</span>", shade(step), step.status),
            if attempts == 0 { String::new() } else { attempts.to_string() },
            took(step),
            estimated(step),
            earlier(step),
            text(&remark(step)),
        ]
    });
    section("Steps", &table(&titles, rows.collect(), left_out))
}

fn remark(step: &StepReport) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(step.via.as_ref().map(|via| format!("done by its fallback {via}")));
    parts.extend(
        step.instances
            .as_ref()
            .map(|all| format!("{} of {} instances succeeded", all.succeeded, all.all)),
    );
    parts.extend(step.reason.clone());
    parts.extend(step.ignored.as_ref().map(|because| format!("ignored because {because}")));
    parts.join("; ")
}

/// What the processes of each step used.
pub(super) fn usage(view: &ReportView) -> String {
    let titles = [
        ("Step", ""),
        ("Processor", "n"),
        ("Largest process", "n"),
        ("Read", "n"),
        ("Written", "n"),
    ];
    let mut used: Vec<_> = view.steps.iter().filter_map(|step| Some((step, step.usage?))).collect();
    used.sort_by(|(_, a), (_, b)| b.cpu.total_cmp(&a.cpu));
    let left_out = used.len().saturating_sub(MOST_ROWS);
    let rows = used.into_iter().take(MOST_ROWS).map(|(step, usage)| {
        vec![
            text(&step.id),
            seconds(usage.cpu),
            usage.peak_memory.map(size_text).unwrap_or_default(),
            size_text(usage.read),
            size_text(usage.written),
        ]
    });
    section("Resource use", &table(&titles, rows.collect(), left_out))
}

/// Who waits for whom: drawn, where there is a drawing, and in words. As an image the drawing can
/// do nothing, whatever is in it.
pub(super) fn needs(view: &ReportView, drawing: Option<&str>) -> String {
    let drawing = drawing.map_or_else(String::new, |svg| {
        format!(
            "<p class=\"drawing\"><img alt=\"The plan as a drawing; the table below has the same\" \
             src=\"data:image/svg+xml;base64,{}\"></p>\n",
            base64(svg.as_bytes())
        )
    });
    let waiting = || view.steps.iter().filter(|step| !step.needs.is_empty());
    let left_out = waiting().count().saturating_sub(MOST_ROWS);
    let rows = waiting().take(MOST_ROWS).map(|step| {
        let few = step.needs.iter().take(20).map(|need| text(need));
        let more = step.needs.len().saturating_sub(20);
        let more = (more > 0).then(|| format!("… {more} more"));
        vec![text(&step.id), few.chain(more).collect::<Vec<_>>().join(", ")]
    });
    let body = table(&[("Step", ""), ("Waits for", "")], rows.collect(), left_out);
    let body = if body.is_empty() { body } else { drawing + &body };
    section("Dependencies", &body)
}

/// Nothing where there are no rows. Cells are HTML already.
fn table(titles: &[(&str, &str)], rows: Vec<Vec<String>>, left_out: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let class = |class: &str| match class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    let heads: Vec<String> = titles
        .iter()
        .map(|(name, kind)| format!("<th scope=\"col\"{}>{name}</th>", class(kind)))
        .collect();
    let row = |cells: Vec<String>| {
        let cells = titles.iter().zip(cells).map(|((name, kind), cell)| {
            format!("<td{} data-name=\"{name}\">{cell}</td>", class(kind))
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows: String = rows.into_iter().map(row).collect();
    let more = match left_out {
        0 => String::new(),
        more => format!("<p class=\"soft\">… and {more} more steps.</p>\n"),
    };
    format!(
        "<div class=\"scroll\">\n<table class=\"cards\">\n<thead><tr>{}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</div>\n{more}",
        heads.concat()
    )
}
