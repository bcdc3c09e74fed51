//! What a clause's arguments are, in words, derived from its shapes.
//!
//! Knows no clause. Invariant: every slot whose name does not say all about it has a line.

use super::usage::slot_name;
use super::{BlockShape, ClauseSpec, Count, Place, Repeat, Role, Shape, Slot, Want};

/// A line for each argument: its name as in the usage line, and what may stand for it.
pub fn argument_lines(spec: &ClauseSpec) -> Vec<String> {
    let of_head = spec.head.iter().map(|slot| ("", slot));
    let of_options =
        spec.options.iter().flat_map(|option| option.slots.iter().map(|slot| (option.word, slot)));
    let mut lines: Vec<String> = of_head
        .chain(of_options)
        .filter(|(_, slot)| !matches!(slot.shape, Shape::Word(_)))
        .map(|(word, slot)| {
            let gap = if word.is_empty() { "" } else { " " };
            format!("`{word}{gap}{}`: {}", slot_name(slot), phrase(slot))
        })
        .collect();
    lines.extend(block_line(spec.block));
    lines
}

/// Where a clause may stand, and how often: `Stands in a step; may stand more than once`.
pub fn stands(spec: &ClauseSpec) -> String {
    let places: Vec<_> = spec.places.iter().map(|place| place.phrase()).collect();
    let often = match (spec.repeat, spec.role) {
        (_, Role::Probe | Role::Declaration) => "as often as needed",
        (_, Role::Action) => "one action each",
        (Repeat::Once, _) => "once",
        (Repeat::Many, _) => "as often as needed",
    };
    let places = match places.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        places => places.concat(),
    };
    format!("Stands {places}; {often}.")
}

/// With a capital letter.
pub fn as_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn phrase(slot: &Slot) -> String {
    let what = shape(slot.shape);
    match slot.count {
        Count::One | Count::Optional => what,
        Count::List => format!("{what}; one or more, with commas between"),
    }
}

fn shape(shape: Shape) -> String {
    match shape {
        Shape::Name => "a plain name".to_owned(),
        Shape::Reference { optional: false } => {
            "a step or goal, as `a`; one of a sub-goal as `a.b`".to_owned()
        }
        Shape::Reference { optional: true } => {
            "a step or goal, as `a`; one of a sub-goal as `a.b`; `a?` may also be skipped".to_owned()
        }
        Shape::Text => "a string without `${…}`".to_owned(),
        Shape::Expr(want) | Shape::Operand(want) => wanted(want),
        Shape::Word(words) => format!("`{}`", words.join("` or `")),
        Shape::Range { of, single } => {
            let alone = if single { ", or one value" } else { "" };
            format!("`a..b`, both ends included{alone}: each {}", wanted(of))
        }
        Shape::Percent => "a percentage, as `20%`".to_owned(),
        Shape::Type => {
            "`string`, `int`, `number`, `bool`, `duration`, `size`, `path`, `secret`, a list as \
             `[int]`, or words as `\"a\" | \"b\"`"
                .to_owned()
        }
        Shape::Command => {
            "a script as a string, or a program with its arguments as a list".to_owned()
        }
        Shape::OneOf(shapes) => {
            let each: Vec<String> = shapes.iter().map(|one| self::shape(*one)).collect();
            each.join(", or ")
        }
        Shape::Event => {
            "`failure`, `retry`, `overrun`, `waiting`, `achieved`, `silence > 5m`, `memory > 80%` or \
             `cpu > 90%`"
                .to_owned()
        }
        Shape::Failure => {
            "`exit 75`, `exit 100..110`, `signal`, `timeout`, `verify`, `output` or `memory`".to_owned()
        }
    }
}

fn wanted(want: Want) -> String {
    match want {
        Want::Any => "any expression".to_owned(),
        Want::Text => "anything that has a text: all but a list".to_owned(),
        Want::String | Want::Written(_) => "a string, or an expression that gives one".to_owned(),
        Want::Bool => "an expression that is true or false".to_owned(),
        Want::Int { at_least } if at_least == i64::MIN => "a whole number".to_owned(),
        Want::Int { at_least } => format!("a whole number from {at_least}"),
        Want::Number => "a number above zero".to_owned(),
        Want::Duration { positive: false } => "a duration, as `10s` or `1h30m`".to_owned(),
        Want::Duration { positive: true } => {
            "a duration above zero, as `10s` or `1h30m`".to_owned()
        }
        Want::Size => "a size, as `512MiB`".to_owned(),
        Want::List => "a list".to_owned(),
        Want::Port => "a port's number".to_owned(),
        Want::Status => "a whole number from 100 to 999".to_owned(),
    }
}

fn block_line(block: BlockShape) -> Option<String> {
    let (BlockShape::Optional(place) | BlockShape::Required(place)) = block else { return None };
    Some(match place {
        Place::Probes => "`{ PROBE … }`: conditions, one a line; all must hold".to_owned(),
        Place::Bindings => "`{ NAME = EXPR … }`: names and the values that they get".to_owned(),
        _ => {
            let words: Vec<String> =
                super::words(place).iter().map(|word| format!("`{word}`")).collect();
            format!("`{{ … }}`: {}", words.join(", "))
        }
    })
}
