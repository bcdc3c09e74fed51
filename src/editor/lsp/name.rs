//! Where names are declared and mentioned, in all plans that have them.
//!
//! A file may be a plan of its own and mounted by others: mentions are looked for in all of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gen_lsp_types::{BaseSymbolInformation, Location, SymbolKind, WorkspaceSymbol};

use super::Checked;
use super::session::Session;
use super::view::View;
use crate::sema::{Name, NameKind};
use crate::source::Span;

/// So many names are told of the editor's folder.
const MOST_FOUND: usize = 1000;

/// Where the name at an offset is declared; of a mount's file, the file.
pub(super) fn definition(view: View<'_>, offset: usize) -> Option<Location> {
    if let Some(location) = mounted_file(view, offset) {
        return Some(location);
    }
    let (at, span) = view.checked.index.at(view.file, offset)?;
    let name = view.checked.index.names.get(at)?;
    // At a mount's own name one wants to see what is mounted.
    let inner = name.body.filter(|_| name.mounted && span == name.place);
    Some(view.location(inner.map_or(name.place, Span::at_start)))
}

fn mounted_file(view: View<'_>, offset: usize) -> Option<Location> {
    let names = view.checked.index.names.iter();
    let mut mounts = names.filter(|name| name.mounted && name.whole.file == view.file);
    let mount = mounts.find(|name| name.whole.range().contains(&offset))?;
    let written = view.text().get(name_end(mount)..offset)?;
    let in_string = written.trim_start().strip_prefix("from")?.trim_start();
    let quote = in_string.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = in_string.get(1..)?;
    (!inside.contains(quote)).then(|| mount.body.map(|body| view.location(body.at_start())))?
}

fn name_end(name: &Name) -> usize {
    name.place.range().end
}

/// Where a name is written: the file, the bytes, and whether as a variable.
pub(super) type Written = BTreeSet<(PathBuf, (usize, usize), bool)>;

/// All places of the name at an offset, its declaration among them.
pub(super) fn written(view: View<'_>, offset: usize) -> Option<Written> {
    let (at, _) = view.checked.index.at(view.file, offset)?;
    let place = view.checked.index.names.get(at)?.place;
    let path = view.checked.sources.file(place.file).path.clone();
    let mut found = Written::new();
    view.session.each_plan(|_, checked| {
        found.extend(written_in(checked, &path, place.range()));
    });
    Some(found)
}

/// All places in one plan of the name that is declared there.
pub(super) fn written_in(checked: &Checked, path: &Path, declared: Range<usize>) -> Written {
    let mut found = Written::new();
    let Some(file) = checked.file(path) else { return found };
    let place = Span::new(file, declared.start, declared.end);
    let Some(at) = checked.index.names.iter().position(|name| name.place == place) else {
        return found;
    };
    let mentions = checked.index.mentions.iter().filter(|mention| mention.name == at);
    let all = mentions.map(|mention| (mention.span, mention.variable)).chain([(place, false)]);
    for (span, variable) in all {
        let path = checked.sources.file(span.file).path.clone();
        found.insert((path, (span.range().start, span.range().end), variable));
    }
    found
}

pub(super) fn references(view: View<'_>, offset: usize, declared: bool) -> Vec<Location> {
    let index = &view.checked.index;
    let place =
        index.at(view.file, offset).and_then(|(at, _)| index.names.get(at)).map(|n| n.place);
    let declaration = place.map(|place| view.location(place));
    let mut locations = Vec::new();
    let written = written(view, offset).unwrap_or_default();
    view.session.each_plan(|_, checked| {
        for (path, (start, end), _) in &written {
            let Some(file) = checked.file(path) else { continue };
            let view = View { session: view.session, checked, file };
            let location = view.location(Span::new(file, *start, *end));
            if !locations.contains(&location)
                && (declared || Some(&location) != declaration.as_ref())
            {
                locations.push(location);
            }
        }
    });
    locations
}

/// The names of all known plans that have the letters of a query in them, in order.
pub(super) fn everywhere(session: &Session, query: &str) -> Vec<WorkspaceSymbol> {
    let mut found: Vec<WorkspaceSymbol> = Vec::new();
    session.each_plan(|_, checked| {
        for name in &checked.index.names {
            let told =
                kind(name.kind).filter(|_| found.len() < MOST_FOUND && fits(query, &name.path));
            let Some(kind) = told else { continue };
            let view = View { session, checked, file: name.place.file };
            let container = name.inside.and_then(|at| checked.index.names.get(at));
            let symbol = WorkspaceSymbol {
                location: view.location(name.place).into(),
                data: None,
                base_symbol_information: BaseSymbolInformation {
                    name: name.text.clone(),
                    kind,
                    tags: None,
                    container_name: container.map(|name| name.path.clone()),
                },
            };
            // A mounted file is also a plan of its own.
            if !found.iter().any(|known| known.location == symbol.location) {
                found.push(symbol);
            }
        }
    });
    found
}

fn fits(query: &str, name: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    query.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|letter| letter == wanted))
}

/// What an editor calls a name; none for what it does not list.
pub(super) fn kind(kind: NameKind) -> Option<SymbolKind> {
    Some(match kind {
        NameKind::Goal => SymbolKind::Module,
        NameKind::Step => SymbolKind::Function,
        NameKind::Param => SymbolKind::Variable,
        NameKind::Let => SymbolKind::Constant,
        NameKind::Output => SymbolKind::Property,
        NameKind::Resource => SymbolKind::Object,
        NameKind::Fallback => SymbolKind::Method,
        NameKind::Item | NameKind::Lock => return None,
    })
}
