//! `herder serve`: the start sequence, the life and the end of the router (spec/config.md 1.2 and 1.3). What happens
//! when the configuration changes in between is the business of [`crate::reload`].

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use arc_swap::ArcSwap;
use herder_config::{Environment, Sources};
use herder_core::Plan;
use herder_supervisor::{Options, Supervisor};
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::arguments::ServeArguments;
use super::signals::{Signal, Signals};
use super::{colours, guard, open_files, say, version};
use crate::activity::store::{Settings, Store};
use crate::app::{App, Snapshot};
use crate::config_watch::ConfigWatch;
use crate::configuration::{Configuration, InUse};
use crate::driver::Driver;
use crate::in_flight::InFlight;
use crate::logs::{Logger, Logs, StandardOutput};
use crate::measured_costs;
use crate::monitor::{Hardware, Monitor};
use crate::plan::{self, Planned};
use crate::preload::{self, Preloader};
use crate::proxy::Peers;
use crate::reload::{self, Reloader, Trigger};
use crate::routes;
use crate::serve::{Address, Listener, TlsFiles};

/// Draining requests and stopping models share this (spec/config.md 1.3).
const SHUTDOWN_BUDGET: Duration = Duration::from_secs(30);

/// After this the program ends with code 1, whatever hangs (spec/config.md 1.3).
const SHUTDOWN_BACKSTOP: Duration = Duration::from_secs(35);

/// What a second signal leaves to the kills that are still possible.
const FORCED_SHUTDOWN: Duration = Duration::from_secs(2);

/// How long connections may stay when all models are gone: answers that have ended may still be on their way to slow
/// clients. A client that never ends its request must not use up the whole budget.
const LAST_BYTES: Duration = Duration::from_secs(5);

/// How long the last log lines may take. A reader that has stopped reading must not keep herder from ending.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How long the last rows of the activity store may take.
const LAST_ROWS: Duration = Duration::from_secs(1);

/// Threads that serve. herder moves bytes and waits; model servers need the other cores.
const MAX_WORKERS: usize = 4;

/// Runs the router until it is told to end.
pub(super) fn run(arguments: &ServeArguments) -> ExitCode {
    match prepare(arguments).and_then(Prepared::run) {
        Ok(code) => code,
        Err(error) => {
            say(format_args!("herder: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// All that can be known to be right before anything runs.
struct Prepared {
    snapshot: Snapshot,
    plan: Plan,
    /// The configuration as people see it.
    in_use: InUse,
    address: Address,
    tls: Option<TlsFiles>,
    sources: Sources,
    /// Watches the sources, with `-watch-config`.
    files: Option<ConfigWatch>,
}

fn prepare(arguments: &ServeArguments) -> anyhow::Result<Prepared> {
    anyhow::ensure!(
        arguments.config.is_some() || arguments.config_dir.is_some(),
        "no configuration: at least one of -config FILE and -config-dir DIRECTORY is needed"
    );
    let tls = match (&arguments.tls_cert_file, &arguments.tls_key_file) {
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            anyhow::bail!("-tls-cert-file and -tls-key-file must be given together")
        }
    };
    let sources = Sources {
        config: arguments.config.clone(),
        config_dir: arguments.config_dir.clone(),
    };
    // Before the files are read, so that no edit is missed.
    let files = arguments
        .watch_config
        .then(|| ConfigWatch::begin(&sources))
        .transpose()
        .context("-watch-config")?;
    let Planned { loaded, roster, plan } = plan::load(&sources, &Environment::of_process(), false)
        .map_err(|error| anyhow::anyhow!("the configuration cannot be used\n{}", error.render(colours())))?;
    if !loaded.warnings.is_empty() {
        say(loaded.render(&loaded.warnings, colours()));
    }
    let in_use = InUse::of(&loaded);
    let config = loaded.config;
    let address = Address::choose(
        arguments.listen.as_deref(),
        !config.api_keys.is_empty(),
        tls.is_some(),
    )?;
    let snapshot = Snapshot::new(config, roster).context("upstream.ignorePaths")?;
    Ok(Prepared {
        snapshot,
        plan,
        in_use,
        address,
        tls,
        sources,
        files,
    })
}

impl Prepared {
    fn run(self) -> anyhow::Result<ExitCode> {
        let open_files = open_files::make_room();
        let workers = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MAX_WORKERS);
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("herder")
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let code = runtime.block_on(self.start_and_serve(open_files));
        // What is left are connections that did not end in time; they end with the program.
        runtime.shutdown_background();
        code
    }

    async fn start_and_serve(self, open_files: usize) -> anyhow::Result<ExitCode> {
        let logs = Arc::new(Logs::new(&self.snapshot.config));
        let output = StandardOutput::start(logs.combined(), io::stdout())
            .context("cannot start the thread that writes standard output")?;
        let result = self.serve(&logs, open_files).await;
        logs.close();
        // Waits for a thread, which is all that is left to do here.
        tokio::task::block_in_place(|| output.finish(LAST_LINES));
        result
    }

    async fn serve(self, logs: &Arc<Logs>, open_files: usize) -> anyhow::Result<ExitCode> {
        let Self {
            snapshot,
            plan,
            in_use,
            address,
            tls,
            sources,
            files,
        } = self;
        let tls = tls.map(|files| files.load()).transpose()?;
        // Before anything is started: nothing has to be stopped when the port is taken (C5).
        let listener = Listener::bind(&address, tls).await?.leave_room(open_files);
        let signals = Signals::install().context("cannot take over signals")?;
        let activity = Arc::new(Store::open(&Settings::of(&snapshot.config), Arc::clone(logs))?);
        let supervisor = supervisor()?;
        let snapshot = Arc::new(snapshot);
        let monitor = Monitor::start(snapshot.config.performance, Arc::clone(logs));
        let driver = Driver::new(Arc::clone(&snapshot), plan, Arc::clone(logs), supervisor);
        measured_costs::seed(&driver, &activity).await?;
        let (reloader, requests) = Reloader::new();
        let app = Arc::new(App {
            snapshot: ArcSwap::new(Arc::clone(&snapshot)),
            configuration: Configuration::new(in_use, Arc::clone(&snapshot), files.is_some()),
            reloaded: watch::Sender::new(()),
            reloader,
            active_profile: watch::Sender::new(None),
            driver,
            peers: Peers::new(),
            logs: Arc::clone(logs),
            in_flight: Arc::new(InFlight::new()),
            activity: Arc::clone(&activity),
            monitor,
            hardware: Hardware::default(),
            shutdown: CancellationToken::new(),
        });
        announce(logs.logger(), &listener, &address);
        let mut preloader = Preloader::default();
        preloader.load(&app, preload::wanted(&snapshot));
        let start = reload::Start {
            sources,
            listens: address.reason(),
            log_to_stdout: snapshot.config.log_to_stdout,
            preloader,
        };
        tokio::spawn(reload::serve(Arc::clone(&app), requests, start));
        if let Some(files) = files {
            tokio::spawn(reload::watch(Arc::clone(&app), files));
        }
        tokio::spawn(detect_hardware(Arc::clone(&app)));
        tokio::spawn(measured_costs::keep(Arc::clone(&app)));
        let code = Running::start(Arc::clone(&app), listener)
            .until_ended(signals)
            .await;
        // The last stops have been measured by now.
        measured_costs::keep_all(&app);
        // Waits for a thread; nothing else is left to do.
        tokio::task::block_in_place(|| activity.close(LAST_ROWS));
        Ok(code)
    }
}

async fn detect_hardware(app: Arc<App>) {
    app.hardware.detect(&app.logs).await;
}

/// A router that accepts connections.
struct Running {
    app: Arc<App>,
    /// Stops accepting.
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Running {
    fn start(app: Arc<App>, listener: Listener) -> Self {
        let stop = CancellationToken::new();
        let router = routes::service(Arc::clone(&app));
        let serving = tokio::spawn(listener.serve(router, stop.clone(), SHUTDOWN_BUDGET));
        Self { app, stop, serving }
    }

    async fn until_ended(self, mut signals: Signals) -> ExitCode {
        let Self {
            app,
            stop,
            mut serving,
        } = self;
        let logger = app.logs.logger();
        loop {
            match signals.next().await {
                Signal::End => break,
                Signal::Reload => app.reloader.request(Trigger::Signal),
            }
        }
        logger.info("shutting down");
        let backstop = sleep(SHUTDOWN_BACKSTOP);
        // Streams that would never end by themselves go first.
        app.shutdown.cancel();
        stop.cancel();
        let ended = async {
            tokio::join!(
                app.driver.shutdown(SHUTDOWN_BUDGET),
                app.peers.shutdown(SHUTDOWN_BUDGET)
            );
            // Accepting has ended long ago. A client that is still in the middle of its request gets nothing any more.
            let _ = timeout(LAST_BYTES, &mut serving).await;
        };
        tokio::select! {
            () = ended => {
                logger.info("shutdown complete");
                return ExitCode::SUCCESS;
            }
            () = until_end(&mut signals) => logger.warn("second signal: ending at once"),
            () = backstop => logger.error("the shutdown takes too long: ending now"),
        }
        let _ = timeout(FORCED_SHUTDOWN, app.driver.shutdown(Duration::ZERO)).await;
        ExitCode::FAILURE
    }
}

async fn until_end(signals: &mut Signals) {
    while signals.next().await != Signal::End {}
}

fn supervisor() -> anyhow::Result<Supervisor> {
    // On Windows a job object does what the guard does elsewhere.
    let guard = if cfg!(unix) {
        let executable = std::env::current_exe().context("cannot find herder's own executable")?;
        Some(guard::command(executable))
    } else {
        None
    };
    Supervisor::new(Handle::current(), Options { guard }).context("cannot start the supervisor")
}

/// The start line. Scripts wait for its `listening on URL`.
fn announce(logger: &Logger, listener: &Listener, address: &Address) {
    let (url, reason) = (listener.url(), address.reason().explanation());
    logger.info(format_args!(
        "herder {} listening on {url} ({reason})",
        version::VERSION
    ));
    let local = listener.local();
    if !local.ip().is_loopback() {
        let port = local.port();
        logger.info(format_args!(
            "other machines can connect; from this one use localhost:{port}"
        ));
    }
}
