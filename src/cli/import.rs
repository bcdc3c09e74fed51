//! `goalc import`: plans from other formats.

use std::io::Read;
use std::path::Path;

use super::arguments::ImportArguments;
use super::disk::{LARGEST, plain, read_file, write_result};
use super::exit::Failed;
use super::fmt::formatted;
use super::output;
use crate::interchange::{self, packed};

pub(super) fn import(arguments: &ImportArguments) -> Result<u8, Failed> {
    let name = arguments.file.display().to_string();
    let text = read(&arguments.file)?;
    let plan = interchange::import(&text)
        .map_err(|error| Failed::wrong(format!("`{name}` cannot be imported: {error}")))?;
    let plan = formatted(&name, &plan)?;
    match &arguments.output {
        None => output::print(&plan),
        Some(path) => write_result(path, &plan, [arguments.file.as_path()])?,
    }
    Ok(0)
}

fn read(file: &Path) -> Result<String, Failed> {
    let wrong = |why: String| Failed::wrong(format!("`{}` cannot be read: {why}", file.display()));
    let bytes = if file == Path::new("-") {
        read_input(std::io::stdin()).map_err(wrong)?
    } else {
        read_file(file).map_err(wrong)?
    };
    String::from_utf8(packed::unpacked(bytes).map_err(wrong)?)
        .map_err(|_| wrong("it is not UTF-8".to_owned()))
}

/// All of an input of a bearable size.
fn read_input(input: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    Ok(bytes)
}
