//! What a job is asked for: from the project's settings, and over them what its step wants. Pure.
//!
//! Knows the flags of `sbatch`. Invariant: each value is part of one argument, so none becomes a
//! flag or a line of its own; the flags that jobs are known by cannot be given.

use std::time::Duration;

use crate::config::SlurmSettings;
use crate::exec::executor::Wants;
use crate::value::Value;

/// What `--time` has beyond a step's own timeout, which is kept on the node.
const BEYOND: Duration = Duration::from_mins(2);

/// Flags by which jobs are found again, or that would change what a job is.
const OWN: &[&str] = &[
    "--job-name",
    "-J",
    "--requeue",
    "--no-requeue",
    "--array",
    "-a",
    "--output",
    "-o",
    "--error",
    "-e",
    "--input",
    "-i",
    "--open-mode",
    "--chdir",
    "-D",
    "--wrap",
    "--wait",
    "-W",
    "--parsable",
    "--export",
    "--export-file",
    "--test-only",
    "--help",
    "-h",
    "--version",
    "-V",
    "--dependency",
    "-d",
    "--hold",
    "-H",
    "--uid",
    "--gid",
    "--ignore-pbs",
    "--clusters",
    "-M",
    "--quiet",
    "-Q",
    "--signal",
    "--usage",
];

/// Flags with which a job is more than one processor of one node.
const WIDE: &[&str] = &[
    "--nodes",
    "-N",
    "--ntasks",
    "-n",
    "--exclusive",
    "--gres",
    "--gpus",
    "-G",
    "--cpus-per-task",
    "-c",
    "--ntasks-per-node",
    "--gpus-per-node",
    "--gpus-per-task",
    "--mem",
    "--mem-per-cpu",
    "--tres-per-job",
    "--tres-per-task",
    "--cpus-per-gpu",
    "--time",
    "-t",
];

/// What a job is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// All but the three below.
    pub(super) flags: Vec<String>,
    pub(super) cpus: u64,
    /// In MiB.
    pub(super) memory: Option<u64>,
    /// What it was told to be bounded by, if anything.
    pub(super) time: Option<Duration>,
    /// Attempts with equal requests may be carried out by one pilot.
    pub(super) may_share: bool,
}

impl Request {
    /// # Errors
    /// What of it cannot be asked for.
    pub(super) fn new(settings: &SlurmSettings, wants: &Wants) -> Result<Self, String> {
        let mut options = settings.options.clone();
        options.extend(wants.options.clone());
        let mut request = Self { cpus: 1, may_share: settings.batch > 0, ..Self::default() };
        for (word, value) in &options {
            request.take(word, value)?;
        }
        for (resource, amount) in wants.uses.iter().filter(|(_, amount)| *amount > 0) {
            if let Some(flag) = settings.uses.get(resource) {
                request.flags.push(flag.replace("{}", &amount.to_string()));
                request.may_share = false;
            }
        }
        for flag in settings.flags.iter().chain(&wants.flags) {
            request.flag(flag)?;
        }
        Ok(request)
    }

    fn take(&mut self, word: &str, value: &Value) -> Result<(), String> {
        match (word, value) {
            ("cpus", Value::Int(n)) => self.cpus = u64::try_from(*n).unwrap_or(1).max(1),
            ("memory", Value::Size { bytes }) => self.memory = Some(bytes.div_ceil(1 << 20)),
            ("time", Value::Duration { length }) => self.time = Some(*length),
            ("gpus", Value::Int(0)) => {}
            _ => {
                self.may_share &= word != "gpus";
                self.flags.push(format!("--{word}={}", one_line(word, &value.to_text())?));
            }
        }
        self.may_share &= self.cpus == 1;
        Ok(())
    }

    fn flag(&mut self, flag: &str) -> Result<(), String> {
        let name = name_of(one_line("flag", flag)?);
        if !name.starts_with('-') {
            return Err(format!("`flag {flag:?}` is no flag of `sbatch`: it begins with no `-`"));
        }
        if OWN.contains(&name) {
            return Err(format!("`flag {flag:?}`: goalc sets `{name}` itself"));
        }
        self.may_share &= !WIDE.contains(&name);
        self.flags.push(flag.to_owned());
        Ok(())
    }

    /// The arguments of a job of its own, whose command has this timeout.
    pub(super) fn arguments(&self, timeout: Option<Duration>) -> Vec<String> {
        let time = self.time.or(timeout.map(|timeout| timeout.saturating_add(BEYOND)));
        self.with(self.cpus, self.memory, time)
    }

    /// The arguments of a pilot with so many workers.
    pub(super) fn pilot_arguments(&self, workers: u64) -> Vec<String> {
        let memory = self.memory.map(|memory| memory.saturating_mul(workers));
        self.with(self.cpus.saturating_mul(workers), memory, self.time)
    }

    fn with(&self, cpus: u64, memory: Option<u64>, time: Option<Duration>) -> Vec<String> {
        let mut arguments = vec![format!("--cpus-per-task={cpus}")];
        arguments.extend(memory.map(|mib| format!("--mem={mib}M")));
        // Slurm counts in minutes.
        arguments.extend(time.map(|time| format!("--time={}", time.as_secs().div_ceil(60).max(1))));
        arguments.extend(self.flags.iter().cloned());
        arguments
    }
}

/// A flag without its value: `-N2` is `-N`.
fn name_of(flag: &str) -> &str {
    let name = flag.split(['=', ' ']).next().unwrap_or_default();
    if name.starts_with("--") { name } else { name.get(..2).unwrap_or(name) }
}

fn one_line<'t>(word: &str, text: &'t str) -> Result<&'t str, String> {
    if text.chars().any(char::is_control) {
        return Err(format!("`{word} {text:?}` has a control character in it"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[(&str, Value)]) -> SlurmSettings {
        let options = options.iter().map(|(word, value)| ((*word).to_owned(), value.clone()));
        SlurmSettings { options: options.collect(), ..SlurmSettings::default() }
    }

    fn wants(options: &[(&str, Value)], flags: &[&str]) -> Wants {
        let options = options.iter().map(|(word, value)| ((*word).to_owned(), value.clone()));
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Wants { options: options.collect(), flags, uses: Vec::new() }
    }

    #[test]
    fn what_a_step_wants_stands_over_the_settings() {
        let settings = settings(&[("partition", Value::text("slow")), ("cpus", Value::Int(2))]);
        let wants = wants(&[("partition", Value::text("fast"))], &["--constraint=avx2"]);
        let request = Request::new(&settings, &wants).unwrap();
        let arguments = request.arguments(Some(Duration::from_secs(90)));
        let expected = ["--cpus-per-task=2", "--time=4", "--partition=fast", "--constraint=avx2"];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn memory_is_rounded_up_and_shared_allocations_have_it_for_each_worker() {
        let size = Value::Size { bytes: (1 << 30) + 1 };
        let request = Request::new(&settings(&[]), &wants(&[("memory", size)], &[])).unwrap();
        assert_eq!(request.arguments(None), ["--cpus-per-task=1", "--mem=1025M"]);
        assert_eq!(request.pilot_arguments(4), ["--cpus-per-task=4", "--mem=4100M"]);
    }

    #[test]
    fn what_needs_more_than_a_processor_has_a_job_of_its_own() {
        let may_share = |options: &[(&str, Value)], flags: &[&str]| {
            Request::new(&settings(&[]), &wants(options, flags)).unwrap().may_share
        };
        assert!(may_share(&[("partition", Value::text("fast"))], &["--constraint=avx2"]));
        assert!(!may_share(&[("cpus", Value::Int(2))], &[]));
        assert!(!may_share(&[("gpus", Value::Int(1))], &[]));
        assert!(!may_share(&[], &["-N2"]));
        assert!(!may_share(&[], &["--exclusive"]));
    }

    #[test]
    fn no_value_becomes_a_line_or_a_flag_that_jobs_are_known_by() {
        let refused = |options: &[(&str, Value)], flags: &[&str]| {
            Request::new(&settings(&[]), &wants(options, flags)).unwrap_err()
        };
        let lines = Value::text("fast\n#SBATCH --uid=0");
        assert!(refused(&[("partition", lines)], &[]).contains("control character"));
        assert!(refused(&[], &["--job-name=mine"]).contains("goalc sets `--job-name` itself"));
        assert!(refused(&[], &["-Jmine"]).contains("goalc sets `-J` itself"));
        assert!(refused(&[], &["script"]).contains("is no flag"));
        let hidden = Value::text("fast --requeue");
        let request = Request::new(&settings(&[]), &wants(&[("partition", hidden)], &[])).unwrap();
        assert_eq!(request.arguments(None)[1], "--partition=fast --requeue");
    }
}
