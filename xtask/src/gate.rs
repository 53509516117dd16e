//! `cargo xtask test`: everything that must hold before a change lands, in the order in which failures are cheapest.
//!
//! The runners' own summary lines go to the terminal unchanged.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::clients;
use crate::demo::{self, PROGRAM_VARIABLE};
use crate::llama::{self, Llama};
use crate::programs::{self, built, cargo, folder_entries, repository};
use crate::router;
use crate::tidy;
use crate::web_page;

/// Tests of one program that run at once. Most of them wait for processes, so there are more than cores.
const TEST_THREADS: &str = "4";

/// # Errors
/// The first step that fails, by name.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();
    step("formatting", || {
        let missing = "rustfmt is missing: rustup component add rustfmt";
        programs::output(cargo().args(["fmt", "--version"])).context(missing)?;
        programs::run(cargo().args(["fmt", "--all", "--check"])).context("cargo fmt --all mends it")
    })?;
    // Before the first look at herder's code, because the page becomes a part of the program.
    let browser = step("web page", || {
        let browser = web_page::require_browser()?;
        web_page::build()?;
        web_page::check()?;
        Ok(browser)
    })?;
    step("lints", || {
        let missing = "clippy is missing: rustup component add clippy";
        programs::output(cargo().args(["clippy", "--version"])).context(missing)?;
        programs::run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    step("tidy", tidy::run)?;
    step("programs", || {
        programs::run(cargo().args(["build", "--workspace", "--bins"]))
    })?;
    let llama = step("llama.cpp", llama::ensure)?;
    let client_python = step("public clients", clients::ensure)?;
    step("examples", || check_examples(&llama))?;
    step("demonstration", || {
        demo::show(&demo::Options::check_on(router::free_port()?))
    })?;
    step("unit, property, acceptance and real-inference tests", || {
        let mut tests = tests(&["--lib", "--bins", "--tests"]);
        tests
            .env("RUST_TEST_THREADS", TEST_THREADS)
            .envs(llama.environment())
            .env(clients::PYTHON_VARIABLE, &client_python);
        programs::run(&mut tests)
    })?;
    step("browser tests", || web_page::browser_tests(&browser))?;
    step("documentation tests", || programs::run(&mut tests(&["--doc"])))?;
    step("documentation", || {
        let mut doc = cargo();
        doc.args(["doc", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings");
        programs::run(&mut doc)
    })?;
    println!("\neverything passed in {}", minutes(started));
    Ok(())
}

/// Every example must load without a warning; the ones that read the environment get what they ask for.
fn check_examples(llama: &Llama) -> Result<()> {
    let program = built("debug", "herder");
    for example in folder_entries(&repository().join("examples"))? {
        let mut check = Command::new(&program);
        check
            .args(["check", "-strict"])
            .arg(&example)
            .envs(llama.environment());
        check
            .env(PROGRAM_VARIABLE, &program)
            .env("HERDER_API_KEY", "an-example-key")
            .env("HOSTED_API_KEY", "another-example-key");
        programs::run(&mut check)?;
    }
    Ok(())
}

fn tests(selection: &[&str]) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(selection);
    command
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n=== {name}");
    let started = Instant::now();
    let outcome = work().with_context(|| format!("{name} failed"))?;
    println!("=== {name}: passed in {}", minutes(started));
    Ok(outcome)
}

fn minutes(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
