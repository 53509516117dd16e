//! A limit on what one read of a connection takes.
//!
//! hyper's read buffer doubles as long as reads fill it, up to what a request head may have. Of a large body each worker would keep
//! buffers of that size in its part of the allocator, and a megabyte that is copied on does not stay in the processor's cache
//! (`docs/performance.md`, p4).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};

/// The most that one read takes, in bytes.
const READ_BYTES: u64 = 128 * 1024;

/// A connection that is read in pieces of at most [`READ_BYTES`].
pub(super) struct ShortReads<S>(Take<S>);

impl<S: AsyncRead + Unpin> ShortReads<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(stream.take(READ_BYTES))
    }

    fn stream(&mut self) -> Pin<&mut S> {
        Pin::new(self.0.get_mut())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ShortReads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Anew for each read, so that it is no limit on their sum.
        self.0.set_limit(READ_BYTES);
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ShortReads<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn one_read_has_a_limit_and_all_of_them_together_have_none() {
        let piece = READ_BYTES as usize;
        let sent = vec![7; 2 * piece + 1];
        let (mut near, far) = duplex(sent.len());
        near.write_all(&sent).await.unwrap();
        drop(near);
        let mut stream = ShortReads::new(far);
        let mut buffer = vec![0; sent.len()];
        let mut lengths = Vec::new();
        loop {
            let length = stream.read(&mut buffer).await.unwrap();
            lengths.push(length);
            if length == 0 {
                break;
            }
            assert_eq!(buffer[..length], sent[..length]);
        }
        assert_eq!(lengths, [piece, piece, 1, 0]);
    }

    /// A head and a body go out in one call of the system only if hyper is told that they can.
    #[tokio::test]
    async fn several_slices_are_written_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut stream = ShortReads::new(stream);
        assert!(stream.is_write_vectored());
        let slices = [IoSlice::new(b"head"), IoSlice::new(b"body")];
        let written = poll_fn(|context| Pin::new(&mut stream).poll_write_vectored(context, &slices));
        assert_eq!(written.await.unwrap(), 8);
        let mut seen = [0; 8];
        peer.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"headbody");
    }
}
