//! The incident that this program was born from, embedded.

use crate::capture::Capture;
use crate::operations::Question;
use crate::preflight::{cured, preflight};
use crate::report::{Detail, Screen, Style, text};

use super::exit::Exit;
use super::failure::CliError;
use super::screen;

/// What could be read after the incident.
pub(super) const INCIDENT: &str = include_str!("demo.json");

/// Shows the start blocked, the suggestion, and the start ready with the suggestion in place.
pub(super) fn run(screen: Screen) -> Result<Exit, CliError> {
    screen::print(&story(screen)?).map(|()| Exit::Done)
}

fn story(screen: Screen) -> Result<String, CliError> {
    let before = Capture::parse(INCIDENT).map_err(|error| CliError {
        exit: Exit::NoVerdict,
        code: "demo-damaged",
        message: error.to_string(),
        help: error.help().to_owned(),
    })?;
    let question = Question::default();
    let report = preflight(&before, &question);
    let (cured, question) = cured(&before, &question, &report);
    let after = preflight(&cured, &question);
    let mut story =
        String::from("A scheduled start fails since its volumes were encrypted with a customer managed key:\n\n");
    story.push_str(&text::render_with(&report, Style { screen, ..Style::default() }));
    story.push_str("\nWith the fix in place:\n\n");
    story.push_str(&text::render_with(&after, Style { screen, detail: Detail::Quiet, ..Style::default() }));
    story.push_str(
        "\nFor an instance and a role of yours (reads only; `ebs-preflight permissions` prints what it needs):\n  \
         ebs-preflight check i-… arn:aws:iam::ACCOUNT:role/NAME\n",
    );
    Ok(story)
}
