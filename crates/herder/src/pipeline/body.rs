//! Reads a request body once, up to its limit.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderMap};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::large_bodies;
use crate::error::ApiError;

/// The most that is set aside because of a `Content-Length` alone. A client that announces much and sends little
/// takes no more than this.
const ADVANCE_BYTES: usize = 1024 * 1024;

/// So many times what has come is set aside at once for what is announced: a large body is moved a few times only.
const ADVANCE_FACTOR: usize = 4;

/// How long the rest of a refused body is read and thrown away. A client that sends everything before it reads would
/// otherwise meet a reset connection instead of the answer that says why.
const LINGER: Duration = Duration::from_secs(5);

/// The whole body in one piece. A body that arrives in one frame is not copied.
///
/// # Errors
///
/// 413 as soon as the body is known to be longer than `limit` bytes, by its `Content-Length` before anything is read;
/// 400 when it breaks off.
pub(crate) async fn read(mut body: Body, headers: &HeaderMap, limit: u64) -> Result<Bytes, ApiError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or_default();
    if announced > limit {
        linger(body, headers);
        return Err(ApiError::body_too_large(limit));
    }
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    let mut first = Bytes::new();
    let mut joined: Option<Vec<u8>> = None;
    while let Some(frame) = body.frame().await {
        // Trailers of a request mean nothing to a model server.
        let Ok(data) = frame.map_err(|_| ApiError::unreadable_body())?.into_data() else {
            continue;
        };
        let length = joined.as_ref().map_or(first.len(), Vec::len) + data.len();
        if length as u64 > limit {
            linger(body, headers);
            return Err(ApiError::body_too_large(limit));
        }
        match &mut joined {
            Some(joined) => {
                if joined.capacity() < length {
                    joined.reserve(room(announced, length) - joined.len());
                }
                joined.extend_from_slice(&data);
            }
            None if first.is_empty() => first = data,
            None => {
                let mut together = large_bodies::spare(announced)
                    .unwrap_or_else(|| Vec::with_capacity(room(announced, length)));
                together.extend_from_slice(&first);
                together.extend_from_slice(&data);
                joined = Some(together);
            }
        }
    }
    Ok(joined.map_or(first, large_bodies::body))
}

/// What is set aside for a body of which `length` bytes have come.
fn room(announced: usize, length: usize) -> usize {
    let credit = length.saturating_mul(ADVANCE_FACTOR).max(ADVANCE_BYTES);
    announced.min(credit).max(length)
}

/// Keeps the connection readable for a while. The task ends with the request's connection at the latest.
fn linger(mut body: Body, headers: &HeaderMap) {
    // Such a client sends nothing before it is asked to, and reading would ask it to.
    if headers.contains_key(header::EXPECT) {
        return;
    }
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::http::HeaderValue;
    use http_body::Frame;

    use super::*;

    /// Chunks, and what is read of them or the status.
    type Row = (&'static [&'static [u8]], Result<&'static [u8], u16>);

    /// A body of unknown length in these chunks.
    struct Chunks(Vec<&'static [u8]>);

    impl http_body::Body for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.0.is_empty() {
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.0.remove(0))))))
        }
    }

    async fn read_chunks(chunks: &[&'static [u8]], announced: Option<u64>) -> Result<Bytes, u16> {
        let mut headers = HeaderMap::new();
        if let Some(announced) = announced {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
        }
        let body = Body::new(Chunks(chunks.to_vec()));
        read(body, &headers, 6)
            .await
            .map_err(|error| error.status().as_u16())
    }

    #[tokio::test]
    async fn bodies_up_to_the_limit_arrive_whole() {
        let table: [Row; 7] = [
            (&[], Ok(b"")),
            (&[b"abc"], Ok(b"abc")),
            (&[b"abc", b"", b"def"], Ok(b"abcdef")),
            (&[b"a", b"b", b"c", b"d"], Ok(b"abcd")),
            (&[b"", b"abc"], Ok(b"abc")),
            (&[b"abcdefg"], Err(413)),
            (&[b"abc", b"def", b"g"], Err(413)),
        ];
        for (chunks, expected) in table {
            assert_eq!(
                read_chunks(chunks, None).await,
                expected.map(Bytes::from_static),
                "{chunks:?}"
            );
        }
    }

    #[test]
    fn what_is_set_aside_follows_what_has_come() {
        const MEGABYTE: usize = 1024 * 1024;
        for (announced, length, expected) in [
            (0, 10, 10),
            (100, 10, 100),
            (usize::MAX, 10, MEGABYTE),
            (8_000_000, MEGABYTE, 4 * MEGABYTE),
            (8_000_000, 3 * MEGABYTE, 8_000_000),
            (5, 10, 10),
        ] {
            assert_eq!(room(announced, length), expected, "{length} of {announced}");
        }
    }

    #[tokio::test]
    async fn an_announced_length_is_judged_before_anything_is_read() {
        assert_eq!(read_chunks(&[b"abc"], Some(7)).await, Err(413));
        assert_eq!(
            read_chunks(&[b"abc", b"def"], Some(6)).await,
            Ok(Bytes::from_static(b"abcdef"))
        );
    }
}
