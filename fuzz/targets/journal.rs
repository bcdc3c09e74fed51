//! Fuzz target `journal`: see `tests/it/fuzz/judge/journal.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::journal(bytes));
