//! nginx in front of the same upstream: what a router could cost that does nothing but forward.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::server::Server;
use crate::programs;

/// Said when there is none.
pub(super) const MISSING: &str =
    "nginx is not in PATH: its rows and the promises against it are missing (install the package nginx)";

/// A running nginx.
pub(super) struct Nginx {
    pub(super) server: Server,
    /// Reads a request's whole body before it sends it on, as is nginx's default.
    pub(super) port: u16,
    /// Sends the body on as it comes.
    pub(super) unbuffered_port: u16,
}

/// Starts nginx with one worker on these ports, buffered and unbuffered; none when it is not installed.
///
/// # Errors
/// It does not start.
pub(super) fn start(
    folder: &Path,
    upstream_port: u16,
    [port, unbuffered_port]: [u16; 2],
) -> Result<Option<Nginx>> {
    let Ok(program) = programs::require(&["nginx"], "nginx") else {
        return Ok(None);
    };
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(folder, upstream_port, port, unbuffered_port))?;
    let words = [
        &*program.to_string_lossy(),
        "-e",
        "stderr",
        "-p",
        &*folder.to_string_lossy(),
        "-c",
        &*file.to_string_lossy(),
    ];
    let server = Server::start("nginx", &words, &[], folder)?;
    server.await_answer(([127, 0, 0, 1], port).into(), "/health")?;
    Ok(Some(Nginx {
        server,
        port,
        unbuffered_port,
    }))
}

fn configuration(folder: &Path, upstream_port: u16, port: u16, unbuffered_port: u16) -> String {
    let folder = folder.display();
    format!(
        r#"# Written by `cargo xtask bench`; docs/performance.md says why it is so.
daemon off;
# One worker, as issue 6 says: herder's targets are ratios to what one event loop can do.
worker_processes 1;
pid "{folder}/nginx.pid";
error_log stderr warn;
events {{
    # Two for each client; the default of 512 would be too few.
    worker_connections 4096;
}}
http {{
    # herder writes a line for each request as well, and many of them at once.
    access_log "{folder}/nginx-access.log" combined buffer=64k flush=20ms;
    # Nothing is written there: bodies fit into the buffer, and answers are not buffered.
    client_body_temp_path "{folder}/nginx-bodies";
    proxy_temp_path "{folder}/nginx-answers";
    fastcgi_temp_path "{folder}/nginx-unused";
    uwsgi_temp_path "{folder}/nginx-unused";
    scgi_temp_path "{folder}/nginx-unused";
    client_max_body_size 64m;
    client_body_buffer_size 16m;
    # Connections stay open on both sides for as long as anybody uses them, as herder's do.
    keepalive_requests 1000000000;
    upstream model {{
        server 127.0.0.1:{upstream_port};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    # Event streams pass as they come.
    proxy_buffering off;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{ proxy_pass http://model; }}
    }}
    server {{
        listen 127.0.0.1:{unbuffered_port} backlog=1024;
        location / {{
            proxy_pass http://model;
            # The upstream sees the beginning of a body before the client has sent its end.
            proxy_request_buffering off;
        }}
    }}
}}
"#
    )
}
