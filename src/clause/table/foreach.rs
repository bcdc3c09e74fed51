//! `foreach`: one instance of a step for each item.
//!
//! The list of items is fixed where the step is ready; here it is an expression.

use super::depends::add_edge;
use crate::clause::{
    Argument, Clause, ClauseSpec, Context, OptionSpec, Place, Role, Shape, Slot, Target, Want,
};
use crate::ir::{EdgeKind, Foreach, Tolerance};
use crate::value::{Expr, NodeId, StepId};

const COUNT: Shape = Shape::Expr(Want::Int { at_least: 0 });

pub(super) static FOREACH: ClauseSpec = ClauseSpec {
    word: "foreach",
    places: &[Place::Step],
    role: Role::Attribute,
    head: &[Slot::one("NAME", Shape::Name)],
    options: &[
        OptionSpec::required("in", &[Slot::one("LIST", Shape::Expr(Want::List))]),
        OptionSpec::new("batch", &[Slot::int("N", 1)]),
        OptionSpec::new("parallel", &[Slot::int("N", 1)]),
        OptionSpec::new("tolerate", &[Slot::one("N | N%", Shape::OneOf(&[Shape::Percent, COUNT]))]),
    ],
    summary: "one instance of the step for each item of a list",
    documentation: "\
In a script the items are `\"$@\"`, and `${name}` is the item. With `batch` an item is a list of up to N.\n\
`parallel` bounds how many run at once. A step with more failed instances than `tolerate` says has failed.\n\
Where the list is another `foreach` step, each instance starts as soon as that step's instance has \
succeeded: a pipeline by item. There `name.item` is the item and `name.output` that instance's output.",
    example: "\
step split {
  foreach file in glob(\"data/*.csv\") batch 10 parallel 4 tolerate 2%
  run \"./split \\\"$@\\\"\"
}",
    lower,
    ..ClauseSpec::PLAIN
};

fn lower(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let source = clause.option_expr("in").and_then(|items| context.foreach_source(items));
    let items = items(clause, source.as_ref(), context);
    let batch = clause.resolve_option("batch", context);
    let parallel = clause.resolve_option("parallel", context);
    let tolerate = tolerance(clause, context);
    if let Some(step) = &source {
        add_edge(NodeId::Step(step.clone()), EdgeKind::Item, target);
    }
    let (Some(name), Some(items), Target::Step(step)) = (clause.head_names().next(), items, target)
    else {
        return;
    };
    let name = name.value.as_ref().into();
    step.foreach = Some(Box::new(Foreach { name, items, of: source, batch, parallel, tolerate }));
}

/// In a pipeline by item the items are the source's own: there is no list to evaluate.
fn items(clause: &Clause, source: Option<&StepId>, context: &mut dyn Context) -> Option<Expr> {
    match source {
        Some(_) => Some(Expr::List(Vec::new())),
        None => clause.resolve_option("in", context),
    }
}

fn tolerance(clause: &Clause, context: &mut dyn Context) -> Option<Tolerance> {
    match clause.option("tolerate")?.arguments.first()? {
        Argument::Percent(percent) => Some(Tolerance::Percent(percent.value)),
        _ => clause.resolve_option("tolerate", context).map(Tolerance::Count),
    }
}
