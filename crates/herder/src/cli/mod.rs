//! The commands of the `herder` program.
//!
//! [`arguments`] reads the command line; each command has a file of its own and says with which code the program
//! ends (spec/config.md 1.2).

pub mod arguments;
mod check;
pub mod demo_model;
pub mod flags;
mod guard;
mod open_files;
mod plan;
mod serve;
mod signals;
mod sim;
pub mod version;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use arguments::{Invocation, parse, usage_text};
use demo_model::DemoModelArguments;

/// The code for a command line that cannot be understood.
const USAGE: u8 = 2;

/// Runs the command that the words behind the program's name ask for.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    match parse(words) {
        Ok(Invocation::Serve(arguments)) => serve::run(&arguments),
        Ok(Invocation::Check(arguments)) => check::run(&arguments),
        Ok(Invocation::Sim(arguments)) => sim::run(&arguments),
        Ok(Invocation::Plan(arguments)) => plan::run(&arguments),
        Ok(Invocation::Version) => {
            // A closed output is no reason to fail.
            let _ = writeln!(io::stdout(), "{}", version::version_line());
            ExitCode::SUCCESS
        }
        Ok(Invocation::Help(topic)) => {
            say(usage_text(topic));
            ExitCode::SUCCESS
        }
        Ok(Invocation::DemoModel(words)) => serve_demo_model(words),
        Ok(Invocation::Guard) => guard::run(),
        Err(misuse) => {
            say(format_args!("{misuse}\n{}", usage_text(misuse.topic)));
            ExitCode::from(USAGE)
        }
    }
}

/// Writes to standard error. A closed one is no reason to fail.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether standard error shows colours: a terminal, unless `NO_COLOR` is set.
fn colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn serve_demo_model(words: Vec<OsString>) -> ExitCode {
    let arguments = match DemoModelArguments::parse(words) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            say(demo_model::usage_text());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say(format_args!("{error}\n{}", demo_model::usage_text()));
            return ExitCode::from(USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(demo_model::run(arguments)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("herder demo-model: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
