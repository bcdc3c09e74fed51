//! Real processes. Whatever is waited for is an event: a line, an end, a closed pipe.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use tempfile::TempDir;

use super::*;

const LONG: Duration = Duration::from_mins(1);

fn marked(cookie: &str) -> ProcessEnv {
    let path = std::env::var_os("PATH").unwrap_or_default();
    [("PATH".into(), path), ("GOALC_STEP".into(), cookie.into())].into_iter().collect()
}

fn environment(name: &str) -> (ProcessEnv, OsString) {
    let cookie = format!("run{}:{name}:1", std::process::id());
    (marked(&cookie), format!("GOALC_STEP={cookie}").into())
}

fn order(dir: &TempDir, argv: &[&str]) -> ProcessOrder {
    let (env, cookie) = environment(&dir.path().to_string_lossy());
    ProcessOrder {
        argv: argv.iter().map(OsString::from).collect(),
        env,
        cookie,
        dir: dir.path().to_owned(),
        log: dir.path().join("log"),
        capture: Some(1 << 20),
        ..ProcessOrder::default()
    }
}

fn script(dir: &TempDir, text: &str) -> ProcessOrder {
    order(dir, &["sh", "-c", text])
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn run(order: &ProcessOrder) -> ProcessReport {
    supervise(order, &Controller::new())
}

fn stdout(report: &ProcessReport) -> String {
    String::from_utf8_lossy(report.stdout.as_deref().unwrap_or_default()).into_owned()
}

fn cannot_start(report: &ProcessReport) -> &str {
    match &report.end {
        ProcessEnd::CannotStart(why) => why,
        other => panic!("{other:?}"),
    }
}

/// Runs in a thread; the receiver gets its lines.
fn in_background(
    mut order: ProcessOrder,
    control: &Controller,
) -> (std::thread::JoinHandle<ProcessReport>, Receiver<OutputLine>) {
    let (sender, lines) = unbounded();
    order.lines = Some(sender);
    let control = control.clone();
    (std::thread::spawn(move || supervise(&order, &control)), lines)
}

fn next(lines: &Receiver<OutputLine>) -> String {
    lines.recv_timeout(LONG).unwrap().text
}

fn is_alive(pid: &str) -> bool {
    proc::look(pid.trim().parse().unwrap()).is_some_and(|seen| !seen.zombie)
}

#[test]
fn exit_codes_and_signals_are_told_apart() {
    let dir = folder();
    assert_eq!(run(&script(&dir, "true")).end, ProcessEnd::Exited(0));
    assert_eq!(run(&script(&dir, "exit 255")).end, ProcessEnd::Exited(255));
    assert_eq!(run(&script(&dir, "kill -SEGV $$")).end, ProcessEnd::Signalled(11));
    assert_eq!(run(&script(&dir, "kill -KILL $$")).end, ProcessEnd::Signalled(9));
    assert_eq!(signal_name(9), "SIGKILL");
}

#[test]
fn output_is_logged_captured_and_its_end_kept() {
    let dir = folder();
    let report = run(&script(&dir, "echo one; echo two >&2; printf three"));
    assert_eq!(stdout(&report), "one\nthree");
    assert_eq!(report.tail.last().map(String::as_str), Some("three"));
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert!(log.contains("one\n") && log.contains("two\n") && log.ends_with("three"), "{log}");
    let mode = fs::metadata(dir.path().join("log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_silent_process_has_no_log() {
    let dir = folder();
    let report = run(&script(&dir, "true"));
    assert!(report.tail.is_empty() && report.notes.is_empty());
    assert!(!dir.path().join("log").exists());
}

#[test]
fn a_log_is_never_written_through_a_link() {
    let dir = folder();
    fs::write(dir.path().join("other"), "mine").unwrap();
    std::os::unix::fs::symlink(dir.path().join("other"), dir.path().join("log")).unwrap();
    let report = run(&script(&dir, "echo text"));
    assert_eq!(fs::read_to_string(dir.path().join("other")).unwrap(), "mine");
    assert!(report.notes[0].contains("the log could not be written"), "{:?}", report.notes);
    assert_eq!(report.end, ProcessEnd::Exited(0));
}

#[test]
fn what_cannot_start_says_why() {
    let dir = folder();
    let write = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("plain", "#!/bin/sh\n", 0o644);
    write("bare", "echo hello\n", 0o755);
    write("lost", "#!/no/such/interpreter -x\n", 0o755);
    let why = |argv: &[&str]| cannot_start(&run(&order(&dir, argv))).to_owned();
    assert_eq!(why(&["no-such-command"]), "there is no command `no-such-command` in PATH");
    assert_eq!(why(&["./nothing"]), "`./nothing` is not there");
    assert!(why(&["./plain"]).starts_with("`./plain` is not executable"));
    assert_eq!(why(&["/"]), "`/` is a folder, not a program");
    assert!(why(&["./bare"]).contains("a script with a first line such as `#!/bin/sh`"));
    assert!(why(&["./lost"]).contains("the interpreter `/no/such/interpreter`"));
    assert!(why(&["true", &"x".repeat(200_000)]).starts_with("argument too long"));
    assert!(why(&["true", "a\0b"]).contains("NUL"));
    assert!(why(&[""]).contains("empty"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let dir = folder();
    let order = ProcessOrder { dir: dir.path().join("gone"), ..script(&dir, "true") };
    assert!(cannot_start(&run(&order)).contains("gone` is not there"));
}

#[test]
fn an_environment_that_is_too_large_is_said_so() {
    let dir = folder();
    let mut order = script(&dir, "true");
    for number in 0..40 {
        order.env.set(format!("BIG{number}"), "x".repeat(100_000));
    }
    let limit = fs::read_to_string("/proc/self/limits").unwrap();
    if limit.contains("Max stack size            8388608") {
        assert!(cannot_start(&run(&order)).starts_with("argument too long"));
    }
}

#[test]
fn standard_input_is_empty() {
    let dir = folder();
    assert_eq!(run(&order(&dir, &["cat"])).end, ProcessEnd::Exited(0));
}

#[test]
fn only_three_descriptors_are_inherited() {
    let dir = folder();
    let held = fs::File::open("/dev/null").unwrap();
    let report = run(&order(&dir, &["ls", "/proc/self/fd"]));
    // The fourth is the one by which `ls` reads the folder.
    assert_eq!(stdout(&report), "0\n1\n2\n3\n");
    drop(held);
}

#[test]
fn a_process_has_its_own_session_and_no_terminal() {
    let dir = folder();
    let report = run(&script(&dir, "cut -d' ' -f1,5,6 /proc/$$/stat; : < /dev/tty"));
    let out = stdout(&report);
    let numbers: Vec<&str> = out.split_whitespace().collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(|number| *number == numbers[0]), "{out}");
    assert_ne!(report.end, ProcessEnd::Exited(0));
}

#[test]
fn broken_pipes_end_writers_silently() {
    let dir = folder();
    let report = run(&script(&dir, "yes | head -1"));
    assert_eq!(report.tail, ["y"]);
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let dir = folder();
    let report = run(&order(&dir, &["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]));
    for line in stdout(&report).lines() {
        let set = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
        // The C library keeps 32 and 33 for itself.
        assert_eq!(set & 0x7fff_ffff, 0, "{line}");
    }
}

#[test]
fn a_polite_process_ends_at_its_timeout_not_after_its_grace() {
    let dir = folder();
    let order = ProcessOrder {
        timeout: Some(Duration::from_millis(100)),
        grace: LONG,
        ..order(&dir, &["sleep", "600"])
    };
    let began = Instant::now();
    assert_eq!(run(&order).end, ProcessEnd::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_a_process_starts_to_end_in_order_is_left_alone() {
    let dir = folder();
    let text = "trap 'sleep 0.3; echo whole; exit 3' TERM; echo up; while :; do sleep 0.01; done";
    let order = ProcessOrder { grace: LONG, ..script(&dir, text) };
    let control = Controller::new();
    let (thread, lines) = in_background(order, &control);
    assert_eq!(next(&lines), "up");
    control.send(Control::Terminate);
    // The shell may tell that the `sleep` of its loop was ended.
    let said = std::iter::repeat_with(|| next(&lines)).find(|line| line != "Terminated");
    assert_eq!(said.as_deref(), Some("whole"));
    assert_eq!(thread.join().unwrap().end, ProcessEnd::Stopped);
}

#[test]
fn a_tree_that_ignores_sigterm_is_killed() {
    let dir = folder();
    let text =
        "trap '' TERM; sh -c 'echo $$; sleep 600; sleep 600' & echo $$; wait; wait; sleep 600";
    let mut order = script(&dir, text);
    order.grace = Duration::from_millis(100);
    let control = Controller::new();
    let (thread, lines) = in_background(order, &control);
    let pids = [next(&lines), next(&lines)];
    control.send(Control::Terminate);
    assert_eq!(thread.join().unwrap().end, ProcessEnd::Stopped);
    assert!(!pids.iter().any(|pid| is_alive(pid)));
}

#[test]
fn a_process_that_left_the_session_is_ended_at_the_timeout() {
    let dir = folder();
    let text = "setsid sh -c 'echo $$; trap \"\" TERM; sleep 600; sleep 600' & sleep 600";
    let mut order = script(&dir, text);
    order.grace = Duration::from_millis(100);
    let control = Controller::new();
    let (thread, lines) = in_background(order, &control);
    let pid = next(&lines);
    control.send(Control::Terminate);
    let report = thread.join().unwrap();
    assert_eq!((report.end, report.survivors), (ProcessEnd::Stopped, 0));
    assert!(!is_alive(&pid));
}

#[test]
fn killing_does_not_wait_for_the_grace() {
    let dir = folder();
    let order = ProcessOrder { grace: LONG, ..script(&dir, "trap '' TERM; echo up; sleep 600") };
    let control = Controller::new();
    let (thread, lines) = in_background(order, &control);
    next(&lines);
    let began = Instant::now();
    control.send(Control::Terminate);
    control.send(Control::Kill);
    assert_eq!(thread.join().unwrap().end, ProcessEnd::Stopped);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_is_started_with_a_stopped_controller_does_not_run() {
    let dir = folder();
    let control = Controller::new();
    control.send(Control::Terminate);
    let report = supervise(&script(&dir, "touch ran"), &control);
    assert_eq!(report.end, ProcessEnd::Stopped);
    assert!(!dir.path().join("ran").exists());
}

#[test]
fn the_exit_status_decides_and_a_background_process_is_ended() {
    let dir = folder();
    let report = run(&script(&dir, "sleep 600 & echo $!; exit 3"));
    assert_eq!(report.end, ProcessEnd::Exited(3));
    assert_eq!(report.notes, ["it left a background process, which was ended"]);
    assert!(!is_alive(&stdout(&report)));
}

#[test]
fn a_daemon_that_holds_the_output_is_found_by_its_cookie() {
    let dir = folder();
    let text = "setsid sh -c 'echo $$; : > up; exec sleep 600' & until [ -e up ]; do :; done";
    let report = run(&script(&dir, text));
    assert_eq!(report.end, ProcessEnd::Exited(0));
    assert_eq!(report.notes, ["it left a background process, which was ended"]);
    assert!(!is_alive(&stdout(&report)));
}

#[test]
fn a_daemon_that_closed_its_output_comes_home_and_is_ended() {
    become_subreaper().unwrap();
    let dir = folder();
    let text = "setsid sh -c 'echo $$ > pid; exec sleep 600' </dev/null >/dev/null 2>&1 &
        until [ -s pid ]; do :; done";
    let report = run(&script(&dir, text));
    assert_eq!(report.notes, ["it left a background process, which was ended"]);
    assert!(!is_alive(&fs::read_to_string(dir.path().join("pid")).unwrap()));
}

#[test]
fn a_background_process_that_ends_soon_is_waited_for() {
    let dir = folder();
    let report = run(&script(&dir, "(sleep 0.02; echo late) & exit 0"));
    assert_eq!((stdout(&report).as_str(), report.notes.len()), ("late\n", 0));
}

#[test]
fn a_suspended_process_stands_still_and_so_does_its_timeout() {
    let dir = folder();
    let mut order = script(&dir, "while :; do echo tick; sleep 0.01; done");
    order.timeout = Some(Duration::from_millis(300));
    let control = Controller::new();
    let (thread, lines) = in_background(order, &control);
    next(&lines);
    control.send(Control::Suspend);
    assert!(!control.wait(Duration::from_millis(500)));
    assert!(!thread.is_finished());
    control.send(Control::Resume);
    assert_eq!(thread.join().unwrap().end, ProcessEnd::TimedOut);
}

#[test]
fn output_beyond_the_limit_is_dropped_and_said_so() {
    let dir = folder();
    let mut order = script(&dir, "yes | head -c 3000000");
    order.log_limit = 10_000;
    order.capture = Some(100);
    let report = run(&order);
    assert_eq!(report.end, ProcessEnd::Exited(0));
    assert_eq!(report.stdout, None);
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert!(log.ends_with("y\n[goalc: the log is cut here, at its limit of 9.8KiB]\n"));
    assert!(log.len() < 10_100);
    assert_eq!(report.notes, ["the log was cut at 9.8KiB; 2.9MiB more were dropped"]);
}

#[test]
fn a_long_line_is_whole_in_the_log_and_cut_where_it_is_shown() {
    let dir = folder();
    let report = run(&script(&dir, "head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"));
    let lengths: Vec<usize> = report.tail.iter().map(String::len).collect();
    assert_eq!(lengths, [65536, 3]);
    assert_eq!(fs::metadata(dir.path().join("log")).unwrap().len(), 300_005);
}

#[test]
fn secrets_are_masked_also_where_they_are_written_in_pieces() {
    let dir = folder();
    let mut order =
        script(&dir, "printf hunt; sleep 0.05; echo er22 | tee /dev/stderr; echo hunter22");
    order.masker = Arc::new(Masker::new(["hunter22".to_owned()]));
    let report = run(&order);
    assert_eq!(stdout(&report), "hunter22\nhunter22\n");
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert!(log.contains("***\n") && !log.contains("hunter22"), "{log}");
    assert!(!report.tail.concat().contains("hunter22"), "{:?}", report.tail);
}

#[test]
fn a_slow_reader_of_lines_is_not_waited_for() {
    let dir = folder();
    let mut order = script(&dir, "seq 1000");
    let (sender, lines) = crossbeam_channel::bounded(10);
    order.lines = Some(sender);
    assert_eq!(run(&order).end, ProcessEnd::Exited(0));
    assert_eq!(lines.try_iter().count(), 10);
    assert_eq!(fs::read_to_string(dir.path().join("log")).unwrap().lines().count(), 1000);
}

#[test]
fn a_slow_reader_of_lines_is_told_what_it_missed_and_sees_the_last_ones() {
    let dir = folder();
    let mut order = script(&dir, "seq 1000; touch end");
    let (sender, lines) = crossbeam_channel::bounded(10);
    order.lines = Some(sender);
    let end = dir.path().join("end");
    let read = std::thread::spawn(move || {
        while !end.exists() {
            std::thread::yield_now();
        }
        lines.iter().map(|line| line.text).collect::<Vec<_>>()
    });
    run(&order);
    drop(order);
    let read = read.join().unwrap();
    assert_eq!(read.last().map(String::as_str), Some("1000"), "{read:?}");
    assert!(read.iter().any(|line| line.ends_with("lines are only in the log]")), "{read:?}");
}

#[test]
fn bytes_that_are_no_text_are_logged_as_they_are() {
    let dir = folder();
    let report = run(&script(&dir, r"printf '\377\376\n'"));
    assert_eq!(fs::read(dir.path().join("log")).unwrap(), b"\xff\xfe\n");
    assert_eq!(report.tail, ["\u{fffd}\u{fffd}"]);
}

#[test]
fn processes_can_be_joined_by_a_pipe() {
    let dir = folder();
    let (read, write) = pipe().unwrap();
    let other = folder();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let ends = Ends { stdin: None, stdout: Some(write) };
            supervise_joined(&order(&dir, &["seq", "3"]), ends, &Controller::new())
        });
        let ends = Ends { stdin: Some(read), stdout: None };
        let reader = supervise_joined(&order(&other, &["cat"]), ends, &Controller::new());
        assert_eq!(stdout(&reader), "1\n2\n3\n");
        assert_eq!(writer.join().unwrap().end, ProcessEnd::Exited(0));
    });
}

#[test]
fn more_memory_than_allowed_is_its_own_end() {
    let dir = folder();
    let mut order = script(&dir, "x=$(head -c 300000000 /dev/zero | tr '\\0' x); sleep 600");
    order.memory = Some(200 << 20);
    assert_eq!(run(&order).end, ProcessEnd::OutOfMemory);
}

#[test]
fn processors_can_be_limited() {
    let dir = folder();
    let mut order = order(&dir, &["nproc"]);
    order.cpus = Some(1);
    assert_eq!(stdout(&run(&order)), "1\n");
}

#[test]
fn used_time_is_measured() {
    let dir = folder();
    let report = run(&script(&dir, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
    assert!(report.usage.cpu > Duration::from_millis(5), "{:?}", report.usage);
}

#[test]
fn ending_leaves_other_trees_alone() {
    let (dir, other) = (folder(), folder());
    let control = Controller::new();
    let (stays, lines) = in_background(script(&other, "echo up; setsid sleep 600"), &control);
    next(&lines);
    assert!(run(&script(&dir, "sleep 600 & exit 0")).notes.len() == 1);
    assert!(!stays.is_finished());
    control.send(Control::Terminate);
    assert_eq!(stays.join().unwrap().end, ProcessEnd::Stopped);
}

/// A guardian, run by a test below.
#[test]
#[ignore = "becomes a guardian, where a test starts it as one"]
fn as_guardian() {
    if let Some(run) = std::env::var_os("GUARDED_RUN") {
        guardian_main(&[run]);
    }
}

fn guardian(run: &str) -> Guardian {
    let program = std::env::current_exe().unwrap();
    let filter = "exec::process::tests::as_guardian";
    let argv = [program.as_os_str(), "--exact".as_ref(), filter.as_ref(), "--ignored".as_ref()];
    let argv = argv.into_iter().map(OsString::from).collect();
    Guardian::start_as(argv, [("GUARDED_RUN".into(), run.into())].into_iter().collect()).unwrap()
}

fn guarded(dir: &Path, run: &str, text: &str) -> ProcessOrder {
    let cookie = format!("{run}:step:1");
    ProcessOrder {
        argv: vec!["sh".into(), "-c".into(), text.into()],
        env: marked(&cookie),
        cookie: format!("GOALC_STEP={cookie}").into(),
        dir: dir.to_owned(),
        ..ProcessOrder::default()
    }
}

#[test]
fn the_guardian_ends_a_run_whose_goalc_was_killed() {
    let dir = folder();
    let run = format!("killed{}", std::process::id());
    let text = "trap '' TERM; env -i sh -c 'echo $$; sleep 600; sleep 600' & setsid sh -c 'echo $$; sleep 600'";
    let (thread, lines) = in_background(guarded(dir.path(), &run, text), &Controller::new());
    let pids = [next(&lines), next(&lines)];
    guardian(&run).abandon();
    assert!(!pids.iter().any(|pid| is_alive(pid)));
    assert_eq!(thread.join().unwrap().end, ProcessEnd::Signalled(9));
}

#[test]
fn the_guardian_of_a_finished_run_just_leaves() {
    let dir = folder();
    let run = format!("finished{}", std::process::id());
    let control = Controller::new();
    let (thread, lines) = in_background(guarded(dir.path(), &run, "echo up; sleep 600"), &control);
    next(&lines);
    guardian(&run).finish();
    assert!(!thread.is_finished());
    control.send(Control::Kill);
    thread.join().unwrap();
}

#[test]
fn what_a_killed_goalc_left_can_be_ended_later() {
    let dir = folder();
    let run = format!("left{}", std::process::id());
    let order = guarded(dir.path(), &run, "echo up; exec sleep 600");
    let (thread, lines) = in_background(order, &Controller::new());
    next(&lines);
    assert_eq!(end_leftovers(&run), 1);
    assert_eq!(thread.join().unwrap().end, ProcessEnd::Signalled(15));
    assert_eq!(end_leftovers(&run), 0);
}

#[test]
#[ignore = "a measurement, for people"]
fn two_gigabytes_of_output() {
    let dir = folder();
    for text in ["yes | head -c 2000000000", "head -c 1000000000 /dev/zero"] {
        let mut order = script(&dir, text);
        order.log_limit = 1 << 20;
        order.masker = Arc::new(Masker::new(["hunter22".to_owned()]));
        let began = Instant::now();
        assert_eq!(run(&order).end, ProcessEnd::Exited(0));
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        eprintln!("{text}: {:?}, {peak}", began.elapsed());
    }
}

#[test]
#[ignore = "a measurement, for people"]
fn thousand_processes() {
    let dir = folder();
    become_subreaper().unwrap();
    let order = order(&dir, &["true"]);
    let began = Instant::now();
    for _ in 0..1000 {
        assert_eq!(run(&order).end, ProcessEnd::Exited(0));
    }
    let supervised = began.elapsed();
    let began = Instant::now();
    for _ in 0..1000 {
        std::process::Command::new("true").status().unwrap();
    }
    eprintln!("1000 supervised: {supervised:?}; 1000 by std: {:?}", began.elapsed());
}
