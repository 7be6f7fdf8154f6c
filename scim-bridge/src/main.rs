//! The executable. Everything it can do is a subcommand in `commands/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    scim_bridge::commands::run(std::env::args_os())
}
