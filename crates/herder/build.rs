//! Embeds the web page: compresses its files and writes the table that `src/routes/ui.rs` includes.
//!
//! The page is what `cargo xtask ui` has built from `ui/` at the top of the repository. Without that, which needs Node,
//! herder gets the small page beside this file, which says how to get the other one.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Where the page is when it has been built; as seen from this file. The folder is always there, because cargo would run
/// this program at every build if what it watches were missing.
const BUILT: &str = "../../ui/dist";

/// What stands in its place otherwise.
const FALLBACK: &str = "ui";

/// The file that makes a folder a page.
const INDEX: &str = "index.html";

/// A folder in a folder in a folder; what a web build makes is flatter.
const MAX_DEPTH: usize = 8;

/// Files below this many bytes fit into one packet with their headers, so compressing them saves no time.
const TINY: usize = 512;

/// Formats that are compressed in themselves.
const COMPRESSED: [&str; 7] = ["png", "jpg", "jpeg", "webp", "gif", "woff2", "mp3"];

/// 11 would make a page one tenth smaller, but takes twelve seconds for a megabyte of scripts when this program is built as
/// it is for development; 9 takes half a second.
const BROTLI_QUALITY: i32 = 9;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={BUILT}");
    println!("cargo::rerun-if-changed={FALLBACK}");
    let crate_folder = folder("CARGO_MANIFEST_DIR")?;
    let built = crate_folder.join(BUILT);
    let page = if built.join(INDEX).is_file() {
        built.canonicalize()?
    } else {
        crate_folder.join(FALLBACK)
    };
    let output = folder("OUT_DIR")?;
    let mut files = Vec::new();
    collect(&page, MAX_DEPTH, &mut files)?;
    let mut table = "&[\n".to_owned();
    let mut named: Vec<(String, &PathBuf)> = Vec::new();
    for file in &files {
        named.push((path_in(&page, file)?, file));
    }
    named.sort_unstable();
    for (number, (path, file)) in named.iter().enumerate() {
        table += &entry(path, file, &output.join(number.to_string()))?;
    }
    table += "]\n";
    fs::write(output.join("ui_files.rs"), table)
}

/// A folder that cargo names.
fn folder(variable: &str) -> io::Result<PathBuf> {
    let value = std::env::var_os(variable).ok_or_else(|| io::Error::other(variable))?;
    Ok(PathBuf::from(value))
}

/// The files in `folder` and below, without those that are not for browsers.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth == 0 {
        let message = format!("{}: too many folders in each other", folder.display());
        return Err(io::Error::other(message));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Hidden files are for other programs; maps would double the size of herder.
        if name.starts_with('.') || name.ends_with(".map") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), depth - 1, files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Below the page's folder, with slashes.
fn path_in(page: &Path, file: &Path) -> io::Result<String> {
    let path = file.strip_prefix(page).map_err(io::Error::other)?;
    let segments: Vec<_> = path
        .iter()
        .map(|segment| segment.to_string_lossy().into_owned())
        .collect();
    Ok(segments.join("/"))
}

/// The Rust text for one file. Its compressed forms, where they are smaller, go to files whose names begin with `stem`.
fn entry(path: &str, file: &Path, stem: &Path) -> io::Result<String> {
    let bytes = fs::read(file)?;
    let plain = variant(file, &bytes);
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let (brotli, gzip) = if bytes.len() < TINY || COMPRESSED.contains(&extension) {
        ("None".to_owned(), "None".to_owned())
    } else {
        (
            compressed(&stem.with_extension("br"), &bytes, &in_brotli(&bytes)?)?,
            compressed(&stem.with_extension("gz"), &bytes, &in_gzip(&bytes)?)?,
        )
    };
    Ok(format!(
        "File {{ path: {path:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},\n"
    ))
}

fn in_brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        ..BrotliEncoderParams::default()
    };
    let mut shrunk = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut shrunk, &parameters)?;
    Ok(shrunk)
}

fn in_gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The Rust text for a compressed form, which is written to `file`; none when it is not smaller.
fn compressed(file: &Path, plain: &[u8], shrunk: &[u8]) -> io::Result<String> {
    if shrunk.len() >= plain.len() {
        return Ok("None".to_owned());
    }
    fs::write(file, shrunk)?;
    Ok(format!("Some({})", variant(file, shrunk)))
}

/// The Rust text for one form of a file. Its tag changes with its bytes.
fn variant(file: &Path, bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    format!(
        "Variant {{ bytes: include_bytes!({:?}), tag: {tag:?} }}",
        file.to_string_lossy()
    )
}
