//! What a saved tree consists of, as lines of JSON: parents before what is in them.
//!
//! Knows no files but the one that it is written to. Invariant: a manifest without its last line
//! is not read as a whole one.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A name or path of any bytes; as text where it is UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(super) struct Name(pub(super) Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Written> for Name {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self(text.into_bytes()),
            Written::Bytes(bytes) => Self(bytes),
        }
    }
}

impl From<Name> for Written {
    fn from(name: Name) -> Self {
        String::from_utf8(name.0).map_or_else(|error| Self::Bytes(error.into_bytes()), Self::Text)
    }
}

impl Name {
    pub(super) fn of(text: &OsStr) -> Self {
        Self(text.as_bytes().to_vec())
    }

    pub(super) fn os(&self) -> OsString {
        OsString::from_vec(self.0.clone())
    }

    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(self.os())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// First of all. The token is in the names of what a restore makes beside a path.
    Head {
        token: String,
    },
    /// What follows is at `name` in the folder `parent`, which is resolved.
    Root {
        parent: Name,
        name: Name,
        there: bool,
    },
    Entry(Entry),
    /// Last of all.
    End,
}

/// A file, folder or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// From the root's folder: begins with the root's name.
    pub(super) path: Name,
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds and nanoseconds.
    pub(super) mtime: (i64, i64),
    pub(super) atime: (i64, i64),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attributes: Vec<(Name, Name)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Folder,
    /// Its content is the file of this number.
    File {
        number: u64,
    },
    Link {
        to: Name,
    },
    /// Another name of a file that stands further up.
    Same {
        as_path: Name,
    },
}

/// The file with the content of a number.
pub(super) fn content(folder: &Path, number: u64) -> PathBuf {
    folder.join("data").join(number.to_string())
}

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("manifest")
}

pub(super) fn write(to: &mut impl Write, line: &Line) -> Result<(), String> {
    let mut text = serde_json::to_vec(line).map_err(|error| error.to_string())?;
    text.push(b'\n');
    to.write_all(&text).map_err(|error| format!("the snapshot cannot be written: {error}"))
}

/// Reads a manifest line by line.
///
/// # Errors
/// It is damaged or not whole, or what is done with a line fails.
pub(super) fn read(
    folder: &Path,
    mut each: impl FnMut(Line) -> Result<(), String>,
) -> Result<(), String> {
    let damaged = |why: &dyn std::fmt::Display| format!("the snapshot cannot be read: {why}");
    let file = std::fs::File::open(path(folder)).map_err(|error| damaged(&error))?;
    for line in std::io::BufReader::new(file).lines() {
        let line = line.map_err(|error| damaged(&error))?;
        match serde_json::from_str(&line).map_err(|error| damaged(&error))? {
            Line::End => return Ok(()),
            line => each(line)?,
        }
    }
    Err(damaged(&"it is not whole"))
}
