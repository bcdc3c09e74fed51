//! `goalc explain`, `schema`, `completions` and `man`: what goalc knows of itself.

use clap::CommandFactory;

use super::arguments::{Arguments, CompletionsArguments, ExplainArguments, SchemaArguments};
use super::exit::Failed;
use super::output;
use crate::diagnostic::{CATALOGUE, closest, explain as explanation};
use crate::report::{SCHEMAS, schema as schema_named};

pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failed> {
    let code = arguments.code.to_uppercase();
    let Some(text) = explanation(&code) else {
        let hint = closest(&code, CATALOGUE.iter().map(|entry| entry.code))
            .map_or_else(String::new, |near| format!(": did you mean {near}?"));
        return Err(Failed::wrong(format!("there is no code `{}`{hint}", arguments.code)));
    };
    output::print(&text);
    Ok(0)
}

pub(super) fn schema(arguments: &SchemaArguments) -> Result<u8, Failed> {
    let Some(schema) = schema_named(&arguments.name) else {
        let (name, known) = (&arguments.name, SCHEMAS.join(", "));
        return Err(Failed::wrong(format!("there is no schema `{name}`: there are {known}")));
    };
    output::print_json(&schema);
    Ok(0)
}

pub(super) fn completions(arguments: &CompletionsArguments) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "goalc", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    0
}

pub(super) fn man() -> Result<u8, Failed> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command())
        .render(&mut page)
        .map_err(|error| Failed::machine(format!("the manual page cannot be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&page));
    Ok(0)
}
