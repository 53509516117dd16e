//! Readers that come and go, and where they stand: whatever happens in which order, the pieces that a reader gets are
//! exactly the bytes that were written.

use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;

/// What happens to a ring.
#[derive(Debug, Clone)]
enum Event {
    /// So many bytes are written at once.
    Write(usize),
    /// The history is forgotten.
    Clear,
    /// Somebody begins to read.
    Subscribe,
    /// One of the readers, by its number, reads what there is.
    Read(usize),
    /// It loses its subscription and comes back with the last place that it knows.
    Resume(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Small writes, some that push others out of the history, and now and then one that no backlog holds.
    let size = prop_oneof![8 => 1_usize..50, 4 => 20_000..120_000_usize, 1 => 262_000..270_000_usize];
    let event = prop_oneof![
        8 => size.prop_map(Event::Write),
        1 => Just(Event::Clear),
        2 => Just(Event::Subscribe),
        4 => any::<usize>().prop_map(Event::Read),
        3 => any::<usize>().prop_map(Event::Resume),
    ];
    prop::collection::vec(event, 1..60)
}

struct Reader {
    subscription: Subscription,
    end: usize,
}

/// Checks what comes first, against everything that was written.
fn begin(ring: &LogRing, written: &[u8], kept: usize, position: Option<usize>) -> Reader {
    let (first, subscription) = ring.subscribe_from(position.map(|position| position as u64));
    let covered = position.filter(|position| written.len() - position <= kept);
    assert_eq!(first.end, written.len() as u64);
    assert_eq!(
        first.continues,
        covered.is_some(),
        "{position:?}, {kept} are kept"
    );
    assert!(first.bytes == written[covered.unwrap_or(written.len() - kept)..]);
    Reader {
        subscription,
        end: written.len(),
    }
}

impl Reader {
    /// Checks everything that there is to read.
    fn read(&mut self, written: &[u8]) {
        while let Poll::Ready(piece) = self
            .subscription
            .poll_next(&mut Context::from_waker(Waker::noop()))
        {
            let piece = piece.expect("the ring is open");
            assert!(
                piece.bytes.len() < SUBSCRIBER_BACKLOG_BYTES + 100,
                "a piece is bounded"
            );
            let end = usize::try_from(piece.end).unwrap();
            let text = if piece.continues {
                &piece.bytes[..]
            } else {
                let marker = 2 + piece.bytes[1..].iter().position(|byte| *byte == b'\n').unwrap();
                let (marker, text) = piece.bytes.split_at(marker);
                let dropped = end - text.len() - self.end;
                assert!(dropped > 0);
                assert_eq!(marker, format!("\n— {dropped} bytes dropped —\n").as_bytes());
                self.end += dropped;
                text
            };
            assert!(*text == written[self.end..end]);
            self.end = end;
        }
        assert_eq!(self.end, written.len(), "nothing is held back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_order_of_events_yields_exactly_the_written_bytes(events in events()) {
        let ring = LogRing::new();
        let (mut written, mut kept) = (Vec::new(), 0);
        let mut readers: Vec<Reader> = Vec::new();
        for event in events {
            match event {
                Event::Write(size) => {
                    // Bytes that tell where they stand.
                    let from = written.len();
                    written.extend((from..from + size).map(|at| u8::try_from(at * 7 % 251).unwrap()));
                    ring.write(&written[from..]);
                    kept = (kept + size).min(HISTORY_BYTES);
                }
                Event::Clear => {
                    ring.clear();
                    kept = 0;
                }
                Event::Subscribe => readers.push(begin(&ring, &written, kept, None)),
                Event::Read(reader) => {
                    let count = readers.len().max(1);
                    if let Some(reader) = readers.get_mut(reader % count) {
                        reader.read(&written);
                    }
                }
                Event::Resume(reader) => {
                    let count = readers.len().max(1);
                    if let Some(reader) = readers.get_mut(reader % count) {
                        *reader = begin(&ring, &written, kept, Some(reader.end));
                    }
                }
            }
        }
        for reader in &mut readers {
            reader.read(&written);
        }
    }
}

#[test]
fn a_position_that_the_ring_has_never_reached_continues_nothing() {
    let ring = LogRing::new();
    ring.write(b"text");
    for (position, bytes, continues) in [
        (Some(0), "text", true),
        (Some(3), "t", true),
        (Some(4), "", true),
        (Some(5), "text", false),
        (Some(u64::MAX), "text", false),
        (None, "text", false),
    ] {
        let (first, _) = ring.subscribe_from(position);
        assert_eq!(
            (&first.bytes[..], first.end),
            (bytes.as_bytes(), 4),
            "{position:?}"
        );
        assert_eq!(first.continues, continues, "{position:?}");
    }
}
