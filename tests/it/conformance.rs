//! The conformance suite: what `tests/conformance` says of each case, and that each belongs to a rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bodies::world::engine;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the suite, by its path below `tests/conformance`, without `.json`.
fn files() -> Vec<(String, Value)> {
    let suite = root().join("tests/conformance");
    let below = |directory: &Path| -> Vec<PathBuf> {
        let mut found: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    };
    let paths = below(&suite).iter().flat_map(|directory| below(directory)).collect::<Vec<_>>();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&suite).unwrap().with_extension("").to_str().unwrap().to_owned();
        let file = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (name, file)
    };
    paths.into_iter().map(read).collect()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// What is wrong with the engine's answer.
fn fault(case: &Value, expect: &Value) -> Option<String> {
    match (engine(&case.to_string()), expect["error"].as_str()) {
        (Err(refused), Some(error)) if refused["error"].as_str().unwrap().contains(error) => None,
        (Ok(answer), None) => {
            let decided_by = &expect["decidedBy"];
            let reasons = texts(&answer["reasons"]);
            let agrees = answer["decision"] == expect["decision"]
                && (decided_by.is_null() || texts(decided_by) == texts(&answer["decidedBy"]))
                && texts(&expect["reasons"]).iter().all(|part| reasons.iter().any(|reason| reason.contains(part)))
                && !reasons.is_empty()
                && (answer["decision"] == "unknown") != (answer["missing"] == serde_json::json!([]))
                && has_shape(&answer["missing"])
                && texts(&expect["missing"]).iter().all(|key| asks(&answer["missing"], key));
            (!agrees).then(|| answer.to_string())
        }
        (Err(answer) | Ok(answer), _) => Some(answer.to_string()),
    }
}

#[test]
fn every_case_is_judged_as_aws_does() {
    let files = files();
    assert!(files.len() >= 250, "{}", files.len());
    let faults = files.iter().filter_map(|(name, file)| {
        let answer = fault(&file["case"], &file["expect"])?;
        Some(format!("{name}: {}\n  expected {}\n  answered {answer}", file["title"], file["expect"]))
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), files.len(), faults.join("\n"));
}

#[test]
fn every_rule_has_its_cases_and_every_case_its_rule() {
    let evaluation = fs::read_to_string(root().join("docs/evaluation.md")).unwrap();
    let mut of_rules = BTreeSet::new();
    let rules: Vec<&str> = evaluation.split("\n### ").skip(1).collect();
    for section in rules {
        let rule = section.split(' ').next().unwrap();
        let links = section.split("](../tests/conformance/").skip(1);
        let cases: Vec<_> =
            links.map(|link| (rule.to_owned(), link.split(".json)").next().unwrap().to_owned())).collect();
        assert!(!cases.is_empty(), "no case of {rule}");
        of_rules.extend(cases);
    }
    let of_files: BTreeSet<_> =
        files().iter().map(|(name, file)| (file["rule"].as_str().unwrap().to_owned(), name.clone())).collect();
    assert_eq!(of_rules, of_files);
}

/// Whether each thing that is missing is a context key with what it should be, or a policy.
fn has_shape(missing: &Value) -> bool {
    let one =
        |one: &Value| (one["contextKey"].is_string() && one["condition"].is_string()) || one["policy"].is_string();
    missing.as_array().unwrap().iter().all(one)
}

fn asks(missing: &Value, key: &str) -> bool {
    missing.as_array().unwrap().iter().any(|one| one["contextKey"] == key)
}
