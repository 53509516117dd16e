//! A controllable model server for tests.
//!
//! Flags say how the process behaves (`options.rs`), request headers how one answer behaves (`answers.rs`). Whatever
//! happens is written to the event log, so that tests count spawns and see aborted requests instead of guessing.

mod answers;
mod body;
mod options;

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::EventLog;
use options::{Mode, OnTerm, Options};

/// How long the server keeps trying to get its port: the previous generation may be just gone.
const BIND_PATIENCE: Duration = Duration::from_secs(5);

/// A running fake upstream.
#[derive(Debug)]
struct Server {
    options: Options,
    loaded: AtomicBool,
}

/// Runs the fake upstream with the arguments of this process.
pub fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            say_error(&format!("fake-upstream: {error}"));
            return ExitCode::from(2);
        }
    };
    match options.mode {
        Mode::Serve => serve_until_ended(options),
        Mode::Wrap {
            grandchild_ignores_term,
        } => wrap(&options, grandchild_ignores_term),
        Mode::Daemonise => {
            options.log("wrapper", "daemonise");
            match background_copy(false) {
                Ok(_) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// Stays in the foreground while a copy of itself does the work, as a careless shell script does: SIGTERM ends the
/// wrapper without telling the copy.
fn wrap(options: &Options, grandchild_ignores_term: bool) -> ExitCode {
    options.log("wrapper", "fork-grandchild");
    let code = background_copy(grandchild_ignores_term)
        .and_then(|mut copy| copy.wait())
        .ok()
        .and_then(|status| u8::try_from(status.code()?).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// This program again, without the flags that make it start itself.
fn background_copy(ignores_term: bool) -> std::io::Result<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(Options::arguments_of_copy(std::env::args().skip(1)));
    if ignores_term {
        command.arg("--ignore-term");
    }
    command.stdin(Stdio::null()).spawn()
}

fn serve_until_ended(options: Options) -> ExitCode {
    options.log("spawn", &options.port.to_string());
    for name in &options.logged_variables {
        let value = std::env::var(name).unwrap_or_else(|_| "(unset)".to_owned());
        options.log("env", &format!("{name}={value}"));
    }
    for print in &options.prints {
        print.write();
    }
    if let Some(code) = options.exit_at_once {
        options.log("exit", &code.to_string());
        return ExitCode::from(code);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say_error(&format!("fake-upstream: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(options));
    // Leaves blocking threads, such as a flood into a pipe that nobody reads, to the operating system.
    runtime.shutdown_background();
    code
}

async fn run(options: Options) -> ExitCode {
    let server = Arc::new(Server {
        loaded: AtomicBool::new(options.load.is_zero()),
        options,
    });
    let exit_after = server.options.exit_after;
    let ended = ended_by_signal(Arc::clone(&server));
    if let Some(bytes) = server.options.flood {
        tokio::task::spawn_blocking({
            let server = Arc::clone(&server);
            move || server.flood(bytes)
        });
    }
    tokio::select! {
        code = ended => code,
        error = listen(Arc::clone(&server)) => {
            say_error(&format!("fake-upstream: {error}"));
            server.options.log("exit", "1");
            ExitCode::FAILURE
        }
        () = tokio::time::sleep(exit_after.unwrap_or_default()), if exit_after.is_some() => {
            server.options.log("exit", "0");
            ExitCode::SUCCESS
        }
    }
}

async fn ended_by_signal(server: Arc<Server>) -> ExitCode {
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return ExitCode::FAILURE;
    };
    loop {
        term.recv().await;
        server.options.log("term", "");
        match &server.options.on_term {
            OnTerm::Ignore => {}
            OnTerm::Exit { delay, cleanup_file } => {
                tokio::time::sleep(*delay).await;
                if let Some(path) = cleanup_file {
                    // A test that misses the file says so itself.
                    let _ = std::fs::write(path, "cleaned up\n");
                }
                server.options.log("exit", "0");
                return ExitCode::SUCCESS;
            }
        }
    }
}

/// Loads and serves; returns only an error.
async fn listen(server: Arc<Server>) -> std::io::Error {
    let load = server.options.load;
    if server.options.listens_while_loading {
        tokio::spawn({
            let server = Arc::clone(&server);
            async move { server.finish_loading(load).await }
        });
    } else {
        server.finish_loading(load).await;
    }
    let listener = match bind((server.options.host, server.options.port).into()).await {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    server.options.log("listening", &server.options.port.to_string());
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return error,
        };
        // Small chunks are to be seen when they are sent.
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(move |request| answers::answer(Arc::clone(&server), request));
            let connection = http1::Builder::new()
                .preserve_header_case(true)
                .serve_connection(TokioIo::new(stream), service);
            // Broken connections are what some tests are about.
            let _ = connection.with_upgrades().await;
        });
    }
}

async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let deadline = Instant::now() + BIND_PATIENCE;
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            result => return result,
        }
    }
}

impl Server {
    async fn finish_loading(&self, load: Duration) {
        if !load.is_zero() {
            tokio::time::sleep(load).await;
        }
        self.loaded.store(true, Ordering::Release);
        self.options.log("loaded", "");
    }

    /// Writes lines to both standard streams in turn, `bytes` in all, and logs how long that took. Blocks.
    fn flood(&self, bytes: usize) -> Duration {
        const LINE: &[u8; 64] = b"flood flood flood flood flood flood flood flood flood flood .. \n";
        let started = Instant::now();
        let (mut out, mut error) = (std::io::stdout().lock(), std::io::stderr().lock());
        let (mut left, mut to_out) = (bytes, true);
        while left > 0 {
            let line = &LINE[..left.min(LINE.len())];
            let written = if to_out {
                out.write_all(line)
            } else {
                error.write_all(line)
            };
            if written.is_err() {
                break;
            }
            left -= line.len();
            to_out = !to_out;
        }
        // Standard output is buffered by lines; an incomplete last one is still inside.
        let _ = out.flush();
        let took = started.elapsed();
        self.options.log(
            "flooded",
            &format!("{} bytes in {} ms", bytes - left, took.as_millis()),
        );
        took
    }
}

impl Options {
    fn log(&self, kind: &str, detail: &str) {
        if let Some(path) = &self.event_log {
            EventLog::new(path).append(&self.name, kind, detail);
        }
    }
}

fn say_error(text: &str) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr(), "{text}");
}
