//! `checkpoint` and `progress`: when progress is durable, and where a rollback ends.
//!
//! Declares both; writing the journal is the store's business.

use crate::clause::{Clause, ClauseSpec, Context, Place, Role, Shape, Slot, Target, Want};
use crate::ir::Progress;
use crate::value::{Expr, Value};

pub(super) static CHECKPOINT: ClauseSpec = ClauseSpec {
    word: "checkpoint",
    places: &[Place::Step],
    role: Role::Effect,
    head: &[Slot::optional("\"LABEL\"", Shape::Expr(Want::Text))],
    summary: "makes all progress durable and names a place to roll back to",
    documentation: "\
Once the step has succeeded. A rollback goes back to the last checkpoint, or all the way with `--to start`.\n\
It keeps all that had succeeded when it was made, in every branch.",
    example: "step migrate { run \"./migrate up\"; checkpoint \"migrated\" }",
    lower: lower_checkpoint,
    ..ClauseSpec::PLAIN
};

pub(super) static PROGRESS: ClauseSpec = ClauseSpec {
    word: "progress",
    places: &[Place::Goal],
    role: Role::Attribute,
    head: &[Slot::one("WHEN", Shape::Word(&["realtime", "checkpoints"]))],
    summary: "when progress is made durable",
    documentation: "`realtime` (default): at each change. `checkpoints`: only at `checkpoint`s and at the end.",
    example: "progress checkpoints",
    lower: lower_progress,
    ..ClauseSpec::PLAIN
};

fn lower_checkpoint(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let label = match clause.head_exprs().next() {
        Some(_) => clause.resolve(context),
        None => Some(Expr::Literal(Value::text(""))),
    };
    if let Target::Step(step) = target {
        step.checkpoint = label.map(Box::new);
    }
}

fn lower_progress(clause: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    if let (Some(word), Target::Goal(goal)) = (clause.head_word(), target) {
        goal.progress =
            if word == "checkpoints" { Progress::Checkpoints } else { Progress::Realtime };
    }
}
