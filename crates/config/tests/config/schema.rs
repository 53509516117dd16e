//! The checked-in JSON Schema is the one the code gives, and it accepts what the loader accepts.

use std::path::{Path, PathBuf};

use crate::acceptance::Expectation;
use crate::corpus;
use jsonschema::Validator;
use serde_json::Value;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.schema.json")
}

#[test]
fn the_file_is_fresh() {
    let text = format!(
        "{}\n",
        serde_json::to_string_pretty(&herder_config::schema()).unwrap()
    );
    if std::env::var_os("HERDER_GENERATE").is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let written = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == text,
        "docs/config.schema.json is stale; run HERDER_GENERATE=1 cargo test -p herder-config schema"
    );
}

fn validator() -> Validator {
    jsonschema::validator_for(&herder_config::schema()).expect("a schema")
}

/// The text as JSON, read by another YAML parser than the loader's.
fn json(name: &str, text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true, legacy_octal_numbers: true };
    serde_saphyr::from_str_with_options(text, options)
        .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

fn check(validator: &Validator, name: &str, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{value:#}");
}

#[test]
fn every_example_is_valid() {
    let validator = validator();
    for (name, text) in corpus::examples() {
        check(&validator, &name, &json(&name, &text));
    }
}

#[test]
fn every_row_that_loads_is_valid() {
    let validator = validator();
    let mut checked = 0;
    for row in corpus::rows() {
        if !row.expected.contains(&Expectation::Ok) {
            continue;
        }
        for (name, text) in &row.files {
            // The other parser knows neither variables nor that only the first document counts.
            let mut text = text.split("\n---\n").next().unwrap_or_default().to_owned();
            for (name, value) in &row.environment {
                let value = if value.contains(['"', '#', '$']) {
                    "value"
                } else {
                    value
                };
                text = text.replace(&format!("${{env.{name}}}"), value);
            }
            let name = format!("row {} {name}", row.id);
            let value = if text.trim().is_empty() {
                Value::Null
            } else {
                json(&name, &text)
            };
            if value.is_object() {
                check(&validator, &name, &value);
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "only {checked} files were checked");
}

#[test]
fn the_schema_refuses_what_the_loader_refuses() {
    let validator = validator();
    for text in [
        "startPort: many",
        "startPort: \"6000\"",
        "startPort: -4",
        "logToStdout: stderr",
        "performance: {every: 30}",
        "globalTTL: -1",
        "models: {koi: run}",
        "models: {koi: {unlisted: \"true\"}}",
        "models: {koi: {aliases: nick}}",
        "models: {koi: {capabilities: {in: [smell]}}}",
        "profiles: {day: [koi]}",
        "store: {}",
        "routing: {router: {use: ring}}",
        "routing: {scheduler: {use: lifo}}",
        "routing: {scheduler: {settings: {fair: {price: 0}}}}",
        "routing: {scheduler: {settings: {fair: {turn: fast}}}}",
        "routing: {scheduler: {settings: {fair: {maxWait: 30}}}}",
        "routing: {scheduler: {settings: {fair: {linger: always}}}}",
        "routing: {scheduler: {settings: {fair: {queueLimit: 0}}}}",
        "models: {koi: {loadTime: 0}}",
        "routing: {router: {settings: {matrix: {sets: [a]}}}}",
    ] {
        assert!(!validator.is_valid(&json(text, text)), "{text}");
    }
}
