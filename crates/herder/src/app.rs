//! What every part of a running herder shares, and the configuration it runs with.

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use herder_config::{Config, DEFAULT_IGNORE_PATHS, Model, Names, Router};
use herder_core::ModelId;
use indexmap::IndexMap;
use regex::{Regex, RegexSet};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::activity::store::Store;
use crate::configuration::Configuration;
use crate::driver::Driver;
use crate::in_flight::InFlight;
use crate::logs::Logs;
use crate::monitor::{Hardware, Monitor, RequestMetrics};
use crate::pipeline::Selector;
use crate::proxy::{Peer, Peers};
use crate::reload::Reloader;
use crate::roster::Roster;

/// A running herder. Requests take what they need from it and hold no lock of it while they wait.
#[derive(Debug)]
pub struct App {
    /// The configuration of this moment. A request reads it once and keeps what it has read.
    pub snapshot: ArcSwap<Snapshot>,
    /// The same for people to see.
    pub configuration: Configuration,
    /// Told after every reload.
    pub reloaded: watch::Sender<()>,
    /// Asks for reloads.
    pub reloader: Reloader,
    /// The id of the profile that counts for new requests, for whoever watches it too. In memory only.
    pub active_profile: watch::Sender<Option<Arc<str>>>,
    /// The models.
    pub driver: Arc<Driver>,
    /// The requests at peers.
    pub peers: Peers,
    /// Everything that is logged.
    pub logs: Arc<Logs>,
    /// Requests that can be cancelled through the API.
    pub in_flight: Arc<InFlight>,
    /// Finished requests.
    pub activity: Arc<Store>,
    /// Samples of the machine.
    pub monitor: Monitor,
    /// Which machine this is.
    pub hardware: Hardware,
    /// Cancelled when herder ends: long-lived streams end then.
    pub shutdown: CancellationToken,
}

/// One configuration, with what is derived from it once.
#[derive(Debug)]
pub struct Snapshot {
    /// The configuration.
    pub config: Config,
    /// `upstream.ignorePaths`.
    pub ignore_paths: IgnorePaths,
    roster: Roster,
    names: Names,
    /// By id.
    peers: IndexMap<String, Arc<Peer>>,
    /// By id.
    selectors: IndexMap<String, Selector>,
}

/// Paths behind `/upstream/MODEL` that do not load a model.
#[derive(Debug)]
pub enum IgnorePaths {
    /// The default's. They are compiled when a path is first looked at: that touches a megabyte of code
    /// and data, and most routers never see such a path.
    Usual,
    /// Those of the configuration.
    Written(RegexSet),
}

static USUAL_IGNORE_PATHS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(DEFAULT_IGNORE_PATHS).expect("a fixed pattern"));

impl IgnorePaths {
    fn new(patterns: &[String]) -> Result<Self, regex::Error> {
        if patterns == [DEFAULT_IGNORE_PATHS] {
            Ok(Self::Usual)
        } else {
            RegexSet::new(patterns).map(Self::Written)
        }
    }

    /// Whether this decoded path is one of them.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        match self {
            Self::Usual => USUAL_IGNORE_PATHS.is_match(path),
            Self::Written(patterns) => patterns.is_match(path),
        }
    }
}

/// Who serves a name.
#[derive(Debug, Clone)]
pub enum Target {
    /// A model of ours.
    Local(ModelId),
    /// A model of somebody else's.
    Peer(PeerModel),
}

/// A model of a peer.
#[derive(Debug, Clone)]
pub struct PeerModel {
    /// The connections to the peer.
    pub peer: Arc<Peer>,
    /// The peer's id: its key in the configuration.
    pub id: String,
    /// What the peer calls the model.
    pub model: String,
    /// Counts the requests to it.
    pub counters: Arc<RequestMetrics>,
}

impl Snapshot {
    /// Derives what requests need. `roster` is the one of this configuration.
    ///
    /// # Errors
    ///
    /// When `upstream.ignorePaths` holds an expression that this program cannot use; the loader has refused such
    /// a configuration before.
    pub fn new(config: Config, roster: Roster) -> Result<Self, regex::Error> {
        Self::derive(config, roster, None)
    }

    /// As [`Snapshot::new`], for a configuration that follows this one. Connections to peers and the counts of selectors
    /// go on where their settings are the same.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn succeeding(&self, config: Config, roster: Roster) -> Result<Self, regex::Error> {
        Self::derive(config, roster, Some(self))
    }

    fn derive(config: Config, roster: Roster, previous: Option<&Self>) -> Result<Self, regex::Error> {
        let ignore_paths = IgnorePaths::new(&config.upstream_ignore_paths)?;
        let names = Names::of(&config);
        let peers = config
            .peers
            .iter()
            .map(|(id, settings)| {
                let before = previous.and_then(|previous| {
                    let is_same = previous.config.peers.get(id) == Some(settings);
                    Some((previous.peers.get(id)?, is_same))
                });
                let peer = match before {
                    Some((peer, true)) => Arc::clone(peer),
                    Some((peer, false)) => Arc::new(Peer::new(settings).counting_on(peer)),
                    None => Arc::new(Peer::new(settings)),
                };
                (id.clone(), peer)
            })
            .collect();
        let mut snapshot = Self {
            config,
            ignore_paths,
            roster,
            names,
            peers,
            selectors: IndexMap::new(),
        };
        snapshot.selectors = snapshot
            .config
            .selectors
            .iter()
            .map(|(id, settings)| {
                let previous = previous.and_then(|previous| previous.selectors.get(id));
                (id.clone(), snapshot.new_selector(settings, previous))
            })
            .collect();
        Ok(snapshot)
    }

    fn new_selector(&self, settings: &herder_config::Selector, previous: Option<&Selector>) -> Selector {
        let targets = settings
            .targets
            .iter()
            // The loader lets no name through that nobody serves.
            .filter_map(|name| Some((name.clone(), self.target(name)?)))
            .collect();
        Selector::new(settings.strategy, targets, previous)
    }

    /// Which number each model has.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The peers by id, in written order.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (&str, &Peer)> {
        self.peers.iter().map(|(id, peer)| (id.as_str(), &**peer))
    }

    /// The selector of this id.
    pub(crate) fn selector(&self, id: &str) -> Option<&Selector> {
        self.selectors.get(id)
    }

    /// Who serves this name: a local model by id or alias, else a peer by its qualified name, else the only peer that
    /// offers the bare name (spec/http-api.md 3.2, steps 4 to 6).
    #[must_use]
    pub fn target(&self, name: &str) -> Option<Target> {
        match self.names.resolve(name)? {
            herder_config::Target::Local(id) => self.roster.id(id).map(Target::Local),
            herder_config::Target::Peer(found) => {
                let peer = self.peers.get(&found.peer)?;
                Some(Target::Peer(PeerModel {
                    peer: Arc::clone(peer),
                    id: found.peer.clone(),
                    model: found.model.clone(),
                    counters: Arc::clone(peer.counters(&found.model)?),
                }))
            }
        }
    }

    /// The local model of this name: an id first, then an alias (spec/config.md 7.1).
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<ModelId> {
        self.roster.id(self.names.local(name)?)
    }

    /// The name under which a request is recorded: a local model's id, else the name that the client used.
    #[must_use]
    pub fn recorded_name<'name>(&'name self, target: &Target, requested: &'name str) -> &'name str {
        match target {
            Target::Local(model) => self.model(*model).0,
            Target::Peer(_) => requested,
        }
    }

    /// Id and settings of a model of this configuration.
    ///
    /// # Panics
    ///
    /// When this configuration has no such model.
    #[must_use]
    pub fn model(&self, model: ModelId) -> (&str, &Model) {
        let settings = self.roster.settings(model);
        let settings = settings.expect("a request asks for the models of the configuration that it sees");
        (self.roster.name(model), settings)
    }

    /// Every model of this configuration, in ascending order of name.
    pub fn models(&self) -> impl Iterator<Item = ModelId> {
        let names = self.config.models.keys();
        names.filter_map(|name| self.roster.id(name))
    }

    /// The name of the router in error texts (spec/http-api.md 0.4).
    #[must_use]
    pub fn router_name(&self) -> &'static str {
        match self.config.router {
            Router::Group(_) => "group",
            Router::Matrix(_) => "matrix",
        }
    }
}

#[cfg(test)]
mod tests {
    use herder_config::{Filters, Secret, Strategy};
    use herder_core::ModelState;

    use super::*;
    use crate::fixtures::{config, model};

    fn with_peer(key: &str) -> Config {
        let mut config = config([("a", model("", "")), ("b", model("", ""))]);
        let peer = herder_config::Peer {
            proxy: "http://h".to_owned(),
            api_key: Some(Secret::new(key)),
            models: vec!["m".to_owned()],
            filters: Filters::default(),
            timeouts: model("", "").timeouts,
            forward_credentials: false,
        };
        config.peers.insert("attic".to_owned(), peer);
        config
    }

    fn with_selector(targets: &[&str]) -> Config {
        let mut config = with_peer("k");
        let selector = herder_config::Selector {
            strategy: Strategy::Spillover { limit: 1 },
            targets: targets.iter().map(|&target| target.to_owned()).collect(),
            name: String::new(),
            description: String::new(),
            unlisted: false,
            metadata: IndexMap::new(),
        };
        config.selectors.insert("pool".to_owned(), selector);
        config
    }

    fn following(previous: &Snapshot, config: Config) -> Snapshot {
        let roster = previous.roster().succeeding(&config).unwrap();
        previous.succeeding(config, roster).unwrap()
    }

    fn first(config: Config) -> Snapshot {
        let roster = Roster::new(&config);
        Snapshot::new(config, roster).unwrap()
    }

    #[test]
    fn connections_to_a_peer_stay_when_its_settings_do() {
        let before = first(with_peer("k"));
        let same = following(&before, with_peer("k"));
        assert!(Arc::ptr_eq(&before.peers["attic"], &same.peers["attic"]));
        let other = following(&same, with_peer("new"));
        assert!(!Arc::ptr_eq(&before.peers["attic"], &other.peers["attic"]));
    }

    #[test]
    fn selectors_go_on_counting() {
        let choose = |snapshot: &Snapshot| {
            let selector = snapshot.selector("pool").unwrap();
            let choice = selector.choose(|_| ModelState::Ready).unwrap();
            (choice.name.to_owned(), choice.reservation)
        };
        let before = first(with_selector(&["a", "b"]));
        let (name, held) = choose(&before);
        assert_eq!(name, "a");
        let same = following(&before, with_selector(&["a", "b"]));
        let (name, _) = choose(&same);
        assert_eq!(name, "b");
        // `a` still has a request of an earlier configuration.
        let (name, _) = choose(&same);
        assert_eq!(name, "b");
        drop(held);
        assert_eq!(choose(&same).0, "a");
        let other = following(&same, with_selector(&["b", "a"]));
        assert_eq!(choose(&other).0, "b");
    }
}
