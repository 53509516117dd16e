//! Rules on source text, that of herder and that of the web page: length, forbidden words, module names and docs, white
//! space, paths of one machine.

use super::TextFile;

/// Lines a file may have outside its tests. Longer ones hold more than one idea.
const LINE_LIMIT: usize = 800;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "manager", "misc", "data",
];

/// The only place where code may be unsafe.
const UNSAFE_FOLDER: &str = "crates/supervisor/src/os/";

/// Made by a program from another file.
const GENERATED: &str = "ui/src/api/schema.ts";

/// This file names what it forbids.
const EXEMPT: &str = "xtask/src/tidy/sources.rs";

/// Forbidden in Rust, with the reason.
const FORBIDDEN_WORDS: [(&str, &str); 6] = [
    ("todo!(", "finish it"),
    ("unimplemented!(", "finish it"),
    ("#[ignore", "a test that is not run is no test"),
    ("#[allow(", "use #[expect(lint, reason = \"…\")]"),
    ("#![allow(", "use #![expect(lint, reason = \"…\")]"),
    ("FIXME", "mend it or open an issue"),
];

/// Folders of the machines this was built on; nobody else has them.
const MACHINE_PATHS: [&str; 3] = ["/work/", "/farm/", "/root/"];

pub(super) fn complaints(files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != EXEMPT) {
        if file.path.ends_with(".rs") {
            check_length(file, &mut complaints);
            check_words(file, &mut complaints);
            check_name(file, &mut complaints);
            if !is_test(&file.path) {
                check_module_doc(file, &["//!", "#!"], &mut complaints);
            }
        }
        if is_page_source(&file.path) {
            check_length(file, &mut complaints);
            check_name(file, &mut complaints);
            if file.path.ends_with(".svelte") {
                check_module_doc(file, &["<!--"], &mut complaints);
            } else if !file.path.ends_with(".test.ts") {
                check_module_doc(file, &["//", "/*"], &mut complaints);
            }
        }
        check_machine_paths(file, &mut complaints);
        if is_hand_written(&file.path) {
            check_white_space(file, &mut complaints);
        }
    }
    complaints
}

fn check_length(file: &TextFile, complaints: &mut Vec<String>) {
    if is_test(&file.path) {
        return;
    }
    let lines = code_lines(&file.text);
    if lines > LINE_LIMIT {
        complaints.push(format!(
            "{}:{lines}: {lines} lines of code, at most {LINE_LIMIT} are one idea",
            file.path
        ));
    }
}

/// Lines in front of the test module at the end, if there is one.
fn code_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let test_module = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod "));
    test_module.unwrap_or(lines.len())
}

fn check_words(file: &TextFile, complaints: &mut Vec<String>) {
    for (number, line) in numbered(&file.text) {
        for (word, advice) in FORBIDDEN_WORDS {
            if line.contains(word) {
                complaints.push(format!("{}:{number}: {word}: {advice}", file.path));
            }
        }
        let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "expect(unsafe_code"];
        if is_unsafe.iter().any(|word| line.contains(word)) && !file.path.starts_with(UNSAFE_FOLDER) {
            complaints.push(format!(
                "{}:{number}: unsafe code belongs in {UNSAFE_FOLDER}",
                file.path
            ));
        }
    }
}

/// `tests/common` is no exception: test support is named by what it supports.
fn check_name(file: &TextFile, complaints: &mut Vec<String>) {
    let (path, _) = file.path.rsplit_once('.').unwrap_or((&file.path, ""));
    if let Some(name) = path.split('/').find(|part| EMPTY_NAMES.contains(part)) {
        complaints.push(format!("{}:1: '{name}' does not say what is inside", file.path));
    }
}

/// The first line must begin the comment that says what the file is for.
fn check_module_doc(file: &TextFile, beginnings: &[&str], complaints: &mut Vec<String>) {
    let first = file
        .text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    if !beginnings.iter().any(|beginning| first.starts_with(beginning)) {
        complaints.push(format!(
            "{}:1: begins without saying what it is for ({})",
            file.path, beginnings[0]
        ));
    }
}

fn check_white_space(file: &TextFile, complaints: &mut Vec<String>) {
    for (number, line) in numbered(&file.text) {
        if line.ends_with([' ', '\t', '\r']) {
            complaints.push(format!(
                "{}:{number}: white space at the end of the line",
                file.path
            ));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        complaints.push(format!(
            "{}:{}: the last line has no end",
            file.path,
            file.text.lines().count()
        ));
    }
}

fn check_machine_paths(file: &TextFile, complaints: &mut Vec<String>) {
    for (number, line) in numbered(&file.text) {
        // A slash that continues a word or a path belongs to another path, such as target/work/.
        let found = MACHINE_PATHS.iter().find(|path| {
            line.match_indices(*path).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|character| character.is_alphanumeric() || "._-~$}{".contains(character))
            })
        });
        if let Some(path) = found {
            complaints.push(format!("{}:{number}: {path} is a path of one machine", file.path));
        }
    }
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/benches/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
        || path.ends_with(".test.ts")
}

/// The source of the web page, and its tests in the browser.
fn is_page_source(path: &str) -> bool {
    let folder = path.starts_with("ui/src/") || path.starts_with("ui/tests/");
    folder && (path.ends_with(".ts") || path.ends_with(".svelte")) && path != GENERATED
}

/// Text that people write and nothing else reads byte by byte; test inputs may end lines as they like.
fn is_hand_written(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    let data = path.contains("/tests/") || path.contains("/corpus/");
    ["rs", "toml", "md", "ts", "svelte"].contains(&ending)
        || (["yaml", "yml", "sh"].contains(&ending) && !data)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_about(path: &str, text: &str) -> Vec<String> {
        complaints(&[TextFile {
            path: path.into(),
            text: text.into(),
        }])
    }

    #[test]
    fn each_rule_complains() {
        let cases = [
            (
                "a/src/b.rs",
                "//! b\nfn f() { todo!() }\n",
                "a/src/b.rs:2: todo!(: finish it",
            ),
            (
                "a/src/b.rs",
                "//! b\n#[allow(dead_code)]\n",
                "a/src/b.rs:2: #[allow(: use #[expect(lint, reason = \"…\")]",
            ),
            (
                "a/src/b.rs",
                "fn f() {}\n",
                "a/src/b.rs:1: begins without saying what it is for (//!)",
            ),
            (
                "a/src/utils.rs",
                "//! b\n",
                "a/src/utils.rs:1: 'utils' does not say what is inside",
            ),
            (
                "a/tests/common/x.rs",
                "//! b\n",
                "a/tests/common/x.rs:1: 'common' does not say what is inside",
            ),
            (
                "a/src/b.rs",
                "//! b \n",
                "a/src/b.rs:1: white space at the end of the line",
            ),
            ("a.md", "b", "a.md:1: the last line has no end"),
            (
                "a.md",
                "see /work/main\n",
                "a.md:1: /work/ is a path of one machine",
            ),
            (
                "a/src/b.rs",
                "//! b\nunsafe { f() }\n",
                "a/src/b.rs:2: unsafe code belongs in crates/supervisor/src/os/",
            ),
            (
                "ui/src/live/b.ts",
                "import a from 'a';\n",
                "ui/src/live/b.ts:1: begins without saying what it is for (//)",
            ),
            (
                "ui/src/live/B.svelte",
                "<script lang=\"ts\">\n",
                "ui/src/live/B.svelte:1: begins without saying what it is for (<!--)",
            ),
            (
                "ui/src/helpers.ts",
                "// b\n",
                "ui/src/helpers.ts:1: 'helpers' does not say what is inside",
            ),
        ];
        for (path, text, expected) in cases {
            assert_eq!(complaints_about(path, text), [expected], "{path}: {text}");
        }
    }

    #[test]
    fn what_is_fine_is_left_alone() {
        let cases = [
            ("crates/supervisor/src/os/linux.rs", "//! b\nunsafe { f() }\n"),
            ("a/src/b.rs", "//! see target/work/x\n"),
            ("a/tests/inputs/b.yaml", "a:  \r\n"),
            ("ui/src/pages/B.svelte", "<!-- b -->\n"),
            ("ui/src/b.test.ts", "import b from './b';\n"),
            ("ui/src/api/schema.ts", "export type A = 1;\n"),
        ];
        for (path, text) in cases {
            assert_eq!(
                complaints_about(path, text),
                Vec::<String>::new(),
                "{path}: {text}"
            );
        }
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let code = format!("//! b\n{}", "fn f() {}\n".repeat(LINE_LIMIT - 2));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// x\n".repeat(LINE_LIMIT));
        assert_eq!(
            complaints_about("a/src/b.rs", &format!("{code}{tests}")),
            Vec::<String>::new()
        );
        let long = complaints_about("a/src/b.rs", &format!("{code}{code}"));
        assert!(long[0].contains("lines of code"), "{long:?}");
        assert!(complaints_about("a/tests/b.rs", &format!("{code}{code}")).is_empty());
        let page = "// b\n".repeat(LINE_LIMIT + 1);
        assert!(complaints_about("ui/src/b.ts", &page)[0].contains("lines of code"));
        assert!(complaints_about("ui/tests/b.spec.ts", &page).is_empty());
    }
}
