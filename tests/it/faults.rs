//! What the world does to a running goalc: its folder goes, it is stopped, its descriptors are
//! closed, a step turns on it, its state is copied.
//!
//! Kills are in `crash` and `resume`, signals in `signals`, damaged files in `damage`; disks that
//! fail in `scripts/tests/state-lost`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::support::{Live, Outcome, Project, eventually, is_alive};
use crate::terminal::Terminal;

const HELD: &str = r#"
goal g {
  step first { run "echo x >> first" }
  step held { depends first; run "touch started; sh hold go"; idempotent }
  step last { depends held; run "touch last" }
}
"#;

/// A run whose second step waits.
fn held() -> (Project, Live) {
    let project = Project::new(HELD);
    let live = project.start(&[]);
    project.await_file("started");
    eventually("the step's wait", || project.read("held").ends_with('\n'));
    (project, live)
}

#[test]
fn a_state_that_is_removed_ends_the_run_with_a_word_and_starts_nothing_more() {
    let (project, live) = held();
    fs::remove_dir_all(project.state()).expect("it is removed");
    project.write("go", "");
    let done = live.end().exits(4);
    assert!(done.err.contains("state"), "{}", done.err);
    assert!(!project.has("last"));
}

#[test]
fn a_step_that_takes_its_time_to_end_is_waited_for_when_the_state_is_lost() {
    let project = Project::new(
        r#"
goal g {
  step stubborn { run "trap '' TERM; echo $$ > stubborn; sh hold never"; grace 300ms }
  step tidy { run "trap 'sh hold tidied; touch tidy-end; exit 1' TERM; echo $$ > tidy; sh hold never"; grace 1m }
  step other { run "sh hold go" }
}
"#,
    );
    let live = project.start(&["-j", "3"]);
    let steps = ["stubborn", "tidy"];
    eventually("both steps", || steps.iter().all(|step| project.read(step).ends_with('\n')));
    fs::remove_dir_all(project.state()).expect("it is removed");
    project.write("go", "");
    eventually("the end of the stubborn step", || !is_alive(&project.read("stubborn")));
    project.write("tidied", "");
    live.end().exits(4);
    assert!(project.has("tidy-end"), "it had a minute, and was ended");
    assert!(!is_alive(&project.read("tidy")));
}

#[test]
fn a_copy_of_a_state_leaves_the_run_that_goes_on_alone() {
    let (project, live) = held();
    let step = project.read("held");
    let copy = project.path("copied-state");
    let copied = Command::new("cp").arg("-a").arg(project.state()).arg(&copy).status();
    assert!(copied.expect("it is copied").success());
    let in_copy = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("GOALC_STATE_DIR", &copy);
        project.spawn(command).end()
    };
    let shown = Outcome::of(in_copy(&["show", "--format", "json"])).exits(0);
    assert_eq!(shown.status("first"), "succeeded");
    fs::remove_file(project.path("started")).expect("it is removed");
    let mut command = project.command(&["resume", "--format", "json"]);
    command.env("GOALC_STATE_DIR", &copy);
    let resumed = project.spawn(command);
    project.await_file("started");
    assert!(is_alive(&step), "the original's step was ended");
    // The guardian of the copy ends what is the copy's.
    resumed.kill();
    project.write("go", "");
    let outcome = live.outcome().exits(0);
    outcome.stands("first succeeded, held succeeded, last succeeded");
    assert_eq!(project.lines("first").len(), 1);
}

#[test]
fn what_still_runs_of_a_killed_run_is_ended_before_it_is_undone() {
    let project = Project::new(
        r#"
goal g {
  step writes {
    run "echo $$ > pid; touch started; while sleep 0.05; do echo more >> data; done"
    snapshot "data"
  }
}
"#,
    );
    project.write("data", "as it was\n");
    let live = project.start(&[]);
    project.await_file("started");
    eventually("something written", || project.lines("data").len() > 1);
    // The guardian, too: nobody is left who could end the step.
    let children = children_of(live.pid());
    for guardian in children.iter().filter(|pid| command_line(pid).contains("__guardian")) {
        let killed = Command::new("kill").args(["-KILL", guardian]).status();
        assert!(killed.expect("kill").success());
    }
    live.kill();
    let pid = project.read("pid");
    assert!(is_alive(&pid), "nothing is left to be ended");
    project.call(&["rollback", "--to", "start"]).exits(0);
    assert!(!is_alive(&pid));
    assert_eq!(project.read("data"), "as it was\n");
}

fn children_of(pid: u32) -> Vec<String> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().map(ToOwned::to_owned).collect()
}

fn command_line(pid: &str) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

#[test]
fn closed_descriptors_are_never_taken_for_the_journal() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let project = Project::new(
            r#"goal g { step a { run "echo to-out; echo to-err >&2; cat" }; step b { depends a; run "touch b" } }"#,
        );
        let goalc = project.command(&[]).get_program().to_owned();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec \"$0\" run plan.goal {closed}")).arg(goalc);
        shell.current_dir(project.path("")).env("GOALC_STATE_DIR", project.state());
        let done = project.spawn(shell).end().exits(0);
        assert!(project.has("b"), "{closed}: {}", done.text());
        project.show().exits(0).stands("a succeeded, b succeeded");
        let database = fs::read(project.state().join("state.db")).expect("the database");
        assert!(database.starts_with(b"SQLite format 3\0"), "{closed}");
    }
}

#[test]
fn a_folder_that_is_gone_is_named() {
    let project = Project::new(
        r#"goal g { step a { dir "sub"; run "rmdir ../sub; pwd; touch ../a" }; step b { depends a; dir "sub"; run "true" } }"#,
    );
    fs::create_dir(project.path("sub")).expect("a folder");
    let outcome = project.run(&[]).exits(1).stands("b failed");
    assert!(outcome.reason("b").contains("sub` is not there"), "{}", outcome.reason("b"));
}

#[test]
fn a_caller_whose_folder_is_gone_is_told_so() {
    let project = Project::new(HELD);
    let gone = project.path("gone");
    fs::create_dir(&gone).expect("a folder");
    let goalc = project.command(&[]).get_program().to_owned();
    for call in ["check plan.goal", "run plan.goal", "runs", "check"] {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("rmdir \"$PWD\"; exec \"$0\" {call}")).arg(&goalc);
        shell.current_dir(&gone).env_remove("GOALC_STATE_DIR");
        let done = project.spawn(shell).end();
        let wanted: &[i32] = if call == "runs" { &[0, 2, 4] } else { &[2, 4] };
        assert!(wanted.contains(&done.code), "{call}: {} {}", done.code, done.text());
        assert!(!done.text().is_empty() && !done.text().contains("panicked"), "{call}");
        fs::create_dir(&gone).expect("a folder");
    }
}

#[test]
fn what_hides_itself_is_found_and_ended() {
    let project = Project::new(
        r#"
goal g {
  step hides {
    run """
      here=$PWD
      (cd / && exec setsid env -i /bin/sh -c "echo \$\$ > '$here/pid'; exec sleep 600") < /dev/null > /dev/null 2>&1 &
      until test -s pid; do sleep 0.01; done
    """
  }
}
"#,
    );
    project.run(&[]).exits(0).stands("hides succeeded");
    let pid = project.read("pid");
    assert!(!pid.trim().is_empty());
    eventually("the end of what hid", || !is_alive(&pid));
}

#[test]
fn a_step_that_kills_its_whole_session_takes_no_one_along() {
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step beside { run "touch started; sh hold go" }
  step kills { run "until test -e started; do sleep 0.01; done; kill -KILL 0" }
  step nobody { run "until test -e started; do sleep 0.01; done; kill -KILL -$$" }
}
"#,
    );
    let live = project.start(&["-j", "4"]);
    project.await_status("kills", "failed");
    project.await_status("nobody", "failed");
    project.write("go", "");
    let outcome = live.outcome().exits(1).stands("beside succeeded, kills failed, nobody failed");
    assert!(outcome.reason("kills").contains("SIGKILL"), "{}", outcome.reason("kills"));
}

#[test]
fn a_stopped_goalc_loses_no_end_and_goes_on() {
    let (project, live) = held();
    live.signal(Signal::STOP);
    let held = project.read("held");
    project.write("go", "");
    // The step ends while nobody looks.
    eventually("the step's end", || !is_alive(&held));
    live.signal(Signal::CONT);
    let outcome = live.outcome().exits(0);
    outcome.stands("first succeeded, held succeeded, last succeeded");
    assert_eq!(project.show().attempts("held"), 1);
}

#[test]
fn a_terminal_is_left_as_it_was_and_steps_have_none() {
    let project = Project::new(
        r#"
goal g {
  step reads { run "cat > read; (: < /dev/tty) 2> no-terminal || true; test -t 0 || test -t 1 || touch no-tty" }
  step asks { depends reads; confirm "Go on?"; run "true" }
}
"#,
    );
    let goalc = project.command(&[]).get_program().to_owned();
    let script = "stty -a > before; \"$0\" run plan.goal; echo \"code $?\"; stty -a > after";
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(goalc).current_dir(project.path(""));
    shell.env("GOALC_STATE_DIR", project.state()).env_remove("CI");
    let mut terminal = Terminal::with(shell);
    terminal.answers("[?]: ", "y");
    terminal.sees("code 0");
    terminal.ends(0);
    assert!(project.has("no-tty") && !project.read("no-terminal").is_empty());
    assert_eq!(project.read("read"), "", "what a person types is no step's input");
    assert_eq!(project.read("after"), project.read("before"));
}

#[test]
fn any_bytes_leave_json_whole() {
    let project = Project::new(
        r#"
goal g {
  param text: string = "a"
  step bytes {
    run "i=0; while test $i -lt 256; do printf \"\\\\$(printf %03o $i)\"; i=$((i + 1)); done; printf 'x=%s\\n' \"$text\" >> $GOAL_OUTPUT; echo '{\"event\":\"step-ended\"}' >&2"
    output x: string
  }
  step fails { depends bytes; run "printf '\\377\\000\\033]0;t\\007' >&2; exit 1" }
}
"#,
    );
    let nasty = "text=\u{1b}[2J\u{7}\"\\\u{202e}\u{2028}\u{85}é\u{1f600}";
    let outcome = project.run(&["-p", nasty]).exits(1).stands("bytes succeeded, fails failed");
    assert_eq!(outcome.step("bytes")["outputs"]["x"], nasty.strip_prefix("text=").expect("text"));
    for call in ["show", "report", "runs"] {
        project.call(&[call, "--format", "json"]).exits(0).json();
    }
    let mut command = project.command(&["run", "plan.goal", "--format", "jsonl", "-p", nasty]);
    command.env("TERM", "xterm");
    let lines = project.spawn(command).end().exits(1).out;
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        serde_json::from_slice::<serde_json::Value>(line).expect("each line is JSON");
    }
}

#[test]
fn an_interrupt_while_a_snapshot_is_taken_or_put_back_leaves_an_exact_tree() {
    let project = Project::new(
        r#"
goal g {
  step a { snapshot "data"; run "rm -r data; touch ran; exit 1"; idempotent }
}
"#,
    );
    let names: Vec<String> = (0..400).map(|number| format!("data/{number}/file")).collect();
    for name in &names {
        project.write(name, name);
    }
    let whole = |project: &Project| names.iter().all(|name| project.read(name) == *name);
    for _ in 0..3 {
        let live = project.start(&[]);
        // As soon as there is something of the snapshot.
        eventually("a snapshot begun", || {
            crate::support::files_below(&project.state())
                .iter()
                .any(|(path, _)| path.components().any(|part| part.as_os_str() == "snapshots"))
        });
        live.signal(Signal::INT);
        let code = live.end().code;
        assert!([1, 130].contains(&code), "{code}");
        project.resume(&["--retry-failed"]);
        project.call(&["cancel"]);
        project.call(&["rollback", "--to", "start"]);
        assert!(whole(&project), "the tree is not as it was");
        fs::remove_dir_all(project.state()).expect("it is removed");
    }
}

#[test]
fn a_lock_of_another_start_of_the_machine_or_a_reused_number_holds_no_one() {
    let (project, live) = held();
    live.kill();
    let lock = project.state().join("runs").join(project.run_id()).join("lock");
    // A process that is alive, and is not the run's.
    let holder =
        format!(r#"{{"pid":{},"host":"here","boot":"another","since":0}}"#, std::process::id());
    fs::write(&lock, holder).expect("it is written");
    let shown = project.show().exits(0);
    assert!(shown.json["reason"].to_string().contains("its process is gone"), "{}", shown.json);
    project.write("go", "");
    project.resume(&[]).exits(0).stands("held succeeded, last succeeded");
}

/// A control group of this machine that may have so much memory; goes with this.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// `None` where none can be made: not as root, or not on such a machine.
    fn new(limit: u64) -> Option<Self> {
        let name = format!("goalc-test-{}", std::process::id());
        let tops =
            [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        tops.iter().find_map(|(top, bound)| {
            let group = Path::new(top).join(&name);
            fs::create_dir(&group).ok()?;
            let group = Self(group);
            let set =
                |name: &str, limit: u64| fs::write(group.0.join(name), limit.to_string()).is_ok();
            // Made by itself, where the controller is there.
            if !group.0.join(bound).exists() || !set(bound, limit) {
                return None;
            }
            // What is swapped out is not ended.
            let _ = set("memory.memsw.limit_in_bytes", limit) || set("memory.swap.max", 0);
            Some(group)
        })
    }

    /// A command that runs in it.
    fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside.args(["-c", "echo $$ > \"$1/cgroup.procs\" && shift && exec \"$@\"", "sh"]);
        inside.arg(&self.0).arg(command.get_program()).args(command.get_args());
        adopt(&mut inside, command);
        inside
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn what_the_system_ends_as_memory_has_run_out_has_failed_for_its_memory() {
    let Some(group) = MemoryGroup::new(100 << 20) else {
        eprintln!("skipped: no control group can be made here");
        return;
    };
    let project = Project::new(
        r#"
goal g {
  on failure continue
  step killed { run "kill -9 $$" }
  step survivor { after killed; run "python3 -c 'bytearray(200 << 20)' || true" }
  step later { after survivor; run "kill -9 $$" }
  step itself { after later; run ["python3", "-c", "bytearray(200 << 20)"] }
  step script { after itself; run "python3 -c 'bytearray(200 << 20)'\necho never" }
  step again {
    after script
    run ["python3", "-c", "import os; bytearray((200 if os.environ['GOAL_ATTEMPT'] == '1' else 1) << 20)"]
    retry 1 on memory
  }
}
"#,
    );
    let command = project.command(&["run", "plan.goal", "--format", "json"]);
    let outcome = Outcome::of(project.spawn(group.enter(&command)).end()).exits(1);
    for step in ["itself", "script"] {
        assert_eq!(outcome.reason(step), "used more than the memory it may use");
        assert!(outcome.step(step)["notes"][0].as_str().unwrap().contains("memory had run out"));
    }
    for step in ["killed", "later"] {
        assert_eq!(outcome.reason(step), "ended by SIGKILL");
    }
    outcome.stands("survivor succeeded, again succeeded");
}

#[test]
fn steps_that_wait_for_descriptors_keep_none_from_those_that_run() {
    let steps: Vec<String> =
        (0..60).map(|n| format!("step s{n} {{ run \"sleep 0.05\"; idempotent }}")).collect();
    let project = Project::new(&format!("goal g {{\n{}\n}}\n", steps.join("\n")));
    let plain = project.command(&["run", "plan.goal", "--format", "json", "-j", "32"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 80 && exec \"$@\"", "sh"]);
    command.arg(plain.get_program()).args(plain.get_args());
    adopt(&mut command, &plain);
    Outcome::of(project.spawn(command).end()).exits(0).stands("s0 succeeded, s59 succeeded");
}

/// Runs where the other would, with what it would be given.
fn adopt(command: &mut Command, other: &Command) {
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(other.get_current_dir().expect("it has a folder"));
}
