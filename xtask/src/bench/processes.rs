//! What processes cost, from Linux's `/proc`: processor time in nanoseconds and resident memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::programs::folder_entries;

#[derive(Debug, Clone)]
pub(super) struct Process {
    /// `/proc/PID`
    folder: PathBuf,
    executable: PathBuf,
}

/// A number for each thread, by its folder in `/proc`.
pub(super) type ThreadCounts = BTreeMap<PathBuf, u64>;

/// What was counted between two looks. A thread that has begun since counts from its beginning; one that has ended counts
/// nothing, because what it did after the first look is not known.
pub(super) fn counted_between(before: &ThreadCounts, now: &ThreadCounts) -> u64 {
    now.iter()
        .map(|(thread, count)| count.saturating_sub(before.get(thread).copied().unwrap_or(0)))
        .sum()
}

/// The same of processor time, in seconds.
pub(super) fn seconds_between(before: &ThreadCounts, now: &ThreadCounts) -> f64 {
    counted_between(before, now) as f64 / 1e9
}

/// All processes that descend from `ancestor`, which is not among them.
///
/// # Errors
/// Not Linux.
pub(super) fn below(ancestor: u32) -> Result<Vec<Process>> {
    ensure!(
        cfg!(target_os = "linux"),
        "costs are read from /proc, which only Linux has"
    );
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for folder in folder_entries(Path::new("/proc"))? {
        let Some(id) = folder.file_name().and_then(|name| name.to_str()?.parse().ok()) else {
            continue;
        };
        // A process that ends meanwhile is none any more.
        if let Some(parent) = fs::read_to_string(folder.join("stat"))
            .ok()
            .and_then(|stat| parent(&stat))
        {
            children.entry(parent).or_default().push(id);
        }
    }
    let (mut found, mut unvisited) = (Vec::new(), vec![ancestor]);
    while let Some(id) = unvisited.pop() {
        for &child in children.get(&id).into_iter().flatten() {
            unvisited.push(child);
            found.extend(Process::with_id(child));
        }
    }
    Ok(found)
}

/// The parent's id. The name in parentheses in front of it may hold anything.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

impl Process {
    /// The one with this id.
    ///
    /// # Errors
    /// There is none, or not Linux.
    pub(super) fn with_id(id: u32) -> Result<Self> {
        let folder = PathBuf::from(format!("/proc/{id}"));
        let executable = fs::read_link(folder.join("exe"))
            .with_context(|| format!("no process {id} in /proc, which only Linux has"))?;
        Ok(Self { folder, executable })
    }

    /// What one of its files says.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn file(&self, name: &str) -> Result<String> {
        let file = self.folder.join(name);
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    }

    /// How often each of its threads has slept and been woken so far.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn wakeups(&self) -> Result<ThreadCounts> {
        let mut counts = ThreadCounts::new();
        for thread in folder_entries(&self.folder.join("task"))? {
            // A thread that ends meanwhile has no part in what is measured.
            let status = fs::read_to_string(thread.join("status")).unwrap_or_default();
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            let count = line.map_or(Ok(0), |count| count.trim().parse())?;
            counts.insert(thread, count);
        }
        Ok(counts)
    }

    /// Whether it runs a program of this name.
    pub(super) fn runs(&self, program: &str) -> bool {
        self.executable.file_name().is_some_and(|name| name == program)
    }

    /// Nanoseconds on a processor so far, of each thread that it has now; nothing when it has ended.
    ///
    /// # Errors
    /// The kernel does not count.
    pub(super) fn processor_time(&self) -> Result<ThreadCounts> {
        let Ok(threads) = folder_entries(&self.folder.join("task")) else {
            return Ok(ThreadCounts::new());
        };
        let mut nanoseconds = ThreadCounts::new();
        for thread in threads {
            // A thread that ends meanwhile has no part in what is measured.
            let Ok(text) = fs::read_to_string(thread.join("schedstat")) else {
                continue;
            };
            let time = text.split(' ').next().unwrap_or_default();
            let time = time.parse().with_context(|| format!("schedstat: {text}"))?;
            nanoseconds.insert(thread, time);
        }
        Ok(nanoseconds)
    }

    /// Resident memory now, in units of 1,000,000 bytes; none of a process that has ended.
    ///
    /// # Errors
    /// The kernel does not say.
    pub(super) fn resident(&self) -> Result<f64> {
        self.megabytes("VmRSS:")
    }

    /// The most that was resident since the last `forget_peak`; none of a process that has ended.
    ///
    /// # Errors
    /// The kernel does not say.
    pub(super) fn peak(&self) -> Result<f64> {
        self.megabytes("VmHWM:")
    }

    /// # Errors
    /// It belongs to somebody else.
    pub(super) fn forget_peak(&self) -> Result<()> {
        let file = self.folder.join("clear_refs");
        // 5 is the peak (the kernel's documentation of this file).
        match fs::write(&file, "5") {
            Err(error) if self.is_alive() => {
                Err(error).with_context(|| format!("cannot write {}", file.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether it has memory and can run; one that has ended and waits for its parent has none.
    pub(super) fn is_alive(&self) -> bool {
        fs::read_link(self.folder.join("exe")).is_ok()
    }

    fn megabytes(&self, field: &str) -> Result<f64> {
        match fs::read_to_string(self.folder.join("status")) {
            Ok(status) if self.is_alive() => megabytes(&status, field),
            Ok(_) | Err(_) => Ok(0.0),
        }
    }
}

pub(super) fn megabytes(status: &str, field: &str) -> Result<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    let value = value.with_context(|| format!("no {field} in the status of a process"))?;
    let kibibytes: f64 = value.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_has_ended_costs_nothing() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let find = |process: &Process| process.folder.ends_with(child.id().to_string());
        let process = below(std::process::id()).unwrap().into_iter().find(find).unwrap();
        assert!(process.resident().unwrap() > 0.0);
        assert!(!process.processor_time().unwrap().is_empty());
        process.forget_peak().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!process.is_alive());
        assert_eq!(process.peak().unwrap(), 0.0);
        assert!(process.processor_time().unwrap().is_empty());
        process.forget_peak().unwrap();
    }

    #[test]
    fn threads_that_have_ended_count_nothing() {
        let counts = |list: &[(&str, u64)]| -> ThreadCounts {
            list.iter()
                .map(|&(thread, count)| (thread.into(), count))
                .collect()
        };
        let before = counts(&[("stays", 5), ("ends", 1_000)]);
        let now = counts(&[("stays", 8), ("begins", 4)]);
        assert_eq!(counted_between(&before, &now), 7);
    }

    #[test]
    fn the_kernels_lines_are_read() {
        assert_eq!(parent("12 (a) (b c) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12"), None);
        let status = "Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n";
        assert_eq!(megabytes(status, "VmHWM:").unwrap(), 2.048);
        assert!(megabytes(status, "VmSwap:").is_err());
    }
}
