//! `peers`: other servers, and the names of their models (spec/config.md 7.6).

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::filters::{read_filters, read_timeouts};
use super::{Aliases, boolean, texts};
use crate::diagnostic::{ErrorClass, Origin, Report};
use crate::names::{PeerModel, qualified_name};
use crate::proxy_url;
use crate::tree::{Entry, Node};
use crate::typed::{Peer, Secret};

/// A peer may need to load a model first, but not for ever: its default `timeouts.responseHeader` in seconds.
const RESPONSE_HEADER: i64 = 60;

/// Reads all peers in written order.
pub(super) fn read(root: &Node, report: &mut Report) -> IndexMap<String, Peer> {
    let entries = root.child("peers").map_or(&[][..], Node::entries);
    entries
        .iter()
        .map(|entry| (entry.key.text.clone(), read_peer(entry, report)))
        .collect()
}

fn read_peer(entry: &Entry, report: &mut Report) -> Peer {
    let id = &entry.key.text;
    let node = &entry.value;
    if !node.is_lost() {
        check_proxy(entry, report);
        let empty = node
            .child("models")
            .is_none_or(|models| !models.is_lost() && models.items().next().is_none());
        if empty {
            report
                .error(
                    ErrorClass::Peer,
                    format!("peers.{id}: peer models can not be empty"),
                )
                .at(entry.key_origin)
                .hint("list the models of the peer under models");
        }
    }
    let mut models: Vec<String> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for model in texts(node, "models") {
        if known.insert(model.clone()) {
            models.push(model);
        }
    }
    let api_key = node
        .child("apiKey")
        .and_then(Node::text)
        .filter(|key| !key.is_empty());
    Peer {
        proxy: node
            .child("proxy")
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned(),
        api_key: api_key.map(Secret::new),
        models,
        filters: read_filters(node, false, report),
        timeouts: read_timeouts(node, RESPONSE_HEADER, report),
        forward_credentials: boolean(node, "forwardCredentials").unwrap_or(false),
    }
}

fn check_proxy(entry: &Entry, report: &mut Report) {
    let id = &entry.key.text;
    let proxy = entry.value.child("proxy");
    if proxy.is_some_and(Node::is_lost) {
        return;
    }
    let Some((proxy, url)) = proxy
        .and_then(|proxy| Some((proxy, proxy.text()?)))
        .filter(|(_, url)| !url.is_empty())
    else {
        report
            .error(ErrorClass::Peer, format!("peers.{id}: proxy is required"))
            .at(entry.key_origin)
            .hint("give the address of the peer, for example http://10.0.0.2:8080");
        return;
    };
    if let Some(reason) = proxy_url::reject(url) {
        let message = format!("peers.{id}: invalid peer proxy URL: {reason}");
        report.error(ErrorClass::Peer, message).at(proxy.origin);
    }
}

/// Reports names that mean two things: qualified names of peers against each other and against all local names.
pub(super) fn check_names(
    root: &Node,
    aliases: &Aliases,
    peers: &IndexMap<String, Peer>,
    report: &mut Report,
) {
    let mut qualified: BTreeMap<String, PeerModel> = BTreeMap::new();
    let place = |section: &str, key: &str| -> Origin {
        let entry = root.child(section).and_then(|section| section.entry(key));
        entry.map_or(root.origin, |entry| entry.key_origin)
    };
    for (peer, settings) in peers {
        for model in &settings.models {
            let name = qualified_name(peer, model);
            let target = PeerModel {
                peer: peer.clone(),
                model: model.clone(),
            };
            if let Some(first) = qualified.insert(name.clone(), target) {
                let message = format!(
                    "peer model name {name} is ambiguous between {} of {} and {model} of {peer}",
                    first.model, first.peer
                );
                report.error(ErrorClass::Name, message).at(place("peers", peer));
            }
        }
    }
    let mut reject = |what: &str, name: &str, origin: &dyn Fn() -> Origin| {
        if qualified.contains_key(name) {
            let message = format!("{what} {name} conflicts with fully qualified peer model name");
            report
                .error(ErrorClass::Name, message)
                .at(origin())
                .hint("rename one of them");
        }
    };
    for model in root.child("models").map_or(&[][..], Node::entries) {
        reject("model", &model.key.text, &|| model.key_origin);
    }
    for (alias, id) in aliases {
        reject("alias", alias, &|| place("models", id));
    }
    for selector in root.child("selectors").map_or(&[][..], Node::entries) {
        reject("selector", &selector.key.text, &|| selector.key_origin);
    }
    for profile in root.child("profiles").map_or(&[][..], Node::entries) {
        for pin in profile.value.child("pins").map_or(&[][..], Node::entries) {
            reject("pin", &pin.key.text, &|| pin.key_origin);
        }
    }
}
