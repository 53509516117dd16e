//! Reads the tables of acceptance cases. `table.txt` is also run by herder's own tests, which load further and so can run the
//! rows marked `needs herder`.
//!
//! | Line | Meaning |
//! |---|---|
//! | `row ID what it shows` | begins a row |
//! | `quirk ID` | the outcome differs from llama-swap, as design/decisions.md decides for this quirk |
//! | `needs herder` | the outcome depends on the matrix language, which herder-config does not know |
//! | `env NAME "json text"` | sets a variable |
//! | `file NAME` and lines `\| text` | a source file; one is given by `-config`, several by `-config-dir` |
//! | `directory` | an empty `-config-dir` |
//! | `error CLASS fragment` | the load fails with such an error |
//! | `ok` | it succeeds |
//! | `= /pointer json` | a value of the resolved configuration, secrets shown |
//! | `absent /pointer` | no such value |
//! | `resolves NAME to model ID` / `to peer P M` / `to nothing` | what a name means |
//! | `silent` | there is no warning |
//! | `warns CLASS fragment` | there is such a warning |

use std::collections::BTreeMap;
use std::path::Path;

/// What «B» stands for in the table.
const BASIS: &str = r#"cmd: run, proxy: "http://127.0.0.1:9""#;

/// One row of the table.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) quirk: Option<String>,
    pub(crate) needs_herder: bool,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) expected: Vec<Expectation>,
}

/// One line of what must hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expectation {
    Error {
        class: String,
        fragment: String,
    },
    Ok,
    Equal {
        pointer: String,
        value: serde_json::Value,
    },
    Absent {
        pointer: String,
    },
    Resolves {
        name: String,
        target: String,
    },
    Warns {
        class: String,
        fragment: String,
    },
    Silent,
}

/// Writes the files of a row into a directory and says how they are given to the loader: `-config`, `-config-dir`.
pub(crate) fn write_files(
    row: &Row,
    directory: &Path,
) -> (Option<std::path::PathBuf>, Option<std::path::PathBuf>) {
    for (name, text) in &row.files {
        std::fs::write(directory.join(name), text).expect("the directory takes files");
    }
    match row.files.as_slice() {
        [(name, _)] => (Some(directory.join(name)), None),
        _ => (None, Some(directory.to_owned())),
    }
}

/// The rows of `table.txt` or `further.txt`, in order.
pub(crate) fn parse(table: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in table.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "row" {
            let (id, title) = rest.split_once(' ').unwrap_or((rest, ""));
            rows.push(Row {
                id: id.to_owned(),
                title: title.to_owned(),
                ..Row::default()
            });
            continue;
        }
        let row = rows
            .last_mut()
            .unwrap_or_else(|| panic!("line {}: no row yet", number + 1));
        let split = || {
            let (left, right) = rest.split_once(' ').unwrap_or((rest, ""));
            (left.to_owned(), right.to_owned())
        };
        match word {
            "quirk" => row.quirk = Some(rest.to_owned()),
            "needs" => row.needs_herder = true,
            "env" => {
                let (name, value) = split();
                row.environment
                    .insert(name, serde_json::from_str(&value).expect("a JSON value"));
            }
            "file" => row.files.push((rest.to_owned(), String::new())),
            "|" => {
                let (_, text) = row.files.last_mut().expect("a text line follows a file line");
                text.push_str(&rest.replace("«B»", BASIS));
                text.push('\n');
            }
            "directory" => {}
            "silent" => row.expected.push(Expectation::Silent),
            "ok" => row.expected.push(Expectation::Ok),
            "error" => {
                let (class, fragment) = split();
                row.expected.push(Expectation::Error { class, fragment });
            }
            "warns" => {
                let (class, fragment) = split();
                row.expected.push(Expectation::Warns { class, fragment });
            }
            "=" => {
                let (pointer, value) = split();
                let value = serde_json::from_str(&value).expect("a JSON value");
                row.expected.push(Expectation::Equal { pointer, value });
            }
            "absent" => row.expected.push(Expectation::Absent {
                pointer: rest.to_owned(),
            }),
            "resolves" => {
                let (name, target) = rest.split_once(" to ").expect("NAME to TARGET");
                let (name, target) = (name.to_owned(), target.to_owned());
                row.expected.push(Expectation::Resolves { name, target });
            }
            other => panic!("line {}: unknown word {other}", number + 1),
        }
    }
    rows
}
