//! Which files a command will read: the large ones that its words name.
//!
//! There is no list of options, since every model server has its own: a word counts if it is such a file, or if what
//! follows its first `=` is. What a shell inside the command would make of its words, and what a server finds by itself
//! (in its configuration, in a cache of downloads), is not known here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Smaller files are read in a moment anyway, and most words that name one name something else than weights.
pub(super) const SMALLEST_BYTES: u64 = 64 * 1024 * 1024;

/// Most files of one command: the largest models come in some two hundred parts.
const MOST_FILES: usize = 256;

/// Most bytes of one command: more than any model has. What fits into memory is less; this ends what is no model, such
/// as the image of a disk.
const MOST_BYTES: u64 = 1 << 40;

/// Most entries of a folder that are looked at: a model's folder has a few hundred.
const MOST_ENTRIES: usize = 4096;

/// A file that will be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weights {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The large files that these words name, each once, in the order in which they are named. The program itself, which is
/// the first word, is none of them. Relative paths count from the folder in which this process runs, where model servers
/// are started, too.
pub(super) fn find(words: &[String]) -> Vec<Weights> {
    let mut found = Found::default();
    for word in words.iter().skip(1) {
        found.add_named(Path::new(word));
        if let Some((_, value)) = word.split_once('=') {
            found.add_named(Path::new(value));
        }
    }
    found.weights
}

#[derive(Default)]
struct Found {
    weights: Vec<Weights>,
    bytes: u64,
    /// By their one true path: caches of downloads are full of links.
    known: BTreeSet<PathBuf>,
}

impl Found {
    fn add_named(&mut self, path: &Path) {
        // Follows links. What cannot be looked at is no file for us.
        let Ok(metadata) = path.metadata() else { return };
        if metadata.is_dir() {
            for part in safetensors(path) {
                self.add(&part);
            }
        } else if let Some(parts) = parts(path) {
            for part in parts {
                self.add(&part);
            }
        } else {
            self.add(path);
        }
    }

    fn add(&mut self, path: &Path) {
        let Ok(metadata) = path.metadata() else { return };
        let bytes = metadata.len();
        let fits = self.weights.len() < MOST_FILES && bytes <= MOST_BYTES - self.bytes;
        if !metadata.is_file() || bytes < SMALLEST_BYTES || !fits {
            return;
        }
        if let Ok(true_path) = path.canonicalize()
            && self.known.insert(true_path)
        {
            self.bytes += bytes;
            let path = path.to_owned();
            self.weights.push(Weights { path, bytes });
        }
    }
}

/// All parts of a split GGUF file, `name-00001-of-00003.gguf`, in order, of which `path` is one.
fn parts(path: &Path) -> Option<impl Iterator<Item = PathBuf>> {
    let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
    let (rest, count) = name.rsplit_once("-of-")?;
    let (name, number) = rest.rsplit_once('-')?;
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(number) || !is_number(count) {
        return None;
    }
    let last: usize = count.parse().ok()?;
    let (name, count) = (name.to_owned(), count.to_owned());
    let path = path.to_owned();
    let part = move |number: usize| path.with_file_name(format!("{name}-{number:05}-of-{count}.gguf"));
    Some((1..=last.min(MOST_FILES)).map(part))
}

/// The weights in a folder, as vLLM and others want it named.
fn safetensors(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MOST_ENTRIES);
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "safetensors")
        })
        .collect();
    paths.sort_unstable();
    paths
}

// Not on Windows, where a file without content takes its room on the disk.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::command::{Dialect, split};

    /// Files without content take no room on the disk.
    fn hollow(path: &Path, bytes: u64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().set_len(bytes).unwrap();
    }

    #[test]
    fn words_that_name_large_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "server",
            "a.gguf",
            "b.gguf",
            "with space.gguf",
            "x-00001-of-00003.gguf",
            "x-00002-of-00003.gguf",
            "x-00003-of-00003.gguf",
            "y-00002-of-00003.gguf",
            "y-00003-of-00003.gguf",
            "z-1-of-2.gguf",
            "z-2-of-2.gguf",
            "local/model-00001-of-00002.safetensors",
            "local/model-00002-of-00002.safetensors",
            "local/optimizer.bin",
        ] {
            hollow(&folder.path().join(name), SMALLEST_BYTES);
        }
        hollow(&folder.path().join("small.gguf"), SMALLEST_BYTES - 1);
        hollow(&folder.path().join("local/tiny.safetensors"), 10);
        hollow(&folder.path().join("huge.img"), MOST_BYTES + 1);

        // `@` stands for the folder.
        let table: [(&str, &[&str]); 16] = [
            ("@/server", &[]),
            ("@/server --port 5800", &[]),
            ("@/server -m @/a.gguf", &["a.gguf"]),
            (
                "@/server --model=@/a.gguf --mmproj @/b.gguf",
                &["a.gguf", "b.gguf"],
            ),
            ("@/server --model=@/b.gguf -md @/a.gguf", &["b.gguf", "a.gguf"]),
            ("@/server -m '@/with space.gguf'", &["with space.gguf"]),
            ("@/server -m @/a.gguf -md @/a.gguf -x=@/./a.gguf", &["a.gguf"]),
            ("@/server -m @/small.gguf", &[]),
            ("@/server -m @/absent.gguf", &[]),
            ("@/server --disk @/huge.img -m @/a.gguf", &["a.gguf"]),
            (
                "@/server -m @/x-00001-of-00003.gguf",
                &[
                    "x-00001-of-00003.gguf",
                    "x-00002-of-00003.gguf",
                    "x-00003-of-00003.gguf",
                ],
            ),
            (
                "@/server -m @/x-00002-of-00003.gguf @/a.gguf",
                &[
                    "x-00001-of-00003.gguf",
                    "x-00002-of-00003.gguf",
                    "x-00003-of-00003.gguf",
                    "a.gguf",
                ],
            ),
            // A part is missing: the server will complain, not we.
            (
                "@/server -m @/y-00002-of-00003.gguf",
                &["y-00002-of-00003.gguf", "y-00003-of-00003.gguf"],
            ),
            ("@/server -m @/z-1-of-2.gguf", &["z-1-of-2.gguf"]),
            (
                "@/server --model @/local",
                &[
                    "local/model-00001-of-00002.safetensors",
                    "local/model-00002-of-00002.safetensors",
                ],
            ),
            ("@/server -m ~/a.gguf ${HOME}/a.gguf /dev/zero /dev/null", &[]),
        ];
        let root = folder.path().to_str().unwrap();
        for (command, expected) in table {
            let words = split(&command.replace('@', root), Dialect::Posix).unwrap();
            let found: Vec<PathBuf> = find(&words).into_iter().map(|weights| weights.path).collect();
            let expected: Vec<PathBuf> = expected.iter().map(|name| folder.path().join(name)).collect();
            assert_eq!(found, expected, "{command}");
        }
    }

    #[test]
    fn there_is_a_limit_to_files() {
        let folder = tempfile::tempdir().unwrap();
        let count = MOST_FILES + 4;
        for number in 1..=count {
            hollow(
                &folder.path().join(format!("m-{number:05}-of-{count:05}.gguf")),
                SMALLEST_BYTES,
            );
            hollow(
                &folder.path().join(format!("{number:05}.safetensors")),
                SMALLEST_BYTES,
            );
        }
        let first = folder.path().join(format!("m-00001-of-{count:05}.gguf"));
        for path in [first.as_path(), folder.path()] {
            let words = ["serve".to_owned(), path.to_str().unwrap().to_owned()];
            assert_eq!(find(&words).len(), MOST_FILES);
        }
    }
}
