//! `dir "p" [writable]`.

use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{Access, access};

use super::Answer;

pub(super) fn ask(path: &Path, shown: &str, writable: bool) -> Answer {
    let dir = format!("dir \"{shown}\"");
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!("{dir} is not there")),
        Err(error) => Err(format!("{dir} cannot be looked at: {error}")),
        Ok(found) if !found.is_dir() => Err(format!("{dir} is a file")),
        Ok(_) if writable && access(path, Access::WRITE_OK | Access::EXEC_OK).is_err() => {
            Err(format!("{dir} is not writable"))
        }
        Ok(_) if writable => Ok(format!("{dir} is writable")),
        Ok(_) => Ok(format!("{dir} is there")),
    }
}
