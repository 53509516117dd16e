//! A body as slices of the client's bytes with new text between them.

use std::ops::Range;

use bytes::Bytes;

/// An edited body: slices in the order in which they are sent. Slices of the client's body share its memory.
///
/// Its size depends on the number of edits only, never on the size of the body.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    slices: Vec<Slice>,
}

#[derive(Debug, Clone)]
struct Slice {
    source: Bytes,
    span: Range<usize>,
}

impl Pieces {
    /// The body as it came.
    #[must_use]
    pub fn whole(body: Bytes) -> Self {
        let mut pieces = Self::default();
        pieces.push(body);
        pieces
    }

    /// `body` with each span replaced. The spans must be in rising order, without overlap, and inside the body.
    pub(crate) fn spliced(
        body: &Bytes,
        replacements: impl IntoIterator<Item = (Range<usize>, Bytes)>,
    ) -> Self {
        let mut pieces = Self::default();
        let mut kept_to = 0;
        for (span, new) in replacements {
            pieces.push_span(body, kept_to..span.start);
            pieces.push(new);
            kept_to = span.end;
        }
        pieces.push_span(body, kept_to..body.len());
        pieces
    }

    /// The number of bytes, for `Content-Length`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.span.len()).sum()
    }

    /// Whether there is no byte at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// Whether everything lies in one slice (or there is nothing), as in a body that needed no edit.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.slices.len() <= 1
    }

    /// One buffer. Copies, unless [`Pieces::is_single`].
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self.slices.as_slice() {
            [] => Bytes::new(),
            [only] => only.source.slice(only.span.clone()),
            [..] => Bytes::from(self.to_vec()),
        }
    }

    /// A copy in one vector.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len());
        for slice in &self.slices {
            all.extend_from_slice(&slice.source[slice.span.clone()]);
        }
        all
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        let span = 0..bytes.len();
        if !span.is_empty() {
            self.slices.push(Slice { source: bytes, span });
        }
    }

    /// Appends a slice of `source`; one that continues the slice before it becomes part of that one.
    pub(crate) fn push_span(&mut self, source: &Bytes, span: Range<usize>) {
        if span.is_empty() {
            return;
        }
        if let Some(last) = self.slices.last_mut()
            && last.source.as_ptr() == source.as_ptr()
            && last.source.len() == source.len()
            && last.span.end == span.start
        {
            last.span.end = span.end;
            return;
        }
        self.slices.push(Slice {
            source: source.clone(),
            span,
        });
    }
}

impl From<Bytes> for Pieces {
    fn from(body: Bytes) -> Self {
        Self::whole(body)
    }
}

impl IntoIterator for Pieces {
    type Item = Bytes;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter {
            slices: self.slices.into_iter(),
        }
    }
}

/// The slices of a [`Pieces`], in order; none of them is empty.
#[derive(Debug)]
pub struct IntoIter {
    slices: std::vec::IntoIter<Slice>,
}

impl Iterator for IntoIter {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.slices.next().map(|slice| slice.source.slice(slice.span))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slices.size_hint()
    }
}

impl ExactSizeIterator for IntoIter {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_splice_shares_the_memory_of_the_body() {
        let body = Bytes::from_static(b"0123456789");
        let pieces = Pieces::spliced(&body, [(2..4, Bytes::from_static(b"xyz")), (9..10, Bytes::new())]);
        assert_eq!(pieces.to_vec(), b"01xyz45678");
        assert_eq!(pieces.len(), 10);
        let slices: Vec<Bytes> = pieces.into_iter().collect();
        assert_eq!(slices.len(), 3);
        assert_eq!(slices[0].as_ptr(), body.as_ptr());
        assert_eq!(slices[2].as_ptr(), body[4..].as_ptr());
    }

    #[test]
    fn no_splice_is_the_same_bytes() {
        let body = Bytes::from(vec![7; 100]);
        let pieces = Pieces::spliced(&body, []);
        assert!(pieces.is_single());
        assert_eq!(pieces.to_bytes().as_ptr(), body.as_ptr());
    }

    #[test]
    fn slices_that_touch_become_one() {
        let body = Bytes::from_static(b"abcdef");
        let mut pieces = Pieces::default();
        pieces.push_span(&body, 0..2);
        pieces.push_span(&body, 2..2);
        pieces.push_span(&body, 2..6);
        assert!(pieces.is_single());
        assert_eq!(pieces.to_bytes(), body);
        assert!(Pieces::whole(Bytes::new()).is_empty());
    }
}
