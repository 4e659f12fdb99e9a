//! In place of `live` where the program is built without the AWS SDK.

use crate::calls::EventGap;
use crate::capture::Capture;
use crate::event::Event;

use super::args::{CredentialArgs, Triage};
use super::failure::CliError;
use super::targets::StartSelection;

fn without_aws<T>() -> Result<T, CliError> {
    Err(CliError::bad_input(
        "built-without-aws",
        "this build cannot read AWS: it judges captures only",
        "build the whole program: cargo install --path . --locked",
    ))
}

pub(super) fn find_names(asked: &mut StartSelection, _: &CredentialArgs) -> Result<(), CliError> {
    if asked.names.is_empty() { Ok(()) } else { without_aws() }
}

pub(super) fn read(_: &StartSelection, _: &CredentialArgs) -> Result<Capture, CliError> {
    without_aws()
}

pub(super) fn look_up(_: &StartSelection, _: &CredentialArgs) -> Result<(Vec<Event>, Vec<EventGap>), CliError> {
    without_aws()
}

pub(super) fn decode(_: &Triage, _: &str) -> Result<String, CliError> {
    without_aws()
}
