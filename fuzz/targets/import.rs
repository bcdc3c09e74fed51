//! Fuzz target `import`: see `tests/it/fuzz/judge/import.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::import(bytes));
