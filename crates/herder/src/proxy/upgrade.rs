//! Connections that stop being HTTP: once the model server has answered 101, bytes flow both ways until either side
//! ends, the process is gone, or herder shuts down. Which protocol it is does not matter.

use std::time::Duration;

use axum::body::Body;
use herder_wire::headers;
use http::{Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};

use super::Access;
use super::forward::relay_headers;
use crate::cancellation::Cancelled;
use crate::upstream::Answer;

/// How long the other direction may go on after one has ended. Enough for a closing handshake; a peer that never
/// closes must not hold the model.
const HALF_CLOSED: Duration = Duration::from_secs(5);

/// Answers the client with the model server's 101 and connects the two sides in a task of their own, which holds
/// `access` until the connection ends.
pub(super) fn open(
    mut answer: Response<Answer>,
    client_side: OnUpgrade,
    access: Access,
    cancelled: Cancelled,
) -> Response<Body> {
    let upstream_side = hyper::upgrade::on(&mut answer);
    let mut fields = std::mem::take(answer.headers_mut());
    let protocol = headers::upgrade(&fields);
    relay_headers(&mut fields);
    if let Some(protocol) = protocol {
        headers::set_upgrade(&mut fields, protocol);
    }
    let ended = access.ended().clone();
    let tunnels = access.tunnels().clone();
    tunnels.spawn(async move {
        tokio::select! {
            () = connect(client_side, upstream_side) => {}
            () = ended.cancelled() => {}
            _ = cancelled => {}
        }
        drop(access);
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = fields;
    response
}

async fn connect(client_side: OnUpgrade, upstream_side: OnUpgrade) {
    // A side that is gone before the switch is complete leaves nothing to connect.
    let (Ok(client), Ok(upstream)) = tokio::join!(client_side, upstream_side) else {
        return;
    };
    tunnel(TokioIo::new(client), TokioIo::new(upstream)).await;
}

/// Copies both ways until both have ended, or [`HALF_CLOSED`] after the first. An error ends its direction.
async fn tunnel(left: impl AsyncRead + AsyncWrite, right: impl AsyncRead + AsyncWrite) {
    let (mut left_in, mut left_out) = split(left);
    let (mut right_in, mut right_out) = split(right);
    let rightward = async {
        let _ = copy(&mut left_in, &mut right_out).await;
        let _ = right_out.shutdown().await;
    };
    let leftward = async {
        let _ = copy(&mut right_in, &mut left_out).await;
        let _ = left_out.shutdown().await;
    };
    tokio::pin!(rightward, leftward);
    tokio::select! {
        () = &mut rightward => drop(tokio::time::timeout(HALF_CLOSED, leftward).await),
        () = &mut leftward => drop(tokio::time::timeout(HALF_CLOSED, rightward).await),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_flow_both_ways_until_one_side_ends() {
        let (mut client, left) = tokio::io::duplex(64);
        let (mut server, right) = tokio::io::duplex(64);
        let connected = tokio::spawn(tunnel(left, right));
        client.write_all(b"ping").await.unwrap();
        let mut received = [0; 4];
        server.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"ping");
        server.write_all(b"pong").await.unwrap();
        client.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"pong");
        // The server never closes: the tunnel ends all the same.
        drop(client);
        connected.await.unwrap();
        assert_eq!(server.read(&mut received).await.unwrap(), 0);
    }
}
