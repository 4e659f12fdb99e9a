//! The reader of events and error texts on any text, and all that is said of what was read.

use ebs_preflight::event::{incidents, read};
use ebs_preflight::triage::{self, Outcome};
use jiff::tz::TimeZone;

use super::shown;

/// Whatever the text: it is refused in words, or read, joined and told, each time in the same bytes and in lines of this
/// program.
///
/// Returns the outcome if it was read.
pub(crate) fn check(file: &str) -> Option<Outcome> {
    let found = match read(file) {
        Ok(found) => found,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let not_read: Vec<String> = found.unread.iter().map(ToString::to_string).collect();
    let told = incidents(found.materials);
    let tell = || (triage::text(&told, &TimeZone::UTC), triage::json(&told, &not_read, &TimeZone::UTC));
    let (text, json) = tell();
    assert_eq!(tell(), (text.clone(), json.clone()), "{file}");
    shown::json(&json);
    // What is alike is told once, and what is of no start in a line: the JSON has the same incidents.
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    shown::text(&text, report["incidents"].as_array().unwrap().len());
    Some(Outcome::of_all(&told, &not_read))
}
