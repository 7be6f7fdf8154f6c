//! The executable. Everything it can do is a subcommand in `commands/`.

use std::process::ExitCode;

/// A request allocates hundreds of small values and gives them back on another thread (docs/decisions/0095-allocator.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    scim_bridge::commands::run(std::env::args_os())
}
