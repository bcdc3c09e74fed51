//! `command "c" [version >= "v"]`. Asks a program for its version by `--version`.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::{Answer, TRY};
use crate::exec::process::{Controller, ProcessEnd, ProcessOrder, find_program, supervise};

/// Enough of what a program says of itself.
const ENOUGH: usize = 64 * 1024;

pub(super) fn ask(name: &str, version: Option<&str>, path: &OsStr, control: &Controller) -> Answer {
    let shown = format!("command \"{name}\"");
    let program = find_program(OsStr::new(name), Some(path), Path::new("."))
        .map_err(|why| format!("{shown}: {why}"))?;
    let Some(wanted) = version else { return Ok(format!("{shown} is there")) };
    // Some have a command for it instead.
    let found = ["--version", "version"].into_iter().find_map(|how| {
        let report = supervise(&order(program.as_os_str(), how, path), control);
        // Some say it on standard error.
        let said = String::from_utf8_lossy(report.stdout.as_deref().unwrap_or_default());
        let said = format!("{said}{}", report.tail.join("\n"));
        (report.end == ProcessEnd::Exited(0)).then(|| first_version(&said)).flatten()
    });
    match found {
        None => Err(format!("{shown} does not say its version when asked by `--version`")),
        Some(found) if compare(&found, wanted) == Ordering::Less => {
            Err(format!("{shown} has version {found}, not {wanted} or later"))
        }
        Some(found) => Ok(format!("{shown} has version {found}")),
    }
}

fn order(program: &OsStr, how: &str, path: &OsStr) -> ProcessOrder {
    let others = std::env::vars_os().filter(|(name, _)| name != "PATH" && name != "LC_ALL");
    let set = [("PATH", path.to_owned()), ("LC_ALL", OsString::from("C"))];
    ProcessOrder {
        argv: vec![program.to_owned(), how.into()],
        env: others.chain(set.map(|(name, value)| (name.into(), value))).collect(),
        timeout: Some(TRY),
        grace: std::time::Duration::from_millis(500),
        capture: Some(ENOUGH),
        ..ProcessOrder::default()
    }
}

/// The first dotted number in a text; where there is none, the first number.
fn first_version(text: &str) -> Option<String> {
    let runs = || {
        text.split(|c: char| !c.is_ascii_digit() && c != '.')
            .map(|run| run.trim_matches('.'))
            .filter(|run| !run.is_empty())
    };
    runs().find(|run| run.contains('.')).or_else(|| runs().next()).map(str::to_owned)
}

/// Part by part, as numbers; a part that is not there is 0.
fn compare(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| -> Vec<u64> {
        let digits = |part: &str| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        text.trim().trim_start_matches('v').split('.').map(digits).collect()
    };
    let (mut one, mut other) = (parts(one), parts(other));
    let length = one.len().max(other.len());
    one.resize(length, 0);
    other.resize(length, 0);
    one.cmp(&other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dotted_number_is_the_version() {
        let version = |text| first_version(text).unwrap_or_default();
        assert_eq!(version("git version 2.39.2 (x86)"), "2.39.2");
        assert_eq!(version("Docker version 24.0.7, build 3"), "24.0.7");
        assert_eq!(version("less 608 (POSIX)"), "608");
        assert_eq!(version("2 files. go1.22."), "1.22");
        assert_eq!(version("none"), "");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(compare("1.10", "1.9"), Ordering::Greater);
        assert_eq!(compare("24", "24.0.0"), Ordering::Equal);
        assert_eq!(compare("1.2.3", "1.2.4"), Ordering::Less);
        assert_eq!(compare("3.11.0rc1", "v3.11"), Ordering::Equal);
    }
}
