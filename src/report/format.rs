//! What all JSON of reports has in common.

use serde::Serialize;

use crate::escape::escape;

/// The version of the format.
pub const FORMAT_VERSION: u32 = 1;

/// Texts, numbers and lists always serialize.
pub(super) fn print<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{}\n", escape(&text))
}
