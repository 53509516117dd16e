//! Finds the program that the first word of a command names (spec/config.md 4.4).

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::os;

/// The path of the program named by `word`: the word itself when it has a separator, otherwise the first match in
/// the `PATH` of this process.
///
/// # Errors
/// Nothing was found, or it was found only through a relative entry of `PATH`: what runs must not depend on the
/// folder in which the router happens to be started.
pub(crate) fn find(word: &str) -> io::Result<PathBuf> {
    find_in(word, std::env::var_os("PATH").unwrap_or_default().as_os_str())
}

fn find_in(word: &str, search_path: &OsStr) -> io::Result<PathBuf> {
    if word.contains(std::path::is_separator) {
        return Ok(PathBuf::from(word));
    }
    let mut relative = None;
    for folder in std::env::split_paths(search_path) {
        // An empty entry means the current folder.
        let folder = if folder.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            folder
        };
        for candidate in os::executable_names(&folder.join(word)) {
            if !os::is_executable(&candidate) {
                continue;
            }
            if is_fixed(&folder) {
                return Ok(candidate);
            }
            relative.get_or_insert(candidate);
        }
    }
    Err(match relative {
        Some(candidate) => io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "found only as {}, through a relative entry of PATH",
                candidate.display()
            ),
        ),
        None => io::Error::new(io::ErrorKind::NotFound, "executable file not found in PATH"),
    })
}

fn is_fixed(folder: &Path) -> bool {
    folder.is_absolute()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn lookup_rules_of_config_4_4() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("model-server");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let absolute = folder.path().as_os_str();
        let missing = "executable file not found in PATH";

        assert_eq!(
            find_in("model-server", absolute).unwrap_err().to_string(),
            missing,
            "no execute permission"
        );
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(find_in("model-server", absolute).unwrap(), program);
        assert_eq!(
            find_in("./anything/at-all", absolute).unwrap(),
            PathBuf::from("./anything/at-all")
        );
        assert_eq!(find_in("absent", absolute).unwrap_err().to_string(), missing);
        assert_eq!(find_in("", absolute).unwrap_err().to_string(), missing);

        // Reach the same folder through a relative entry, whatever the current folder is.
        let here = std::env::current_dir().unwrap();
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        let relative = up.join(folder.path().strip_prefix("/").unwrap());
        let error = find_in("model-server", relative.as_os_str())
            .unwrap_err()
            .to_string();
        assert!(error.contains("relative entry of PATH"), "{error}");
        let both = std::env::join_paths([relative.as_path(), folder.path()]).unwrap();
        assert_eq!(
            find_in("model-server", &both).unwrap(),
            program,
            "a later absolute entry wins"
        );
    }
}
