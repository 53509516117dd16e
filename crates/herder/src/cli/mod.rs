//! The commands of the `herder` program.

pub mod arguments;
pub mod demo_model;
pub mod flags;
pub mod version;
