//! `herder sim`: what each strategy makes of a workload, in simulated time (scheduling.md section 6).
//!
//! Everything is decided by the real core and measured by `herder-sim`; here files are read and figures are printed.

pub(super) mod arguments;
mod house;
mod json;
mod recorded;
mod table;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use herder_config::{Environment, Sources};
use herder_sim::workload::{House, replay};
use herder_sim::{Comparison, Workload, chart, compare};

use self::arguments::{SimArguments, Subject};
use self::house::Keys;
use super::{colours, say};
use crate::plan;

/// 0 when everything that must come out did, 1 otherwise.
pub(super) fn run(arguments: &SimArguments) -> ExitCode {
    let comparisons = match comparisons(arguments) {
        Ok(comparisons) => comparisons,
        Err(error) => {
            say(format_args!("herder sim: {error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let text = if arguments.json {
        let all = comparisons.iter().map(json::json).collect();
        format!("{:#}\n", serde_json::Value::Array(all))
    } else {
        let tables: Vec<String> = comparisons.iter().map(table::table).collect();
        tables.join("\n")
    };
    // Whoever closes the pipe early has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let findings = || comparisons.iter().flat_map(|comparison| &comparison.findings);
    if findings().all(|finding| finding.holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn comparisons(arguments: &SimArguments) -> anyhow::Result<Vec<Comparison>> {
    let (own_house, keys) = match configured(arguments)? {
        Some((house, keys)) => (Some(house), keys),
        None => (None, Keys::default()),
    };
    let strategies: Vec<_> = arguments
        .strategies
        .iter()
        .map(|&name| keys.strategy(name))
        .collect();
    // What must come out is known for the workloads as they are built in, not for rules and keys of somebody's own.
    let judged = own_house.is_none();
    let mut comparisons = Vec::new();
    for workload in workloads(arguments, own_house)? {
        let comparison = compare(workload, &strategies, arguments.seed, judged).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("matrix: {}", errors.join("; "))
        })?;
        if let Some(path) = &arguments.svg {
            write_chart(path, &comparison)?;
        }
        comparisons.push(comparison);
    }
    Ok(comparisons)
}

/// The house and the keys that the configuration describes, if one is given.
fn configured(arguments: &SimArguments) -> anyhow::Result<Option<(House, Keys)>> {
    if arguments.config.is_none() && arguments.config_dir.is_none() {
        return Ok(None);
    }
    let sources = Sources {
        config: arguments.config.clone(),
        config_dir: arguments.config_dir.clone(),
    };
    match plan::load(&sources, &Environment::of_process(), false) {
        Ok(planned) => {
            let loaded = &planned.loaded;
            if !loaded.warnings.is_empty() {
                say(loaded.render(&loaded.warnings, colours()));
            }
            Ok(Some((house::house(&planned), Keys::of(&planned.plan))))
        }
        Err(error) => bail!("the configuration cannot be used\n{}", error.render(colours())),
    }
}

fn workloads(arguments: &SimArguments, house: Option<House>) -> anyhow::Result<Vec<Workload>> {
    match &arguments.subject {
        Subject::Shapes(shapes) => shapes
            .iter()
            .map(|&shape| match &house {
                Some(house) => Ok(shape.workload_in(house.clone(), arguments.seed)?),
                None => Ok(shape.workload(arguments.seed)),
            })
            .collect(),
        Subject::Replay(path) => {
            let log = recorded::read(path)?;
            let (mut workload, left_out) =
                replay::replay(house, &log.requests).with_context(|| path.display().to_string())?;
            house::measure(&mut workload.house, &log.costs);
            if left_out > 0 {
                say(format_args!(
                    "herder sim: {left_out} of {} requests are for models that the configuration does not have",
                    log.requests.len()
                ));
            }
            Ok(vec![workload])
        }
    }
}

fn write_chart(path: &Path, comparison: &Comparison) -> anyhow::Result<()> {
    std::fs::write(path, chart::svg(comparison))
        .with_context(|| format!("{} cannot be written", path.display()))
}
