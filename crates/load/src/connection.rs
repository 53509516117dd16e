//! A socket that carries one message after the other.

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::framing::{Framing, HEAD_LIMIT, Head};

/// Bytes that are read at once. Large bodies come in few pieces, and nothing is kept of them.
const BUFFER: usize = 256 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// What has been read and not been used.
    unused: std::ops::Range<usize>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER].into(),
            unused: 0..0,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// The next head; none when the other side has closed the connection instead.
    pub(crate) async fn head(&mut self) -> Result<Option<Head>> {
        loop {
            if let Some((head, length)) = Head::parse(&self.buffer[self.unused.clone()])? {
                self.unused.start += length;
                return Ok(Some(head));
            }
            // The beginning of a head moves to the beginning of the buffer, where all of it fits.
            const { assert!(HEAD_LIMIT < BUFFER) };
            self.buffer.copy_within(self.unused.clone(), 0);
            self.unused = 0..self.unused.len();
            let read = self.stream.read(&mut self.buffer[self.unused.end..]).await?;
            if read == 0 {
                ensure!(self.unused.is_empty(), "closed inside a head");
                return Ok(None);
            }
            self.unused.end += read;
        }
    }

    /// Hands all of a body to `sink`, piece by piece.
    pub(crate) async fn body(&mut self, mut framing: Framing, mut sink: impl FnMut(&[u8])) -> Result<()> {
        loop {
            self.unused.start += framing.take(&self.buffer[self.unused.clone()], &mut sink)?;
            if framing.is_over() {
                return Ok(());
            }
            let read = self.stream.read(&mut self.buffer).await?;
            self.unused = 0..read;
            if read == 0 {
                match framing {
                    Framing::ToTheEnd => return Ok(()),
                    Framing::Length(_) | Framing::Chunked(_) => bail!("closed inside a body"),
                }
            }
        }
    }
}
