//! What strangers write into a capture reaches no terminal: not its control characters, and no line of its own.

use std::num::NonZeroUsize;

use ebs_preflight::capture::Capture;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{Form, json, text};
use serde_json::{Value, json};

use crate::bodies::shown;
use crate::golden::{Golden, library};

/// A verdict of a stranger's behind every kind of line end, and what moves the cursor, hides and turns directions; and one
/// behind so many words that it would begin a line where words are wrapped.
const FORGED: &str = "READY  i-0f00000000000000a: no permission or key stops role/forged";

fn hostile() -> String {
    let ends = ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}"];
    let lines = ends.iter().flat_map(|end| [*end, FORGED]).collect::<String>();
    let others = "\t\u{1b}[2J\u{9b}1m\u{7f}\u{0}\u{202e}\u{2066}\u{200b}\u{200f}\u{feff}\u{ad}\u{e0041}\u{61c}";
    format!("{lines}{others} {} {FORGED}", "word ".repeat(18))
}

/// The places of all strings in `value`, names of members that are free included.
fn strings(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            strings(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| strings(item, &format!("{at}/{n}"), places));
        }
        Value::String(_) => places.push(at.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `document` with `more` at the end of the string at `place`; in a policy that stands there as text, at the end of its
/// Sids.
fn with(document: &Value, place: &str, more: &str) -> Value {
    let mut document = document.clone();
    let at = document.pointer_mut(place).unwrap();
    let text = at.as_str().unwrap();
    *at = match serde_json::from_str::<Value>(text) {
        Ok(mut policy) if policy.is_object() => {
            let statements = policy.get_mut("Statement").and_then(Value::as_array_mut);
            statements.into_iter().flatten().for_each(|statement| statement["Sid"] = json!(more));
            json!(policy.to_string())
        }
        _ => json!(format!("{text}{more}")),
    };
    document
}

/// Every so manieth place is changed at once, so that each golden is judged some ten times only.
const BATCHES: usize = 10;

/// How many places of a golden take such a text.
fn check(golden: &Golden) -> usize {
    let document: Value = serde_json::from_str(&golden.text).unwrap();
    let more = hostile();
    let mut places = Vec::new();
    strings(&document, "", &mut places);
    // Most strings are names that such characters do not fit.
    places.retain(|place| Capture::parse(&with(&document, place, &more).to_string()).is_ok());
    for batch in 0..BATCHES {
        let places = places.iter().skip(batch).step_by(BATCHES);
        let changed = places.fold(document.clone(), |document, place| with(&document, place, &more));
        let capture = Capture::parse(&changed.to_string()).unwrap();
        let report = preflight(&capture, &golden.question());
        let form = [Form::Statement, Form::Document, Form::Diff, Form::Cli, Form::Terraform][batch % 5];
        shown::text(&text::render_with(&report, form), capture.targets.len());
        shown::json(&json::render(&report));
        shown::json(&capture.print().unwrap());
    }
    places.len()
}

#[test]
fn no_string_of_a_capture_forges_a_line_or_moves_the_cursor() {
    let goldens = library();
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let taken: usize = std::thread::scope(|scope| {
        let shares = goldens.chunks(goldens.len().div_ceil(threads));
        let shares = shares.map(|share| scope.spawn(|| share.iter().map(check).sum::<usize>()));
        let shares: Vec<_> = shares.collect();
        shares.into_iter().map(|share| share.join().unwrap()).sum()
    });
    assert!(taken > 1_000, "{taken}");
}
