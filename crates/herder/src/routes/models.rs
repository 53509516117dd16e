//! `GET /v1/models` and `GET /models`: what a client may ask for (spec/http-api.md 1.5).

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Response;
use herder_config::{Capabilities, Modality, Model, Strategy};
use herder_core::{ModelId, ModelState};
use serde::Serialize;
use serde_json::{Map, Value, json};

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

#[derive(Serialize)]
struct List {
    data: Vec<Entry>,
    object: &'static str,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    object: &'static str,
    /// Unix seconds of this request, not of the model.
    created: u64,
    owned_by: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(flatten)]
    capabilities: Map<String, Value>,
    meta: Map<String, Value>,
    status: Status,
}

#[derive(Serialize)]
struct Status {
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
            .find(|(running, _)| *running == model)
            .map_or(ModelState::Stopped, |(_, state)| *state)
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
    let mut meta = Map::from_iter([("llamaswap".to_owned(), Value::Object(about))]);
    let mut capabilities = Map::new();
    if let Some(known) = &model.capabilities {
        capabilities = describe(known);
        if known.context > 0 {
            meta.insert("n_ctx".to_owned(), json!(known.context));
        }
    }
    Entry {
        id: id.to_owned(),
        object: "model",
        created,
        owned_by: "llama-swap",
        name: model.name.trim().to_owned(),
        description: model.description.trim().to_owned(),
        capabilities,
        meta,
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
            capabilities: Map::new(),
            meta: Map::from_iter([("llamaswap".to_owned(), json!({ "type": "peer", "peerID": peer }))]),
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
            capabilities: Map::new(),
            meta: Map::from_iter([("llamaswap".to_owned(), Value::Object(about))]),
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
        capabilities: Map::new(),
        meta: Map::from_iter([("llamaswap".to_owned(), json!({ "type": "profile" }))]),
        status: Status::of(false),
    })
}

/// The fields that say what a model can take and give; each only when it says something.
pub(super) fn describe(known: &Capabilities) -> Map<String, Value> {
    let mut fields = Map::new();
    let takes = |modality: Modality| known.input.contains(&modality);
    let gives = |modality: Modality| known.output.contains(&modality);
    let inputs: Vec<&str> = known.input.iter().copied().map(word).collect();
    let outputs: Vec<&str> = known.output.iter().copied().map(word).collect();
    let mut architecture = Map::new();
    if !inputs.is_empty() {
        architecture.insert("input_modalities".to_owned(), json!(inputs));
    }
    if !outputs.is_empty() {
        architecture.insert("output_modalities".to_owned(), json!(outputs));
    }
    if !inputs.is_empty() && !outputs.is_empty() {
        architecture.insert(
            "modality".to_owned(),
            json!(format!("{}->{}", inputs.join("+"), outputs.join("+"))),
        );
    }
    if !architecture.is_empty() {
        fields.insert("architecture".to_owned(), Value::Object(architecture));
    }
    let abilities = [
        ("vision", takes(Modality::Image)),
        (
            "audio_transcriptions",
            takes(Modality::Audio) && gives(Modality::Text),
        ),
        ("audio_speech", takes(Modality::Text) && gives(Modality::Audio)),
        (
            "image_generation",
            takes(Modality::Text) && gives(Modality::Image),
        ),
        ("image_to_image", takes(Modality::Image) && gives(Modality::Image)),
        ("function_calling", known.tools),
        ("reranker", known.reranker),
    ];
    let present: Map<String, Value> = abilities
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(name, _)| (name.to_owned(), json!(true)))
        .collect();
    if !present.is_empty() {
        fields.insert("capabilities".to_owned(), Value::Object(present));
    }
    if known.tools {
        fields.insert("supported_parameters".to_owned(), json!(["tools", "tool_choice"]));
    }
    if known.context > 0 {
        fields.insert("context_length".to_owned(), json!(known.context));
    }
    fields
}

fn word(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Audio => "audio",
        Modality::Image => "image",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(input: &[Modality], output: &[Modality]) -> Capabilities {
        Capabilities {
            input: input.to_vec(),
            output: output.to_vec(),
            ..Capabilities::default()
        }
    }

    #[test]
    fn capabilities_follow_from_the_modalities() {
        use Modality::{Audio, Image, Text};
        let table = [
            (
                described(&[Text, Image], &[Text]),
                json!({
                    "architecture": {
                        "input_modalities": ["text", "image"],
                        "output_modalities": ["text"],
                        "modality": "text+image->text",
                    },
                    "capabilities": {"vision": true},
                }),
            ),
            (
                described(&[Audio], &[]),
                json!({"architecture": {"input_modalities": ["audio"]}}),
            ),
            (
                described(&[], &[Image]),
                json!({"architecture": {"output_modalities": ["image"]}}),
            ),
            (
                described(&[Text], &[Audio, Image]),
                json!({
                    "architecture": {
                        "input_modalities": ["text"],
                        "output_modalities": ["audio", "image"],
                        "modality": "text->audio+image",
                    },
                    "capabilities": {"audio_speech": true, "image_generation": true},
                }),
            ),
            (
                Capabilities {
                    tools: true,
                    reranker: true,
                    context: 4096,
                    ..Capabilities::default()
                },
                json!({
                    "capabilities": {"function_calling": true, "reranker": true},
                    "supported_parameters": ["tools", "tool_choice"],
                    "context_length": 4096,
                }),
            ),
        ];
        for (known, expected) in table {
            assert_eq!(Value::Object(describe(&known)), expected);
        }
    }
}
