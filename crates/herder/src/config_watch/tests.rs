//! The table of spec/config.md 1.5: first as looks, then with files.

use std::fs::{self, File};

use tokio::time::timeout;

use super::*;

/// A look from a text such as `file=1/10 a.yml=2/20`: time and size of `-config` under the name `file`, and of the files
/// of the directory. `b.yml=gone` is a link to nowhere.
fn look(text: &str) -> Look {
    let mut look = Look::default();
    for word in text.split_whitespace() {
        let (name, stamp) = word.split_once('=').expect("name=time/size");
        let stamp = stamp.split_once('/').map(|(time, bytes)| Stamp {
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(time.parse().expect("a time"))),
            bytes: bytes.parse().expect("a size"),
        });
        match name {
            "file" => look.file = stamp,
            name => {
                look.directory.insert(name.into(), stamp);
            }
        }
    }
    look
}

#[test]
fn config_1_5_what_is_news() {
    // Looks one after the other; `!` in front of those that are news after the one before.
    let table: [(&str, &[&str]); 14] = [
        (
            "nothing happens",
            &["file=1/10 a.yml=1/10", "file=1/10 a.yml=1/10"],
        ),
        ("another time", &["file=1/10", "!file=2/10", "file=2/10"]),
        ("an earlier time", &["file=2/10", "!file=1/10"]),
        (
            "row 137: the same time, another size",
            &["file=1/10", "!file=1/11"],
        ),
        (
            "row 135: it leaves and comes back",
            &["file=1/10", "", "", "!file=1/10", "file=1/10"],
        ),
        ("the file is not there at first", &["", "!file=1/10"]),
        ("a file more", &["a.yml=1/10", "!a.yml=1/10 b.yaml=1/10"]),
        ("a file less", &["a.yml=1/10 b.yaml=1/10", "!a.yml=1/10"]),
        ("a file under another name", &["a.yml=1/10", "!b.yml=1/10"]),
        (
            "a file of the directory is written",
            &["a.yml=1/10 b.yml=1/10", "!a.yml=1/10 b.yml=2/10"],
        ),
        (
            "row 136: the last file leaves, one comes",
            &["a.yml=1/10", "", "!a.yml=1/10"],
        ),
        (
            "a link gets its target",
            &["a.yml=gone", "a.yml=gone", "!a.yml=1/10"],
        ),
        (
            "both sources: one leaves, the other is written",
            &["file=1/10 a.yml=1/10", "a.yml=1/10", "!a.yml=2/10", "!file=1/10"],
        ),
        (
            "both sources: each is news",
            &[
                "file=1/10 a.yml=1/10",
                "!file=2/10 a.yml=1/10",
                "!file=2/10 a.yml=2/10",
            ],
        ),
    ];
    for (name, looks) in table {
        for (number, pair) in looks.windows(2).enumerate() {
            let [before, now] = pair else {
                unreachable!("windows of two")
            };
            let bare = |text: &str| look(&text.replace('!', ""));
            let news = bare(now).is_news_after(&bare(before));
            assert_eq!(news, now.contains('!'), "{name}: look {}", number + 1);
        }
    }
}

/// Files that are watched.
struct Watched {
    folder: tempfile::TempDir,
    watch: ConfigWatch,
}

impl Watched {
    /// `config.yaml` and the directory `more`, of which the prepared ones exist.
    fn begin(prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a test");
        prepare(folder.path());
        let sources = Sources {
            config: Some(folder.path().join("config.yaml")),
            config_dir: Some(folder.path().join("more")),
        };
        let watch = ConfigWatch::begin(&sources).expect("absolute paths");
        Self { folder, watch }
    }

    /// Whether three looks find news. Time is paused, and stands still while a look is taken.
    async fn is_news(&mut self) -> bool {
        timeout(3 * PACE, self.watch.changed()).await.is_ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, seconds: u64) {
        write(&self.path(name), text, seconds);
    }
}

/// Writes a file whose time is so many seconds after 1970.
fn write(path: &Path, text: &str, seconds: u64) {
    fs::write(path, text).expect("a file for a test");
    let file = File::options()
        .write(true)
        .open(path)
        .expect("the file that was written");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .expect("a time for a file");
}

#[tokio::test(start_paused = true)]
async fn row_135_row_137_a_file_is_watched() {
    let mut watched = Watched::begin(|folder| write(&folder.join("config.yaml"), "ttl: 1", 100));
    assert!(!watched.is_news().await, "the first look is the baseline");
    watched.write("config.yaml", "ttl: 2", 101);
    assert!(watched.is_news().await, "another time");
    watched.write("config.yaml", "ttl: 20", 101);
    assert!(watched.is_news().await, "the same time, another size");
    assert!(!watched.is_news().await, "once");
    fs::remove_file(watched.path("config.yaml")).unwrap();
    assert!(!watched.is_news().await, "it is gone");
    watched.write("config.yaml", "ttl: 20", 101);
    assert!(watched.is_news().await, "it is back as it was");
    fs::rename(watched.path("config.yaml"), watched.path("old")).unwrap();
    watched.write("config.yaml", "ttl: 30", 105);
    assert!(watched.is_news().await, "an editor has replaced it");
}

#[tokio::test(start_paused = true)]
async fn row_136_a_directory_is_watched() {
    let mut watched = Watched::begin(|folder| {
        fs::create_dir(folder.join("more")).unwrap();
        write(&folder.join("more/a.yml"), "ttl: 1", 100);
    });
    watched.write("more/notes.txt", "hello", 100);
    fs::create_dir(watched.path("more/folder.yml")).unwrap();
    assert!(!watched.is_news().await, "neither is a YAML file");
    watched.write("more/b.yaml", "ttl: 1", 100);
    assert!(watched.is_news().await, "one more");
    watched.write("more/.c.yml", "ttl: 1", 100);
    assert!(watched.is_news().await, "hidden files count");
    watched.write("more/a.yml", "ttl: 1", 102);
    assert!(watched.is_news().await, "one is written");
    for name in ["a.yml", ".c.yml"] {
        fs::remove_file(watched.path("more").join(name)).unwrap();
    }
    assert!(watched.is_news().await, "two less");
    fs::remove_file(watched.path("more/b.yaml")).unwrap();
    assert!(!watched.is_news().await, "the last one is gone");
    fs::remove_dir_all(watched.path("more")).unwrap();
    assert!(!watched.is_news().await, "the directory is gone");
    fs::create_dir(watched.path("more")).unwrap();
    assert!(!watched.is_news().await, "an empty one is back");
    watched.write("more/b.yaml", "ttl: 1", 100);
    assert!(watched.is_news().await, "a YAML file is back");
}

/// Decision "Reload": an edit that comes while the one before is being loaded is not lost.
#[tokio::test(start_paused = true)]
async fn a_file_caught_half_written_is_looked_at_again() {
    let mut watched = Watched::begin(|folder| write(&folder.join("config.yaml"), "a: 1", 100));
    watched.write("config.yaml", "a: [", 101);
    assert!(watched.is_news().await);
    // The reload fails; meanwhile the rest is written, within the resolution of the file's time.
    watched.write("config.yaml", "a: [1]", 101);
    assert!(watched.is_news().await);
}

#[tokio::test(start_paused = true)]
async fn files_that_are_being_written_are_waited_for() {
    let mut watched = Watched::begin(|folder| write(&folder.join("config.yaml"), "a: 1", 100));
    let path = watched.path("config.yaml");
    write(&path, "", 101);
    let rest = async {
        sleep(PACE + SETTLING / 2).await;
        write(&path, "a: 22", 101);
    };
    let (is_news, ()) = tokio::join!(watched.is_news(), rest);
    assert!(is_news);
    assert!(!watched.is_news().await, "the whole file was told at once");
}

/// `generate > config.yaml` empties the file long before it writes.
#[tokio::test(start_paused = true)]
async fn a_file_that_was_emptied_is_waited_for_longer() {
    let mut watched = Watched::begin(|folder| {
        write(&folder.join("config.yaml"), "a: 1", 100);
        fs::create_dir(folder.join("more")).unwrap();
        write(&folder.join("more/a.yml"), "a: 1", 100);
    });
    for name in ["config.yaml", "more/a.yml"] {
        let path = watched.path(name);
        write(&path, "", 101);
        let begun = Instant::now();
        let rest = async {
            sleep(3 * PACE + SETTLING / 2).await;
            write(&path, "a: 22", 107);
            Instant::now()
        };
        let (told, written) = tokio::join!(
            async {
                watched.watch.changed().await;
                Instant::now()
            },
            rest
        );
        assert!(told > written, "{name}: told after {:?}", told - begun);
        assert!(
            !watched.is_news().await,
            "{name}: the whole file was told at once"
        );
        write(&path, "", 110);
        let emptied = Instant::now();
        watched.watch.changed().await;
        assert!(
            emptied.elapsed() < 30 * PACE,
            "{name}: an empty file counts in the end"
        );
    }
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn config_1_5_links_are_followed() {
    let mut watched = Watched::begin(|folder| {
        write(&folder.join("one"), "a: 1", 100);
        write(&folder.join("other"), "a: 1", 107);
        std::os::unix::fs::symlink("one", folder.join("config.yaml")).unwrap();
    });
    watched.write("one", "a: 2", 101);
    assert!(watched.is_news().await, "the target is written");
    fs::remove_file(watched.path("config.yaml")).unwrap();
    std::os::unix::fs::symlink("other", watched.path("config.yaml")).unwrap();
    assert!(watched.is_news().await, "another target");
}
