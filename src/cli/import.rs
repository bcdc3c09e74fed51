//! `goalc import`: plans from other formats.

use std::io::Read;
use std::path::Path;

use super::arguments::ImportArguments;
use super::exit::Failed;
use super::fmt::formatted;
use super::load::{plain, read_file};
use super::output;
use crate::interchange::decomposed;

pub(super) fn import(arguments: &ImportArguments) -> Result<u8, Failed> {
    let name = arguments.file.display().to_string();
    let text = read(&arguments.file)?;
    let plan = decomposed::import(&text)
        .map_err(|error| Failed::wrong(format!("`{name}` cannot be imported: {error}")))?;
    let plan = formatted(&name, &plan)?;
    match &arguments.output {
        None => output::print(&plan),
        Some(path) => std::fs::write(path, plan).map_err(|error| {
            Failed::machine(format!("`{}` cannot be written: {}", path.display(), plain(&error)))
        })?,
    }
    Ok(0)
}

fn read(file: &Path) -> Result<String, Failed> {
    let wrong = |why: String| Failed::wrong(format!("`{}` cannot be read: {why}", file.display()));
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| wrong(plain(&error)))?;
        return Ok(text);
    }
    String::from_utf8(read_file(file).map_err(wrong)?)
        .map_err(|_| wrong("it is not UTF-8".to_owned()))
}
