//! The divan benches of the pure crates, one program after the other. They print their own tables.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Settings;
use super::report::Report;
use crate::programs::{self, cargo, folder_entries, repository};

/// # Errors
/// A bench does not build or fails.
pub(super) fn run(_: &Settings) -> Result<Report> {
    let benches = bench_programs()?;
    ensure!(!benches.is_empty(), "no crate has benches");
    for (package, bench) in benches {
        programs::run(cargo().args(["bench", "--package", &package, "--bench", &bench]))?;
    }
    Ok(Report {
        case: "micro",
        title: "micro-benchmarks, printed above".to_owned(),
        rows: Vec::new(),
        promises: Vec::new(),
        notes: vec![
            "promised: fast path with 100 models under 1 µs; matrix with 50 models in 20 sets under 20 µs; \
             simulated world at least 100,000 events per second"
                .to_owned(),
        ],
    })
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

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}
