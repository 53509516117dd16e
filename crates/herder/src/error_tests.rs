//! The error answers of spec/http-api.md 0.3 and 0.4, as tables.

use herder_core::{Generation, Timestamp};
use http_body_util::BodyExt;

use super::*;

fn report(reason: StartFailure, detail: &str, log_tail: &str) -> FailedStart {
    FailedStart {
        model: "orca-7b".into(),
        reason,
        detail: detail.into(),
        log_tail: log_tail.into(),
        timeout: Duration::from_secs(120),
    }
}

fn failed(failure: Failure, last: Option<FailedStart>) -> Failed {
    Failed {
        failure,
        last,
        now: Timestamp(Duration::from_secs(5)),
    }
}

fn error_of(envelope: &str) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_str(envelope).expect("the envelope is JSON");
    assert_eq!(value["src"], "llama-swap");
    assert!(value["error"]["param"].is_null() && value["error"].get("param").is_some());
    value["error"].clone()
}

async fn text_of(response: Response<Body>) -> String {
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body in memory")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn each_status_has_its_type_and_code() {
    let table = [
        (400, "invalid_request_error", "bad_request"),
        (401, "authentication_error", "unauthorized"),
        (403, "authentication_error", "forbidden"),
        (404, "invalid_request_error", "not_found"),
        (405, "invalid_request_error", "invalid_request"),
        (409, "invalid_request_error", "conflict"),
        (413, "invalid_request_error", "invalid_request"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (500, "server_error", "internal_error"),
        (501, "server_error", "internal_error"),
        (502, "server_error", "bad_gateway"),
        (503, "server_error", "service_unavailable"),
        (504, "server_error", "gateway_timeout"),
    ];
    for (status, kind, code) in table {
        let status = StatusCode::from_u16(status).expect("a status");
        let error = error_of(&ApiError::new(status, "m").envelope());
        assert_eq!(
            (error["type"].as_str(), error["code"].as_str()),
            (Some(kind), Some(code)),
            "{status}"
        );
    }
}

#[tokio::test]
async fn the_form_follows_the_client() {
    let error = || ApiError::new(StatusCode::NOT_FOUND, "no <model>");
    let table = [
        (error(), ErrorForm::Text, "text/plain", "llama-swap: no <model>"),
        (
            error(),
            ErrorForm::Html,
            "text/html",
            "<html><body><h1>llama-swap</h1><p>no &lt;model&gt;</p></body></html>",
        ),
        (
            ApiError::unknown_route(),
            ErrorForm::Text,
            "text/plain; charset=utf-8",
            "404 page not found\n",
        ),
        (
            ApiError::unknown_route(),
            ErrorForm::Html,
            "text/plain; charset=utf-8",
            "404 page not found\n",
        ),
        (
            ApiError::method_not_allowed("POST".into()),
            ErrorForm::Text,
            "text/plain; charset=utf-8",
            "Method Not Allowed\n",
        ),
    ];
    for (error, form, content_type, body) in table {
        let response = error.respond(form);
        assert_eq!(response.headers()[header::CONTENT_TYPE], content_type);
        assert_eq!(text_of(response).await, body);
    }
    let response = error().respond(ErrorForm::Json);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(error_of(&text_of(response).await)["message"], "no <model>");
}

#[tokio::test]
async fn the_limiter_always_answers_json() {
    for form in [ErrorForm::Json, ErrorForm::Text, ErrorForm::Html] {
        let response = ApiError::concurrency_limit().respond(form);
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let error = error_of(&text_of(response).await);
        assert_eq!(error["code"], "concurrency_limit");
        assert_eq!(error["type"], "rate_limit_error");
        assert_eq!(error["message"], "Too many requests");
    }
}

#[test]
fn headers_that_belong_to_a_status() {
    let response = ApiError::unauthorized().respond(ErrorForm::Json);
    assert_eq!(
        response.headers()[header::WWW_AUTHENTICATE],
        "Basic realm=\"llama-swap\""
    );
    let response = ApiError::method_not_allowed("GET, HEAD, POST".into()).respond(ErrorForm::Json);
    assert_eq!(response.headers()[header::ALLOW], "GET, HEAD, POST");
}

#[test]
fn failures_of_the_core_have_the_words_of_the_reference() {
    let start = |reason| Failure::Start {
        generation: Generation(3),
        reason,
    };
    let exited = report(StartFailure::Exited, "exit status 1", "loading\nno such file\n");
    let table = [
        (
            start(StartFailure::Exited),
            Some(exited.clone()),
            502,
            "unspecific error: upstream command exited prematurely (model orca-7b, exit status 1); last \
             output:\nloading\nno such file",
        ),
        (
            start(StartFailure::Spawn),
            Some(report(
                StartFailure::Spawn,
                "failed to start command 'nope': not found",
                "",
            )),
            502,
            "unspecific error: failed to start command 'nope': not found (model orca-7b)",
        ),
        (
            start(StartFailure::TimedOut),
            Some(report(StartFailure::TimedOut, "", "")),
            504,
            "unspecific error: health check timed out after 2m0s (model orca-7b)",
        ),
        // The report of a later start is not told as the reason of this one.
        (
            start(StartFailure::TimedOut),
            Some(exited),
            504,
            "unspecific error: health check timed out",
        ),
        (
            Failure::Unloaded,
            None,
            500,
            "unspecific error: group: model unloaded",
        ),
        (
            Failure::ShuttingDown,
            None,
            500,
            "unspecific error: group is shutting down",
        ),
        (
            Failure::UnknownModel,
            None,
            404,
            "no local server found for requested model",
        ),
        (Failure::ConcurrencyLimit, None, 429, "Too many requests"),
    ];
    for (failure, last, status, message) in table {
        let error = ApiError::from_failed(&failed(failure, last), "group");
        assert_eq!((error.status().as_u16(), error.message()), (status, message));
    }
}

#[test]
fn fail_fast_says_when_to_come_back_and_why() {
    let refused = Refused {
        refusal: Refusal::FailFast {
            failures: 3,
            retry_at: Timestamp(Duration::from_secs(10)),
        },
        last: Some(report(StartFailure::Exited, "exit status 7", "")),
        queue: None,
        now: Timestamp(Duration::from_millis(5_500)),
    };
    let error = ApiError::from_refused(&refused, "group");
    assert_eq!(error.status(), 503);
    for part in [
        "3 starts in a row",
        "in 5 s",
        "exited prematurely",
        "exit status 7",
        "orca-7b",
    ] {
        assert!(
            error.message().contains(part),
            "{part:?} is missing in {:?}",
            error.message()
        );
    }
    assert_eq!(error.respond(ErrorForm::Json).headers()[header::RETRY_AFTER], "5");
}

#[test]
fn shutdown_names_the_router_in_use() {
    let refused = Refused {
        refusal: Refusal::ShuttingDown,
        last: None,
        queue: None,
        now: Timestamp::default(),
    };
    let error = ApiError::from_refused(&refused, "matrix");
    assert_eq!(error.message(), "unspecific error: matrix is shutting down");
    let error = ApiError::from_failed(&failed(Failure::Unloaded, None), "matrix");
    assert_eq!(error.message(), "unspecific error: matrix: model unloaded");
}

/// scheduling.md rules 8 and 10: seconds as measured, rounded up; nothing where nothing is known. Without `fair` as ever.
#[tokio::test]
async fn a_full_queue_says_when_to_come_back_if_that_is_known() {
    let full = |wait| Some(FullQueue { position: 513, wait });
    let table = [
        (
            full(Some(Duration::from_millis(41_200))),
            429,
            Some("42"),
            Some("513"),
            Some("42"),
        ),
        (full(None), 429, None, Some("513"), None),
        (None, 503, Some("1"), None, None),
    ];
    for (queue, status, retry, position, wait) in table {
        let refused = Refused {
            refusal: Refusal::QueueFull,
            last: None,
            queue,
            now: Timestamp::default(),
        };
        let response = ApiError::from_refused(&refused, "group").respond(ErrorForm::Text);
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text"))
        };
        assert_eq!(
            (
                response.status().as_u16(),
                header("retry-after"),
                header("x-herder-queue-position"),
                header("x-herder-estimated-wait")
            ),
            (status, retry, position, wait)
        );
        if queue.is_some() {
            let error = error_of(&text_of(response).await);
            assert_eq!(error["code"], "queue_full");
            assert_eq!(
                error["message"],
                "Too many requests: 512 are waiting for this model"
            );
        }
    }
}
