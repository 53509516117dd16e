//! How a stream that has begun with a loading state goes on: with the model server's events, or with one event that
//! says what has failed (decisions.md, Q23). Status and headers have been sent.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use bytes::Bytes;
use herder_wire::{error_text, headers};
use http_body_util::{BodyExt, Limited};

use crate::error::ApiError;

/// The longest answer that is no event stream and is still passed on, as one event. A chat answer or an error is far
/// shorter.
const MAX_WHOLE_ANSWER_BYTES: usize = 1024 * 1024;

const DONE: &str = "data: [DONE]\n\n";

/// The rest of the stream when herder itself has to refuse.
pub(super) fn failed(error: &ApiError) -> Body {
    Body::from(format!("{}{DONE}", event(error.envelope().as_bytes())))
}

/// The rest of the stream when the model server has answered.
pub(super) async fn continued(response: Response<Body>) -> Body {
    let (head, body) = response.into_parts();
    let plain = head
        .headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if head.status.is_success() && plain && headers::is_event_stream(&head.headers) {
        return body;
    }
    if !plain {
        return failed(&bad_gateway("its answer is compressed, which nobody asked for"));
    }
    match Limited::new(body, MAX_WHOLE_ANSWER_BYTES).collect().await {
        Ok(whole) => Body::from(format!("{}{DONE}", one_event(head.status, &whole.to_bytes()))),
        Err(error) => failed(&bad_gateway(&error.to_string())),
    }
}

/// A whole answer as an event: JSON as it is, and an error that is none in herder's words.
fn one_event(status: StatusCode, whole: &Bytes) -> String {
    let is_object = serde_json::from_slice::<serde_json::Map<_, _>>(whole);
    let object: serde_json::Map<String, serde_json::Value> = is_object.unwrap_or_default();
    let says_so = object.get("error").is_some_and(serde_json::Value::is_object);
    if says_so || (status.is_success() && !object.is_empty()) {
        return event(whole);
    }
    let text =
        error_text::extract(whole).unwrap_or_else(|| error_text::shortened(&String::from_utf8_lossy(whole)));
    let error = if status.is_success() {
        bad_gateway(&format!("no event stream: {text}"))
    } else {
        ApiError::new(status, format!("upstream error: {status}: {text}"))
    };
    event(error.envelope().as_bytes())
}

/// An event of these data, JSON that may have several lines. A carriage return alone ends a line of an event, too.
fn event(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let lines: String = text
        .split(['\r', '\n'])
        .filter(|line| !line.is_empty())
        .map(|line| format!("data: {line}\n"))
        .collect();
    format!("{lines}\n")
}

fn bad_gateway(text: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, format!("upstream error: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, content type, body, and what the stream goes on with; `…` stands for anything.
    type Row = (u16, &'static str, &'static str, &'static str);

    #[tokio::test]
    async fn q23_answers_that_are_no_event_stream_become_one_event() {
        let table: [Row; 7] = [
            (
                200,
                "text/event-stream; charset=utf-8",
                "data: 1\n\ndata: [DONE]\n\n",
                "data: 1\n\ndata: [DONE]\n\n",
            ),
            (
                400,
                "application/json",
                "{\"error\":{\"message\":\"bad temp\"}}\n",
                "data: {\"error\":{\"message\":\"bad temp\"}}\n\ndata: [DONE]\n\n",
            ),
            (
                200,
                "application/json",
                "{\n\"id\": 1}",
                "data: {\ndata: \"id\": 1}\n\ndata: [DONE]\n\n",
            ),
            (
                200,
                "application/json",
                "\r{\r\"id\":\r\n1}\r",
                "data: {\ndata: \"id\":\ndata: 1}\n\ndata: [DONE]\n\n",
            ),
            (
                502,
                "text/html",
                "<html>\nbroken</html>",
                "upstream error: 502 Bad Gateway: <html>\\nbroken</html>",
            ),
            (
                404,
                "application/json",
                "{\"detail\":\"no route\"}",
                "404 Not Found: no route",
            ),
            (200, "text/plain", "hello", "no event stream: hello"),
        ];
        for (status, content_type, body, expected) in table {
            let response = Response::builder()
                .status(status)
                .header("content-type", content_type)
                .body(Body::from(body))
                .unwrap();
            let text = text(continued(response).await).await;
            assert!(text.contains(expected), "{status} {body}: {text}");
            assert!(
                text.starts_with("data: ") && text.ends_with("\n\ndata: [DONE]\n\n"),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn answers_that_cannot_be_passed_on_are_errors() {
        let compressed = Response::builder()
            .header("content-type", "text/event-stream")
            .header("content-encoding", "gzip")
            .body(Body::from("x"))
            .unwrap();
        let endless = Response::new(Body::from(vec![b' '; MAX_WHOLE_ANSWER_BYTES + 1]));
        for response in [compressed, endless] {
            let text = text(continued(response).await).await;
            assert!(
                text.contains("\"error\":{") && text.contains("bad_gateway"),
                "{text}"
            );
        }
    }

    async fn text(body: Body) -> String {
        let bytes = body.collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}
