//! Reading ahead on Linux, where pages can be brought in without being copied, and what the kernel says about memory.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Advice, fadvise, sendfile};
use rustix::io::Errno;

use super::plain_reads::PlainReads;
use crate::prefetch::room::Memory;

/// How far the reading thread steps back for others who want a processor: to a tenth of their share.
const NICENESS: i32 = 10;

/// Where the second version of control groups is mounted.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Makes the calling thread one that others go before.
pub(crate) fn step_back() {
    // Without it the thread still reads, and nothing else.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Brings parts of a file into the page cache. What is there already costs next to nothing.
///
/// The pages are "sent" to nowhere: that goes through the kernel's own reading ahead, which advice widens, waits for the
/// disk, tells its errors, and copies nothing. Against advice alone (`POSIX_FADV_WILLNEED`, window by window) it read a
/// cold file 2.7 times as fast with a tenth of the processor's time: 2.4 to 0.9 GB/s, 25 to 290 ms of processor a GB,
/// because advice is cut to the device's read-ahead size, and brings in single small pages.
///
/// Not every file system can send, and a sandbox may forbid it: then the file is read like anywhere else.
pub(crate) struct AheadReader<'a> {
    file: &'a File,
    /// Where it is sent; `None` if that is not possible.
    nowhere: Option<File>,
    plain: PlainReads,
}

impl<'a> AheadReader<'a> {
    pub(crate) fn new(file: &'a File) -> Self {
        // A file system that takes no advice reads with what it does by itself.
        let _ = fadvise(file, 0, None, Advice::Sequential);
        Self {
            file,
            nowhere: File::options().write(true).open("/dev/null").ok(),
            plain: PlainReads::default(),
        }
    }

    /// Returns when this part is there, with how many bytes of it there are: fewer only at the end of the file.
    pub(crate) fn read(&mut self, offset: u64, bytes: u64) -> io::Result<u64> {
        let (mut from, end) = (offset, offset + bytes);
        while from < end {
            let Some(nowhere) = &self.nowhere else {
                from += self.plain.read(self.file, from, end - from)?;
                break;
            };
            let left = usize::try_from(end - from).unwrap_or(usize::MAX);
            // Moves `from`.
            match sendfile(nowhere, self.file, Some(&mut from), left) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => self.nowhere = None,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(from - offset)
    }
}

/// What the system says, and each control group above this process that has a limit.
pub(crate) fn memory() -> Vec<Memory> {
    let system = fs::read_to_string("/proc/meminfo").ok();
    let Some(system) = system.and_then(|text| of_system(&text)) else {
        return Vec::new();
    };
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut levels = vec![system];
    levels.extend(of_groups(Path::new(CGROUPS), &groups));
    levels
}

/// From the text of `/proc/meminfo`.
fn of_system(text: &str) -> Option<Memory> {
    let value = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kibibytes.checked_mul(1024)
    };
    Some(Memory {
        total: value("MemTotal")?,
        available: value("MemAvailable")?,
        mapped: value("Mapped")?,
    })
}

/// From the text of `/proc/self/cgroup` and the files of the groups under `root`. Inside a container the process's own
/// group is the root. Groups of the first version are not looked at.
fn of_groups(root: &Path, groups: &str) -> Vec<Memory> {
    let Some(path) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else {
        return Vec::new();
    };
    let group = root.join(path);
    let groups = group.ancestors().take_while(|group| group.starts_with(root));
    groups.filter_map(of_group).collect()
}

/// `None` for a group without a limit.
fn of_group(folder: &Path) -> Option<Memory> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    // `max` is no number, and so no limit. Over `high` the kernel takes pages back as well.
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let total = number("memory.max")
        .into_iter()
        .chain(number("memory.high"))
        .min()?;
    let used = number("memory.current")?;
    let statistics = read("memory.stat")?;
    let value = |name: &str| {
        let words = statistics.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = words.into_iter().find(|(key, _)| *key == name)?;
        value.parse::<u64>().ok()
    };
    let files = value("active_file")? + value("inactive_file")?;
    Some(Memory {
        total,
        available: total.saturating_sub(used.saturating_sub(files)),
        mapped: value("file_mapped")?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// How many pages of the first bytes of a file are in the page cache.
    #[expect(unsafe_code, reason = "only the kernel knows, and it wants a mapping")]
    fn resident_pages(file: &File, bytes: usize) -> usize {
        // SAFETY: a new mapping of our own that nobody reads, as long as the file; the vector has a byte for each page.
        unsafe {
            let descriptor = file.as_raw_fd();
            let address = libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ,
                libc::MAP_SHARED,
                descriptor,
                0,
            );
            assert_ne!(address, libc::MAP_FAILED);
            let mut pages = vec![0_u8; bytes.div_ceil(rustix::param::page_size())];
            assert_eq!(libc::mincore(address, bytes, pages.as_mut_ptr()), 0);
            assert_eq!(libc::munmap(address, bytes), 0);
            pages.iter().filter(|&page| page & 1 == 1).count()
        }
    }

    const BYTES: usize = (3 << 20) + 5;

    /// A file that has content and is not in the page cache. It lies beside the test's program, on a disk: a file system
    /// in memory, as folders for temporary files may be, keeps its pages.
    fn cold_file() -> File {
        let program = std::env::current_exe().unwrap();
        let mut file = tempfile::tempfile_in(program.parent().unwrap()).unwrap();
        file.write_all(&vec![7; BYTES]).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        assert_eq!(resident_pages(&file, BYTES), 0, "build the tests on a disk");
        file
    }

    /// Reads all of the file in two parts and beyond its end.
    fn read_all(reader: &mut AheadReader<'_>) {
        let (first, length) = (1 << 20, BYTES as u64);
        assert_eq!(reader.read(0, first).unwrap(), first);
        assert_eq!(reader.read(first, length).unwrap(), length - first);
        // Beyond the end there is nothing, and nothing to wait for.
        assert_eq!(reader.read(length, 1).unwrap(), 0);
        let pages = BYTES.div_ceil(rustix::param::page_size());
        assert_eq!(resident_pages(reader.file, BYTES), pages);
    }

    #[test]
    fn what_was_read_ahead_is_in_the_page_cache() {
        let file = cold_file();
        let mut reader = AheadReader::new(&file);
        read_all(&mut reader);
        assert!(reader.nowhere.is_some(), "it was sent");
    }

    #[test]
    fn what_cannot_be_sent_is_read() {
        let file = cold_file();
        let mut reader = AheadReader::new(&file);
        // Linux refuses to send to a file that is only appended to, with the error that file systems give.
        let refusing = File::options().append(true).open("/dev/null").unwrap();
        reader.nowhere = Some(refusing);
        read_all(&mut reader);
        assert!(reader.nowhere.is_none(), "it was not sent");
    }

    #[test]
    fn the_numbers_of_the_system() {
        let text = "MemTotal:       24684096 kB\nMemFree:        10500980 kB\nMemAvailable:   24044032 kB\n\
                    Mapped:            12468 kB\n";
        let expected = Memory {
            total: 24_684_096 * 1024,
            available: 24_044_032 * 1024,
            mapped: 12_468 * 1024,
        };
        assert_eq!(of_system(text), Some(expected));
        // Before Linux 3.14.
        assert_eq!(of_system("MemTotal: 1 kB\nMapped: 1 kB\n"), None);
        let here = memory();
        assert!(here.iter().all(|level| level.total > 0), "{here:?}");
        assert!(!here.is_empty());
    }

    #[test]
    fn every_group_above_counts_that_has_a_limit() {
        let root = tempfile::tempdir().unwrap();
        let statistics = |mapped: u64| {
            format!(
                "anon {}\nfile {}\nfile_mapped {}\ninactive_file {}\nactive_file {}\n",
                100 * MIB,
                60 * MIB,
                mapped * MIB,
                40 * MIB,
                10 * MIB
            )
        };
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        // The root of a container has a limit, the group between has none, the innermost has two.
        write("memory.max", &format!("{}\n", 1000 * MIB));
        write("memory.current", &format!("{}\n", 200 * MIB));
        write("memory.stat", &statistics(30));
        write("a/memory.max", "max\n");
        write("a/memory.current", "1\n");
        write("a/memory.stat", &statistics(1));
        write("a/b/memory.max", &format!("{}\n", 600 * MIB));
        write("a/b/memory.high", &format!("{}\n", 500 * MIB));
        write("a/b/memory.current", &format!("{}\n", 150 * MIB));
        write("a/b/memory.stat", &statistics(20));
        let expected = |total: u64, available: u64, mapped: u64| Memory {
            total: total * MIB,
            available: available * MIB,
            mapped: mapped * MIB,
        };
        let both = [expected(500, 400, 20), expected(1000, 850, 30)];
        assert_eq!(of_groups(root.path(), "1:memory:/x\n0::/a/b\n"), both);
        assert_eq!(of_groups(root.path(), "0::/\n"), both[1..]);
        assert_eq!(of_groups(root.path(), "4:memory:/a/b\n"), []);
    }
}
