//! Which model a name means when somebody asks what would become of it. Only models of herder's own are planned for; of
//! every other name this file says what it is.

use std::fmt::Write as _;

use herder_config::{Config, Names, Target, did_you_mean};
use herder_core::ModelId;

use crate::roster::Roster;

/// A name that is no model of herder's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAModel {
    /// A selector.
    #[error("\"{name}\" is a selector: each request goes to one of {targets}; ask about one of these")]
    Selector {
        /// Its id.
        name: String,
        /// Those it chooses from.
        targets: String,
    },
    /// A model of a peer.
    #[error("\"{name}\" is a model of the peer \"{peer}\": nothing is loaded here for it")]
    Peer {
        /// What was asked.
        name: String,
        /// The peer's id.
        peer: String,
    },
    /// A profile.
    #[error("\"{0}\" is a profile: it gives names another meaning; ask about the model that a name means")]
    Profile(String),
    /// A name that means something only while a profile is active.
    #[error("\"{name}\" is a name of the profile \"{profile}\" only{}", meaning(.target.as_deref()))]
    Pin {
        /// What was asked.
        name: String,
        /// The first profile that has it.
        profile: String,
        /// What it means there; `None` when it is disabled.
        target: Option<String>,
    },
    /// Nobody has this name.
    #[error("no model has the name \"{name}\"{}", with_hint(.hint.as_deref()))]
    Unknown {
        /// What was asked.
        name: String,
        /// The nearest name.
        hint: Option<String>,
    },
}

/// The model with this id or alias.
///
/// # Errors
///
/// [`NotAModel`], which says what the name is instead.
pub(crate) fn find(config: &Config, roster: &Roster, name: &str) -> Result<ModelId, NotAModel> {
    if let Some(selector) = config.selectors.get(name) {
        return Err(NotAModel::Selector {
            name: name.to_owned(),
            targets: selector.targets.join(", "),
        });
    }
    match Names::of(config).resolve(name) {
        Some(Target::Local(id)) => {
            if let Some(model) = roster.id(id) {
                return Ok(model);
            }
        }
        Some(Target::Peer(found)) => {
            return Err(NotAModel::Peer {
                name: name.to_owned(),
                peer: found.peer.clone(),
            });
        }
        None => {}
    }
    if config.profiles.contains_key(name) {
        return Err(NotAModel::Profile(name.to_owned()));
    }
    let pin = config
        .profiles
        .iter()
        .find_map(|(profile, settings)| Some((profile, settings.pins.get(name)?)));
    Err(match pin {
        Some((profile, target)) => NotAModel::Pin {
            name: name.to_owned(),
            profile: profile.clone(),
            target: target.clone(),
        },
        None => NotAModel::Unknown {
            name: name.to_owned(),
            hint: did_you_mean(
                name,
                config
                    .models
                    .keys()
                    .chain(config.aliases.keys())
                    .map(String::as_str),
            ),
        },
    })
}

fn meaning(target: Option<&str>) -> String {
    match target {
        Some(target) => format!(", where it means \"{target}\""),
        None => ", which disables it".to_owned(),
    }
}

fn with_hint(hint: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(hint) = hint {
        write!(text, "; {hint}").expect("a text takes everything");
    }
    text
}
