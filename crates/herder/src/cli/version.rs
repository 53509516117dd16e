//! Which herder this is. The release build sets the three values through environment variables of the compiler.

/// Release, for example `0.4.1`.
pub const VERSION: &str = match option_env!("HERDER_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Short hash of the commit it was built from.
pub const COMMIT: &str = match option_env!("HERDER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// When it was built, RFC 3339 in UTC.
pub const BUILD_DATE: &str = match option_env!("HERDER_BUILD_DATE") {
    Some(date) => date,
    None => "unknown",
};

/// What `herder -version` prints (spec/config.md 1.1).
#[must_use]
pub fn version_line() -> String {
    format!("version: {VERSION} ({COMMIT}), built at {BUILD_DATE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_form_that_scripts_parse() {
        let line = version_line();
        assert!(line.starts_with("version: "), "{line}");
        assert!(line.contains(" ("), "{line}");
        assert!(line.contains("), built at "), "{line}");
    }
}
