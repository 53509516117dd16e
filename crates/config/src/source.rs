//! Which files make up a configuration, and their text (spec/config.md 1.6).
//!
//! Reads; parsing is left to [`crate::parse`].

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{ErrorClass, Location, Origin, Report};

/// Largest source file in bytes. A thousand models are about 1 MiB of YAML; more is a wrong file.
const LARGEST_FILE: u64 = 4 << 20;

/// Most files read from a directory.
const MOST_FILES: usize = 1000;

/// Largest text of all files together in bytes, so that many large files cannot fill the memory either.
const LARGEST_TOTAL: usize = 16 << 20;

/// Where a configuration comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// `-config`: one file.
    pub config: Option<PathBuf>,
    /// `-config-dir`: its `*.yml` and `*.yaml` files, by name, are merged on top.
    pub config_dir: Option<PathBuf>,
}

/// Whether the sources have been read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A pipe will do, as in `-config <(generate)`.
    First,
    /// What came through a pipe is gone: one is empty now, which would be a configuration without models, or has nobody
    /// at its other end, and opening it would wait for ever.
    Again,
}

/// The texts that were read, for places and snippets.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceMap {
    files: Vec<SourceFile>,
}

/// One source.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// The name shown to the user.
    pub(crate) name: String,
    /// The text as written, without a byte-order mark.
    pub(crate) text: String,
}

impl SourceMap {
    /// A map of one text that is in memory.
    pub(crate) fn of_text(name: &str, text: &str, report: &mut Report) -> Self {
        let mut map = Self::default();
        if text.len() as u64 > LARGEST_FILE {
            report.error(
                ErrorClass::Io,
                format!("{name} is larger than {LARGEST_FILE} bytes"),
            );
            return map;
        }
        map.add(name.to_owned(), text);
        map
    }

    /// Reads all sources in order.
    pub(crate) fn read(sources: &Sources, reading: Reading, report: &mut Report) -> Self {
        let mut map = Self::default();
        let mut paths: Vec<PathBuf> = sources.config.iter().cloned().collect();
        if let Some(directory) = &sources.config_dir {
            let found = match yaml_files(directory) {
                Ok(found) => found,
                Err(error) => {
                    let name = directory.display();
                    report.error(
                        ErrorClass::Io,
                        format!("cannot read the directory {name}: {error}"),
                    );
                    return map;
                }
            };
            if let Some(config) = &sources.config
                && found.iter().any(|path| same_path(path, config))
            {
                let name = config.display();
                report
                    .error(ErrorClass::Io, format!("{name} is also present in -config-dir"))
                    .hint("leave out -config, or move the file out of the directory");
            }
            paths.extend(found);
        } else if sources.config.is_none() {
            report
                .error(
                    ErrorClass::Io,
                    "at least one of -config and -config-dir is required",
                )
                .hint("for example: herder -config config.yaml");
            return map;
        }
        if paths.is_empty() {
            report
                .error(ErrorClass::Io, "no configuration sources found")
                .hint("the directory has no file whose name ends in .yml or .yaml");
        }
        if paths.len() > MOST_FILES {
            report.error(
                ErrorClass::Io,
                format!("more than {MOST_FILES} configuration files"),
            );
            return map;
        }
        for path in paths {
            map.read_file(&path, reading, report);
        }
        map
    }

    /// The sources, in order.
    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The text between two characters of a file.
    pub(crate) fn slice(&self, origin: Origin) -> &str {
        let Some(file) = self.files.get(origin.file) else {
            return "";
        };
        let start = byte_offset(&file.text, origin.start);
        let end = byte_offset(&file.text, origin.end).max(start);
        &file.text[start..end]
    }

    /// The line in which a place begins, without its end.
    pub(crate) fn line(&self, origin: Origin) -> &str {
        let Some(file) = self.files.get(origin.file) else {
            return "";
        };
        let start = byte_offset(&file.text, origin.start);
        let from = file.text[..start].rfind('\n').map_or(0, |position| position + 1);
        let to = file.text[start..]
            .find(['\n', '\r'])
            .map_or(file.text.len(), |length| start + length);
        &file.text[from..to]
    }

    /// Line and column of a place.
    pub(crate) fn location(&self, origin: Origin) -> Location {
        let Some(file) = self.files.get(origin.file) else {
            return Location {
                file: String::new(),
                line: 1,
                column: 1,
                length: 1,
            };
        };
        let start = byte_offset(&file.text, origin.start);
        let before = &file.text[..start];
        let line_start = before.rfind('\n').map_or(0, |position| position + 1);
        let line_end = file.text[start..]
            .find(['\n', '\r'])
            .map_or(file.text.len(), |length| start + length);
        let rest = file.text[start..line_end].chars().count();
        Location {
            file: file.name.clone(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            length: origin.end.saturating_sub(origin.start).min(rest).max(1),
        }
    }

    fn add(&mut self, name: String, text: &str) {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned();
        self.files.push(SourceFile { name, text });
    }

    fn read_file(&mut self, path: &Path, reading: Reading, report: &mut Report) {
        let name = path.display().to_string();
        let total: usize = self.files.iter().map(|file| file.text.len()).sum();
        match std::fs::metadata(path) {
            Err(error) => {
                report.error(ErrorClass::Io, format!("cannot read {name}: {error}"));
                return;
            }
            Ok(metadata) if metadata.is_dir() => {
                report
                    .error(ErrorClass::Io, format!("cannot read {name}: is a directory"))
                    .hint("use -config-dir for a directory");
                return;
            }
            Ok(metadata) if reading == Reading::Again && is_pipe(&metadata) => {
                report
                    .error(ErrorClass::Io, format!("cannot read {name} again: it is a pipe"))
                    .hint("only what is in a file can be loaded anew");
                return;
            }
            Ok(_) => {}
        }
        match read_limited(path) {
            Err(error) => {
                report.error(ErrorClass::Io, format!("cannot read {name}: {error}"));
            }
            Ok(bytes) if bytes.len() as u64 > LARGEST_FILE => {
                report.error(
                    ErrorClass::Io,
                    format!("{name} is larger than {LARGEST_FILE} bytes"),
                );
            }
            Ok(bytes) if total + bytes.len() > LARGEST_TOTAL => {
                report.error(
                    ErrorClass::Io,
                    format!("all files together are larger than {LARGEST_TOTAL} bytes"),
                );
            }
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => self.add(name, &text),
                Err(error) => {
                    let position = error.utf8_error().valid_up_to();
                    let message = format!("{name} is not valid UTF-8 (at byte {position})");
                    report.error(ErrorClass::Yaml, message);
                }
            },
        }
    }
}

/// The `*.yml` and `*.yaml` files of a directory in byte order of their names; hidden ones count. Of more than can be
/// loaded only so many as show that. Blocks.
///
/// # Errors
/// When the directory cannot be read.
pub fn yaml_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        if names.len() > MOST_FILES {
            break;
        }
        let entry = entry?;
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if (bytes.ends_with(b".yml") || bytes.ends_with(b".yaml")) && !entry.path().is_dir() {
            names.push(name);
        }
    }
    names.sort_by(|left, right| left.as_encoded_bytes().cmp(right.as_encoded_bytes()));
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

/// Reads at most one byte more than the limit; the file may be a pipe, so its size is not asked for.
fn read_limited(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

/// Absolute paths equal as text; symbolic links are not resolved (spec/config.md 1.6).
fn same_path(left: &Path, right: &Path) -> bool {
    match (std::path::absolute(left), std::path::absolute(right)) {
        (Ok(left), Ok(right)) => left == right,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// The byte at which a character starts; the end of the text when there are fewer characters.
pub(crate) fn byte_offset(text: &str, character: usize) -> usize {
    text.char_indices()
        .nth(character)
        .map_or(text.len(), |(offset, _)| offset)
}
