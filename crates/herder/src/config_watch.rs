//! Tells when the files of the configuration have changed (`-watch-config`, spec/config.md 1.5).
//!
//! It looks at names, times and sizes every two seconds, and never at contents. Polling needs no service of the system
//! that may be absent (network file systems, containers), and sees a file that an editor replaces. What a change means
//! is the business of the reload.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use herder_config::{Sources, yaml_files};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep};

/// Time between two looks.
const PACE: Duration = Duration::from_secs(2);

/// Time between two looks at files that are being changed. Programs that write a file in place empty it first, and an
/// empty file is a configuration without models.
const SETTLING: Duration = Duration::from_millis(200);

/// How many of these looks there are at most: what never comes to rest is loaded as it is, after two seconds.
const MOST_SETTLING_LOOKS: usize = 10;

/// How many there are for a file that has been emptied. `generate > config.yaml` may think for a while before it writes,
/// and all models would leave meanwhile; who means it waits ten seconds.
const MOST_LOOKS_AT_EMPTIED: usize = 50;

/// Watches the sources of a configuration.
#[derive(Debug)]
pub struct ConfigWatch {
    sources: Arc<Sources>,
    seen: Look,
    /// Begins with the first wait, because it needs a runtime.
    pace: Option<Interval>,
}

impl ConfigWatch {
    /// Takes the first look, with which the next ones are compared. Made before the files are loaded, it misses no edit.
    /// Paths are as seen from the working directory of this moment; symbolic links are followed at every look. Blocks.
    ///
    /// # Errors
    ///
    /// When a path is empty, or relative while there is no working directory.
    pub fn begin(sources: &Sources) -> io::Result<Self> {
        let absolute = |path: &Option<PathBuf>| path.as_ref().map(std::path::absolute).transpose();
        let sources = Sources {
            config: absolute(&sources.config)?,
            config_dir: absolute(&sources.config_dir)?,
        };
        Ok(Self {
            seen: Look::at(&sources),
            sources: Arc::new(sources),
            pace: None,
        })
    }

    /// Waits until there is something new to load, and for a moment in which nothing of it changes. Dropping the wait
    /// loses nothing. A change that happens while the one before is being loaded is found by the next wait, so a file
    /// that was caught half-written is looked at again.
    pub async fn changed(&mut self) {
        loop {
            self.pace.get_or_insert_with(pace).tick().await;
            let mut look = self.look().await;
            if look.is_news_after(&self.seen) {
                look = self.settled(look).await;
            }
            let before = std::mem::replace(&mut self.seen, look);
            if self.seen.is_news_after(&before) {
                return;
            }
        }
    }

    /// What the sources look like when they have come to rest.
    async fn settled(&self, mut look: Look) -> Look {
        for looks in 1..=MOST_LOOKS_AT_EMPTIED {
            sleep(SETTLING).await;
            let before = std::mem::replace(&mut look, self.look().await);
            let has_settled = look == before || looks >= MOST_SETTLING_LOOKS;
            if has_settled && !look.has_emptied(&self.seen) {
                break;
            }
        }
        look
    }

    async fn look(&self) -> Look {
        let sources = Arc::clone(&self.sources);
        // A file system that hangs holds back this task and nobody else.
        let look = tokio::task::spawn_blocking(move || Look::at(&sources)).await;
        // Without a look the runtime ends, and this task with it.
        look.unwrap_or_else(|_| self.seen.clone())
    }
}

fn pace() -> Interval {
    let mut pace = interval_at(Instant::now() + PACE, PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// What the sources look like at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Look {
    /// `-config`; `None` when it is not there.
    file: Option<Stamp>,
    /// The YAML files of `-config-dir`, by name; none when the directory is not there. A link to nowhere has no stamp.
    directory: BTreeMap<OsString, Option<Stamp>>,
}

/// What changes when a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    /// Where the file system knows it.
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Look {
    fn at(sources: &Sources) -> Self {
        let directory = sources.config_dir.as_deref();
        // A directory that cannot be read is none: the reload says what is wrong as soon as there is something to load.
        let files = directory.and_then(|directory| yaml_files(directory).ok());
        Self {
            file: sources.config.as_deref().and_then(Stamp::of),
            directory: files
                .into_iter()
                .flatten()
                .filter_map(|path| Some((path.file_name()?.to_owned(), Stamp::of(&path))))
                .collect(),
        }
    }

    /// The table of spec/config.md 1.5: what disappears is no news, what comes back is.
    fn is_news_after(&self, before: &Self) -> bool {
        let file = self.file.is_some() && self.file != before.file;
        let directory = !self.directory.is_empty() && self.directory != before.directory;
        file || directory
    }

    /// Whether a file that had a text is empty now.
    fn has_emptied(&self, before: &Self) -> bool {
        let emptied = |now: Option<Stamp>, before: Option<Stamp>| {
            now.is_some_and(|now| now.bytes == 0) && before.is_some_and(|before| before.bytes > 0)
        };
        emptied(self.file, before.file)
            || self
                .directory
                .iter()
                .any(|(name, now)| emptied(*now, before.directory.get(name).copied().flatten()))
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        })
    }
}

#[cfg(test)]
mod tests;
