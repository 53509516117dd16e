//! Reads the files of a model that will be loaded soon into the page cache (issue 6, build 3).
//!
//! One thread reads, file by file and window by window, and looks before each window whether it is still wanted and
//! whether there is room. It lives as long as there is something to read. Whose files are worth it is `herder-core`'s
//! decision; which files these are is said in [`files`], how much memory they may take in [`room`], and how the system
//! is asked in `os`.

mod files;
pub(crate) mod room;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use self::files::Weights;
use crate::command::{Dialect, split};
use crate::os;

/// How much is asked for at once: a few milliseconds of a fast disk, so that what is between two windows costs nothing,
/// and a tenth of a second of a slow one, so that an end comes soon.
const WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// What has become of one prefetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefetched {
    /// Files that were begun with; never zero.
    pub files: usize,
    /// Bytes that are in the page cache now, whether or not they were there before.
    pub bytes: u64,
    /// What they would be if all of it had been read, by the sizes that the files had before.
    pub wanted_bytes: u64,
    /// From the first window to the last.
    pub elapsed: Duration,
    /// Why there was no further window.
    pub end: PrefetchEnd,
}

/// Why a prefetch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefetchEnd {
    /// Everything is read.
    Complete,
    /// It is not wanted any more.
    Stopped,
    /// More would take memory that is used, or push out what was read before.
    MemoryShort,
    /// A file could not be read.
    Failed(String),
}

/// Reads what was asked for last, and nothing else. Dropping it ends the reading.
#[derive(Debug, Default)]
pub(crate) struct Prefetcher {
    desk: Arc<Mutex<Desk>>,
}

/// What the thread is to do.
#[derive(Default)]
struct Desk {
    /// Counts the calls, so that the thread sees that its work is not wanted any more.
    number: u64,
    /// What is to be read next.
    next: Option<Job>,
    /// There is a thread, which will look here before it ends.
    has_reader: bool,
}

struct Job {
    command: String,
    report: Box<dyn FnOnce(Prefetched) + Send>,
}

impl Prefetcher {
    /// Reads the files that `command` names, and nothing else from now on. `report` hears how it ended, from the reading
    /// thread; never, if there was nothing to read.
    pub(crate) fn read(&self, command: String, report: impl FnOnce(Prefetched) + Send + 'static) {
        let job = Job {
            command,
            report: Box::new(report),
        };
        let mut desk = self.desk.lock();
        desk.number += 1;
        desk.next = Some(job);
        if desk.has_reader {
            return;
        }
        let work = Arc::clone(&self.desk);
        let thread = std::thread::Builder::new().name("prefetch".to_owned());
        // Without a thread a load takes as long as it takes without this.
        desk.has_reader = thread.spawn(move || read_jobs(&work)).is_ok();
    }

    /// Ends the reading at the next window.
    pub(crate) fn stop(&self) {
        let mut desk = self.desk.lock();
        desk.number += 1;
        desk.next = None;
    }
}

impl Drop for Prefetcher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Desk")
            .field("number", &self.number)
            .field("has_reader", &self.has_reader)
            .finish_non_exhaustive()
    }
}

fn read_jobs(desk: &Mutex<Desk>) {
    os::step_back();
    loop {
        let (job, number) = {
            let mut desk = desk.lock();
            let Some(job) = desk.next.take() else {
                desk.has_reader = false;
                return;
            };
            (job, desk.number)
        };
        let is_wanted = || desk.lock().number == number;
        // A bug that one model's files bring to light must not end the reading for all. It has been printed already, and
        // nothing that is kept here could be in disorder.
        let _ = catch_unwind(AssertUnwindSafe(|| read_job(job, is_wanted)));
    }
}

fn read_job(job: Job, is_wanted: impl Fn() -> bool) {
    let words = split(&job.command, Dialect::native()).unwrap_or_default();
    let weights = files::find(&words);
    if let Some(prefetched) = read(&weights, is_wanted, || room::left(&os::memory())) {
        (job.report)(prefetched);
    }
}

/// Reads these files as far as they are wanted and there is room; `room` says for how many bytes at that moment. `None`
/// when there are none.
fn read(weights: &[Weights], is_wanted: impl Fn() -> bool, room: impl Fn() -> u64) -> Option<Prefetched> {
    let began = Instant::now();
    let mut prefetched = Prefetched {
        files: 0,
        bytes: 0,
        wanted_bytes: weights.iter().map(|file| file.bytes).sum(),
        elapsed: Duration::ZERO,
        end: PrefetchEnd::Complete,
    };
    for weights in weights {
        prefetched.files += 1;
        let may_go_on = |so_far: u64| {
            if !is_wanted() {
                Err(PrefetchEnd::Stopped)
            } else if room() < so_far {
                // What has been read counts as free in the numbers of the system, but it is what all this is for. Pages of
                // it that a process has mapped count twice, here and in the room, which errs on the safe side.
                Err(PrefetchEnd::MemoryShort)
            } else {
                Ok(())
            }
        };
        if let Err(end) = read_file(weights, may_go_on, &mut prefetched.bytes) {
            prefetched.end = end;
            break;
        }
    }
    prefetched.elapsed = began.elapsed();
    (prefetched.files > 0).then_some(prefetched)
}

/// Reads one file window by window. `may_go_on` is asked before each, with all bytes that there would be then; `read` counts
/// those that there are. A file that has become shorter ends earlier.
fn read_file(
    weights: &Weights,
    may_go_on: impl Fn(u64) -> Result<(), PrefetchEnd>,
    read: &mut u64,
) -> Result<(), PrefetchEnd> {
    let failed = |error: io::Error| PrefetchEnd::Failed(format!("{}: {error}", weights.path.display()));
    // The path may have become something else since it was looked at, even a pipe to which nobody writes.
    let file = os::open_at_once(&weights.path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("not a plain file")));
    }
    let mut reader = os::AheadReader::new(&file);
    let mut offset = 0;
    while offset < weights.bytes {
        let window = WINDOW_BYTES.min(weights.bytes - offset);
        may_go_on(*read + window)?;
        let there = reader.read(offset, window).map_err(failed)?;
        *read += there;
        if there < window {
            break;
        }
        offset += window;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs::File;
    use std::path::Path;
    use std::sync::mpsc;

    use super::*;

    /// A file without content takes no room on the disk.
    fn hollow(folder: &Path, name: &str, bytes: u64) -> Weights {
        let path = folder.join(name);
        File::create(&path).unwrap().set_len(bytes).unwrap();
        Weights { path, bytes }
    }

    const PLENTY: u64 = 1 << 40;
    const TWO_AND_A_HALF: u64 = 5 * WINDOW_BYTES / 2;

    #[test]
    fn files_are_read_to_their_ends() {
        let folder = tempfile::tempdir().unwrap();
        let weights = [
            hollow(folder.path(), "a", TWO_AND_A_HALF),
            hollow(folder.path(), "b", 1),
        ];
        let prefetched = read(&weights, || true, || PLENTY).unwrap();
        assert_eq!(prefetched.end, PrefetchEnd::Complete);
        assert_eq!((prefetched.files, prefetched.bytes), (2, TWO_AND_A_HALF + 1));
        assert_eq!(prefetched.wanted_bytes, prefetched.bytes);
        assert!(read(&[], || true, || PLENTY).is_none());
    }

    #[test]
    fn what_is_not_wanted_any_more_ends_at_the_next_window() {
        let folder = tempfile::tempdir().unwrap();
        let weights = [hollow(folder.path(), "a", TWO_AND_A_HALF)];
        let looks = Cell::new(0);
        let is_wanted = || looks.replace(looks.get() + 1) < 2;
        let prefetched = read(&weights, is_wanted, || PLENTY).unwrap();
        assert_eq!(prefetched.end, PrefetchEnd::Stopped);
        assert_eq!(prefetched.bytes, 2 * WINDOW_BYTES);
    }

    #[test]
    fn what_was_read_is_not_pushed_out_by_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        let weights = [
            hollow(folder.path(), "a", WINDOW_BYTES),
            hollow(folder.path(), "b", WINDOW_BYTES),
        ];
        // The system goes on calling the same amount available, because pages of files can be dropped.
        let prefetched = read(&weights, || true, || 2 * WINDOW_BYTES - 1).unwrap();
        assert_eq!(prefetched.end, PrefetchEnd::MemoryShort);
        assert_eq!((prefetched.files, prefetched.bytes), (2, WINDOW_BYTES));
    }

    #[test]
    fn a_file_that_is_gone_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let weights = [Weights {
            path: folder.path().join("gone"),
            bytes: 1,
        }];
        let prefetched = read(&weights, || true, || PLENTY).unwrap();
        assert!(
            matches!(&prefetched.end, PrefetchEnd::Failed(text) if text.contains("gone")),
            "{prefetched:?}"
        );
    }

    #[test]
    fn a_file_that_has_become_shorter_ends_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut weights = [
            hollow(folder.path(), "a", WINDOW_BYTES + 5),
            hollow(folder.path(), "b", 1),
        ];
        weights[0].bytes = 4 * WINDOW_BYTES;
        let prefetched = read(&weights, || true, || PLENTY).unwrap();
        assert_eq!(prefetched.end, PrefetchEnd::Complete);
        assert_eq!((prefetched.files, prefetched.bytes), (2, WINDOW_BYTES + 6));
        assert_eq!(prefetched.wanted_bytes, 4 * WINDOW_BYTES + 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_to_which_nobody_writes_holds_nothing_up() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.gguf");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let (told, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let weights = [Weights { path, bytes: 1 }];
            told.send(read(&weights, || true, || PLENTY).unwrap().end)
                .unwrap();
        });
        let end = ended.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(
            matches!(&end, PrefetchEnd::Failed(text) if text.contains("not a plain file")),
            "{end:?}"
        );
    }

    #[test]
    fn a_panic_does_not_end_the_reading_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = hollow(folder.path(), "m.gguf", files::SMALLEST_BYTES);
        let command = format!("serve -m \"{}\"", file.path.display());
        let (told, reports) = mpsc::channel();
        let prefetcher = Prefetcher::default();
        let telling = told.clone();
        prefetcher.read(command.clone(), move |_| {
            telling.send("panics").unwrap();
            panic!("this is what the test is about");
        });
        let patience = Duration::from_secs(60);
        assert_eq!(reports.recv_timeout(patience), Ok("panics"));
        prefetcher.read(command, move |_| told.send("goes on").unwrap());
        assert_eq!(reports.recv_timeout(patience), Ok("goes on"));
    }

    #[test]
    fn the_last_call_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = hollow(folder.path(), "m.gguf", files::SMALLEST_BYTES);
        let (told, reports) = mpsc::channel();
        let prefetcher = Prefetcher::default();
        let ask = |command: &str, name: &'static str| {
            let told = told.clone();
            prefetcher.read(command.to_owned(), move |prefetched| {
                told.send((name, prefetched.files)).unwrap();
            });
        };
        let command = format!("serve -m \"{}\"", file.path.display());
        for _ in 0..100 {
            ask(&command, "earlier");
        }
        prefetcher.stop();
        ask("serve -m nothing", "nothing to read");
        ask(&command, "last");
        drop(told);
        let patience = Duration::from_secs(60);
        let last = loop {
            match reports.recv_timeout(patience).unwrap() {
                ("earlier", _) => {}
                other => break other,
            }
        };
        assert_eq!(last, ("last", 1));
        let closed = reports.recv_timeout(patience);
        assert_eq!(
            closed,
            Err(mpsc::RecvTimeoutError::Disconnected),
            "the thread is done with all"
        );
    }
}
