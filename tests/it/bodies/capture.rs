//! The capture reader on any text, and all that follows from what was read.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};

use super::shown;

/// Whatever the text: it is refused in words, or read, printed, read again and judged, each time to the same bytes.
///
/// Returns the verdict if it was read.
pub(crate) fn check(file: &str) -> Option<Verdict> {
    let capture = match Capture::parse(file) {
        Ok(capture) => capture,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.help().is_empty());
            return None;
        }
    };
    let printed = capture.print().unwrap();
    let again = Capture::parse(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    assert_eq!(again, capture);
    assert_eq!(again.print().unwrap(), printed);
    let render = |capture: &Capture| {
        let report = preflight(capture, &Question::default());
        (text::render(&report), json::render(&report), report.verdict())
    };
    let rendered = render(&capture);
    assert_eq!(render(&again), rendered, "{file}");
    shown::json(&printed);
    shown::text(&rendered.0, capture.targets.len());
    shown::json(&rendered.1);
    Some(rendered.2)
}
