//! `cargo xtask bench`: the numbers the project promises, measured on this machine in release builds.
//!
//! Nothing here is a test: machines differ. The promises stand beside the numbers, and a missed one is printed as
//! such; only a measurement that could not be taken fails. Each case is a module; this file knows their names and
//! what several of them need. docs/performance.md says what is measured and how.

mod activity;
mod arguments;
mod crowd;
mod field;
mod idle;
mod large_body;
mod latency;
mod micro;
mod nginx;
mod processes;
mod readiness;
mod report;
mod rounds;
mod server;
mod streaming;
mod swap;
mod throughput;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::demo::{FIRST_MODEL_PORT, PROGRAM_VARIABLE};
use crate::programs::{self, built, cargo, repository};
use crate::router::{self, Router};
use arguments::{Arguments, Peer};
use report::Report;

/// Most models that the configuration of a case starts on ports that herder chooses.
const MODEL_PORTS: usize = 5;

/// A measurement that can be asked for by name.
struct Case {
    name: &'static str,
    /// Measured when no case is named. The long ones are not.
    by_default: bool,
    run: fn(&Settings) -> Result<Report>,
}

const CASES: &[Case] = &[
    Case::usual("p1", latency::small),
    Case::usual("p2", throughput::run),
    Case::usual("p3", streaming::run),
    Case::usual("p4", large_body::run),
    Case::usual("p5", latency::edited),
    Case::usual("p6", swap::run),
    Case::usual("p7", crowd::run),
    Case::usual("p8", idle::run),
    Case::long("micro", micro::run),
    Case::long("readiness", readiness::run),
    Case::long("activity", activity::run),
];

impl Case {
    const fn usual(name: &'static str, run: fn(&Settings) -> Result<Report>) -> Self {
        Self {
            name,
            by_default: true,
            run,
        }
    }

    const fn long(name: &'static str, run: fn(&Settings) -> Result<Report>) -> Self {
        Self {
            name,
            by_default: false,
            run,
        }
    }
}

/// What the command line says to all cases.
struct Settings {
    peers: Vec<Peer>,
    /// The counts of `micro` become those that later ones are compared with.
    save_instructions: bool,
}

/// Measures the cases that are named, or those that are measured by default, and prints a table for each.
///
/// # Errors
/// An unknown name or flag, a build that fails, or, once all others have been taken, a measurement that could not be.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let Arguments {
        cases,
        json,
        peers,
        save_instructions,
    } = Arguments::parse(words)?;
    let settings = Settings {
        peers,
        save_instructions,
    };
    let mut reports = Vec::new();
    let cases = chosen(&cases)?;
    build()?;
    let mut failures = Vec::new();
    for case in cases {
        let report = match (case.run)(&settings) {
            Ok(report) => report,
            Err(error) => {
                let failure = format!("{} was not measured: {error:#}", case.name);
                eprintln!("\n{failure}");
                failures.push(failure);
                continue;
            }
        };
        println!("\n{}", report.text());
        reports.push(report);
        // After each case: what is there stays when the bench is ended.
        if let Some(path) = &json {
            report::write_json(path, &reports)?;
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Case>> {
    if names.is_empty() {
        return Ok(CASES.iter().filter(|case| case.by_default).collect());
    }
    let known: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    let find = |name: &String| {
        let case = CASES.iter().find(|case| case.name == name);
        case.with_context(|| format!("unknown case '{name}': there are {}", known.join(", ")))
    };
    names.iter().map(find).collect()
}

/// The command of a demo model with this load time, as a quoted YAML scalar.
fn demo_model(load: &str) -> String {
    format!("'\"${{env.{PROGRAM_VARIABLE}}}\" demo-model --port ${{PORT}} --load {load}'")
}

/// A program that `build` has built: `herder` or `load`.
fn release_program(name: &str) -> PathBuf {
    built("release", name)
}

/// Builds what is measured and what measures. Together, so that they share what both need.
fn build() -> Result<()> {
    let packages = ["--package", "herder", "--package", "herder-load"];
    let programs = ["--bin", "herder", "--bin", "load"];
    programs::run(cargo().args(["build", "--release"]).args(packages).args(programs))
}

/// Starts herder with this configuration, on ports that are free.
fn start(configuration: &str) -> Result<Router> {
    let program = release_program("herder");
    let folder = bench_folder();
    let environment = [(PROGRAM_VARIABLE, program.as_path())];
    let start_port = router::free_ports(FIRST_MODEL_PORT, MODEL_PORTS)?;
    let configuration = format!("startPort: {start_port}\n{configuration}");
    Router::start(
        &program,
        &folder,
        &configuration,
        router::free_port()?,
        &environment,
    )
}

/// Where the measurements keep their files: beside what cargo built.
fn bench_folder() -> PathBuf {
    let program = release_program("herder");
    program
        .parent()
        .map_or_else(repository, Path::to_path_buf)
        .join("bench")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_the_long_cases_are_left_out() {
        let names: Vec<&str> = chosen(&[]).unwrap().iter().map(|case| case.name).collect();
        assert!(names.contains(&"p8") && !names.contains(&"activity"), "{names:?}");
        let named = chosen(&["activity".to_owned()]).unwrap();
        assert_eq!(named.len(), 1);
        assert!(chosen(&["p0".to_owned()]).is_err());
    }
}
