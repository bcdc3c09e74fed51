//! The binary: hands the command line to the library.

use std::process::ExitCode;

/// Trees and plans are many small pieces; with the system's allocator they cost `goalc check` of a
/// large plan half as much time again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    goalc::cli::main()
}
