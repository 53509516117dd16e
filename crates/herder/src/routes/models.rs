//! `GET /v1/models` and `GET /models`: what a client may ask for (spec/http-api.md 1.5).

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Response;
use herder_config::{Model, Strategy};
use herder_core::{ModelId, ModelState};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::abilities::{Abilities, is_zero};
use super::reply;
use crate::app::Snapshot;
use crate::pipeline::RequestContext;

/// Metadata keys that a capabilities block replaces.
const REPLACED_BY_CAPABILITIES: [&str; 4] = [
    "architecture",
    "capabilities",
    "supported_parameters",
    "context_length",
];

/// Every listed name, in byte order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ModelList"))]
pub(super) struct List {
    /// The names.
    data: Vec<Entry>,
    /// Always `list`.
    object: &'static str,
}

/// A name that a request may ask for: a model, an alias, a model of a peer, a selector, or a pin of the active profile.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ListedModel"))]
struct Entry {
    /// What a request says as its `model`.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Unix seconds of this request, not of the model.
    created: u64,
    /// Always `llama-swap`, which is what clients look for.
    owned_by: &'static str,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(flatten)]
    abilities: Abilities,
    /// More about it.
    meta: Meta,
    /// Whether it could answer at once.
    status: Status,
}

/// What herder knows of a name besides.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ListedModelMeta"))]
struct Meta {
    /// The configuration's `metadata`, with `type` (`model`, `alias`, `peer`, `selector` or `profile`) and what belongs to it:
    /// `aliases`, `modelID`, `peerID`, or `strategy`, `targets` and `spillover`.
    llamaswap: Map<String, Value>,
    /// Tokens that fit into the context.
    #[serde(skip_serializing_if = "is_zero")]
    n_ctx: u64,
}

impl Meta {
    fn about<const N: usize>(known: [(&str, &str); N]) -> Self {
        let known = known.map(|(key, value)| (key.to_owned(), Value::from(value)));
        Self {
            llamaswap: Map::from_iter(known),
            n_ctx: 0,
        }
    }
}

/// Whether a model has a process.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ListedModelStatus"))]
struct Status {
    /// `loaded` or `unloaded`.
    #[cfg_attr(test, schemars(extend("enum" = ["loaded", "unloaded"])))]
    value: &'static str,
}

impl Status {
    fn of(loaded: bool) -> Self {
        Self {
            value: if loaded { "loaded" } else { "unloaded" },
        }
    }
}

/// Every listed name, in byte order. Both paths and every origin get the same.
pub(super) fn list(context: &RequestContext) -> Response<Body> {
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    let snapshot = &context.snapshot;
    let running = context.app.driver.running();
    let state = |model: ModelId| {
        running
            .iter()
            .find(|running| running.model == model)
            .map_or(ModelState::Stopped, |running| running.state)
    };
    let mut data = local_entries(snapshot, created, |model| state(model) != ModelState::Stopped);
    data.extend(peer_entries(snapshot, created));
    data.extend(selector_entries(snapshot, created, state));
    data.extend(pin_entries(context, created));
    data.sort_by(|left, right| left.id.cmp(&right.id));
    reply::json(&List { data, object: "list" })
}

/// Local models that are not `unlisted`, and their aliases when these are to be listed.
fn local_entries(snapshot: &Snapshot, created: u64, is_loaded: impl Fn(ModelId) -> bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for model in snapshot.models() {
        let (id, settings) = snapshot.model(model);
        if settings.unlisted {
            continue;
        }
        let loaded = is_loaded(model);
        let mut own = vec![("type", json!("model"))];
        if !settings.aliases.is_empty() {
            own.push(("aliases", json!(settings.aliases)));
        }
        entries.push(local_entry(id, settings, own, created, loaded));
        if snapshot.config.include_aliases_in_list {
            entries.extend(settings.aliases.iter().map(|alias| {
                let own = vec![("type", json!("alias")), ("modelID", json!(id))];
                local_entry(alias, settings, own, created, loaded)
            }));
        }
    }
    entries
}

fn local_entry(id: &str, model: &Model, own: Vec<(&str, Value)>, created: u64, loaded: bool) -> Entry {
    let mut about: Map<String, Value> = model
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if model.capabilities.is_some() {
        about.retain(|key, _| !REPLACED_BY_CAPABILITIES.contains(&key.as_str()));
    }
    about.extend(own.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let known = model.capabilities.as_ref();
    Entry {
        id: id.to_owned(),
        object: "model",
        created,
        owned_by: "llama-swap",
        name: model.name.trim().to_owned(),
        description: model.description.trim().to_owned(),
        abilities: known.map(Abilities::of).unwrap_or_default(),
        meta: Meta {
            llamaswap: about,
            n_ctx: known.map_or(0, |known| known.context),
        },
        status: Status::of(loaded),
    }
}

/// Models of peers, under their qualified names only.
fn peer_entries(snapshot: &Snapshot, created: u64) -> impl Iterator<Item = Entry> {
    snapshot.config.peers.iter().flat_map(move |(peer, settings)| {
        settings.models.iter().map(move |model| Entry {
            id: format!("{peer}/{model}"),
            object: "model",
            created,
            owned_by: "llama-swap",
            name: format!("{peer}: {model}"),
            description: String::new(),
            abilities: Abilities::default(),
            meta: Meta::about([("type", "peer"), ("peerID", peer)]),
            status: Status::of(false),
        })
    })
}

/// Selectors that are not `unlisted`.
fn selector_entries(
    snapshot: &Snapshot,
    created: u64,
    state: impl Fn(ModelId) -> ModelState,
) -> impl Iterator<Item = Entry> {
    let listed = snapshot
        .config
        .selectors
        .iter()
        .filter(|(_, settings)| !settings.unlisted);
    listed.map(move |(id, settings)| {
        let loaded = snapshot
            .selector(id)
            .is_some_and(|selector| selector.is_loaded(&state));
        let mut about: Map<String, Value> = settings
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (strategy, limit) = match settings.strategy {
            Strategy::Pin => ("pin", None),
            Strategy::Warm => ("warm", None),
            Strategy::Spillover { limit } => ("spillover", Some(limit)),
        };
        about.insert("type".to_owned(), json!("selector"));
        about.insert("strategy".to_owned(), json!(strategy));
        about.insert("targets".to_owned(), json!(settings.targets));
        if let Some(limit) = limit {
            about.insert("spillover".to_owned(), json!(limit));
        }
        Entry {
            id: id.clone(),
            object: "model",
            created,
            owned_by: "llama-swap",
            name: settings.name.trim().to_owned(),
            description: settings.description.trim().to_owned(),
            abilities: Abilities::default(),
            meta: Meta {
                llamaswap: about,
                n_ctx: 0,
            },
            status: Status::of(loaded),
        }
    })
}

/// Pins of the active profile that have a target and are no other name.
fn pin_entries(context: &RequestContext, created: u64) -> impl Iterator<Item = Entry> {
    let snapshot = &context.snapshot;
    let pins = context
        .profile()
        .into_iter()
        .flat_map(|(_, profile)| &profile.pins);
    let shown = pins.filter(|(name, target)| {
        target.is_some() && snapshot.target(name).is_none() && snapshot.selector(name).is_none()
    });
    shown.map(move |(name, _)| Entry {
        id: name.clone(),
        object: "model",
        created,
        owned_by: "llama-swap",
        name: String::new(),
        description: String::new(),
        abilities: Abilities::default(),
        meta: Meta::about([("type", "profile")]),
        status: Status::of(false),
    })
}
