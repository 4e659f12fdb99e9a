//! The order of the code: what may import what, how long a file may be, and that what the documents name exists.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules by rank: each may import what stands before it.
const RANKS: [&str; 26] = [
    "escape",
    "limits",
    "names",
    "command",
    "fact",
    "document",
    "paste",
    "policy",
    "engine",
    "capture",
    "calls",
    "change",
    "answers",
    "event",
    "operations",
    "findings",
    "remedy",
    "outcome",
    "words",
    "triage",
    "observed",
    "preflight",
    "report",
    "case",
    "collect",
    "cli",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `directory` that ends so, with its text.
fn files(directory: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|own| own == extension) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The sources that are compiled into the library, without their unit tests.
pub(crate) fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("src").join(module);
    if !folder.is_dir() {
        let file = folder.with_extension("rs");
        let text = fs::read_to_string(&file).unwrap();
        return vec![(file, text)];
    }
    let all = files(&folder, "rs");
    all.into_iter()
        .filter(|(path, _)| !path.components().any(|part| part.as_os_str().to_str().unwrap().starts_with("tests")))
        .collect()
}

/// The first name in `text`.
fn name(text: &str) -> &str {
    text.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap()
}

#[test]
fn imports_point_to_lower_ranks_only() {
    let modules = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().file_name());
    let modules = modules.filter(|name| name != "lib.rs" && name != "main.rs");
    assert_eq!(modules.count(), RANKS.len(), "a module without a rank");
    for (rank, module) in RANKS.iter().enumerate() {
        for (path, text) in sources(module) {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for import in code.flat_map(|line| line.split("crate::").skip(1)) {
                let imported = RANKS.iter().position(|other| *other == name(import));
                assert!(imported.is_some_and(|other| other <= rank), "{} imports {}", path.display(), name(import));
            }
        }
    }
}

#[test]
fn files_are_short_and_finished() {
    for (path, text) in sources("") {
        assert!(text.lines().count() <= 480, "{} is long", path.display());
    }
    // In two parts, so that this file passes, too.
    let marks = [["TO", "DO"], ["FIX", "ME"]].map(|mark| mark.concat());
    for folder in ["src", "tests", "benches"] {
        for (path, text) in files(&root().join(folder), "rs") {
            assert!(!marks.iter().any(|mark| text.contains(mark)), "{} is not finished", path.display());
        }
    }
}

#[test]
fn the_heart_has_no_clock_no_environment_and_no_files() {
    for module in RANKS.iter().take_while(|module| **module != "collect") {
        for (path, text) in sources(module) {
            // Examples in the documentation read files.
            let text: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let text = text.join("\n");
            for outside in ["std::env", "std::fs", "std::net::Tcp", "std::process", "std::time", "Timestamp::now"] {
                assert!(!text.contains(outside), "{} uses {outside}", path.display());
            }
        }
    }
}

#[test]
fn what_documents_link_to_exists() {
    let mut links = 0;
    for (path, text) in files(&root().join("docs"), "md") {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                links += 1;
                assert!(path.parent().unwrap().join(target).exists(), "{} links to {link}", path.display());
            }
        }
    }
    assert!(links > 0);
}

#[test]
fn the_architecture_names_every_module_and_only_those() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `src/")?.split('`').next());
    let named: Vec<&str> = rows.map(|row| row.trim_end_matches('/').trim_end_matches(".rs")).collect();
    assert_eq!(named, RANKS, "docs/ARCHITECTURE.md has the modules in the order of their ranks");
}

/// The texts in quotes of a source.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    // A sign of a quote begins no text.
    let code = code.replace("'\"'", "' '");
    let mut rest = code.as_str();
    while let Some(start) = rest.find('"') {
        let before = &rest[..start];
        let marks = before.len() - before.trim_end_matches('#').len();
        let is_raw = before.trim_end_matches('#').ends_with('r');
        rest = &rest[start + 1..];
        let end = if is_raw {
            rest.find(&format!("\"{}", "#".repeat(marks))).unwrap()
        } else {
            let is_escaped = |end: usize| (end - rest[..end].trim_end_matches('\\').len()) % 2 == 1;
            rest.match_indices('"').map(|(end, _)| end).find(|end| !is_escaped(*end)).unwrap()
        };
        found.push(rest[..end].to_owned());
        rest = &rest[end + 1..];
    }
    found
}

#[test]
fn commands_are_put_together_in_one_module() {
    assert_eq!(literals(r##"f("a\"b", r#"c"d"#, '"', "e")"##), ["a\\\"b", "c\"d", "e"]);
    let mut count = 0;
    for (path, text) in sources("").iter().filter(|(path, _)| !path.starts_with(root().join("src/command"))) {
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |all, line| all + line + "\n");
        for literal in literals(&code) {
            for program in ["aws ", "ebs-preflight "] {
                for (at, _) in literal.match_indices(program) {
                    let is_word = !literal[..at].ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
                    let command = literal[at..].split(['`', '\n']).next().unwrap();
                    let is_command = command[program.len()..].starts_with(|c: char| c.is_ascii_lowercase());
                    count += usize::from(is_word && is_command);
                    let is_made = is_word && is_command && command.contains('{');
                    assert!(!is_made, "{}: `{command}` is a command put together as text", path.display());
                }
            }
        }
    }
    assert!(count > 10, "no command was looked at");
}

#[test]
fn actions_are_named_by_commit() {
    let mut actions = 0;
    for (path, text) in files(&root().join(".github/workflows"), "yml") {
        for used in text.lines().filter_map(|line| line.split_once("uses:")).map(|(_, action)| action.trim()) {
            actions += 1;
            let commit = used.split_once('@').map_or("", |(_, version)| version.split(' ').next().unwrap());
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{}: {used}", path.display());
        }
    }
    assert!(actions > 0);
}

#[test]
fn dependencies_come_from_the_registry_with_checksums() {
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let text = fs::read_to_string(root().join(lock)).unwrap();
        let packages = text.split("[[package]]").skip(1);
        for package in packages.filter(|package| !package.contains("name = \"ebs-preflight")) {
            let is_registered = package.contains("source = \"registry+https://github.com/rust-lang/crates.io-index\"");
            assert!(is_registered && package.contains("checksum = "), "{lock}: {package}");
        }
    }
}

/// What no module but the reads of AWS may name: so there is no other client that could change anything.
#[test]
fn only_the_reads_know_the_sdk() {
    for (path, text) in files(&root().join("src"), "rs") {
        if !path.starts_with(root().join("src/collect")) {
            for name in ["aws_sdk", "aws_config", "aws_smithy", "aws_types", "hyper", "reqwest", "std::net::Tcp"] {
                assert!(!text.contains(name), "{} uses {name}", path.display());
            }
        }
    }
}
