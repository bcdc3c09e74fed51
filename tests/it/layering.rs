//! The house rules that a compiler does not check: who imports whom, who touches the world, and
//! the shape of files. The tables below are the architecture; changing one is a decision.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// The rooms in their order: each may import those before it.
const ROOMS: &[&str] = &[
    "source",
    "diagnostic",
    "value",
    "syntax",
    "ir",
    "config",
    "clause",
    "sema",
    "format",
    "exec",
    "forecast",
    "scenario",
    "store",
    "report",
    "graph",
    "interchange",
    "render",
    "editor",
    "cli",
];

/// Imports that the order would allow and the architecture does not.
const NEVER: &[(&str, &[&str])] =
    &[("exec", &["syntax", "clause", "sema"]), ("sema", &["exec"]), ("format", &["ir"])];

/// Crates that are known to one room only.
const CRATES: &[(&str, &str)] = &[
    ("pest", "syntax"),
    ("pest_derive", "syntax"),
    ("petgraph", "sema"),
    ("shuck_parser", "sema"),
    ("unicode_security", "sema"),
    ("rusqlite", "store"),
    ("gen_lsp_types", "editor"),
    ("miette", "render"),
    ("codespan_reporting", "render"),
];

/// What touches files, processes, time, the network or the terminal.
const WORLD: &[&str] = &[
    r"\bstd\s*::\s*(fs|net)\b",
    r"\benv\s*::\s*(vars?|vars?_os|set_var|remove_var|args|args_os|current_dir|temp_dir)\b",
    r"\bstd\s*::\s*process\s*::\s*(Command|Stdio|exit|abort)\b",
    r"\b(SystemTime|Instant)\s*::\s*now\b",
    r"\bTimestamp\s*::\s*now\b",
    r"\bthread\s*::\s*sleep\b",
    r"\bio\s*::\s*(stdin|stdout|stderr)\b",
    r"\b(rustix|signal_hook|ureq|walkdir|tempfile)\s*::",
];

/// Where the world may be touched.
const WORLDLY: &[&str] =
    &["cli", "store", "exec/executor", "exec/process", "exec/probe", "exec/snapshot", "exec/world"];

const LINES: usize = 400;

/// A source file of the library.
struct File {
    /// Below `src`, with `/` between folders: `exec/process/mod.rs`.
    path: String,
    text: String,
    /// The text without comments, the insides of strings, and tests.
    code: String,
}

impl File {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// How many modules are around its items: 1 in a room's `mod.rs`.
    fn depth(&self) -> usize {
        let folders = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") || folders == 0 { folders } else { folders + 1 }
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            let rest = self.path.strip_prefix(place);
            rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        })
    }
}

/// All files, read once for all tests.
fn files() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(read_files);
    &FILES
}

fn read_files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is readable");
            let below = path.strip_prefix(&root).expect("it is below src");
            let path = below.to_string_lossy().replace('\\', "/");
            let code = without_tests(&without_texts(&text));
            File { path, text, code }
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// Rust without comments and without what is inside of strings and character literals.
fn without_texts(text: &str) -> String {
    let token = Regex::new(
        r#"(?xs)
        (?P<line>//[^\n]*) | (?P<block>/\*.*?\*/)
        | (?P<raw>b?r"[^"]*" | b?r\#".*?"\# | b?r\#\#".*?"\#\#)
        | (?P<string>b?"(?:\\.|[^"\\])*")
        | (?P<char>b?'(?:\\u\{[0-9a-fA-F]+\}|\\x[0-9a-fA-F]{2}|\\.|[^'\\])')"#,
    )
    .expect("the pattern is right");
    token
        .replace_all(text, |found: &regex::Captures<'_>| {
            let comment = found.name("line").or(found.name("block")).is_some();
            if comment { " ".to_owned() } else { "\"\"".to_owned() }
        })
        .into_owned()
}

/// Code without its `#[cfg(test)] mod … { … }` blocks.
fn without_tests(code: &str) -> String {
    let head = Regex::new(r"#\[cfg\(test\)\]\s*(pub(\([a-z]+\))?\s+)?mod\s+\w+\s*\{")
        .expect("the pattern is right");
    let mut kept = String::new();
    let mut rest = code;
    while let Some(found) = head.find(rest) {
        kept.push_str(&rest[..found.start()]);
        rest = after_block(&rest[found.end()..]);
    }
    kept + rest
}

/// What follows the `}` of a block whose `{` has been read.
fn after_block(code: &str) -> &str {
    let mut depth = 1;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &code[at + 1..];
        }
    }
    ""
}

/// The first names of all paths that begin at the crate: `crate::a`, `crate::{a, b::{c}}`.
fn named_rooms(code: &str) -> BTreeSet<String> {
    let start = Regex::new(r"\bcrate\s*::\s*").expect("the pattern is right");
    let word = Regex::new(r"^\s*(\w+)").expect("the pattern is right");
    let mut names = BTreeSet::new();
    for found in start.find_iter(code) {
        let rest = &code[found.end()..];
        let parts = match rest.strip_prefix('{') {
            Some(group) => outer_parts(&group[..group.len() - after_block(group).len()]),
            None => vec![rest],
        };
        names.extend(parts.iter().filter_map(|part| Some(word.captures(part)?[1].to_owned())));
    }
    names
}

/// The parts of a `use` group between its own commas, not those of groups inside.
fn outer_parts(group: &str) -> Vec<&str> {
    let mut depth = 0;
    group
        .split(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .collect()
}

/// Fails with all that was found, so that everything is mended in one go.
fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

fn may_import(room: &str, other: &str) -> bool {
    let place = |name: &str| ROOMS.iter().position(|each| *each == name);
    let never = NEVER.iter().find(|(each, _)| *each == room).map_or(&[][..], |(_, rooms)| *rooms);
    room == other || (place(other) < place(room) && !never.contains(&other))
}

#[test]
fn rooms_import_only_those_before_them() {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| ROOMS.contains(&file.room())) {
        let names = named_rooms(&file.code);
        let rooms = names.iter().filter(|name| ROOMS.contains(&name.as_str()));
        for other in rooms.filter(|other| !may_import(file.room(), other)) {
            found.push(format!("{} imports {other}", file.path));
        }
    }
    assert_none("rooms import only those to their left (see ROOMS and NEVER)", &found);
}

#[test]
fn every_folder_is_a_room_and_super_does_not_leave_it() {
    let chain = Regex::new(r"\bsuper(\s*::\s*super)*").expect("the pattern is right");
    let mut found = Vec::new();
    for file in files() {
        if !ROOMS.contains(&file.room()) && !["lib", "main"].contains(&file.room()) {
            found.push(format!("{} is in no room", file.path));
        }
        let longest =
            chain.find_iter(&file.code).map(|m| m.as_str().matches("super").count()).max();
        if longest.is_some_and(|longest| longest >= file.depth()) {
            found.push(format!("{} leaves its room by `super`: write `crate::`", file.path));
        }
    }
    assert_none("a room is one folder of the table", &found);
}

#[test]
fn some_crates_are_known_to_one_room_only() {
    let mut found = Vec::new();
    for (name, room) in CRATES {
        let used = Regex::new(&format!(r"\b{name}\s*::")).expect("the pattern is right");
        for file in files().iter().filter(|file| file.room() != *room && used.is_match(&file.code))
        {
            found.push(format!("{} uses {name}", file.path));
        }
    }
    assert_none("a crate stays in its room (see CRATES)", &found);
}

#[test]
fn only_some_rooms_touch_the_world() {
    let world = Regex::new(&WORLD.join("|")).expect("the pattern is right");
    let mut found = Vec::new();
    for file in files().iter().filter(|file| file.path != "main.rs" && !file.is_in(WORLDLY)) {
        if let Some(use_) = world.find(&file.code).filter(|_| !file.is_test()) {
            found.push(format!("{} has `{}`", file.path, use_.as_str()));
        }
    }
    assert_none("files, processes, time and the terminal are for WORLDLY rooms", &found);
}

#[test]
fn unsafe_stays_in_the_supervision_of_processes() {
    let word = Regex::new(r"\bunsafe\b").expect("the pattern is right");
    let found: Vec<_> = files()
        .iter()
        .filter(|file| word.is_match(&file.code) && !file.is_in(&["exec/process"]))
        .map(|file| file.path.clone())
        .collect();
    assert_none("`unsafe` is for exec/process", &found);
}

#[test]
fn the_library_does_not_print() {
    let print = Regex::new(r"\be?print(ln)?!|\bdbg!").expect("the pattern is right");
    let mut found = Vec::new();
    let library = |file: &&File| !["cli", "main"].contains(&file.room()) && !file.is_test();
    for file in files().iter().filter(library) {
        found.extend(print.find(&file.code).map(|m| format!("{} has {}", file.path, m.as_str())));
    }
    assert_none("only cli prints", &found);
}

#[test]
fn every_file_says_what_it_owns() {
    let found: Vec<_> = files()
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path.clone())
        .collect();
    assert_none("a file opens with `//!`", &found);
}

#[test]
fn no_file_is_long() {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| !file.is_test()) {
        let own = file.text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = own.lines().count();
        if lines > LINES {
            found.push(format!("{} has {lines} lines", file.path));
        }
    }
    assert_none("a file has at most 400 lines, tests aside", &found);
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::{a, b::{c, d}, e as f};\nuse crate :: g::h; fn x() { crate::i::j() }";
    let names: Vec<_> = named_rooms(code).into_iter().collect();
    assert_eq!(names, ["a", "b", "e", "g", "i"]);
    assert!(may_import("render", "report") && !may_import("report", "render"));
    assert!(!may_import("exec", "sema") && !may_import("sema", "exec"));
}

#[test]
fn texts_and_tests_do_not_count_as_code() {
    let text = "let a = \"crate::cli \\\" \"; // crate::sema\nlet b = '\"'; let c = r#\"unsafe \"x\"\"#;\n\
        #[cfg(test)]\nmod tests {\n    fn f() { crate::exec::g(\"}\") }\n}\nfn d<'a>() {}";
    let code = without_tests(&without_texts(text));
    assert!(!code.contains("crate") && !code.contains("unsafe") && code.contains("fn d<'a>"));
}
