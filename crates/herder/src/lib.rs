//! herder: one endpoint for many local model servers.
//!
//! This crate serves: it reads the command line, accepts connections, and carries requests to the right model server
//! and answers back. What it decides about models it asks `herder-core`; processes are run by `herder-supervisor`,
//! configuration is read by `herder-config`, bodies are edited by `herder-wire`. Here they meet:
//!
//! | Module | Does |
//! |---|---|
//! | [`cli`] | the commands |
//! | [`plan`] | turns a configuration into what the core decides with |
//! | [`driver`] | feeds the core and does what it says; keeps the record of swaps |
//! | [`foresight`] | what would become of a request, in words |
//! | [`reload`], [`roster`], [`preload`] | another configuration while herder serves |
//! | [`serve`] | accepts connections, ends gracefully |
//! | [`measured_costs`] | what loads, stops and requests take, kept over restarts |
//! | [`config_watch`] | tells when the configuration's files have changed |
//! | `pipeline`, [`routes`] | what happens to a request before it is forwarded |
//! | [`cancellation`] | breaking off a request or a connection |
//! | [`upstream`], [`proxy`] | the way to a model server and back |
//! | [`logs`], [`access_log`], [`in_flight`], [`shown_headers`], [`monitor`], [`error`] | what people see of it |

pub mod access_log;
pub mod activity;
pub mod app;
pub mod cancellation;
pub mod cli;
pub mod config_watch;
pub mod configuration;
pub mod driver;
pub mod error;
#[cfg(test)]
mod fixtures;
pub mod foresight;
pub mod go_duration;
pub mod in_flight;
pub mod logs;
pub mod measured_costs;
pub mod monitor;
mod pipeline;
pub mod plan;
pub mod preload;
pub mod proxy;
pub mod reload;
pub mod roster;
pub mod routes;
pub mod serve;
pub mod shown_headers;
mod state_word;
pub mod upstream;
mod watched_body;
