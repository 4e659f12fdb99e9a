//! What all JSON of ours has in common.

use serde::Serialize;

use crate::escape::escape;

/// The version of the formats of reports and remedies.
pub const FORMAT_VERSION: u32 = 1;

/// Returns `value` as pretty JSON with a line end.
pub(crate) fn print<T: Serialize>(value: &T) -> String {
    // Texts, numbers and lists always serialize.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{}\n", escape(&text))
}
