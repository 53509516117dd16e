//! The reload: another configuration, while herder serves (spec/config.md 1.4 with decisions.md, "Reload").
//!
//! One task owns it. Requests to reload come from the operating system, from the watcher of the files and from the API;
//! those that come while one runs end in exactly one more, so the newest files always win (C1). A reload is a
//! difference: what it does to processes is the driver's and the core's business, what changes is in `difference`.

mod difference;

use std::sync::Arc;

use herder_config::{Config, Diagnostic, Environment, GivenPorts, LogToStdout, Sources, redact};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, spawn_blocking};

use crate::activity::store::{Change, Settings};
use crate::app::{App, Snapshot};
use crate::config_watch::ConfigWatch;
use crate::configuration::{Finding, InUse};
use crate::measured_costs;
use crate::plan::{self, LoadError, Planned};
use crate::preload::{self, Preloader};
use crate::serve::Reason;
pub use difference::Difference;

/// Requests to reload that wait for the next one. Each costs a few bytes, and one more tells nothing new; those who want
/// an answer wait until there is room.
const MAX_WAITING: usize = 16;

/// Asks for reloads.
#[derive(Debug, Clone)]
pub struct Reloader {
    requests: mpsc::Sender<Request>,
}

/// Somebody who asks for a reload.
#[derive(Debug)]
struct Request {
    trigger: Trigger,
    /// Where he wants to hear how it ended, if he does.
    answer: Option<oneshot::Sender<Outcome>>,
}

/// What asks for a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Trigger {
    /// A request to the API.
    Request,
    /// Files that have changed, with `-watch-config`.
    File,
    /// SIGHUP.
    Signal,
}

/// Where requests to reload come out.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<Request>);

/// How a reload ended.
pub type Outcome = Result<Arc<Report>, Arc<ReloadError>>;

/// What a reload has changed.
#[derive(Debug)]
pub struct Report {
    /// The models.
    pub difference: Difference,
    /// What works, but probably not as meant, each with its place in the files; and what needs a restart.
    pub warnings: Vec<String>,
}

/// Why the configuration stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The new one cannot be used: a line for each reason.
    #[error("{}", .0.join("\n"))]
    Unusable(Vec<String>),
    /// A fault in herder.
    #[error("the reload failed: {0}")]
    Fault(String),
    /// herder ends.
    #[error("herder is shutting down")]
    ShuttingDown,
}

impl From<JoinError> for ReloadError {
    fn from(fault: JoinError) -> Self {
        Self::Fault(fault.to_string())
    }
}

/// What reloads need to know about the start.
#[derive(Debug)]
pub struct Start {
    /// The files.
    pub sources: Sources,
    /// Why herder listens where it listens.
    pub listens: Reason,
    /// What reaches standard output.
    pub log_to_stdout: LogToStdout,
    /// Who preloads.
    pub preloader: Preloader,
}

impl Reloader {
    /// One who asks, and where it is heard.
    #[must_use]
    pub fn new() -> (Self, Requests) {
        let (requests, receiver) = mpsc::channel(MAX_WAITING);
        (Self { requests }, Requests(receiver))
    }

    /// Asks for a reload with the files as they are now.
    pub fn request(&self, trigger: Trigger) {
        // When there is no room, a reload is to come anyway.
        let _ = self.requests.try_send(Request {
            trigger,
            answer: None,
        });
    }

    /// Reloads with the files as they are now, and tells what came of it. It does not wait for processes.
    ///
    /// # Errors
    ///
    /// When everything stays as it was.
    pub async fn reload(&self) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        let request = Request {
            trigger: Trigger::Request,
            answer: Some(sender),
        };
        // Nobody hears it when herder ends; then the sender is dropped.
        let _ = self.requests.send(request).await;
        let ended = || Err(Arc::new(ReloadError::ShuttingDown));
        outcome.await.unwrap_or_else(|_| ended())
    }
}

impl Requests {
    /// Everybody who has asked by now, once somebody has. `None` when nobody can ask any more.
    async fn next(&mut self) -> Option<Asked> {
        let mut asked = Vec::new();
        let count = self.0.recv_many(&mut asked, MAX_WAITING).await;
        (count > 0).then_some(Asked(asked))
    }
}

/// Those who have asked for one reload.
struct Asked(Vec<Request>);

impl Asked {
    /// What the first of them is; there is at least one.
    fn trigger(&self) -> Trigger {
        self.0.first().map_or(Trigger::Request, |first| first.trigger)
    }

    /// The reload has ended. Who does not wait any more need not hear it.
    fn answer(self, outcome: &Outcome) {
        for asker in self.0.into_iter().filter_map(|request| request.answer) {
            let _ = asker.send(outcome.clone());
        }
    }
}

/// Reloads whenever somebody asks for it, until herder ends.
pub async fn serve(app: Arc<App>, requests: Requests, start: Start) {
    let shutdown = app.shutdown.clone();
    tokio::select! {
        () = reload_each(app, requests, start) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn reload_each(app: Arc<App>, mut requests: Requests, start: Start) {
    let Start {
        sources,
        listens,
        log_to_stdout,
        mut preloader,
    } = start;
    let sources = Arc::new(sources);
    let fixed = Fixed {
        listens,
        log_to_stdout,
    };
    // Those who ask from now on get the outcome of the next reload: they may know files that this one has not seen.
    while let Some(asked) = requests.next().await {
        let trigger = asked.trigger();
        let reload = reload(Arc::clone(&app), Arc::clone(&sources), fixed, trigger);
        let outcome = match contained(reload).await {
            Ok(done) => {
                preloader.load(&app, done.preload);
                Ok(Arc::new(done.report))
            }
            Err(error) => {
                tell_failure(&app, &error);
                app.configuration.refused(trigger, &error);
                Err(Arc::new(error))
            }
        };
        asked.answer(&outcome);
    }
}

/// Asks for a reload whenever the files change, until herder ends.
pub async fn watch(app: Arc<App>, mut files: ConfigWatch) {
    loop {
        tokio::select! {
            () = files.changed() => app.reloader.request(Trigger::File),
            () = app.shutdown.cancelled() => return,
        }
    }
}

/// Runs a reload in a task of its own, so that a fault of it does not cost the next ones.
async fn contained<T: Send + 'static>(
    reload: impl Future<Output = Result<T, ReloadError>> + Send + 'static,
) -> Result<T, ReloadError> {
    let ended = tokio::spawn(reload).await;
    ended.unwrap_or_else(|fault| Err(fault.into()))
}

fn tell_failure(app: &App, error: &ReloadError) {
    let logger = app.logs.logger();
    match error {
        ReloadError::Unusable(reasons) => {
            logger.warn("the configuration cannot be used, the previous one goes on:");
            for reason in reasons {
                logger.warn(reason);
            }
        }
        ReloadError::Fault(_) => logger.error(error),
        ReloadError::ShuttingDown => {}
    }
}

/// What stays as it was at the start.
#[derive(Debug, Clone, Copy)]
struct Fixed {
    listens: Reason,
    log_to_stdout: LogToStdout,
}

/// A reload that has succeeded.
struct Done {
    report: Report,
    /// The models to load now.
    preload: Vec<herder_core::ModelId>,
}

async fn reload(
    app: Arc<App>,
    sources: Arc<Sources>,
    fixed: Fixed,
    trigger: Trigger,
) -> Result<Done, ReloadError> {
    let previous = app.snapshot.load_full();
    let (planned, mut in_use) = load(&app, Arc::clone(&previous), sources).await?;
    let Planned { loaded, roster, plan } = planned;
    let mut warnings: Vec<String> = loaded.warnings.iter().map(line).collect();
    let snapshot = previous
        .succeeding(loaded.config, roster)
        .map_err(|error| ReloadError::Unusable(vec![error.to_string()]))?;
    let snapshot = Arc::new(snapshot);
    let config = &snapshot.config;
    let store = prepare_store(&app, config).await?;
    let restart = restart_needed(config, fixed);
    in_use
        .warnings
        .extend(restart.iter().cloned().map(Finding::warning));
    warnings.extend(restart);

    // The driver first: no request may see a configuration that the driver does not know.
    let restarting = app
        .driver
        .reconfigure(Arc::clone(&snapshot), plan)
        .ok_or(ReloadError::ShuttingDown)?;
    app.snapshot.store(Arc::clone(&snapshot));
    app.logs.logger().set(config.log_level, config.log_time_format);
    app.monitor.apply(config.performance);
    app.active_profile.send_if_modified(|active| {
        let gone = active
            .as_deref()
            .is_some_and(|active| !config.profiles.contains_key(active));
        if gone {
            *active = None;
        }
        gone
    });
    let difference = Difference::between(&previous.config, config);
    let is_same = previous.config == *config;
    app.configuration
        .applied(trigger, in_use, Arc::clone(&snapshot), &difference, is_same);
    app.reloaded.send_replace(());
    let activity = Arc::clone(&app.activity);
    // Waits for the last rows of a database that is given up.
    off_the_runtime(move || activity.apply(store)).await?;
    measured_costs::follow_reload(&app).await;

    let logger = app.logs.logger();
    for warning in &warnings {
        logger.warn(warning);
    }
    logger.info(format_args!("configuration reloaded: {difference}"));
    let before = preload::wanted(&previous);
    let mut preload = preload::wanted(&snapshot);
    preload.retain(|model| !before.contains(model) || restarting.contains(model));
    Ok(Done {
        report: Report { difference, warnings },
        preload,
    })
}

/// Reads the files, off the threads that serve.
async fn load(
    app: &Arc<App>,
    previous: Arc<Snapshot>,
    sources: Arc<Sources>,
) -> Result<(Planned, InUse), ReloadError> {
    let ports = ports(app, &previous);
    let read = move || {
        let planned = plan::reload(&sources, &Environment::of_process(), &ports, previous.roster())?;
        let in_use = InUse::of(&planned.loaded);
        Ok((planned, in_use))
    };
    let loaded = off_the_runtime(read).await?;
    loaded.map_err(|error: LoadError| ReloadError::Unusable(reasons(&error)))
}

/// Opens what the new configuration wants to store in, if that is something else.
async fn prepare_store(app: &Arc<App>, config: &Config) -> Result<Change, ReloadError> {
    let (activity, settings) = (Arc::clone(&app.activity), Settings::of(config));
    let change = off_the_runtime(move || activity.prepare(settings)).await?;
    change.map_err(|error| ReloadError::Unusable(vec![error.to_string()]))
}

/// Does what may wait for a disk.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ReloadError> {
    let done = spawn_blocking(work).await;
    Ok(done?)
}

/// The automatic ports that are not free.
fn ports(app: &App, snapshot: &Snapshot) -> GivenPorts {
    let mut ports = GivenPorts::default();
    for (id, model) in &snapshot.config.models {
        ports.configured(id, model);
    }
    for process in app.driver.running() {
        ports.running(&process.name, &process.settings);
    }
    ports
}

/// A line for each error. Without snippets of the files, which may show keys: what is logged can be read through the API.
fn reasons(error: &LoadError) -> Vec<String> {
    match error {
        LoadError::Files(_) | LoadError::Plan { .. } => error.errors().iter().map(line).collect(),
        LoadError::Roster(full) => vec![full.to_string()],
    }
}

fn line(finding: &Diagnostic) -> String {
    let place = finding.location.as_ref();
    let place = place.map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
    let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})"));
    let text = format!(
        "{}{}: {}{}",
        place.unwrap_or_default(),
        finding.class.code(),
        finding.message,
        hint.unwrap_or_default()
    );
    redact(&text).into_owned()
}

/// What is wanted and cannot be applied (C4).
fn restart_needed(config: &Config, fixed: Fixed) -> Vec<String> {
    let mut warnings = Vec::new();
    if fixed.log_to_stdout != config.log_to_stdout {
        warnings
            .push("logToStdout is not what it was when herder started: restart it to apply that".to_owned());
    }
    let has_keys = !config.api_keys.is_empty();
    match fixed.listens {
        Reason::NoKeys if has_keys => warnings.push(
            "herder listens on this machine only, because there were no apiKeys when it started: restart it to \
             listen on all interfaces"
                .to_owned(),
        ),
        Reason::Keys if !has_keys => warnings.push(
            "herder listens on all interfaces, because there were apiKeys when it started; now everybody who can \
             connect may use it. Restart it to listen on this machine only"
                .to_owned(),
        ),
        Reason::Asked | Reason::NoKeys | Reason::Keys => {}
    }
    warnings
}

#[cfg(test)]
mod tests;
