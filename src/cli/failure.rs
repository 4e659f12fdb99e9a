//! An error of the whole run: what went wrong, and what to type next.

use super::exit::Exit;

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CliError {
    pub(super) exit: Exit,
    /// A stable word for programs.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

/// The codes of errors that somebody with credentials does not have.
const WITHOUT_CREDENTIALS: [&str; 4] =
    ["no-credentials", "expired-credentials", "invalid-credentials", "built-without-aws"];

impl CliError {
    /// Whether AWS could not be read for want of credentials.
    pub(super) fn lacks_credentials(&self) -> bool {
        WITHOUT_CREDENTIALS.contains(&self.code)
    }

    pub(super) fn bad_input(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::BadInput, code, message: message.into(), help: help.into() }
    }
}
