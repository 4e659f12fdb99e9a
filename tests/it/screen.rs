//! The screen: several starts by their causes, any width, colors that are never the only sign.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{Detail, Screen, Style, json, text};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::golden::{Golden, library};

fn golden(name: &str) -> Golden {
    library().into_iter().find(|golden| golden.name == name).unwrap()
}

const ID: &str = "i-0f3c2a9d8b7e61254";

/// The start of a golden, as often as this, each by an instance of its own.
fn several(name: &str, count: usize) -> Capture {
    let mut capture: Value = serde_json::from_str(&golden(name).text).unwrap();
    let target = capture["targets"][0].clone();
    let instance = capture["instances"][ID].clone();
    capture["targets"] = json!([]);
    for number in 0..count {
        let id = format!("i-0f3c2a9d8b7e6{number:04x}");
        let mut own = target.clone();
        own["instanceId"] = json!(id);
        capture["targets"].as_array_mut().unwrap().push(own);
        capture["instances"][&id] = instance.clone();
    }
    Capture::parse(&capture.to_string()).unwrap()
}

#[test]
fn forty_starts_with_one_cause_are_told_once_and_fit_sixty_lines() {
    let report = preflight(&several("account-may-only-describe", 40), &Question::default());
    let usual = text::render(&report);
    assert!(usual.lines().count() < 60, "{usual}");
    assert!(usual.starts_with("40 starts: 40 BLOCKED\n"), "{usual}");
    assert_eq!(usual.matches("\"Sid\": \"GrantKeyToEC2ForStart\"").count(), 1, "{usual}");
    assert!(usual.contains("37 more"), "{usual}");
    let whole: Value = serde_json::from_str(&json::render(&report)).unwrap();
    let groups = whole["groups"].as_array().unwrap();
    assert_eq!((groups.len(), groups[0]["targets"].as_array().unwrap().len()), (1, 40), "{groups:?}");
    assert_eq!((&groups[0]["verdict"], &groups[0]["code"]), (&json!("BLOCKED"), &json!("EBP0333")));
    let details = text::render_with(&report, Style { detail: Detail::Full, ..Style::default() });
    assert_eq!(details.lines().filter(|line| line.starts_with("BLOCKED  ")).count(), 40, "{details}");
    let quiet = text::render_with(&report, Style { detail: Detail::Quiet, ..Style::default() });
    assert!(quiet.lines().count() < usual.lines().count() && !quiet.contains("\"Sid\""), "{quiet}");
}

#[test]
fn of_several_starts_those_of_a_verdict_are_shown() {
    let report = preflight(&several("account-may-only-describe", 3), &Question::default());
    let ready = text::render_with(&report, Style { verdicts: vec![Verdict::Ready], ..Style::default() });
    assert!(ready.starts_with("0 of 3 starts\n"), "{ready}");
    let blocked: Value = serde_json::from_str(&json::render_only(&report, &[Verdict::Blocked])).unwrap();
    assert_eq!(blocked["targets"].as_array().unwrap().len(), 3);
    let ready: Value = serde_json::from_str(&json::render_only(&report, &[Verdict::Ready])).unwrap();
    assert_eq!((&ready["targets"], &ready["verdict"]), (&json!([]), &json!("BLOCKED")));
}

/// Whether a line may be longer than the screen: what must be copied stands whole, and a word is never cut.
fn is_to_be_copied(line: &str) -> bool {
    let words = line.trim_start_matches([' ', ',', '+', '-', '│']);
    words.starts_with(['"', '{', '}'])
        || ["arn:", "aws ", "ebs-preflight ", "the same command", "--"].iter().any(|copied| line.contains(copied))
        || line.split_whitespace().any(|word| word.width() > 40)
        || line.split_whitespace().count() == 1
}

#[test]
fn every_report_fits_a_screen_of_sixty_columns() {
    for golden in library() {
        let style = Style { screen: Screen { width: 60, color: false }, ..Style::default() };
        let text = text::render_with(&golden.report(), style);
        for line in text.lines() {
            assert!(line.width() <= 60 || is_to_be_copied(line), "{}: {line}\n{text}", golden.name);
        }
    }
}

#[test]
fn a_name_in_wide_characters_breaks_no_column() {
    let text = golden("account-may-only-describe")
        .text
        .replace("batch-01", "\u{591c}\u{9593}\u{30d0}\u{30c3}\u{30c1} ".repeat(9).trim());
    let text = text.replace("/dev/xvda", "/dev/\u{672c}\u{756a}");
    let report = preflight(&Capture::parse(&text).unwrap(), &Question::default());
    let shown = text::render(&report);
    let table: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("  Volume") || line.starts_with("  vol-")).collect();
    let state = |line: &str, word: &str| line.split(word).next().unwrap().width();
    assert_eq!(state(table[0], "Key state"), state(table[1], "Enabled"), "{shown}");
    assert!(shown.lines().take(3).all(|line| line.width() <= 100), "{shown}");
}

#[test]
fn colors_are_never_the_only_sign() {
    for name in ["account-may-only-describe", "organization-unread", "ready-grant-to-the-role"] {
        let report = golden(name).report();
        let color = Style { screen: Screen { width: 100, color: true }, ..Style::default() };
        let colored = text::render_with(&report, color);
        assert!(colored.contains("\u{1b}[1;3"), "{name}");
        let mut plain = String::new();
        for (number, part) in colored.split("\u{1b}[").enumerate() {
            plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(plain, text::render(&report), "{name}");
    }
}

#[test]
fn a_statement_on_one_long_line_is_shown_around_the_place() {
    let name = "rcp-network-perimeter-forgets-ec2";
    let mut capture: Value = serde_json::from_str(&golden(name).text).unwrap();
    let mut minified = 0;
    minify(&mut capture, &mut minified);
    assert!(minified > 0);
    let report = preflight(&Capture::parse(&capture.to_string()).unwrap(), &golden(name).question());
    let shown = text::render(&report);
    let marked: Vec<&str> = shown.lines().filter(|line| line.contains(" │ ")).collect();
    assert!(marked.iter().any(|line| line.contains("aws:SourceIp") && line.contains('…')), "{shown}");
    assert!(marked.iter().all(|line| line.width() <= 100), "{shown}");
}

/// Every policy as a text on one line.
fn minify(value: &mut Value, count: &mut usize) {
    match value {
        Value::Object(members) if members.contains_key("Statement") => {
            *value = json!(value.to_string());
            *count += 1;
        }
        Value::Object(members) => members.values_mut().for_each(|member| minify(member, count)),
        Value::Array(items) => items.iter_mut().for_each(|item| minify(item, count)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
