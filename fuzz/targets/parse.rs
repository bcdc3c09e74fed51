//! Fuzz target `parse`: see `tests/it/fuzz/judge/parse.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::parse(bytes));
