//! `cargo xtask`: one entry point for the chores of this repository.
//!
//! Each command lives in its own module; this file only knows their names. What a chore needs beyond cargo is looked
//! for first, and a missing tool is an error that says what to install: nothing is skipped silently.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the person at the terminal is the job"
)]

mod bench;
mod client;
mod clients;
mod demo;
mod gate;
mod llama;
mod programs;
mod python;
mod router;
mod tidy;
mod web_page;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo [--once] [--llama] [--port N]
                build herder, serve two demo models on 127.0.0.1:8080, swap between them, keep serving
                --once    end after the check      --llama    two real models instead of the demo ones
  ui [--screenshots]
                build the web page, which the next build of herder embeds, and weigh its first load
                --screenshots    pictures of every page in light, dark and narrow, in ui/screenshots
  test          everything: formatting, web page, lints, tidy, unit, property, acceptance, real inference,
                documentation, browser tests
  llama         install llama.cpp's server and a small model under the user's cache folder, print their paths
  bench [CASE…] [--json FILE] [--peer NAME=COMMAND,URL]…
                the measurements of docs/performance.md, in release builds: p1 to p8 and micro when none is named;
                readiness and activity (long) only by name
  sim [flags of herder sim]
                the scheduling strategies side by side: sim --all prints what must come out, and whether it does
  tidy          the rules of the house that no other tool checks
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["demo", options @ ..] => demo::Options::parse(options).and_then(|options| demo::run(&options)),
        ["ui", flags @ ..] => web_page::run(flags),
        ["test"] => gate::run(),
        ["llama"] => llama::run(),
        ["bench", names @ ..] => bench::run(names),
        ["sim", flags @ ..] => programs::run(
            programs::cargo()
                .args(["run", "--quiet", "--package", "herder", "--", "sim"])
                .args(flags),
        ),
        ["tidy"] => tidy::run(),
        ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
