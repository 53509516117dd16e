//! `store`: an activity database must be writable, and saying so at load beats failing later
//! (spec/config.md 2.8; quirk V3 mended: the trimmed path is both checked and used; Q33 mended: a file can be pruned).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{integer, place, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::duration::parse_duration;
use crate::tree::Node;
use crate::typed::Store;

/// The store, its path checked. `None` means in memory.
pub(super) fn read(root: &Node, report: &mut Report) -> Option<Store> {
    let store = root.child("store").filter(|store| !store.is_lost())?;
    if store
        .entry("path")
        .is_some_and(|path| path.value.is_null() || path.value.is_lost())
    {
        return None;
    }
    let origin = place(store, "path", store.origin);
    let path = text(store, "path").unwrap_or_default().trim();
    if path.is_empty() {
        report
            .error(ErrorClass::Value, "store.path must not be empty")
            .at(origin)
            .hint("name a file, or remove store to keep activity in memory");
        return None;
    }
    let path = PathBuf::from(path);
    if let Some(problem) = reject(&path) {
        report
            .error(ErrorClass::Io, format!("store.path {problem}"))
            .at(origin);
    }
    Some(Store {
        path,
        max_rows: read_max_rows(store, report),
        max_age: read_max_age(store, report),
    })
}

fn read_max_rows(store: &Node, report: &mut Report) -> Option<u64> {
    let rows = u64::try_from(integer(store, "maxRows")?);
    if rows.is_err() {
        report
            .error(ErrorClass::Value, "store.maxRows must not be negative")
            .at(place(store, "maxRows", store.origin));
    }
    rows.ok().filter(|rows| *rows > 0)
}

fn read_max_age(store: &Node, report: &mut Report) -> Option<Duration> {
    let age = u64::try_from(text(store, "maxAge").and_then(parse_duration)?);
    let age = age.ok().map(Duration::from_nanos);
    // Rows carry whole seconds.
    let usable = age.filter(|age| age.is_zero() || age.as_secs() > 0);
    if usable.is_none() {
        report
            .error(ErrorClass::Value, "store.maxAge must be at least 1s")
            .at(place(store, "maxAge", store.origin));
    }
    usable.filter(|age| !age.is_zero())
}

fn reject(path: &Path) -> Option<String> {
    let name = path.display();
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Some(format!("{name} is a directory, not a file")),
        Ok(_) if is_writable(path) => None,
        Ok(_) => Some(format!("{name} is not writable")),
        Err(_) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            let directory = parent.display();
            if !parent.is_dir() {
                Some(format!(
                    "{name} is not writable: there is no directory {directory}"
                ))
            } else if !is_writable(parent) {
                Some(format!(
                    "{name} is not writable: the directory {directory} does not take files"
                ))
            } else {
                None
            }
        }
    }
}

#[cfg(unix)]
fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir() || !metadata.permissions().readonly())
}
