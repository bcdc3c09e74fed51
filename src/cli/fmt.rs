//! `goalc fmt`: plans in their canonical form.

use std::io::{Read, Write};
use std::path::Path;

use super::arguments::FmtArguments;
use super::disk::{plain, read_file};
use super::exit::{FAILED, Failed};
use super::load::{choose, source_of};
use super::output;
use crate::diagnostic::Diagnostics;
use crate::render::{self, RenderOptions};
use crate::{format, syntax};

pub(super) fn fmt(arguments: &FmtArguments) -> Result<u8, Failed> {
    let files = match arguments.files.as_slice() {
        [] => vec![choose(None)?],
        files => files.to_vec(),
    };
    let mut worst = 0;
    for file in files {
        let changed =
            if file == Path::new("-") { fmt_input(arguments) } else { fmt_file(&file, arguments) };
        // One file that cannot be read is no reason to leave the others.
        worst = worst.max(match changed {
            Ok(changed) => u8::from(changed && (arguments.check || arguments.diff)) * FAILED,
            Err(failed) => failed.say(),
        });
    }
    Ok(worst)
}

/// Formats standard input to standard output. Whether it changed.
fn fmt_input(arguments: &FmtArguments) -> Result<bool, Failed> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Failed::wrong(format!("standard input cannot be read: {}", plain(&error)))
    })?;
    let formatted = formatted("<stdin>", &text)?;
    if arguments.diff {
        output::print(&diff("<stdin>", &text, &formatted));
    } else if !arguments.check {
        output::print(&formatted);
    }
    Ok(text != formatted)
}

fn fmt_file(file: &Path, arguments: &FmtArguments) -> Result<bool, Failed> {
    let unreadable =
        |why: String| Failed::wrong(format!("`{}` cannot be read: {why}", file.display()));
    let bytes = read_file(file).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let name = file.display().to_string();
    let formatted = formatted(&name, &text)?;
    if text == formatted {
        return Ok(false);
    }
    if arguments.diff {
        output::print(&diff(&name, &text, &formatted));
    } else if arguments.check {
        output::tell(&format!("{name}: not in canonical form\n"));
    } else {
        replace(file, &formatted)
            .map_err(|error| Failed::machine(format!("`{name}` cannot be written: {error}")))?;
    }
    Ok(true)
}

/// The canonical text; what cannot be read is reported and left alone.
pub(super) fn formatted(name: &str, text: &str) -> Result<String, Failed> {
    let (sources, file) = source_of(name, text);
    let mut diagnostics = Diagnostics::new();
    let document = syntax::parse(file, text, &mut diagnostics);
    if diagnostics.has_errors() {
        let options =
            RenderOptions { colour: output::colour_err(), width: output::width(), unicode: true };
        output::tell(&render::fancy(&diagnostics.sorted(), &sources, options));
        return Err(Failed::said(super::exit::WRONG));
    }
    Ok(format::format(&document, text))
}

/// What changed, as a unified diff.
pub(super) fn diff(name: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(name, name)
        .to_string()
}

/// Replaces a file by a rename, so that it is never half-written; its permissions stay.
pub(super) fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = file.canonicalize()?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(text.as_bytes())?;
    fresh.as_file().set_permissions(file.metadata()?.permissions())?;
    fresh.as_file().sync_all()?;
    fresh.persist(&file)?;
    Ok(())
}
