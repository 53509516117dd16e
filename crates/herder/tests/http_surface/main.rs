//! The HTTP surface as clients see it: the rows of spec/http-api.md section 7 against the real program and real
//! (fake) model servers. A test's name carries the number of its row. Rows with another outcome than the reference's
//! say which decision they follow.
#![expect(clippy::unwrap_used, reason = "a test program; its panics are its results")]

mod activity;
mod activity_captures;
mod authentication;
mod bad_answers;
mod bad_requests;
mod beyond_the_table;
mod comfyui;
mod config;
mod details;
mod event_logs;
mod event_phases;
mod events;
mod fixture;
mod limits;
mod lists;
mod liveness;
mod load;
mod loading_state;
mod logs;
mod messages;
mod monitor;
mod openapi;
mod peers;
mod profiles;
mod residency;
mod resolution;
mod selectors;
mod swaps;
mod ui;
mod upstream;
