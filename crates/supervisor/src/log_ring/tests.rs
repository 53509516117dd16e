use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};

use super::*;

#[test]
fn history_is_the_newest_hundred_kibibytes() {
    let ring = LogRing::new();
    assert_eq!(ring.history(), "");
    let flood = vec![b'x'; HISTORY_BYTES];
    ring.write(b"first");
    ring.write(&flood[5..]);
    assert_eq!(ring.history().len(), HISTORY_BYTES);
    assert!(ring.history().starts_with(b"firstx"));
    ring.write(b"!");
    assert_eq!(ring.history().len(), HISTORY_BYTES);
    assert!(ring.history().starts_with(b"irstx") && ring.history().ends_with(b"x!"));
    ring.clear();
    assert_eq!(ring.history(), "");
}

#[test]
fn bytes_flow_on_to_the_next_ring() {
    let mux = Arc::new(LogRing::new());
    let upstream = Arc::new(LogRing::with_next(Arc::clone(&mux)));
    let [orca, lynx] = [(); 2].map(|()| LogRing::with_next(Arc::clone(&upstream)));
    orca.write(b"orca ");
    lynx.write(b"lynx ");
    orca.write(b"again");
    assert_eq!(orca.history(), "orca again");
    assert_eq!(upstream.history(), "orca lynx again");
    assert_eq!(mux.history(), "orca lynx again");
}

#[test]
fn tail_is_bounded_by_lines_and_bytes() {
    let ring = LogRing::new();
    assert_eq!(ring.tail(10, 100), "");
    ring.write(b"one\ntwo\nthree\nfour");
    let cases = [
        (1, 100, "four"),
        (2, 100, "three\nfour"),
        (4, 100, "one\ntwo\nthree\nfour"),
        (9, 100, "one\ntwo\nthree\nfour"),
        (0, 100, ""),
        (9, 7, "ee\nfour"),
        (9, 0, ""),
    ];
    for (lines, bytes, expected) in cases {
        assert_eq!(ring.tail(lines, bytes), expected, "{lines} lines, {bytes} bytes");
    }
    ring.write(b"\n");
    assert_eq!(ring.tail(2, 100), "three\nfour", "a final line feed is no line");
    ring.write(b"\xff\xfe\n");
    assert_eq!(ring.tail(1, 100), "\u{fffd}\u{fffd}");
    let position = ring.position();
    assert_eq!(
        ring.tail_since(position, 10, 100),
        "",
        "an earlier process's lines are not this one's"
    );
    ring.write(b"new\n");
    assert_eq!(ring.tail_since(position, 10, 100), "new");
}

#[tokio::test]
async fn q13_no_byte_is_lost_or_doubled_between_history_and_subscription() {
    /// Few enough bytes for both the history and the backlog to hold all of them.
    const LINES: u32 = 10_000;
    let ring = Arc::new(LogRing::new());
    let writer = std::thread::spawn({
        let ring = Arc::clone(&ring);
        move || {
            for line in 0..LINES {
                ring.write(format!("{line:08}\n").as_bytes());
            }
        }
    });
    let mut readers = Vec::new();
    while !writer.is_finished() && readers.len() < SUBSCRIBERS {
        readers.push(ring.subscribe());
        std::thread::yield_now();
    }
    writer.join().unwrap();
    let complete: String = (0..LINES).map(|line| format!("{line:08}\n")).collect();
    ring.close();
    for (history, mut subscription) in readers {
        let mut seen = history.to_vec();
        while let Some(bytes) = subscription.next().await {
            seen.extend_from_slice(&bytes);
        }
        assert!(
            complete.as_bytes() == seen.as_slice(),
            "{} of {} bytes",
            seen.len(),
            complete.len()
        );
    }
}

#[tokio::test]
async fn s48_a_stalled_reader_loses_bytes_and_is_told_how_many() {
    let ring = LogRing::new();
    let (history, mut subscription) = ring.subscribe();
    assert_eq!(history, "");
    let chunk = [b'x'; 1024];
    let fitting = SUBSCRIBER_BACKLOG_BYTES / chunk.len();
    for _ in 0..fitting + 3 {
        ring.write(&chunk);
    }
    assert_eq!(subscription.next().await.unwrap().len(), SUBSCRIBER_BACKLOG_BYTES);
    assert_eq!(subscription.next().await.unwrap(), "\n— 3072 bytes dropped —\n");

    for _ in 0..fitting {
        ring.write(&chunk);
    }
    ring.write(b"lost");
    assert_eq!(subscription.next().await.unwrap().len(), SUBSCRIBER_BACKLOG_BYTES);
    ring.write(b"after");
    assert_eq!(subscription.next().await.unwrap(), "\n— 4 bytes dropped —\nafter");
    assert_eq!(ring.history().len(), HISTORY_BYTES, "the history is complete");
    assert!(ring.history().ends_with(b"lostafter"));
}

#[tokio::test]
async fn closing_and_dropping_end_subscriptions() {
    let ring = LogRing::new();
    let (_, mut before) = ring.subscribe();
    ring.write(b"last words");
    ring.close();
    assert_eq!(before.next().await.unwrap(), "last words");
    assert_eq!(before.next().await, None);
    let (history, mut after) = ring.subscribe();
    assert_eq!(history, "last words");
    assert_eq!(after.next().await, None);

    let ring = LogRing::new();
    let (_, mut orphan) = ring.subscribe();
    let waiting = tokio::spawn(async move { orphan.next().await });
    drop(ring);
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test]
async fn subscriptions_are_limited_and_the_oldest_yields() {
    let ring = LogRing::new();
    let mut subscriptions: Vec<_> = (0..=SUBSCRIBERS).map(|_| ring.subscribe().1).collect();
    ring.write(b"x");
    assert_eq!(subscriptions[0].next().await, None);
    assert_eq!(subscriptions[1].next().await.unwrap(), "x");
    assert_eq!(subscriptions[SUBSCRIBERS].next().await.unwrap(), "x");
    drop(subscriptions);
    ring.write(b"y");
    assert_eq!(
        ring.state.lock().subscribers.len(),
        0,
        "those that left are forgotten"
    );
}

/// A reader that counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_reader_that_rests_is_woken_when_much_waits_and_not_before() {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let count = || woken.0.load(Ordering::Relaxed);
    let half = vec![b'x'; SUBSCRIBER_BACKLOG_BYTES / 2];
    type Event<'ring> = (&'static str, Box<dyn Fn(&LogRing) + 'ring>);
    let table: [Event<'_>; 3] = [
        ("half of the backlog", Box::new(|ring| ring.write(&half))),
        (
            "a write that is dropped",
            Box::new(|ring| ring.write(&half.repeat(3))),
        ),
        ("the end", Box::new(LogRing::close)),
    ];
    for (number, (name, event)) in (0..).zip(&table) {
        let ring = LogRing::new();
        let (_, mut subscription) = ring.subscribe();
        {
            let mut filling = pin!(subscription.filling());
            assert!(filling.as_mut().poll(&mut context).is_pending());
            ring.write(b"a line\n");
            assert_eq!(count(), number, "{name}: a line is not much");
            event(&ring);
            assert_eq!(count(), number + 1, "{name}");
            assert!(filling.as_mut().poll(&mut context).is_ready(), "{name}");
        }
        assert!(
            subscription.next().await.unwrap().starts_with(b"a line\n"),
            "{name}"
        );
    }
}
