//! The state folder: its permissions, its place, what it is not made in.

use super::*;

#[test]
fn folders_are_0700_and_files_0600_whatever_the_umask() {
    for umask in ["000", "022", "077", "777"] {
        let place = Place::new();
        let child = start("create", &place.path(), umask);
        let mut files = 0;
        for entry in walkdir::WalkDir::new(place.path()).into_iter().map(Result::unwrap) {
            let wanted = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
            files += u32::from(wanted == 0o600);
            assert_eq!(mode(entry.path()), wanted, "umask {umask}: {}", entry.path().display());
        }
        // .gitignore, the database with its log and index, the run's lock
        assert_eq!(files, 5);
        kill(child);
    }
}

#[test]
fn git_ignores_the_folder() {
    let place = Place::new();
    place.folder();
    assert_eq!(fs::read_to_string(place.path().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn state_is_beside_goal_toml_or_the_plan_or_where_the_user_says() {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap();
    let plan_folder = top.join("a/b");
    fs::create_dir_all(&plan_folder).unwrap();
    assert_eq!(StateFolder::locate(None, &plan_folder), plan_folder.join(".goal"));
    fs::write(top.join("goal.toml"), "").unwrap();
    assert_eq!(StateFolder::locate(None, &plan_folder), top.join(".goal"));
    assert_eq!(StateFolder::locate(Some(Path::new("")), &plan_folder), top.join(".goal"));
    assert_eq!(StateFolder::locate(Some(Path::new("/x")), &plan_folder), Path::new("/x"));
}

#[test]
fn a_chosen_folder_is_made_with_what_is_above_it() {
    let place = Place::new();
    let deep = place.temp.path().join("x/y/state");
    StateFolder::open_or_create(&deep).unwrap();
    assert_eq!(mode(&place.temp.path().join("x")), 0o700);
}

#[test]
fn links_files_and_folders_of_others_are_refused() {
    let place = Place::new();
    let other = place.temp.path().join("other");
    fs::create_dir(&other).unwrap();
    let refused = |why: &str| {
        for opened in
            [StateFolder::open_or_create(&place.path()), StateFolder::open_existing(&place.path())]
        {
            let message = opened.unwrap_err().to_string();
            assert!(message.contains(why), "{message}");
        }
    };
    symlink(&other, place.path()).unwrap();
    refused("it is a symbolic link");
    fs::remove_file(place.path()).unwrap();
    symlink("nowhere", place.path()).unwrap();
    refused("it is a symbolic link");
    fs::remove_file(place.path()).unwrap();
    fs::write(place.path(), "").unwrap();
    refused("it is no folder");
    fs::remove_file(place.path()).unwrap();
    fs::create_dir(place.path()).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o770)).unwrap();
    refused("others can write to it");
    assert!(fs::read_dir(&other).unwrap().next().is_none());
}

#[test]
fn a_linked_database_is_refused() {
    let place = Place::new();
    let folder = place.folder();
    let target = place.temp.path().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, place.database()).unwrap();
    let message = Store::open_to_write(folder).unwrap_err().to_string();
    assert!(message.contains("symbolic link"), "{message}");
    assert_eq!(fs::read(&target).unwrap(), b"");
}

#[test]
fn a_command_that_looks_makes_no_folder() {
    let place = Place::new();
    let error = place.reader().unwrap_err();
    assert!(matches!(error, StoreError::NoFolder(_)) && error.is_wrong_name(), "{error}");
    assert!(!place.path().exists());
}

#[test]
fn an_empty_folder_has_no_runs() {
    let place = Place::new();
    place.folder();
    let store = place.reader().unwrap();
    assert_eq!(store.runs().unwrap(), []);
    assert_eq!(store.find_run(None), Err(StoreError::NoRuns));
    assert!(!place.database().exists());
}
