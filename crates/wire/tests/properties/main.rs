//! Properties of every edit, on random and on hostile input.

mod documents;
mod encodings;
mod filters;
mod hostile;
mod names;
