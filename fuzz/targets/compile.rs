//! Fuzz target `compile`: see `tests/it/fuzz/judge/compile.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::compile(bytes));
