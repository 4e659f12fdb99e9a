//! The remedies of any capture, in every form in which they are shown and written.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::{cured, preflight};
use ebs_preflight::report::{Form, remedy_files, text};

use super::shown;

const FORMS: [Form; 6] =
    [Form::Statement, Form::Document, Form::Diff, Form::Cli, Form::Terraform, Form::Cloudformation];

/// Whatever the capture: each form is told in lines of this program, what is written as JSON is JSON, and no remedy makes
/// the start worse.
///
/// Returns how many files the remedy has, if the capture was read.
pub(crate) fn check(file: &str) -> Option<usize> {
    let capture = Capture::parse(file).ok()?;
    let question = Question::default();
    let report = preflight(&capture, &question);
    for form in FORMS {
        shown::text(&text::render_with(&report, form), capture.targets.len());
    }
    let files = remedy_files(&report);
    for (name, text) in
        files.iter().filter(|(name, _)| std::path::Path::new(name).extension().is_some_and(|end| end == "json"))
    {
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{name}: {text}");
    }
    let (after, asked) = cured(&capture, &question, &report);
    assert!(preflight(&after, &asked).verdict() <= report.verdict(), "{file}");
    Some(files.len())
}
