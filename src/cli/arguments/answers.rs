//! Flags of the commands by which a person says something of a run.

use clap::Args;

#[derive(Debug, Args)]
pub struct AnswerArguments {
    /// The run (may be left out: the newest) and the step, as `a.b` or `a.b[3]`
    #[arg(required = true, num_args = 1..=2, value_names = ["RUN", "STEP"])]
    pub which: Vec<String>,
    /// Why; kept with the answer
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

#[derive(Debug, Args)]
pub struct DoneArguments {
    #[command(flatten)]
    pub answer: AnswerArguments,
    /// An output that the step declares
    #[arg(long = "output", value_name = "NAME=VALUE")]
    pub outputs: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CancelArguments {
    /// A run, or its beginning; the newest if left out
    pub run: Option<String>,
    /// A secret param, where its cleanup needs one and nobody carries it out
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

#[derive(Debug, Args)]
pub struct NoteArguments {
    /// The run (may be left out: the newest), the step, as `a.b` or `a.b[3]`, and what to write down
    #[arg(required = true, num_args = 2..=3, value_names = ["RUN", "STEP", "TEXT"])]
    pub what: Vec<String>,
}
