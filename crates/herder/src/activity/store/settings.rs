//! What the configuration says about the store.

use std::path::PathBuf;
use std::time::Duration;

use herder_config::Config;

/// Where rows are kept, which, and how much of captures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The database; without it rows are kept in memory.
    pub path: Option<PathBuf>,
    /// Which rows are kept.
    pub retention: Retention,
    /// Compressed bytes of captures, which are always in memory; 0 switches them off.
    pub capture_budget: usize,
}

/// How many rows are kept, and for how long (quirk Q33 mended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// The newest so many.
    pub rows: Option<u64>,
    /// Those that are not older.
    pub age: Option<Duration>,
}

impl Settings {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let (path, retention) = match &config.store {
            Some(store) => {
                let retention = Retention {
                    rows: store.max_rows,
                    age: store.max_age,
                };
                (Some(store.path.clone()), retention)
            }
            None => {
                let rows = u64::try_from(config.metrics_max_in_memory).ok();
                (None, Retention { rows, age: None })
            }
        };
        // The key counts MiB.
        let capture_budget =
            usize::try_from(config.capture_buffer_mib).map_or(usize::MAX, |mib| mib.saturating_mul(1 << 20));
        Self {
            path,
            retention,
            capture_budget,
        }
    }
}
