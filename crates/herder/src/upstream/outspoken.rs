//! A connection on which the server has the last word.
//!
//! A server may answer before it has read the whole request (a body too large, a wrong key) and close at once. Our
//! next write fails then, although the answer lies ready; an HTTP client that gives up on the write loses it. Here a
//! failed write is kept silent: reading tells the answer, or that the connection is gone.

use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

/// A connection that swallows what it can no longer write.
#[derive(Debug)]
pub(super) struct Outspoken<T> {
    inner: T,
    /// A write has failed: nothing is written any more.
    broken: bool,
}

impl<T> Outspoken<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, broken: false }
    }
}

impl<T: Read + Unpin> Read for Outspoken<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: Write + Unpin> Write for Outspoken<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<Result<usize, Error>> {
        if !self.broken {
            match ready!(Pin::new(&mut self.inner).poll_write(context, buffer)) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(_) => self.broken = true,
            }
        }
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        if !self.broken {
            match ready!(Pin::new(&mut self.inner).poll_write_vectored(context, buffers)) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(_) => self.broken = true,
            }
        }
        Poll::Ready(Ok(buffers.iter().map(|buffer| buffer.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.broken && ready!(Pin::new(&mut self.inner).poll_flush(context)).is_err() {
            self.broken = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.broken {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, StatusCode};
    use http_body_util::{BodyExt, Full};
    use hyper::client::conn::http1;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    /// A server that stopped reading after so many bytes.
    struct Closed {
        inner: TokioIo<DuplexStream>,
        left: usize,
    }

    impl Read for Closed {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: ReadBufCursor<'_>,
        ) -> Poll<Result<(), Error>> {
            Pin::new(&mut self.inner).poll_read(context, buffer)
        }
    }

    impl Write for Closed {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &[u8],
        ) -> Poll<Result<usize, Error>> {
            let count = buffer.len().min(self.left);
            if count == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()));
            }
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &buffer[..count]))?;
            self.left -= written;
            Poll::Ready(Ok(written))
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Pin::new(&mut self.inner).poll_flush(context)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Pin::new(&mut self.inner).poll_shutdown(context)
        }
    }

    /// What a request of 1 MiB gets from a server that reads 1000 bytes, says `last_words` and closes.
    async fn ask(last_words: &'static str) -> hyper::Result<(StatusCode, Bytes)> {
        let (near, mut far) = tokio::io::duplex(4096);
        let stream = Outspoken::new(Closed {
            inner: TokioIo::new(near),
            left: 1000,
        });
        tokio::spawn(async move {
            far.read_exact(&mut [0; 1000]).await.unwrap();
            far.write_all(last_words.as_bytes()).await.unwrap();
        });
        let (mut sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let body = Full::new(Bytes::from(vec![b'x'; 1 << 20]));
        let answer = sender
            .send_request(Request::post("/").body(body).unwrap())
            .await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    #[tokio::test]
    async fn an_answer_to_half_a_request_is_read() {
        let answer = ask("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig").await;
        assert_eq!(
            answer.unwrap(),
            (StatusCode::PAYLOAD_TOO_LARGE, Bytes::from_static(b"big"))
        );
    }

    #[tokio::test]
    async fn a_server_that_closes_without_a_word_is_an_error() {
        assert!(ask("").await.unwrap_err().is_incomplete_message());
    }
}
