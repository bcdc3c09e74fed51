//! `file "p" [nonempty] [contains "text"] [sha256 "hex"]`. Reads in pieces, however long a file is.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Answer, STOPPED};
use crate::exec::process::Controller;

const PIECE: usize = 64 * 1024;

pub(super) struct Wants<'a> {
    pub(super) nonempty: bool,
    pub(super) contains: &'a Option<String>,
    pub(super) sha256: &'a Option<String>,
}

pub(super) fn ask(path: &Path, shown: &str, wants: &Wants<'_>, control: &Controller) -> Answer {
    let file = format!("file \"{shown}\"");
    let found = match std::fs::metadata(path) {
        Err(error) if absent(&error) => return Err(format!("{file} is not there")),
        Err(error) => return Err(format!("{file} cannot be looked at: {error}")),
        Ok(found) if found.is_dir() => return Err(format!("{file} is a folder")),
        Ok(found) => found,
    };
    if wants.nonempty && found.len() == 0 {
        return Err(format!("{file} is empty"));
    }
    if wants.contains.is_none() && wants.sha256.is_none() {
        return Ok(format!("{file} is there"));
    }
    // Others never end, or wait for a writer.
    if !found.is_file() {
        return Err(format!("{file} is no regular file, so it is not read"));
    }
    let seen = read(path, wants, control).map_err(|error| match error.kind() {
        ErrorKind::Interrupted => STOPPED.to_owned(),
        _ => format!("{file} cannot be read: {error}"),
    })?;
    if let Some(text) = wants.contains.as_ref().filter(|_| !seen.contains) {
        return Err(format!("{file} does not contain {text:?}"));
    }
    match (wants.sha256, seen.sha256) {
        (Some(wanted), Some(sum)) if !wanted.trim().eq_ignore_ascii_case(&sum) => {
            Err(format!("{file} has the SHA-256 {sum}, not {wanted}"))
        }
        _ => Ok(format!("{file} is as described")),
    }
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

struct Seen {
    contains: bool,
    sha256: Option<String>,
}

fn read(path: &Path, wants: &Wants<'_>, control: &Controller) -> std::io::Result<Seen> {
    let mut file = File::open(path)?;
    let mut hasher = wants.sha256.as_ref().map(|_| Sha256::new());
    let wanted = wants.contains.as_deref().unwrap_or_default().as_bytes();
    let search = aho_corasick::AhoCorasick::new([wanted]).map_err(std::io::Error::other)?;
    let mut contains = false;
    let mut window = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        if control.is_stopped() {
            return Err(ErrorKind::Interrupted.into());
        }
        let length = file.read(&mut piece)?;
        let bytes = piece.get(..length).unwrap_or_default();
        if let Some(hasher) = &mut hasher {
            hasher.update(bytes);
        }
        if !contains {
            window.extend_from_slice(bytes);
            contains = search.is_match(&window);
            let kept = wanted.len().saturating_sub(1);
            window.drain(..window.len().saturating_sub(kept));
        }
        if length == 0 || (contains && hasher.is_none()) {
            let sha256 = hasher.map(|hasher| hex::encode(hasher.finalize()));
            return Ok(Seen { contains, sha256 });
        }
    }
}
