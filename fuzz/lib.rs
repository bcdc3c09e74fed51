//! What the fuzz targets hold the program to: the same functions that the tests replay seeds with.

#[path = "../tests/it/fuzz/judge/mod.rs"]
pub mod judge;
