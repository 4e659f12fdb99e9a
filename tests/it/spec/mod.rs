//! A second evaluator: slow, literal, written rule by rule from AWS's pages.
//!
//! It shares nothing with the engine that it tests and reads the case itself.
//! Where it and the engine disagree, one of them has misread a page.

mod case;
mod combine;
mod condition;
mod document;
mod duplicate;
pub(crate) mod glob;
mod grant;
mod literal;
mod principal;
mod statement;
mod truth;
mod variable;

use serde_json::Value;

pub(crate) use combine::Judgement;
pub(crate) use statement::resource_tokens;

/// Judges a case in the format of `judge`.
///
/// # Errors
/// When the case is not in that format or AWS would refuse to save one of its policies.
pub(crate) fn judge(case: &Value) -> Result<Judgement, String> {
    case::Case::read(case).map(|case| combine::judge(&case))
}

/// Judges a case in its own text, in which elements that stand twice are seen.
///
/// # Errors
/// As [`judge`], and when the text is not JSON or a name stands twice in one object.
pub(crate) fn judge_text(case: &str) -> Result<Judgement, String> {
    let parsed: Value = serde_json::from_str(case).map_err(|error| error.to_string())?;
    match duplicate::duplicate_name(case) {
        Some(name) => Err(format!("`{name}` stands twice")),
        None => judge(&parsed),
    }
}
