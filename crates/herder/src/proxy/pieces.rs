//! An edited body as a body: its slices go out one after the other, as they are.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use herder_wire::Pieces;
use http_body::{Body, Frame, SizeHint};

/// The slices that are still to be sent.
#[derive(Debug)]
pub(super) struct PiecesBody {
    slices: <Pieces as IntoIterator>::IntoIter,
    /// Bytes in them.
    left: u64,
}

impl From<Pieces> for PiecesBody {
    fn from(pieces: Pieces) -> Self {
        Self {
            left: pieces.len() as u64,
            slices: pieces.into_iter(),
        }
    }
}

impl Body for PiecesBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let slice = self.slices.next();
        if let Some(slice) = &slice {
            self.left -= slice.len() as u64;
        }
        Poll::Ready(slice.map(|slice| Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
