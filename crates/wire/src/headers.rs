//! Headers that belong to one connection, upgrades, and the small facts read from others (spec/http-api.md 1.3, 6.4).

use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers that never pass a proxy, besides those that `Connection` names.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    PROXY_CONNECTION,
    KEEP_ALIVE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes the hop-by-hop headers, in either direction: the fixed list and every header that `Connection` names. `TE`
/// stays as `trailers` when it allowed them. Take [`upgrade`] before, and put it back with [`set_upgrade`]. A response
/// whose trailers are relayed needs its `Trailer` header put back in the same way.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let trailers = has_token(headers, &TE, "trailers");
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter_map(|token| token.parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// The protocol that a request or a 101 answer switches to: the `Upgrade` header, when `Connection` says `upgrade`.
#[must_use]
pub fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    if !has_token(headers, &CONNECTION, "upgrade") {
        return None;
    }
    headers.get(UPGRADE).cloned()
}

/// Puts an upgrade back after [`strip_hop_by_hop`].
pub fn set_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, protocol);
}

/// Whether a request switches to WebSocket (spec/http-api.md 6.4): `Connection` has the token `upgrade` and `Upgrade`
/// has the token `websocket`, in any case, in lists and in repeated headers.
#[must_use]
pub fn is_websocket_upgrade(headers: &HeaderMap) -> bool {
    has_token(headers, &CONNECTION, "upgrade") && has_token(headers, &UPGRADE, "websocket")
}

/// Appends the client's address to `X-Forwarded-For`; repeated headers become one list.
pub fn append_forwarded_for(headers: &mut HeaderMap, client: &str) {
    let mut list = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        list.extend_from_slice(value.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(client.as_bytes());
    // Values that were valid stay valid when joined, so this cannot fail; a header is not worth a panic.
    if let Ok(list) = HeaderValue::from_bytes(&list) {
        headers.insert(X_FORWARDED_FOR, list);
    }
}

/// Leaves in `Accept-Encoding` only what herder can read along with: `gzip` and `deflate`, each with its `;q=`
/// (spec/http-api.md 1.3). The header becomes empty when nothing is left; one that is absent stays absent.
pub fn keep_decodable_encodings(headers: &mut HeaderMap) {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return;
    }
    let kept: Vec<&str> = tokens(headers, &ACCEPT_ENCODING)
        .filter(|member| {
            let name = member.split(';').next().unwrap_or_default().trim();
            name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("deflate")
        })
        .collect();
    // Parts of valid values are valid.
    if let Ok(value) = HeaderValue::from_str(&kept.join(", ")) {
        headers.insert(ACCEPT_ENCODING, value);
    }
}

/// Whether the body is a stream of server-sent events.
#[must_use]
pub fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        value
            .as_bytes()
            .windows(EVENT_STREAM.len())
            .any(|at| at.eq_ignore_ascii_case(EVENT_STREAM))
    })
}

const EVENT_STREAM: &[u8] = b"text/event-stream";

/// The entries of a comma list over all values of a header. Bytes outside ASCII cannot be part of a token.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = headers.get_all(name).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| {
        found
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_map(list: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name: HeaderName = name.parse().expect("a header name");
            headers.append(name, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn http_1_3_hop_by_hop_headers_go() {
        let mut headers = header_map(&[
            ("connection", "keep-alive, X-Hop"),
            ("connection", " x-other ,, not a token"),
            ("x-hop", "1"),
            ("X-Other", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authorization", "Basic x"),
            ("te", "gzip"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("authorization", "Bearer k"),
        ]);
        strip_hop_by_hop(&mut headers);
        let expected = header_map(&[
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("authorization", "Bearer k"),
        ]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn http_1_3_te_is_kept_as_trailers() {
        for (te, expected) in [
            ("trailers", true),
            ("gzip;q=0.5, Trailers", true),
            ("trailers;q=1", true),
            ("gzip", false),
        ] {
            let mut headers = header_map(&[("te", te), ("connection", "TE")]);
            strip_hop_by_hop(&mut headers);
            let wanted = if expected {
                header_map(&[("te", "trailers")])
            } else {
                HeaderMap::new()
            };
            assert_eq!(headers, wanted, "{te}");
        }
    }

    #[test]
    fn http_6_4_upgrades_are_told_by_token() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, bool);
        let rows: [Row<'_>; 8] = [
            (
                &[("connection", "Upgrade"), ("upgrade", "websocket")],
                Some("websocket"),
                true,
            ),
            (
                &[
                    ("connection", "keep-alive, UPGRADE"),
                    ("upgrade", "h2c, WebSocket"),
                ],
                Some("h2c, WebSocket"),
                true,
            ),
            (
                &[
                    ("connection", "keep-alive"),
                    ("connection", "upgrade"),
                    ("upgrade", "h2c"),
                    ("upgrade", "websocket"),
                ],
                Some("h2c"),
                true,
            ),
            (
                &[("connection", "upgrade"), ("upgrade", "h2c")],
                Some("h2c"),
                false,
            ),
            (
                &[("connection", "upgrades"), ("upgrade", "websocket")],
                None,
                false,
            ),
            (&[("connection", "upgrade")], None, false),
            (&[("upgrade", "websocket")], None, false),
            (&[], None, false),
        ];
        for (headers, protocol, websocket) in rows {
            let headers = header_map(headers);
            assert_eq!(
                upgrade(&headers).as_ref().map(HeaderValue::as_bytes),
                protocol.map(str::as_bytes),
                "{headers:?}"
            );
            assert_eq!(is_websocket_upgrade(&headers), websocket, "{headers:?}");
        }
    }

    #[test]
    fn an_upgrade_survives_the_hop() {
        let mut headers = header_map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        let protocol = upgrade(&headers).expect("an upgrade");
        strip_hop_by_hop(&mut headers);
        set_upgrade(&mut headers, protocol);
        assert_eq!(
            headers,
            header_map(&[("connection", "Upgrade"), ("upgrade", "websocket")])
        );
    }

    #[test]
    fn http_1_3_forwarded_for_is_appended() {
        for (before, expected) in [
            (&[][..], "10.0.0.9"),
            (&["1.2.3.4"][..], "1.2.3.4, 10.0.0.9"),
            (
                &["1.2.3.4, 5.6.7.8", "::1"][..],
                "1.2.3.4, 5.6.7.8, ::1, 10.0.0.9",
            ),
        ] {
            let before: Vec<(&str, &str)> = before.iter().map(|value| ("x-forwarded-for", *value)).collect();
            let mut headers = header_map(&before);
            append_forwarded_for(&mut headers, "10.0.0.9");
            assert_eq!(headers, header_map(&[("x-forwarded-for", expected)]));
        }
    }

    #[test]
    fn http_1_3_only_encodings_that_can_be_read_are_accepted() {
        for (before, expected) in [
            (&[][..], None),
            (&["gzip, br"][..], Some("gzip")),
            (
                &["br;q=1, GZIP;q=0.8", "zstd,deflate ; q=0"][..],
                Some("GZIP;q=0.8, deflate ; q=0"),
            ),
            (&["identity, *"][..], Some("")),
            (&["gzipped"][..], Some("")),
        ] {
            let before: Vec<(&str, &str)> = before.iter().map(|value| ("accept-encoding", *value)).collect();
            let mut headers = header_map(&before);
            keep_decodable_encodings(&mut headers);
            let expected: Vec<(&str, &str)> =
                expected.iter().map(|value| ("accept-encoding", *value)).collect();
            assert_eq!(headers, header_map(&expected), "{before:?}");
        }
    }

    #[test]
    fn http_3_3_event_streams() {
        for (content_type, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("application/json", false),
        ] {
            assert_eq!(
                is_event_stream(&header_map(&[("content-type", content_type)])),
                expected,
                "{content_type}"
            );
        }
        assert!(!is_event_stream(&HeaderMap::new()));
    }
}
