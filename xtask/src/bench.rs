//! `cargo xtask bench`: the numbers the project promises, measured on this machine in release builds.
//!
//! Nothing here is a test: machines differ. The promises stand beside the numbers.

mod activity;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client;
use crate::demo::{FIRST_MODEL_PORT, PROGRAM_VARIABLE};
use crate::programs::{self, built, cargo, folder_entries, repository};
use crate::router::{self, Router};

/// Configured models of the resident-memory measurement (issue 2, "Measured").
const RESIDENT_MODELS: usize = 10;

/// Time for allocations of the start to settle before the memory is read.
const SETTLING_TIME: Duration = Duration::from_secs(3);

/// Pretended load times of the readiness measurement, in milliseconds.
const LOAD_TIMES: [u64; 5] = [100, 400, 800, 2000, 5000];

/// Loads per load time; the worst counts.
const LOADS: usize = 3;

/// # Errors
/// An unknown name, a build that fails, or a measurement that cannot be taken here.
pub(crate) fn run(names: &[&str]) -> Result<()> {
    let all = ["decisions", "rss", "readiness", "activity"];
    for name in if names.is_empty() { &all[..] } else { names } {
        println!("\n=== {name}");
        match *name {
            "decisions" => decisions()?,
            "rss" => resident_memory()?,
            "readiness" => readiness()?,
            "activity" => activity::run()?,
            unknown => bail!("unknown measurement '{unknown}': there are {}", all.join(", ")),
        }
    }
    Ok(())
}

/// The divan benches of the pure crates, one program after the other.
fn decisions() -> Result<()> {
    println!("promised: fast path with 100 models under 1 µs; matrix with 50 models in 20 sets under 20 µs;");
    println!("          simulated world at least 100,000 events per second");
    let benches = bench_programs()?;
    ensure!(!benches.is_empty(), "no crate has benches");
    for (package, bench) in benches {
        programs::run(cargo().args(["bench", "--package", &package, "--bench", &bench]))?;
    }
    Ok(())
}

/// Package and file name of every `crates/*/benches/*.rs`, sorted.
fn bench_programs() -> Result<Vec<(String, String)>> {
    let mut programs = Vec::new();
    for folder in folder_entries(&repository().join("crates"))? {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
        let Some(package) = name.map(|name| name.trim_matches('"').to_owned()) else {
            continue;
        };
        for file in folder_entries(&folder.join("benches")).unwrap_or_default() {
            if let (Some("rs"), Some(stem)) =
                (extension(&file), file.file_stem().and_then(|stem| stem.to_str()))
            {
                programs.push((package.clone(), stem.to_owned()));
            }
        }
    }
    programs.sort();
    Ok(programs)
}

fn resident_memory() -> Result<()> {
    let models =
        (0..RESIDENT_MODELS).map(|number| format!("  model-{number}:\n    cmd: {}\n", demo_model("1s")));
    let configuration = format!("models:\n{}", models.collect::<String>());
    let router = start(&configuration)?;
    std::thread::sleep(SETTLING_TIME);
    let megabytes = resident_megabytes(&router)?;
    println!(
        "idle with {RESIDENT_MODELS} configured models: {megabytes:.1} MB resident (promised: under 15 MB)"
    );
    router.stop()
}

/// Resident memory of this herder now, in units of 1,000,000 bytes.
fn resident_megabytes(router: &Router) -> Result<f64> {
    ensure!(
        cfg!(target_os = "linux"),
        "resident memory is read from /proc, which only Linux has"
    );
    let status = fs::read_to_string(format!("/proc/{}/status", router.process_id()))?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    let kibibytes: f64 = resident.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// How long after a model is ready the first request gets through to it.
fn readiness() -> Result<()> {
    println!("promised: noticed within 5 % of the load time plus 10 ms (start of the process included here)");
    let models =
        LOAD_TIMES.map(|load| format!("  load-{load}:\n    cmd: {}\n", demo_model(&format!("{load}ms"))));
    let router = start(&format!("models:\n{}", models.concat()))?;
    for load in LOAD_TIMES {
        let mut worst = Duration::ZERO;
        for _ in 0..LOADS {
            ensure!(
                client::get(router.address, "/unload")?.status == 200,
                "/unload failed"
            );
            let started = Instant::now();
            let answer = client::get(router.address, &format!("/upstream/load-{load}/health"))?;
            let elapsed = started.elapsed();
            ensure!(
                answer.status == 200,
                "load-{load} answered {}: {}",
                answer.status,
                answer.body
            );
            worst = worst.max(elapsed.saturating_sub(Duration::from_millis(load)));
        }
        let promised = load as f64 * 0.05 + 10.0;
        println!(
            "load {load:>5} ms: at most {:>6.1} ms late (promised {promised:.0} ms)",
            worst.as_secs_f64() * 1e3
        );
    }
    router.stop()
}

/// The command of a demo model with this load time, as a quoted YAML scalar.
fn demo_model(load: &str) -> String {
    format!("'\"${{env.{PROGRAM_VARIABLE}}}\" demo-model --port ${{PORT}} --load {load}'")
}

fn start(configuration: &str) -> Result<Router> {
    programs::run(cargo().args(["build", "--release", "--package", "herder", "--bin", "herder"]))?;
    let program = built("release", "herder");
    let folder = bench_folder();
    let environment = [(PROGRAM_VARIABLE, program.as_path())];
    let start_port = router::free_ports(FIRST_MODEL_PORT, LOAD_TIMES.len())?;
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
    let program = built("release", "herder");
    program
        .parent()
        .map_or_else(repository, Path::to_path_buf)
        .join("bench")
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}
