//! The report as a Markdown page, for a terminal's pager, a wiki or a pull request.
//!
//! Invariant: whatever steps, people and plans wrote is shown as text: nothing in it is markup.

use super::review::seconds;
use super::review::{
    AnswerView, AttemptView, LessonView, LogView, ReportView, StepReport, UndoneView, VerifyView,
};
use super::run::UsageView;
use super::text::clock;
use crate::diagnostic::visible;
use crate::exec::Status;
use crate::value::size_text;

/// Rows of the table of steps; those that went well are left out first.
const MOST_ROWS: usize = 500;

/// Lines of any other list.
const MOST_LINES: usize = 200;

/// The run as a page.
pub fn markdown(view: &ReportView) -> String {
    let title = view.title.as_ref().map(|title| format!("{}\n\n", plain(title)));
    let mut parts = vec![
        format!("# {}: {}\n\n", plain(&view.goal), view.status),
        title.unwrap_or_default(),
        damage(view),
        format!("**{}**\n\n{}\n\n", plain_with_code(&capital(&view.verdict)), plain(&view.summary)),
        facts(view),
        list("Verify", view.verify.iter().flat_map(verified)),
        list(
            "Cleanup that failed",
            view.cleanup
                .iter()
                .map(|each| format!("{}: {}", goal_name(&each.goal), plain(&each.failure))),
        ),
        list("Lessons", view.lessons.iter().map(lesson)),
        steps(view),
        attempts(view),
        list("Fallbacks", view.steps.iter().filter_map(fallback)),
        list("Ignored failures", view.steps.iter().filter_map(ignored)),
        instances(view),
        list("Questions and answers", view.answers.iter().map(answer)),
        list("Alerts", view.alerts.iter().map(|alert| plain_with_code(&alert.line()))),
        undo(view),
        list(
            "Checkpoints",
            view.checkpoints.iter().map(|made| {
                let label = if made.label.is_empty() { "no label" } else { &made.label };
                format!("{}: {} ({})", plain(&made.step), plain(label), at(made.at))
            }),
        ),
        list("Outputs", view.steps.iter().flat_map(outputs)),
        list("Notes", view.steps.iter().flat_map(notes)),
        list(
            "From the plan",
            view.documented().map(|(name, said)| [plain(name), plain(&said)].join(": ")),
        ),
    ];
    parts.push(logs(&view.logs));
    parts.concat()
}

fn damage(view: &ReportView) -> String {
    let told = "what follows comes from the events before that, which are sound";
    let say =
        |why: &String| format!("> **The run's journal is damaged**: {}; {told}.\n\n", plain(why));
    view.damage.as_ref().map(say).unwrap_or_default()
}

fn facts(view: &ReportView) -> String {
    let figures = &view.figures;
    let mut rows =
        vec![("run", plain(&view.run)), ("plan", plain(&view.plan)), ("started", at(view.started))];
    rows.extend(view.ended.map(|ended| ("ended", clock(ended))));
    rows.push(("took", seconds(view.took)));
    rows.extend(view.exit.map(|exit| ("exit code", exit.to_string())));
    rows.push(("at once", format!("{} of {}", figures.peak, figures.jobs)));
    if !figures.critical_path.is_empty() {
        let path = shortened_path(&figures.critical_path);
        rows.push(("longest chain", format!("{}: {}", seconds(figures.critical), plain(&path))));
    }
    rows.extend(figures.usage.map(|usage| ("used", used(usage))));
    let rows: Vec<_> = rows.iter().map(|(name, value)| format!("| {name} | {value} |\n")).collect();
    format!("| | |\n| --- | --- |\n{}", rows.concat())
}

/// At most ten steps of a chain.
pub(super) fn shortened_path(path: &[String]) -> String {
    let shown: Vec<&str> = path.iter().take(10).map(String::as_str).collect();
    let more = path.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" → … {more} more") } else { String::new() };
    shown.join(" → ") + &more
}

/// `2.1s processor, 80MiB at most, 3MiB read, 1MiB written`.
pub(super) fn used(usage: UsageView) -> String {
    let memory = usage.peak_memory.map(|peak| format!(", {} of memory at most", size_text(peak)));
    format!(
        "{} of processor time{}, {} read, {} written",
        seconds(usage.cpu),
        memory.unwrap_or_default(),
        size_text(usage.read),
        size_text(usage.written)
    )
}

fn verified(verify: &VerifyView) -> Vec<String> {
    let goal = goal_name(&verify.goal);
    if verify.failures.is_empty() {
        return vec![format!("{goal}: holds")];
    }
    let failed = verify.failures.iter().map(|why| format!("{goal}: does not hold: {}", plain(why)));
    failed.chain(verify.held.iter().map(|what| format!("{goal}: holds: {}", plain(what)))).collect()
}

fn goal_name(goal: &str) -> String {
    if goal.is_empty() { "the goal".to_owned() } else { plain(goal) }
}

fn lesson(lesson: &LessonView) -> String {
    let write = lesson.write.as_ref().map(|write| format!(" Write: {}", code(write)));
    plain_with_code(&lesson.text) + &write.unwrap_or_default()
}

fn steps(view: &ReportView) -> String {
    if view.steps.is_empty() {
        return String::new();
    }
    let (shown, left_out) = shown_steps(&view.steps, MOST_ROWS);
    let mut page = "\n## Steps\n\n| step | status | attempts | time | estimate | earlier runs | \
                    processor | reason |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
        .to_owned();
    page.extend(shown.into_iter().map(row));
    if left_out > 0 {
        page.push_str(&format!("\n… and {left_out} more steps, which went well or never began.\n"));
    }
    page
}

/// So many steps in the order of the plan: those that tell something stay.
pub(super) fn shown_steps(steps: &[StepReport], most: usize) -> (Vec<&StepReport>, usize) {
    let telling = |step: &&StepReport| {
        let dull = matches!(
            step.status,
            Status::Succeeded | Status::Pending | Status::Ready | Status::NotRun | Status::Blocked
        );
        !dull || step.critical || step.via.is_some()
    };
    let loud = steps.iter().filter(telling).count();
    let (mut room_loud, mut room_dull) = (most, most.saturating_sub(loud));
    let shown: Vec<&StepReport> = steps
        .iter()
        .filter(|step| {
            let room = if telling(step) { &mut room_loud } else { &mut room_dull };
            let fits = *room > 0;
            *room = room.saturating_sub(1);
            fits
        })
        .collect();
    let left_out = steps.len() - shown.len();
    (shown, left_out)
}

fn row(step: &StepReport) -> String {
    let via = step.via.as_ref().map(|via| format!("via {via}"));
    let count = step
        .instances
        .as_ref()
        .map(|all| format!("{} of {} instances succeeded", all.succeeded, all.all));
    let reason: Vec<_> = via.into_iter().chain(count).chain(step.reason.clone()).collect();
    format!(
        "| {} | {}{} | {} | {} | {} | {} | {} | {} |\n",
        plain(&step.id),
        step.status,
        if step.critical { " ◆" } else { "" },
        step.attempts.len() + step.attempts_left_out,
        took(step),
        estimated(step),
        earlier(step),
        step.usage.map(|usage| seconds(usage.cpu)).unwrap_or_default(),
        plain(&reason.join("; "))
    )
}

/// A step's own time, and that in which it waited for people.
pub(super) fn took(step: &StepReport) -> String {
    let own = step.took.map(seconds).unwrap_or_default();
    match (step.waited >= 0.5, own.is_empty()) {
        (false, _) => own,
        (true, true) => format!("{} for a person", seconds(step.waited)),
        (true, false) => format!("{own}, and {} for a person", seconds(step.waited)),
    }
}

pub(super) fn estimated(step: &StepReport) -> String {
    let range = step.estimate.map(|range| (seconds(range.from), seconds(range.to)));
    match range {
        None => String::new(),
        Some((from, to)) if from == to => from,
        Some((from, to)) => format!("{from}..{to}"),
    }
}

pub(super) fn earlier(step: &StepReport) -> String {
    match step.earlier {
        None => String::new(),
        Some(one) if one.runs == 1 => format!("{} (1 run)", seconds(one.median)),
        Some(all) => format!(
            "{} ({}..{}, {} runs)",
            seconds(all.median),
            seconds(all.shortest),
            seconds(all.longest),
            all.runs
        ),
    }
}

/// Attempts that failed, and what was done about each.
fn attempts(view: &ReportView) -> String {
    let failed = view.steps.iter().flat_map(|step| {
        step.attempts.iter().filter(|each| each.error.is_some()).map(move |each| (step, each))
    });
    list("What went wrong", failed.map(|(step, each)| attempt(step, each)))
}

fn attempt(step: &StepReport, each: &AttemptView) -> String {
    let unit = each.item.map_or(step.id.clone(), |item| format!("{}[{item}]", step.id));
    let way = each.fallback.as_ref().map(|way| format!(", fallback {}", plain(way)));
    let (error, then) = (each.error.as_deref(), each.then.as_deref());
    let mut text = format!(
        "{}, attempt {}{} ({}): {}; {}",
        plain(&unit),
        each.attempt,
        way.unwrap_or_default(),
        seconds(each.took),
        plain(error.unwrap_or_default()),
        plain_with_code(then.unwrap_or_default()),
    );
    for note in &each.notes {
        text += &format!("; {}", plain(note));
    }
    text
}

fn fallback(step: &StepReport) -> Option<String> {
    let via = step.via.as_ref()?;
    Some(format!("{}: done by {}", plain(&step.id), plain(via)))
}

fn ignored(step: &StepReport) -> Option<String> {
    let because = step.ignored.as_ref()?;
    let why = step.reason.as_deref().unwrap_or("it failed");
    Some(format!("{}: {}; ignored because {}", plain(&step.id), plain(why), plain(because)))
}

fn instances(view: &ReportView) -> String {
    let each = view.steps.iter().filter_map(|step| Some((step, step.instances.as_ref()?)));
    let lines = each.flat_map(|(step, all)| {
        let bad = all.bad.iter().map(|bad| {
            let why = bad.reason.as_ref().map(|why| format!(": {}", plain(why)));
            let unit = plain(&format!("{}[{}]", step.id, bad.item));
            format!("{unit} ({}): {}{}", plain(&bad.text), bad.status, why.unwrap_or_default())
        });
        let more = (all.bad_left_out > 0)
            .then(|| format!("{}: … and {} more", plain(&step.id), all.bad_left_out));
        bad.chain(more).collect::<Vec<_>>()
    });
    list("Instances that did not succeed", lines)
}

fn answer(answer: &AnswerView) -> String {
    let head = format!("{}: {}", plain(&answer.step), plain(&answer.question));
    let waited = seconds(answer.waited);
    let Some(word) = &answer.answer else {
        return format!("{head} — **not answered yet**, asked {} ({waited} ago)", at(answer.asked));
    };
    let by =
        if answer.by.is_empty() { String::new() } else { format!(" by {}", plain(&answer.by)) };
    let note =
        if answer.note.is_empty() { String::new() } else { format!(": {}", plain(&answer.note)) };
    format!(
        "{head} — **{word}**{by} ({}, {}, after {waited}){note}",
        plain(&answer.from),
        at(answer.at)
    )
}

fn undo(view: &ReportView) -> String {
    let undo = &view.undo;
    let done = |undone: &UndoneView| match (&undone.failure, undone.ended) {
        (Some(why), _) => format!("{}: **not undone**: {}", plain(&undone.step), plain(why)),
        (None, None) => format!("{}: not undone to its end", plain(&undone.step)),
        (None, ended) => format!("{}: undone ({})", plain(&undone.step), at(ended)),
    };
    let kept = undo
        .kept
        .iter()
        .map(|kept| format!("{}: not undone: {}", plain(&kept.step), plain_with_code(&kept.why)));
    let restored =
        undo.restored.iter().map(|step| format!("{}: its snapshot was put back", plain(step)));
    list("Undone and not undone", undo.undone.iter().map(done).chain(restored).chain(kept))
}

fn outputs(step: &StepReport) -> impl Iterator<Item = String> {
    step.outputs.iter().map(|(name, value)| {
        let value = output_text(value);
        format!("{}: {}", plain(&format!("{}.{name}", step.id)), plain(&value))
    })
}

/// A value as text, cut where it is long: a list of ten thousand items tells nobody anything.
pub(super) fn output_text(value: &serde_json::Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    crate::diagnostic::shortened(text, 300)
}

fn notes(step: &StepReport) -> impl Iterator<Item = String> {
    step.notes.iter().map(|note| format!("{}: {}", plain(&step.id), plain(note)))
}

fn logs(logs: &[LogView]) -> String {
    if logs.is_empty() {
        return String::new();
    }
    let all: Vec<_> = logs.iter().map(log).collect();
    format!("\n## Ends of logs\n{}", all.concat())
}

/// In a fence that is longer than any in it.
fn log(log: &LogView) -> String {
    let what = log.attempt.map_or_else(|| "its undo".to_owned(), |n| format!("attempt {n}"));
    let text = log.lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("\n{}, {what}:\n\n{fence}text\n{text}\n{fence}\n", plain(&log.step))
}

/// A section of one line an item; nothing where there are none.
fn list(title: &str, items: impl Iterator<Item = String>) -> String {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return String::new();
    }
    let mut page = format!("\n## {title}\n\n");
    page.extend(items.by_ref().take(MOST_LINES).map(|item| format!("- {item}\n")));
    let more = items.count();
    if more > 0 {
        page.push_str(&format!("- … and {more} more\n"));
    }
    page
}

fn at(time: Option<crate::exec::Timestamp>) -> String {
    time.map(clock).unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// Text as code that Markdown shows as it is.
fn code(text: &str) -> String {
    let text = visible(text).replace(['\n', '\t'], " ");
    if text.contains('`') { plain(&text) } else { format!("`{text}`") }
}

/// Text of goalc's own, whose backticks are code.
fn plain_with_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    if text.matches('`').count() % 2 == 1 {
        return plain(text);
    }
    parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { plain(part) }).collect()
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
            // What would become a link or a mention by itself.
            ':' if shown.ends_with("http") || shown.ends_with("https") => shown.push_str("&#58;"),
            '@' => shown.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                shown.push('\\');
                shown.push(c);
            }
            c => shown.push(c),
        }
    }
    shown
}
