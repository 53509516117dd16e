//! Where a message's head and body end, in HTTP/1.1 as well-behaved programs write it.
//!
//! Both ends share this. It reads bytes as they come; sockets are the business of `connection`.

use std::str;

use anyhow::{Context, Result, bail, ensure};

/// Longest head: those of the programs that are measured have a few hundred bytes.
pub(crate) const HEAD_LIMIT: usize = 16 * 1024;

/// First line of a message, and how its body ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    length: Option<u64>,
    chunked: bool,
}

impl Head {
    /// Reads the head at the beginning of `bytes`, if all of it is there, and says how long it is.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            ensure!(bytes.len() < HEAD_LIMIT, "a head of more than {HEAD_LIMIT} bytes");
            return Ok(None);
        };
        let text = str::from_utf8(&bytes[..end]).context("a head that is not text")?;
        let mut lines = text.split("\r\n");
        let mut head = Self {
            first_line: lines.next().unwrap_or_default().to_owned(),
            length: None,
            chunked: false,
        };
        for line in lines {
            let (name, value) = line
                .split_once(':')
                .with_context(|| format!("a broken field: {line}"))?;
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.trim().parse().context("a broken content-length")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        Ok(Some((head, end + 4)))
    }

    /// The body of a request: without a length it has none.
    pub(crate) fn request_body(&self) -> Framing {
        self.framing().unwrap_or(Framing::Length(0))
    }

    /// The body of an answer: without a length it goes on until the connection is closed.
    pub(crate) fn answer_body(&self) -> Framing {
        self.framing().unwrap_or(Framing::ToTheEnd)
    }

    fn framing(&self) -> Option<Framing> {
        if self.chunked {
            return Some(Framing::Chunked(Chunk::Size(None)));
        }
        self.length.map(Framing::Length)
    }
}

/// What is left of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    Chunked(Chunk),
    /// Whatever comes until the connection is closed.
    ToTheEnd,
}

/// The next thing that a chunked body has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// The line with the size; the digits so far.
    Size(Option<u64>),
    /// The rest of a line with a size that has been read.
    SizeEnd(u64),
    /// So many bytes of content.
    Content(u64),
    /// The line end behind the content; so many bytes of it are left.
    ContentEnd(u8),
    /// The line end behind the last chunk; nobody here sends trailers.
    LastEnd(u8),
    Over,
}

impl Framing {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Over))
    }

    /// Hands the content at the beginning of `bytes` to `sink`, and says how many bytes of it belong to the body.
    ///
    /// # Errors
    /// Bytes that are no chunks.
    pub(crate) fn take(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) -> Result<usize> {
        let mut at = 0;
        while at < bytes.len() && !self.is_over() {
            let rest = &bytes[at..];
            at += match self {
                Self::ToTheEnd => {
                    sink(rest);
                    rest.len()
                }
                Self::Length(left) => content(left, rest, &mut sink),
                Self::Chunked(chunk) => chunk.take(rest, &mut sink)?,
            };
        }
        Ok(at)
    }
}

impl Chunk {
    /// Takes at least one byte.
    fn take(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<usize> {
        let first = bytes[0];
        match self {
            Self::Size(digits) => match (first as char).to_digit(16) {
                Some(digit) => {
                    let before = digits.unwrap_or(0);
                    let size = before.checked_mul(16).context("a chunk without end")?;
                    *digits = Some(size + u64::from(digit));
                }
                None => *self = Self::SizeEnd(digits.context("a chunk without a size")?),
            },
            Self::SizeEnd(size) if first == b'\n' => {
                *self = if *size == 0 {
                    Self::LastEnd(2)
                } else {
                    Self::Content(*size)
                };
            }
            // The carriage return; extensions mean nothing here.
            Self::SizeEnd(_) => {}
            Self::Content(left) => {
                let taken = content(left, bytes, sink);
                if *left == 0 {
                    *self = Self::ContentEnd(2);
                }
                return Ok(taken);
            }
            Self::ContentEnd(left) => {
                ensure!(
                    b"\n\r"[usize::from(*left) - 1] == first,
                    "a chunk with a wrong size"
                );
                *self = if *left == 1 {
                    Self::Size(None)
                } else {
                    Self::ContentEnd(1)
                };
            }
            Self::LastEnd(left) => {
                ensure!(b"\n\r"[usize::from(*left) - 1] == first, "a trailer");
                *self = if *left == 1 { Self::Over } else { Self::LastEnd(1) };
            }
            Self::Over => bail!("bytes after the last chunk"),
        }
        Ok(1)
    }
}

fn content(left: &mut u64, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> usize {
    let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    sink(&bytes[..taken]);
    *left -= taken as u64;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content of an answer that comes in pieces of `step` bytes, and whether its end was seen.
    fn read(raw: &str, step: usize) -> Result<(String, bool)> {
        let (head, length) = Head::parse(raw.as_bytes())?.context("half a head")?;
        let mut framing = head.answer_body();
        let mut body = Vec::new();
        for piece in raw.as_bytes()[length..].chunks(step) {
            let taken = framing.take(piece, |content| body.extend_from_slice(content))?;
            ensure!(taken == piece.len(), "left something over");
        }
        Ok((String::from_utf8(body)?, framing.is_over()))
    }

    #[test]
    fn bodies_end_where_they_say() {
        let cases = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                Some(("hi", true)),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
                Some(("hi", false)),
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi", None),
            ("HTTP/1.1 200 OK\r\n\r\nhi", Some(("hi", false))),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nab\r\n0a;x=y\r\n0123456789\r\n0\r\n\r\n",
                Some(("ab0123456789", true)),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
                Some(("ab", false)),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
                None,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nno field\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\n", None),
        ];
        for (raw, expected) in cases {
            let expected = expected.map(|(body, over)| (body.to_owned(), over));
            for step in [1, 3, 1000] {
                assert_eq!(read(raw, step).ok(), expected, "{raw} in steps of {step}");
            }
        }
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let (head, _) = Head::parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap()
            .unwrap();
        assert!(head.request_body().is_over());
    }
}
