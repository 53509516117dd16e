//! From the checked tree to [`Config`]: defaults, ranges, names and references (spec/config.md 1.7 steps 11 to 21).
//!
//! One file for each part of the configuration. Everything here reports and goes on; when an error was reported,
//! the resulting value is thrown away by the caller.

mod filters;
mod globals;
mod groups;
mod json;
mod matrix;
mod models;
mod peers;
mod profiles;
mod routing;
mod scheduler;
mod selectors;
pub(crate) mod sensitive;
mod store;

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

pub use globals::DEFAULT_IGNORE_PATHS;
pub(crate) use globals::TIME_FORMATS;

use crate::diagnostic::{Origin, Report};
use crate::names::Names;
use crate::tree::{Kind, Node};
use crate::typed::{Config, Port};

/// Reads the whole configuration. `ports` are those that the macro pass has allocated, by model ID.
pub(crate) fn read(root: &Node, ports: &BTreeMap<String, Port>, report: &mut Report) -> Config {
    let globals = globals::read(root, report);
    let (models, aliases) = models::read(root, &globals, ports, report);
    let peers = peers::read(root, report);
    let names = Names::new(&models, &aliases, &peers, selector_ids(root));
    let scope = Scope {
        names: &names,
        complete: names_are_complete(root),
    };
    peers::check_names(root, &aliases, &peers, report);
    let router = routing::read_router(root, &models, &scope, report);
    let scheduler = scheduler::read(root, &scope, report);
    let preload = globals::read_preload(root, &scope, report);
    let selectors = selectors::read(root, &scope, &router, report);
    let profiles = profiles::read(root, &scope, report);
    Config {
        health_check_timeout: globals.health_check_timeout,
        log_level: globals.log_level,
        log_time_format: globals.log_time_format,
        log_to_stdout: globals.log_to_stdout,
        metrics_max_in_memory: globals.metrics_max_in_memory,
        capture_buffer_mib: globals.capture_buffer_mib,
        max_body_bytes: globals.max_body_bytes,
        store: store::read(root, report),
        session_id_headers: globals.session_id_headers,
        performance: globals.performance,
        start_port: globals.start_port,
        global_ttl: (globals.ttl > 0).then(|| seconds(globals.ttl)),
        unload_timeout: seconds(globals.unload_timeout),
        send_loading_state: globals.send_loading_state,
        loading_remarks: globals.loading_remarks,
        include_aliases_in_list: globals.include_aliases_in_list,
        api_keys: globals.api_keys,
        models,
        aliases,
        profiles,
        selectors,
        peers,
        preload,
        upstream_ignore_paths: globals.upstream_ignore_paths,
        router,
        scheduler,
    }
}

/// The names that references may use.
struct Scope<'a> {
    names: &'a Names,
    /// No name was lost in an earlier error; otherwise a missing name proves nothing.
    complete: bool,
}

impl Scope<'_> {
    /// The model ID behind a model ID or alias.
    fn local(&self, name: &str) -> Option<&str> {
        self.names.local(name)
    }
}

/// Model ID to its aliases' target, in the order of the listing.
type Aliases = IndexMap<String, String>;

fn selector_ids(root: &Node) -> impl Iterator<Item = String> {
    root.child("selectors")
        .into_iter()
        .flat_map(Node::entries)
        .map(|entry| entry.key.text.clone())
}

fn names_are_complete(root: &Node) -> bool {
    let lost = |node: Option<&Node>| node.is_some_and(contains_lost);
    let whole = |section: &str| !root.child(section).is_some_and(Node::is_lost);
    let models = root.child("models").map_or(&[][..], Node::entries);
    let peers = root.child("peers").map_or(&[][..], Node::entries);
    whole("models")
        && whole("peers")
        && whole("selectors")
        && !models.iter().any(|model| {
            model.value.is_lost()
                || lost(model.value.child("aliases"))
                || lost(model.value.child("filters").filter(|filters| filters.is_lost()))
                || lost(model.value.descend(&["filters", "setParamsByID"]))
        })
        && !peers
            .iter()
            .any(|peer| peer.value.is_lost() || lost(peer.value.child("models")))
}

fn contains_lost(node: &Node) -> bool {
    match &node.kind {
        Kind::Lost => true,
        Kind::Scalar(_) => false,
        Kind::Sequence(items) => items.iter().any(contains_lost),
        Kind::Mapping(entries) => entries.iter().any(|entry| contains_lost(&entry.value)),
    }
}

/// Longest time a configuration can ask for: a century. It keeps arithmetic with clocks far from overflow.
const LONGEST_TIME: u64 = 100 * 365 * 24 * 60 * 60;

/// Whole seconds; negative ones count as none.
fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0).min(LONGEST_TIME))
}

/// A time of [`crate::keys::Shape::Span`], which has been checked to be in its range.
fn span(node: &Node, key: &str) -> Option<Duration> {
    u64::try_from(node.child(key)?.span()?)
        .ok()
        .map(Duration::from_nanos)
}

fn integer(node: &Node, key: &str) -> Option<i64> {
    node.child(key)?.integer()
}

fn boolean(node: &Node, key: &str) -> Option<bool> {
    node.child(key)?.boolean()
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.child(key)?.text()
}

fn trimmed(node: &Node, key: &str) -> String {
    text(node, key).unwrap_or_default().trim().to_owned()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.child(key).into_iter().flat_map(Node::items);
    items.filter_map(Node::text).map(str::to_owned).collect()
}

/// Where the value of a key stands; the given place when it is absent.
fn place(node: &Node, key: &str, otherwise: Origin) -> Origin {
    node.entry(key).map_or(otherwise, |entry| entry.value.origin)
}
