//! The documentation names only what is there.

use std::path::Path;

#[test]
fn every_path_in_the_documentation_exists() {
    let mut missing = Vec::new();
    let mut seen = 0;
    let pages = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    for page in pages.filter(|path| path.extension().is_some_and(|end| end == "md")).chain(["README.md".into()]) {
        let text = std::fs::read_to_string(&page).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for name in quoted.chain(linked) {
            let is_path = ["src/", "tests/", "docs/", "benches/", ".ci/"].iter().any(|start| name.starts_with(start));
            if is_path && !name.contains(char::is_whitespace) {
                seen += 1;
                if !Path::new(name).exists() {
                    missing.push(format!("{}: {name}", page.display()));
                }
            }
        }
    }
    assert!(seen > 20, "{seen} paths seen");
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_module_is_in_the_architecture() {
    let text = std::fs::read_to_string("docs/ARCHITECTURE.md").unwrap();
    for entry in std::fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = format!("`{}/`", path.display());
            assert!(text.contains(&name), "{name} is missing");
        }
    }
}
