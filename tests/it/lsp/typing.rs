//! Someone types at random: what is told stays what `goalc check` finds, and the server stays up.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{Client, position};
use crate::support::Project;

/// Edits between two comparisons.
const STEP: usize = 100;

struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).expect("a limit")).expect("below it")
    }

    fn boundary(&mut self, text: &str) -> usize {
        text.floor_char_boundary(self.below(text.len() + 1))
    }
}

const PIECES: &[&str] = &[
    "\n",
    " ",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "#",
    "${",
    "step 請求 { run \"true\" }\n",
    "depends ",
    "a.b",
    "𝒳",
    "retry 2",
    "= ",
    "[",
    "]",
    ",",
    ";",
    "goal x {\n",
    "\u{301}",
    "é",
    "when ",
    "\r\n",
    "'",
    "0",
    "(",
    "\t",
];

/// One edit: what the editor says, and the text after it.
fn edit(text: &str, chance: &mut Chance) -> (Value, String) {
    let start = chance.boundary(text);
    let end = match chance.below(3) {
        0 => start,
        1 => text.ceil_char_boundary((start + chance.below(4)).min(text.len())),
        _ => text.ceil_char_boundary((start + chance.below(40)).min(text.len())),
    };
    let new = if start == end || chance.below(2) == 0 {
        PIECES[chance.below(PIECES.len())].to_owned()
    } else {
        let from = chance.boundary(text);
        text[from..text.ceil_char_boundary((from + 12).min(text.len()))].to_owned()
    };
    let range = json!({ "start": position(text, start), "end": position(text, end) });
    let after = format!("{}{new}{}", &text[..start], &text[end..]);
    (json!([{ "range": range, "text": new }]), after)
}

/// Between a carriage return and its line feed there is no position to name.
fn splits_a_line_break(text: &str, after: &str) -> bool {
    let odd = |text: &str| text.replace("\r\n", "").contains('\r');
    odd(text) || odd(after)
}

/// Code, severity, line and column (in characters) of all findings of a file.
fn told(client: &Client<'_>, name: &str, text: &str) -> Vec<(String, u64, u64, u64)> {
    let lines: Vec<&str> = text.split('\n').collect();
    let place = |each: &Value| {
        let (line, units) = (each["line"].as_u64().expect("a line"), each["character"].as_u64());
        let row = lines.get(usize::try_from(line).expect("a line")).copied().unwrap_or_default();
        let mut left = units.expect("a column");
        let mut letters = 0;
        for letter in row.chars() {
            if left == 0 {
                break;
            }
            left -= u64::try_from(letter.len_utf16()).expect("one or two");
            letters += 1;
        }
        (line + 1, letters + 1)
    };
    let found = client.found.get(name).into_iter().flatten();
    let mut found: Vec<_> = found
        .map(|each| {
            let (line, column) = place(&each["range"]["start"]);
            let code = each["code"].as_str().expect("a code").to_owned();
            (code, each["severity"].as_u64().expect("a severity"), line, column)
        })
        .collect();
    found.sort();
    found
}

fn checked(project: &Project, name: &str) -> Vec<(String, u64, u64, u64)> {
    let found = project.check(name).into_iter().filter(|each| each["file"] == name);
    let number = |value: &Value| value.as_u64().expect("a number");
    let mut found: Vec<_> = found
        .map(|each| {
            let severity = if each["severity"] == "error" { 1 } else { 2 };
            let code = each["code"].as_str().expect("a code").to_owned();
            (code, severity, number(&each["line"]), number(&each["column"]))
        })
        .collect();
    found.sort();
    found
}

fn examples() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<_> = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "goal"))
        .map(|entry| {
            let name = entry.path().strip_prefix(&root).expect("below it").display().to_string();
            (name, std::fs::read_to_string(entry.path()).expect("an example"))
        })
        .collect();
    found.sort();
    found
}

fn type_at_random(edits: usize, seed: u64) {
    let project = Project::empty();
    let examples = examples();
    for (name, text) in &examples {
        project.write(name, text);
    }
    let mut client = Client::start(&project, &[]);
    let mut chance = Chance(seed);
    let mut early = 0;
    let rounds = edits / STEP;
    for round in 0..rounds {
        let (name, original) = &examples[round % examples.len()];
        client.open(name, original);
        let mut text = original.clone();
        for at in 0..STEP {
            let (typed, after) = edit(&text, &mut chance);
            if splits_a_line_break(&text, &after) {
                continue;
            }
            client.change(name, typed);
            text = after;
            if at % 10 == 0 {
                let place = client.place(
                    name,
                    "§",
                    json!({ "position": position(&text, chance.boundary(&text)) }),
                );
                client.ask("textDocument/completion", place.clone());
                client.ask("textDocument/hover", place);
            }
        }
        client.settle();
        project.write(name, &text);
        assert_eq!(told(&client, name, &text), checked(&project, name), "seed {seed}:\n{text}");
        client.about("textDocument/semanticTokens/full", name, json!({}));
        client.about("textDocument/foldingRange", name, json!({}));
        let uri = client.uri(name);
        client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
        project.write(name, original);
        client.settle();
        if round == rounds / 3 {
            early = client.memory();
        }
    }
    let late = client.memory();
    assert!(late < early * 3 / 2 + 32 * 1024, "from {early} to {late} KiB");
    assert_eq!(client.end(), 0);
}

#[test]
fn what_is_told_is_what_check_finds() {
    type_at_random(300, 0x5eed_90a1);
}

/// Run by `scripts/tests/lsp`.
#[test]
#[ignore = "takes a minute"]
fn ten_thousand_edits() {
    type_at_random(10_000, 0x1eaf_90a1);
}
