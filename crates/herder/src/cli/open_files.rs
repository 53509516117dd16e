//! Room for file descriptors: each request in progress takes two, and the usual soft limit of 1024 is from another
//! time.

#[cfg(unix)]
use crate::serve::MAX_CONNECTIONS;

/// What herder asks for: twice the connections it accepts, and room for everything else. It is not more than that
/// because model servers inherit the raised soft limit, as they inherit the hard one: a program that goes through all
/// numbers below its limit to close what it has inherited takes longer, and `select`, which knows 1024 files, meets
/// higher numbers only when so many are open.
#[cfg(unix)]
const WANTED: u64 = 2 * MAX_CONNECTIONS as u64 + 1024;

/// Raises the soft limit as far as it goes, and returns how many files may be open. Where it cannot be raised, fewer
/// clients fit at once, nothing more.
#[cfg(unix)]
pub(super) fn make_room() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limits = getrlimit(Resource::Nofile);
    let possible = limits.maximum.map_or(WANTED, |hard| hard.min(WANTED));
    if limits.current.is_some_and(|soft| soft < possible) {
        limits.current = Some(possible);
        let _ = setrlimit(Resource::Nofile, limits);
    }
    let now = getrlimit(Resource::Nofile).current;
    now.and_then(|now| usize::try_from(now).ok())
        .unwrap_or(usize::MAX)
}

/// Windows has no such limit.
#[cfg(windows)]
pub(super) fn make_room() -> usize {
    usize::MAX
}
