//! The order of the code: what may import what, how long a file may be, and that what the documents name exists.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules by rank: each may import what stands before it.
const RANKS: [&str; 17] = [
    "names", "source", "paste", "policy", "engine", "capture", "reads", "change", "handed", "event", "start",
    "findings", "remedy", "report", "case", "collect", "cli",
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
fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let all = files(&root().join("src").join(module), "rs");
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
    let modules = fs::read_dir(root().join("src")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
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
