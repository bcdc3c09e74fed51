//! Fuzz target `check`: see `tests/it/fuzz/judge/check.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::check(bytes));
