//! The golden library, judged as it stands; its form is told in [`crate::golden`].

use std::collections::BTreeSet;
use std::path::Path;

use ebs_preflight::capture::Capture;
use ebs_preflight::findings::Code;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::{cured, preflight};
use ebs_preflight::report::{json, text};

use crate::golden::library;
use crate::problems::assert_none;

#[test]
fn every_capture_is_judged_as_expected() {
    let problems = library().into_iter().flat_map(|golden| {
        let report = golden.report();
        let mut problems = golden.problems(&serde_json::from_str(&json::render(&report)).unwrap());
        let text = text::render(&report);
        let unsaid = golden.all("says").into_iter().filter(|words| !text.contains(words));
        problems.extend(unsaid.map(|words| format!("{} lacks `{words}`:\n{text}", golden.name)));
        problems
    });
    assert_none(&problems.collect::<Vec<_>>());
}

/// Starts that something besides policies stops too.
const STOPPED_BY_FACTS: [&str; 1] = ["key-disabled-and-no-rights"];

#[test]
fn every_captured_start_is_cured_by_its_remedy() {
    let mut applied = 0;
    for golden in library() {
        let (name, capture, question) = (&golden.name, golden.capture(), golden.question());
        let report = preflight(&capture, &question);
        let (after, asked) = cured(&capture, &question, &report);
        if after == capture && question.session_policies.is_empty() {
            continue;
        }
        applied += 1;
        let verdict = preflight(&after, &asked).verdict();
        assert!(verdict <= report.verdict(), "{name}: {verdict:?}");
        assert_eq!(verdict == Verdict::Blocked, STOPPED_BY_FACTS.contains(&name.as_str()), "{name}: {verdict:?}");
    }
    assert!(applied > 60, "{applied}");
}

#[test]
fn judging_twice_gives_the_same_bytes() {
    for golden in library() {
        let (name, capture, question) = (&golden.name, golden.capture(), golden.question());
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
        || words.starts_with("- \"")
        || words.starts_with("+ \"")
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
    for golden in library() {
        let name = &golden.name;
        let text = text::render(&golden.report());
        let first = text.split_whitespace().next().unwrap();
        assert!(["READY", "BLOCKED", "UNDECIDED"].contains(&first), "{name}:\n{text}");
        assert!(!text.contains("Next\n     or "), "{name}: an alternative to nothing:\n{text}");
        let mut said = BTreeSet::new();
        let mut is_script = false;
        for line in text.lines() {
            // What is to be pasted into a shell stands whole, for each reader.
            is_script = (is_script || line == "  (") && line != "  )";
            if is_script {
                continue;
            }
            assert!(line.chars().count() <= 100 || is_to_be_copied(line), "{name}: too long: {line}");
            let words = line.trim_start_matches([' ', ',']);
            // Each place of a remedy has its own statements, and its own word on which of them the start needs.
            let is_json = words.starts_with(['"', '{', '}']) || words.starts_with("The start does not need");
            // What the request has, below the place in the policy.
            let is_json = is_json || words.contains("│ ") || words.starts_with("arn:");
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
        assert!(!code.name().is_empty() && !code.title().is_empty(), "{}", code.id());
        let found: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, headings, "{}", code.id());
        let source = page.split("## ").find_map(|section| section.strip_prefix("Source\n")).unwrap();
        assert!(source.contains("<https://docs.aws.amazon.com/"), "{} rests on no page of AWS's", code.id());
    }
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings");
    assert_eq!(std::fs::read_dir(pages).unwrap().count(), Code::ALL.len(), "a page without a code");
}
