use thiserror::Error;

/// Why nothing could be read that a verdict might rest on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CollectError {
    code: ErrorCode,
    message: String,
    help: String,
}

/// The kinds of [`CollectError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// What the user gave cannot be used: a Region, a profile, an ARN.
    BadInput,
    /// The Region does not know the instance.
    InstanceUnknown,
    /// There are no credentials, or they could not be loaded.
    NoCredentials,
    /// The credentials have expired.
    ExpiredCredentials,
    /// AWS does not accept the credentials.
    InvalidCredentials,
    /// The account has not enabled the Region.
    RegionNotEnabled,
    /// AWS refused to show the instance.
    InstanceDenied,
    /// AWS could not be reached, throttled to the end, or sent no whole answer.
    Unreachable,
    /// AWS's answer about the instance could not be understood.
    UnexpectedAnswer,
}

/// What an error means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Usage or bad input: exit code 2.
    BadInput,
    /// AWS, credential or network failure, no verdict: exit code 4.
    NoVerdict,
}

impl CollectError {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }

    pub(super) fn bad_input(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadInput, message, help)
    }

    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What to do next.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// What it means for the exit code.
    pub fn exit(&self) -> Exit {
        match self.code {
            ErrorCode::BadInput | ErrorCode::InstanceUnknown => Exit::BadInput,
            ErrorCode::NoCredentials
            | ErrorCode::ExpiredCredentials
            | ErrorCode::InvalidCredentials
            | ErrorCode::RegionNotEnabled
            | ErrorCode::InstanceDenied
            | ErrorCode::Unreachable
            | ErrorCode::UnexpectedAnswer => Exit::NoVerdict,
        }
    }
}

impl ErrorCode {
    /// The code as JSON reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadInput => "bad-input",
            Self::InstanceUnknown => "instance-unknown",
            Self::NoCredentials => "no-credentials",
            Self::ExpiredCredentials => "expired-credentials",
            Self::InvalidCredentials => "invalid-credentials",
            Self::RegionNotEnabled => "region-not-enabled",
            Self::InstanceDenied => "instance-denied",
            Self::Unreachable => "unreachable",
            Self::UnexpectedAnswer => "unexpected-answer",
        }
    }
}
