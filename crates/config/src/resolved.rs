//! The effective configuration under the file's own key names: defaults filled in, macros expanded, legacy keys moved
//! to `routing`, ports assigned. Loading the output (with secrets shown) gives an equal [`Config`].
//!
//! What is equal does not include [`Model::sensitive`]: that a value came from the environment is not written down.
//! Two things cannot be written down, because macros have no escape (quirk P5): a model ID, or text in a mapping
//! that macros leave alone (quirk P7), that looks like a macro. The loader warns about both.

use std::fmt;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::emit::to_yaml;
use crate::loaded::Loaded;
use crate::read::TIME_FORMATS;
use crate::redact::{MASK, redact_configuration};
use crate::typed::{
    Capabilities, Config, FifoLimit, Filters, Group, Linger, LogLevel, LogTimeFormat, LogToStdout, Matrix,
    Modality, Model, Peer, Profile, Router, Scheduler, SchedulerStrategy, Secret, Selector, Strategy,
    Timeouts,
};

impl Loaded {
    /// The effective configuration as YAML.
    #[must_use]
    pub fn resolved_yaml(&self, show_secrets: bool) -> String {
        to_yaml(&self.resolved_json(show_secrets))
    }

    /// The effective configuration as JSON. Without `show_secrets`, these are `***`: keys, values of four characters or more
    /// that came from the environment, and values of options, variables, parameters and headers that are named like secrets,
    /// and credentials in addresses.
    #[must_use]
    pub fn resolved_json(&self, show_secrets: bool) -> Value {
        if show_secrets {
            config_json(&self.config, true)
        } else {
            masked_json(&self.config, self.secrets())
        }
    }

    /// What it takes to write the effective configuration later.
    #[must_use]
    pub fn masked(&self) -> Masked {
        Masked(self.secrets().to_vec())
    }
}

/// The values that must not be shown of one configuration. Holding them costs less than the text, which is long and seldom
/// asked for.
#[derive(Clone)]
pub struct Masked(Vec<String>);

impl Masked {
    /// The effective configuration as YAML, as [`Loaded::resolved_yaml`] writes it without secrets. `config` is the one that
    /// was loaded with these values.
    #[must_use]
    pub fn yaml(&self, config: &Config) -> String {
        to_yaml(&masked_json(config, &self.0))
    }
}

/// Without the values.
impl fmt::Debug for Masked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Masked").finish_non_exhaustive()
    }
}

fn masked_json(config: &Config, known: &[String]) -> Value {
    let mut value = config_json(config, false);
    redact_configuration(&mut value, known);
    value
}

/// The names of the settings outside `models` that differ between two configurations, in the order of the resolved text.
/// Router and scheduler are told apart.
#[must_use]
pub fn changed_settings(old: &Config, new: &Config) -> Vec<String> {
    let (old, new) = (settings(old), settings(new));
    let names = new
        .keys()
        .chain(old.keys().filter(|name| !new.contains_key(*name)));
    let changed = names.filter(|name| old.get(*name) != new.get(*name));
    changed.cloned().collect()
}

/// The resolved configuration without its models, by name.
fn settings(config: &Config) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut root = settings_json(config, true);
    // Who is in the group of the rest follows from the models.
    if let Some(Value::Object(rest)) = root.pointer_mut("/routing/router/settings/groups/(default)") {
        rest.remove("members");
    }
    let Value::Object(root) = root else {
        return settings;
    };
    for (name, value) in root {
        match value {
            Value::Object(parts) if name == "routing" => {
                settings.extend(
                    parts
                        .into_iter()
                        .map(|(part, value)| (format!("{name}.{part}"), value)),
                );
            }
            value => {
                settings.insert(name, value);
            }
        }
    }
    settings
}

fn config_json(config: &Config, show_secrets: bool) -> Value {
    let mut root = settings_json(config, show_secrets);
    root["models"] = object(&config.models, model_json);
    root
}

/// Everything but the models, whose place is kept.
fn settings_json(config: &Config, show_secrets: bool) -> Value {
    let secret = |secret: &Secret| {
        if show_secrets {
            secret.expose().to_owned()
        } else {
            MASK.to_owned()
        }
    };
    let mut root = json!({
        "healthCheckTimeout": config.health_check_timeout.as_secs(),
        "logLevel": match config.log_level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        },
        "logTimeFormat": time_format(config.log_time_format),
        "logToStdout": match config.log_to_stdout {
            LogToStdout::Proxy => "proxy",
            LogToStdout::Upstream => "upstream",
            LogToStdout::Both => "both",
            LogToStdout::None => "none",
        },
        "metricsMaxInMemory": config.metrics_max_in_memory,
        "captureBuffer": config.capture_buffer_mib,
        "maxBodyBytes": config.max_body_bytes,
        "ui": { "activity": { "session_id": config.session_id_headers } },
        "performance": { "disabled": config.performance.disabled, "every": duration(config.performance.every) },
        "startPort": config.start_port,
        "sendLoadingState": config.send_loading_state,
        "loadingRemarks": config.loading_remarks,
        "includeAliasesInList": config.include_aliases_in_list,
        "globalTTL": seconds(config.global_ttl),
        "unloadTimeout": config.unload_timeout.as_secs(),
        "apiKeys": config.api_keys.iter().map(secret).collect::<Vec<_>>(),
        "models": {},
        "profiles": object(&config.profiles, profile_json),
        "selectors": object(&config.selectors, selector_json),
        "peers": object(&config.peers, |peer| peer_json(peer, &secret)),
        "hooks": { "on_startup": { "preload": config.preload } },
        "upstream": { "ignorePaths": config.upstream_ignore_paths },
        "routing": {
            "router": router_json(&config.router, config),
            "scheduler": scheduler_json(&config.scheduler),
        },
    });
    if let Some(store) = &config.store {
        root["store"] = json!({ "path": store.path });
        if let Some(rows) = store.max_rows {
            root["store"]["maxRows"] = json!(rows);
        }
        if let Some(age) = store.max_age {
            root["store"]["maxAge"] = json!(format!("{}s", age.as_secs_f64()));
        }
    }
    root
}

fn model_json(model: &Model) -> Value {
    let mut value = json!({
        "cmd": model.cmd,
        "cmdStop": model.cmd_stop,
        "proxy": model.proxy,
        "aliases": model.aliases,
        "env": model.env,
        "checkEndpoint": model.check_endpoint.as_deref().unwrap_or("none"),
        "ttl": seconds(model.ttl),
        "unloadTimeout": model.unload_timeout.as_secs(),
        "unlisted": model.unlisted,
        "useModelName": model.use_model_name,
        "name": model.name,
        "description": model.description,
        "concurrencyLimit": model.concurrency_limit,
        "prefetch": model.prefetch,
        "filters": filters_json(&model.filters),
        "metadata": model.metadata,
        "sendLoadingState": model.send_loading_state,
        "timeouts": timeouts_json(&model.timeouts),
        "compat": { "ignoreWebsockets": model.ignore_websockets, "preserveHost": model.preserve_host },
    });
    if let Some(limit) = model.queue_limit {
        value["queueLimit"] = limit.into();
    }
    if let Some(time) = model.load_time {
        value["loadTime"] = duration(time).into();
    }
    if let Some(capabilities) = &model.capabilities {
        value["capabilities"] = capabilities_json(capabilities);
    }
    value
}

fn filters_json(filters: &Filters) -> Value {
    json!({
        "stripParams": filters.strip_params.join(","),
        "setParams": filters.set_params,
        "setParamsByID": filters.set_params_by_id,
    })
}

fn timeouts_json(timeouts: &Timeouts) -> Value {
    json!({
        "connect": seconds(timeouts.connect),
        "keepalive": seconds(timeouts.keepalive),
        "responseHeader": seconds(timeouts.response_header),
        "tlsHandshake": seconds(timeouts.tls_handshake),
        "expectContinue": seconds(timeouts.expect_continue),
        "idleConn": seconds(timeouts.idle_connection),
    })
}

fn capabilities_json(capabilities: &Capabilities) -> Value {
    let names = |modalities: &[Modality]| -> Vec<&str> {
        modalities
            .iter()
            .map(|modality| match modality {
                Modality::Text => "text",
                Modality::Audio => "audio",
                Modality::Image => "image",
            })
            .collect()
    };
    json!({
        "in": names(&capabilities.input),
        "out": names(&capabilities.output),
        "tools": capabilities.tools,
        "reranker": capabilities.reranker,
        "context": capabilities.context,
    })
}

fn profile_json(profile: &Profile) -> Value {
    let pins = object(&profile.pins, |target| {
        target.as_deref().unwrap_or_default().into()
    });
    json!({ "description": profile.description, "pins": pins })
}

fn selector_json(selector: &Selector) -> Value {
    let mut value = json!({
        "strategy": match selector.strategy {
            Strategy::Pin => "pin",
            Strategy::Warm => "warm",
            Strategy::Spillover { .. } => "spillover",
        },
        "targets": selector.targets,
        "name": selector.name,
        "description": selector.description,
        "unlisted": selector.unlisted,
        "metadata": selector.metadata,
    });
    match selector.strategy {
        Strategy::Pin | Strategy::Warm => {}
        Strategy::Spillover { limit } => value["settings"] = json!({ "spillover": limit }),
    }
    value
}

fn peer_json(peer: &Peer, secret: &impl Fn(&Secret) -> String) -> Value {
    json!({
        "proxy": peer.proxy,
        "apiKey": peer.api_key.as_ref().map(secret).unwrap_or_default(),
        "models": peer.models,
        "filters": filters_json(&peer.filters),
        "timeouts": timeouts_json(&peer.timeouts),
        "forwardCredentials": peer.forward_credentials,
    })
}

fn router_json(router: &Router, config: &Config) -> Value {
    match router {
        Router::Group(groups) => {
            json!({ "use": "group", "settings": { "groups": object(groups, group_json) } })
        }
        Router::Matrix(matrix) => {
            json!({ "use": "matrix", "settings": { "matrix": matrix_json(matrix, config) } })
        }
    }
}

fn group_json(group: &Group) -> Value {
    json!({
        "swap": group.swap,
        "exclusive": group.exclusive,
        "persistent": group.persistent,
        "members": group.members,
    })
}

fn matrix_json(matrix: &Matrix, config: &Config) -> Value {
    let costs: Map<String, Value> = matrix
        .evict_costs
        .iter()
        .map(|(id, cost)| (cost_key(id, matrix, config), (*cost).into()))
        .collect();
    json!({ "vars": matrix.vars, "evict_costs": costs, "sets": matrix.sets })
}

fn scheduler_json(scheduler: &Scheduler) -> Value {
    match scheduler.strategy {
        SchedulerStrategy::Fifo { limit } => json!({ "use": "fifo", "settings": { "fifo": {
            "limit": match limit {
                FifoLimit::Arrival => "arrival",
                FifoLimit::Grant => "grant",
            },
            "priority": scheduler.priority,
        } } }),
        SchedulerStrategy::Fair(fair) => json!({ "use": "fair", "settings": { "fair": {
            "price": f64::from(fair.price_thousandths) / 1000.0,
            "maxWait": duration(fair.max_wait),
            "turn": f64::from(fair.turn_thousandths) / 1000.0,
            "maxTurn": duration(fair.max_turn),
            "linger": match fair.linger {
                Linger::Auto => "auto".to_owned(),
                Linger::Fixed(time) => duration(time),
            },
            "aging": duration(fair.aging),
            "queueLimit": fair.queue_limit,
            "drainTimeout": duration(fair.drain_timeout.unwrap_or_default()),
            "priority": scheduler.priority,
        } } }),
    }
}

/// A name under which `evict_costs` finds the model: a var hides a model or alias of the same name.
fn cost_key(id: &str, matrix: &Matrix, config: &Config) -> String {
    let visible = |name: &str| matrix.vars.get(name).is_none_or(|target| target == id);
    let vars = matrix
        .vars
        .iter()
        .filter(|(_, target)| *target == id)
        .map(|(name, _)| name.as_str());
    let aliases = config
        .aliases
        .iter()
        .filter(|(_, target)| *target == id)
        .map(|(name, _)| name.as_str());
    std::iter::once(id)
        .chain(vars)
        .chain(aliases)
        .find(|name| visible(name))
        .unwrap_or(id)
        .to_owned()
}

fn object<T>(map: &IndexMap<String, T>, json: impl Fn(&T) -> Value) -> Value {
    map.iter()
        .map(|(key, value)| (key.clone(), json(value)))
        .collect::<Map<_, _>>()
        .into()
}

fn seconds(time: Option<Duration>) -> u64 {
    time.map_or(0, |time| time.as_secs())
}

fn duration(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ns", time.as_nanos())
    }
}

fn time_format(format: LogTimeFormat) -> &'static str {
    TIME_FORMATS
        .iter()
        .find(|(_, known)| *known == format)
        .map_or("", |(name, _)| name)
}
