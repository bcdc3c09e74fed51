//! Files as they are read: plans, what they mount, settings; each of a bearable size.
//!
//! Invariant: of a path that leads out of the plan's folder nobody learns whether a file is there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Failed;
use super::fmt::replace;
use super::load::{Mounts, Texts};
use super::output;
use crate::sema::{Loader, NotLoaded};

/// The largest plan that is read.
pub(super) const LARGEST: u64 = 64 << 20;

/// The largest file of settings; reading TOML takes some fifty times its size.
const LARGEST_SETTINGS: u64 = 4 << 20;

/// Mounted files from disk.
pub(super) struct Disk<'a> {
    /// The folder that they must be in, if any.
    folder: Option<PathBuf>,
    texts: &'a Texts,
}

impl<'a> Disk<'a> {
    pub(super) fn new(tree: &Path, mounts: Mounts, texts: &'a Texts) -> Self {
        Self { folder: (mounts == Mounts::Inside).then(|| tree.to_owned()), texts }
    }

    /// Where the file really is, if it may be read. Of a path that leads outside nobody learns
    /// whether a file is there.
    fn find(&self, path: &Path) -> Result<PathBuf, NotLoaded> {
        let Some(folder) = &self.folder else { return Ok(path.to_owned()) };
        let by_link = path.starts_with(folder);
        match path.canonicalize() {
            Ok(real) if real.starts_with(folder) => Ok(real),
            Err(error) if by_link => Err(NotLoaded::Unreadable(plain(&error))),
            Ok(_) | Err(_) => Err(NotLoaded::Outside { by_link }),
        }
    }
}

impl Loader for Disk<'_> {
    fn load(&self, path: &Path) -> Result<Arc<str>, NotLoaded> {
        let real = self.find(path)?;
        if let Some(text) = self.texts.get(path).or_else(|| self.texts.get(&real)) {
            return Ok(Arc::clone(text));
        }
        let bytes = read_file(&real).map_err(NotLoaded::Unreadable)?;
        String::from_utf8(bytes)
            .map(Arc::from)
            .map_err(|_| NotLoaded::Unreadable("it is not UTF-8".to_owned()))
    }
}

/// A plan's bytes.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    read_at_most(path, LARGEST)
}

/// The text of a file that settles something: `goal.toml`, an environment, params.
pub(super) fn read_settings(path: &Path) -> Result<String, String> {
    let bytes = read_at_most(path, LARGEST_SETTINGS)?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

/// A file's bytes; only a plain file of a bearable size.
fn read_at_most(path: &Path, largest: u64) -> Result<Vec<u8>, String> {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    // Without waiting, as opening a pipe would for its writer.
    let mut options = std::fs::OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).map_err(|error| plain(&error))?;
    let metadata = file.metadata().map_err(|error| plain(&error))?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    let length = metadata.len().min(largest);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
    if bytes.len() as u64 > largest {
        return Err(format!("it is larger than {} MiB", largest >> 20));
    }
    Ok(bytes)
}

/// Writes a result into the file that `-o` names, whole or not at all; `-` is standard output. A file
/// that the result was made from stays.
pub(super) fn write_result<'p>(
    path: &Path,
    text: &str,
    made_from: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Failed> {
    if path == Path::new("-") {
        output::print(text);
        return Ok(());
    }
    let shown = path.display();
    let unwritable = |error: std::io::Error| {
        Failed::machine(format!("`{shown}` cannot be written: {}", plain(&error)))
    };
    if let Ok(real) = path.canonicalize()
        && made_from.into_iter().any(|from| from.canonicalize().is_ok_and(|from| from == real))
    {
        let what = "is what is read here: name another file after `-o`";
        return Err(Failed::wrong(format!("`{shown}` {what}")));
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => return replace(path, text).map_err(unwritable),
        // A pipe or a terminal.
        Ok(_) => return std::fs::write(path, text).map_err(unwritable),
        Err(_) => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    file.persist(path).map(drop).map_err(|error| unwritable(error.error))
}

/// What a file's name ends with, in small letters.
pub(super) fn ending(path: Option<&Path>) -> Option<String> {
    Some(path?.extension()?.to_str()?.to_ascii_lowercase())
}

/// A system's error in plain words.
pub(super) fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}
