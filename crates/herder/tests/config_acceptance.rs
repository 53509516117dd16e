//! The acceptance table of spec/config.md section 8 through herder's own loader, which knows the matrix language too.
//! The values that a row expects are tested beside the table, in `herder-config`; here the outcome counts, and the
//! rows that only herder can run.

use herder::plan;
use herder_config::{Environment, Sources};

#[path = "../../config/tests/acceptance/mod.rs"]
#[expect(
    dead_code,
    reason = "the values that a row expects are read by the tests of herder-config"
)]
mod acceptance;

use acceptance::{Expectation, Row};

const TABLE: &str = include_str!("../../config/tests/acceptance/table.txt");

/// Loads a row as `herder serve` does and compares the outcome.
fn run(row: &Row) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (config, config_dir) = acceptance::write_files(row, directory.path());
    let environment = Environment::of_map(row.environment.clone());
    let result = plan::load(&Sources { config, config_dir }, &environment, false);
    let expected_errors: Vec<(&str, &str)> = row
        .expected
        .iter()
        .filter_map(|expected| match expected {
            Expectation::Error { class, fragment } => Some((class.as_str(), fragment.as_str())),
            Expectation::Ok
            | Expectation::Equal { .. }
            | Expectation::Absent { .. }
            | Expectation::Resolves { .. }
            | Expectation::Warns { .. }
            | Expectation::Silent => None,
        })
        .collect();
    let id = &row.id;
    match result {
        Ok(_) => assert!(
            expected_errors.is_empty(),
            "row {id} loads, but should fail: {expected_errors:?}"
        ),
        Err(error) => {
            let found = error.errors();
            assert!(!expected_errors.is_empty(), "row {id} should load, but {found:?}");
            for (class, fragment) in expected_errors {
                assert!(
                    found
                        .iter()
                        .any(|found| found.class.code() == class && found.message.contains(fragment)),
                    "row {id}: {class} {fragment} is not among {found:?}"
                );
            }
            if row.needs_herder {
                let text = error.render(false);
                assert!(
                    text.contains("config.yaml:"),
                    "row {id} should show the place: {text}"
                );
            }
        }
    }
}

#[test]
fn every_row_has_the_outcome_of_the_table() {
    let rows = acceptance::parse(TABLE);
    assert!(rows.len() >= 124, "only {} rows", rows.len());
    for row in &rows {
        run(row);
    }
}

macro_rules! rows_that_need_herder {
    ($($name:ident = $id:literal,)*) => {
        $(#[test]
        fn $name() {
            let rows = acceptance::parse(TABLE);
            run(rows.iter().find(|row| row.id == $id).expect("a row of the table"));
        })*

        /// The table and this list must agree, so that no row is forgotten.
        #[test]
        fn every_row_that_needs_herder_is_a_test() {
            let rows = acceptance::parse(TABLE);
            let marked: Vec<&str> = rows.iter().filter(|row| row.needs_herder).map(|row| row.id.as_str()).collect();
            assert_eq!(marked, [$($id),*]);
        }
    };
}

rows_that_need_herder! {
    row_103 = "103",
    row_111 = "111",
    row_114 = "114",
    row_115 = "115",
    row_116 = "116",
}
