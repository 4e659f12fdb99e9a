//! The reader of transcripts on any text, and the judging of what was read.

use ebs_preflight::answers::{Transcript, assembled};
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};

use super::shown;

/// Whatever the text: it is refused in words, or becomes a capture that is judged and told in lines of this program.
///
/// Returns the verdict if it was read.
pub(crate) fn check(file: &str) -> Option<Verdict> {
    let capture = match Transcript::parse(file).and_then(|transcript| assembled(&[transcript])) {
        Ok(capture) => capture,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    shown::json(&capture.print().unwrap());
    let report = preflight(&capture, &Question::default());
    shown::json(&json::render(&report));
    shown::text(&text::render(&report), capture.targets.len());
    Some(report.verdict())
}
