//! That a tree is put back exactly, whatever was done to it, and that nothing else is touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Guarded, Wanted, restore, take};

/// All that is promised of a file: kind and mode, owner, time, content or target, its other names.
type Facts = (u32, (u32, u32), (i64, i64), Vec<u8>, Vec<PathBuf>);

fn facts(top: &Path) -> BTreeMap<PathBuf, Facts> {
    let entries: Vec<_> = walkdir::WalkDir::new(top).into_iter().filter_map(Result::ok).collect();
    let mut names: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for entry in &entries {
        let inode = entry.path().symlink_metadata().unwrap().ino();
        names.entry(inode).or_default().push(entry.path().to_owned());
    }
    let fact = |path: &Path| {
        let found = path.symlink_metadata().unwrap();
        let content = if found.is_symlink() {
            fs::read_link(path).unwrap().to_string_lossy().into_owned().into_bytes()
        } else if found.is_file() {
            fs::read(path).unwrap()
        } else {
            Vec::new()
        };
        let owner = (found.uid(), found.gid());
        let mut same = names[&found.ino()].clone();
        same.sort();
        (found.mode(), owner, (found.mtime(), found.mtime_nsec()), content, same)
    };
    entries.iter().map(|entry| (entry.path().to_owned(), fact(entry.path()))).collect()
}

/// A plan's folder, a state folder, and where a snapshot goes.
struct Bench {
    temp: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("plan")).unwrap();
        fs::create_dir(temp.path().join("state")).unwrap();
        Self { temp }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join("plan").join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_789);
        fs::File::open(&path).unwrap().set_modified(old).unwrap();
        path
    }

    fn saved(&self) -> PathBuf {
        self.temp.path().join("state/1")
    }

    fn objects(&self) -> PathBuf {
        self.temp.path().join("state/objects")
    }

    fn take(&self, names: &[&str]) -> Result<(), String> {
        let wanted: Vec<Wanted> = names
            .iter()
            .map(|name| Wanted { shown: (*name).to_owned(), path: self.path(name) })
            .collect();
        take(&wanted, (&self.saved(), &self.objects()), (&self.guarded(), &[]), &|| false)
    }

    fn guarded(&self) -> Guarded {
        let (plan, state) = (self.temp.path().join("plan"), self.temp.path().join("state"));
        Guarded::new(Some(self.temp.path().join("plan/home")), &plan, &state)
    }

    fn restore(&self) {
        restore(&self.saved(), &|| false).unwrap();
    }
}

fn change_everything(bench: &Bench) {
    fs::write(bench.path("data/keep.txt"), "AFTER\n").unwrap();
    fs::set_permissions(bench.path("data/keep.txt"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::remove_file(bench.path("data/gone.txt")).unwrap();
    fs::remove_dir(bench.path("data/empty")).unwrap();
    fs::write(bench.path("data/empty"), "a file now").unwrap();
    fs::remove_file(bench.path("data/link")).unwrap();
    fs::create_dir(bench.path("data/link")).unwrap();
    fs::create_dir_all(bench.path("data/new/deep")).unwrap();
    fs::write(bench.path("data/new/deep/file"), "new").unwrap();
    fs::set_permissions(bench.path("data/new/deep"), fs::Permissions::from_mode(0o500)).unwrap();
    fs::set_permissions(bench.path("data/new"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::remove_file(bench.path("data/twin")).unwrap();
    fs::write(bench.path("data/twin"), "alone").unwrap();
}

/// Where the file system clones, nothing is shared by links.
fn clones(bench: &Bench) -> bool {
    let (from, to) = (bench.write("probe", "x", 0o600), bench.path("probe2"));
    let (from, to) = (fs::File::open(from).unwrap(), fs::File::create(to).unwrap());
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

#[test]
fn a_content_is_kept_once_however_often_it_is_saved() {
    let bench = Bench::new();
    if clones(&bench) {
        return;
    }
    bench.write("data/one", "the same", 0o640);
    bench.write("data/two", "the same", 0o755);
    bench.write("data/other", "another", 0o600);
    bench.take(&["data/"]).unwrap();
    let first = bench.saved();
    let moved = first.with_file_name("0");
    fs::rename(&first, &moved).unwrap();
    bench.take(&["data/"]).unwrap();
    let inode = |folder: &Path, number: u32| {
        fs::metadata(folder.join("data").join(number.to_string())).unwrap().ino()
    };
    for number in 1..=3 {
        assert_eq!(inode(&moved, number), inode(&first, number), "{number}");
    }
    // What the plan's files become does not reach what was saved of them.
    fs::write(bench.path("data/one"), "written over in place").unwrap();
    bench.restore();
    assert_eq!(fs::read_to_string(bench.path("data/one")).unwrap(), "the same");
    assert_eq!(fs::metadata(bench.path("data/one")).unwrap().nlink(), 1);
    assert_eq!(super::prune(&bench.objects()).unwrap(), 0);
    for gone in [moved, first] {
        fs::remove_dir_all(gone).unwrap();
    }
    assert!(super::prune(&bench.objects()).unwrap() > 0);
    let left = walkdir::WalkDir::new(bench.objects()).into_iter().filter_map(Result::ok);
    assert_eq!(left.filter(|entry| entry.file_type().is_file()).count(), 0);
}

#[test]
fn a_tree_is_put_back_exactly() {
    let bench = Bench::new();
    bench.write("data/keep.txt", "before\n", 0o640);
    bench.write("data/gone.txt", "still here\n", 0o400);
    bench.write("data/run.sh", "#!/bin/sh\n", 0o4755);
    bench.write("data/shut/inner", "in", 0o600);
    bench.write("beside.txt", "beside", 0o644);
    fs::create_dir(bench.path("data/empty")).unwrap();
    symlink("nowhere/at all", bench.path("data/link")).unwrap();
    fs::hard_link(bench.path("data/keep.txt"), bench.path("data/twin")).unwrap();
    fs::set_permissions(bench.path("data/shut"), fs::Permissions::from_mode(0o500)).unwrap();
    let (before, beside) = (facts(&bench.path("data")), facts(&bench.path("beside.txt")));
    bench.take(&["data/"]).unwrap();
    change_everything(&bench);
    assert_ne!(facts(&bench.path("data")), before);
    bench.restore();
    assert_eq!(facts(&bench.path("data")), before);
    assert_eq!(facts(&bench.path("beside.txt")), beside);
    bench.restore();
    assert_eq!(facts(&bench.path("data")), before, "and again");
    let names: Vec<_> =
        fs::read_dir(bench.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left beside: {names:?}");
}

#[test]
fn a_path_that_was_not_there_is_not_there_again() {
    let bench = Bench::new();
    bench.take(&["out/", "deep/er/file"]).unwrap();
    fs::create_dir_all(bench.path("out/a/b")).unwrap();
    fs::write(bench.path("out/a/b/c"), "made").unwrap();
    bench.restore();
    assert!(!bench.path("out").exists());
    assert!(!bench.path("deep").exists());
}

#[test]
fn a_path_whose_folder_is_gone_comes_back() {
    let bench = Bench::new();
    bench.write("a/b/c", "content", 0o600);
    let before = facts(&bench.path("a/b/c"));
    bench.take(&["a/b/c"]).unwrap();
    fs::remove_dir_all(bench.path("a")).unwrap();
    bench.restore();
    assert_eq!(facts(&bench.path("a/b/c")), before);
}

#[test]
fn the_same_size_and_time_do_not_hide_a_change() {
    let bench = Bench::new();
    let path = bench.write("file", "aaaa", 0o600);
    let time = path.metadata().unwrap().modified().unwrap();
    bench.take(&["file"]).unwrap();
    fs::write(&path, "bbbb").unwrap();
    fs::File::open(&path).unwrap().set_modified(time).unwrap();
    bench.restore();
    assert_eq!(fs::read(&path).unwrap(), b"aaaa");
}

#[test]
fn a_hard_link_to_the_outside_is_not_written_through() {
    let bench = Bench::new();
    let outside = bench.write("outside", "old", 0o600);
    fs::create_dir(bench.path("data")).unwrap();
    fs::hard_link(&outside, bench.path("data/inside")).unwrap();
    bench.take(&["data"]).unwrap();
    fs::write(&outside, "new").unwrap();
    bench.restore();
    assert_eq!(fs::read_to_string(bench.path("data/inside")).unwrap(), "old");
    assert_eq!(fs::read_to_string(&outside).unwrap(), "new");
}

#[test]
fn a_link_put_in_the_way_is_not_followed() {
    let bench = Bench::new();
    bench.write("a/data/file", "mine", 0o600);
    bench.write("elsewhere/data/file", "theirs", 0o600);
    bench.take(&["a/data"]).unwrap();
    fs::rename(bench.path("a"), bench.path("b")).unwrap();
    symlink("elsewhere", bench.path("a")).unwrap();
    let why = restore(&bench.saved(), &|| false).unwrap_err();
    assert!(why.contains("a link or file is where a folder was"), "{why}");
    assert_eq!(fs::read_to_string(bench.path("elsewhere/data/file")).unwrap(), "theirs");
}

#[test]
fn what_cannot_be_put_back_is_named_before() {
    let bench = Bench::new();
    bench.write("data/file", "", 0o600);
    let fifo = bench.path("data/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let socket = std::os::unix::net::UnixListener::bind(bench.path("data/socket")).unwrap();
    let why = bench.take(&["data"]).unwrap_err();
    drop(socket);
    assert!(why.contains("data/pipe` is a named pipe"), "{why}");
    assert!(why.contains("data/socket` is a socket"), "{why}");
    assert!(!bench.saved().exists());
}

#[test]
fn folders_that_hold_the_run_are_refused() {
    let bench = Bench::new();
    fs::create_dir(bench.path("home")).unwrap();
    fs::create_dir(bench.path("x")).unwrap();
    symlink("..", bench.path("up")).unwrap();
    for name in ["", ".", "..", "x/../..", "../state", "../state/1", "home", "/", "up/", "/tmp"] {
        let refused = bench.take(&[name]);
        assert!(refused.is_err(), "{name:?} was taken");
    }
    assert!(!bench.saved().exists());
}

#[test]
fn a_snapshot_that_was_given_up_leaves_nothing() {
    let bench = Bench::new();
    bench.write("data/file", "x", 0o600);
    let wanted = [Wanted { shown: "data".to_owned(), path: bench.path("data") }];
    let given_up =
        take(&wanted, (&bench.saved(), &bench.objects()), (&bench.guarded(), &[]), &|| true);
    assert_eq!(given_up, Err(super::STOPPED.to_owned()));
    assert_eq!(fs::read_dir(bench.temp.path().join("state")).unwrap().count(), 0);
}

#[test]
fn a_restore_that_was_interrupted_is_done_again() {
    let bench = Bench::new();
    bench.write("data/file", "before", 0o600);
    bench.write("data/other", "before", 0o600);
    let before = facts(&bench.path("data"));
    bench.take(&["data"]).unwrap();
    fs::remove_file(bench.path("data/file")).unwrap();
    let looks = std::cell::Cell::new(0);
    let stop = || looks.replace(looks.get() + 1) >= 3;
    assert!(restore(&bench.saved(), &stop).is_err());
    bench.restore();
    assert_eq!(facts(&bench.path("data")), before);
}

#[test]
fn holes_and_attributes_are_kept() {
    let bench = Bench::new();
    let path = bench.write("data/sparse", "start", 0o600);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(64 << 20).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    let has = rustix::fs::setxattr(&path, "user.note", b"kept", flags).is_ok();
    bench.take(&["data"]).unwrap();
    fs::remove_dir_all(bench.path("data")).unwrap();
    bench.restore();
    let found = path.metadata().unwrap();
    assert_eq!(found.len(), 64 << 20);
    assert!(found.blocks() * 512 < 1 << 20, "{} blocks", found.blocks());
    if has {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.note", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
    }
}
