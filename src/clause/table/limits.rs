//! `limits` and what stands in it: how much an attempt may use.
//!
//! Amounts only; holding a process to them is the interpreter's business.

use crate::clause::reach::size_literal;
use crate::clause::{
    BlockShape, Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want,
};
use crate::diagnostic::{Code, Diagnostic};

const SIZE: &[Slot] = &[Slot::one("SIZE", Shape::Expr(Want::Size))];

pub(super) static LIMITS: ClauseSpec = ClauseSpec {
    word: "limits",
    places: &[Place::Step, Place::Defaults],
    role: Role::Attribute,
    block: BlockShape::Required(Place::Limits),
    summary: "how much an attempt may use",
    documentation: "Holds `memory`, `cpu` and `output`.",
    example: "step score { run \"./score\"; limits { memory 4GiB; cpu 2; output 64MiB } }",
    lower: lower_limits,
    ..ClauseSpec::PLAIN
};

pub(super) static MEMORY: ClauseSpec = ClauseSpec {
    word: "memory",
    places: &[Place::Limits],
    role: Role::Attribute,
    head: SIZE,
    summary: "how much memory its processes may use together",
    documentation: "Over it, the attempt fails as `memory`.",
    example: "step score { run \"./score\"; limits { memory 2GiB } }",
    check: check_not_zero,
    lower: lower_memory,
    ..ClauseSpec::PLAIN
};

pub(super) static CPU: ClauseSpec = ClauseSpec {
    word: "cpu",
    places: &[Place::Limits],
    role: Role::Attribute,
    head: &[Slot::one("NUMBER", Shape::Expr(Want::Number))],
    summary: "how many cores it may keep busy",
    documentation: "\
Its processes are kept to so many of the machine's cores; on a cluster the job asks for them. May be a \
fraction, as `0.5`, which takes the whole core that it is a part of.",
    example: "step score { run \"./score\"; limits { cpu 2 } }",
    lower: lower_cpu,
    ..ClauseSpec::PLAIN
};

pub(super) static LOG: ClauseSpec = ClauseSpec {
    word: "output",
    places: &[Place::Limits],
    role: Role::Attribute,
    head: SIZE,
    summary: "how much of the log is kept",
    documentation: "The rest is dropped with a note; the step goes on.",
    example: "step score { run \"./score\"; limits { output 1GiB } }",
    lower: lower_log,
    ..ClauseSpec::PLAIN
};

fn check_not_zero(clause: &Clause) -> Vec<Diagnostic> {
    let zero = clause.head_exprs().find(|size| size_literal(size) == Some(0));
    zero.into_iter()
        .map(|size| {
            let message = format!("`{}` cannot be zero", clause.spec.word);
            Diagnostic::new(Code::E0504, message, size.span, "must be above zero")
                .help(format!("write a size, as `{} 512MiB`", clause.spec.word))
        })
        .collect()
}

fn lower_limits(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Target::Step(step) = target {
        let limits = step.limits.get_or_insert_default();
        clause.lower_block(&mut Target::Limits(limits), context);
    }
}

fn lower_memory(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Target::Limits(limits) = target {
        limits.memory = clause.resolve(context);
    }
}

fn lower_cpu(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Target::Limits(limits) = target {
        limits.cpu = clause.resolve(context);
    }
}

fn lower_log(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let Target::Limits(limits) = target {
        limits.output = clause.resolve(context);
    }
}
