//! How a record becomes a line: one JSON object, or words for people.
//!
//! Knows no events. Invariant: a line is one line, whatever a step's name or a reason has in it.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::cli::output::harmless_json;
use crate::config::LogFormat;
use crate::diagnostic::{hidden_name, is_hidden};

/// Writes lines in this form.
#[derive(Debug)]
pub(super) struct Lines(pub(super) LogFormat);

/// A record's fields; all but `attempt` are texts, and `details` is JSON.
#[derive(Debug, Default)]
struct Fields {
    timestamp: String,
    run: String,
    step: Option<String>,
    attempt: Option<u64>,
    message: String,
    details: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let value = value.to_owned();
        match field.name() {
            "timestamp" => self.timestamp = value,
            "run" => self.run = value,
            "step" => self.step = Some(value),
            "message" => self.message = value,
            "details" => self.details = value,
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "attempt" {
            self.attempt = Some(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = word(*event.metadata().level());
        match self.0 {
            LogFormat::Json => fields.json(level, &mut writer),
            LogFormat::Text => fields.text(level, &mut writer),
        }
    }
}

impl Fields {
    fn json(&self, level: &str, writer: &mut Writer<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text);
        let step = self.step.as_deref().map_or(serde_json::Value::Null, text);
        let attempt = self.attempt.map_or(serde_json::Value::Null, Into::into);
        let details = if self.details.is_empty() { "{}" } else { &self.details };
        let line = format!(
            r#"{{"timestamp":{},"level":"{level}","run":{},"step":{step},"attempt":{attempt},"message":{},"details":{details}}}"#,
            text(&self.timestamp),
            text(&self.run),
            text(&self.message),
        );
        writeln!(writer, "{}", harmless_json(line))
    }

    fn text(&self, level: &str, writer: &mut Writer<'_>) -> fmt::Result {
        let Self { timestamp, run, message, .. } = self;
        let step = self.step.as_ref().map(|step| format!("{}: ", one_line(step)));
        let (step, message) = (step.unwrap_or_default(), one_line(message));
        writeln!(writer, "{timestamp} {level:<5} {run} {step}{message}")
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        _ => "debug",
    }
}

/// The text with line breaks as spaces, and what would act on a terminal by its name.
fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => " ".to_owned(),
        c if is_hidden(c) => hidden_name(c),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}
