//! The memory of large request bodies, used again by the next one.
//!
//! An allocator that gets eight megabytes back either returns them to the system, and the next body waits for as many fresh
//! pages, or keeps them once for each of its arenas. One buffer that is kept on purpose costs less of both
//! (`docs/performance.md`, p4).

use bytes::Bytes;
use parking_lot::Mutex;

/// From this capacity on a buffer is kept, in bytes. Smaller ones are the allocator's business.
pub(super) const LARGE_BYTES: usize = 1024 * 1024;

/// Larger buffers are not kept, in bytes: this is what herder may hold for nobody.
const MOST_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The buffer that nobody uses now.
static SPARE: Spare = Spare::new();

/// An empty buffer that holds `length` bytes, if there is one to spare.
pub(super) fn spare(length: usize) -> Option<Vec<u8>> {
    SPARE.take(length)
}

/// The body in this buffer, which becomes the spare one when the last slice of the body is dropped.
pub(super) fn body(buffer: Vec<u8>) -> Bytes {
    if is_kept(buffer.capacity()) {
        Bytes::from_owner(Large(buffer))
    } else {
        Bytes::from(buffer)
    }
}

fn is_kept(capacity: usize) -> bool {
    (LARGE_BYTES..=MOST_KEPT_BYTES).contains(&capacity)
}

/// The bytes of a body.
struct Large(Vec<u8>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        SPARE.put(std::mem::take(&mut self.0));
    }
}

/// Room for one buffer: several large bodies at once are rare, and then the allocator has the others.
struct Spare(Mutex<Vec<u8>>);

impl Spare {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn take(&self, length: usize) -> Option<Vec<u8>> {
        let mut spare = self.0.lock();
        (length >= LARGE_BYTES && length <= spare.capacity()).then(|| std::mem::take(&mut *spare))
    }

    /// The larger one stays; the other is freed.
    fn put(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut spare = self.0.lock();
        if spare.capacity() < buffer.capacity() {
            std::mem::swap(&mut *spare, &mut buffer);
        }
        // Freed after the lock: returning pages takes the system a while.
        drop(spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The capacities of the buffers that are put, in this order, and what may be taken then: the length and the capacity.
    type Row = (&'static [usize], usize, Option<usize>);

    #[test]
    fn the_larger_buffer_stays_and_is_taken_for_what_it_can_hold() {
        let table: [Row; 8] = [
            (&[], LARGE_BYTES, None),
            (&[2 * LARGE_BYTES], LARGE_BYTES, Some(2 * LARGE_BYTES)),
            (&[2 * LARGE_BYTES], 2 * LARGE_BYTES, Some(2 * LARGE_BYTES)),
            (&[2 * LARGE_BYTES], 2 * LARGE_BYTES + 1, None),
            (&[2 * LARGE_BYTES], LARGE_BYTES - 1, None),
            (
                &[2 * LARGE_BYTES, 3 * LARGE_BYTES],
                LARGE_BYTES,
                Some(3 * LARGE_BYTES),
            ),
            (
                &[3 * LARGE_BYTES, 2 * LARGE_BYTES],
                LARGE_BYTES,
                Some(3 * LARGE_BYTES),
            ),
            (
                &[3 * LARGE_BYTES, 3 * LARGE_BYTES],
                LARGE_BYTES,
                Some(3 * LARGE_BYTES),
            ),
        ];
        for (put, length, expected) in table {
            let spare = Spare::new();
            for capacity in put {
                let mut buffer = Vec::with_capacity(*capacity);
                buffer.extend_from_slice(b"of another");
                spare.put(buffer);
            }
            let taken = spare.take(length);
            assert_eq!(
                taken.as_ref().map(Vec::capacity),
                expected,
                "{put:?} for {length}"
            );
            assert!(taken.is_none_or(|taken| taken.is_empty()));
            if expected.is_some() {
                assert!(spare.take(length).is_none(), "it is taken once");
            }
        }
    }

    #[test]
    fn small_and_huge_buffers_are_left_to_the_allocator() {
        for (capacity, expected) in [
            (LARGE_BYTES - 1, false),
            (LARGE_BYTES, true),
            (MOST_KEPT_BYTES, true),
            (MOST_KEPT_BYTES + 1, false),
        ] {
            assert_eq!(is_kept(capacity), expected, "{capacity}");
        }
    }

    /// The only test that uses the buffer of the whole program, so nobody else takes it meanwhile.
    #[test]
    fn a_body_is_spare_when_its_last_slice_is_dropped() {
        const LENGTH: usize = MOST_KEPT_BYTES - 5;
        let mut buffer = Vec::with_capacity(LENGTH);
        buffer.extend_from_slice(b"a body");
        let address = buffer.as_ptr();
        let whole = body(buffer);
        assert_eq!(whole, "a body");
        let part = whole.slice(2..);
        drop(whole);
        assert!(spare(LENGTH).is_none(), "a part of it is still used");
        assert_eq!(part, "body");
        drop(part);
        let again = spare(LENGTH).expect("it is free now");
        assert_eq!(again.as_ptr(), address);
    }
}
