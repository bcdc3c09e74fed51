//! `goalc check`: all findings of all files, in one go; `--fix` mends what is certain.

use std::path::Path;
use std::sync::Arc;

use super::arguments::CheckArguments;
use super::exit::{Failed, WRONG};
use super::findings::{Told, findings};
use super::load::{Aim, Loaded, Mounts, choose, load_for};
use super::mend::Mender;
use super::omit::Omitted;
use super::{params, preflight, session};
use crate::diagnostic::Diagnostic;
use crate::exec::graph::Graph;
use crate::exec::world::RealSurroundings;

pub(super) fn check(arguments: &CheckArguments) -> Result<u8, Failed> {
    let files = match arguments.files.as_slice() {
        [] => vec![choose(None)?],
        files => files.to_vec(),
    };
    let mut told = Told::new(arguments.format.unwrap_or_default());
    let mut mender = Mender::new(arguments.diff);
    let mut worst = 0;
    for file in files {
        match check_one(&file, arguments, &mut mender, &mut told) {
            Ok(exit) => worst = worst.max(exit),
            Err(failed) => {
                if let Some(message) = failed.message() {
                    told.refuse(message);
                }
                worst = worst.max(failed.say());
                if failed.is_signalled() {
                    break;
                }
            }
        }
    }
    told.end();
    Ok(worst)
}

fn check_one(
    file: &Path,
    arguments: &CheckArguments,
    mender: &mut Mender,
    told: &mut Told,
) -> Result<u8, Failed> {
    let aim = if arguments.preflight { Aim::Plan } else { Aim::Findings };
    let deny = arguments.deny.is_some();
    let mounts = Mounts::allowed(arguments.allow_outside);
    let aim = (aim, arguments.executor.executor.as_deref());
    let mut loaded = load_for(file, aim, mounts, mender.texts())?;
    let mut found = findings(&loaded, deny);
    let mut wrong = found.iter().any(Diagnostic::is_error);
    if arguments.fix || arguments.diff {
        told.diff(&mender.mend(file, &loaded)?);
        loaded = load_for(file, aim, mounts, mender.texts())?;
        found = findings(&loaded, deny);
        // Where nothing was changed, the files are as wrong as before.
        wrong = found.iter().any(Diagnostic::is_error) || (arguments.diff && wrong);
    }
    told.plan(file, found, &loaded);
    if arguments.preflight && !wrong {
        let failures = required(arguments, &mut loaded)?;
        told.refused(&failures);
        wrong = !failures.is_empty();
    }
    Ok(u8::from(wrong) * WRONG)
}

/// What the goals require and is not so, or which params are wrong.
fn required(arguments: &CheckArguments, loaded: &mut Loaded) -> Result<Vec<String>, Failed> {
    let Some(plan) = loaded.plan.take() else { return Ok(Vec::new()) };
    let graph = Arc::new(Graph::new(Arc::new(plan)));
    let env = session::environment(loaded)?;
    let surroundings = RealSurroundings::new(loaded.folder().to_owned(), env.iter().cloned());
    let given = params::given(&arguments.params, arguments.params_file.as_deref())?;
    match params::resolve(&graph, &given, &surroundings) {
        Err(wrong) => Ok(wrong),
        Ok(params) => {
            let of = (&graph, &params, &Omitted::default());
            preflight::without_run(of, surroundings, &env)
        }
    }
}
