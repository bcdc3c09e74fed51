//! What every test from outside needs: a folder of its own with a plan and a state, the real binary
//! started in it, and ways to wait for an event with a deadline.
//!
//! Invariant: nothing here is shared between two tests, and nothing waits for a fixed time.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// How long an event may take to come on a loaded machine before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
/// Between two looks at whether it has come.
const LOOK: Duration = Duration::from_millis(4);

/// Waits until something holds.
pub(crate) fn eventually(what: &str, holds: impl FnMut() -> bool) {
    eventually_within(PATIENCE, what, holds);
}

fn eventually_within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < patience, "it did not come: {what}");
        thread::sleep(LOOK);
    }
}

/// A plan's folder and a state folder, both of one test alone.
pub(crate) struct Project {
    folder: TempDir,
    calls: AtomicU32,
}

impl Project {
    /// With `plan.goal`, and `hold`: `sh hold NAME` in a step waits for a file of that name, and
    /// its number is in `held` meanwhile.
    pub(crate) fn new(plan: &str) -> Self {
        let project = Self::empty();
        project.write("plan.goal", plan);
        project.write(
            "hold",
            "echo $$ > held.new; mv held.new held; until test -e \"$1\"; do sleep 0.02; done\n",
        );
        project
    }

    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("plan")).expect("a folder for the plan");
        fs::create_dir(folder.path().join("calls")).expect("a folder for the output of calls");
        Self { folder, calls: AtomicU32::new(0) }
    }

    /// Of a file in the plan's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("plan").join(name)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("its folder is made");
        fs::write(path, text).expect("the file is written");
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// A file's text; empty where it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        self.read(name).lines().map(ToOwned::to_owned).collect()
    }

    pub(crate) fn await_file(&self, name: &str) {
        eventually(&format!("the file {name}"), || self.has(name));
    }

    /// The program, with nothing of the caller's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_goalc"));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GOAL")) {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("GOALC_STATE_DIR", self.state())
            .env("NO_COLOR", "1")
            .env_remove("CI")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Done {
        self.spawn(self.command(arguments)).end()
    }

    /// Starts a process whose output goes to files, so that nobody has to read it meanwhile.
    pub(crate) fn spawn(&self, mut command: Command) -> Live {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let place = |end: &str| self.folder.path().join("calls").join(format!("{call}.{end}"));
        let (out, err) = (place("out"), place("err"));
        command
            .stdout(File::create(&out).expect("a file for standard output"))
            .stderr(File::create(&err).expect("a file for standard error"));
        let child = command.spawn().expect("the program starts");
        Live { child, out, err, began: Instant::now() }
    }

    /// `goalc run plan.goal --format json …`, to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.start(arguments).outcome()
    }

    /// The same, and goes on while it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Live {
        let fixed = ["run", "plan.goal", "--format", "json"];
        self.spawn(self.command(&[&fixed, arguments].concat()))
    }

    pub(crate) fn resume(&self, arguments: &[&str]) -> Outcome {
        self.start_resume(arguments).outcome()
    }

    pub(crate) fn start_resume(&self, arguments: &[&str]) -> Live {
        let fixed = ["resume", "--format", "json"];
        self.spawn(self.command(&[&fixed, arguments].concat()))
    }

    /// The newest run as it stands.
    pub(crate) fn show(&self) -> Outcome {
        Outcome::of(self.call(&["show", "--format", "json"]))
    }

    pub(crate) fn await_status(&self, step: &str, status: &str) {
        eventually(&format!("{step} is {status}"), || {
            let done = self.call(&["show", "--format", "json"]);
            done.code == 0 && Outcome::of(done).status(step) == status
        });
    }

    /// The state's only run.
    pub(crate) fn run_id(&self) -> String {
        let json = self.call(&["runs", "--format", "json"]).json();
        json["runs"][0]["run"].as_str().expect("a run").to_owned()
    }

    pub(crate) fn check(&self, name: &str) -> Vec<Value> {
        let done = self.call(&["check", name, "--format", "json"]);
        done.json()["diagnostics"].as_array().expect("a list of findings").clone()
    }
}

/// A process under way; killed where a test ends before it does.
pub(crate) struct Live {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    began: Instant,
}

impl Live {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("the process takes a signal");
    }

    /// As a machine that stops: nothing in the process has its say.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn end(self) -> Done {
        self.end_within(PATIENCE)
    }

    /// Of one that has much to do, in a build without optimisation.
    pub(crate) fn end_within(mut self, patience: Duration) -> Done {
        let mut status = None;
        eventually_within(patience, "the end of the process", || {
            status = self.child.try_wait().expect("its state is known");
            status.is_some()
        });
        let took = self.began.elapsed();
        let code = exit_code(status.expect("it has ended"));
        Done { code, out: bytes(&self.out), err: text(&self.err), took }
    }

    pub(crate) fn outcome(self) -> Outcome {
        Outcome::of(self.end())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the output is readable")
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&bytes(path)).into_owned()
}

/// A process that has ended.
pub(crate) struct Done {
    /// The exit code; `-9` where signal 9 ended it.
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Done {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// All that it printed.
    pub(crate) fn text(&self) -> String {
        self.out() + &self.err
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out)
            .unwrap_or_else(|e| panic!("no JSON value alone ({e}): {}", self.text()))
    }

    /// Requires an exit code, and shows what was printed otherwise.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }
}

/// How a run stands, as JSON.
pub(crate) struct Outcome {
    pub(crate) done: Done,
    pub(crate) json: Value,
}

impl Outcome {
    pub(crate) fn of(done: Done) -> Self {
        let json = done.json();
        Self { done, json }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.done.code, code, "{}", self.done.text());
        self
    }

    /// The step's entry; null where there is none.
    pub(crate) fn step(&self, id: &str) -> &Value {
        let steps = self.json["steps"].as_array();
        let step = steps.and_then(|steps| steps.iter().find(|step| step["id"] == id));
        step.unwrap_or(&Value::Null)
    }

    pub(crate) fn status(&self, id: &str) -> &str {
        self.step(id)["status"].as_str().unwrap_or("not in the result")
    }

    pub(crate) fn attempts(&self, id: &str) -> u64 {
        self.step(id)["attempts"].as_u64().expect("a number of attempts")
    }

    pub(crate) fn reason(&self, id: &str) -> &str {
        self.step(id)["reason"].as_str().unwrap_or_default()
    }

    /// Requires these statuses, written `a succeeded, b failed`.
    #[track_caller]
    pub(crate) fn stands(self, wanted: &str) -> Self {
        let found: Vec<String> = wanted
            .split(", ")
            .map(|each| each.split_once(' ').expect("a step and a status").0)
            .map(|id| format!("{id} {}", self.status(id)))
            .collect();
        assert_eq!(found.join(", "), wanted, "{}", self.done.text());
        self
    }
}

/// All regular files below a folder, with what is in them.
pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut content = Vec::new();
                let opened = File::open(&path).and_then(|mut file| file.read_to_end(&mut content));
                if opened.is_ok() {
                    files.push((path, content));
                }
            }
        }
    }
    files
}

/// Whether some bytes are among others.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Whether a process of this number is there, and is no zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
