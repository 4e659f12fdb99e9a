//! The report as JSON, format version 1.

use serde::Serialize;

use super::view::View;
use crate::outcome::{Report, Verdict};
pub use crate::words::json::FORMAT_VERSION;
use crate::words::json::print;

/// An error instead of a report.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WholeError<'a> {
    format_version: u32,
    error: ErrorOut<'a>,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    code: &'a str,
    message: &'a str,
    help: &'a str,
}

/// Returns the report as pretty JSON with a line end.
pub fn render(report: &Report) -> String {
    print(&View::of(report))
}

/// Returns the report as JSON with the targets of these verdicts alone, if any are given.
pub fn render_only(report: &Report, verdicts: &[Verdict]) -> String {
    print(&View::of(report).only(verdicts))
}

/// Returns an error as JSON.
pub fn render_error(code: &str, message: &str, help: &str) -> String {
    print(&WholeError { format_version: FORMAT_VERSION, error: ErrorOut { code, message, help } })
}
