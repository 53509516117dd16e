//! What a reload means for the list of models, and which other settings it has changed.

use std::fmt;

use herder_config::{Config, changed_settings};
use serde::Serialize;

/// Names of one kind that the log line shows; a generated file may hold a thousand.
const MOST_NAMES: usize = 20;

/// Two configurations compared; each list of models is in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// Only in the new one.
    pub added: Vec<String>,
    /// With other settings.
    pub changed: Vec<String>,
    /// Only in the old one.
    pub removed: Vec<String>,
    /// How many are the same.
    pub unchanged: usize,
    /// Names of the settings outside the models that differ.
    pub settings: Vec<String>,
}

impl Difference {
    /// Compares.
    #[must_use]
    pub fn between(old: &Config, new: &Config) -> Self {
        let mut difference = Self {
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            unchanged: 0,
            settings: changed_settings(old, new),
        };
        for (id, settings) in &new.models {
            match old.models.get(id) {
                None => difference.added.push(id.clone()),
                Some(before) if before != settings => difference.changed.push(id.clone()),
                Some(_) => difference.unchanged += 1,
            }
        }
        let removed = old.models.keys().filter(|id| !new.models.contains_key(*id));
        difference.removed.extend(removed.cloned());
        difference
    }
}

/// `2 added (a, b), 1 changed (c), 0 removed, 5 unchanged; other settings: logLevel`
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (names, what) in [
            (&self.added, "added"),
            (&self.changed, "changed"),
            (&self.removed, "removed"),
        ] {
            write!(formatter, "{} {what}", names.len())?;
            if !names.is_empty() {
                let shown = names.iter().take(MOST_NAMES);
                let shown: Vec<&str> = shown.map(String::as_str).collect();
                let more = if names.len() > shown.len() { ", …" } else { "" };
                write!(formatter, " ({}{more})", shown.join(", "))?;
            }
            formatter.write_str(", ")?;
        }
        write!(formatter, "{} unchanged", self.unchanged)?;
        if !self.settings.is_empty() {
            // There are no more of them than keys of a configuration.
            write!(formatter, "; other settings: {}", self.settings.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{config, model};

    #[test]
    fn a_reload_in_one_line() {
        let old = config([
            ("a", model("1", "")),
            ("b", model("2", "")),
            ("c", model("3", "")),
        ]);
        let new = config([
            ("b", model("2", "")),
            ("c", model("4", "")),
            ("d", model("", "")),
            ("e", model("", "")),
        ]);
        let mut other = old.clone();
        other.send_loading_state = true;
        other.start_port = 7000;
        let table = [
            (
                &old,
                &other,
                "0 added, 0 changed, 0 removed, 3 unchanged; other settings: startPort, sendLoadingState",
            ),
            (&old, &old, "0 added, 0 changed, 0 removed, 3 unchanged"),
            (
                &old,
                &new,
                "2 added (d, e), 1 changed (c), 1 removed (a), 1 unchanged",
            ),
            (
                &new,
                &old,
                "1 added (a), 1 changed (c), 2 removed (d, e), 1 unchanged",
            ),
        ];
        for (old, new, expected) in table {
            assert_eq!(Difference::between(old, new).to_string(), expected);
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let mut many = config([]);
        many.models = (0..300)
            .map(|number| (format!("m{number:03}"), model("", "")))
            .collect();
        let line = Difference::between(&config([]), &many).to_string();
        assert!(line.starts_with("300 added (m000, "), "{line}");
        assert!(
            line.ends_with(", m019, …), 0 changed, 0 removed, 0 unchanged"),
            "{line}"
        );
    }
}
