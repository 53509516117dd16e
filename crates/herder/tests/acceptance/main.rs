//! The acceptance rows of the specification, against the real `herder` program: its children are fake upstreams
//! where we must control what fails, and llama.cpp's own server where we need not.

#![cfg(unix)]

mod fair_rows;
mod process_rows;
mod public_clients;
mod real_inference;
mod reload;
mod reload_records;
mod reload_settings;
mod reload_told;
mod scheduling_rows;
mod soak;
mod support;
