//! Finding a program the way `execvp` does, and saying in a user's words why one did not start.
//!
//! Knows files and error numbers; starts nothing.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The longest single argument that Linux takes, with its end: 32 pages.
const ARGUMENT_LIMIT: usize = 131_072;

/// Finds a program: a name with a `/` from `dir`, another one in the folders of `path`.
///
/// # Errors
/// Says why there is none: not there, a folder, not executable.
pub fn find_program(name: &OsStr, path: Option<&OsStr>, dir: &Path) -> Result<PathBuf, String> {
    let shown = name.to_string_lossy();
    if name.is_empty() {
        return Err("the command's name is empty".to_owned());
    }
    if name.as_bytes().contains(&b'/') {
        let file = dir.join(name);
        return match fault(&file) {
            None => Ok(file),
            Some(fault) => Err(format!("`{shown}` {fault}")),
        };
    }
    let path = path.map_or_else(|| OsString::from(DEFAULT_PATH), OsStr::to_owned);
    let mut unfit = None;
    let folders: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b':').collect();
    for (nth, folder) in folders.iter().enumerate() {
        if folders.iter().take(nth).any(|before| before == folder) {
            continue;
        }
        let file = dir.join(OsStr::from_bytes(folder)).join(name);
        match fault(&file) {
            None => return Ok(file),
            Some(Fault::NotExecutable) => unfit = unfit.or(Some(file)),
            Some(_) => {}
        }
    }
    Err(match unfit {
        Some(file) => format!("`{}` {}", file.display(), Fault::NotExecutable),
        None => format!("there is no command `{shown}` in PATH"),
    })
}

enum Fault {
    NotThere,
    Folder,
    NotExecutable,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotThere => "is not there",
            Self::Folder => "is a folder, not a program",
            Self::NotExecutable => "is not executable (`chmod +x` makes it so)",
        })
    }
}

/// Asks first what tells most: in most folders of `PATH` a program is not.
fn fault(file: &Path) -> Option<Fault> {
    let refused = rustix::fs::access(file, Access::EXEC_OK).err();
    if refused == Some(Errno::NOENT) {
        return Some(Fault::NotThere);
    }
    match std::fs::metadata(file) {
        Err(_) => Some(Fault::NotThere),
        Ok(found) if found.is_dir() => Some(Fault::Folder),
        Ok(_) => refused.map(|_| Fault::NotExecutable),
    }
}

/// Why a folder can't be worked in.
pub(super) fn folder_fault(dir: &Path) -> Option<String> {
    let shown = dir.display();
    match std::fs::metadata(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some(format!("its folder `{shown}` is not there"))
        }
        Err(error) => Some(format!("its folder `{shown}` cannot be entered: {error}")),
        Ok(found) if !found.is_dir() => Some(format!("its folder `{shown}` is a file")),
        Ok(_) => rustix::fs::access(dir, Access::EXEC_OK)
            .is_err()
            .then(|| format!("its folder `{shown}` may not be entered")),
    }
}

/// Why the system would not run a program that is there.
pub(super) fn refusal(error: Errno, program: &Path, words: &[OsString], total: usize) -> String {
    let shown = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    match error {
        Errno::TOOBIG => too_long(words, total),
        Errno::NOEXEC => format!(
            "`{shown}` is neither a program for this machine nor a script with a first line such \
             as `#!/bin/sh`"
        ),
        Errno::NOENT => match interpreter(program) {
            Some(name) => {
                format!("`{shown}` asks for the interpreter `{name}`, which is not there")
            }
            None => format!("`{shown}` needs a loader that is not there"),
        },
        Errno::ACCESS | Errno::PERM => format!("`{shown}` may not be run: permission denied"),
        Errno::TXTBSY => format!("`{shown}` is being written to"),
        Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE => format!(
            "the machine starts no more processes: {}",
            std::io::Error::from_raw_os_error(error.raw_os_error())
        ),
        other => {
            format!("`{shown}`: {}", std::io::Error::from_raw_os_error(other.raw_os_error()))
        }
    }
}

fn too_long(words: &[OsString], total: usize) -> String {
    let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
    if longest >= ARGUMENT_LIMIT {
        format!(
            "argument too long: one has {longest} bytes, {} is the most; pass it in a file",
            ARGUMENT_LIMIT - 1
        )
    } else {
        format!("argument too long: arguments and environment have {total} bytes together")
    }
}

/// What a script's first line asks for.
fn interpreter(script: &Path) -> Option<String> {
    let mut start = [0; 256];
    let length = std::fs::File::open(script).ok()?.read(&mut start).ok()?;
    let line = start.get(..length)?.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    line.split_whitespace().next().map(str::to_owned)
}
