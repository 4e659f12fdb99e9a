//! The golden library: whole starts in `tests/captures/`, each with what a good report says of it beside it.
//!
//! `NAME.expected` holds the story, the flags, the verdict, the finding codes in order, the denied actions, the places
//! and owners of the remedies, and words that a reader needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::findings::Code;
use ebs_preflight::names::PrincipalArn;
use ebs_preflight::policy::PolicyType;
use ebs_preflight::report::{Verdict, cured, json, preflight, text};
use ebs_preflight::start::{GivenPolicy, Question, Require, Stated};
use serde_json::Value;

struct Golden {
    name: String,
    capture: Capture,
    question: Question,
    expected: Vec<(String, String)>,
}

impl Golden {
    /// All values of a key of the `.expected` file.
    fn all(&self, key: &str) -> Vec<String> {
        self.expected.iter().filter(|(own, _)| own == key).map(|(_, value)| value.clone()).collect()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn library() -> Vec<Golden> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.iter().map(|path| golden(path)).collect()
}

fn golden(path: &Path) -> Golden {
    let read =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let expected = read(&path.with_extension("expected"));
    let pairs = expected.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{}: {line}", path.display()));
        (key.to_owned(), value.trim().to_owned())
    });
    let pairs: Vec<(String, String)> = pairs.collect();
    let flags = pairs.iter().find(|(key, _)| key == "flags").map(|(_, flags)| flags.as_str()).unwrap_or_default();
    Golden {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        capture: Capture::parse(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        question: question(flags, &read),
        expected: pairs,
    }
}

fn question(flags: &str, read: &dyn Fn(&Path) -> String) -> Question {
    let mut question = Question::default();
    let mut words = flags.split_whitespace();
    while let Some(flag) = words.next() {
        if flag == "--assume-org-allows" {
            question.assume_org_allows = true;
            continue;
        }
        let value = words.next().unwrap();
        match flag {
            "--require" => question.require = if value == "start" { Require::Start } else { Require::Documented },
            "--caller-arn" => question.caller = Some(PrincipalArn::parse(value).unwrap()),
            "--external-id" => question.external_id = Some(value.to_owned()),
            "--session-name" => question.session_name = Some(value.to_owned()),
            "--source-ip" => question.source_ip = Some(value.to_owned()),
            "--context" => {
                let (key, value) = value.split_once('=').unwrap();
                question.context.push(Stated { key: key.to_owned(), value: value.to_owned() });
            }
            "--session-policy" => {
                let policy = NamedPolicy::parse(value, &read(&folder().join(value)), PolicyType::Session).unwrap();
                question.session_policies.push(GivenPolicy(Arc::new(policy)));
            }
            other => panic!("`{other}` is no flag that captures use"),
        }
    }
    question
}

fn list<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    value[key].as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

fn push_new(items: &mut Vec<String>, item: String) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// The denied actions of the rows that a start names, and the places and owners of the remedies, each once.
fn summary(target: &Value) -> (Vec<String>, Vec<String>) {
    let (mut denied, mut remedies) = (Vec::new(), Vec::new());
    for request in list(target, "requests") {
        let row = request["row"].as_u64().unwrap();
        let is_denied = matches!(request["decision"].as_str(), Some("implicitDeny" | "explicitDeny"));
        if is_denied && row < 5 {
            let by = if row == 4 { " by EC2" } else { "" };
            push_new(&mut denied, format!("{}{by}", request["action"].as_str().unwrap()));
        }
    }
    for remedy in list(target, "findings").into_iter().flat_map(|finding| list(finding, "remedies")) {
        let (place, owner) = (remedy["place"].as_str().unwrap(), remedy["owner"].as_str().unwrap());
        push_new(&mut remedies, format!("{place} | {owner}"));
    }
    (denied, remedies)
}

#[test]
fn every_capture_is_judged_as_expected() {
    for golden in library() {
        let name = &golden.name;
        let report = preflight(&golden.capture, &golden.question);
        let value: Value = serde_json::from_str(&json::render(&report)).unwrap();
        let target = &value["targets"][0];
        let codes = list(target, "findings")
            .into_iter()
            .map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap()));
        let codes: Vec<String> = codes.collect();
        let (denied, remedies) = summary(target);
        assert_eq!(vec![value["verdict"].as_str().unwrap()], golden.all("verdict"), "{name}: verdict");
        assert_eq!(vec![codes.join(", ")], golden.all("codes"), "{name}: codes");
        assert_eq!(vec![denied.join(", ")], golden.all("denied"), "{name}: denied");
        assert_eq!(remedies, golden.all("remedy"), "{name}: remedies");
        let text = text::render(&report);
        for words in golden.all("says") {
            assert!(text.contains(&words), "{name} lacks `{words}`:\n{text}");
        }
    }
}

/// Starts that something besides policies stops too.
const STOPPED_BY_FACTS: [&str; 1] = ["key-disabled-and-no-rights"];

#[test]
fn every_captured_start_is_cured_by_its_remedy() {
    let mut applied = 0;
    for Golden { name, capture, question, .. } in library() {
        let report = preflight(&capture, &question);
        let (after, asked) = cured(&capture, &question, &report);
        if after == capture && question.session_policies.is_empty() {
            continue;
        }
        applied += 1;
        let verdict = preflight(&after, &asked).verdict();
        assert!(verdict <= report.verdict(), "{name}: {verdict:?}");
        assert_eq!(verdict == Verdict::Blocked, STOPPED_BY_FACTS.contains(&&*name), "{name}: {verdict:?}");
    }
    assert!(applied > 60, "{applied}");
}

#[test]
fn judging_twice_gives_the_same_bytes() {
    for Golden { name, capture, question, .. } in library() {
        let render = |capture: &Capture| {
            let report = preflight(capture, &question);
            (text::render(&report), json::render(&report))
        };
        let printed = Capture::parse(&capture.print().unwrap()).unwrap();
        assert_eq!(render(&capture), render(&printed), "{name}");
    }
}

/// Whether a line may be longer than the screen: what must be copied stands whole.
fn is_to_be_copied(line: &str) -> bool {
    let words = line.trim_start();
    words.starts_with(['"', '{'])
        || words.contains("arn:")
        || words.contains("aws ")
        || words.starts_with("ebs-preflight ")
        || is_table_row(words)
}

fn is_table_row(words: &str) -> bool {
    words.starts_with("Volume ") || words.starts_with("vol-")
}

#[test]
fn the_text_fits_the_screen_and_says_nothing_twice() {
    for Golden { name, capture, question, .. } in library() {
        let text = text::render(&preflight(&capture, &question));
        let first = text.split_whitespace().next().unwrap();
        assert!(["READY", "BLOCKED", "UNDECIDED"].contains(&first), "{name}:\n{text}");
        let mut said = BTreeSet::new();
        for line in text.lines() {
            assert!(line.chars().count() <= 100 || is_to_be_copied(line), "{name}: too long: {line}");
            let words = line.trim_start_matches([' ', ',']);
            // Each place of a remedy has its own statements, and its own word on which of them the start needs.
            let is_json = words.starts_with(['"', '{', '}']) || words.starts_with("The start does not need");
            assert!(words.len() < 30 || is_json || said.insert(words), "{name} says twice: {line}\n{text}");
        }
    }
}

#[test]
fn the_library_holds_every_code_and_many_starts_that_only_look_wrong() {
    let library = library();
    let codes: String = library.iter().flat_map(|golden| golden.all("codes")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&str> = Code::ALL.iter().map(|code| code.id()).filter(|id| !codes.contains(id)).collect();
    assert!(missing.is_empty(), "no capture shows {missing:?}");
    let ready = library.iter().filter(|golden| golden.all("verdict") == ["READY"]).count();
    assert!(library.len() >= 80 && ready >= 20, "{} captures, {ready} of them READY", library.len());
}

#[test]
fn every_code_has_a_page_with_the_fixed_headings() {
    let headings = [
        "## What it means",
        "## What you see",
        "## Evidence and the read permission it needs",
        "## Remedy, before and after",
        "## When it is no problem",
        "## Source",
        "## Since version",
    ];
    for code in Code::ALL {
        let page = code.page();
        let title = format!("# {} {}: {}", code.id(), code.name(), code.title());
        assert_eq!(page.lines().next(), Some(title.as_str()));
        let found: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, headings, "{}", code.id());
        assert!(page.contains(code.source()), "{}: the page lacks {}", code.id(), code.source());
    }
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings");
    assert_eq!(std::fs::read_dir(pages).unwrap().count(), Code::ALL.len(), "a page without a code");
}
