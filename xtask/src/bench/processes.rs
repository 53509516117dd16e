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
            let folder = PathBuf::from(format!("/proc/{child}"));
            if let Ok(executable) = fs::read_link(folder.join("exe")) {
                found.push(Process { folder, executable });
            }
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
    /// Whether it runs a program of this name.
    pub(super) fn runs(&self, program: &str) -> bool {
        self.executable.file_name().is_some_and(|name| name == program)
    }

    /// Seconds on a processor so far, of all threads that it has now.
    ///
    /// # Errors
    /// It has ended, or the kernel does not count.
    pub(super) fn processor_seconds(&self) -> Result<f64> {
        let mut nanoseconds = 0.0;
        for thread in folder_entries(&self.folder.join("task"))? {
            // A thread that ends meanwhile has no part in what is measured.
            let Ok(text) = fs::read_to_string(thread.join("schedstat")) else {
                continue;
            };
            let time = text.split(' ').next().unwrap_or_default();
            nanoseconds += time
                .parse::<f64>()
                .with_context(|| format!("schedstat: {text}"))?;
        }
        Ok(nanoseconds / 1e9)
    }

    /// Resident memory now, in units of 1,000,000 bytes.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn resident(&self) -> Result<f64> {
        self.megabytes("VmRSS:")
    }

    /// The most that was resident since the last `forget_peak`.
    ///
    /// # Errors
    /// It has ended.
    pub(super) fn peak(&self) -> Result<f64> {
        self.megabytes("VmHWM:")
    }

    /// # Errors
    /// It has ended, or belongs to somebody else.
    pub(super) fn forget_peak(&self) -> Result<()> {
        let file = self.folder.join("clear_refs");
        // 5 is the peak (the kernel's documentation of this file).
        fs::write(&file, "5").with_context(|| format!("cannot write {}", file.display()))
    }

    fn megabytes(&self, field: &str) -> Result<f64> {
        let status = fs::read_to_string(self.folder.join("status"))?;
        megabytes(&status, field)
    }
}

fn megabytes(status: &str, field: &str) -> Result<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    let value = value.with_context(|| format!("no {field} in the status of a process"))?;
    let kibibytes: f64 = value.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_read() {
        assert_eq!(parent("12 (a) (b c) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12"), None);
        let status = "Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t    1000 kB\n";
        assert_eq!(megabytes(status, "VmHWM:").unwrap(), 2.048);
        assert!(megabytes(status, "VmSwap:").is_err());
    }
}
