//! The lists of the page: lessons, what went wrong, answers, undos, logs, notes.

use super::escape::{text, with_code};
use super::section;
use crate::exec::Timestamp;
use crate::report::markdown::output_text;
use crate::report::review::{AnswerView, AttemptView, ReportView, StepReport, UndoneView, seconds};
use crate::report::text::clock;

/// Lines of a list.
const MOST: usize = 200;

pub(super) fn lessons(view: &ReportView) -> String {
    let items = view.lessons.iter().map(|lesson| {
        let write =
            lesson.write.as_ref().map(|write| format!(" Write: <code>{}</code>", text(write)));
        with_code(&lesson.text) + &write.unwrap_or_default()
    });
    list("Lessons", items)
}

/// Each goal's own verdict, and cleanups that did not do all.
pub(super) fn verify(view: &ReportView) -> String {
    let goal = |goal: &str| match goal {
        "" => "The goal".to_owned(),
        goal => format!("<code>{}</code>", text(goal)),
    };
    let verified = view.verify.iter().flat_map(|verify| {
        let whose = goal(&verify.goal);
        if verify.failures.is_empty() {
            return vec![format!("{whose}: <span class=\"ok\">holds</span>")];
        }
        let failed = verify.failures.iter();
        let failed = failed
            .map(|why| format!("{whose}: <span class=\"bad\">does not hold</span>: {}", text(why)));
        let held = verify.held.iter();
        let held =
            held.map(|what| format!("{whose}: <span class=\"ok\">holds</span>: {}", text(what)));
        failed.chain(held).collect()
    });
    let cleanup = view.cleanup.iter().map(|each| {
        format!(
            "{}: <span class=\"bad\">cleanup failed</span>: {}",
            goal(&each.goal),
            text(&each.failure)
        )
    });
    list("Verify", verified.chain(cleanup))
}

pub(super) fn attempts(view: &ReportView) -> String {
    let failed = view.steps.iter().flat_map(|step| {
        step.attempts.iter().filter(|each| each.error.is_some()).map(move |each| (step, each))
    });
    list("What went wrong", failed.map(|(step, each)| attempt(step, each)))
}

fn attempt(step: &StepReport, each: &AttemptView) -> String {
    let unit = each.item.map_or(step.id.clone(), |item| format!("{}[{item}]", step.id));
    let way = each.fallback.as_ref().map(|way| format!(", fallback <code>{}</code>", text(way)));
    let notes: Vec<_> = each.notes.iter().map(|note| format!("; {}", text(note))).collect();
    format!(
        "<code>{}</code>, attempt {}{} ({}): <span class=\"bad\">{}</span>; {}{}",
        text(&unit),
        each.attempt,
        way.unwrap_or_default(),
        seconds(each.took),
        text(each.error.as_deref().unwrap_or_default()),
        with_code(each.then.as_deref().unwrap_or_default()),
        notes.concat(),
    )
}

pub(super) fn instances(view: &ReportView) -> String {
    let each = view.steps.iter().filter_map(|step| Some((step, step.instances.as_ref()?)));
    let lines = each.flat_map(|(step, all)| {
        let bad = all.bad.iter().map(|bad| {
            let why = bad.reason.as_ref().map(|why| format!(": {}", text(why)));
            let unit = text(&format!("{}[{}]", step.id, bad.item));
            let (item, why) = (text(&bad.text), why.unwrap_or_default());
            format!("<code>{unit}</code> ({item}): {}{why}", bad.status)
        });
        let more = (all.bad_left_out > 0)
            .then(|| format!("<code>{}</code>: … and {} more", text(&step.id), all.bad_left_out));
        bad.chain(more).collect::<Vec<_>>()
    });
    list("Instances that did not succeed", lines)
}

pub(super) fn answers(view: &ReportView) -> String {
    list("Questions and answers", view.answers.iter().map(answer))
}

fn answer(answer: &AnswerView) -> String {
    let head = format!("<code>{}</code>: {}", text(&answer.step), text(&answer.question));
    let waited = seconds(answer.waited);
    let Some(word) = &answer.answer else {
        return format!(
            "{head} — <strong class=\"warn\">not answered yet</strong>, asked {} ({waited} ago)",
            at(answer.asked)
        );
    };
    let by = if answer.by.is_empty() { String::new() } else { format!(" by {}", text(&answer.by)) };
    let note = match answer.note.as_str() {
        "" => String::new(),
        note => format!("<br><q>{}</q>", text(note)),
    };
    format!(
        "{head} — <strong>{}</strong>{by} ({}, {}, after {waited}){note}",
        text(word),
        text(&answer.from),
        at(answer.at)
    )
}

pub(super) fn alerts(view: &ReportView) -> String {
    list("Alerts", view.alerts.iter().map(|alert| with_code(&alert.line())))
}

pub(super) fn undo(view: &ReportView) -> String {
    let undo = &view.undo;
    let done = |undone: &UndoneView| {
        let step = text(&undone.step);
        match (&undone.failure, undone.ended) {
            (Some(why), _) => format!(
                "<code>{step}</code>: <strong class=\"bad\">not undone</strong>: {}",
                text(why)
            ),
            (None, None) => format!("<code>{step}</code>: not undone to its end"),
            (None, ended) => format!("<code>{step}</code>: undone ({})", at(ended)),
        }
    };
    let kept = undo.kept.iter().map(|kept| {
        format!("<code>{}</code>: not undone: {}", text(&kept.step), with_code(&kept.why))
    });
    let restored = undo
        .restored
        .iter()
        .map(|step| format!("<code>{}</code>: its snapshot was put back", text(step)));
    list("Undone and not undone", undo.undone.iter().map(done).chain(restored).chain(kept))
}

pub(super) fn checkpoints(view: &ReportView) -> String {
    let made = view.checkpoints.iter().map(|made| {
        let label = if made.label.is_empty() { "no label" } else { &made.label };
        format!("<code>{}</code>: {} ({})", text(&made.step), text(label), at(made.at))
    });
    list("Checkpoints", made)
}

pub(super) fn outputs(view: &ReportView) -> String {
    let all = view.steps.iter().flat_map(|step| {
        step.outputs.iter().map(|(name, value)| {
            let name = text(&format!("{}.{name}", step.id));
            format!("<code>{name}</code> = {}", text(&output_text(value)))
        })
    });
    list("Outputs", all)
}

pub(super) fn notes(view: &ReportView) -> String {
    let all = view.steps.iter().flat_map(|step| {
        let line = |note: &String| format!("<code>{}</code>: {}", text(&step.id), text(note));
        step.notes.iter().map(line)
    });
    list("Notes", all)
}

/// The ends of what failed steps wrote.
pub(super) fn logs(view: &ReportView) -> String {
    let all: Vec<String> = view
        .logs
        .iter()
        .map(|log| {
            let what = log.attempt.map_or_else(|| "its undo".to_owned(), |n| format!("attempt {n}"));
            format!(
                "<details open>\n<summary><code>{}</code>, {what}</summary>\n<pre>{}</pre>\n</details>\n",
                text(&log.step),
                text(&log.lines.join("\n"))
            )
        })
        .collect();
    section("Ends of logs", &all.concat())
}

/// What the plan says of its goals and steps.
pub(super) fn documentation(view: &ReportView) -> String {
    let item =
        |(name, said): (&str, String)| format!("<code>{}</code>: {}", text(name), text(&said));
    list("From the plan", view.documented().map(item))
}

/// A section of one line an item; nothing where there are none. Items are HTML already.
fn list(title: &str, items: impl Iterator<Item = String>) -> String {
    let mut items = items.fuse();
    let mut lines: Vec<String> =
        items.by_ref().take(MOST).map(|item| format!("<li>{item}</li>\n")).collect();
    let more = items.count();
    if more > 0 {
        lines.push(format!("<li class=\"soft\">… and {more} more</li>\n"));
    }
    if lines.is_empty() {
        return String::new();
    }
    section(title, &format!("<ul>\n{}</ul>\n", lines.concat()))
}

fn at(time: Option<Timestamp>) -> String {
    time.map(clock).unwrap_or_default()
}
