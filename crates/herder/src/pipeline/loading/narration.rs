//! What the client reads while a model loads, and in which frames (spec/http-api.md 4.3).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::remarks::Remarks;
use crate::driver::{Place, Standing};

/// The pause between two signs of life.
const TICK: Duration = Duration::from_millis(750);
/// Characters of a fragment of typed text.
const FRAGMENT_CHARACTERS: usize = 5;
/// How fast text is typed.
const BYTES_PER_SECOND: u32 = 75;

const RULE: &str = "━━━━━\n";

/// What has been written and not yet sent. The narration runs only when the body is asked for more, and what it has
/// written is sent at once, so this never holds more than the opening, one fragment and the end.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    waiting: Arc<Mutex<BytesMut>>,
    /// The name of the model in the frames.
    model: Arc<str>,
    /// Seconds since 1970.
    created: u64,
}

impl Outbox {
    /// An empty one for frames of this model.
    pub(super) fn new(model: &str, created: u64) -> Self {
        Self {
            waiting: Arc::default(),
            model: Arc::from(model),
            created,
        }
    }

    /// What is there to be sent.
    pub(super) fn take(&self) -> Option<Bytes> {
        let mut waiting = self.waiting.lock();
        (!waiting.is_empty()).then(|| waiting.split().freeze())
    }

    /// Writes a text as one frame. Strict clients want all the fields of a chat chunk (decisions.md, Q25).
    fn say(&self, text: &str) {
        let frame = serde_json::json!({
            "id": "chatcmpl-loading",
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": &*self.model,
            "choices": [{
                "index": 0,
                "delta": { "reasoning_content": text },
                "finish_reason": null,
            }],
        });
        let mut waiting = self.waiting.lock();
        waiting.extend_from_slice(format!("data: {frame}\n\n").as_bytes());
    }

    /// Writes a text at the pace of somebody who types.
    async fn type_out(&self, text: &str) {
        let characters: Vec<char> = text.chars().collect();
        for fragment in characters.chunks(FRAGMENT_CHARACTERS) {
            let fragment: String = fragment.iter().collect();
            self.say(&fragment);
            let bytes = u32::try_from(fragment.len()).unwrap_or_default();
            sleep(Duration::from_secs(1) * bytes / BYTES_PER_SECOND).await;
        }
    }
}

/// The first words, at once: which model, how long its last load took if there was one, and how long this wait probably
/// takes if that is known.
pub(super) fn open(outbox: &Outbox, model: &str, place: &Place) {
    let last = place
        .last_load()
        .map(|last| format!("The last load took {:.1}s.\n", last.as_secs_f64()))
        .unwrap_or_default();
    let estimate = place
        .estimate()
        .map(|wait| format!("Estimated wait: {}.\n", in_seconds(wait)))
        .unwrap_or_default();
    outbox.say(&format!(
        "{RULE}llama-swap loading model: {model}\n{last}{estimate}"
    ));
}

/// Signs of life, for as long as it is polled: the place in the queue when it has changed, a remark when one is due,
/// else a dot. `remarks` is `None` when they are switched off.
pub(super) async fn go_on(outbox: &Outbox, place: &Place, mut remarks: Option<Remarks>) -> Infallible {
    let mut announced = None;
    // The first tick has one.
    let mut remark_due = Instant::now();
    loop {
        sleep(TICK).await;
        let position = match place.standing() {
            Some(Standing::Queued(position)) => Some(position),
            Some(Standing::Loading) | None => None,
        };
        if let Some(number) = position.filter(|_| position != announced) {
            announced = position;
            let estimate = place
                .estimate()
                .map(|wait| format!("(about {}) ", in_seconds(wait)))
                .unwrap_or_default();
            outbox
                .type_out(&format!("\nQueue position: #{number} {estimate}"))
                .await;
        } else if let Some(remarks) = remarks.as_mut().filter(|_| Instant::now() >= remark_due) {
            outbox.type_out(&format!("\n{} ", remarks.next())).await;
        } else {
            outbox.say(".");
            continue;
        }
        if let Some(remarks) = &mut remarks {
            remark_due = Instant::now() + remarks.pause();
        }
    }
}

/// The last words, at once: the model is ready after this time.
pub(super) fn close(outbox: &Outbox, waited: Duration) {
    outbox.say(&format!("\nDone! ({:.2}s)\n{RULE} \n", waited.as_secs_f64()));
}

/// Whole seconds, rounded up: an estimate is no measurement.
fn in_seconds(wait: Duration) -> String {
    format!("{}s", wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}
