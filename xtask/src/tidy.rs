//! `cargo xtask tidy`: the rules of the house that neither rustfmt nor clippy checks.
//!
//! A rule looks at the files and answers with complaints that begin with `file:line: `. The rules on source text are
//! in `sources`, those on manifests and the dependency list in `manifests`. The same check runs as a test.

mod manifests;
mod sources;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::programs::repository;

/// Folders that are made by tools or belong to them.
const FOREIGN_FOLDERS: [&str; 8] = [
    ".git",
    "target",
    "node_modules",
    "dist",
    "test-results",
    "corpus",
    "artifacts",
    ".idea",
];

/// Endings of the text files that are looked at.
const TEXT_FILES: [&str; 12] = [
    "rs", "toml", "md", "yaml", "yml", "json", "txt", "sh", "snap", "ts", "svelte", "run",
];

/// Runs every rule.
///
/// # Errors
/// When there are complaints; they have been printed.
pub(crate) fn run() -> Result<()> {
    let complaints = complaints(&repository())?;
    for complaint in &complaints {
        println!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("tidy found {} complaints", complaints.len());
    }
    println!("tidy: nothing to complain about");
    Ok(())
}

/// A text file of the repository.
pub(crate) struct TextFile {
    /// Relative to the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

fn complaints(root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let mut complaints = sources::complaints(&files);
    complaints.extend(manifests::complaints(&files));
    complaints.extend(broken_links(root, &files));
    complaints.extend(gate_entry(root));
    Ok(complaints)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<TextFile>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !FOREIGN_FOLDERS.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
        } else if name
            .rsplit('.')
            .next()
            .is_some_and(|ending| TEXT_FILES.contains(&ending))
        {
            // A file that an editor or a test removes while we look is no complaint.
            let Ok(bytes) = fs::read(&path) else { continue };
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.push(TextFile {
                path: parts.join("/"),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            });
        }
    }
    Ok(())
}

/// Links between the documents must lead somewhere.
fn broken_links(root: &Path, files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = root
            .join(&file.path)
            .parent()
            .map_or_else(|| root.to_path_buf(), Path::to_path_buf);
        for (number, line) in file.text.lines().enumerate() {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for target in targets.filter(|target| !target.starts_with('#') && !target.contains("://")) {
                let path = target.split('#').next().unwrap_or(target);
                if !folder.join(path).exists() {
                    complaints.push(format!(
                        "{}:{}: the link to {target} leads nowhere",
                        file.path,
                        number + 1
                    ));
                }
            }
        }
    }
    complaints
}

/// `.ci/run` is what machines call.
fn gate_entry(root: &Path) -> Vec<String> {
    let entry = root.join(".ci/run");
    let Ok(metadata) = fs::metadata(&entry) else {
        return vec![".ci/run:1: is missing".to_owned()];
    };
    if is_executable(&metadata) {
        Vec::new()
    } else {
        vec![".ci/run:1: is not executable".to_owned()]
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 == 0o111
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let complaints = complaints(&repository()).unwrap();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](README.md) [b](no-such-file.md#part)\n[c](#here)".to_owned();
        let files = [TextFile {
            path: "sample.md".into(),
            text,
        }];
        assert_eq!(
            broken_links(&repository(), &files),
            ["sample.md:1: the link to no-such-file.md#part leads nowhere"]
        );
    }
}
