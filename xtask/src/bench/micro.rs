//! The divan benches of the pure crates, one program after the other. They print their own tables of times; what comes after
//! is what times on a busy machine cannot show: instructions, counted by valgrind.
//!
//! A bench is run for some iterations and for twice as many. The difference is free of start-up and of divan's own work,
//! and two runs of one program differ by less than a thousandth. It is compared with docs/instructions.json; that is no
//! test, because other compilers write other instructions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::Settings;
use super::report::{Figure, Report, Row};
use crate::programs::{self, cargo, folder_entries, repository};

/// What is counted: program, bench, and how many iterations give a difference that is far above the noise of some hundred
/// instructions.
const COUNTED: [(&str, &str, u32); 12] = [
    ("decide", "one_ready", 20),
    ("decide", "one_ready_and_others_wait::500", 20),
    ("crowd", "fair::20", 20),
    ("crowd", "fifo", 20),
    ("matrix", "fifty_models_twenty_sets_few_running", 50),
    ("edit", "splice::185", 1000),
    ("read", "find_the_model::1024", 500),
    ("read", "find_the_model::8388608", 2),
    ("read", "usage_of_a_stream", 5),
    ("read", "strip_headers", 500),
    ("load", "models::1000", 1),
    ("load", "macros", 2),
];

/// A change that is said aloud, as a part of what was counted before.
const NOTABLE: f64 = 0.1;

/// # Errors
/// A bench does not build or fails, or the file of counts cannot be read or written.
pub(super) fn run(settings: &Settings) -> Result<Report> {
    let programs = bench_programs()?;
    ensure!(!programs.is_empty(), "no crate has benches");
    let benches = built(&programs)?;
    for (name, Bench { executable, folder }) in &benches.0 {
        println!("\n{name}");
        programs::run(Command::new(executable).arg("--bench").current_dir(folder))?;
    }
    let mut notes = vec![
        "promised: fast path with 100 models under 1 µs; matrix with 50 models in 20 sets under 20 µs; \
         simulated world at least 100,000 events per second"
            .to_owned(),
    ];
    let mut rows = Vec::new();
    if programs::output(Command::new("valgrind").arg("--version")).is_ok() {
        let counts = count_all(&benches)?;
        let file = repository().join("docs/instructions.json");
        if settings.save_instructions {
            fs::write(&file, written(&counts)).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let before = read(&file)?;
        rows = counts
            .iter()
            .map(|(name, &count)| row(name, count, before.get(name).copied()))
            .collect();
        notes.extend(changes(&counts, &before));
    } else {
        notes.push("no instructions were counted: valgrind is not installed".to_owned());
    }
    Ok(Report {
        case: "micro",
        title: "micro-benchmarks: times are printed above, instructions for each iteration here".to_owned(),
        rows,
        promises: Vec::new(),
        notes,
    })
}

/// Instructions for each iteration, by name.
type Counts = BTreeMap<String, f64>;

fn count_all(benches: &Benches) -> Result<Counts> {
    let mut counts = Counts::new();
    for (program, bench, iterations) in COUNTED {
        let executable = benches.executable(program)?;
        let name = format!("{program}::{bench}");
        let once = count(executable, &name, iterations)?;
        let twice = count(executable, &name, 2 * iterations)?;
        ensure!(twice > once, "{name} took no instructions");
        counts.insert(name, ((twice - once) as f64 / f64::from(iterations)).round());
    }
    Ok(counts)
}

/// The programs of the benches, by name.
pub(super) struct Benches(BTreeMap<String, Bench>);

struct Bench {
    executable: PathBuf,
    /// Of its package: where cargo runs it.
    folder: PathBuf,
}

impl Benches {
    pub(super) fn executable(&self, name: &str) -> Result<&Path> {
        let bench = self
            .0
            .get(name)
            .with_context(|| format!("there is no bench {name}"))?;
        Ok(&bench.executable)
    }
}

/// Builds these benches, named by package and file, at once, so that they share what they need.
pub(super) fn built(programs: &[(String, String)]) -> Result<Benches> {
    let mut build = cargo();
    build.args(["bench", "--no-run", "--message-format=json"]);
    for (package, bench) in programs {
        build.args(["--package", package, "--bench", bench]);
    }
    println!("building the micro-benchmarks");
    let messages = programs::output(&mut build)?;
    let benches: BTreeMap<_, _> = messages.lines().filter_map(built_bench).collect();
    for (_, name) in programs {
        ensure!(
            benches.contains_key(name),
            "cargo does not say where the bench {name} is"
        );
    }
    Ok(Benches(benches))
}

/// The name of the bench that this message of cargo's is about, and where it is.
fn built_bench(message: &str) -> Option<(String, Bench)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let bench = Bench {
        executable: message["executable"].as_str()?.into(),
        folder: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
    };
    (target["kind"] == json!(["bench"])).then_some((target["name"].as_str()?.to_owned(), bench))
}

/// All instructions of a run with so many iterations.
fn count(executable: &Path, bench: &str, iterations: u32) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1"]);
    command
        .arg(executable)
        .args(["--bench", bench, "--exact", "--sample-count", "1"]);
    command.args(["--sample-size", &iterations.to_string()]);
    let said = programs::output(&mut command)?;
    ensure!(
        said.contains("fastest"),
        "{} has no bench {bench}",
        executable.display()
    );
    collected(&said).with_context(|| format!("valgrind did not count {bench}:\n{said}"))
}

/// The number behind `Collected :`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn written(counts: &Counts) -> String {
    let counts: Map<String, Value> = counts
        .iter()
        .map(|(name, &count)| (name.clone(), json!(count as u64)))
        .collect();
    format!("{:#}\n", Value::from(counts))
}

/// What was kept; nothing when nobody has kept anything.
fn read(file: &Path) -> Result<Counts> {
    if !file.exists() {
        return Ok(Counts::new());
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str::<Map<String, Value>>(&text)?
        .into_iter()
        .map(|(name, count)| Ok((name, count.as_f64().context("a count is no number")?)))
        .collect()
}

fn row(name: &str, count: f64, before: Option<f64>) -> Row {
    let mut figures = vec![Figure::new("instructions", "", count)];
    if let Some(before) = before {
        figures.push(Figure::new("kept in docs", "", before));
        figures.push(Figure::new("change", "%", (count / before - 1.0) * 100.0));
    }
    Row {
        subject: name.to_owned(),
        figures,
    }
}

/// A line for each notable difference.
fn changes(counts: &Counts, before: &Counts) -> Vec<String> {
    let change = |(name, &count): (&String, &f64)| match before.get(name) {
        None => Some(format!("NEW  {name} is not in docs/instructions.json")),
        Some(&before) if (count / before - 1.0).abs() > NOTABLE => {
            let (percent, more) = ((count / before - 1.0).abs() * 100.0, count > before);
            let direction = if more { "more" } else { "fewer" };
            Some(format!(
                "CHANGED  {name} takes {percent:.0} % {direction} instructions than docs/instructions.json says"
            ))
        }
        Some(_) => None,
    };
    counts.iter().filter_map(change).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valgrinds_count_is_found() {
        let said = "decide  fastest\n==7== Events    : Ir\n==7== Collected : 480287158\n==7== \n";
        assert_eq!(collected(said), Some(480_287_158));
        assert_eq!(collected("nothing"), None);
    }

    #[test]
    fn cargo_says_where_a_bench_is() {
        let message = |kind: &str| {
            json!({
                "reason": "compiler-artifact",
                "manifest_path": "/herder/crates/core/Cargo.toml",
                "target": {"kind": [kind], "name": "decide"},
                "executable": "/herder/target/release/deps/decide-1",
            })
            .to_string()
        };
        let (name, bench) = built_bench(&message("bench")).unwrap();
        assert_eq!(
            (name.as_str(), bench.folder.as_path()),
            ("decide", Path::new("/herder/crates/core"))
        );
        assert!(built_bench(&message("test")).is_none());
        assert!(built_bench(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(built_bench("no message").is_none());
    }

    #[test]
    fn only_notable_changes_are_said() {
        let counts = |list: &[(&str, f64)]| -> Counts {
            list.iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect()
        };
        let before = counts(&[("a", 100.0), ("b", 100.0), ("c", 100.0)]);
        let now = counts(&[("a", 109.0), ("b", 111.0), ("c", 50.0), ("d", 1.0)]);
        let said = changes(&now, &before);
        let expected = [
            "CHANGED  b takes 11 % more",
            "CHANGED  c takes 50 % fewer",
            "NEW  d",
        ];
        assert_eq!(said.len(), expected.len());
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let file = std::env::temp_dir().join(format!("herder-counts-{}.json", std::process::id()));
        let counts = Counts::from([("a::b".to_owned(), 485_156.0)]);
        fs::write(&file, written(&counts)).unwrap();
        let read = read(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(read.unwrap(), counts);
        assert_eq!(super::read(&file).unwrap(), Counts::new(), "nothing is kept");
    }
}
