//! The incident that this program was born from, embedded.

use crate::capture::Capture;
use crate::operations::Question;
use crate::preflight::{cured, preflight};
use crate::report::text;

use super::exit::Exit;
use super::failure::CliError;
use super::files;

/// What could be read after the incident.
pub(super) const INCIDENT: &str = include_str!("demo.json");

/// Shows the start blocked, the suggestion, and the start ready with the suggestion in place.
pub(super) fn run() -> Result<Exit, CliError> {
    files::print(&story()?).map(|()| Exit::Done)
}

fn story() -> Result<String, CliError> {
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
    let mut story = String::from(
        "A scheduler starts instances by assuming a role. Then the volumes of one were encrypted with a customer\n\
         managed key, and the job began to fail, although nothing in the job had changed:\n\n",
    );
    story.push_str(&text::render(&report));
    story.push_str("\nWith the suggestion in place:\n\n");
    story.push_str(&text::headline_of(&after));
    story.push_str(
        "\nFor an instance and a role of yours (reads only; `ebs-preflight permissions` prints what it needs):\n  \
         ebs-preflight check --instance-id i-… --role-arn arn:aws:iam::ACCOUNT:role/NAME\n",
    );
    Ok(story)
}
