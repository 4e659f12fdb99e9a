use serde::Deserialize;
use thiserror::Error;

use super::invariants::Contradiction;
use super::{Capture, FORMAT_VERSION};

/// A text that is no capture of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CaptureError {
    message: String,
    help: &'static str,
}

impl CaptureError {
    /// What to do next.
    pub fn help(&self) -> &str {
        self.help
    }

    pub(super) fn contradiction(found: &Contradiction) -> Self {
        Self {
            message: format!("the evidence contradicts itself: {found}"),
            help: "one of the two is of something else, or was changed: read both again, at one time",
        }
    }

    pub(super) fn not_written(error: &serde_json::Error) -> Self {
        Self { message: format!("the capture could not be written: {error}"), help: "report this as a bug" }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    format_version: Option<u32>,
}

pub(super) fn parse(text: &str) -> Result<Capture, CaptureError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let again = "make a new one with `ebs-preflight capture`";
    if text.trim().is_empty() {
        return Err(CaptureError { message: "the capture is empty".to_owned(), help: again });
    }
    let head: Head = serde_json::from_str(text).map_err(|error| {
        let cut = if error.is_eof() { "the capture is cut off" } else { "the capture is not JSON" };
        CaptureError { message: format!("{cut}: {error}"), help: again }
    })?;
    match head.format_version {
        None => Err(CaptureError {
            message: "not a capture: it has no `formatVersion`".to_owned(),
            help: "a capture is what `ebs-preflight capture` writes",
        }),
        Some(version) if version == FORMAT_VERSION => serde_json::from_str(text).map_err(|error| CaptureError {
            message: format!("the capture does not have the form of version {FORMAT_VERSION}: {error}"),
            help: again,
        }),
        Some(version) => Err(CaptureError {
            message: format!("the capture is of version {version}, and this program reads version {FORMAT_VERSION}"),
            help: "use a newer ebs-preflight, or capture again with this one",
        }),
    }
}
