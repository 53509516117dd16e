//! Reads herder's configuration: YAML files to spanned trees, merged, macros expanded, read into [`Config`].
//!
//! The contract is `spec/config.md`; where `design/decisions.md` mends a quirk, the code names the quirk. All errors
//! are collected and reported together as [`Diagnostic`]s with file, line, column and a hint.
//!
//! The way of a configuration: [`Sources`] -> `source` -> `parse` (with `environment`) -> `merge` -> `expand` (with
//! `macros` and `ports`) -> `shape` (against the table in `keys`) -> `read` -> [`Loaded`].
//!
//! Left to others: the language of matrix expressions and what depends on it (`herder-core` parses it, `herder`
//! reports through [`Loaded::diagnostic`]), splitting commands into words (`herder-supervisor`), and watching files.

mod diagnostic;
mod duration;
mod emit;
mod environment;
mod expand;
mod keys;
mod loaded;
mod macros;
mod merge;
mod names;
mod parse;
mod ports;
mod proxy_url;
mod read;
mod redact;
mod render;
mod resolved;
mod scalar;
mod schema;
mod shape;
mod source;
mod suggest;
mod tree;
pub mod typed;

pub use diagnostic::{Diagnostic, ErrorClass, Location, Severity};
pub use environment::Environment;
pub use loaded::{LoadError, Loaded, load, load_text, reload};
pub use names::{Names, PeerModel, Target};
pub use ports::GivenPorts;
pub use read::DEFAULT_IGNORE_PATHS;
pub use redact::redact;
pub use resolved::{Masked, changed_settings};
pub use schema::schema;
pub use source::{Sources, yaml_files};
pub use suggest::did_you_mean;
pub use typed::*;
