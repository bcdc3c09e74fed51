//! `goal.toml`: the settings of a project.
//!
//! Owns the keys that it may have and what each takes. Does not open the files that it names.

mod log;
mod slurm;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{CATALOGUE, Code, Diagnostic, Diagnostics, nearest};
use crate::source::{FileId, Span};
use crate::value::parse_duration;

pub use log::{LogFormat, LogLevel, LogSettings};
pub use slurm::SlurmSettings;

type Key<'t> = Spanned<Cow<'t, str>>;
type Item<'t> = Spanned<DeValue<'t>>;

/// Findings beyond this many syntax errors help no one.
const SYNTAX_ERRORS: usize = 20;

/// The settings of a project; without a `goal.toml`, the default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// `[env] files`: `.env` files to read, in this order, relative to `goal.toml`.
    pub env_files: Vec<String>,
    /// `[lints]`, by code.
    pub lints: IndexMap<&'static str, LintLevel>,
    pub effort: Effort,
    pub defaults: Defaults,
    pub log: LogSettings,
    /// `[executor.slurm]`.
    pub slurm: SlurmSettings,
}

impl Config {
    /// How a warning is taken.
    pub fn lint(&self, code: Code) -> LintLevel {
        self.lints.get(code.as_str()).copied().unwrap_or_default()
    }
}

/// How a warning is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LintLevel {
    Allow,
    #[default]
    Warn,
    Deny,
}

/// What `estimate small`, `medium` and `large` mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    pub small: Duration,
    pub medium: Duration,
    pub large: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            small: Duration::from_mins(30),
            medium: Duration::from_hours(2),
            large: Duration::from_hours(8),
        }
    }
}

impl Effort {
    /// The length of an effort's word; of one that is none, the medium length.
    pub fn length(&self, word: &str) -> Duration {
        match word {
            "small" => self.small,
            "large" => self.large,
            _ => self.medium,
        }
    }
}

/// `[defaults]`: what holds where neither the command line nor the plan says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Steps at once.
    pub jobs: Option<u32>,
    /// The shell's argv, to which a script's text is added.
    pub shell: Option<Vec<String>>,
}

/// Reads a `goal.toml`. What is wrong is reported and left out of the settings.
pub fn read(file: FileId, text: &str, diagnostics: &mut Diagnostics) -> Config {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, diagnostics, config: Config::default() };
    // What was guessed behind a slip would be reported as wrong, and is not.
    if errors.is_empty() {
        reader.document(table.get_ref());
    }
    for error in errors.iter().take(SYNTAX_ERRORS) {
        let message = error.message().lines().next().unwrap_or_default();
        let place = error.span().unwrap_or(0..0);
        reader.report(place, format!("this is no TOML: {message}"), "not understood", None);
    }
    reader.config
}

struct Reader<'d> {
    file: FileId,
    diagnostics: &'d mut Diagnostics,
    config: Config,
}

/// Reads one key of a section.
type Entry<'d> = fn(&mut Reader<'d>, &str, &Item<'_>);

const SECTIONS: [&str; 6] = ["env", "lints", "effort", "defaults", "log", "executor"];

impl<'d> Reader<'d> {
    fn document(&mut self, document: &DeTable<'_>) {
        for (key, value) in document {
            match key.get_ref().as_ref() {
                "env" => self.section(key, value, &["files"], Self::env),
                "lints" => self.lints(value),
                "effort" => self.section(key, value, &["small", "medium", "large"], Self::effort),
                "defaults" => self.section(key, value, &["jobs", "shell"], Self::default),
                "log" => self.section(key, value, &log::KEYS, Self::log),
                "executor" => self.executors(value),
                word => self.unknown(key, format!("unknown section `{word}`"), &SECTIONS),
            }
        }
    }

    fn section(&mut self, name: &Key<'_>, value: &Item<'_>, known: &[&str], entry: Entry<'d>) {
        let Some(table) = self.table(name.get_ref(), value) else { return };
        for (key, value) in table {
            if known.contains(&key.get_ref().as_ref()) {
                entry(self, key.get_ref(), value);
            } else {
                let message = format!("unknown key `{}` in `[{}]`", key.get_ref(), name.get_ref());
                self.unknown(key, message, known);
            }
        }
    }

    fn table<'v, 't>(&mut self, name: &str, value: &'v Item<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, name, "a section", &format!("[{name}]"));
        }
        table
    }

    fn env(&mut self, key: &str, value: &Item<'_>) {
        if let Some(files) = self.strings(key, value, "files = [\".env\"]") {
            self.config.env_files = files;
        }
    }

    fn effort(&mut self, key: &str, value: &Item<'_>) {
        let length = value.get_ref().as_str().and_then(|text| parse_duration(text).ok());
        let Some(length) = length.filter(|length| !length.is_zero()) else {
            return self.wrong(value, key, "a duration above zero", &format!("{key} = \"30m\""));
        };
        let effort = &mut self.config.effort;
        match key {
            "small" => effort.small = length,
            "medium" => effort.medium = length,
            _ => effort.large = length,
        }
    }

    fn default(&mut self, key: &str, value: &Item<'_>) {
        if key == "jobs" {
            let jobs = value.get_ref().as_integer();
            let jobs = jobs.and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
            match jobs.filter(|jobs| *jobs > 0) {
                Some(jobs) => self.config.defaults.jobs = Some(jobs),
                None => self.wrong(value, key, "a whole number from 1", "jobs = 4"),
            }
        } else if let Some(shell) = self.strings(key, value, "shell = [\"bash\", \"-eu\", \"-c\"]")
        {
            self.config.defaults.shell = Some(shell);
        }
    }

    fn lints(&mut self, value: &Item<'_>) {
        let Some(table) = self.table("lints", value) else { return };
        let known: Vec<&'static str> = CATALOGUE.iter().map(|entry| entry.code).collect();
        for (key, value) in table {
            let code = known.iter().find(|code| **code == key.get_ref().as_ref());
            if let Some(code) = code {
                self.lint(code, key, value);
                continue;
            }
            let warnings: Vec<_> = known.iter().copied().filter(|code| is_warning(code)).collect();
            self.unknown(key, format!("unknown warning `{}`", key.get_ref()), &warnings);
        }
    }

    fn lint(&mut self, code: &'static str, key: &Key<'_>, value: &Item<'_>) {
        if !is_warning(code) {
            let message = format!("`{code}` is an error: it cannot be allowed");
            self.report(key.span(), message, "not a warning", None);
        } else if let Some(level) = level(value.get_ref()) {
            self.config.lints.insert(code, level);
        } else {
            let example = format!("{code} = \"allow\"");
            self.wrong(value, code, "`\"allow\"`, `\"warn\"` or `\"deny\"`", &example);
        }
    }

    fn executors(&mut self, value: &Item<'_>) {
        let Some(table) = self.table("executor", value) else { return };
        for (key, value) in table {
            let Some(settings) = self.table(&format!("executor.{}", key.get_ref()), value) else {
                continue;
            };
            let name = key.get_ref().as_ref();
            if name != "slurm" {
                self.unknown(key, format!("no executor `{name}` has settings"), &["slurm"]);
                continue;
            }
            for (key, value) in settings {
                if slurm::KEYS.contains(&key.get_ref().as_ref()) {
                    self.slurm(key.get_ref(), value);
                } else {
                    let message = format!("unknown key `{}` in `[executor.slurm]`", key.get_ref());
                    self.unknown(key, message, &slurm::KEYS);
                }
            }
        }
    }

    /// One string or a list of them, none empty, at least one; a single one need not be a list.
    fn strings(&mut self, key: &str, value: &Item<'_>, example: &str) -> Option<Vec<String>> {
        let one = std::slice::from_ref(value);
        let items = value.get_ref().as_array().map_or(one, |list| list);
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| item.get_ref().as_str().filter(|s| !s.is_empty()).map(str::to_owned))
            .collect();
        let texts = texts.filter(|texts| !texts.is_empty());
        if texts.is_none() {
            self.wrong(value, key, "a list of strings", example);
        }
        texts
    }

    fn wrong(&mut self, value: &Item<'_>, key: &str, wanted: &str, example: &str) {
        let label = match value.get_ref() {
            DeValue::String(_) => String::new(),
            DeValue::Array(_) | DeValue::Integer(_) => format!("an {}", value.get_ref().type_str()),
            other => format!("a {}", other.type_str()),
        };
        let message = format!("`{key}` must be {wanted}");
        self.report(value.span(), message, &label, Some(format!("write `{example}`")));
    }

    fn unknown(&mut self, key: &Key<'_>, message: String, known: &[&str]) {
        let span = self.span(key.span());
        let found = Diagnostic::new(Code::E0801, message, span, "");
        self.diagnostics.report(match nearest(key.get_ref(), known.iter().copied()) {
            Some(near) => found.meant(span, near),
            None if known.iter().any(|w| is_warning(w)) => found.help("`goalc explain` lists them"),
            None => found.help(format!("there is `{}`", known.join("`, `"))),
        });
    }

    fn span(&self, place: Range<usize>) -> Span {
        Span::new(self.file, place.start, place.end)
    }

    fn report(&mut self, place: Range<usize>, message: String, label: &str, help: Option<String>) {
        let span = self.span(place);
        let finding = Diagnostic::new(Code::E0801, message, span, label).maybe_help(help);
        self.diagnostics.report(finding);
    }
}

fn is_warning(code: &str) -> bool {
    code.starts_with('W')
}

fn level(value: &DeValue<'_>) -> Option<LintLevel> {
    match value.as_str()? {
        "allow" => Some(LintLevel::Allow),
        "warn" => Some(LintLevel::Warn),
        "deny" => Some(LintLevel::Deny),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::LineIndex;
    use crate::value::Value;

    fn read_text(text: &str) -> (Config, Vec<(usize, String, Option<String>)>) {
        let mut diagnostics = Diagnostics::new();
        let config = read(FileId(0), text, &mut diagnostics);
        let lines = LineIndex::new(text);
        let found = diagnostics
            .sorted()
            .into_iter()
            .inspect(|d| assert_eq!(d.code, Code::E0801))
            .map(|d| (lines.line_of(d.span().start as usize) + 1, d.message, d.help));
        (config, found.collect())
    }

    #[test]
    fn all_that_is_known_is_read() {
        let (config, found) = read_text(
            "[env]\nfiles = [\".env\", \"local.env\"]\n[lints]\nW0703 = \"deny\"\n\
             [effort]\nsmall = \"45m\"\n[defaults]\njobs = 0x10\nshell = \"bash\"\n\
             [log]\nfile = \"a.log\"\nformat = \"json\"\nlevel = \"debug\"\n\
             otlp = \"http://localhost:4318/v1/traces\"\n\
             [executor.slurm]\npartition = \"fast\"\ncpus = 4\nmemory = \"2GiB\"\nworkers = 16\n\
             flags = \"--exclusive\"\nuses = { matlab = \"--licenses=matlab:{}\" }\n",
        );
        assert_eq!(found, []);
        assert_eq!(config.env_files, [".env", "local.env"]);
        assert_eq!(config.lint(Code::W0703), LintLevel::Deny);
        assert_eq!(config.lint(Code::W0701), LintLevel::Warn);
        assert_eq!(config.effort.small, Duration::from_mins(45));
        assert_eq!(config.effort.length("large"), Duration::from_hours(8));
        assert_eq!(config.defaults.jobs, Some(16));
        assert_eq!(config.defaults.shell, Some(vec!["bash".to_owned()]));
        assert_eq!(config.log.file.as_deref(), Some("a.log"));
        assert_eq!(
            (config.log.format, config.log.level),
            (Some(LogFormat::Json), Some(LogLevel::Debug))
        );
        assert_eq!(config.log.otlp.as_deref(), Some("http://localhost:4318/v1/traces"));
        assert_eq!(config.slurm.options["partition"], Value::text("fast"));
        assert_eq!(config.slurm.options["memory"], Value::Size { bytes: 2 << 30 });
        assert_eq!((config.slurm.workers, config.slurm.batch), (16, 8));
        assert_eq!(config.slurm.flags, ["--exclusive"]);
        assert_eq!(config.slurm.uses["matlab"], "--licenses=matlab:{}");
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        for text in ["", "\u{feff}", "# only a comment\n"] {
            assert_eq!(read_text(text), (Config::default(), Vec::new()));
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_its_line() {
        let (config, found) = read_text(
            "[evn]\n[env]\nfile = 1\nfiles = [1]\n[lints]\nW0730 = \"deny\"\nE0401 = \"allow\"\n\
             W0706 = \"off\"\n[effort]\nsmall = 30\nlarge = \"0s\"\n[defaults]\njobs = 0\n\
             shell = []\n[executor]\nlocal = 1\n\
             [log]\nfile = 1\nformat = \"jsn\"\nlevel = \"all\"\notlp = \"localhost\"\n",
        );
        let said: Vec<_> =
            found.iter().map(|(line, message, _)| (*line, message.as_str())).collect();
        assert_eq!(
            said,
            [
                (1, "unknown section `evn`"),
                (3, "unknown key `file` in `[env]`"),
                (4, "`files` must be a list of strings"),
                (6, "unknown warning `W0730`"),
                (7, "`E0401` is an error: it cannot be allowed"),
                (8, "`W0706` must be `\"allow\"`, `\"warn\"` or `\"deny\"`"),
                (10, "`small` must be a duration above zero"),
                (11, "`large` must be a duration above zero"),
                (13, "`jobs` must be a whole number from 1"),
                (14, "`shell` must be a list of strings"),
                (16, "`executor.local` must be a section"),
                (18, "`file` must be a string"),
                (19, "`format` cannot be `jsn`"),
                (20, "`level` cannot be `all`"),
                (21, "`otlp` must be an address with http:// or https://"),
            ]
        );
        assert_eq!(found[0].2.as_deref(), Some("did you mean `env`?"));
        assert_eq!(found[1].2.as_deref(), Some("did you mean `files`?"));
        assert_eq!(config, Config::default());
    }

    #[test]
    fn what_is_no_toml_is_said_where_it_is() {
        let (_, found) = read_text("[env]\nfiles = [\n");
        assert!(found.iter().all(|(_, message, _)| message.starts_with("this is no TOML: ")));
        assert_eq!(found.len(), 1, "{found:?}");
        let (_, found) = read_text("[lints]\nW0703 = deny\n");
        assert_eq!(found[0].0, 2, "{found:?}");
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(!read_text(&deep).1.is_empty());
    }
}
