//! Rows 124 and 125: the web page and its files; how browsers come to it and may keep it. All of it holds for the built
//! page and for the one that stands in its place when herder was built without.

use std::io::Read;

use herder_testkit::{Response, Router};
use http::Method;

use crate::fixture::{builder, error, router};

/// As browsers ask for what stands in the address bar.
const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

/// The path of the page's style sheet, which has another name in every build.
async fn style(router: &Router) -> String {
    let page = get(router, "/ui/", &[]).await.text();
    let (before, _) = page.split_once(".css\"").expect("a page has a style sheet");
    let (_, path) = before.rsplit_once('"').expect("a path in quotes");
    assert!(path.starts_with("/ui/"), "{path}");
    format!("{path}.css")
}

async fn get(router: &Router, target: &str, headers: &[(&str, &str)]) -> Response {
    router.request(Method::GET, target, headers, "").await
}

#[track_caller]
fn assert_page(answer: &Response) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(
        answer.text().contains("<title>herder</title>"),
        "{}",
        answer.text()
    );
}

/// The row has gzip answered with the plain form; herder has that form, too.
#[tokio::test]
async fn row_124_compressed_for_those_who_take_it() {
    let router = router().await;
    let style = style(&router).await;
    let plain = get(&router, &style, &[]).await;
    assert_eq!(
        (plain.status.as_u16(), plain.header("content-encoding")),
        (200, None)
    );
    for (accepted, encoding) in [
        ("gzip, br;q=0.9", Some("br")),
        ("gzip", Some("gzip")),
        ("brotli", None),
        ("gzip, br;q=0", Some("gzip")),
    ] {
        let answer = get(&router, &style, &[("accept-encoding", accepted)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-encoding")),
            (200, encoding),
            "{accepted}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/css; charset=utf-8"),
            "{accepted}"
        );
        // Q18: of the plain form, too.
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
        if encoding.is_some() {
            assert!(answer.body.len() < plain.body.len(), "{accepted}");
        }
        let mut whole = Vec::new();
        match encoding {
            Some("br") => brotli::BrotliDecompress(&mut &answer.body[..], &mut whole).unwrap(),
            Some(_) => {
                flate2::read::GzDecoder::new(&answer.body[..])
                    .read_to_end(&mut whole)
                    .unwrap();
            }
            None => whole.extend_from_slice(&answer.body),
        }
        assert_eq!(whole, plain.body, "{accepted}");
    }
}

#[tokio::test]
async fn row_125_files_places_and_neither() {
    let router = router().await;
    for target in [
        "/ui/activity",
        "/ui/",
        "/ui/index.html",
        "/ui/models/vega%2Fcoder-32b",
    ] {
        assert_page(&get(&router, target, &[]).await);
    }
    let style = style(&router).await;
    for target in [
        "/ui/missing.js",
        &style.replace(".css", ".CSS"),
        "/ui/..%2fCargo.toml",
        "/ui/%2e%2e/x.y",
    ] {
        error(&get(&router, target, &[]).await, 404, "not_found");
    }
    // No way out: what is no file of the page is a place in it.
    assert_page(&get(&router, "/ui/..%2f..%2f..%2fetc%2fpasswd", &[]).await);
    let style = get(&router, &style.replace(".css", ".%63ss"), &[]).await;
    assert_eq!(
        (style.status.as_u16(), style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
}

/// A reload of a place with a dot; scripts and pictures that are missing are still missing.
#[tokio::test]
async fn quirk_q17_places_with_dots() {
    let router = router().await;
    assert_page(&get(&router, "/ui/models/qwen-2.5", &[BROWSER]).await);
    for accept in ["*/*", "image/avif,image/webp,*/*;q=0.8"] {
        let answer = get(&router, "/ui/models/qwen-2.5", &[("accept", accept)]).await;
        assert_eq!(answer.status, 404, "{accept}");
    }
}

#[tokio::test]
async fn quirk_q18_what_a_browser_has_is_not_sent_again() {
    let router = router().await;
    let mut tags = Vec::new();
    for encoding in ["identity", "gzip", "br"] {
        let accepted = ("accept-encoding", encoding);
        let answer = get(&router, "/ui/", &[accepted]).await;
        assert_page_headers(&answer);
        let tag = answer.header("etag").unwrap().to_owned();
        let again = get(&router, "/ui/", &[accepted, ("if-none-match", &tag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(&*tag));
        assert_page_headers(&again);
        let changed = get(&router, "/ui/", &[accepted, ("if-none-match", "\"other\"")]).await;
        assert_eq!(
            (changed.status.as_u16(), changed.header("etag")),
            (200, Some(&*tag))
        );
        tags.push(tag);
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
}

#[track_caller]
fn assert_page_headers(answer: &Response) {
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_page_headers_but_cache(answer);
}

#[track_caller]
fn assert_page_headers_but_cache(answer: &Response) {
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").unwrap();
    let policy: Vec<&str> = policy.split("; ").collect();
    let expected = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ];
    assert_eq!(policy, expected);
}

#[tokio::test]
async fn ui_without_its_slash() {
    let router = router().await;
    for (target, location) in [("/ui", "/ui/"), ("/ui?a=b", "/ui/?a=b")] {
        let answer = get(&router, target, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (307, Some(location)),
            "{target}"
        );
    }
    let answer = router.post("/ui/", &[], "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("GET, HEAD"))
    );
}

#[tokio::test]
async fn head_gets_the_headers_only() {
    let router = router().await;
    let style = style(&router).await;
    let whole = get(&router, &style, &[]).await;
    let head = router.request(Method::HEAD, &style, &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    assert_eq!(
        head.header("content-length"),
        Some(&*whole.body.len().to_string())
    );
}

/// Every redirect of herder's own to the page arrives there. Only `/logs`, which may also answer, asks for a key first.
#[tokio::test]
async fn redirects_to_the_page_arrive() {
    let router = builder("apiKeys: [k-alpha]").start().await;
    // any:k-alpha, as a browser sends what was typed into its prompt.
    let login = [BROWSER, ("authorization", "Basic YW55OmstYWxwaGE=")];
    for (start, headers) in [("/", &login[..1]), ("/upstream", &login[..1]), ("/logs", &login)] {
        let mut target = start.to_owned();
        for _ in 0..3 {
            let answer = get(&router, &target, headers).await;
            match answer.header("location") {
                Some(location) => location.clone_into(&mut target),
                None => break,
            }
        }
        assert!(target.starts_with("/ui/"), "{start} leads to {target}");
        assert_page(&get(&router, &target, headers).await);
    }
    let icon = get(&router, "/favicon.ico", &[]).await;
    assert_eq!(
        (icon.status.as_u16(), icon.header("content-type")),
        (200, Some("image/x-icon"))
    );
    assert!(icon.body.starts_with(&[0, 0, 1, 0]));
}

/// The row wants a key for the page. herder's page has a form for the key, so its files need none; all that they could
/// show does.
#[tokio::test]
async fn row_023_the_page_needs_no_key_and_its_data_does() {
    let router = builder("apiKeys: [k-alpha]").start().await;
    for target in [
        "/ui/",
        "/ui/models/qwen-2.5",
        &style(&router).await,
        "/favicon.ico",
    ] {
        let answer = get(&router, target, &[BROWSER]).await;
        assert_eq!(answer.status, 200, "{target}");
        assert_page_headers_but_cache(&answer);
        assert!(!answer.text().contains("k-alpha"), "{target}");
    }
    error(&get(&router, "/ui/missing.js", &[]).await, 404, "not_found");
    assert_eq!(get(&router, "/ui", &[]).await.status, 307);
    for target in ["/api/events", "/api/config", "/running", "/v1/models", "/logs"] {
        let answer = get(&router, target, &[BROWSER]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("www-authenticate")),
            (401, Some("Basic realm=\"llama-swap\"")),
            "{target}"
        );
    }
}
