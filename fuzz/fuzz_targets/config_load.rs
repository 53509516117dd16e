//! Any text as a configuration: no panic, and what loads survives the round trip.
//! `crates/config/tests/config/fuzz.rs` does the same on every compiler.

#![no_main]

use herder_config::{Environment, ErrorClass, load_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let loaded = match load_text("fuzz.yaml", text, &Environment::empty(), false) {
        Ok(loaded) => loaded,
        Err(error) => {
            let _ = error.render(false);
            return;
        }
    };
    let _ = loaded.render(&loaded.warnings, false);
    // What looks like a macro and is none cannot be written down; the loader warns about it.
    if loaded.warnings.iter().any(|warning| warning.class == ErrorClass::Macro) {
        return;
    }
    let yaml = loaded.resolved_yaml(true);
    match load_text("resolved.yaml", &yaml, &Environment::empty(), false) {
        Ok(again) => assert_eq!(again.config, loaded.config),
        Err(error) => panic!("{}\n{yaml}", error.render(false)),
    }
});
