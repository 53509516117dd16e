//! A byte buffer that keeps the newest bytes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// The newest bytes of a stream, at most `capacity`; the oldest are overwritten one by one.
#[derive(Debug)]
pub(super) struct History {
    capacity: usize,
    /// Unallocated until the first write, then of full size.
    bytes: VecDeque<u8>,
}

impl History {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            bytes: VecDeque::new(),
        }
    }

    /// Appends; of a write larger than the buffer its tail stays.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.capacity)..];
        self.bytes
            .reserve_exact(self.capacity.saturating_sub(self.bytes.len()));
        let excess = (self.bytes.len() + kept.len()).saturating_sub(self.capacity);
        self.bytes.drain(..excess);
        self.bytes.extend(kept);
    }

    /// The last `count` bytes, or all if there are fewer.
    pub(super) fn newest(&self, count: usize) -> Bytes {
        let (first, second) = self.bytes.as_slices();
        let from_second = &second[second.len().saturating_sub(count)..];
        let from_first = &first[first.len().saturating_sub(count - from_second.len())..];
        let mut newest = BytesMut::with_capacity(from_first.len() + from_second.len());
        newest.extend_from_slice(from_first);
        newest.extend_from_slice(from_second);
        newest.freeze()
    }

    /// How many bytes are kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtime_4_2_examples_with_capacity_ten() {
        let mut history = History::new(10);
        assert_eq!(history.bytes.capacity(), 0, "no memory before the first write");
        for text in ["hello", "world", "12345"] {
            history.write(text.as_bytes());
        }
        assert_eq!(history.newest(10), "world12345");
        history.write(b"0123456789abcdef");
        assert_eq!(history.newest(10), "6789abcdef");
        assert_eq!(history.newest(3), "def");
        history.write(b"gh");
        assert_eq!(history.newest(usize::MAX), "89abcdefgh");
        history.clear();
        assert_eq!(history.newest(10), "");
        assert_eq!(history.bytes.capacity(), 0, "clear frees the memory");
        history.write(b"x");
        assert_eq!(history.newest(10), "x");
    }

    #[test]
    fn any_way_of_cutting_a_stream_leaves_its_last_bytes() {
        let stream: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for step in 1..40 {
            let mut history = History::new(17);
            for chunk in stream.chunks(step) {
                history.write(chunk);
            }
            assert_eq!(history.newest(17), &stream[1000 - 17..], "chunks of {step}");
            assert_eq!(history.newest(5), &stream[1000 - 5..], "chunks of {step}");
        }
    }
}
