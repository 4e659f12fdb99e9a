//! Reading AWS, with progress on a terminal and an end on Ctrl-C.

use std::io::IsTerminal as _;
use std::time::Duration;

use crate::capture::{Capture, Target};
use crate::collect::{Access, CollectError, Exit as CollectExit, Wanted, collect};

use super::args::Reader;
use super::exit::Exit;
use super::failure::Failure;

/// Reads everything that bears on the targets.
pub(super) fn read(targets: Vec<Target>, reader: &Reader) -> Result<Capture, Failure> {
    let access = Access {
        region: reader.region.clone(),
        profile: reader.profile.clone(),
        endpoint_url: reader.endpoint_url.clone(),
        key_profile: reader.key_profile.clone(),
        org_profile: reader.org_profile.clone(),
        attempt_timeout: attempt_timeout(),
    };
    let wanted = Wanted { targets, access };
    let quiet = !std::io::stderr().is_terminal();
    let progress = |what: &str| {
        if !quiet {
            super::files::print_error(&format!("\r\u{1b}[K{what}"));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure {
        exit: Exit::NoVerdict,
        code: "no-runtime",
        message: format!("no threads can be started: {error}"),
        help: "free some memory or raise the limit of processes".to_owned(),
    })?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = collect(&wanted, &progress) => Some(outcome),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    if !quiet {
        super::files::print_error("\r\u{1b}[K");
    }
    match outcome {
        Some(Ok(capture)) => Ok(capture),
        Some(Err(error)) => Err(failure(&error)),
        None => Err(Failure {
            exit: Exit::Interrupted,
            code: "interrupted",
            message: "interrupted".to_owned(),
            help: String::new(),
        }),
    }
}

fn failure(error: &CollectError) -> Failure {
    let exit = match error.exit() {
        CollectExit::BadInput => Exit::BadInput,
        CollectExit::NoVerdict => Exit::NoVerdict,
    };
    Failure { exit, code: error.code().as_str(), message: error.to_string(), help: error.help().to_owned() }
}

/// How long one attempt of a read may take; shortened by tests of faults.
fn attempt_timeout() -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "cli reads the environment")]
    let text = std::env::var("EBS_PREFLIGHT_ATTEMPT_TIMEOUT_MS").ok()?;
    text.parse().ok().map(Duration::from_millis)
}
