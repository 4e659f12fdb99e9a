use std::error::Error;

use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use http_body_util::LengthLimitError;

use super::error::ErrorCode;
use super::guard::{InClear, TooMuch};
use super::secrets::Secrets;
use super::xml::{CutShort, Echo};
use crate::answers::aws_error::AwsError;
use crate::calls::Read;
use crate::fact::{Fact, Unread, UnreadReason};
use crate::limits::ANSWER_BYTES;

/// One read that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadError {
    /// AWS's error code, if it sent one.
    pub(super) code: String,
    /// The failure as the capture keeps it.
    pub(super) unread: Unread,
    /// Set where every further read would fail alike.
    pub(super) ends: Option<ErrorCode>,
}

/// What an error comes to by AWS's code, or by the HTTP status where AWS sent no code that is known.
fn error_of(code: &str, status: u16) -> Option<AwsError> {
    AwsError::of(code).or(match status {
        401 | 403 => Some(AwsError::Denied),
        429 => Some(AwsError::Throttled),
        500.. => Some(AwsError::ServerFault),
        _ => None,
    })
}

/// The error that ends the run, where every further read would fail alike.
fn end_of(error: AwsError) -> Option<ErrorCode> {
    match error {
        AwsError::ExpiredCredentials => Some(ErrorCode::ExpiredCredentials),
        AwsError::InvalidCredentials => Some(ErrorCode::InvalidCredentials),
        AwsError::RegionNotEnabled => Some(ErrorCode::RegionNotEnabled),
        AwsError::Denied | AwsError::Throttled | AwsError::ServerFault | AwsError::NotFound | AwsError::KeyState => {
            None
        }
    }
}

impl ReadError {
    /// An answer that came, but does not hold the fact.
    pub(super) fn unexpected(read: &Read, message: impl Into<String>) -> Self {
        Self::of(read, UnreadReason::Unparsable, message.into())
    }

    /// A read that nobody made.
    pub(super) fn not_asked(read: &Read, message: impl Into<String>) -> Self {
        Self::of(read, UnreadReason::NotAsked, message.into())
    }

    fn of(read: &Read, why: UnreadReason, message: String) -> Self {
        let unread = Unread { why, needs: read.action.to_owned(), message };
        Self { code: String::new(), unread, ends: None }
    }

    /// What the SDK's error of one read says.
    pub(super) fn from_sdk<E>(read: &Read, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let SdkError::ServiceError(service) = error {
            let code = error.code().unwrap_or_default();
            let status = service.raw().status().as_u16();
            let known = error_of(code, status);
            let why = known.map_or(UnreadReason::Unparsable, AwsError::why);
            let mut message = if code.is_empty() { format!("HTTP status {status}") } else { code.to_owned() };
            let said = error.message().unwrap_or_default();
            if !said.is_empty() {
                message = format!("{message}: {said}");
            }
            if let Some(id) = error.request_id() {
                message = format!("{message} (request ID {id})");
            }
            return Self { code: code.to_owned(), ends: known.and_then(end_of), ..Self::of(read, why, message) };
        }
        if causes(error).any(<dyn Error>::is::<CutShort>) {
            return Self::of(read, UnreadReason::Transport, CutShort.to_string());
        }
        if let Some(in_clear) = causes(error).find(|cause| cause.is::<InClear>()) {
            let ends = Some(ErrorCode::BadInput);
            return Self { ends, ..Self::of(read, UnreadReason::NotAsked, in_clear.to_string()) };
        }
        if causes(error).any(<dyn Error>::is::<Echo>) {
            return Self::of(read, UnreadReason::Unparsable, Echo.to_string());
        }
        if causes(error).any(<dyn Error>::is::<TooMuch>) {
            return Self::of(read, UnreadReason::NotAsked, TooMuch.to_string());
        }
        if causes(error).any(<dyn Error>::is::<LengthLimitError>) {
            return Self::of(read, UnreadReason::Unparsable, format!("the answer is larger than {ANSWER_BYTES}"));
        }
        let why = if let SdkError::ResponseError(response) = error {
            // The status still tells what kind of answer it was.
            match error_of("", response.raw().status().as_u16()) {
                Some(error) => error.why(),
                None if causes(error).any(broke_off) => UnreadReason::Transport,
                None => UnreadReason::Unparsable,
            }
        } else {
            UnreadReason::Transport
        };
        Self::of(read, why, chain(error))
    }

    /// Returns the failure without any part of the credentials, whatever the endpoint repeated of them.
    ///
    /// AWS itself does where a signature does not fit: it repeats the request's headers, session token and all.
    pub(super) fn without(mut self, secrets: &Secrets) -> Self {
        self.unread.message = secrets.hidden_in(&self.unread.message);
        self
    }

    /// Whether AWS said that there is none.
    pub(super) fn is_gone(&self) -> bool {
        AwsError::of(&self.code) == Some(AwsError::NotFound)
    }

    /// Whether AWS sent this error code.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code == code
    }
}

/// An error and what caused it, outermost first.
pub(super) fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Whether this cause says that the connection broke while the answer was on its way.
fn broke_off(cause: &(dyn Error + 'static)) -> bool {
    // What the HTTP library reports of a body has no public type; its text is all there is.
    cause.is::<std::io::Error>() || cause.to_string().contains("reading a body")
}

/// An error with its causes, each once, as one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    for cause in causes(error).map(ToString::to_string) {
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.contains(&cause) {
            let colon = if line.is_empty() { "" } else { ": " };
            line = format!("{line}{colon}{cause}");
        }
    }
    line
}

/// What an answer tells, or what it lacks, as the answer to this read.
pub(super) fn understood<T>(read: &Read, told: Result<T, String>) -> Result<T, ReadError> {
    told.map_err(|lacks| ReadError::unexpected(read, lacks))
}

/// A result as the capture keeps it.
pub(super) fn reading<T>(result: Result<T, ReadError>) -> Fact<T> {
    match result {
        Ok(fact) => Fact::Known(fact),
        Err(failure) => Fact::Unread(failure.unread),
    }
}
