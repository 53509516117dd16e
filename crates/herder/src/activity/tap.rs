//! Reads along with an answer's body on its way to the client. What it says about itself, and its capture, become the
//! request's record.

use std::io::{self, Write};

use axum::http::StatusCode;
use axum::http::response::Parts;
use herder_wire::usage::{Form, Reader};
use herder_wire::{error_text, headers};

use super::capture;
use super::decoder::Decoder;
use super::recording::{Ending, Recording};

/// How much of a failed answer is looked at for its error text, in bytes. Such bodies are a sentence long.
const MAX_ERROR_BODY_BYTES: usize = 64 << 10;

/// A record that ends with the answer's body. When it is dropped before that, the client has left.
pub(crate) struct Tap {
    status: StatusCode,
    decoder: Decoder<Sink>,
    /// Whether there is anything to look at.
    empty: bool,
    /// The decoder's first error; it gets nothing more then.
    broken: Option<io::Error>,
    recording: Recording,
}

/// What becomes of the decompressed bytes.
struct Sink {
    reading: Reading,
    capture: Option<capture::Draft>,
}

enum Reading {
    /// A success: they are read for usage.
    Usage(Option<Reader>),
    /// A failure: the beginning is kept.
    Error(Vec<u8>),
}

impl Tap {
    pub(super) fn new(head: &Parts, mut recording: Recording) -> Self {
        // Quirk Q29 mended: every 2xx is a success.
        let reading = if head.status.is_success() {
            let form = Form::of(recording.path(), headers::is_event_stream(&head.headers));
            Reading::Usage(Some(Reader::new(form)))
        } else {
            Reading::Error(Vec::new())
        };
        let sink = Sink {
            reading,
            capture: recording.take_capture(),
        };
        Self {
            status: head.status,
            decoder: Decoder::new(&head.headers, sink),
            empty: true,
            broken: None,
            recording,
        }
    }

    /// The next piece of the body.
    pub(crate) fn read(&mut self, data: &[u8]) {
        if self.empty && !data.is_empty() {
            self.empty = false;
            self.recording.passed();
        }
        if self.broken.is_none() {
            self.broken = self.decoder.push(data).err();
        }
    }

    /// The body is complete.
    pub(crate) fn complete(mut self) {
        if self.broken.is_none() {
            self.broken = self.decoder.finish().err();
        }
        self.end(None);
    }

    /// The body has broken off.
    pub(crate) fn broken(mut self, cause: &str) {
        self.end(Some(cause));
    }

    /// Ends the record; `cause` says why the body is not complete.
    fn end(&mut self, cause: Option<&str>) {
        let Some(Sink { reading, capture }) = self.decoder.sink() else {
            return;
        };
        let capture = capture.take();
        let ending = match (reading, &self.broken) {
            (Reading::Usage(_), Some(error)) => Ending {
                usage: None,
                error: match cause {
                    Some(cause) => error_text::shortened(cause),
                    None => format!("response decompression failed: {error}"),
                },
                capture: None,
            },
            (Reading::Usage(reader), None) => Ending {
                usage: reader.take().and_then(Reader::finish),
                error: cause.map(error_text::shortened).unwrap_or_default(),
                capture: capture
                    .filter(|_| !self.empty)
                    .and_then(|capture| capture.finish(true)),
            },
            (Reading::Error(body), broken) => Ending {
                usage: None,
                error: match broken {
                    Some(error) => format!("response decode failed: {error}"),
                    None => error_text::extract(body).unwrap_or_else(|| reason(self.status)),
                },
                capture: capture.and_then(|capture| capture.finish(false)),
            },
        };
        self.recording.finish(ending);
    }
}

/// `502 Bad Gateway`, or `HTTP 599` for a status without a name.
fn reason(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => format!("HTTP {}", status.as_u16()),
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.end(Some("the client left before the end of the answer"));
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.reading {
            Reading::Usage(Some(reader)) => {
                reader.push(bytes);
                if let Some(capture) = &mut self.capture {
                    capture.response(bytes);
                }
            }
            Reading::Usage(None) => {}
            Reading::Error(body) => {
                let room = MAX_ERROR_BODY_BYTES - body.len();
                body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
