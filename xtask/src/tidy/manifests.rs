//! Rules on manifests: lints and versions come from the workspace, arrows between crates point down, and every
//! dependency has its line in `docs/dependencies.md`.

use super::TextFile;

const ROOT_MANIFEST: &str = "Cargo.toml";
const PAGE_MANIFEST: &str = "ui/package.json";
const DEPENDENCY_LIST: &str = "docs/dependencies.md";

/// What the library crates may not depend on (development dependencies are free). `herder` translates between them.
const LIBRARIES: [(&str, &[&str]); 7] = [
    // Decides. No clock, socket, file, task, thread, logging or serde: nothing at all.
    ("crates/core/", &[""]),
    (
        "crates/sim/",
        &[
            "tokio",
            "hyper",
            "herder-config",
            "herder-wire",
            "herder-supervisor",
        ],
    ),
    ("crates/config/", &["tokio", "hyper", "herder-"]),
    ("crates/wire/", &["tokio", "hyper", "herder-"]),
    ("crates/supervisor/", &["serde", "hyper", "herder-"]),
    // Measures from outside, with HTTP of its own: it must not share a mistake with what it measures.
    ("crates/load/", &["hyper", "http", "herder-"]),
    ("xtask/", &["tokio", "hyper", "herder-"]),
];

pub(super) fn complaints(files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    let manifests: Vec<&TextFile> = files.iter().filter(|file| is_member(file)).collect();
    for manifest in &manifests {
        check_lints(manifest, &mut complaints);
        check_dependencies(manifest, &mut complaints);
        check_mentions(manifest, files, &mut complaints);
    }
    if let Some(root) = files.iter().find(|file| file.path == ROOT_MANIFEST) {
        check_list(root, files, &mut complaints);
        check_use(root, &manifests, &mut complaints);
    }
    complaints
}

/// Manifests of workspace members; a manifest with a workspace of its own (the root, `fuzz/`) is none.
fn is_member(file: &TextFile) -> bool {
    file.path.ends_with("/Cargo.toml") && !file.text.lines().any(|line| line.trim() == "[workspace]")
}

fn check_lints(manifest: &TextFile, complaints: &mut Vec<String>) {
    if !section(manifest, "lints").any(|(_, line)| line == "workspace = true") {
        complaints.push(format!("{}:1: lacks [lints] workspace = true", manifest.path));
    }
}

fn check_dependencies(manifest: &TextFile, complaints: &mut Vec<String>) {
    let folder = manifest.path.trim_end_matches("Cargo.toml");
    let forbidden = LIBRARIES
        .iter()
        .find(|(library, _)| *library == folder)
        .map_or(&[][..], |(_, names)| names);
    for (number, kind, line) in dependency_lines(manifest) {
        let name = dependency_name(line);
        if !line.contains("workspace = true") {
            let path = &manifest.path;
            complaints.push(format!(
                "{path}:{number}: {name}: versions stand only in the root manifest"
            ));
        }
        let development = kind.contains("dev-dependencies");
        if !development && forbidden.iter().any(|beginning| name.starts_with(beginning)) {
            complaints.push(format!(
                "{}:{number}: {folder} must not depend on {name}",
                manifest.path
            ));
        }
    }
}

/// A dependency that no source of its crate mentions is dead.
fn check_mentions(manifest: &TextFile, files: &[TextFile], complaints: &mut Vec<String>) {
    let folder = manifest.path.trim_end_matches("Cargo.toml");
    let sources: Vec<&TextFile> = files
        .iter()
        .filter(|file| file.path.starts_with(folder) && file.path.ends_with(".rs"))
        .collect();
    for (number, _, line) in dependency_lines(manifest) {
        let name = dependency_name(line);
        let identifier = name.replace('-', "_");
        if !sources.iter().any(|source| source.text.contains(&identifier)) {
            complaints.push(format!(
                "{}:{number}: nothing in {folder} uses {name}",
                manifest.path
            ));
        }
    }
}

/// Every dependency has a line in the list, and the list has no others.
fn check_list(root: &TextFile, files: &[TextFile], complaints: &mut Vec<String>) {
    let Some(list) = files.iter().find(|file| file.path == DEPENDENCY_LIST) else {
        complaints.push(format!("{DEPENDENCY_LIST}:1: is missing"));
        return;
    };
    // A row is `| \`name\` | what it saves | what would replace it |`; one row may name relatives together.
    let rows = list.text.lines().filter(|line| line.starts_with("| `"));
    let listed: Vec<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let page = files.iter().find(|file| file.path == PAGE_MANIFEST);
    let crates = foreign_dependencies(root).map(|(number, name)| (ROOT_MANIFEST, number, name));
    let packages = page.into_iter().flat_map(packages);
    let known: Vec<(&str, usize, &str)> = crates
        .chain(packages.map(|(number, name)| (PAGE_MANIFEST, number, name)))
        .collect();
    for (manifest, number, name) in &known {
        if !listed.contains(name) {
            complaints.push(format!(
                "{manifest}:{number}: {name} has no line in {DEPENDENCY_LIST}"
            ));
        }
    }
    for name in listed
        .iter()
        .filter(|name| !known.iter().any(|(_, _, known)| known == *name))
    {
        complaints.push(format!("{DEPENDENCY_LIST}:1: {name} is no longer a dependency"));
    }
}

/// A dependency that no crate uses is dead.
fn check_use(root: &TextFile, manifests: &[&TextFile], complaints: &mut Vec<String>) {
    let used: Vec<&str> = manifests
        .iter()
        .flat_map(|manifest| dependency_lines(manifest).map(|(_, _, line)| dependency_name(line)))
        .collect();
    for (number, name) in foreign_dependencies(root) {
        if !used.contains(&name) {
            complaints.push(format!("{ROOT_MANIFEST}:{number}: no crate uses {name}"));
        }
    }
}

/// The workspace's dependencies other than its own crates.
fn foreign_dependencies(root: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    section(root, "workspace.dependencies")
        .map(|(number, line)| (number, dependency_name(line)))
        .filter(|(_, name)| !name.starts_with("herder-"))
}

/// The packages of the web page. npm writes one on a line.
fn packages(manifest: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    let lines = manifest.text.lines().enumerate();
    lines
        .skip_while(|(_, line)| !line.trim_start().starts_with("\"devDependencies\""))
        .skip(1)
        .take_while(|(_, line)| !line.trim_start().starts_with('}'))
        .filter_map(|(index, line)| Some((index + 1, line.split('"').nth(1)?)))
}

fn dependency_lines(manifest: &TextFile) -> impl Iterator<Item = (usize, &str, &str)> {
    sections(manifest).filter(|(_, name, _)| name.ends_with("dependencies"))
}

fn dependency_name(line: &str) -> &str {
    line.split(['.', ' ', '=']).next().unwrap_or(line)
}

fn section<'a>(manifest: &'a TextFile, wanted: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    sections(manifest)
        .filter(move |(_, name, _)| *name == wanted)
        .map(|(number, _, line)| (number, line))
}

/// Line number, section and text of every line that sets something. Manifests here keep one entry on one line.
fn sections(manifest: &TextFile) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut section = "";
    manifest
        .text
        .lines()
        .enumerate()
        .filter_map(move |(index, line)| {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
                return None;
            }
            (!line.is_empty() && !line.starts_with('#')).then_some((index + 1, section, line))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile {
            path: path.into(),
            text: text.into(),
        }
    }

    const LINTS: &str = "[lints]\nworkspace = true\n";

    /// The complaints about one manifest whose crate mentions the dependencies of these tests.
    fn complaints_about(path: &str, text: &str) -> Vec<String> {
        let source = path.replace("Cargo.toml", "src/lib.rs");
        complaints(&[
            file(path, text),
            file(&source, "use serde; use herder_core; use divan;"),
        ])
    }

    #[test]
    fn each_rule_complains() {
        let cases = [
            (
                "crates/x/Cargo.toml",
                "[dependencies]\n".to_owned(),
                "crates/x/Cargo.toml:1: lacks [lints] workspace = true",
            ),
            (
                "crates/x/Cargo.toml",
                format!("{LINTS}[dependencies]\nserde = \"1\"\n"),
                "crates/x/Cargo.toml:4: serde: versions stand only in the root manifest",
            ),
            (
                "crates/core/Cargo.toml",
                format!("{LINTS}[dependencies]\nserde.workspace = true\n"),
                "crates/core/Cargo.toml:4: crates/core/ must not depend on serde",
            ),
            (
                "crates/wire/Cargo.toml",
                format!("{LINTS}[dependencies]\nherder-core.workspace = true\n"),
                "crates/wire/Cargo.toml:4: crates/wire/ must not depend on herder-core",
            ),
        ];
        for (path, text, expected) in cases {
            assert_eq!(complaints_about(path, &text), [expected], "{text}");
        }
    }

    #[test]
    fn a_dependency_that_is_not_mentioned_is_dead() {
        let text = format!("{LINTS}[dependencies]\nserde-saphyr.workspace = true\n");
        assert_eq!(
            complaints_about("crates/x/Cargo.toml", &text),
            ["crates/x/Cargo.toml:4: nothing in crates/x/ uses serde-saphyr"]
        );
    }

    #[test]
    fn development_dependencies_are_free() {
        let text = format!("{LINTS}[dev-dependencies]\ndivan.workspace = true\n");
        assert_eq!(
            complaints_about("crates/core/Cargo.toml", &text),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_list_and_the_manifest_agree() {
        let root = "[workspace]\n[workspace.dependencies]\nherder-core = { path = \"x\" }\nserde = \"1\"\nurl = \"2\"\n";
        let member = format!("{LINTS}[dependencies]\nserde = {{ workspace = true }}\n");
        let files = [
            file("Cargo.toml", root),
            file("crates/x/Cargo.toml", &member),
            file("crates/x/src/lib.rs", "use serde;"),
            file(
                "ui/package.json",
                "{\n  \"name\": \"x\",\n  \"devDependencies\": {\n    \"vite\": \"7\",\n    \"@a/b\": \"1\"\n  },\n  \"overrides\": {}\n}\n",
            ),
            file(
                "docs/dependencies.md",
                "| Name | Saves |\n| `serde`, `gone` | much |\n| `@a/b` | more |\n",
            ),
        ];
        assert_eq!(
            complaints(&files),
            [
                "Cargo.toml:5: url has no line in docs/dependencies.md",
                "ui/package.json:4: vite has no line in docs/dependencies.md",
                "docs/dependencies.md:1: gone is no longer a dependency",
                "Cargo.toml:5: no crate uses url",
            ]
        );
    }
}
