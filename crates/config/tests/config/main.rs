//! Tests of herder-config, in one program: most of them share the tables in `tests/acceptance`.

#[path = "../acceptance/mod.rs"]
mod acceptance;
mod check;
mod corpus;
mod further;
mod fuzz;
mod limits;
mod ports;
mod rendering;
mod resolved;
mod schema;
mod sources;
mod specification;
