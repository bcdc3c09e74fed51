//! A clause's usage line, derived from its shapes: `retry N [delay DURATION] …`.
//!
//! Knows no clause. Invariant: every slot and option of a spec is in its line.

use super::{BlockShape, ClauseSpec, Count, OptionSpec, Place, Shape, Slot};

/// What a clause takes, on one line; what stands in `[ ]` may be left out.
pub fn usage(spec: &ClauseSpec) -> String {
    let mut line = spec.word.to_owned();
    for slot in spec.head {
        append(&mut line, &slot_usage(slot));
    }
    if spec.block_comes_first() {
        append(&mut line, &block_usage(spec.block));
    }
    for option in spec.options {
        append(&mut line, &option_usage(option));
    }
    if !spec.block_comes_first() {
        append(&mut line, &block_usage(spec.block));
    }
    line
}

/// An option with what it takes: `[delay DURATION]`, `in LIST`.
pub(super) fn option_usage(option: &OptionSpec) -> String {
    let mut text = option.word.to_owned();
    for slot in option.slots {
        append(&mut text, &slot_usage(slot));
    }
    if option.required { text } else { format!("[{text}]") }
}

/// A colon stands right behind what is before it; all else has a space.
fn append(line: &mut String, part: &str) {
    if !line.is_empty() && !part.is_empty() && !part.starts_with(':') {
        line.push(' ');
    }
    line.push_str(part);
}

fn slot_usage(slot: &Slot) -> String {
    let name = slot_name(slot);
    match slot.count {
        Count::One => name,
        Count::Optional => format!("[{name}]"),
        Count::List => format!("{name}, …"),
    }
}

/// How an argument is called: by its words where those are all that it can be.
pub(super) fn slot_name(slot: &Slot) -> String {
    match slot.shape {
        Shape::Word(words) => words.join(" | "),
        Shape::Reference { optional: true } => format!("{}[?]", slot.name),
        _ => slot.name.to_owned(),
    }
}

fn block_usage(block: BlockShape) -> String {
    match block {
        BlockShape::None => String::new(),
        BlockShape::Optional(place) => format!("[{}]", braces(place)),
        BlockShape::Required(place) => braces(place).to_owned(),
    }
}

fn braces(place: Place) -> &'static str {
    match place {
        Place::Probes => "{ PROBE … }",
        Place::Bindings => "{ NAME = EXPR … }",
        Place::Rollback => "{ run …; delete … }",
        _ => "{ … }",
    }
}
