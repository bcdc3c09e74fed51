//! The section `[log]`: where a run's log goes, and how.
//!
//! Knows the words, not what they do. Invariant: what is kept is of a known form; a file's name is
//! as it is written, relative to `goal.toml`.

use clap::ValueEnum;

use super::{Item, Reader};
use crate::diagnostic::{Code, Diagnostic, closest};

/// `[log]`: what holds where the command line says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSettings {
    pub file: Option<String>,
    pub format: Option<LogFormat>,
    pub level: Option<LogLevel>,
    /// Where traces are sent at the end of a run.
    pub otlp: Option<String>,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// The least that is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    /// What failed in the end
    Error,
    /// And what was tried again, tolerated, or told by an alert
    Warn,
    /// And what started and ended
    #[default]
    Info,
    /// And all else
    Debug,
}

pub(super) const KEYS: [&str; 4] = ["file", "format", "level", "otlp"];

impl Reader<'_> {
    pub(super) fn log(&mut self, key: &str, value: &Item<'_>) {
        match key {
            "file" => self.config.log.file = self.log_text(key, value, "file = \"goalc.log\""),
            "format" => self.config.log.format = self.log_word(key, value),
            "level" => self.config.log.level = self.log_word(key, value),
            _ => {
                let example = "otlp = \"http://127.0.0.1:4318/v1/traces\"";
                let address = self.log_text(key, value, example);
                let known =
                    |url: &String| url.starts_with("http://") || url.starts_with("https://");
                if address.as_ref().is_some_and(|url| !known(url)) {
                    return self.wrong(value, key, "an address with http:// or https://", example);
                }
                self.config.log.otlp = address;
            }
        }
    }

    fn log_text(&mut self, key: &str, value: &Item<'_>, example: &str) -> Option<String> {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.wrong(value, key, "a string", example);
        }
        text.map(str::to_owned)
    }

    fn log_word<W: ValueEnum>(&mut self, key: &str, value: &Item<'_>) -> Option<W> {
        let names = W::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = names.map(|word| word.get_name().to_owned()).collect();
        let Some(text) = value.get_ref().as_str() else {
            let wanted = format!("`\"{}\"`", names.join("\"` or `\""));
            let example = format!("{key} = \"{}\"", names.first().map_or("", String::as_str));
            self.wrong(value, key, &wanted, &example);
            return None;
        };
        let found = W::from_str(text, false).ok();
        if found.is_none() {
            let span = self.span(value.span());
            let message = format!("`{key}` cannot be `{text}`");
            let finding = Diagnostic::new(Code::E0801, message, span, "");
            self.diagnostics.report(match closest(text, names.iter().map(String::as_str)) {
                Some(near) => finding.help(format!("did you mean `\"{near}\"`?")),
                None => finding.help(format!("there is `\"{}\"`", names.join("\"`, `\""))),
            });
        }
        found
    }
}
