//! The words that the editors' grammars know: made from the clause table, so that none is missing.
//!
//! After a change that is meant: `UPDATE=1 cargo test --test it editors`. Where the tree-sitter grammar
//! changes with it, its parser is made anew: see `editors/README.md`.

mod textmate;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use goalc::clause::{self, BlockShape, ClauseSpec, Count, OptionSpec, Place, Role, Shape, Slot};
use goalc::value::{DURATION_UNITS, Function, SIZE_UNITS};
use serde_json::{Map, Value, json};

const COMMAND: &str = "UPDATE=1 cargo test --test it editors";

/// Every place that has words of its own, the outermost first.
const PLACES: &[Place] = &[
    Place::File,
    Place::Goal,
    Place::Mount,
    Place::Step,
    Place::Fallback,
    Place::Defaults,
    Place::Probes,
    Place::Limits,
    Place::Executor,
    Place::Cleanup,
    Place::Rollback,
    Place::Alert,
    Place::Webhook,
    Place::Scenario,
    Place::Bindings,
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("editors").join(name)
}

/// Whether a file of `editors/` is as it is made now; with `UPDATE` it is written.
fn is_current(name: &str, made: &str) {
    let path = path(name);
    if std::env::var_os("UPDATE").is_some_and(|update| update != "0") {
        fs::write(&path, made).expect("the file is written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == made, "editors/{name} is old: run `{COMMAND}`");
}

/// A file with all between two lines, which hold `begin` and `end`, put in anew.
fn with_section(name: &str, begin: &str, end: &str, section: &str) -> String {
    let text = fs::read_to_string(path(name)).expect("the file");
    let from = text.find(begin).expect("the section's first line");
    let from = from + text[from..].find('\n').expect("its end") + 1;
    let to = from + text[from..].find(end).expect("the section's last line");
    let to = text[..to].rfind('\n').expect("its start") + 1;
    format!("{}{section}{}", &text[..from], &text[to..])
}

fn lower(name: impl std::fmt::Debug) -> String {
    format!("{name:?}").to_lowercase()
}

/// What a clause is called where its word alone may mean several: `probes-env`.
fn id(spec: &ClauseSpec) -> String {
    let word = spec.word.replace(' ', "-");
    // Those of scenarios are told apart by their place; the others keep the names that they have.
    let in_scenario = |each: &ClauseSpec| each.stands_in(Place::Scenario);
    let alike = |other: &&&ClauseSpec| {
        other.word == spec.word && (in_scenario(spec) || !in_scenario(other))
    };
    let alone = clause::table().iter().filter(alike).count() == 1;
    match spec.places.first() {
        _ if word.is_empty() => "expression".to_owned(),
        Some(place) if !alone => format!("{}-{word}", lower(place)),
        _ => word,
    }
}

fn clauses_in(place: Place) -> impl Iterator<Item = &'static ClauseSpec> {
    clause::table().iter().copied().filter(move |spec| spec.stands_in(place))
}

fn block_of(spec: &ClauseSpec) -> Option<Place> {
    match spec.block {
        BlockShape::None => None,
        BlockShape::Optional(place) | BlockShape::Required(place) => Some(place),
    }
}

fn slots(spec: &ClauseSpec) -> impl Iterator<Item = &Slot> {
    spec.head.iter().chain(spec.options.iter().flat_map(|option| option.slots))
}

fn has_shape(spec: &ClauseSpec, wanted: fn(&Shape) -> bool) -> bool {
    slots(spec).any(|slot| wanted(&slot.shape))
}

/// The words of the options, each by itself: `from stdout` is two; marks are none.
fn option_words(spec: &ClauseSpec) -> Vec<&'static str> {
    let words = spec.options.iter().flat_map(|option| option.word.split(' '));
    distinct(words.filter(|word| word.starts_with(char::is_alphabetic)))
}

/// The words that may be a clause's value.
fn value_words(spec: &ClauseSpec) -> Vec<&'static str> {
    distinct(slots(spec).flat_map(|slot| words_of(slot.shape)))
}

fn words_of(shape: Shape) -> Vec<&'static str> {
    match shape {
        Shape::Word(words) => words.to_vec(),
        Shape::OneOf(shapes) => shapes.iter().flat_map(|shape| words_of(*shape)).collect(),
        Shape::Event => {
            clause::EVENTS.iter().copied().chain(clause::BOUNDED.iter().map(|(w, _)| *w)).collect()
        }
        Shape::Failure => clause::FAILURES.to_vec(),
        _ => Vec::new(),
    }
}

fn distinct(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut all = Vec::new();
    for word in words {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

/// The longer first, as an alternative of a regular expression needs them.
fn units(table: &'static [(&'static str, u64)]) -> Vec<&'static str> {
    let mut words: Vec<_> = table.iter().map(|(word, _)| *word).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

fn functions() -> Vec<&'static str> {
    Function::ALL.iter().map(|function| function.word()).collect()
}

/// The words that are no clause's.
fn common() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        ("types", clause::TYPES.to_vec()),
        ("functions", functions()),
        ("constants", vec!["true", "false"]),
        ("durations", units(DURATION_UNITS)),
        ("sizes", units(SIZE_UNITS)),
    ]
}

/// The clauses with all that they take, for the tree-sitter grammar.
fn whole() -> String {
    let places: Map<String, Value> = PLACES
        .iter()
        .map(|place| (lower(place), clauses_in(*place).map(id).collect::<Vec<_>>().into()))
        .collect();
    let mut text = format!("{{\n\"made-by\": {},\n\"places\": {{\n", json!(COMMAND));
    push_lines(&mut text, places.iter().map(|(place, ids)| format!("{}: {ids}", json!(place))));
    text.push_str("},\n\"clauses\": {\n");
    let clauses = clause::table().iter();
    push_lines(
        &mut text,
        clauses.map(|spec| format!("{}: {}", json!(id(spec)), clause_json(spec))),
    );
    text.push_str("},\n");
    push_lines(
        &mut text,
        common().iter().map(|(name, words)| format!("{}: {}", json!(name), json!(words))),
    );
    text.push_str("}\n");
    text
}

fn push_lines(text: &mut String, lines: impl Iterator<Item = String>) {
    text.push_str(&lines.collect::<Vec<_>>().join(",\n"));
    text.push('\n');
}

fn clause_json(spec: &ClauseSpec) -> Value {
    json!({
        "word": spec.word,
        "role": lower(spec.role),
        "head": slots_json(spec.head),
        "options": spec.options.iter().map(option_json).collect::<Vec<_>>(),
        "block": block_of(spec).map(lower),
        "block-optional": matches!(spec.block, BlockShape::Optional(_)),
        "block-first": spec.block_comes_first(),
    })
}

fn option_json(option: &OptionSpec) -> Value {
    json!({ "word": option.word, "slots": slots_json(option.slots) })
}

fn slots_json(slots: &[Slot]) -> Vec<Value> {
    let json = |slot: &Slot| {
        let count = match slot.count {
            Count::One => "one",
            Count::Optional => "optional",
            Count::List => "list",
        };
        json!({ "count": count, "shape": shape_json(slot.shape) })
    };
    slots.iter().map(json).collect()
}

fn shape_json(shape: Shape) -> Value {
    match shape {
        Shape::Name => json!("name"),
        Shape::Reference { .. } => json!("reference"),
        Shape::Text => json!("text"),
        Shape::Expr(_) => json!("expression"),
        Shape::Operand(_) => json!("operand"),
        Shape::Word(words) => json!({ "words": words }),
        Shape::Range { single, .. } => json!({ "range": { "single": single } }),
        Shape::Percent => json!("percent"),
        Shape::Type => json!("type"),
        Shape::Command => json!("command"),
        Shape::OneOf(shapes) => {
            json!({ "one-of": shapes.iter().map(|s| shape_json(*s)).collect::<Vec<_>>() })
        }
        Shape::Event => json!({ "events": clause::EVENTS, "bounded": bounded() }),
        Shape::Failure => json!({ "failures": clause::FAILURES }),
    }
}

fn bounded() -> Vec<&'static str> {
    clause::BOUNDED.iter().map(|(word, _)| *word).collect()
}

/// What a lexer needs: for each place its words, and for each of them its kind, the words that
/// may follow, and the place in its braces. A literal of JavaScript and of Python alike.
fn places_literal(indent: &str) -> String {
    let mut text = String::from("{\n");
    for place in PLACES {
        let _ = writeln!(text, "{indent}{}: {{", json!(lower(place)));
        // Of two that begin alike the one of more words is tried first.
        let mut words = clause::words(*place);
        words.sort_by_key(|word| std::cmp::Reverse(word.split(' ').count()));
        for word in words {
            let specs: Vec<_> = clauses_in(*place).filter(|spec| spec.word == word).collect();
            let options = distinct(specs.iter().flat_map(|spec| option_words(spec)));
            let values = distinct(specs.iter().flat_map(|spec| value_words(spec)));
            let first = specs[0];
            let block = block_of(first).map(lower).unwrap_or_default();
            let script = has_shape(first, |shape| matches!(shape, Shape::Command));
            let row =
                json!([kind(first), options, values, block, if script { "script" } else { "" }]);
            let row = row.to_string().replace(',', ", ");
            let _ = writeln!(text, "{indent}{indent}{}: {row},", json!(word));
        }
        let _ = writeln!(text, "{indent}}},");
    }
    text.push('}');
    text
}

/// Declaration, action, probe, or another clause.
fn kind(spec: &ClauseSpec) -> &'static str {
    match spec.role {
        Role::Declaration => "declaration",
        Role::Action => "action",
        Role::Probe => "probe",
        _ => "clause",
    }
}

fn list(words: &[&str]) -> String {
    json!(words).to_string().replace(',', ", ")
}

#[test]
fn the_tree_sitter_grammar_has_the_clauses_of_the_table() {
    is_current("tree-sitter-goal/clauses.json", &whole());
}

#[test]
fn the_pygments_lexer_has_the_words_of_the_table() {
    let mut text = format!(
        "\"\"\"The words of the language, made from goalc's clause table: `{COMMAND}`.\n\n\
         `PLACES`: for each block its words; for each of them its kind, options, values, the block in\n\
         its braces, and whether it takes a script.\n\"\"\"\n\nPLACES = {}\n",
        places_literal("    ")
    );
    for (name, words) in common() {
        let _ = writeln!(text, "{} = {}", name.to_uppercase(), list(&words));
    }
    is_current("pygments/goalc_pygments/words.py", &text);
}

#[test]
fn the_highlight_js_definition_has_the_words_of_the_table() {
    let mut text = format!(
        "// The words of the language, made from goalc's clause table: `{COMMAND}`.\n\n\
         // For each block its words; for each of them its kind, options, values, the block in its\n\
         // braces, and whether it takes a script.\nexport const PLACES = {};\n",
        places_literal("  ")
    );
    for (name, words) in common() {
        let _ = writeln!(text, "export const {} = {};", name.to_uppercase(), list(&words));
    }
    is_current("highlightjs/words.js", &text);
}

#[test]
fn the_textmate_grammar_has_the_clauses_of_the_table() {
    let name = "vscode/syntaxes/goal.tmLanguage.json";
    let text = with_section(name, "\"begin-made\"", "\"end-made\"", &textmate::rules());
    serde_json::from_str::<Value>(&text).expect("JSON");
    is_current(name, &text);
}

/// A place that is new has to come into the list above.
#[test]
fn every_clause_stands_in_a_place_that_the_editors_know() {
    for spec in clause::table() {
        assert!(spec.places.iter().all(|place| PLACES.contains(place)), "{}", spec.word);
        assert!(block_of(spec).is_none_or(|place| PLACES.contains(&place)), "{}", spec.word);
    }
}
