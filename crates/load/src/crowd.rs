//! Requests that wait: each on a connection of its own, for one of several models in turn, until standard input ends.
//!
//! Nobody expects an answer. One that comes is an error, because then somebody has not waited.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::bodies;
use crate::flags::Flags;
use crate::requests::request;

#[derive(Debug)]
pub(crate) struct Plan {
    address: SocketAddr,
    /// Head and body, for `model-0`, `model-1` and so on.
    requests: Vec<Vec<u8>>,
    connections: usize,
}

impl Plan {
    pub(crate) fn read(flags: &Flags) -> Result<Self> {
        let address = flags.number("address")?;
        let models: usize = flags.number("models")?;
        let kind = flags.required("body")?;
        let requests = (0..models).map(|number| {
            let body = bodies::build(kind, &format!("model-{number}"), None)?;
            Ok(request(flags, address, &body))
        });
        Ok(Self {
            address,
            requests: requests.collect::<Result<_>>()?,
            connections: flags.number("connections")?,
        })
    }
}

/// Sends everything, prints one line of JSON, and holds the connections until standard input ends.
///
/// # Errors
/// A connection that cannot be had, or that has been answered or closed meanwhile.
pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let mut crowd = Vec::with_capacity(plan.connections);
    for request in plan.requests.iter().cycle().take(plan.connections) {
        let mut stream = TcpStream::connect(plan.address)
            .await
            .with_context(|| format!("connection {}", crowd.len() + 1))?;
        stream.write_all(request).await?;
        crowd.push(stream);
    }
    println!("{}", json!({"sent": crowd.len()}));
    // Nothing else is to be done meanwhile, so this may block.
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    for stream in &crowd {
        let mut answer = [0; 128];
        match stream.try_read(&mut answer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(length) => bail!("answered: {}", String::from_utf8_lossy(&answer[..length])),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
