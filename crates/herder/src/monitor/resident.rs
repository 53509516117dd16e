//! How much memory a model server occupies: its process and those that it has started, as Linux counts.

use std::fs;
use std::path::Path;

/// Processes of one model that are looked at. Model servers have a handful.
const MAX_PROCESSES: usize = 256;

/// Resident bytes of the tree that `pid` leads; shared pages count once for each process. `None` where there is no
/// `/proc`, or no such process any more. Blocks.
pub(super) fn resident_bytes(proc: &Path, pid: u32) -> Option<u64> {
    let mut bytes = pages(proc, pid)?;
    let mut looked_at = 0;
    let mut tree = children(proc, pid);
    while let Some(child) = tree.pop()
        && looked_at < MAX_PROCESSES
    {
        looked_at += 1;
        bytes += pages(proc, child).unwrap_or(0);
        tree.extend(children(proc, child));
    }
    Some(bytes.saturating_mul(page_size()))
}

/// The second number of `statm`.
fn pages(proc: &Path, pid: u32) -> Option<u64> {
    let text = fs::read_to_string(proc.join(pid.to_string()).join("statm")).ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// Children of all its threads.
fn children(proc: &Path, pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(proc.join(pid.to_string()).join("task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let numbers = lists.flat_map(|list| list.split_whitespace().map(str::parse).collect::<Vec<_>>());
    numbers.filter_map(Result::ok).take(MAX_PROCESSES).collect()
}

/// Bytes of a page; only used where there is a `/proc`.
pub(super) fn page_size() -> u64 {
    #[cfg(unix)]
    let size = rustix::param::page_size() as u64;
    #[cfg(not(unix))]
    let size = 0;
    size
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_added_up() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("10/statm", "900 100 7 1 0 5 0\n"),
            ("10/task/10/children", "11 12 \n"),
            ("10/task/15/children", "13 \n"),
            ("11/statm", "900 20 7 1 0 5 0\n"),
            ("11/task/11/children", "14 \n"),
            ("13/statm", "900 3 7 1 0 5 0\n"),
            ("14/statm", "nonsense\n"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(resident_bytes(folder.path(), 10), Some(123 * page_size()));
        assert_eq!(resident_bytes(folder.path(), 99), None);
    }
}
