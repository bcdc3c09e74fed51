//! Fuzz target `output`: see `tests/it/fuzz/judge/output.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::output(bytes));
