//! The `TextMate` rules of the clauses: one rule a clause, one list of rules a block.
//!
//! A rule takes a whole statement, so whatever is tried in a block stands at a statement's start, and
//! a word that is a clause's elsewhere is a plain name.

use goalc::clause::{self, ClauseSpec, Place, Role, Shape};
use serde_json::{Value, json};

use super::{
    PLACES, block_of, clauses_in, common, has_shape, id, lower, option_words, value_words,
};

const NAME: &str = r"[\p{L}\p{Nl}_][\p{L}\p{M}\p{N}_-]*";
/// No letter of a name follows.
const END: &str = r"(?![\p{L}\p{M}\p{N}_-])";
const START: &str = r"(?<![\p{L}\p{M}\p{N}_.-])";
/// A statement ends with its line, before `;` and before the brace that closes its block.
const STATEMENT_END: &str = r"(?=[;}])|$";

pub(super) fn rules() -> String {
    let mut rules: Vec<(String, Value)> = Vec::new();
    for place in PLACES.iter().filter(|place| **place != Place::File) {
        rules.push((format!("in-{}", lower(place)), json!({ "patterns": block(*place) })));
    }
    rules.push(("in-fragment".to_owned(), json!({ "patterns": fragment() })));
    for spec in clause::table().iter().filter(|spec| !spec.word.is_empty()) {
        rules.push((format!("clause-{}", id(spec)), rule(spec)));
    }
    rules.extend(
        common().into_iter().map(|(name, words)| (name.to_owned(), word_rule(name, &words))),
    );
    let line = |(name, rule): &(String, Value)| format!("    {}: {rule},\n", json!(name));
    rules.iter().map(line).collect()
}

fn include(name: &str) -> Value {
    json!({ "include": format!("#{name}") })
}

/// The rules of a block; those of mounts come before those of goals, which start alike, and those of more words
/// before those of fewer.
fn block(place: Place) -> Vec<Value> {
    let mut specs: Vec<_> = clauses_in(place).filter(|spec| !spec.word.is_empty()).collect();
    specs.sort_by_key(|spec| (!is_mount(spec), std::cmp::Reverse(spec.word.split(' ').count())));
    let mut patterns = vec![include("comment"), include("separator")];
    patterns.extend(specs.iter().map(|spec| include(&format!("clause-{}", id(spec)))));
    patterns.push(include("other-statement"));
    patterns
}

/// Where a text begins: statements of any block, the outermost first, for documentation has pieces.
fn fragment() -> Vec<Value> {
    let mut seen = Vec::new();
    let mut patterns = Vec::new();
    for place in [Place::Goal].iter().chain(PLACES) {
        let rules = block(*place).into_iter().filter(|rule| *rule != include("other-statement"));
        for rule in rules {
            if !seen.contains(&rule) {
                seen.push(rule.clone());
                patterns.push(rule);
            }
        }
    }
    patterns.push(json!({ "match": r"[{}]", "name": "punctuation.section.block.goal" }));
    patterns.push(include("other-statement"));
    patterns
}

fn is_mount(spec: &ClauseSpec) -> bool {
    block_of(spec) == Some(Place::Mount)
}

fn rule(spec: &ClauseSpec) -> Value {
    let scope = scope(spec);
    if spec.word == "not" {
        return json!({ "match": format!("not{END}"), "name": "keyword.operator.word.goal" });
    }
    let named = spec.head.first().is_some_and(|slot| matches!(slot.shape, Shape::Name));
    let word = spec.word.replace(' ', r"\s+");
    let name = if named { format!(r"(?:[ \t]+({NAME})(\?)?)?") } else { String::new() };
    let ahead = if is_mount(spec) {
        format!(r"(?=[ \t]+{NAME}[ \t]+from{END})")
    } else {
        not_ahead(spec).to_owned()
    };
    json!({
        "name": format!("meta.{}.goal", id(spec)),
        "begin": format!("({word}){END}{ahead}{name}"),
        "beginCaptures": { "1": { "name": scope }, "2": { "name": name_scope(spec) } },
        "end": STATEMENT_END,
        "patterns": arguments(spec),
    })
}

/// A probe's word before `(`, `.` or a comparison is an expression, but for `memory >=`.
fn not_ahead(spec: &ClauseSpec) -> &'static str {
    match (spec.role, spec.options.first().map(|option| option.word)) {
        (Role::Probe, Some(">=")) if spec.head.is_empty() => r"(?![ \t]*(?:[(.<]|==|!=|>(?!=)))",
        (Role::Probe, _) => r"(?![ \t]*(?:[(.<>]|==|!=))",
        _ => "",
    }
}

fn scope(spec: &ClauseSpec) -> &'static str {
    match spec.role {
        Role::Declaration => "storage.type.declaration.goal",
        Role::Action => "keyword.control.action.goal",
        Role::Edge | Role::Guard | Role::Recovery => "keyword.control.flow.goal",
        Role::Attribute | Role::Effect => "keyword.other.clause.goal",
        Role::Probe => "support.function.probe.goal",
    }
}

fn name_scope(spec: &ClauseSpec) -> &'static str {
    match spec.word {
        "goal" => "entity.name.type.goal",
        "step" | "fallback" => "entity.name.function.goal",
        _ => "variable.other.definition.goal",
    }
}

fn arguments(spec: &ClauseSpec) -> Vec<Value> {
    let mut patterns = vec![include("comment"), include("carry")];
    if let Some(place) = block_of(spec) {
        patterns.push(json!({
            "begin": r"\{",
            "end": r"\}",
            "beginCaptures": { "0": { "name": "punctuation.section.block.begin.goal" } },
            "endCaptures": { "0": { "name": "punctuation.section.block.end.goal" } },
            "patterns": [include(&format!("in-{}", lower(place)))],
        }));
    }
    if has_shape(spec, |shape| matches!(shape, Shape::Command)) {
        patterns.push(include("script"));
    }
    if has_shape(spec, |shape| matches!(shape, Shape::Type)) {
        patterns.push(include("types"));
    }
    patterns.extend(words(&option_words(spec), "storage.modifier.option.goal"));
    patterns.extend(words(&value_words(spec), "constant.language.value.goal"));
    if has_shape(spec, |shape| matches!(shape, Shape::Reference { .. })) {
        patterns.push(include("reference"));
    }
    patterns.push(include("expression"));
    patterns
}

/// A word before `(` or `.` is a call or a name.
fn words(words: &[&str], scope: &str) -> Option<Value> {
    let one_of = words.join("|");
    let rule = json!({ "match": format!(r"{START}(?:{one_of}){END}(?![(.])"), "name": scope });
    (!words.is_empty()).then_some(rule)
}

fn word_rule(name: &str, words: &[&str]) -> Value {
    let one_of = words.join("|");
    let number = r"(?<![\p{L}\p{M}\p{N}_-])[0-9][0-9_]*(?:\.[0-9_]+)?";
    let (pattern, scope) = match name {
        "types" => {
            return json!({
                "match": format!(r"(:)\s*((?:\[\s*)*)({one_of}){END}"),
                "captures": {
                    "1": { "name": "punctuation.separator.type.goal" },
                    "2": { "name": "punctuation.section.brackets.begin.goal" },
                    "3": { "name": "support.type.goal" },
                },
            });
        }
        "functions" => (format!(r"{START}(?:{one_of})(?=\()"), "support.function.goal"),
        "constants" => (format!("{START}(?:{one_of}){END}"), "constant.language.boolean.goal"),
        "durations" => (
            format!(r"{number}(?:{one_of})(?:[0-9][0-9_]*(?:\.[0-9_]+)?(?:{one_of}))*{END}"),
            "constant.numeric.duration.goal",
        ),
        _ => (format!("{number}(?:{one_of}){END}"), "constant.numeric.size.goal"),
    };
    json!({ "match": pattern, "name": scope })
}
