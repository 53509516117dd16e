//! A log as events. Events hold text, logs hold bytes: a character that two writes share is put together again.

use bytes::Bytes;
use herder_supervisor::{LogRing, Subscription};
use serde::Serialize;

use super::frame::{Kind, frame};

/// The live part of a log.
pub(super) struct LogSource {
    name: &'static str,
    subscription: Subscription,
    decoder: Decoder,
}

/// What has been written into a log.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LogData"))]
pub(super) struct Data<'a> {
    /// The text; the first time all that is kept.
    data: &'a str,
    /// Which log.
    #[cfg_attr(test, schemars(extend("enum" = ["proxy", "upstream"])))]
    source: &'a str,
}

/// Bytes to text, write by write.
#[derive(Default)]
struct Decoder {
    /// The beginning of a character, at most three bytes.
    begun: Vec<u8>,
}

impl LogSource {
    /// The event with the history, and what follows: no byte is missing or doubled between them.
    pub(super) fn begin(name: &'static str, ring: &LogRing) -> (Bytes, Self) {
        let (history, subscription) = ring.subscribe();
        let mut source = Self {
            name,
            subscription,
            decoder: Decoder::default(),
        };
        (source.event(&history), source)
    }

    /// The next event. `None` when the log takes no more readers like this one. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let written = self.subscription.next().await?;
        Some(self.event(&written))
    }

    fn event(&mut self, written: &[u8]) -> Bytes {
        let text = self.decoder.decode(written);
        let data = Data {
            data: &text,
            source: self.name,
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

    #[tokio::test]
    async fn history_and_live_make_one_text() {
        let ring = LogRing::new();
        ring.write(b"old \xc3");
        let (history, mut source) = LogSource::begin("proxy", &ring);
        ring.write(b"\xa9 new");
        let expected = |text: &str| {
            frame(
                Kind::LogData,
                &Data {
                    data: text,
                    source: "proxy",
                },
            )
        };
        assert_eq!(history, expected("old "));
        assert_eq!(source.next().await.unwrap(), expected("é new"));
        ring.close();
        assert!(source.next().await.is_none());
    }
}
