//! Probes of this machine and of servers made here.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::JoinHandle;

use super::*;
use crate::exec::process::Control;

fn ask(kind: ProbeKind) -> Result<(), String> {
    check(&[Probe { negated: false, kind }], &Controller::new(), None).map_err(|unmet| unmet.why)
}

fn refused(kind: ProbeKind) -> String {
    ask(kind).unwrap_err()
}

fn not(kind: ProbeKind) -> Result<(), String> {
    check(&[Probe { negated: true, kind }], &Controller::new(), None).map_err(|unmet| unmet.why)
}

fn file(dir: &Path, name: &str) -> ProbeKind {
    let (path, shown) = (dir.join(name), name.to_owned());
    ProbeKind::File { path, shown, nonempty: false, contains: None, sha256: None }
}

fn filled(dir: &Path, text: Option<&str>, sum: Option<&str>) -> ProbeKind {
    ProbeKind::File {
        path: dir.join("a"),
        shown: "a".to_owned(),
        nonempty: true,
        contains: text.map(str::to_owned),
        sha256: sum.map(str::to_owned),
    }
}

/// Answers so many requests, one after the other, with these statuses, and gives back their first
/// lines.
fn server(statuses: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/health", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> =
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            asked.push(head[0].clone());
            write!(stream, "HTTP/1.1 {status}\r\nLocation: /other\r\nContent-Length: 11\r\nConnection: close\r\n\r\nversion 1.2").unwrap();
        }
        asked
    });
    (url, thread)
}

fn http(url: &str, status: Option<u16>, body: Option<&str>, within: Option<u64>) -> ProbeKind {
    ProbeKind::Http {
        url: url.to_owned(),
        status,
        body: body.map(str::to_owned),
        within: within.map(Duration::from_secs),
    }
}

#[test]
fn files_are_told_by_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(refused(file(dir, "out/x")), "file \"out/x\" is not there");
    fs::write(dir.join("a"), "").unwrap();
    assert_eq!(ask(file(dir, "a")), Ok(()));
    assert_eq!(refused(filled(dir, None, None)), "file \"a\" is empty");
    fs::write(dir.join("a"), "hello world").unwrap();
    assert_eq!(ask(filled(dir, Some("lo wo"), None)), Ok(()));
    assert_eq!(refused(filled(dir, Some("bye"), None)), "file \"a\" does not contain \"bye\"");
    let sum = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
    assert_eq!(ask(filled(dir, None, Some(&sum.to_uppercase()))), Ok(()));
    assert_eq!(
        refused(filled(dir, None, Some("00"))),
        format!("file \"a\" has the SHA-256 {sum}, not 00")
    );
    assert_eq!(refused(file(dir, ".")), "file \".\" is a folder");
}

#[test]
fn text_is_found_across_the_pieces_of_a_long_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "x".repeat(65_533) + "needle" + &"y".repeat(100)).unwrap();
    assert_eq!(ask(filled(dir.path(), Some("needle"), None)), Ok(()));
}

#[test]
fn devices_are_not_read() {
    let kind = ProbeKind::File {
        path: "/dev/zero".into(),
        shown: "/dev/zero".to_owned(),
        nonempty: false,
        contains: Some("x".to_owned()),
        sha256: None,
    };
    assert!(refused(kind).contains("no regular file"));
}

#[test]
fn a_negated_probe_says_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(not(file(dir.path(), "a")), Ok(()));
    fs::write(dir.path().join("a"), "").unwrap();
    assert_eq!(
        not(file(dir.path(), "a")).unwrap_err(),
        "file \"a\" is there, but the probe says `not`"
    );
    let unknown = || ProbeKind::Unknown { why: "`x` has no value".to_owned() };
    assert_eq!(not(unknown()).unwrap_err(), "`x` has no value");
    assert_eq!(refused(unknown()), "`x` has no value");
}

#[test]
fn folders_are_told_from_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "").unwrap();
    let probe = |name: &str, writable| ProbeKind::Dir {
        path: dir.path().join(name),
        shown: name.to_owned(),
        writable,
    };
    assert_eq!(ask(probe(".", true)), Ok(()));
    assert_eq!(refused(probe("a", false)), "dir \"a\" is a file");
    assert_eq!(refused(probe("b", false)), "dir \"b\" is not there");
}

#[test]
fn commands_are_found_and_their_versions_compared() {
    let path = std::env::var_os("PATH").unwrap();
    let probe = |name: &str, version: Option<&str>| ProbeKind::Command {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        path: path.clone(),
    };
    assert_eq!(ask(probe("sh", None)), Ok(()));
    assert!(refused(probe("no-such-command", None)).contains("there is no command"));
    assert_eq!(ask(probe("ls", Some("1.0"))), Ok(()));
    assert!(refused(probe("ls", Some("999"))).ends_with(", not 999 or later"));
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let probe = |set| ProbeKind::Env { name: "MISSING_VAR".to_owned(), set };
    assert_eq!(refused(probe(false)), "the environment variable MISSING_VAR is not set");
    assert_eq!(ask(probe(true)), Ok(()));
}

#[test]
fn tcp_and_port_see_a_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let tcp = || ProbeKind::Tcp { address: address.to_string(), within: None };
    assert_eq!(ask(tcp()), Ok(()));
    let port = || ProbeKind::PortFree { port: address.port() };
    assert_eq!(refused(port()), format!("port {} is not free", address.port()));
    let closed = ProbeKind::Tcp { address: "127.0.0.1:1".to_owned(), within: None };
    assert!(refused(closed).ends_with("does not take connections: connection refused"));
    assert!(refused(ProbeKind::Tcp { address: "host".into(), within: None }).contains("host:port"));
}

#[test]
fn an_answer_is_judged_by_its_status_and_body() {
    let (url, server) = server(&["200 OK", "204 No", "503 Busy", "200 OK", "200 OK", "302 Found"]);
    assert_eq!(ask(http(&url, None, None, None)), Ok(()));
    assert_eq!(refused(http(&url, Some(200), None, None)), format!("{url} answered 204, not 200"));
    assert_eq!(refused(http(&url, None, None, None)), format!("{url} answered 503, not 200"));
    assert_eq!(ask(http(&url, None, Some("1.2"), None)), Ok(()));
    assert!(refused(http(&url, None, Some("1.3"), None)).contains("does not contain \"1.3\""));
    assert_eq!(ask(http(&url, Some(302), None, None)), Ok(()));
    assert!(server.join().unwrap()[0].starts_with("GET /health "));
}

#[test]
fn within_tries_again_until_it_holds() {
    let (url, server) = server(&["503 Busy", "503 Busy", "200 OK"]);
    assert_eq!(ask(http(&url, None, None, Some(60))), Ok(()));
    assert_eq!(server.join().unwrap().len(), 3);
}

#[test]
fn an_order_to_end_stops_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let control = Controller::new();
    std::thread::scope(|scope| {
        let probes = [Probe { negated: false, kind: http(&url, None, None, Some(600)) }];
        let control = &control;
        let waits = scope.spawn(move || check(&probes, control, None));
        let connection = listener.accept().unwrap();
        control.send(Control::Terminate);
        assert_eq!(waits.join().unwrap().unwrap_err().why, STOPPED);
        drop(connection);
    });
}

#[test]
fn disk_and_memory_say_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let disk = |at_least| ProbeKind::Disk {
        path: dir.path().join("not/yet"),
        shown: "not/yet".to_owned(),
        at_least,
    };
    assert_eq!(ask(disk(1)), Ok(()));
    assert!(refused(disk(1 << 60)).starts_with("disk \"not/yet\" has "));
    assert_eq!(ask(ProbeKind::Memory { at_least: 1 }), Ok(()));
    assert!(refused(ProbeKind::Memory { at_least: 1 << 60 }).contains("of memory are available"));
}

#[test]
fn a_script_holds_where_it_exits_with_0() {
    let probe = |text: &str| {
        ProbeKind::Run(Box::new(ProcessOrder {
            argv: vec!["/bin/sh".into(), "-c".into(), text.into()],
            ..ProcessOrder::default()
        }))
    };
    assert_eq!(ask(probe("true")), Ok(()));
    assert_eq!(
        refused(probe("echo first; echo broken >&2; exit 3")),
        "`run` ended with exit code 3: broken"
    );
}

#[test]
fn side_by_side_all_failures_are_told_in_order() {
    let failing = |number: usize| Probe {
        negated: false,
        kind: ProbeKind::Holds { answer: !number.is_multiple_of(2), shown: number.to_string() },
    };
    let probes: Vec<Probe> = (0..100).map(failing).collect();
    let failures = check_all(&probes, &Controller::new()).unwrap_err();
    assert_eq!(failures.len(), 50);
    assert_eq!((failures[0].as_str(), failures[49].as_str()), ("`0` is false", "`98` is false"));
    assert_eq!(check_all(&[], &Controller::new()), Ok(()));
    assert_eq!(check(&probes, &Controller::new(), None).unwrap_err().why, "`0` is false");
}
