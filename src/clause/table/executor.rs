//! `executor` and what stands in it: where a step's commands run, and what they are given there.
//!
//! Words only; what they mean on a cluster is the executor's business.

use crate::clause::{
    Argument, BlockShape, Clause, ClauseSpec, Context, Place, Repeat, Role, Shape, Slot, Target,
    Want,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{EXECUTOR_NAMES, LOCAL, Placement};

const TEXT: &[Slot] = &[Slot::one("\"NAME\"", Shape::Expr(Want::String))];

pub(super) static EXECUTOR: ClauseSpec = ClauseSpec {
    word: "executor",
    places: &[Place::Step, Place::Defaults],
    role: Role::Attribute,
    head: &[Slot::one("NAME", Shape::Word(EXECUTOR_NAMES))],
    block: BlockShape::Optional(Place::Executor),
    summary: "where the step's commands run",
    documentation: "\
`local`: on this machine; `slurm`: as jobs of a Slurm cluster. What a step does not say, `run --executor NAME` \
says for the whole run; without that, steps run on this machine. `run --executor local` runs all of them here.\n\
In the braces stands what a job is given, over what `[executor.slurm]` in `goal.toml` says: `partition`, \
`account`, `qos`, `cpus`, `memory`, `gpus`, `time` and any other `flag`.\n\
A step that `stdin from` joins to another and a `service` run on this machine only.",
    example: "\
step train {
  executor slurm { partition \"gpu\"; gpus 1; cpus 8; memory 32GiB; time 4h }
  run \"./train\"
}
step summary { executor local; depends train; run \"./summary\" }",
    check: check_options,
    lower: lower_executor,
    ..ClauseSpec::PLAIN
};

/// What an option of a place is that is not said of it.
const OPTION: ClauseSpec = ClauseSpec {
    places: &[Place::Executor],
    role: Role::Attribute,
    lower: lower_option,
    ..ClauseSpec::PLAIN
};

pub(super) static PARTITION: ClauseSpec = ClauseSpec {
    word: "partition",
    head: TEXT,
    summary: "the cluster's partition, or several with commas between",
    documentation: "As `sbatch --partition`.",
    example: "step sort { executor slurm { partition \"fast\" }; run \"./sort\" }",
    ..OPTION
};

pub(super) static ACCOUNT: ClauseSpec = ClauseSpec {
    word: "account",
    head: TEXT,
    summary: "the account that the job is charged to",
    documentation: "As `sbatch --account`.",
    example: "step sort { executor slurm { account \"lab\" }; run \"./sort\" }",
    ..OPTION
};

pub(super) static QOS: ClauseSpec = ClauseSpec {
    word: "qos",
    head: TEXT,
    summary: "the quality of service that the job asks for",
    documentation: "As `sbatch --qos`.",
    example: "step sort { executor slurm { qos \"long\" }; run \"./sort\" }",
    ..OPTION
};

pub(super) static CPUS: ClauseSpec = ClauseSpec {
    word: "cpus",
    head: &[Slot::int("N", 1)],
    summary: "how many processors the job has",
    documentation: "As `sbatch --cpus-per-task`. Without it, what `limits { cpu }` says; else one.",
    example: "step sort { executor slurm { cpus 4 }; run \"./sort\" }",
    ..OPTION
};

pub(super) static MEMORY: ClauseSpec = ClauseSpec {
    word: "memory",
    head: &[Slot::one("SIZE", Shape::Expr(Want::Size))],
    summary: "how much memory the job is given",
    documentation: "As `sbatch --mem`. Without it, what `limits { memory }` says.",
    example: "step sort { executor slurm { memory 8GiB }; run \"./sort\" }",
    ..OPTION
};

pub(super) static GPUS: ClauseSpec = ClauseSpec {
    word: "gpus",
    head: &[Slot::one("N", Shape::Expr(Want::Text))],
    summary: "how many graphics processors the job has, or which",
    documentation: "As `sbatch --gpus`: `gpus 2`, `gpus \"a100:2\"`.",
    example: "step train { executor slurm { gpus 2 }; run \"./train\" }",
    ..OPTION
};

pub(super) static TIME: ClauseSpec = ClauseSpec {
    word: "time",
    head: &[Slot::span_of_time()],
    summary: "how long the cluster lets the job be",
    documentation: "\
As `sbatch --time`. Without it, two minutes more than the step's `timeout`, which goalc keeps itself.",
    example: "step train { executor slurm { time 12h }; run \"./train\" }",
    ..OPTION
};

pub(super) static FLAG: ClauseSpec = ClauseSpec {
    word: "flag",
    repeat: Repeat::Many,
    head: &[Slot::list("\"FLAG\"", Shape::Expr(Want::String))],
    summary: "any other flag of `sbatch`",
    documentation: "\
Each is one argument: `flag \"--constraint=avx2\"`. Flags that goalc sets itself, as `--job-name`, are refused.",
    example: "step sort { executor slurm { flag \"--exclusive\", \"--nice=100\" }; run \"./sort\" }",
    lower: lower_flag,
    ..OPTION
};

/// This machine has no partitions.
fn check_options(clause: &Clause) -> Vec<Diagnostic> {
    let local = clause.head.first().and_then(Argument::as_word) == Some(LOCAL);
    let Some(first) = clause.block.first().filter(|_| local) else { return Vec::new() };
    let message = format!("`{}` says nothing on this machine", first.spec.word);
    vec![
        Diagnostic::new(Code::E0503, message, first.word, "only jobs of a cluster have it")
            .help("write `limits { cpu 2; memory 1GiB }` to bound a step wherever it runs"),
    ]
}

fn lower_executor(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let Some(name) = clause.head.first().and_then(Argument::as_word) else { return };
    if let Target::Step(step) = target {
        let mut placement = Placement::of(name);
        clause.lower_block(&mut Target::Executor(&mut placement), context);
        step.executor = Some(Box::new(placement));
    }
}

fn lower_option(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    if let (Some(value), Target::Executor(placement)) = (clause.resolve(context), target) {
        placement.options.insert(clause.spec.word.into(), value);
    }
}

fn lower_flag(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let flags = clause.resolve_all(context);
    if let Target::Executor(placement) = target {
        placement.flags.extend(flags);
    }
}
