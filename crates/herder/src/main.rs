//! The `herder` program. Everything it does is in the library, where tests can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    herder::cli::run(std::env::args_os().skip(1))
}
