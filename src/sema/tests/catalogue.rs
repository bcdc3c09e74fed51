//! The catalogue's examples, checked.

use super::{Checked, Files, check_with};
use crate::config;
use crate::diagnostic::{CATALOGUE, Diagnostics, Entry};
use crate::source::SourceMap;

/// The codes found in one of an entry's texts.
fn codes(entry: &Entry, text: &str) -> Vec<&'static str> {
    let found = if entry.file == "goal.toml" {
        let mut sources = SourceMap::new();
        let file = sources.add("goal.toml", "/plans/goal.toml", text);
        let mut diagnostics = Diagnostics::new();
        config::read(file, text, &mut diagnostics);
        diagnostics.sorted()
    } else {
        let files = entry
            .files
            .iter()
            .map(|(name, text)| (format!("/plans/{name}").into(), *text))
            .collect();
        let Checked { found, .. } = check_with(text, &Files(files));
        found
    };
    found.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_wrong_example_has_that_finding_and_no_other() {
    for entry in CATALOGUE {
        // What only a played scenario shows is tested with `goalc test`.
        let wanted = if entry.played { Vec::new() } else { vec![entry.code] };
        assert_eq!(codes(entry, entry.wrong), wanted, "{}", entry.wrong);
    }
}

#[test]
fn a_mended_example_has_no_finding() {
    for entry in CATALOGUE {
        assert_eq!(codes(entry, entry.mended), [""; 0], "{}: {}", entry.code, entry.mended);
    }
}
