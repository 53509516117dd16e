//! `herder guard`: a second, tiny herder that kills model servers which the first one left behind when it was killed
//! itself. Nobody but herder starts it.

use std::path::PathBuf;
use std::process::ExitCode;

use herder_supervisor::GuardCommand;

/// The hidden command's name.
pub(super) const COMMAND: &str = "guard";

/// Guards until the herder that started it is gone. Runs before there is any runtime: the guard must stay tiny.
pub(super) fn run() -> ExitCode {
    herder_supervisor::guard_main();
    ExitCode::SUCCESS
}

/// How to start the guard: herder's own executable once more.
pub(super) fn command(executable: PathBuf) -> GuardCommand {
    GuardCommand {
        program: executable,
        arguments: vec![COMMAND.to_owned()],
    }
}
