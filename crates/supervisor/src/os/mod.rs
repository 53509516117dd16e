//! What differs between operating systems, behind one set of signatures.
//!
//! Both files offer: [`DIALECT`], [`Tree`] (a child with all its descendants), [`drain`], [`describe`],
//! [`executable_names`], [`is_executable`], [`become_guard`], [`prepare_guard`], [`kill_group`], [`never_block`],
//! [`open_at_once`]. The only `unsafe` of
//! the project is in this folder.
//!
//! Reading ahead is a pair of its own, because only Linux differs there: [`AheadReader`], [`memory`], [`step_back`]. Where
//! nothing better is to be had, both read with `plain_reads`.

mod plain_reads;

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::*;
