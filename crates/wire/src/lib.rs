//! Reads and edits what travels on the wire, without re-encoding it.
//!
//! A request names its model somewhere: in a JSON body, in a form, in the query, in the path. This crate finds that
//! name and replaces it, applies the configured body filters, and knows the rules for headers and paths. Everything
//! here is a pure function over bytes: no clock, no socket, no task. An edit is a splice ([`Pieces`]): bytes outside
//! it are the client's own, neither copied nor changed.
//!
//! What it leaves to others: which models exist and what a name means (`herder`'s pipeline), whether a credential is
//! right (`herder`, in constant time), reading bodies up to their limit, and sending the result.
//!
//! | Module | Answers |
//! |---|---|
//! | [`model`] | which model does this request name, and how is that place rewritten? |
//! | [`json`], [`multipart`], [`form`] | the same for one encoding |
//! | [`filters`] | the body after `useModelName`, `stripParams`, `setParams` |
//! | [`headers`], [`credentials`], [`accept`], [`cors`] | header rules |
//! | [`usage`], [`sse`], [`error_text`] | what does an answer say about itself? |
//! | [`path`] | `/upstream/{model}/…`, path cleaning, joining with a base URL |

pub mod accept;
pub mod cors;
pub mod credentials;
pub mod error_text;
pub mod filters;
pub mod form;
pub mod headers;
pub mod json;
mod members;
pub mod model;
pub mod multipart;
mod outline;
mod parameters;
pub mod path;
mod pieces;
mod scan;
pub mod sse;
pub mod usage;

pub use pieces::Pieces;

/// The longest model name that is looked for, in bytes. No configured name comes near it; the bound keeps the cost of
/// comparing ever longer path prefixes small.
pub const MAX_NAME_BYTES: usize = 1024;

/// How often one body or query may repeat its `model` field. An honest client writes it once; the bound keeps the
/// list of splices small, whatever the body holds.
pub const MAX_REPEATED_FIELDS: usize = 64;
