//! Decompresses a copy of an answer while it streams by. Nothing is kept: what comes out goes on at once.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// Passes bytes on to `W`, decompressed as their headers say.
pub(super) enum Decoder<W: Write> {
    /// As they are: not compressed, or in a way that is not known.
    Plain(W),
    Gzip(Box<MultiGzDecoder<W>>),
    /// `deflate`, which servers send with and without zlib's frame: the first byte tells. Next: `Zlib`, `Deflate`.
    Undecided(Option<W>),
    Zlib(Box<ZlibDecoder<W>>),
    Deflate(Box<DeflateDecoder<W>>),
}

impl<W: Write> Decoder<W> {
    /// For an answer with these headers.
    pub(super) fn new(headers: &HeaderMap, sink: W) -> Self {
        let encoding = headers
            .get(CONTENT_ENCODING)
            .map(|value| value.as_bytes().trim_ascii());
        match encoding {
            Some(name) if name.eq_ignore_ascii_case(b"gzip") => {
                Self::Gzip(Box::new(MultiGzDecoder::new(sink)))
            }
            Some(name) if name.eq_ignore_ascii_case(b"deflate") => Self::Undecided(Some(sink)),
            Some(_) | None => Self::Plain(sink),
        }
    }

    /// Reads the next chunk.
    pub(super) fn push(&mut self, chunk: &[u8]) -> io::Result<()> {
        if let (Self::Undecided(sink), Some(first)) = (&mut *self, chunk.first()) {
            // Zlib's frame begins with its method, 8, in the lower half; as a first byte without frame that would be
            // a stored block whose unused bits are set, which no compressor writes.
            let framed = first & 0x0f == 8;
            if let Some(sink) = sink.take() {
                *self = if framed {
                    Self::Zlib(Box::new(ZlibDecoder::new(sink)))
                } else {
                    Self::Deflate(Box::new(DeflateDecoder::new(sink)))
                };
            }
        }
        match self {
            Self::Plain(sink) => sink.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
            Self::Zlib(decoder) => decoder.write_all(chunk),
            Self::Deflate(decoder) => decoder.write_all(chunk),
            Self::Undecided(_) => Ok(()),
        }
    }

    /// The body is complete: what is left inside comes out. An error when it ends too early.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
            Self::Plain(_) | Self::Undecided(_) => Ok(()),
        }
    }

    /// Where the bytes have gone.
    pub(super) fn sink(&mut self) -> Option<&mut W> {
        match self {
            Self::Plain(sink) => Some(sink),
            Self::Gzip(decoder) => Some(decoder.get_mut()),
            Self::Zlib(decoder) => Some(decoder.get_mut()),
            Self::Deflate(decoder) => Some(decoder.get_mut()),
            Self::Undecided(sink) => sink.as_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"usage\":{\"prompt_tokens\":21}} {\"usage\":{\"prompt_tokens\":21}}";

    fn decode(encoding: &str, body: &[u8], cut: usize) -> io::Result<Vec<u8>> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        let mut decoder = Decoder::new(&headers, Vec::new());
        for chunk in body.chunks(cut) {
            decoder.push(chunk)?;
        }
        decoder.finish()?;
        Ok(std::mem::take(decoder.sink().unwrap()))
    }

    #[test]
    fn bodies_are_decoded_wherever_they_are_cut() {
        let level = Compression::default();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        let mut deflate = DeflateEncoder::new(Vec::new(), level);
        gzip.write_all(TEXT).unwrap();
        zlib.write_all(TEXT).unwrap();
        deflate.write_all(TEXT).unwrap();
        let gzip = gzip.finish().unwrap();
        let table = [
            ("gzip", gzip.clone(), TEXT.to_vec()),
            ("GZIP", gzip.repeat(2), TEXT.repeat(2)),
            ("deflate", zlib.finish().unwrap(), TEXT.to_vec()),
            ("deflate", deflate.finish().unwrap(), TEXT.to_vec()),
            ("br", TEXT.to_vec(), TEXT.to_vec()),
            ("deflate", Vec::new(), Vec::new()),
        ];
        for (encoding, body, expected) in table {
            for cut in [1, 5, body.len().max(1)] {
                assert_eq!(
                    decode(encoding, &body, cut).unwrap(),
                    expected,
                    "{encoding} cut {cut}"
                );
            }
        }
        decode("gzip", b"this is not gzip", 4).expect_err("not gzip");
        decode("gzip", &gzip[..gzip.len() - 4], 4).expect_err("cut off");
    }
}
