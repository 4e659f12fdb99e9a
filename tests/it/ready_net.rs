//! The READY net: every capture of `tests/captures` that is READY, broken in every mechanical way, must stop being
//! READY; in what changes no decision it must stay so.
//!
//! A wrong READY is the one answer that nobody checks again. The breaking works on the JSON of a capture, so that it
//! shares no code with what it tests.

mod allows;
mod denies;
mod events;
mod evidence;
mod facts;
mod keys;
mod mutation;
mod names;
mod place;
mod readings;

use std::fs;
use std::path::Path;

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use serde_json::Value;

use crate::golden::library;
use place::Place;

/// A capture that is READY as it stands, or under the question that is asked of it.
struct Ready {
    name: String,
    capture: Value,
    question: Question,
}

#[test]
fn the_captures_kept_as_ready_are() {
    let kept = fs::read_dir(folder().join("ready")).unwrap().count();
    let ready = ready();
    let of_them = ready.iter().filter(|ready| ready.name.starts_with("ready/")).count();
    assert!(of_them == kept && kept >= 10, "{of_them} of {kept} captures in `ready` are READY");
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures"))
}

/// All captures that are READY, those of the library under their flags.
fn ready_with_flags() -> Vec<Ready> {
    let mut found = ready();
    for golden in library() {
        let question = golden.question();
        let is_found = found.iter().any(|ready| ready.name == format!("{}.json", golden.name));
        if !is_found && preflight(&golden.capture(), &question).verdict() == Verdict::Ready {
            found.push(Ready { capture: spelled_out(&golden.capture()), name: golden.name, question });
        }
    }
    found
}

fn spelled_out(capture: &Capture) -> Value {
    let mut capture: Value = serde_json::from_str(&capture.print().unwrap()).unwrap();
    place::spell_out_documents(&mut capture);
    capture
}

/// All captures that are READY, their documents as JSON values and every reading spelled out.
fn ready() -> Vec<Ready> {
    let mut found = Vec::new();
    gather(folder(), &mut found);
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn gather(folder: &Path, found: &mut Vec<Ready>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            // Other files may lie beside the captures; what claims to be a capture must be one.
            let text = fs::read_to_string(&path).unwrap();
            if !text.contains("\"formatVersion\"") {
                continue;
            }
            let capture = Capture::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if preflight(&capture, &Question::default()).verdict() == Verdict::Ready {
                let name = path.strip_prefix(self::folder()).unwrap().to_string_lossy().into_owned();
                found.push(Ready { name, capture: spelled_out(&capture), question: Question::default() });
            }
        }
    }
}

fn verdict(capture: &Value) -> Verdict {
    verdict_under(capture, &Question::default())
}

fn verdict_under(capture: &Value, question: &Question) -> Verdict {
    preflight(&Capture::parse(&capture.to_string()).unwrap(), question).verdict()
}

/// A copy of `capture` with one policy changed: one of an organization wherever it is attached.
fn with_policy(capture: &Value, place: &Place, change: impl Fn(&mut Value)) -> Value {
    let mut copy = capture.clone();
    for place in place::attachments(capture, place) {
        change(copy.pointer_mut(&place).unwrap());
    }
    copy
}

/// The grants on a key that were read.
fn grants(key: &Value) -> &[Value] {
    let list = [&key["grants"]["known"], &key["grants"]["part"]["known"]].into_iter().find_map(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// A copy of `capture` that is changed in one place.
fn changed(capture: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut copy = capture.clone();
    change(copy.pointer_mut(pointer).unwrap());
    copy
}

/// The accounts that own a key which a volume is encrypted with, with their customer managed keys.
fn customer_managed_keys(capture: &Value) -> Vec<String> {
    let keys = capture["keys"].as_object().unwrap().iter();
    keys.filter(|(_, key)| key["metadata"]["known"]["manager"] != "AWS").map(|(arn, _)| arn.clone()).collect()
}

/// The account in an ARN.
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}
