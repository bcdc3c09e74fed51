//! Slurm as goalc meets it: commands that are slow to say what is so, or say nothing.
//!
//! The commands are scripts, and a thread is the cluster: it starts what was submitted, and says of
//! each job what a test wants said. A real cluster is in `scripts/tests/slurm`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::support::{Live, Outcome, Project, contains, eventually, files_below};

/// Writes its arguments and environment down, and hands the job to the cluster.
const SBATCH: &str = r#"#!/bin/sh
d=$SLURM_FAKE
env > "$d/env.$$"
for a; do printf '%s\n' "$a"; done > "$d/argv.$$"
if [ -e "$d/refuse" ]; then cat "$d/refuse" >&2; exit 1; fi
for a; do
  case $a in
    --job-name=*) name=${a#*=} ;;
    --chdir=*) dir=${a#*=} ;;
  esac
done
echo "$name" >> "$d/submitted"
printf '%s\n%s\n%s\n' "$name" "$dir" "$a" > "$d/new.$$"
mv "$d/new.$$" "$d/queue/$$"
until [ -e "$d/seen/$$" ]; do [ -d "$d" ] || exit 1; sleep 0.01; done
if [ -e "$d/die" ]; then rm "$d/die"; kill -9 "$PPID"; fi
if [ -e "$d/mute" ]; then echo 'sbatch: error: Batch job submission failed: Socket timed out' >&2; exit 1; fi
echo "$$"
"#;

const SQUEUE: &str = r#"#!/bin/sh
d=$SLURM_FAKE
if [ -e "$d/down" ]; then echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1; fi
cat "$d"/seen/* 2> /dev/null || true
"#;

const SCANCEL: &str = r#"#!/bin/sh
d=$SLURM_FAKE
for a; do
  case $a in
    --name=*) name=${a#*=} ;;
    --signal=*) signal=soft ;;
  esac
done
echo "$name ${signal:-hard}" >> "$d/cancelled"
"#;

const NO_SACCT: &str = "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n";

/// A cluster that starts each job at once, unless it is told to do otherwise.
struct Cluster {
    folder: PathBuf,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    number: String,
    name: String,
    folder: PathBuf,
    child: Option<Child>,
}

impl Cluster {
    fn new(project: &Project) -> Self {
        let folder = project.path("../slurm");
        for name in ["", "bin", "queue", "seen"] {
            fs::create_dir(folder.join(name)).expect("a folder");
        }
        let commands =
            [("sbatch", SBATCH), ("squeue", SQUEUE), ("scancel", SCANCEL), ("sacct", NO_SACCT)];
        for (name, text) in commands {
            let path = folder.join("bin").join(name);
            fs::write(&path, text).expect("a command");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may run");
        }
        let ends = Arc::new(AtomicBool::new(false));
        let (theirs, place) = (Arc::clone(&ends), folder.clone());
        let thread = std::thread::spawn(move || serve(&place, &theirs));
        Self { folder, ends, thread: Some(thread) }
    }

    /// What a test wants to be so: `down`, `refuse`, `mute`, `die`, `fate`.
    fn set(&self, what: &str, text: &str) {
        fs::write(self.folder.join(what), text).expect("it is written");
    }

    fn unset(&self, what: &str) {
        fs::remove_file(self.folder.join(what)).expect("it was there");
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn start(&self, project: &Project, arguments: &[&str]) -> Live {
        let mut command = project.command(arguments);
        let path = std::env::var("PATH").expect("a path");
        command
            .env("PATH", format!("{}:{path}", self.folder.join("bin").display()))
            .env("SLURM_FAKE", &self.folder)
            .env("HIDDEN_OF_CALLER", "caller-only");
        project.spawn(command)
    }

    fn run(&self, project: &Project) -> Outcome {
        let fixed = ["run", "plan.goal", "--executor", "slurm", "--format", "json"];
        self.start(project, &fixed).outcome()
    }

    fn resume(&self, project: &Project) -> Outcome {
        self.start(project, &["resume", "--format", "json"]).outcome()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Says of a job how it stands.
fn say(folder: &Path, job: &Job, state: &str) {
    let line = format!("{}|{}|{state}|None|1:00|n1\n", job.number, job.name);
    let beside = folder.join(format!("said.{}", job.number));
    fs::write(&beside, line).expect("it is written");
    fs::rename(&beside, folder.join("seen").join(&job.number)).expect("it is moved");
}

fn serve(folder: &Path, ends: &AtomicBool) {
    let mut jobs: Vec<Job> = Vec::new();
    while !ends.load(Ordering::Acquire) {
        for entry in fs::read_dir(folder.join("queue")).expect("the queue").flatten() {
            let number = entry.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(entry.path()).expect("a job");
            let mut lines = text.lines().map(str::to_owned);
            let mut next = || lines.next().expect("a line");
            let (name, place, script) = (next(), PathBuf::from(next()), next());
            fs::remove_file(entry.path()).expect("it is taken");
            let mut job = Job { number, name, folder: place, child: None };
            take(folder, &mut job, &script);
            jobs.push(job);
        }
        let cancelled = fs::read_to_string(folder.join("cancelled")).unwrap_or_default();
        for job in &mut jobs {
            tend(folder, job, &cancelled);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a job, or has it come to what the test wants.
fn take(folder: &Path, job: &mut Job, script: &str) {
    let fate = fs::read_to_string(folder.join("fate")).unwrap_or_default();
    if !fate.is_empty() {
        let who = format!("{{\"job\":\"{}\",\"node\":\"n1\"}}", job.name);
        fs::write(job.folder.join("started"), who).expect("it has begun");
        say(folder, job, if fate == "GONE" { "RUNNING" } else { &fate });
        if fate == "GONE" {
            fs::write(folder.join("seen").join(&job.number), "").expect("it is forgotten");
        }
        return;
    }
    let log = fs::File::create(job.folder.join("job.log")).expect("a log");
    let child = Command::new("sh")
        .arg(script)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SLURM_JOB_NAME", &job.name)
        .env("SLURM_JOB_ID", &job.number)
        .current_dir(&job.folder)
        .stderr(log)
        .process_group(0)
        .spawn();
    job.child = Some(child.expect("the job starts"));
    say(folder, job, "RUNNING");
}

fn tend(folder: &Path, job: &mut Job, cancelled: &str) {
    let Some(child) = &mut job.child else { return };
    let hard = cancelled.lines().any(|line| line == format!("{} hard", job.name));
    if cancelled.lines().any(|line| line.starts_with(&format!("{} ", job.name))) {
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
        let _ = kill_process_group(group, Signal::TERM);
    }
    if let Some(status) = child.try_wait().expect("its state is known") {
        job.child = None;
        let state = match (hard, status.success()) {
            (true, _) => "CANCELLED",
            (false, true) => "COMPLETED",
            (false, false) => "FAILED",
        };
        say(folder, job, state);
    }
}

/// With times that fit a cluster on this machine.
fn project(plan: &str) -> Project {
    let project = Project::new(plan);
    let settings = "[executor.slurm]\ngrace = \"100ms\"\nlease = \"2s\"\npartition = \"fast\"\n";
    project.write("goal.toml", settings);
    project
}

#[test]
fn outputs_exit_codes_and_logs_come_back() {
    let project = project(
        "goal g {\n\
         step a { run \"echo hello; echo n=7 >> \\\"$GOAL_OUTPUT\\\"\"; output n: int }\n\
         step b { depends a; run \"test ${a.n} = 7; exit 9\"; on failure skip }\n\
         step c { executor local; run \"test -z \\\"${SLURM_JOB_ID:-}\\\"\" }\n}\n",
    );
    let cluster = Cluster::new(&project);
    let outcome = cluster.run(&project).exits(1);
    assert_eq!(outcome.step("a")["outputs"]["n"], 7);
    assert_eq!(outcome.reason("b"), "exit code 9");
    outcome.stands("a succeeded, b failed, c succeeded");
    assert!(project.call(&["logs", "--", "a"]).out().ends_with("\nhello\n"));
    assert_eq!(cluster.lines("submitted").len(), 2);
    let left = files_below(&project.state());
    assert!(left.iter().all(|(path, _)| !path.to_string_lossy().contains("/attempts/")));
}

#[test]
fn no_value_is_on_a_command_line_or_in_a_jobs_environment_and_none_becomes_a_flag() {
    let project = project(
        "goal g {\n\
         param token: secret = \"sesame-open-up\"\n\
         param place: string = \"fast --requeue\"\n\
         step a {\n\
         env { TOKEN = token; PLAIN = \"plain-value\" }\n\
         executor slurm { partition place; flag \"--comment=one two\" }\n\
         run \"test \\\"$TOKEN\\\" = sesame-open-up && echo $TOKEN $HIDDEN_OF_CALLER\" }\n}\n",
    );
    let cluster = Cluster::new(&project);
    cluster.run(&project).exits(0);
    let said = project.call(&["logs", "--", "a"]).out();
    assert!(said.ends_with("*** caller-only\n"), "the step sees the caller's environment");
    for (path, bytes) in files_below(&cluster.folder) {
        for value in ["sesame-open-up", "plain-value", "caller-only"] {
            assert!(!contains(&bytes, value.as_bytes()), "{value} in {}", path.display());
        }
    }
    let argv = files_below(&cluster.folder);
    let (_, argv) = argv.iter().find(|(path, _)| path.to_string_lossy().contains("argv.")).unwrap();
    let argv = String::from_utf8_lossy(argv).into_owned();
    assert!(argv.lines().any(|word| word == "--partition=fast --requeue"), "{argv}");
    assert!(argv.lines().any(|word| word == "--comment=one two"), "{argv}");
    assert!(argv.lines().any(|word| word == "--no-requeue"), "{argv}");
}

#[test]
fn a_part_of_a_core_asks_for_the_whole_one() {
    let project = project("goal g {\nstep a { limits { cpu 1.5 }; run \"true\" }\n}\n");
    let cluster = Cluster::new(&project);
    cluster.run(&project).exits(0);
    let argv = files_below(&cluster.folder);
    let (_, argv) = argv.iter().find(|(path, _)| path.to_string_lossy().contains("argv.")).unwrap();
    let argv = String::from_utf8_lossy(argv).into_owned();
    assert!(argv.lines().any(|word| word == "--cpus-per-task=2"), "{argv}");
}

#[test]
fn what_would_be_a_line_of_its_own_is_refused() {
    let project = project(
        "goal g {\n\
         step a { executor slurm { partition \"x\\n#SBATCH --uid=0\" }; run \"true\" }\n}\n",
    );
    let cluster = Cluster::new(&project);
    let outcome = cluster.run(&project).exits(1);
    assert!(outcome.reason("a").contains("control character"), "{}", outcome.reason("a"));
    assert!(cluster.lines("submitted").is_empty());
}

#[test]
fn states_without_a_word_are_the_failures_that_they_mean() {
    let fates = [
        ("TIMEOUT", "failed", "no end within its timeout of 1m"),
        ("OUT_OF_MEMORY", "failed", "used more than the memory it may use"),
        ("CANCELLED", "failed", "ended by SIGTERM"),
        ("NODE_FAIL", "in-doubt", "ended with its node, n1"),
        ("PREEMPTED", "in-doubt", "was preempted on n1"),
        ("GONE", "in-doubt", "is not known to the cluster any more on n1"),
    ];
    for (fate, status, said) in fates {
        let project = project("goal g {\nstep a { run \"true\" }\n}\n");
        let cluster = Cluster::new(&project);
        cluster.set("fate", fate);
        let outcome = cluster.run(&project);
        assert_eq!(outcome.status("a"), status, "{fate}: {}", outcome.done.text());
        let text = outcome.reason("a").to_owned() + &outcome.done.text();
        assert!(text.contains(said), "{fate}: {text}");
        assert_eq!(outcome.done.code, if status == "failed" { 1 } else { 3 }, "{fate}");
    }
}

#[test]
fn a_job_that_was_submitted_though_sbatch_says_otherwise_is_not_submitted_again() {
    let project = project("goal g {\nstep a { run \"echo a >> done\" }\n}\n");
    let cluster = Cluster::new(&project);
    cluster.set("mute", "");
    cluster.run(&project).exits(0).stands("a succeeded");
    assert_eq!(project.lines("done"), ["a"]);
    assert_eq!(cluster.lines("submitted").len(), 1);
}

#[test]
fn a_refusal_is_said_and_nothing_ran() {
    let project = project("goal g {\nstep a { run \"echo a >> done\" }\n}\n");
    let cluster = Cluster::new(&project);
    cluster.set("refuse", "sbatch: error: invalid partition specified: fast\n");
    let outcome = cluster.run(&project).exits(1);
    assert!(outcome.reason("a").contains("invalid partition specified"), "{}", outcome.reason("a"));
    assert!(!project.has("done"));
}

#[test]
fn a_controller_that_is_down_is_no_failure() {
    let project =
        project("goal g {\nstep a { run \"sh hold go\" }\nstep b { run \"sh hold go\" }\n}\n");
    let cluster = Cluster::new(&project);
    let run = ["run", "plan.goal", "--executor", "slurm", "--format", "json"];
    let live = cluster.start(&project, &run);
    project.await_file("held");
    cluster.set("down", "");
    cluster.set("refuse", "sbatch: error: Unable to contact slurm controller\n");
    eventually("both have begun", || cluster.lines("submitted").len() == 2);
    project.write("go", "");
    live.outcome().exits(0).stands("a succeeded, b succeeded");
    cluster.unset("down");
}

#[test]
fn a_crash_right_after_a_submission_loses_no_job_and_makes_no_second_one() {
    let project = project("goal g {\nstep a { run \"echo a >> done; sh hold go\" }\n}\n");
    let cluster = Cluster::new(&project);
    let run = ["run", "plan.goal", "--executor", "slurm", "--format", "json"];
    cluster.set("die", "");
    cluster.start(&project, &run).end().exits(-9);
    project.await_file("held");
    project.write("go", "");
    cluster.resume(&project).exits(0).stands("a succeeded");
    assert_eq!(project.lines("done"), ["a"]);
    assert_eq!(cluster.lines("submitted").len(), 1);
}

#[test]
fn what_ended_while_goalc_was_dead_is_taken_in() {
    let project = project(
        "goal g {\nstep a { run \"sh hold go; echo n=5 >> \\\"$GOAL_OUTPUT\\\"; echo a >> done\"; output n: int }\n}\n",
    );
    let cluster = Cluster::new(&project);
    let run = ["run", "plan.goal", "--executor", "slurm", "--format", "json"];
    let live = cluster.start(&project, &run);
    project.await_file("held");
    live.kill();
    project.write("go", "");
    project.await_file("done");
    let outcome = cluster.resume(&project).exits(0);
    assert_eq!(outcome.step("a")["outputs"]["n"], 5);
    assert_eq!(outcome.attempts("a"), 1);
    assert_eq!(project.lines("done"), ["a"]);
}

#[test]
fn an_interrupt_ends_jobs_and_they_run_again_with_a_resume() {
    let project = project(
        "goal g {\nstep a { run \"trap 'echo ended >> done; exit 1' TERM; sh hold go & wait; echo a >> done\" }\n}\n",
    );
    let cluster = Cluster::new(&project);
    let run = ["run", "plan.goal", "--executor", "slurm", "--format", "json"];
    let live = cluster.start(&project, &run);
    project.await_file("held");
    live.signal(Signal::INT);
    live.outcome().exits(130).stands("a cancelled");
    assert_eq!(project.lines("done"), ["ended"], "it had its grace");
    project.write("go", "");
    cluster.resume(&project).exits(0).stands("a succeeded");
}

#[test]
fn many_that_are_due_at_once_share_allocations() {
    let project = project(
        "goal g {\nparallel 30\n\
         step a { foreach i in range(0, 30) parallel 30; run \"echo $i >> done\" }\n}\n",
    );
    let cluster = Cluster::new(&project);
    cluster.run(&project).exits(0);
    let mut done: Vec<u32> = project.lines("done").iter().map(|n| n.parse().unwrap()).collect();
    done.sort_unstable();
    assert_eq!(done, (0..30).collect::<Vec<u32>>());
    let submitted = cluster.lines("submitted");
    assert!(submitted.len() <= 8, "{submitted:?}");
    assert!(submitted.iter().all(|name| name.contains(".pool-")), "{submitted:?}");
}

#[test]
fn what_a_cluster_cannot_keep_is_an_error_with_its_place() {
    let project = project(
        "goal g {\n\
         step db { service; ready { port 1 free }; run \"sleep 9\" }\n\
         step a { depends db; run \"echo a\" }\n\
         step b { stdin from a; run \"cat\" }\n\
         step c { executor local; service; ready { port 2 free }; run \"sleep 9\" }\n}\n",
    );
    let done = project.call(&["check", "plan.goal", "--executor", "slurm", "--format", "json"]);
    let found = done.json();
    let found = found["diagnostics"].as_array().expect("findings");
    let places: Vec<_> = found
        .iter()
        .filter(|each| each["code"] == "E0507")
        .map(|each| each["line"].as_u64().expect("a line"))
        .collect();
    assert_eq!(places, [2, 3, 4]);
    project.call(&["check", "plan.goal", "--deny", "warnings"]);
    let cluster = Cluster::new(&project);
    let run = ["run", "plan.goal", "--executor", "slurm"];
    let done = cluster.start(&project, &run).end().exits(2);
    assert!(done.err.contains("E0507"), "{}", done.err);
    assert!(cluster.lines("submitted").is_empty());
}

#[test]
fn a_machine_without_slurm_says_so_before_anything_runs() {
    let plan = "goal g {\n step a { run \"touch ran\" }\n step b { depends a; run \"true\"; executor slurm }\n}\n";
    let project = Project::new(plan);
    for arguments in [&["run", "plan.goal"][..], &["run", "plan.goal", "--executor", "slurm"]] {
        let mut command = project.command(arguments);
        command.env("PATH", "/nowhere");
        let refused = project.spawn(command).end();
        assert!(refused.code == 2 && refused.err.contains("`sbatch`"), "{}", refused.err);
        assert!(!project.has("ran"));
        assert_eq!(
            project.call(&["runs", "--format", "json"]).json()["runs"],
            serde_json::json!([])
        );
    }
    // What it would do can be asked all the same.
    let mut command = project.command(&["run", "plan.goal", "-n"]);
    command.env("PATH", "/nowhere");
    assert_eq!(project.spawn(command).end().code, 0);
}
