//! Logs as events. Events hold text, logs hold bytes: a character that two writes share is put together again.
//!
//! A client that has chosen its logs is told with each text where it ends, so that it can come back to that place. The
//! place is behind the last whole character: what was begun is sent again with its rest.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use herder_supervisor::{Piece, Subscription};
use serde::Serialize;

use super::frame::{Kind, frame};
use super::log_choice::{Chosen, Cursor, LogChoice};
use crate::logs::Boot;

/// The live parts of the logs of one stream.
pub(super) struct LogSources {
    sources: Vec<LogSource>,
    /// Who is asked first: a log that is always written to does not hide the others.
    turn: usize,
}

/// The live part of a log.
struct LogSource {
    name: String,
    subscription: Subscription,
    decoder: Decoder,
    /// The run that cursors are of, for clients that are told of them.
    boot: Option<Boot>,
}

/// What has been written into a log.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LogData"))]
pub(super) struct Data<'a> {
    /// The text; the first time all that is kept, or with a cursor what came behind it.
    data: &'a str,
    /// Which log: `proxy`, `upstream`, or `model:` and a model's id.
    source: &'a str,
    /// Where the text ends. A client that comes back adds it to the name of the log, behind a `~`. Only for logs that the
    /// client has chosen. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// Whether the text follows what the client had before, without a gap. Only beside `cursor`. A field of herder.
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<bool>,
}

/// Bytes to text, write by write.
#[derive(Default)]
struct Decoder {
    /// The beginning of a character, at most three bytes.
    begun: Vec<u8>,
}

impl LogSources {
    /// An event of each log with what it has for this client, and what follows: no byte is missing or doubled between
    /// them.
    pub(super) fn begin(choice: LogChoice, boot: Boot) -> (Vec<Bytes>, Self) {
        let boot = choice.by_client.then_some(boot);
        let begun = choice
            .logs
            .into_iter()
            .map(|chosen| LogSource::begin(chosen, boot));
        let (first, sources) = begun.unzip();
        (first, Self { sources, turn: 0 })
    }

    /// The next event. `None` when a log takes no more readers like this one. Without logs it waits for ever. Safe to
    /// cancel.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let count = self.sources.len();
        for source in (0..count).map(|offset| (self.turn + offset) % count) {
            if let Poll::Ready(event) = self.sources[source].poll_next(context) {
                self.turn = source + 1;
                return Poll::Ready(event);
            }
        }
        Poll::Pending
    }
}

impl LogSource {
    fn begin(chosen: Chosen, boot: Option<Boot>) -> (Bytes, Self) {
        let (first, subscription) = chosen.ring.subscribe_from(chosen.position);
        let mut source = Self {
            name: chosen.source,
            subscription,
            decoder: Decoder::default(),
            boot,
        };
        (source.event(&first), source)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let piece = self.subscription.poll_next(context);
        piece.map(|piece| piece.map(|piece| self.event(&piece)))
    }

    fn event(&mut self, piece: &Piece) -> Bytes {
        let text = self.decoder.decode(&piece.bytes);
        let begun = self.decoder.begun.len() as u64;
        let cursor = self.boot.map(|boot| Cursor {
            boot,
            offset: piece.end - begun,
        });
        let data = Data {
            data: &text,
            source: &self.name,
            cursor: cursor.map(|cursor| cursor.to_string()),
            continues: self.boot.map(|_| piece.continues),
        };
        frame(Kind::LogData, &data)
    }
}

impl Decoder {
    /// The text so far. What is no text becomes U+FFFD.
    fn decode(&mut self, written: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(written);
        let complete = bytes.len() - length_of_begun(&bytes);
        self.begun = bytes.split_off(complete);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How many bytes at the end are the beginning of a character.
fn length_of_begun(bytes: &[u8]) -> usize {
    // A character has at most four bytes, so one that is only begun has at most three.
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let Some(lead) = tail.iter().rposition(|byte| byte & 0b1100_0000 == 0b1100_0000) else {
        return 0;
    };
    match std::str::from_utf8(&tail[lead..]) {
        Err(error) if error.error_len().is_none() => tail.len() - lead,
        Ok(_) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::Waker;

    use herder_supervisor::{HISTORY_BYTES, LogRing, SUBSCRIBER_BACKLOG_BYTES};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn characters_survive_every_split() {
        let text = "a é — 🐕 z";
        for at in 0..=text.len() {
            let (left, right) = text.as_bytes().split_at(at);
            let mut decoder = Decoder::default();
            let joined = decoder.decode(left) + &decoder.decode(right);
            assert_eq!(joined, text, "{at}");
        }
        let mut decoder = Decoder::default();
        let joined: String = text.bytes().map(|byte| decoder.decode(&[byte])).collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let table: [(&[&[u8]], &str); 4] = [
            (&[b"a\xffb"], "a\u{fffd}b"),
            (&[b"\x80\x80\x80\x80"], "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            (&[b"a\xc3", b"b"], "a\u{fffd}b"),
            (&[b"\xf0\x9f", b"\xf0\x9f\x90\x95"], "\u{fffd}🐕"),
        ];
        for (writes, expected) in table {
            let mut decoder = Decoder::default();
            let text: String = writes.iter().map(|write| decoder.decode(write)).collect();
            assert_eq!(text, expected, "{writes:?}");
        }
    }

    /// What a test does with a log: its ring, a client that reads it, and where that one is.
    struct Client {
        ring: Arc<LogRing>,
        sources: LogSources,
        told: Value,
    }

    const BOOT: Boot = Boot::of(7);

    fn begin(ring: &Arc<LogRing>, position: Option<u64>, by_client: bool) -> Client {
        let chosen = Chosen {
            source: "proxy".to_owned(),
            ring: Arc::clone(ring),
            position,
        };
        let choice = LogChoice {
            logs: vec![chosen],
            by_client,
        };
        let (first, sources) = LogSources::begin(choice, BOOT);
        Client {
            ring: Arc::clone(ring),
            sources,
            told: data(&first[0]),
        }
    }

    /// What is in an event.
    fn data(event: &Bytes) -> Value {
        let text = std::str::from_utf8(event).unwrap().trim_end();
        let envelope: Value =
            serde_json::from_str(text.strip_prefix("event:message\ndata:").unwrap()).unwrap();
        assert_eq!(envelope["type"], "logData");
        serde_json::from_str(envelope["data"].as_str().unwrap()).unwrap()
    }

    impl Client {
        fn next(&mut self) -> Option<Value> {
            match self.sources.poll_next(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(event) => {
                    self.told = data(&event.expect("the log is open"));
                    Some(self.told.clone())
                }
                Poll::Pending => None,
            }
        }

        /// Comes back with the last cursor.
        fn come_back(&mut self) {
            let cursor = self.told["cursor"].as_str().unwrap();
            let offset = cursor.strip_prefix("0000000000000007.").unwrap().parse().unwrap();
            *self = begin(&self.ring, Some(offset), true);
        }
    }

    #[test]
    fn history_and_live_make_one_text() {
        let ring = Arc::new(LogRing::new());
        ring.write(b"old \xc3");
        let mut client = begin(&ring, None, false);
        assert_eq!(client.told, json!({"data": "old ", "source": "proxy"}));
        ring.write(b"\xa9 new");
        assert_eq!(client.next(), Some(json!({"data": "é new", "source": "proxy"})));
        assert_eq!(client.next(), None);
        ring.close();
        let end = client.sources.poll_next(&mut Context::from_waker(Waker::noop()));
        assert_eq!(end, Poll::Ready(None));
    }

    #[test]
    fn a_cursor_never_points_into_a_character_that_was_begun() {
        let ring = Arc::new(LogRing::new());
        ring.write(b"old \xc3");
        let mut client = begin(&ring, None, true);
        let told = |data: &str, offset: u64, continues: bool| {
            let cursor = format!("0000000000000007.{offset}");
            json!({"data": data, "source": "proxy", "cursor": cursor, "continues": continues})
        };
        assert_eq!(client.told, told("old ", 4, false));
        client.come_back();
        assert_eq!(client.told, told("", 4, true));
        ring.write(b"\xa9 new");
        assert_eq!(client.next(), Some(told("é new", 10, true)));
        client.come_back();
        assert_eq!(client.told, told("", 10, true));
    }

    /// Good text, characters that break off, and bytes that begin nothing.
    #[test]
    fn a_client_that_comes_back_at_any_moments_has_one_text() {
        let written = b"\xc3\xa9\xf0\x9f\x90\x95\xe2\x80\xff\x80b";
        for leaves in 0_u32..1 << written.len() {
            let ring = Arc::new(LogRing::new());
            let mut client = begin(&ring, None, true);
            let mut text = String::new();
            for (at, byte) in written.iter().enumerate() {
                ring.write(&[*byte]);
                let event = if leaves & 1 << at == 0 {
                    client.next().unwrap()
                } else {
                    client.come_back();
                    client.told.clone()
                };
                assert_eq!(event["continues"], true);
                text.push_str(event["data"].as_str().unwrap());
            }
            assert_eq!(text, String::from_utf8_lossy(written), "{leaves:b}");
        }
    }

    #[test]
    fn a_reader_that_lost_something_is_told_so() {
        let ring = Arc::new(LogRing::new());
        let mut client = begin(&ring, None, true);
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        let fitting = SUBSCRIBER_BACKLOG_BYTES / line.len();
        for _ in 0..fitting + 2 {
            ring.write(&line);
        }
        assert_eq!(client.next().unwrap()["continues"], true);
        let gap = client.next().unwrap();
        assert_eq!(
            (&gap["data"], &gap["continues"]),
            (&json!("\n— 2048 bytes dropped —\n"), &json!(false))
        );
        assert_eq!(
            gap["cursor"],
            format!("0000000000000007.{}", (fitting + 2) * line.len())
        );
        client.come_back();
        assert_eq!(
            (&client.told["data"], &client.told["continues"]),
            (&json!(""), &json!(true))
        );
    }

    /// Bad input: a line that never ends, of bytes that take the most room in an event.
    #[test]
    fn an_event_is_bounded_whatever_is_written() {
        const LINE: usize = 10 << 20;
        // As JSON in JSON a control character is seven bytes.
        let most = 7 * SUBSCRIBER_BACKLOG_BYTES + 500;
        for write in [16 << 10, LINE] {
            let ring = Arc::new(LogRing::new());
            let mut client = begin(&ring, None, true);
            for piece in vec![0; LINE].chunks(write) {
                ring.write(piece);
            }
            let mut events = 0;
            let waker = Waker::noop();
            while let Poll::Ready(event) = client.sources.poll_next(&mut Context::from_waker(waker)) {
                let event = event.unwrap();
                assert!(event.len() <= most, "{write}: {}", event.len());
                client.told = data(&event);
                events += 1;
            }
            assert!(events <= 2, "{events}");
            assert_eq!(
                client.told["cursor"],
                format!("0000000000000007.{LINE}"),
                "{write}"
            );
            client = begin(&ring, None, true);
            assert_eq!(
                client.told["data"].as_str().unwrap().len(),
                HISTORY_BYTES,
                "{write}"
            );
        }
    }

    #[test]
    fn a_log_that_never_rests_does_not_hide_another() {
        let rings = [(); 3].map(|()| Arc::new(LogRing::new()));
        let logs = rings.iter().zip(["busy", "quiet", "last"]);
        let choice = LogChoice {
            logs: logs
                .map(|(ring, source)| Chosen {
                    source: source.to_owned(),
                    ring: Arc::clone(ring),
                    position: None,
                })
                .collect(),
            by_client: true,
        };
        let (first, mut sources) = LogSources::begin(choice, BOOT);
        assert_eq!(first.len(), 3);
        let mut seen = Vec::new();
        rings[1].write(b"x");
        rings[2].write(b"x");
        for _ in 0..4 {
            rings[0].write(b"x");
            let Poll::Ready(Some(event)) = sources.poll_next(&mut Context::from_waker(Waker::noop())) else {
                panic!("there is something to read")
            };
            seen.push(data(&event)["source"].as_str().unwrap().to_owned());
        }
        assert_eq!(seen, ["busy", "quiet", "last", "busy"]);
    }
}
