//! Findings as the editor shows them, each with the file that it is in.
//!
//! A file that several open plans have is told what was found by any of them, once. Invariant: what
//! is no longer found is taken back.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use gen_lsp_types::{
    Code as LspCode, Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Message, PublishDiagnosticsParams,
};

use super::session::Session;
use super::view::View;
use crate::diagnostic::{Code, Diagnostic, Severity};

/// What the editor was told last.
#[derive(Debug, Default)]
pub(super) struct Published {
    last: BTreeMap<PathBuf, (i32, Vec<Shown>)>,
}

impl Published {
    /// What is to be told now that something was checked anew.
    pub(super) fn news(&mut self, session: &Session) -> Vec<PublishDiagnosticsParams> {
        let mut now: BTreeMap<PathBuf, (i32, Vec<Shown>)> = BTreeMap::new();
        for (path, document) in &session.documents {
            now.insert(path.clone(), (document.version, Vec::new()));
        }
        let several = session.checked.len() > 1;
        let mut told: HashSet<(PathBuf, Shown)> = HashSet::new();
        for checked in session.checked.values() {
            for found in &checked.found {
                let file = found.span().file;
                let view = View { session, checked, file };
                let (_, list) = now.entry(view.source().path.clone()).or_default();
                let shown = shown(view, found);
                if !several || told.insert((view.source().path.clone(), shown.clone())) {
                    list.push(shown);
                }
            }
        }
        let gone: Vec<_> =
            self.last.keys().filter(|path| !now.contains_key(*path)).cloned().collect();
        let mut news: Vec<_> =
            gone.iter().map(|path| params(session, path, &(0, Vec::new()))).collect();
        let new = now.iter().filter(|(path, told)| self.last.get(*path) != Some(*told));
        news.extend(new.map(|(path, told)| params(session, path, told)));
        self.last = now;
        news
    }
}

fn params(
    session: &Session,
    path: &std::path::Path,
    (version, list): &(i32, Vec<Shown>),
) -> PublishDiagnosticsParams {
    let version = session.documents.contains_key(path).then_some(*version);
    PublishDiagnosticsParams { uri: session.uri(path), version, diagnostics: list.clone() }
}

/// A finding as the editor takes it.
pub(super) fn shown(view: View<'_>, found: &Diagnostic) -> Shown {
    let help = found.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let label = found.labels.first().filter(|label| !label.text.is_empty());
    let label = label.map(|label| format!("\n{}", label.text)).unwrap_or_default();
    let related = found.labels.iter().skip(1).map(|label| DiagnosticRelatedInformation {
        location: view.location(label.span),
        message: if label.text.is_empty() { "here".to_owned() } else { label.text.clone() },
    });
    let related: Vec<_> = related.collect();
    let too_much = matches!(found.code, Code::W0703 | Code::W0706);
    Shown {
        range: view.range(found.span()),
        severity: Some(match found.severity() {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(LspCode::String(found.code.as_str().to_owned())),
        code_description: None,
        source: Some("goalc".to_owned()),
        message: Message::String(format!("{}{label}{help}", found.message)),
        tags: too_much.then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}
