//! Reading ahead where the kernel takes no advice: plain reads in order into one buffer.

use std::fs::File;
use std::io::{self, Read};

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::prefetch::room::Memory;

/// The one buffer that everything is read into: few calls, and it stays in the processor's cache.
const BUFFER_BYTES: usize = 256 * 1024;

/// Nothing to do: a thread that reads waits for the disk most of the time.
pub(crate) fn step_back() {}

/// Brings parts of a file into the page cache, one after the other, from its beginning on.
pub(crate) struct AheadReader<'a> {
    file: &'a File,
    buffer: Vec<u8>,
}

impl<'a> AheadReader<'a> {
    pub(crate) fn new(file: &'a File) -> io::Result<Self> {
        Ok(Self {
            file,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// Returns when this part, which begins where the one before ended, is read.
    pub(crate) fn read(&mut self, _offset: u64, bytes: u64) -> io::Result<()> {
        let mut left = bytes;
        while left > 0 {
            let length = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            match self.file.read(&mut self.buffer[..length])? {
                // The file is shorter than it was.
                0 => return Ok(()),
                count => left -= count as u64,
            }
        }
        Ok(())
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
