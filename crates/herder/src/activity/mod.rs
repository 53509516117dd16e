//! What happened: every finished inference request with its tokens and times, stored and queried (spec/http-api.md
//! section 5).
//!
//! | Module | Does |
//! |---|---|
//! | `recording` | follows one request from its dispatch to the end of its answer |
//! | `tap` | reads along with an answer, as it streams by |
//! | [`capture`] | keeps requests and answers to look at, within a budget |
//! | [`store`], `schema` | the database and the thread that writes it |
//! | [`query`], [`statistics`] | reads it |
//! | [`costs`] | what loads, stops and requests of each model have cost, in the same database |
//!
//! What an answer's bytes mean is known by [`herder_wire::usage`]; parameters and forms of the API are the business of
//! `routes`.

pub mod capture;
pub mod costs;
mod decoder;
pub mod ending;
pub mod query;
pub(crate) mod recording;
mod row;
mod schema;
pub mod statistics;
pub mod store;
pub(crate) mod tap;

pub use row::{Entry, Row, Tokens};
pub use schema::OpenError;
