//! What a browser loads before it shows the first page, compressed as herder sends it, and its limit.
//!
//! It is the document, what the document names, the chunk of the overview with what that imports, and the worker that holds
//! the event stream.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::programs::folder_entries;

/// Bytes of the first load, with gzip: a page that somebody looks at on a phone over a slow network must be there at once.
const LIMIT: usize = 60_000;

/// Where the page lives.
const BASE: &str = "/ui/";

/// The page that opens first, as vite's manifest names it.
const FIRST_PAGE: &str = "src/pages/overview/Overview.svelte";

/// Weighs what vite has built into `folder`, with its manifest, and prints it.
///
/// # Errors
/// A first load over the limit; a file that is missing.
pub(super) fn check(folder: &Path) -> Result<()> {
    let document = fs::read_to_string(folder.join("index.html"))?;
    let manifest = fs::read(folder.join(".vite/manifest.json")).context("vite's manifest")?;
    let manifest: Value = serde_json::from_slice(&manifest).context("vite's manifest")?;
    let mut files = named_files(&document);
    files.insert("index.html".into());
    chunk_files(&manifest, FIRST_PAGE, &mut files)?;
    for asset in folder_entries(&folder.join("assets"))? {
        let name = asset.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("worker-") {
            files.insert(format!("assets/{name}"));
        }
    }
    println!("\nfirst load, bytes with gzip:");
    let mut sum = 0;
    for file in &files {
        let bytes = fs::read(folder.join(file)).with_context(|| file.clone())?;
        let weight = gzip(&bytes)?;
        println!("{weight:>8}  {file}");
        sum += weight;
    }
    println!("{sum:>8}  of at most {LIMIT}");
    ensure!(
        sum <= LIMIT,
        "the first load weighs {sum} bytes, at most {LIMIT} are allowed: load more of it later"
    );
    Ok(())
}

/// Scripts, styles and preloaded chunks that the document names. Icon and manifest come later and hold nothing up.
fn named_files(document: &str) -> BTreeSet<String> {
    let tags = document.split('<').filter(|tag| {
        tag.starts_with("script")
            || (tag.starts_with("link")
                && ["stylesheet", "modulepreload"]
                    .iter()
                    .any(|kind| tag.contains(kind)))
    });
    tags.filter_map(|tag| {
        let (_, path) = tag.split_once(&format!("=\"{BASE}"))?;
        let (path, _) = path.split_once('"')?;
        Some(path.to_owned())
    })
    .collect()
}

/// The files of a chunk and of all that it imports.
fn chunk_files(manifest: &Value, chunk: &str, files: &mut BTreeSet<String>) -> Result<()> {
    let entry = manifest
        .get(chunk)
        .with_context(|| format!("vite's manifest has no {chunk}"))?;
    let file = entry["file"]
        .as_str()
        .with_context(|| format!("{chunk} has no file"))?;
    if !files.insert(file.to_owned()) {
        return Ok(());
    }
    let texts = |key: &str| {
        entry[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    };
    files.extend(texts("css").map(str::to_owned));
    for import in texts("imports") {
        chunk_files(manifest, import, files)?;
    }
    Ok(())
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_document_names_scripts_and_styles() {
        let document = r#"<link rel="icon" href="/ui/icon.svg"><script src="/ui/appearance.js"></script>
            <script type="module" crossorigin src="/ui/assets/index-a.js"></script>
            <link rel="modulepreload" crossorigin href="/ui/assets/part-b.js">
            <link rel="stylesheet" crossorigin href="/ui/assets/index-c.css">"#;
        let files: Vec<String> = named_files(document).into_iter().collect();
        assert_eq!(
            files,
            [
                "appearance.js",
                "assets/index-a.js",
                "assets/index-c.css",
                "assets/part-b.js"
            ]
        );
    }

    #[test]
    fn a_chunk_brings_what_it_imports() {
        let manifest = json!({
            FIRST_PAGE: {"file": "assets/o.js", "css": ["assets/o.css"], "imports": ["_a.js", "index.html"],
                         "dynamicImports": ["later.js"]},
            "_a.js": {"file": "assets/a.js", "imports": ["_b.js"]},
            "_b.js": {"file": "assets/b.js", "imports": ["_a.js"]},
            "index.html": {"file": "assets/index.js"},
        });
        let mut files = BTreeSet::new();
        chunk_files(&manifest, FIRST_PAGE, &mut files).unwrap();
        let files: Vec<String> = files.into_iter().collect();
        assert_eq!(
            files,
            [
                "assets/a.js",
                "assets/b.js",
                "assets/index.js",
                "assets/o.css",
                "assets/o.js"
            ]
        );
        assert!(chunk_files(&manifest, "none", &mut BTreeSet::new()).is_err());
    }

    #[test]
    fn a_page_that_is_too_heavy_is_refused() {
        let folder = std::env::temp_dir().join(format!("herder-xtask-weight-{}", std::process::id()));
        fs::create_dir_all(folder.join("assets")).unwrap();
        fs::create_dir_all(folder.join(".vite")).unwrap();
        fs::write(folder.join("index.html"), "<script src=\"/ui/big.js\"></script>").unwrap();
        let manifest = json!({FIRST_PAGE: {"file": "assets/o.js"}}).to_string();
        fs::write(folder.join(".vite/manifest.json"), manifest).unwrap();
        fs::write(folder.join("assets/o.js"), "o").unwrap();
        fs::write(folder.join("big.js"), "small").unwrap();
        assert!(check(&folder).is_ok());
        // Numbers without a pattern that gzip could use.
        let mut state: u32 = 1;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(LIMIT)
        .collect();
        fs::write(folder.join("big.js"), noise).unwrap();
        let error = check(&folder).unwrap_err().to_string();
        assert!(error.contains("at most 60000 are allowed"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
