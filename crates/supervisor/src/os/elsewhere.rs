//! Reading ahead where nothing better than plain reads is at hand.

use std::fs::File;
use std::io;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::plain_reads::PlainReads;
use crate::prefetch::room::Memory;

/// Nothing to do: a thread that reads waits for the disk most of the time.
pub(crate) fn step_back() {}

/// Brings parts of a file into the page cache.
pub(crate) struct AheadReader<'a> {
    file: &'a File,
    plain: PlainReads,
}

impl<'a> AheadReader<'a> {
    pub(crate) fn new(file: &'a File) -> Self {
        Self {
            file,
            plain: PlainReads::default(),
        }
    }

    /// Returns when this part is there, with how many bytes of it there are: fewer only at the end of the file.
    pub(crate) fn read(&mut self, offset: u64, bytes: u64) -> io::Result<u64> {
        self.plain.read(self.file, offset, bytes)
    }
}

/// What the system says. It does not tell what is mapped; but pages that processes use do not count as available here.
pub(crate) fn memory() -> Vec<Memory> {
    let wanted = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(wanted);
    system.map_or_else(
        |_| Vec::new(),
        |system| {
            vec![Memory {
                total: system.total_memory(),
                available: system.available_memory(),
                mapped: 0,
            }]
        },
    )
}
