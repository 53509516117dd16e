//! `models`: each model with its defaults, and the aliases of all (spec/config.md 2.4, 7.1, 7.5).

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::filters::{read_filters, read_timeouts};
use super::globals::Globals;
use super::json::read_map;
use super::{Aliases, boolean, integer, place, seconds, sensitive, span, text, texts, trimmed};
use crate::diagnostic::{ErrorClass, Report};
use crate::expand::without_comment_lines;
use crate::proxy_url;
use crate::tree::{Entry, Node};
use crate::typed::{Capabilities, Modality, Model, Port};

/// Requests that may wait for or use a model that does not say.
const DEFAULT_CONCURRENCY_LIMIT: u32 = 10;

/// The model ID under which llama-swap serves ComfyUI: its page opens many requests and a WebSocket at once.
const COMFYUI: &str = "comfyui_auto";

/// What ComfyUI needs at least.
const COMFYUI_CONCURRENCY_LIMIT: u32 = 50;

/// Metadata that the listing derives from `capabilities`.
const DERIVED_METADATA: [&str; 4] = [
    "architecture",
    "capabilities",
    "supported_parameters",
    "context_length",
];

/// Reads all models in byte order of their IDs, and the aliases. `ports` are those that the macro pass has allocated.
pub(super) fn read(
    root: &Node,
    globals: &Globals,
    ports: &BTreeMap<String, Port>,
    report: &mut Report,
) -> (IndexMap<String, Model>, Aliases) {
    let mut entries: Vec<&Entry> = root
        .child("models")
        .map_or(&[][..], Node::entries)
        .iter()
        .collect();
    entries.sort_by(|left, right| left.key.text.cmp(&right.key.text));
    let mut models: IndexMap<String, Model> = IndexMap::with_capacity(entries.len());
    for entry in &entries {
        let mut model = read_model(entry, globals, report);
        model.port = ports.get(&entry.key.text).copied();
        models.insert(entry.key.text.clone(), model);
    }
    let aliases = read_aliases(&entries, &mut models, report);
    (models, aliases)
}

fn read_model(entry: &Entry, globals: &Globals, report: &mut Report) -> Model {
    let id = entry.key.text.as_str();
    let node = &entry.value;
    let capabilities = read_capabilities(node, id, report);
    let mut metadata = read_map(node.child("metadata"), report);
    if capabilities.is_some() {
        metadata.retain(|key, _| !DERIVED_METADATA.contains(&key.as_str()));
    }
    let mut model = Model {
        // Once more, because the value of a macro can have comment lines too.
        cmd: without_comment_lines(text(node, "cmd").unwrap_or_default()),
        cmd_stop: without_comment_lines(text(node, "cmdStop").unwrap_or(DEFAULT_STOP)),
        sensitive: sensitive::find(node),
        proxy: read_proxy(node, id, report),
        port: None,
        aliases: Vec::new(),
        env: texts(node, "env"),
        check_endpoint: match text(node, "checkEndpoint").unwrap_or("/health") {
            path if path.trim() == "none" => None,
            path => Some(path.to_owned()),
        },
        health_check_timeout: globals.health_check_timeout,
        ttl: read_ttl(node, id, globals, report),
        unload_timeout: seconds(read_unload_timeout(node, id, globals, report)),
        unlisted: boolean(node, "unlisted").unwrap_or(false),
        use_model_name: text(node, "useModelName").unwrap_or_default().to_owned(),
        name: trimmed(node, "name"),
        description: trimmed(node, "description"),
        concurrency_limit: match integer(node, "concurrencyLimit").unwrap_or(0) {
            limit if limit <= 0 => DEFAULT_CONCURRENCY_LIMIT,
            limit => u32::try_from(limit).unwrap_or(u32::MAX),
        },
        queue_limit: integer(node, "queueLimit").and_then(|limit| u32::try_from(limit).ok()),
        load_time: span(node, "loadTime"),
        prefetch: boolean(node, "prefetch").unwrap_or(true),
        filters: read_filters(node, true, report),
        metadata,
        send_loading_state: boolean(node, "sendLoadingState").unwrap_or(globals.send_loading_state),
        timeouts: read_timeouts(node, 0, report),
        ignore_websockets: node
            .child("compat")
            .and_then(|compat| boolean(compat, "ignoreWebsockets"))
            .unwrap_or(false),
        preserve_host: node
            .child("compat")
            .and_then(|compat| boolean(compat, "preserveHost"))
            .unwrap_or(false),
        capabilities,
    };
    if id == COMFYUI {
        model.concurrency_limit = model.concurrency_limit.max(COMFYUI_CONCURRENCY_LIMIT);
        model.ignore_websockets = true;
    }
    if let Some(ignored) = node.entry("healthCheckTimeout") {
        report
            .warning(
                ErrorClass::Legacy,
                "healthCheckTimeout of a model has no effect, the global one counts",
            )
            .at(ignored.key_origin);
    }
    model
}

/// How a model is stopped when it does not say; empty means by signal.
const DEFAULT_STOP: &str = if cfg!(windows) {
    "taskkill /f /t /pid ${PID}"
} else {
    ""
};

fn read_proxy(node: &Node, id: &str, report: &mut Report) -> String {
    // The macro pass has written the default address down, port included.
    let Some(proxy) = node.child("proxy") else {
        return String::new();
    };
    let Some(url) = proxy.text() else {
        return String::new();
    };
    if let Some(reason) = proxy_url::reject(url) {
        report
            .error(
                ErrorClass::Value,
                format!("model {id}: invalid proxy URL: {reason}"),
            )
            .at(proxy.origin)
            .hint("for example http://127.0.0.1:${PORT}");
    }
    url.to_owned()
}

fn read_ttl(node: &Node, id: &str, globals: &Globals, report: &mut Report) -> Option<std::time::Duration> {
    let ttl = match integer(node, "ttl").unwrap_or(-1) {
        -1 => globals.ttl,
        ttl => ttl,
    };
    if ttl < 0 {
        report
            .error(ErrorClass::Value, format!("model {id}: invalid TTL value {ttl}"))
            .at(place(node, "ttl", node.origin))
            .hint("seconds; 0 for never, -1 for globalTTL");
    }
    (ttl > 0).then(|| seconds(ttl))
}

fn read_unload_timeout(node: &Node, id: &str, globals: &Globals, report: &mut Report) -> i64 {
    match integer(node, "unloadTimeout").unwrap_or(0) {
        0 => globals.unload_timeout,
        grace if grace < 0 => {
            report
                .error(
                    ErrorClass::Value,
                    format!("model {id}: invalid unloadTimeout value {grace}"),
                )
                .at(place(node, "unloadTimeout", node.origin));
            globals.unload_timeout
        }
        grace => grace,
    }
}

fn read_capabilities(node: &Node, id: &str, report: &mut Report) -> Option<Capabilities> {
    let section = node.child("capabilities")?;
    let mut modalities = |key: &str| -> Vec<Modality> {
        let items = section.child(key).into_iter().flat_map(Node::items);
        items
            .filter_map(|item| read_modality(item, id, key, report))
            .collect()
    };
    let (input, output) = (modalities("in"), modalities("out"));
    let context = integer(section, "context").unwrap_or(0);
    if context < 0 {
        report
            .error(
                ErrorClass::Value,
                format!("model {id}: capabilities.context must be >= 0"),
            )
            .at(place(section, "context", section.origin));
    }
    let capabilities = Capabilities {
        input,
        output,
        tools: boolean(section, "tools").unwrap_or(false),
        reranker: boolean(section, "reranker").unwrap_or(false),
        context: u64::try_from(context).unwrap_or(0),
    };
    (capabilities != Capabilities::default()).then_some(capabilities)
}

fn read_modality(item: &Node, id: &str, key: &str, report: &mut Report) -> Option<Modality> {
    match item.text()? {
        "text" => Some(Modality::Text),
        "audio" => Some(Modality::Audio),
        "image" => Some(Modality::Image),
        other => {
            report
                .error(
                    ErrorClass::Value,
                    format!("model {id}: capabilities.{key}: invalid modality \"{other}\""),
                )
                .at(item.origin)
                .hint("one of text, audio, image");
            None
        }
    }
}

/// Explicit aliases of all models first, then those that `setParamsByID` makes.
fn read_aliases(entries: &[&Entry], models: &mut IndexMap<String, Model>, report: &mut Report) -> Aliases {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut aliases = Aliases::new();
    for entry in entries {
        let id = &entry.key.text;
        for item in entry.value.child("aliases").into_iter().flat_map(Node::items) {
            let Some(alias) = item.text() else { continue };
            if let Some(owner) = owners.insert(alias.to_owned(), id.clone()) {
                report
                    .error(
                        ErrorClass::Name,
                        format!("duplicate alias {alias} found in model: {id}"),
                    )
                    .at(item.origin)
                    .hint(format!("model {owner} has it already"));
                continue;
            }
            if models.contains_key(alias) {
                // Quirk N1 is kept, but not in silence.
                report
                    .warning(
                        ErrorClass::Name,
                        format!("alias {alias} is also a model ID and never used"),
                    )
                    .at(item.origin)
                    .hint("remove it");
            } else {
                aliases.insert(alias.to_owned(), id.clone());
            }
            if let Some(model) = models.get_mut(id) {
                model.aliases.push(alias.to_owned());
            }
        }
    }
    for entry in entries {
        let id = &entry.key.text;
        let by_id = entry
            .value
            .descend(&["filters", "setParamsByID"])
            .map_or(&[][..], Node::entries);
        for key in by_id.iter().filter(|key| key.key.text != *id) {
            let alias = &key.key.text;
            if models.contains_key(alias) {
                let message =
                    format!("model {id}: setParamsByID key {alias} conflicts with an existing model ID");
                report.error(ErrorClass::Name, message).at(key.key_origin);
                continue;
            }
            match owners.get(alias) {
                Some(owner) if owner == id => {}
                Some(owner) => {
                    report
                        .error(
                            ErrorClass::Name,
                            format!("duplicate alias {alias} found in model: {id}"),
                        )
                        .at(key.key_origin)
                        .hint(format!(
                            "a setParamsByID key is an alias; model {owner} has it already"
                        ));
                }
                None => {
                    owners.insert(alias.clone(), id.clone());
                    aliases.insert(alias.clone(), id.clone());
                    if let Some(model) = models.get_mut(id) {
                        model.aliases.push(alias.clone());
                    }
                }
            }
        }
    }
    aliases
}
