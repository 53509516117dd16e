//! The document: every route of the table, with the words of `operations` and the types of the answers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::super::table::{ROUTES, Verbs};
use super::operations;
use crate::error::Envelope;

/// The ways to prove a key, by their names in the document (spec/http-api.md section 2).
const SCHEMES: [&str; 3] = ["bearer", "x-api-key", "basic"];

const ABOUT: &str = "The routes of herder itself. Those under `forwarding` lead to model servers, whose APIs are \
their own.

`HEAD` is answered wherever `GET` is. `OPTIONS` is answered on every path, for browsers. A key is asked for only \
when the configuration has `apiKeys`. Errors of herder's own are JSON unless the client's `Accept` lists \
`text/plain` or `text/html` and not `application/json`.";

/// The methods of a row, as the document lists them.
fn methods(verbs: Verbs) -> &'static [&'static str] {
    match verbs {
        Verbs::Get => &["get"],
        Verbs::Post => &["post"],
        Verbs::Put => &["put"],
        Verbs::Any => &["get", "post", "put", "patch", "delete"],
    }
}

/// `get` of `/api/captures/{id}` becomes `get_api_captures_id`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("{method}_{}", words.join("_"))
}

fn document() -> Value {
    let mut schemas = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for (verbs, pattern, endpoint) in ROUTES {
        for method in methods(*verbs) {
            let operation = operations::of(*endpoint, *method != "get", &mut schemas);
            let path = operation.path_of(pattern);
            let operation = operation.finish(&operation_id(method, &path), endpoint.needs_key());
            let path = paths.entry(path).or_insert_with(|| json!({}));
            let path = path.as_object_mut().expect("paths are objects");
            // As in the table, the first row that fits counts.
            path.entry(*method).or_insert(operation);
        }
    }
    schemas.subschema_for::<Envelope<'_>>();
    let mut definitions = schemas.take_definitions(true);
    definitions.sort_keys();
    definitions.values_mut().for_each(speak_to_readers);
    let (responses, bodies) = operations::shared();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "herder",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": SCHEMES.map(|scheme| json!({ scheme: [] })),
        "paths": paths,
        "components": {
            "responses": responses,
            "requestBodies": bodies,
            "schemas": definitions,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "One of `apiKeys`." },
                "x-api-key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "One of `apiKeys`.",
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "One of `apiKeys` as password, with any user name.",
                },
            },
        },
    })
}

/// Comments in the source are broken into lines, and name sections of specifications that readers of the document do not
/// have.
fn speak_to_readers(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => *text = without_sources(text),
                    other => speak_to_readers(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(speak_to_readers),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without_sources(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text.split_once(" (spec/") {
        Some((before, behind)) => {
            let behind = behind.split_once(')').map_or("", |(_, behind)| behind);
            format!("{before}{behind}")
        }
        None => text,
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")
}

#[test]
fn openapi_the_file_is_fresh() {
    let text = format!("{:#}\n", document());
    if std::env::var_os("HERDER_GENERATE").is_some() {
        std::fs::write(file(), &text).expect("docs is there");
    }
    let written = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == text,
        "docs/openapi.json is stale; run HERDER_GENERATE=1 cargo test -p herder openapi"
    );
}

/// Rows and operations are the same, method by method.
#[test]
fn openapi_every_route_is_in_the_document_and_no_other() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let open = |path: &str| {
        let (before, behind) = path.split_once('{')?;
        Some(format!("{before}*{}", behind.split_once('}')?.1))
    };
    let documented: BTreeSet<(String, &str)> = paths
        .iter()
        .flat_map(|(path, operations)| {
            let pattern = open(path).unwrap_or_else(|| path.clone());
            let methods = operations.as_object().into_iter().flat_map(Map::keys);
            methods.map(move |method| (pattern.clone(), method.as_str()))
        })
        .collect();
    let routed: BTreeSet<(String, &str)> = ROUTES
        .iter()
        .flat_map(|(verbs, pattern, _)| {
            let pattern = pattern.replace("**", "*");
            methods(*verbs)
                .iter()
                .map(move |method| (pattern.clone(), *method))
        })
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn openapi_names_of_operations_are_different() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let mut ids: Vec<&str> = operations
        .map(|(_, operation)| operation["operationId"].as_str().expect("a name"))
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

/// Keys are asked for as the route table says.
#[test]
fn openapi_security() {
    let document = document();
    let schemes: BTreeSet<&str> = document["components"]["securitySchemes"]
        .as_object()
        .expect("schemes")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(schemes, BTreeSet::from(SCHEMES));
    assert_eq!(document["paths"]["/health"]["get"]["security"], json!([]));
    let expected = json!([{ "bearer": [] }, { "x-api-key": [] }, { "basic": [] }]);
    assert_eq!(document["security"], expected);
    let running = &document["paths"]["/running"]["get"];
    assert!(running.get("security").is_none() && running["responses"]["401"].is_object());
}
