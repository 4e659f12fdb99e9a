//! The bodies of the fuzz targets, on documents of the test suites that are changed at random.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use ebs_preflight::policy::{Policy, PolicyType};
use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::bodies;
use crate::differential::number;
use crate::generate::mutation::{changed, texts};

/// Holds `check` against so many inputs, shrinks what fails, and counts what it returns.
fn hold<T, S>(inputs: &S, count: usize, check: impl Fn(&S::Value) -> T) -> BTreeMap<T, usize>
where
    T: Ord + Debug,
    S: Strategy,
{
    let seed = number("EBS_PREFLIGHT_SEED", 0);
    let count = number("EBS_PREFLIGHT_PROPERTIES", count);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: u32::try_from(count).unwrap(), failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let seen = RefCell::new(BTreeMap::new());
    let held = runner.run(inputs, |input| {
        *seen.borrow_mut().entry(check(&input)).or_insert(0) += 1;
        Ok(())
    });
    held.unwrap_or_else(|failure| panic!("with EBS_PREFLIGHT_SEED={seed}: {failure}"));
    let seen = seen.into_inner();
    println!("{count} with EBS_PREFLIGHT_SEED={seed}: {seen:?}");
    seen
}

/// Every JSON file below `directory`, in order.
fn files(directory: &str) -> Vec<String> {
    texts_of(directory, &["json"])
}

/// Every file below `directory` that ends in one of these ways, in order.
fn texts_of(directory: &str, extensions: &[&str]) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| extensions.iter().any(|own| end == *own)))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Every policy in `value`, whether it stands there as JSON or as text.
fn policies(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if members.contains_key("Statement") => found.push(value.to_string()),
        Value::Object(members) => members.values().for_each(|member| policies(member, found)),
        Value::Array(items) => items.iter().for_each(|item| policies(item, found)),
        Value::String(text) if text.contains("\"Statement\"") => found.push(text.clone()),
        _ => {}
    }
}

#[test]
fn changed_policies_are_read_as_they_are_printed_or_refused_in_place() {
    let mut found = Vec::new();
    let directories = ["captures", "conformance/condition-logic", "conformance/variables", "conformance/key-policy"];
    for file in directories.iter().flat_map(|directory| files(&format!("tests/{directory}"))) {
        policies(&serde_json::from_str(&file).unwrap(), &mut found);
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 100, "{}", found.len());
    let seen = hold(&changed(found), 4_000, |text| bodies::policy::check(text) > 0);
    assert!(seen.values().all(|times| times * 10 > 4_000), "{seen:?}");
}

/// STS takes a session policy with an empty list, KMS a key policy without the element.
#[test]
fn an_empty_list_of_actions_is_not_a_missing_one() {
    let printed = |text, kind| bodies::policy::print(&Policy::parse(text, kind).unwrap());
    let empty = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[],"Resource":["*"]}]}"#;
    assert_eq!(printed(empty, PolicyType::Session), empty);
    let missing = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Resource":["*"]}]}"#;
    assert_eq!(printed(missing, PolicyType::KeyPolicy), missing);
}

/// `pattern` with some of `texts` in the place of its asterisks, in turn.
fn filled(pattern: &str, texts: &[String]) -> String {
    let mut texts = texts.iter().map(String::as_str);
    pattern
        .chars()
        .map(|character| if character == '*' { texts.next().unwrap_or_default().to_owned() } else { character.into() })
        .collect()
}

#[test]
fn wildcards_match_what_trying_everything_matches() {
    const CHARACTERS: &[char] = &[':', 'a', 'a', 'b', 'é', '\u{1f600}', '?'];
    let patterns = texts(&['*', '*', '?', ':', 'a', 'a', 'b', 'é', '\u{1f600}'], 12);
    let values = prop_oneof![
        texts(CHARACTERS, 12).prop_map(|text| (text, Vec::new())),
        vec(texts(CHARACTERS, 4), 4).prop_map(|fillings| (String::new(), fillings)),
    ];
    let seen = hold(&(patterns, values), 20_000, |(pattern, (value, fillings))| {
        let filled = filled(pattern, fillings);
        bodies::pattern::check(pattern, if fillings.is_empty() { value } else { &filled })
    });
    assert!(seen.values().all(|times| times * 5 > 20_000), "{seen:?}");
}

#[test]
fn changed_captures_are_judged_twice_the_same_or_refused_in_words() {
    let seen = hold(&changed(files("tests/captures")), 600, |text| bodies::capture::check(text));
    // Refused, and each verdict.
    assert!(seen.len() == 4 && seen.values().all(|times| times * 50 > 600), "{seen:?}");
}

#[test]
fn remedies_of_changed_captures_are_shown_in_every_form() {
    let seen = hold(&changed(files("tests/captures")), 300, |text| bodies::remedy::check(text).map(|files| files > 0));
    // Refused, without a remedy, and with one.
    assert!(seen.len() == 3 && seen.values().all(|times| times * 50 > 300), "{seen:?}");
}

#[test]
fn changed_transcripts_are_judged_or_refused_in_words() {
    let start = include_str!("../transcripts/start.txt");
    let whole = format!("{start}\n{}", include_str!("../transcripts/organization.txt"));
    let seen = hold(&changed(vec![start.to_owned(), whole]), 600, |text| bodies::transcript::check(text));
    assert!(seen.len() >= 3 && seen.contains_key(&None), "{seen:?}");
}

#[test]
fn changed_events_are_told_or_refused_in_words() {
    let events = texts_of("tests/events", &["json", "txt"]);
    assert!(events.len() > 40, "{}", events.len());
    let seen = hold(&changed(events), 2_000, |text| bodies::triage::check(text));
    // Refused, and each outcome.
    assert!(seen.len() == 4 && seen.values().all(|times| times * 50 > 2_000), "{seen:?}");
}

#[test]
fn seeds_draw_worlds_of_every_decision() {
    let seen = hold(&any::<bodies::world::Seed>(), 2_000, |seed| bodies::world::check(*seed));
    assert!(seen.len() == 4 && seen.values().all(|times| times * 50 > 2_000), "{seen:?}");
}
