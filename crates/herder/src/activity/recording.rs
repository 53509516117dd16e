//! The record of one request, from its dispatch to the end of its answer (spec/http-api.md 5.1).

use std::sync::Arc;
use std::time::Instant;

use axum::http::header::CONTENT_TYPE;
use axum::http::response::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use herder_wire::accept::{self, ErrorForm};
use herder_wire::error_text;
use herder_wire::headers::keep_decodable_encodings;
use herder_wire::usage::Usage;
use jiff::Timestamp;
use serde::Serialize;

use super::capture;
use super::row::Row;
use super::store::Store;
use super::tap::Tap;
use crate::access_log::CLIENT_LEFT;
use crate::error::ApiError;
use crate::monitor::RequestMetrics;
use crate::pipeline::RequestContext;
use crate::proxy::Payload;

/// A request that will be stored when it has ended, whatever its end. When the value is dropped before anything else,
/// the client has left.
#[derive(Debug)]
pub(crate) struct Recording {
    /// Gone when the row has been handed over.
    draft: Option<Box<Draft>>,
}

#[derive(Debug)]
struct Draft {
    store: Arc<Store>,
    started: Instant,
    /// In which form an error would be answered.
    form: ErrorForm,
    row: Row,
    metadata: Metadata,
    /// Unless captures are off.
    capture: Option<capture::Draft>,
    /// Who counts the tokens, once it is known who serves the request.
    counters: Option<Arc<RequestMetrics>>,
}

/// What else a row says, as texts in a JSON object.
#[derive(Debug, Default, Serialize)]
struct Metadata {
    /// The priority with which a local model was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    fifo_priority: Option<String>,
    /// The selector that chose the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
}

/// How an answer ended.
#[derive(Debug)]
pub(super) struct Ending {
    /// What it said.
    pub(super) usage: Option<Usage>,
    /// Why it is a failure; empty when it is none.
    pub(super) error: String,
    /// What can be looked at.
    pub(super) capture: Option<capture::Finished>,
}

impl Recording {
    /// Begins the record of a request that goes to `path` of `model`. `None` when it is not recorded: only POSTs are.
    /// From then on the request accepts only answers that can be read along with.
    pub(crate) fn begin(context: &mut RequestContext, model: &str, path: &str) -> Option<Self> {
        if context.head.method != Method::POST {
            return None;
        }
        // Before the headers are changed: a capture shows what the client sent.
        let captures = context.app.activity.captures();
        let capture = captures.map(|captures| capture::Draft::begin(&captures, path, &context.head.headers));
        keep_decodable_encodings(&mut context.head.headers);
        let row = Row {
            model: model.to_owned(),
            path: path.to_owned(),
            ..Row::default()
        };
        let draft = Draft {
            store: Arc::clone(&context.app.activity),
            started: Instant::now(),
            form: accept::negotiate(&context.head.headers),
            row,
            metadata: Metadata::default(),
            capture,
            counters: None,
        };
        Some(Self {
            draft: Some(Box::new(draft)),
        })
    }

    /// Tokens are counted here, too.
    pub(crate) fn count_tokens(&mut self, counters: Arc<RequestMetrics>) {
        if let Some(draft) = &mut self.draft {
            draft.counters = Some(counters);
        }
    }

    /// Notes the body that is about to be sent, and returns it.
    pub(crate) fn request(&mut self, payload: Payload) -> Payload {
        match self.draft.as_mut().and_then(|draft| draft.capture.as_mut()) {
            Some(capture) => capture.request(payload),
            None => payload,
        }
    }

    /// The local model has been granted, at this priority.
    pub(crate) fn granted(&mut self, priority: i64) {
        if let Some(draft) = &mut self.draft {
            draft.metadata.fifo_priority = Some(priority.to_string());
            draft.row.queued = Some(draft.milliseconds());
        }
    }

    /// The first data of the answer's body have come.
    pub(super) fn passed(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.row.first_byte = Some(draft.milliseconds());
        }
    }

    /// A selector has chosen the model.
    pub(crate) fn selected(&mut self, selector: &str) {
        if let Some(draft) = &mut self.draft {
            draft.metadata.selector = Some(selector.to_owned());
        }
    }

    /// Ends the record of a request that herder itself answers with an error.
    pub(crate) fn refuse(mut self, error: &ApiError) {
        if let Some(mut draft) = self.draft.take() {
            let answer = error.clone().respond(draft.form);
            draft.answered(answer.status(), answer.headers());
            let capture = draft.capture.take().and_then(|capture| capture.finish(false));
            draft.finish(Ending {
                usage: None,
                error: error_text::shortened(error.message()),
                capture,
            });
        }
    }

    /// It is answered. The record ends with what reads along with the answer's body.
    pub(crate) fn answered(mut self, head: &Parts) -> Tap {
        if let Some(draft) = &mut self.draft {
            draft.answered(head.status, &head.headers);
        }
        Tap::new(head, self)
    }

    /// The path that the model server sees.
    pub(super) fn path(&self) -> &str {
        self.draft.as_ref().map_or("", |draft| &draft.row.path)
    }

    /// Takes the capture out, for as long as the answer's body passes.
    pub(super) fn take_capture(&mut self) -> Option<capture::Draft> {
        self.draft.as_mut()?.capture.take()
    }

    /// Ends the record.
    pub(super) fn finish(&mut self, ending: Ending) {
        if let Some(draft) = self.draft.take() {
            draft.finish(ending);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Quirk Q30 mended: nobody was answered with 200 here.
        if let Some(mut draft) = self.draft.take() {
            draft.row.status = CLIENT_LEFT;
            draft.finish(Ending {
                usage: None,
                error: "the client left before it was answered".to_owned(),
                capture: None,
            });
        }
    }
}

impl Metadata {
    /// Empty for none.
    fn text(&self) -> String {
        match self {
            Self {
                fifo_priority: None,
                selector: None,
            } => String::new(),
            Self { .. } => serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

impl Draft {
    /// Since the request came.
    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.row.status = status.as_u16();
        self.row.content_type = content_type(headers);
        if let Some(capture) = &mut self.capture {
            capture.answered(headers);
        }
    }

    fn finish(self: Box<Self>, ending: Ending) {
        let Ending {
            usage,
            error,
            capture,
        } = ending;
        let milliseconds = self.milliseconds();
        let Self {
            store,
            started: _,
            form: _,
            mut row,
            metadata,
            capture: _,
            counters,
        } = *self;
        if let (Some(counters), Some(usage)) = (counters, &usage) {
            counters.used(usage);
        }
        row.created = Timestamp::now().as_second();
        row.milliseconds = milliseconds;
        if let Some(measured) = usage.and_then(|usage| usage.milliseconds) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a positive number; a cast saturates"
            )]
            let measured = measured as u64;
            row.milliseconds = row.milliseconds.max(measured);
        }
        row.usage = usage;
        row.error = error;
        row.metadata = metadata.text();
        store.insert(row, capture);
    }
}

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}
