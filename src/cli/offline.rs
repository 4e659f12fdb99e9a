//! In place of `live` where the program is built without the AWS SDK.

use crate::capture::Capture;
use crate::event::Event;
use crate::reads::EventGap;

use super::args::{Reader, Triage};
use super::failure::Failure;
use super::targets::Asked;

fn without_aws<T>() -> Result<T, Failure> {
    Err(Failure::bad_input(
        "built-without-aws",
        "this build cannot read AWS: it judges captures only",
        "build the whole program: cargo install --path . --locked",
    ))
}

pub(super) fn find_names(asked: &mut Asked, _: &Reader) -> Result<(), Failure> {
    if asked.names.is_empty() { Ok(()) } else { without_aws() }
}

pub(super) fn read(_: &Asked, _: &Reader) -> Result<Capture, Failure> {
    without_aws()
}

pub(super) fn look_up(_: &Asked, _: &Reader) -> Result<(Vec<Event>, Vec<EventGap>), Failure> {
    without_aws()
}

pub(super) fn decode(_: &Triage, _: &str) -> Result<String, Failure> {
    without_aws()
}
