//! From a judged case to its line of output.

use jsonc_parser::common::Ranged;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::engine::{Decision, deciders, explain};
use crate::escape::escape;
use crate::policy::parse_json;

use super::missing::{Missing, missing};
use super::{path, read, reasons};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    id: &'a RawValue,
    decision: &'static str,
    decided_by: Vec<String>,
    reasons: Vec<String>,
    missing: Vec<Missing>,
}

/// A case that could not be judged.
#[derive(Serialize)]
struct Refused<'a> {
    id: &'a RawValue,
    error: String,
}

/// Judges the case on line `number` of its file and gives the line to print.
///
/// # Errors
/// When the case cannot be judged: the line to print then tells why.
pub fn answer(line: &str, number: usize) -> Result<String, String> {
    let null = RawValue::NULL;
    let refuse = |id: &RawValue, error: String| print(&Refused { id, error: format!("line {number}: {error}") });
    let value = parse_json(line).map_err(|error| refuse(null, read::placed(line, &error)))?;
    let whole = value.as_object().ok_or_else(|| refuse(null, "a case must be a JSON object".to_owned()))?;
    let id = whole.get("id").and_then(|id| line.get(id.value.start()..id.value.end()));
    let id = id.ok_or_else(|| refuse(null, "the case has no `id`".to_owned()))?;
    let id: &RawValue = serde_json::from_str(id).unwrap_or(null);
    let case = read::case(line, whole).map_err(|error| refuse(id, error))?;
    let explanation = explain(&case.request, &case.policies);
    let deciders = deciders(&case.request, &explanation);
    let missing = if explanation.decision == Decision::Unknown {
        missing(&case.request, &case.policies, &explanation, &deciders)
    } else {
        Vec::new()
    };
    let reasons = reasons::reasons(&case, &explanation, &deciders, &missing);
    let decided_by = deciders.into_iter().map(path::decider).collect();
    Ok(print(&Answer { id, decision: explanation.decision.as_str(), decided_by, reasons, missing }))
}

/// The line to print for line `number`, which is no text.
pub fn not_text(number: usize) -> String {
    print(&Refused { id: RawValue::NULL, error: format!("line {number}: this is not UTF-8 text") })
}

/// Strings and lists of them always serialize.
fn print<T: Serialize>(line: &T) -> String {
    escape(&serde_json::to_string(line).unwrap_or_default()).into_owned()
}
