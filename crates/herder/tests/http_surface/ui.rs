//! Rows 124 and 125: the web page and its files; how browsers come to it and may keep it.

use herder_testkit::{Response, Router};
use http::Method;

use crate::fixture::{builder, error, router};

/// As browsers ask for what stands in the address bar.
const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

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

#[tokio::test]
async fn row_124_compressed_for_those_who_take_it() {
    let router = router().await;
    let plain = get(&router, "/ui/app.js", &[]).await;
    assert_eq!(
        (plain.status.as_u16(), plain.header("content-encoding")),
        (200, None)
    );
    for (accepted, encoding) in [
        ("gzip, br;q=0.9", Some("br")),
        ("gzip", None),
        ("brotli", None),
        ("gzip, br;q=0", None),
    ] {
        let answer = get(&router, "/ui/app.js", &[("accept-encoding", accepted)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-encoding")),
            (200, encoding),
            "{accepted}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/javascript; charset=utf-8"),
            "{accepted}"
        );
        // Q18: of the plain form, too.
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
        if encoding.is_some() {
            assert!(answer.body.len() < plain.body.len(), "{accepted}");
            let mut whole = Vec::new();
            brotli::BrotliDecompress(&mut &answer.body[..], &mut whole).unwrap();
            assert_eq!(whole, plain.body, "{accepted}");
        } else {
            assert_eq!(answer.body, plain.body, "{accepted}");
        }
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
    for target in [
        "/ui/missing.js",
        "/ui/App.js",
        "/ui/..%2fCargo.toml",
        "/ui/%2e%2e/x.y",
    ] {
        error(&get(&router, target, &[]).await, 404, "not_found");
    }
    // No way out: what is no file of the page is a place in it.
    assert_page(&get(&router, "/ui/..%2f..%2f..%2fetc%2fpasswd", &[]).await);
    let style = get(&router, "/ui/%73tyle.css", &[]).await;
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
    for encoding in ["identity", "br"] {
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
    assert_ne!(tags[0], tags[1]);
}

#[track_caller]
fn assert_page_headers(answer: &Response) {
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
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
    let whole = get(&router, "/ui/style.css", &[]).await;
    let head = router.request(Method::HEAD, "/ui/style.css", &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    assert_eq!(
        head.header("content-length"),
        Some(&*whole.body.len().to_string())
    );
}

/// Every redirect of herder's own to the page arrives there, and the icon is at hand without a key.
#[tokio::test]
async fn redirects_to_the_page_arrive() {
    let router = builder("apiKeys: [k-alpha]").start().await;
    // any:k-alpha, as a browser sends what was typed into its prompt.
    let login = [BROWSER, ("authorization", "Basic YW55OmstYWxwaGE=")];
    for start in ["/", "/upstream", "/logs"] {
        let mut target = start.to_owned();
        for _ in 0..3 {
            let answer = get(&router, &target, &login).await;
            match answer.header("location") {
                Some(location) => location.clone_into(&mut target),
                None => break,
            }
        }
        assert!(target.starts_with("/ui/"), "{start} leads to {target}");
        assert_page(&get(&router, &target, &login).await);
    }
    let icon = get(&router, "/favicon.ico", &[]).await;
    assert_eq!(
        (icon.status.as_u16(), icon.header("content-type")),
        (200, Some("image/x-icon"))
    );
    assert!(icon.body.starts_with(&[0, 0, 1, 0]));
}

/// The prompt for the key comes from the browser itself.
#[tokio::test]
async fn row_023_a_browser_is_asked_for_the_key() {
    let router = builder("apiKeys: [k-alpha]").start().await;
    for target in ["/ui/", "/ui/app.js", "/ui/models/qwen-2.5", "/ui/missing.js"] {
        let answer = get(&router, target, &[BROWSER]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("www-authenticate")),
            (401, Some("Basic realm=\"llama-swap\"")),
            "{target}"
        );
        assert_eq!(answer.header("content-type"), Some("text/html"), "{target}");
        assert!(!answer.text().contains("<title>"), "{target}");
    }
    let answer = get(&router, "/ui", &[]).await;
    assert_eq!(answer.status, 307);
}
