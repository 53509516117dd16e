//! The fake model server as a program. See `herder_testkit::fake_upstream` for its flags and answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    herder_testkit::fake_upstream::main()
}
