//! Fuzz target `fmt`: see `tests/it/fuzz/judge/fmt.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::fmt(bytes));
