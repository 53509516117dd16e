//! Configurations to try things on: the rows of the tables, and the examples of the project and the specification.

use std::path::Path;

use crate::acceptance::{self, Row};

/// All rows of both tables.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = acceptance::parse(include_str!("../acceptance/table.txt"));
    rows.extend(acceptance::parse(include_str!("../acceptance/further.txt")));
    rows
}

/// Name and text of every example.
pub(crate) fn examples() -> Vec<(String, String)> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut examples = Vec::new();
    for folder in [
        crate_folder.join("tests/spec-examples"),
        crate_folder.join("../../examples"),
    ] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                examples.push((
                    path.display().to_string(),
                    std::fs::read_to_string(&path).expect("a readable example"),
                ));
            }
        }
    }
    assert!(
        examples.len() >= 4,
        "the examples of the specification are missing"
    );
    examples.sort();
    examples
}
