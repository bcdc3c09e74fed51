//! Fuzz target `lsp`: see `tests/it/fuzz/judge/lsp.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| goalc_fuzz::judge::lsp(bytes));
