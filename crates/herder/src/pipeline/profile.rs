//! Pins: the names that the active profile gives another meaning (spec/config.md 7.3).
//!
//! A pin is applied once: its target is not looked up among the pins again.

use herder_config::Profile;
use herder_wire::path::{self, Rest};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a name means under a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pinned<'a> {
    /// The profile says nothing about it.
    Untouched,
    /// It means this.
    To(&'a str),
    /// It means nothing: the profile disables it.
    Disabled,
}

/// What cannot stand in a path as it is. Slashes can: names hold them.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The meaning of a requested name.
pub(super) fn pinned<'a>(profile: Option<&'a Profile>, name: &str) -> Pinned<'a> {
    match profile.and_then(|profile| profile.pins.get(name)) {
        None => Pinned::Untouched,
        Some(Some(target)) => Pinned::To(target),
        Some(None) => Pinned::Disabled,
    }
}

/// The path behind `/upstream/` after the profile: the longest pin that it begins with is replaced by its target, and the
/// client's spelling of the rest stays (spec/http-api.md 1.9, step 1). A name that is disabled leaves nothing. `None`
/// when the path begins with no pin.
pub(crate) fn repath(profile: &Profile, raw: &str) -> Option<String> {
    let named = path::match_model(raw, |name| profile.pins.contains_key(name))?;
    let target = match pinned(Some(profile), &named.name) {
        Pinned::Untouched => return None,
        Pinned::Disabled => return Some(String::new()),
        Pinned::To(target) => utf8_percent_encode(target, NOT_IN_PATH),
    };
    Some(match named.rest {
        Rest::Missing => target.to_string(),
        Rest::Path(rest) => format!("{target}/{rest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let pins = [
            ("a", Some("orca")),
            ("a/b", Some("org/lynx 7%b")),
            ("off", None),
            ("orca", Some("a")),
        ];
        Profile {
            description: String::new(),
            pins: pins
                .into_iter()
                .map(|(name, target)| (name.to_owned(), target.map(str::to_owned)))
                .collect(),
        }
    }

    #[test]
    fn config_7_3_pins_apply_once() {
        let profile = profile();
        for (name, expected) in [
            ("a", Pinned::To("orca")),
            ("orca", Pinned::To("a")),
            ("off", Pinned::Disabled),
            ("A", Pinned::Untouched),
            ("a/", Pinned::Untouched),
        ] {
            assert_eq!(pinned(Some(&profile), name), expected, "{name}");
        }
        assert_eq!(pinned(None, "a"), Pinned::Untouched);
    }

    #[test]
    fn http_1_9_the_longest_pin_of_a_path() {
        for (raw, expected) in [
            ("a", Some("orca")),
            ("a/", Some("orca/")),
            ("a/x%2Fy//z", Some("orca/x%2Fy//z")),
            ("a/b/c", Some("org/lynx%207%25b/c")),
            ("a%2Fb/%62", Some("org/lynx%207%25b/%62")),
            ("%61/x", Some("orca/x")),
            ("ab/x", None),
            ("off/x", Some("")),
            ("off", Some("")),
            ("", None),
        ] {
            assert_eq!(repath(&profile(), raw).as_deref(), expected, "{raw}");
        }
    }
}
