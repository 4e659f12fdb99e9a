//! Evidence in pieces: what the AWS CLI prints of every golden capture, call by call and in any order, is judged as the
//! capture itself; odd but real inputs are taken for what they are.

#[cfg(feature = "cli")]
mod odd;
mod render;

use std::collections::BTreeSet;

use ebs_preflight::answers::{EvidenceFile, Joined, Pieces, PiecesError};
use ebs_preflight::capture::Capture;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::report::json;
use serde_json::Value;

use crate::golden::{Golden, library};
use crate::problems::assert_none;

/// Captures that no output of the AWS CLI amounts to, with the fact that none of them carries.
const NOT_CARRIED: &[(&str, &str)] =
    &[("role-tags-unread", "what get-role prints has all tags of the role, or there are none")];

/// The files in an order that `seed` draws.
fn shuffled(mut files: Vec<EvidenceFile>, seed: u64) -> Vec<EvidenceFile> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    for last in (1..files.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (last + 1);
        files.swap(last, other);
    }
    files
}

/// The capture that these files amount to, for the starts of the golden one and at its time.
fn joined(golden: &Capture, files: Vec<EvidenceFile>) -> Result<Joined, PiecesError> {
    let read = &golden.read;
    Pieces::of(files)?.capture(golden.targets.clone(), (read.region.clone(), ""), read.until)
}

/// What is wrong with the report on the pieces of a golden capture.
fn problems(golden: &Golden, files: Vec<EvidenceFile>, how: &str) -> Vec<String> {
    match joined(&golden.capture(), files) {
        Err(error) => vec![format!("{}, {how}: {error}", golden.name)],
        Ok(joined) => {
            let report = golden.judged(&joined.capture, &golden.question());
            let report: Value = serde_json::from_str(&json::render(&report)).unwrap();
            golden.problems(&report).into_iter().map(|problem| format!("{how}: {problem}")).collect()
        }
    }
}

#[test]
fn the_pieces_of_a_capture_are_judged_as_the_capture() {
    let mut wrong = Vec::new();
    let mut played = 0;
    for (number, golden) in library().iter().enumerate() {
        let excused = NOT_CARRIED.iter().any(|(name, _)| *name == golden.name);
        let capture: Value = serde_json::from_str(&golden.text).unwrap();
        let files = render::files(&capture);
        let own = problems(golden, shuffled(files, number as u64), "shuffled");
        if excused {
            assert!(!own.is_empty(), "{} is carried after all", golden.name);
        } else {
            played += 1;
            wrong.extend(own);
        }
    }
    let names: BTreeSet<&str> = NOT_CARRIED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), NOT_CARRIED.len());
    assert_none(&wrong);
    assert!(played > 150, "{played}");
}

/// Printed one after the other into one file, with the commands or without, the answers are the same evidence.
#[test]
fn several_answers_in_one_file_are_as_many_pieces() {
    let mut wrong = Vec::new();
    for golden in library().iter().filter(|golden| !NOT_CARRIED.iter().any(|(name, _)| *name == golden.name)).step_by(7)
    {
        let capture: Value = serde_json::from_str(&golden.text).unwrap();
        let files = render::files(&capture);
        let text: String = files
            .iter()
            .map(|file| format!("$ aws {}\n{}\n", file.name.trim_end_matches(".json"), file.text))
            .collect();
        let whole = EvidenceFile {
            path: "session.txt".to_owned(),
            name: "session.txt".to_owned(),
            text,
            ..EvidenceFile::default()
        };
        wrong.extend(problems(golden, vec![whole], "in one file"));
    }
    assert_none(&wrong);
}

/// Places at which a capture tells another fact than the whole evidence does, though not that it was not read.
fn told_otherwise(whole: &Value, less: &Value, place: &str, found: &mut Vec<String>) {
    let is_open = less.is_null() || less.get("unread").is_some() || less.get("part").is_some();
    match (whole, less) {
        (_, _) if whole == less || is_open => {}
        (Value::Object(members), Value::Object(others)) => {
            for name in members.keys().chain(others.keys()) {
                told_otherwise(&whole[name], &less[name], &format!("{place}/{name}"), found);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (number, (item, other)) in items.iter().zip(others).enumerate() {
                told_otherwise(item, other, &format!("{place}/{number}"), found);
            }
        }
        (_, _) => found.push(format!("{place}: {whole} became {less}")),
    }
}

/// Without one of its pieces the evidence says less, and nothing else.
#[test]
fn what_a_missing_piece_would_tell_is_not_read() {
    let mut wrong = BTreeSet::new();
    let mut left_out = 0;
    for golden in library().iter().filter(|golden| golden.report().verdict() == Verdict::Ready) {
        let facts = |files| joined(&golden.capture(), files).ok().map(|joined| value(&joined.capture));
        let capture: Value = serde_json::from_str(&golden.text).unwrap();
        let files = render::files(&capture);
        let whole = facts(files.clone()).unwrap();
        for missing in 0..files.len() {
            let mut rest = files.clone();
            let name = rest.remove(missing).name;
            let Some(less) = facts(rest) else { continue };
            left_out += 1;
            let mut found = Vec::new();
            for records in ["instances", "volumes", "keys", "identities", "organizations"] {
                told_otherwise(&whole[records], &less[records], records, &mut found);
            }
            wrong.extend(found.into_iter().map(|place| format!("{} without {name}: {place}", golden.name)));
        }
    }
    assert_none(&wrong.into_iter().collect::<Vec<_>>());
    assert!(left_out > 300, "{left_out}");
}

fn value(capture: &Capture) -> Value {
    serde_json::from_str(&capture.print().unwrap()).unwrap()
}
