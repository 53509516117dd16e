//! Embeds the web page: compresses every file of `ui/` and writes the table that `src/routes/ui.rs` includes.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;

/// The files of the page, beside this one.
const PAGE: &str = "ui";

/// A folder in a folder in a folder; what a web build makes is flatter.
const MAX_DEPTH: usize = 8;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={PAGE}");
    let page = folder("CARGO_MANIFEST_DIR")?.join(PAGE);
    let output = folder("OUT_DIR")?;
    let mut files = Vec::new();
    collect(&page, MAX_DEPTH, &mut files)?;
    files.sort_unstable();
    let mut table = "&[\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        table += &entry(&page, file, &output.join(format!("{number}.br")))?;
    }
    table += "]\n";
    fs::write(output.join("ui_files.rs"), table)
}

/// A folder that cargo names.
fn folder(variable: &str) -> io::Result<PathBuf> {
    let value = std::env::var_os(variable).ok_or_else(|| io::Error::other(variable))?;
    Ok(PathBuf::from(value))
}

/// The files in `folder` and below.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth == 0 {
        let message = format!("{}: too many folders in each other", folder.display());
        return Err(io::Error::other(message));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), depth - 1, files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The Rust text for one file. Its compressed form goes to `compressed`, if it is smaller.
fn entry(page: &Path, file: &Path, compressed: &Path) -> io::Result<String> {
    let bytes = fs::read(file)?;
    let mut shrunk = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut shrunk, &BrotliEncoderParams::default())?;
    let brotli = if shrunk.len() < bytes.len() {
        fs::write(compressed, &shrunk)?;
        format!("Some({})", variant(compressed, &shrunk))
    } else {
        "None".to_owned()
    };
    let path = file.strip_prefix(page).map_err(io::Error::other)?;
    let path: Vec<_> = path
        .iter()
        .map(|segment| segment.to_string_lossy().into_owned())
        .collect();
    let plain = variant(file, &bytes);
    Ok(format!(
        "File {{ path: {:?}, plain: {plain}, brotli: {brotli} }},\n",
        path.join("/")
    ))
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
