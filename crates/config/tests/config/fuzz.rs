//! The loader against text that nobody would write: arbitrary bytes of YAML, and mutations of the tables and examples.
//!
//! It must never panic, never hang, and whatever loads must survive the round trip through the resolved configuration.
//! `HERDER_FUZZ_SECONDS` sets the time (default 60), `HERDER_FUZZ_SEED` the seed (default: a fixed one, so that a
//! failure in one place can be repeated in another).

use std::cell::Cell;
use std::time::{Duration, Instant};

use herder_config::{Environment, ErrorClass, load_text};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::corpus;

/// Longest time one text may take, on a machine that is busy with other tests.
const SLOWEST: Duration = Duration::from_secs(20);

/// Texts between two looks at the clock.
const BATCH: u32 = 200;

/// Pieces that matter to YAML or to the loader.
const PIECES: [&str; 72] = [
    "models: ",
    "groups: ",
    "matrix: ",
    "peers: ",
    "profiles: ",
    "selectors: ",
    "macros: ",
    "routing: ",
    "apiKeys: ",
    "cmd: ",
    "cmdStop: ",
    "proxy: ",
    "aliases: ",
    "env: ",
    "metadata: ",
    "filters: ",
    "setParamsByID: ",
    "sets: ",
    "vars: ",
    "evict_costs: ",
    "members: ",
    "targets: ",
    "strategy: spillover",
    "pins: ",
    "use: matrix",
    "store: ",
    "http://h",
    "koi",
    "a",
    "b",
    "${PORT}",
    "${PID}",
    "${MODEL_ID}",
    "${a}",
    "${b}",
    "${env.SPEC_K}",
    "${env.SPEC_U}",
    "${",
    "}",
    "{",
    "[",
    "]",
    ",",
    ": ",
    "- ",
    "? ",
    "\n",
    "\n  ",
    "\n    ",
    "#",
    " # x",
    "|\n  ",
    ">-\n  ",
    "\"",
    "'",
    "\\",
    "&a ",
    "*a",
    "<<: *a",
    "<<: ",
    "!!str ",
    "!!int ",
    "~",
    "null",
    "7",
    "-1",
    "1.50",
    ".inf",
    "2024-05-06",
    "true",
    "---\n",
    "\u{FEFF}",
];

/// One change of a text: at a place, remove so many characters, insert a piece.
#[derive(Debug, Clone)]
struct Edit {
    place: proptest::sample::Index,
    remove: usize,
    insert: proptest::sample::Index,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (
        any::<proptest::sample::Index>(),
        0..12_usize,
        any::<proptest::sample::Index>(),
    );
    let edit = edit.prop_map(|(place, remove, insert)| Edit {
        place,
        remove,
        insert,
    });
    prop::collection::vec(edit, 1..6)
}

fn mutate(text: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for edit in edits {
        let place = edit.place.index(characters.len() + 1);
        let end = (place + edit.remove).min(characters.len());
        characters.splice(place..end, edit.insert.get(&PIECES).chars());
    }
    characters.into_iter().collect()
}

fn texts() -> impl Strategy<Value = String> {
    let mut seeds: Vec<String> = corpus::examples().into_iter().map(|(_, text)| text).collect();
    seeds.extend(
        corpus::rows()
            .into_iter()
            .flat_map(|row| row.files)
            .map(|(_, text)| text),
    );
    let count = seeds.len();
    prop_oneof![
        6 => (0..count, edits()).prop_map(move |(seed, edits)| mutate(&seeds[seed], &edits)),
        2 => prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn check(text: &str, good: &Cell<u64>) -> Result<(), TestCaseError> {
    let lookup = |name: &str| (name == "SPEC_K").then(|| "v ${a} ${env.SPEC_U} \"'#".to_owned());
    let started = Instant::now();
    let result = load_text("fuzz.yaml", text, &Environment::of_function(lookup), false);
    let loaded = match result {
        Ok(loaded) => loaded,
        Err(error) => {
            prop_assert!(!error.errors().is_empty());
            let _ = error.render(false);
            return Ok(());
        }
    };
    good.set(good.get() + 1);
    let _ = loaded.render(&loaded.warnings, true);
    let _ = loaded.resolved_yaml(false);
    prop_assert!(started.elapsed() < SLOWEST, "took {:?}", started.elapsed());
    // What looks like a macro and is none cannot be written down; the loader warns about it.
    if loaded
        .warnings
        .iter()
        .any(|warning| warning.class == ErrorClass::Macro)
    {
        return Ok(());
    }
    let yaml = loaded.resolved_yaml(true);
    let again = load_text("resolved.yaml", &yaml, &Environment::empty(), false)
        .map_err(|error| TestCaseError::fail(format!("{}\n{yaml}", error.render(false))))?;
    let mut left = loaded.config;
    let mut right = again.config;
    for config in [&mut left, &mut right] {
        for model in config.models.values_mut() {
            model.sensitive.clear();
            model.port = None;
        }
    }
    prop_assert_eq!(left, right, "{}", yaml);
    Ok(())
}

#[test]
fn no_text_breaks_the_loader() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<u64>().ok())
    };
    let time = Duration::from_secs(number("HERDER_FUZZ_SECONDS").unwrap_or(60));
    let seed = number("HERDER_FUZZ_SEED").unwrap_or(20_261_123);
    println!("HERDER_FUZZ_SEED={seed}");
    let texts = texts();
    let end = Instant::now() + time;
    let (mut checked, mut loaded) = (0, 0);
    for batch in 0_u64.. {
        // A runner stops after its cases, so each batch has its own.
        let mut bytes = [0_u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&batch.to_le_bytes());
        let config = Config {
            cases: BATCH,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let good = Cell::new(0);
        if let Err(failure) = runner.run(&texts, |text| check(&text, &good)) {
            panic!("HERDER_FUZZ_SEED={seed}, batch {batch}: {failure}");
        }
        checked += u64::from(BATCH);
        loaded += good.get();
        if Instant::now() >= end {
            break;
        }
    }
    println!("{checked} texts, {loaded} of them load");
    assert!(
        loaded > checked / 20,
        "too few texts load to say much: {loaded} of {checked}"
    );
}
