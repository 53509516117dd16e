//! Finds the `data:` lines of a stream of server-sent events (spec/http-api.md 5.2).
//!
//! Each line stands for itself, as in the reference: events of several data lines are not joined. What a line means
//! is the business of [`crate::usage`].

use memchr::memchr;

/// The longest line that is looked at, in bytes. The last event of a Responses stream repeats the whole answer; a
/// longer line is skipped.
pub const MAX_LINE_BYTES: usize = 4 << 20;

/// Splits a stream into lines, wherever its chunks are cut. It copies only lines that span chunks.
#[derive(Debug, Default)]
pub struct DataLines {
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    /// The rest of the present line is skipped.
    skipping: bool,
}

impl DataLines {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next chunk; calls `on_data` with the text of every data line that ends in it, without `data:` and
    /// without blanks around.
    pub fn push(&mut self, mut chunk: &[u8], mut on_data: impl FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', chunk) {
            let (line, rest) = (&chunk[..end], &chunk[end + 1..]);
            chunk = rest;
            if self.skipping || self.partial.len() + line.len() > MAX_LINE_BYTES {
                // The line is over, and with it the skipping.
            } else if self.partial.is_empty() {
                of_line(line, &mut on_data);
            } else {
                self.partial.extend_from_slice(line);
                of_line(&self.partial, &mut on_data);
            }
            self.partial.clear();
            self.skipping = false;
        }
        if self.skipping || chunk.is_empty() {
            return;
        }
        if self.partial.len() + chunk.len() > MAX_LINE_BYTES {
            self.skipping = true;
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(chunk);
        }
    }

    /// The stream has ended: its last line may lack the line feed.
    pub fn finish(&mut self, mut on_data: impl FnMut(&[u8])) {
        if !self.skipping {
            of_line(&self.partial, &mut on_data);
        }
        *self = Self::default();
    }
}

fn of_line(line: &[u8], on_data: &mut impl FnMut(&[u8])) {
    if let Some(data) = line.strip_prefix(b"data:") {
        let data = data.trim_ascii();
        if !data.is_empty() && data != b"[DONE]" {
            on_data(data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut scanner = DataLines::new();
        let mut found = Vec::new();
        let mut note = |line: &[u8]| found.push(String::from_utf8_lossy(line).into_owned());
        for chunk in chunks {
            scanner.push(chunk, &mut note);
        }
        scanner.finish(&mut note);
        found
    }

    #[test]
    fn data_lines_are_found_wherever_chunks_are_cut() {
        let table: &[(&[&[u8]], &[&str])] = &[
            (&[b""], &[]),
            (&[b"data: 1\n\ndata:2\r\n\r\n"], &["1", "2"]),
            (&[b"da", b"ta", b": {\"a\":", b"1}", b"\n"], &["{\"a\":1}"]),
            (&[b"data: 1\r", b"\n", b"data: 2"], &["1", "2"]),
            (
                &[b"event: x\n: note\nid: 4\ndata\ndata: \ndata: [DONE]\ndata: z\n"],
                &["z"],
            ),
            (&[b" data: 1\nxdata: 2\nDATA: 3\n"], &[]),
        ];
        for (chunks, expected) in table {
            assert_eq!(lines(chunks), *expected, "{chunks:?}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_and_the_next_one_is_found() {
        let long = vec![b'x'; MAX_LINE_BYTES / 2];
        assert_eq!(
            lines(&[b"data: ", &long, &long, &long, b"tail\n", b"data: 2\n"]),
            ["2"]
        );
        let mut whole = b"data: ".to_vec();
        whole.extend_from_slice(&long);
        whole.extend_from_slice(&long);
        whole.extend_from_slice(b"\ndata: 3\n");
        assert_eq!(lines(&[&whole]), ["3"]);
    }
}
