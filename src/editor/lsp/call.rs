//! What waits for what, as the editor's hierarchy of calls: a step calls those that it waits for.

use std::collections::BTreeMap;

use gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyItem, CallHierarchyOutgoingCall, SymbolKind,
};

use super::session::Session;
use super::view::View;
use crate::sema::NameKind;
use crate::source::Span;

/// The step or goal at an offset.
pub(super) fn prepare(view: View<'_>, offset: usize) -> Option<Vec<CallHierarchyItem>> {
    let (at, _) = view.checked.index.at(view.file, offset)?;
    item(view, at).map(|item| vec![item])
}

fn item(view: View<'_>, at: usize) -> Option<CallHierarchyItem> {
    let name = view.checked.index.names.get(at)?;
    let kind = match name.kind {
        NameKind::Step => SymbolKind::Function,
        NameKind::Goal => SymbolKind::Module,
        _ => return None,
    };
    let location = view.location(name.place);
    Some(CallHierarchyItem {
        name: name.path.clone(),
        kind,
        tags: None,
        detail: name.title.as_ref().map(ToString::to_string),
        uri: location.uri,
        range: view.range(name.whole.to(name.place)),
        selection_range: location.range,
        // The plan in which it was asked for.
        data: Some(view.source().path.to_string_lossy().into_owned().into()),
    })
}

/// The item's name again, in the plan that it was found in.
fn again<'a>(session: &'a Session, item: &CallHierarchyItem) -> Option<(View<'a>, usize)> {
    let plan = item.data.as_ref()?.as_str()?;
    let view = session.view_of(std::path::Path::new(plan))?;
    let file = view.checked.file(&session.path(&item.uri))?;
    let own = View { file, ..view };
    let (at, _) = view.checked.index.at(file, own.offset(item.selection_range.start))?;
    Some((view, at))
}

/// What waits for it.
pub(super) fn incoming(
    session: &Session,
    of: &CallHierarchyItem,
) -> Option<Vec<CallHierarchyIncomingCall>> {
    let (view, at) = again(session, of)?;
    let names = view.checked.index.names.iter().enumerate();
    let calls = names.filter_map(|(from, name)| {
        let spans: Vec<Span> =
            name.edges.iter().filter(|(to, _)| *to == at).map(|(_, span)| *span).collect();
        let from_ranges: Vec<_> = spans.into_iter().map(|span| view.range(span)).collect();
        (!from_ranges.is_empty()).then_some(())?;
        Some(CallHierarchyIncomingCall { from: item(view, from)?, from_ranges })
    });
    Some(calls.collect())
}

/// What it waits for.
pub(super) fn outgoing(
    session: &Session,
    of: &CallHierarchyItem,
) -> Option<Vec<CallHierarchyOutgoingCall>> {
    let (view, at) = again(session, of)?;
    let mut calls: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
    for (to, span) in &view.checked.index.names.get(at)?.edges {
        calls.entry(*to).or_default().push(*span);
    }
    let calls = calls.into_iter().filter_map(|(to, spans)| {
        let from_ranges = spans.into_iter().map(|span| view.range(span)).collect();
        Some(CallHierarchyOutgoingCall { to: item(view, to)?, from_ranges })
    });
    Some(calls.collect())
}
