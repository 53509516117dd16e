//! The listener with raw clients: where it binds, what it speaks, how it ends.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use http_body_util::{BodyExt, Empty};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// A bound for what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);

async fn listener(listen: &str, tls: Option<TlsAcceptor>) -> io::Result<Listener> {
    Listener::bind(&Address::choose(Some(listen), false, false).unwrap(), tls).await
}

/// Answers with the version and the host of the request.
fn echo() -> Router {
    Router::new().fallback(async |request: Request| {
        let host = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("-");
        format!("{:?} {host}", request.version())
    })
}

async fn get(mut stream: TcpStream) -> String {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_the_address() {
    let first = listener("127.0.0.1:0", None).await.unwrap();
    let address = first.local().to_string();
    let error = listener(&address, None).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_wildcard_can_be_reached_through_loopback() {
    let all = listener(":0", None).await.unwrap();
    let port = all.local().port();
    assert!(all.local().ip().is_unspecified());
    tokio::spawn(all.serve(echo(), CancellationToken::new(), SOON));
    let answer = get(TcpStream::connect(("127.0.0.1", port)).await.unwrap()).await;
    assert!(answer.ends_with("HTTP/1.1 h"), "{answer}");
}

#[tokio::test]
async fn a_request_in_progress_ends_before_serving_does() {
    let (entered, arrived) = oneshot::channel();
    let (go, wait) = oneshot::channel::<()>();
    let once = Arc::new(parking_lot::Mutex::new(Some((entered, wait))));
    let router = Router::new().fallback(move || {
        let (entered, wait) = once.lock().take().expect("one request");
        async move {
            entered.send(()).unwrap();
            wait.await.unwrap();
            "done"
        }
    });
    let listener = listener("127.0.0.1:0", None).await.unwrap();
    let local = listener.local();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(router, stop.clone(), SOON));
    let mut idle = TcpStream::connect(local).await.unwrap();
    let client = tokio::spawn(get(TcpStream::connect(local).await.unwrap()));
    timeout(SOON, arrived).await.unwrap().unwrap();
    stop.cancel();
    // Nobody is accepted any more, and who says nothing is sent away.
    assert_eq!(timeout(SOON, idle.read(&mut [0])).await.unwrap().unwrap(), 0);
    assert!(!serving.is_finished());
    go.send(()).unwrap();
    assert!(client.await.unwrap().ends_with("done"));
    timeout(SOON, serving).await.unwrap().unwrap();
    TcpStream::connect(local).await.unwrap_err();
}

#[tokio::test]
async fn http_0_1_no_http_2_without_tls() {
    let listener = listener("127.0.0.1:0", None).await.unwrap();
    let mut client = TcpStream::connect(listener.local()).await.unwrap();
    tokio::spawn(listener.serve(echo(), CancellationToken::new(), SOON));
    client
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    timeout(SOON, client.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    // hyper says nothing to such a client and closes.
    assert!(answer.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn few_open_files_leave_room_for_models() {
    for (open_files, connections) in [(0, 8), (64, 8), (1024, 368), (16_384, 8048), (usize::MAX, 16_384)] {
        let listener = listener("127.0.0.1:0", None).await.unwrap();
        assert_eq!(
            listener.leave_room(open_files).max_connections,
            connections,
            "{open_files}"
        );
    }
}

#[tokio::test]
async fn a_drain_ends_with_its_budget() {
    let router = Router::new().fallback(std::future::pending::<&str>);
    let listener = listener("127.0.0.1:0", None).await.unwrap();
    let local = listener.local();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(router, stop.clone(), Duration::from_millis(50)));
    let mut client = TcpStream::connect(local).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    stop.cancel();
    timeout(SOON, serving).await.unwrap().unwrap();
}

fn files() -> TlsFiles {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/test_tls");
    TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
    }
}

async fn shake_hands(local: SocketAddr, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(files().certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(local).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    stream
}

#[tokio::test]
async fn http_0_1_tls_speaks_http_1_and_http_2() {
    let listener = listener("127.0.0.1:0", Some(files().load().unwrap()))
        .await
        .unwrap();
    let local = listener.local();
    assert_eq!(listener.url(), format!("https://{local}"));
    tokio::spawn(listener.serve(echo(), CancellationToken::new(), SOON));

    let mut stream = shake_hands(local, b"http/1.1").await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.ends_with("HTTP/1.1 h"), "{answer}");

    let stream = TokioIo::new(shake_hands(local, b"h2").await);
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://two.test/")
        .body(Empty::<bytes::Bytes>::new())
        .unwrap();
    let answer = timeout(SOON, client.send_request(request))
        .await
        .unwrap()
        .unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "HTTP/2.0 two.test");
}

#[test]
fn tls_files_that_cannot_be_used_are_named() {
    let missing = TlsFiles {
        certificate: "no/such.pem".into(),
        ..files()
    };
    let error = missing.load().err().unwrap().to_string();
    assert!(
        error.starts_with("cannot read certificates from no/such.pem: "),
        "{error}"
    );
    let swapped = TlsFiles {
        key: files().certificate,
        ..files()
    };
    let error = swapped.load().err().unwrap().to_string();
    assert!(error.starts_with("cannot read the key from "), "{error}");
}
