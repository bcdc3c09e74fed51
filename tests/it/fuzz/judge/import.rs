//! What is imported is a plan in canonical form in which nothing is wrong, or an error.

use goalc::diagnostic::Diagnostics;
use goalc::format::format;
use goalc::interchange::{self, packed};
use goalc::sema;
use goalc::source::FileId;
use goalc::syntax;

use super::plan::with;
use super::text;

pub fn import(bytes: &[u8]) {
    if packed::is_packed(bytes) {
        let Ok(unpacked) = packed::unpacked(bytes.to_vec()) else { return };
        return json(&unpacked);
    }
    json(bytes);
}

fn json(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let _ = interchange::is_foreign(text);
    let Ok(plan) = interchange::import(text) else { return };
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(FileId(0), &plan, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "no plan:\n{plan}\n{diagnostics:?}");
    assert_eq!(format(&document, &plan), plan, "not in canonical form");
    let ((), _, found) = with(&plan, sema::check);
    let wrong = found.iter().find(|each| each.is_error());
    assert!(wrong.is_none(), "{wrong:?}:\n{plan}");
}
