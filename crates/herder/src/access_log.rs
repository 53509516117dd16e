//! One line per request in the proxy log, written when the response has ended (spec/http-api.md 0.6):
//! `Request <client> "<METHOD> <PATH> <PROTO>" <status> <bytes> "<user-agent>" <duration>`.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Extensions, Method, Request, Response, Uri, Version};

use crate::go_duration::GoDuration;
use crate::logs::Logs;
use crate::serve::Caller;
use crate::watched_body::watched;

/// Paths that are asked for every few seconds by machines.
const SKIPPED_PREFIXES: [&str; 3] = ["/wol-health", "/api/performance", "/metrics"];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The status in the log of a request whose client left before there was an answer. The number is nginx's.
pub(crate) const CLIENT_LEFT: u16 = 499;

/// The line of one request. It is written when the value is dropped, whatever the reason.
#[derive(Debug)]
pub struct Line {
    logs: Arc<Logs>,
    client: Arc<str>,
    method: Method,
    uri: Uri,
    version: Version,
    user_agent: Option<HeaderValue>,
    started: Instant,
    status: u16,
    bytes: u64,
}

impl Line {
    /// Begins the line of a request from `client`. `None` for paths that are not logged.
    #[must_use]
    pub fn begin(logs: &Arc<Logs>, client: &Arc<str>, request: &Request<Body>) -> Option<Self> {
        let path = request.uri().path();
        if SKIPPED_PREFIXES.iter().any(|prefix| path.starts_with(prefix)) {
            return None;
        }
        Some(Self {
            logs: Arc::clone(logs),
            client: Arc::clone(client),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            started: Instant::now(),
            status: CLIENT_LEFT,
            bytes: 0,
        })
    }

    /// Makes the line wait for the end of the response body.
    #[must_use]
    pub fn follow(mut self, response: Response<Body>) -> Response<Body> {
        self.status = response.status().as_u16();
        response.map(|inner| watched(inner, self, |line, data| line.bytes += data.len() as u64))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self {
            client,
            method,
            status,
            bytes,
            ..
        } = &*self;
        self.logs.logger().info(format_args!(
            "Request {client} \"{method} {} {:?}\" {status} {bytes} \"{}\" {}",
            self.uri.path(),
            self.version,
            self.user_agent.as_ref().map(text).unwrap_or_default(),
            GoDuration(self.started.elapsed()),
        ));
    }
}

/// Who asked, as the reference says it: the first entry of `X-Forwarded-For`, else `X-Real-IP`, else the socket's
/// address. For people only: anybody can write these headers.
pub(crate) fn client_address(headers: &HeaderMap, extensions: &Extensions) -> Arc<str> {
    let forwarded = header_text(headers, &X_FORWARDED_FOR).and_then(|list| {
        let first = list.split(',').next().unwrap_or_default().trim();
        (!first.is_empty()).then(|| first.into())
    });
    forwarded
        .or_else(|| header_text(headers, &X_REAL_IP).map(Into::into))
        .or_else(|| Some(Arc::clone(&extensions.get::<Caller>()?.address)))
        .unwrap_or_default()
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(text).filter(|text| !text.is_empty())
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http_body_util::BodyExt;

    use super::*;
    use crate::logs::tests::logs;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let mut builder = Request::builder().uri(uri).method("POST");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let mut request = builder.body(Body::empty()).expect("a request");
        request
            .extensions_mut()
            .insert(Caller::new(IpAddr::from([10, 1, 2, 3]), None));
        request
    }

    fn begin(logs: &Arc<Logs>, request: &Request<Body>) -> Option<Line> {
        let client = client_address(request.headers(), request.extensions());
        Line::begin(logs, &client, request)
    }

    /// The log without the duration at the end of each line.
    fn logged(logs: &Logs) -> Vec<String> {
        let text = String::from_utf8(logs.proxy().history().to_vec()).expect("text");
        text.lines()
            .map(|line| line.rsplit_once(' ').expect("a duration").0.to_owned())
            .collect()
    }

    #[tokio::test]
    async fn a_line_is_written_when_the_body_has_ended() {
        let logs = Arc::new(logs());
        let request = request("/v1/chat?x=1", &[("user-agent", "demo/1")]);
        let line = begin(&logs, &request).expect("a logged path");
        let response = line.follow(Response::new(Body::from("12345")));
        assert!(logged(&logs).is_empty());
        response.into_body().collect().await.expect("a body in memory");
        assert_eq!(
            logged(&logs),
            ["[INFO] Request 10.1.2.3 \"POST /v1/chat HTTP/1.1\" 200 5 \"demo/1\""]
        );
    }

    #[test]
    fn a_client_that_leaves_early_is_a_499() {
        let logs = Arc::new(logs());
        drop(begin(&logs, &request("/x", &[])));
        assert_eq!(
            logged(&logs),
            ["[INFO] Request 10.1.2.3 \"POST /x HTTP/1.1\" 499 0 \"\""]
        );
    }

    #[test]
    fn the_client_is_found_in_this_order() {
        let table: [(&[(&str, &str)], &str); 5] = [
            (&[], "10.1.2.3"),
            (&[("x-real-ip", "9.9.9.9")], "9.9.9.9"),
            (
                &[
                    ("x-forwarded-for", " 8.8.8.8 , 7.7.7.7"),
                    ("x-real-ip", "9.9.9.9"),
                ],
                "8.8.8.8",
            ),
            (&[("x-forwarded-for", ""), ("x-real-ip", "9.9.9.9")], "9.9.9.9"),
            (&[("x-forwarded-for", " ,7.7.7.7")], "10.1.2.3"),
        ];
        for (headers, expected) in table {
            let request = request("/", headers);
            let client = client_address(request.headers(), request.extensions());
            assert_eq!(&*client, expected, "{headers:?}");
        }
    }

    #[test]
    fn noisy_paths_are_skipped() {
        let logs = Arc::new(logs());
        for path in ["/wol-health", "/api/performance?after=x", "/metrics"] {
            assert!(begin(&logs, &request(path, &[])).is_none(), "{path}");
        }
        assert!(begin(&logs, &request("/health", &[])).is_some());
    }
}
