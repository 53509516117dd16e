//! What the upstream says and the client checks: the whole answer, the events of a stream, and the count of those that
//! came, came twice, came late, or did not come.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The end of a stream.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// A chat's whole answer. `length` is that of the request's body.
pub(crate) fn answer(model: &str, length: usize) -> String {
    json!({
        "id": "chatcmpl-load", "object": "chat.completion", "created": 1_700_000_000, "model": model,
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "The herd is home, and nobody was lost on the way."},
        }],
        "usage": {"prompt_tokens": length, "completion_tokens": 12, "total_tokens": length + 12},
    })
    .to_string()
}

/// One event, number `sequence` of `count`, written at `now`. The last one tells the usage.
pub(crate) fn chunk(model: &str, sequence: u32, count: u32, length: usize, now: u64) -> String {
    let is_last = sequence + 1 == count;
    let reason = if is_last { "\"stop\"" } else { "null" };
    let usage = if is_last {
        let total = length as u64 + u64::from(count);
        format!(
            ",\"usage\":{{\"prompt_tokens\":{length},\"completion_tokens\":{count},\"total_tokens\":{total}}}"
        )
    } else {
        String::new()
    };
    format!(
        "data: {{\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
         \"model\":\"{model}\",\"load\":{{\"sequence\":{sequence},\"written\":{now}}},\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" sheep\"}},\"finish_reason\":{reason}}}]{usage}}}\n\n"
    )
}

/// What became of the chunks of one or more streams.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Came after one that was written later.
    pub(crate) reordered: u64,
}

/// Reads one stream, in whatever pieces it comes.
#[derive(Debug)]
pub(crate) struct EventReader {
    line: Vec<u8>,
    seen: Vec<bool>,
    next: usize,
    tally: Tally,
    is_done: bool,
}

impl EventReader {
    /// For a stream that will have `count` chunks.
    pub(crate) fn new(count: u32) -> Self {
        Self {
            line: Vec::new(),
            seen: vec![false; count as usize],
            next: 0,
            tally: Tally::default(),
            is_done: false,
        }
    }

    /// Takes what has arrived, and tells `written` when each chunk in it had been written.
    ///
    /// # Errors
    /// Something that is no event of this stream.
    pub(crate) fn take(&mut self, bytes: &[u8], mut written: impl FnMut(u64)) -> Result<()> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                if let Some(time) = self.read_line()? {
                    written(time);
                }
                self.line.clear();
            }
        }
        Ok(())
    }

    /// Reads `line`; a chunk's time of writing comes out.
    fn read_line(&mut self) -> Result<Option<u64>> {
        let line = self.line.trim_ascii();
        // Comments may be put in by a router, to keep a connection alive.
        if line.is_empty() || line.starts_with(b":") {
            return Ok(None);
        }
        let shown = || String::from_utf8_lossy(line).into_owned();
        ensure!(!self.is_done, "{} after the end", shown());
        let event = line
            .strip_prefix(b"data: ")
            .with_context(|| format!("no event: {}", shown()))?;
        if event == b"[DONE]" {
            self.is_done = true;
            return Ok(None);
        }
        let event: Value = serde_json::from_slice(event).with_context(shown)?;
        ensure!(
            event["object"] == "chat.completion.chunk",
            "another event: {event}"
        );
        let number = |name: &str| event["load"][name].as_u64();
        let sequence = number("sequence").and_then(|sequence| usize::try_from(sequence).ok());
        let (sequence, time) = sequence
            .zip(number("written"))
            .with_context(|| format!("no number: {event}"))?;
        let seen = self
            .seen
            .get_mut(sequence)
            .with_context(|| format!("a chunk too many: {event}"))?;
        self.tally.received += 1;
        self.tally.doubled += u64::from(*seen);
        self.tally.reordered += u64::from(!*seen && sequence < self.next);
        *seen = true;
        self.next = self.next.max(sequence + 1);
        Ok(Some(time))
    }

    /// What became of the stream's chunks, now that it has ended.
    ///
    /// # Errors
    /// It ended without `[DONE]`.
    pub(crate) fn finish(mut self) -> Result<Tally> {
        ensure!(self.is_done, "a stream ended without [DONE]");
        self.tally.lost = self.seen.iter().filter(|seen| !**seen).count() as u64;
        Ok(self.tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of four chunks of which these come, in this order, in pieces of so many bytes.
    fn read(sequences: &[u32], step: usize) -> Result<(Tally, Vec<u64>)> {
        let events = sequences
            .iter()
            .map(|&number| chunk("m", number, 4, 100, 1000 + u64::from(number)));
        let text = format!("{}: a comment\n\n{DONE}", events.collect::<String>());
        let (mut reader, mut times) = (EventReader::new(4), Vec::new());
        for piece in text.as_bytes().chunks(step) {
            reader.take(piece, |time| times.push(time))?;
        }
        Ok((reader.finish()?, times))
    }

    #[test]
    fn a_lost_doubled_or_late_chunk_is_noticed() {
        let tally = |received, lost, doubled, reordered| Tally {
            received,
            lost,
            doubled,
            reordered,
        };
        let cases: [(&[u32], Tally); 5] = [
            (&[0, 1, 2, 3], tally(4, 0, 0, 0)),
            (&[0, 2, 3], tally(3, 1, 0, 0)),
            (&[0, 1, 1, 2, 3], tally(5, 0, 1, 0)),
            (&[0, 2, 1, 3], tally(4, 0, 0, 1)),
            (&[], tally(0, 4, 0, 0)),
        ];
        for (sequences, expected) in cases {
            for step in [1, 7, 10_000] {
                let (tally, times) = read(sequences, step).unwrap();
                assert_eq!(tally, expected, "{sequences:?} in steps of {step}");
                let written: Vec<u64> = sequences.iter().map(|&number| 1000 + u64::from(number)).collect();
                assert_eq!(times, written);
            }
        }
    }

    #[test]
    fn what_is_no_stream_of_ours_is_an_error() {
        let whole = chunk("m", 0, 1, 9, 5);
        let broken = [
            "data: {\"error\":\"no\"}\n\n".to_owned(),
            "data: {\"half\n\n".to_owned(),
            "event: error\n\n".to_owned(),
            format!("{DONE}{whole}"),
            chunk("m", 1, 1, 9, 5),
        ];
        for text in broken {
            assert!(
                EventReader::new(1).take(text.as_bytes(), |_| {}).is_err(),
                "{text}"
            );
        }
        let mut cut = EventReader::new(1);
        cut.take(whole.as_bytes(), |_| {}).unwrap();
        assert!(cut.finish().is_err());
    }

    #[test]
    fn the_last_chunk_tells_the_usage() {
        let last = chunk("m", 1, 2, 100, 5);
        let value: Value = serde_json::from_str(last.trim().trim_start_matches("data: ")).unwrap();
        assert_eq!(value["usage"]["total_tokens"], 102);
        assert_eq!(value["choices"][0]["finish_reason"], "stop");
    }
}
