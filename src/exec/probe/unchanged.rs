//! `unchanged`: whether a step's files, meaning and values are as at its last success, and what it
//! writes is there.
//!
//! Reads files; knows neither steps nor where successes are kept. Invariant: a file counts as
//! unchanged without being read only where nothing about it could have changed unseen.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::{Answer, STOPPED};
use crate::exec::process::Controller;
use crate::exec::world::matching;

/// A change of a file this soon after a look at it may leave its times as they were.
const COARSE: Duration = Duration::from_secs(2);

/// So many files are noted one by one; of more, only their common digest.
const LISTED: usize = 10_000;

const PIECE: usize = 64 * 1024;

/// Where a look notes what it found, as JSON, for the case that the step then succeeds.
pub type Noted = Arc<OnceLock<String>>;

/// What is to be compared.
#[derive(Debug)]
pub struct Unchanged {
    /// The step's fingerprint.
    pub meaning: String,
    /// A digest of the values that it uses.
    pub values: String,
    /// Patterns start here.
    pub folder: PathBuf,
    pub reads: Vec<String>,
    pub writes: Vec<String>,
    /// What was noted at its last success.
    pub last: Option<String>,
    pub noted: Noted,
}

/// What a step's success depended on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inputs {
    meaning: String,
    values: String,
    /// Of all files' paths and contents.
    digest: String,
    files: Vec<Input>,
}

/// One file, with what tells a changed one without reading it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Input {
    path: String,
    sha256: String,
    size: u64,
    inode: u64,
    /// Nanoseconds since 1970 of the content's last change, and of any change; `None` where the
    /// file was so new that a further change might not show.
    times: Option<(i128, i128)>,
}

pub(super) fn ask(wanted: &Unchanged, control: &Controller) -> Answer {
    let last: Option<Inputs> =
        wanted.last.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let now = look(wanted, last.as_ref(), control)?;
    let answer = compare(wanted, last.as_ref(), &now);
    if let Ok(text) = serde_json::to_string(&now) {
        let _ = wanted.noted.set(text);
    }
    answer
}

fn compare(wanted: &Unchanged, last: Option<&Inputs>, now: &Inputs) -> Answer {
    let Some(last) = last else { return Err("it has not succeeded before".to_owned()) };
    if last.meaning != now.meaning {
        return Err("the step has changed since its last success".to_owned());
    }
    if last.values != now.values {
        return Err("its values have changed since its last success".to_owned());
    }
    if last.digest != now.digest {
        return Err(changed(last, now));
    }
    for pattern in &wanted.writes {
        if matching(&wanted.folder, pattern)?.is_empty() {
            return Err(format!("`{pattern}`, which it writes, is not there"));
        }
    }
    Ok("the step is up to date".to_owned())
}

/// Which file it was, as far as that is known.
fn changed(last: &Inputs, now: &Inputs) -> String {
    let of = |inputs: &Inputs, path: &str| {
        inputs.files.iter().find(|file| file.path == path).map(|file| file.sha256.clone())
    };
    let new = now.files.iter().find(|file| of(last, &file.path).as_ref() != Some(&file.sha256));
    let gone = last.files.iter().find(|file| of(now, &file.path).is_none());
    match (new, gone) {
        (Some(file), _) if of(last, &file.path).is_some() => {
            format!("`{}` has changed since its last success", file.path)
        }
        (Some(file), _) => format!("`{}` is new since its last success", file.path),
        (None, Some(file)) => format!("`{}` is gone since its last success", file.path),
        (None, None) => "the files that it reads have changed since its last success".to_owned(),
    }
}

fn look(wanted: &Unchanged, last: Option<&Inputs>, control: &Controller) -> Result<Inputs, String> {
    let mut paths = Vec::new();
    for pattern in &wanted.reads {
        let matches = matching(&wanted.folder, pattern)?;
        // That a pattern matches nothing is as good a fact as what it matches; a file that is named is to be there.
        if matches.is_empty() && !pattern.contains(['*', '?', '[']) {
            return Err(format!("`{pattern}`, which it reads, is not there"));
        }
        paths.extend(matches.into_iter().flat_map(|path| files(&wanted.folder, &path)));
    }
    paths.sort();
    paths.dedup();
    let known: std::collections::HashMap<&str, &Input> =
        last.iter().flat_map(|last| &last.files).map(|file| (file.path.as_str(), file)).collect();
    let (mut all, mut inputs) = (Sha256::new(), Vec::new());
    for path in &paths {
        if control.is_stopped() {
            return Err(STOPPED.to_owned());
        }
        let shown = path.to_string_lossy().into_owned();
        let known = known.get(shown.as_str()).copied();
        let input = input(&wanted.folder.join(path), shown, known, control)?;
        for part in [&input.path, &input.sha256] {
            all.update((part.len() as u64).to_le_bytes());
            all.update(part);
        }
        if inputs.len() < LISTED {
            inputs.push(input);
        }
    }
    if paths.len() > LISTED {
        inputs.clear();
    }
    let (meaning, values) = (wanted.meaning.clone(), wanted.values.clone());
    Ok(Inputs { meaning, values, digest: hex::encode(all.finalize()), files: inputs })
}

/// A file itself, or all that is in a folder.
fn files(folder: &Path, path: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder.join(path)).follow_links(false).into_iter();
    let files = entries.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir());
    files
        .map(|entry| entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned())
        .collect()
}

fn input(
    path: &Path,
    shown: String,
    known: Option<&Input>,
    control: &Controller,
) -> Result<Input, String> {
    let failed = |error: std::io::Error| format!("`{shown}` cannot be read: {error}");
    let meta = std::fs::metadata(path).map_err(failed)?;
    let nanos = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let times = (nanos(meta.mtime(), meta.mtime_nsec()), nanos(meta.ctime(), meta.ctime_nsec()));
    let old = now.saturating_sub(COARSE).as_nanos();
    let settled = i128::try_from(old).is_ok_and(|old| times.0 < old && times.1 < old);
    let (size, inode, times) = (meta.size(), meta.ino(), settled.then_some(times));
    let same = known.filter(|known| {
        times.is_some() && (known.size, known.inode, known.times) == (size, inode, times)
    });
    let sha256 = match same {
        Some(known) => known.sha256.clone(),
        None if meta.is_file() => digest(path, control).map_err(failed)?,
        // What is no file has no content that could be compared; that it is there counts.
        None => String::new(),
    };
    Ok(Input { path: shown, sha256, size, inode, times })
}

fn digest(path: &Path, control: &Controller) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        if control.is_stopped() {
            return Err(std::io::Error::other(STOPPED));
        }
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            length => hasher.update(piece.get(..length).unwrap_or_default()),
        }
    }
}
