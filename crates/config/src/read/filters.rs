//! `filters` and `timeouts` of models and peers (spec/config.md 2.4, 7.5).

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::json::read_map;
use super::{integer, place, seconds, text};
use crate::diagnostic::{ErrorClass, Report};
use crate::tree::Node;
use crate::typed::{Filters, Timeouts};

/// The parameter that filters never touch: it names the model.
const MODEL_PARAMETER: &str = "model";

/// Reads `filters`; `legacy` allows the old spelling `strip_params`.
pub(super) fn read_filters(owner: &Node, legacy: bool, report: &mut Report) -> Filters {
    let Some(filters) = owner.child("filters") else {
        return Filters::default();
    };
    let mut strip = text(filters, "stripParams").unwrap_or_default();
    if let Some(entry) = filters.entry("strip_params").filter(|_| legacy) {
        report
            .warning(
                ErrorClass::Legacy,
                "strip_params is the old spelling of stripParams",
            )
            .at(entry.key_origin)
            .hint("rename it");
        if strip.is_empty() {
            strip = text(filters, "strip_params").unwrap_or_default();
        }
    }
    let by_id = filters.child("setParamsByID").map_or(&[][..], Node::entries);
    Filters {
        strip_params: split_parameters(strip),
        set_params: read_parameters(filters.child("setParams"), report),
        set_params_by_id: by_id
            .iter()
            .map(|entry| {
                (
                    entry.key.text.clone(),
                    read_parameters(Some(&entry.value), report),
                )
            })
            .collect(),
    }
}

/// Reads `timeouts`; `response_header` is the default of that one field in seconds.
pub(super) fn read_timeouts(owner: &Node, response_header: i64, report: &mut Report) -> Timeouts {
    let mut read = |key: &str, default: i64| -> Option<Duration> {
        let Some(section) = owner.child("timeouts") else {
            return positive(default);
        };
        let value = integer(section, key).unwrap_or(default);
        if value < 0 && key != "keepalive" {
            report
                .warning(
                    ErrorClass::Value,
                    format!("timeouts.{key} is negative and counts as unlimited"),
                )
                .at(place(section, key, section.origin))
                .hint("write 0 for unlimited");
        }
        positive(value)
    };
    Timeouts {
        connect: read("connect", 30),
        keepalive: read("keepalive", 30),
        response_header: read("responseHeader", response_header),
        tls_handshake: read("tlsHandshake", 10),
        expect_continue: read("expectContinue", 1),
        idle_connection: read("idleConn", 90),
    }
}

fn positive(number: i64) -> Option<Duration> {
    (number > 0).then(|| seconds(number))
}

fn split_parameters(list: &str) -> Vec<String> {
    let names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != MODEL_PARAMETER);
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn read_parameters(node: Option<&Node>, report: &mut Report) -> IndexMap<String, Value> {
    let mut parameters = read_map(node, report);
    parameters.shift_remove(MODEL_PARAMETER);
    parameters.sort_keys();
    parameters
}
