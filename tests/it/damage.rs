//! A damaged journal: goalc says what it can and cannot recover, and never invents a success.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::Project;

const PLAN: &str = r#"
goal g {
  step a { run "echo a >> ran"; idempotent }
  step b { depends a; run "echo b >> ran; exit 1"; retry 1; idempotent }
  step c { depends b; run "echo c >> ran" }
}
"#;

/// How `show` sees the steps: those that it says have succeeded; `None` where it says nothing.
fn succeeded(shown: &[u8]) -> Option<BTreeSet<String>> {
    let json: Value = serde_json::from_slice(shown).ok()?;
    let steps = json["steps"].as_array()?.iter();
    let good = steps.filter(|step| step["status"] == "succeeded");
    Some(good.filter_map(|step| Some(step["id"].as_str()?.to_owned())).collect())
}

/// Lets `damage` change the bytes at each 512-byte step of a failed run's database, and looks at
/// what is said of it then.
fn at_each_step(damage: fn(&mut Vec<u8>, usize)) {
    let project = Project::new(PLAN);
    project.run(&[]).exits(1);
    let path = project.state().join("state.db");
    let db = Connection::open(&path).expect("the state opens");
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("all is in one file");
    drop(db);
    let sound = fs::read(&path).expect("it is read");
    let (ran, truth) = (project.lines("ran").len(), BTreeSet::from(["a".to_owned()]));
    for at in (0..sound.len()).step_by(512) {
        let mut hurt = sound.clone();
        damage(&mut hurt, at);
        for beside in ["state.db-wal", "state.db-shm"] {
            let _ = fs::remove_file(project.state().join(beside));
        }
        fs::write(&path, &hurt).expect("it is written");
        let shown = project.call(&["show", "--format", "json"]);
        assert!([0, 2, 4].contains(&shown.code), "at {at}: {}", shown.text());
        let seen = succeeded(&shown.out).unwrap_or_default();
        assert!(seen.is_subset(&truth), "at {at}: a success was invented: {}", shown.text());
        assert!(shown.code == 0 || shown.err.contains("goalc"), "at {at}: nothing is said");
        if shown.code == 4 {
            let resumed = project.call(&["resume", "--retry-failed"]);
            assert_eq!(resumed.code, 4, "at {at}: {}", resumed.text());
            assert_eq!(project.lines("ran").len(), ran, "at {at}: a damaged run went on");
        }
    }
}

#[test]
fn a_journal_with_a_piece_overwritten_is_not_believed() {
    at_each_step(|bytes, at| {
        let end = (at + 512).min(bytes.len());
        bytes[at..end].fill(0);
    });
}

#[test]
fn a_journal_with_a_letter_changed_is_not_believed() {
    at_each_step(|bytes, at| {
        let end = (at + 512).min(bytes.len());
        if let Some(byte) = bytes[at..end].iter_mut().find(|byte| byte.is_ascii_lowercase()) {
            *byte = if *byte == b'z' { b'y' } else { *byte + 1 };
        }
    });
}

#[test]
fn a_journal_that_is_cut_is_not_believed() {
    at_each_step(Vec::truncate);
}

#[test]
fn what_is_sound_of_a_damaged_run_is_shown() {
    let project = Project::new(PLAN);
    project.run(&[]).exits(1);
    let db = Connection::open(project.state().join("state.db")).expect("the state opens");
    let change = r#"update events set body = replace(body, 'failed', 'succeeded')
        where body like '%step-ended%"status":"failed"%'"#;
    assert_eq!(db.execute(change, []).expect("it is changed"), 1);
    let shown = project.call(&["show"]);
    assert_eq!(shown.code, 4, "{}", shown.text());
    assert!(shown.err.contains("is damaged"), "{}", shown.err);
    assert!(shown.err.contains("which are sound"), "{}", shown.err);
    assert!(shown.out().contains("✓ a"), "{}", shown.out());
    project.call(&["why", "b"]).exits(4);
    project.call(&["resume", "--retry-failed"]).exits(4);
    let removed = db.execute("delete from events where seq = (select max(seq) from events)", []);
    assert_eq!(removed.expect("it is removed"), 1);
    project.call(&["show"]).exits(4);
}
