//! `resource` and `uses`: counted things that steps share.
//!
//! How much there is of a resource is asked of the context.

use crate::clause::reach::int_literal;
use crate::clause::{Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target, Want};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Use;
use crate::value::{Expr, Value};

pub(in crate::clause) static RESOURCE: ClauseSpec = ClauseSpec {
    word: "resource",
    places: &[Place::Goal],
    repeat: Repeat::Many,
    role: Role::Declaration,
    head: &[Slot::one("NAME", Shape::Name), Slot::int("N", 1)],
    summary: "a counted resource, taken by `uses`",
    documentation: "Steps that use it run at once only while there is enough of it. Resources are run-wide.",
    example: "\
resource gpu 2
step train { uses gpu; run \"./train\" }",
    ..ClauseSpec::PLAIN
};

pub(super) static USES: ClauseSpec = ClauseSpec {
    word: "uses",
    places: &[Place::Step],
    repeat: Repeat::Many,
    role: Role::Guard,
    head: &[
        Slot::one("NAME", Shape::Name),
        Slot::optional("N", Shape::Expr(Want::Int { at_least: 1 })),
    ],
    summary: "takes some of a `resource` while it runs; one if not said",
    documentation: "Taken together with the step's locks, at once or not at all.",
    example: "\
resource gpu 2
step train { uses gpu 2; run \"./train\" }",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(name) = clause.head_names().next() else { return };
    let Some(total) = context.resource(&name.value) else {
        context.report(
            Diagnostic::new(
                Code::E0202,
                format!("there is no resource `{}`", name.value),
                name.span,
                "not declared",
            )
            .help(format!("declare it in the goal: `resource {} 1`", name.value)),
        );
        return;
    };
    if let Some(finding) = more_than_there_is(clause, total) {
        context.report(finding);
        return;
    }
    let amount = match clause.head_exprs().next() {
        Some(written) => context.expr(written, Want::Int { at_least: 1 }),
        None => Some(Expr::Literal(Value::Int(1))),
    };
    if let (Some(amount), Some(guards)) = (amount, target.guards()) {
        guards.uses.push(Use { resource: name.value.as_ref().into(), amount });
    }
}

fn more_than_there_is(clause: &Clause, total: Option<i64>) -> Option<Diagnostic> {
    let (written, total) = (clause.head_exprs().next()?, total?);
    let amount = int_literal(written)?;
    let name = &clause.head_names().next()?.value;
    (amount > total).then(|| {
        Diagnostic::new(
            Code::E0504,
            format!("there is not that much of `{name}`"),
            written.span,
            format!("the resource has {total}"),
        )
        .help(format!("write `uses {name} {total}` or less, or declare `resource {name} {amount}`"))
    })
}
