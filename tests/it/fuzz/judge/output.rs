//! What a step writes is a value of the declared type or an error, never anything else.
//!
//! The input is `$GOAL_OUTPUT` up to the first zero byte, and standard output behind it.

use std::sync::LazyLock;

use goalc::config::{dotenv, params};
use goalc::exec::outputs::{self, Sources};
use goalc::ir::Step;
use goalc::value::{MaskStream, Masker, Value, read_text};

use super::plan::analyzed;

const LONGEST: usize = 64 << 10;

/// A step for each source of outputs; those of the first are of each type.
static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let text = r#"
        goal g {
          step lines {
            run "true"
            output s: string; output i: int; output n: number; output b: bool
            output d: duration; output z: size; output p: path
            output l: [string]; output k: [[int]]; output c: "a" | "b"
          }
          step out { run "true"; output s: string from stdout }
          step amount { run "true"; output i: int from stdout }
          step json { run "true"; output j: [int] from json "/a/0"; output t: string from json "" }
          step file { run "true"; output s: duration from file "f" }
        }"#;
    let plan = analyzed(text).expect("a plan");
    plan.steps.into_values().collect()
});

pub fn output(bytes: &[u8]) {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    let split = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (lines, rest) = bytes.split_at(split);
    let stdout = rest.get(1..).unwrap_or_default();
    for step in STEPS.iter() {
        let files = step.outputs.keys().map(|name| (name.clone(), Ok(stdout.to_vec())));
        let pointers = [("j".into(), "/a/0".to_owned()), ("t".into(), String::new())];
        let sources = Sources {
            lines,
            stdout: Some(stdout),
            files: files.collect(),
            pointers: pointers.into_iter().collect(),
        };
        let Ok(values) = outputs::read(step, &sources) else { continue };
        assert_eq!(values.len(), step.outputs.len());
        for (name, value) in &values {
            let spec = &step.outputs[name];
            let json = serde_json::to_string(value).expect("a value is JSON");
            assert_eq!(serde_json::from_str::<Value>(&json).ok().as_ref(), Some(value));
            let read = read_text(&value.to_text(), &spec.ty);
            assert_eq!(read.as_ref(), Ok(value), "as text it is {:?}", value.to_text());
        }
    }
    masked(lines, stdout);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (dotenv::parse(text), params::read(text));
    }
}

/// A secret shows in no text; where the text is cut makes no difference.
fn masked(secret: &[u8], text: &[u8]) {
    let Ok(secret) = std::str::from_utf8(secret) else { return };
    let masker = Masker::new([secret.to_owned()]);
    let whole = masker.mask_bytes(text);
    for size in [1, 7, 64] {
        let mut stream = MaskStream::new(&masker);
        let mut pieces = Vec::new();
        for piece in text.chunks(size) {
            pieces.extend_from_slice(&stream.push(piece));
        }
        pieces.extend_from_slice(&stream.finish());
        assert_eq!(pieces, *whole, "in pieces of {size}");
    }
}
