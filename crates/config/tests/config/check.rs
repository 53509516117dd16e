//! Runs one row of a table against the loader.

use herder_config::{Diagnostic, Environment, Loaded, Names, Sources, Target, load};

use crate::acceptance::{self, Expectation, Row};

pub(crate) fn run(rows: Vec<Row>, id: &str) {
    let row = rows
        .into_iter()
        .find(|row| row.id == id)
        .expect("a row of the table");
    assert!(!row.expected.is_empty(), "row {id} expects nothing");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (config, config_dir) = acceptance::write_files(&row, directory.path());
    let environment = Environment::of_map(row.environment.clone());
    let result = load(&Sources { config, config_dir }, &environment, false);
    let failing = row
        .expected
        .iter()
        .any(|expected| matches!(expected, Expectation::Error { .. }));
    match result {
        // These rows load here; herder refuses them when it parses the matrix.
        Ok(_) if row.needs_herder => assert!(failing, "row {id} needs herder but expects no error"),
        Ok(loaded) => check_loaded(&row, &loaded),
        Err(error) => check_errors(&row, error.errors()),
    }
}

fn check_loaded(row: &Row, loaded: &Loaded) {
    let Row { id, title, quirk, .. } = row;
    let resolved = loaded.resolved_json(true);
    let names = Names::of(&loaded.config);
    for expected in &row.expected {
        match expected {
            Expectation::Ok => {}
            Expectation::Error { class, fragment } => {
                panic!("row {id} ({title}, {quirk:?}): loads, but should fail with {class} {fragment}")
            }
            Expectation::Equal { pointer, value } => {
                assert_eq!(
                    resolved.pointer(pointer),
                    Some(value),
                    "row {id} ({title}): {pointer}"
                );
            }
            Expectation::Absent { pointer } => {
                assert_eq!(resolved.pointer(pointer), None, "row {id} ({title}): {pointer}");
            }
            Expectation::Resolves { name, target } => {
                let found = match names.resolve(name) {
                    None => "nothing".to_owned(),
                    Some(Target::Local(id)) => format!("model {id}"),
                    Some(Target::Peer(peer)) => format!("peer {} {}", peer.peer, peer.model),
                };
                assert_eq!(found, *target, "row {id} ({title}): {name}");
            }
            Expectation::Silent => {
                assert!(
                    loaded.warnings.is_empty(),
                    "row {id} ({title}): {:?}",
                    loaded.warnings
                );
            }
            Expectation::Warns { class, fragment } => {
                assert!(
                    has(&loaded.warnings, class, fragment),
                    "row {id} ({title}): {:?}",
                    loaded.warnings
                );
            }
        }
    }
}

fn check_errors(row: &Row, errors: &[Diagnostic]) {
    let Row { id, title, .. } = row;
    for expected in &row.expected {
        let Expectation::Error { class, fragment } = expected else {
            panic!("row {id} ({title}): should load, but {errors:?}");
        };
        assert!(
            has(errors, class, fragment),
            "row {id} ({title}): {class} {fragment} is not among {errors:?}"
        );
        assert_eq!(
            errors.len(),
            row.expected.len(),
            "row {id} ({title}): one mistake, one error: {errors:?}"
        );
    }
}

fn has(diagnostics: &[Diagnostic], class: &str, fragment: &str) -> bool {
    diagnostics
        .iter()
        .any(|found| found.class.code() == class && found.message.contains(fragment))
}
