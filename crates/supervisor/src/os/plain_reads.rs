//! Reading ahead with plain reads into one buffer: copies everything, but works on every system.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// The one buffer that everything is read into: few calls, and it stays in the processor's cache.
const BUFFER_BYTES: usize = 256 * 1024;

/// Reads parts of files and keeps nothing of them. The buffer is there from the first read on.
#[derive(Debug, Default)]
pub(super) struct PlainReads {
    buffer: Vec<u8>,
}

impl PlainReads {
    /// Returns when this part is read, with how many bytes of it there are: fewer only at the end of the file.
    pub(super) fn read(&mut self, mut file: &File, offset: u64, bytes: u64) -> io::Result<u64> {
        self.buffer.resize(BUFFER_BYTES, 0);
        file.seek(SeekFrom::Start(offset))?;
        let mut done = 0;
        while done < bytes {
            let length = usize::try_from(bytes - done).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            match file.read(&mut self.buffer[..length]) {
                Ok(0) => break,
                Ok(count) => done += count as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_part_is_read_as_far_as_the_file_goes() {
        let mut file = tempfile::tempfile().unwrap();
        let length = BUFFER_BYTES as u64 * 2 + 5;
        file.write_all(&vec![7; BUFFER_BYTES * 2 + 5]).unwrap();
        let mut reads = PlainReads::default();
        let table = [
            (0, length, length),
            (0, 1, 1),
            (3, length - 3, length - 3),
            (length - 2, 10, 2),
            (length, 1, 0),
            (length + 10, 1, 0),
        ];
        for (offset, bytes, expected) in table {
            assert_eq!(
                reads.read(&file, offset, bytes).unwrap(),
                expected,
                "{offset} {bytes}"
            );
        }
    }
}
