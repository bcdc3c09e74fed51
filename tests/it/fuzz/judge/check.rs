//! Any text can be checked; findings have places, look the same each time, and act on no terminal.

use goalc::diagnostic::Diagnostic;
use goalc::render::{self, RenderOptions, Sarif};
use goalc::sema;
use goalc::source::SourceMap;

use super::plan::with;
use super::text;

pub fn check(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let ((), sources, found) = with(text, sema::check);
    for each in &found {
        assert!(!each.message.is_empty());
        let spans = each.labels.iter().map(|label| label.span);
        for span in spans.chain(each.fixes.iter().map(|fix| fix.span)) {
            let whole = &sources.file(span.file).text;
            assert!(whole.get(span.range()).is_some(), "{span:?} of {}", each.code);
        }
    }
    let shown = for_people(&found, &sources);
    assert!(shown.chars().all(is_harmless), "{shown:?}");
    let once = shown + &for_programs(&found, &sources);
    let ((), sources, found) = with(text, sema::check);
    let again = for_people(&found, &sources) + &for_programs(&found, &sources);
    assert_eq!(again, once, "not the same again");
    let (_, _, of_index) = with(text, sema::index);
    assert_eq!(of_index, found, "the index finds something else");
}

fn for_people(found: &[Diagnostic], sources: &SourceMap) -> String {
    let options = RenderOptions::default();
    let narrow = RenderOptions { colour: false, width: 1, unicode: false };
    [
        render::fancy(found, sources, options),
        render::fancy(found, sources, narrow),
        render::short(found, sources),
        render::github(found, sources),
    ]
    .concat()
}

/// Values; the command line escapes what would act on a terminal when it prints them.
fn for_programs(found: &[Diagnostic], sources: &SourceMap) -> String {
    let mut sarif = Sarif::new();
    sarif.add(found, sources);
    render::json(found, sources).to_string() + &sarif.finish().to_string()
}

/// No terminal does anything but show it.
fn is_harmless(char: char) -> bool {
    let bidi = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    char == '\n' || !(char.is_control() || bidi)
}
