//! What differs between operating systems, behind one set of signatures.
//!
//! Both files offer: [`DIALECT`], [`Tree`] (a child with all its descendants), [`drain`], [`describe`],
//! [`executable_names`], [`is_executable`], [`become_guard`], [`prepare_guard`], [`kill_group`], [`never_block`]. The only `unsafe` of
//! the project is in this folder.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;
