//! Reading AWS, with progress on a terminal and an end on Ctrl-C.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use crate::calls::EventGap;
use crate::capture::Capture;
use crate::collect::{
    Access, CollectError, Events, Exit as CollectExit, ReadPlan, collect, decoded, events, instances_named,
};
use crate::escape::one_line;
use crate::event::Event;
use crate::names::Region;

use super::args::{CredentialArgs, Triage};
use super::exit::Exit;
use super::failure::CliError;
use super::targets::{StartSelection, the_one};

/// Finds the instances that are asked for by name.
pub(super) fn find_names(asked: &mut StartSelection, reader: &CredentialArgs) -> Result<(), CliError> {
    for name in std::mem::take(&mut asked.names) {
        let access = access(reader, asked.region.as_ref());
        let found = run(instances_named(&access, &name))?;
        asked.instances.push(the_one(&name, found)?);
    }
    Ok(())
}

/// Reads everything that bears on the starts.
pub(super) fn read(asked: &StartSelection, reader: &CredentialArgs) -> Result<Capture, CliError> {
    let access = access(reader, asked.region.as_ref());
    let wanted = ReadPlan { targets: asked.all()?, access };
    run(collect(&wanted, &progress))
}

/// Looks earlier starts up in CloudTrail: what was found, and what was not looked up.
pub(super) fn look_up(
    asked: &StartSelection,
    reader: &CredentialArgs,
) -> Result<(Vec<Event>, Vec<EventGap>), CliError> {
    let access = access(reader, asked.region.as_ref());
    let (instances, principals) = asked.subjects();
    progress("looking earlier starts up in CloudTrail");
    let Events { found, gaps } = run(events(&access, &instances, &principals))?;
    Ok((found, gaps))
}

/// What STS decodes of an encoded authorization failure message.
pub(super) fn decode(typed: &Triage, message: &str) -> Result<String, CliError> {
    let access = Access {
        region: typed.region.clone(),
        profile: typed.profile.clone(),
        endpoint_url: typed.endpoint_url.clone(),
        allow_http: typed.allow_http,
        attempt_timeout: attempt_timeout(),
        ..Access::default()
    };
    run(decoded(&access, message))
}

/// How to reach AWS.
fn access(reader: &CredentialArgs, of_url: Option<&Region>) -> Access {
    Access {
        region: reader.region.clone().or_else(|| of_url.map(ToString::to_string)),
        profile: reader.profile.clone(),
        endpoint_url: reader.endpoint_url.clone(),
        allow_http: reader.allow_http,
        key_profile: reader.key_profile.clone(),
        org_profile: reader.org_profile.clone(),
        reader_role: reader.role.clone(),
        key_reader_role: reader.key_role.clone(),
        external_id: reader.external_id.clone(),
        attempt_timeout: attempt_timeout(),
    }
}

/// Runs reads to their end, or until they are interrupted.
fn run<T>(reads: impl Future<Output = Result<T, CollectError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| CliError {
        exit: Exit::NoVerdict,
        code: "no-runtime",
        message: format!("no threads can be started: {error}"),
        help: "free some memory or raise the limit of processes".to_owned(),
    })?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            // First, so that Ctrl-C is listened for before anything is asked of AWS.
            biased;
            _ = tokio::signal::ctrl_c() => None,
            outcome = reads => Some(outcome),
        }
    });
    progress("");
    match outcome {
        Some(outcome) => outcome.map_err(|error| failure(&error)),
        None => Err(CliError {
            exit: Exit::Interrupted,
            code: "interrupted",
            message: "interrupted".to_owned(),
            help: String::new(),
        }),
    }
}

/// What is being read, on one line of a terminal.
fn progress(what: &str) {
    let mut screen = std::io::stderr().lock();
    if screen.is_terminal() {
        let _ = write!(screen, "\r\u{1b}[K{}", one_line(what));
    }
}

fn failure(error: &CollectError) -> CliError {
    let exit = match error.exit() {
        CollectExit::BadInput => Exit::BadInput,
        CollectExit::NoVerdict => Exit::NoVerdict,
    };
    CliError { exit, code: error.code().as_str(), message: error.to_string(), help: error.help().to_owned() }
}

/// How long one attempt of a read may take; shortened by tests of faults.
fn attempt_timeout() -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "cli reads the environment")]
    let text = std::env::var("EBS_PREFLIGHT_ATTEMPT_TIMEOUT_MS").ok()?;
    text.parse().ok().map(Duration::from_millis)
}
