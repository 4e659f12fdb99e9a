//! What AWS's error codes mean, whichever service sends them: one table for live reads, transcripts and events.

use crate::fact::UnreadReason;

/// What an error of AWS comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AwsError {
    /// A policy refuses the caller.
    Denied,
    /// Too many requests.
    Throttled,
    /// The service failed.
    ServerFault,
    /// What was asked for does not exist, or cannot be told from what does not.
    NotFound,
    /// The credentials have expired, and the whole session with them.
    ExpiredCredentials,
    /// The credentials are not accepted.
    InvalidCredentials,
    /// The account has not enabled the Region.
    RegionNotEnabled,
    /// The state of a KMS key does not allow the operation.
    KeyState,
}

/// Every code that is known.
///
/// Sources: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html>
const CODES: [(&str, AwsError); 40] = [
    ("AccessDenied", AwsError::Denied),
    ("AccessDeniedException", AwsError::Denied),
    ("UnauthorizedOperation", AwsError::Denied),
    ("RequestLimitExceeded", AwsError::Throttled),
    ("RequestThrottled", AwsError::Throttled),
    ("ThrottledException", AwsError::Throttled),
    ("Throttling", AwsError::Throttled),
    ("ThrottlingException", AwsError::Throttled),
    ("TooManyRequestsException", AwsError::Throttled),
    ("DependencyTimeoutException", AwsError::ServerFault),
    ("InternalError", AwsError::ServerFault),
    ("InternalFailure", AwsError::ServerFault),
    ("KMSInternalException", AwsError::ServerFault),
    ("ServiceException", AwsError::ServerFault),
    ("ServiceFailure", AwsError::ServerFault),
    ("ServiceUnavailable", AwsError::ServerFault),
    ("ServiceUnavailableException", AwsError::ServerFault),
    ("Unavailable", AwsError::ServerFault),
    ("AWSOrganizationsNotInUseException", AwsError::NotFound),
    ("InvalidInstanceID.NotFound", AwsError::NotFound),
    ("NoSuchEntity", AwsError::NotFound),
    ("NotFoundException", AwsError::NotFound),
    ("ExpiredToken", AwsError::ExpiredCredentials),
    ("ExpiredTokenException", AwsError::ExpiredCredentials),
    ("RequestExpired", AwsError::ExpiredCredentials),
    ("AuthFailure", AwsError::InvalidCredentials),
    ("IncompleteSignature", AwsError::InvalidCredentials),
    ("InvalidAccessKeyId", AwsError::InvalidCredentials),
    ("InvalidClientTokenId", AwsError::InvalidCredentials),
    ("InvalidSignatureException", AwsError::InvalidCredentials),
    ("MissingAuthenticationToken", AwsError::InvalidCredentials),
    ("MissingAuthenticationTokenException", AwsError::InvalidCredentials),
    ("SignatureDoesNotMatch", AwsError::InvalidCredentials),
    ("UnrecognizedClientException", AwsError::InvalidCredentials),
    ("OptInRequired", AwsError::RegionNotEnabled),
    ("RegionDisabledException", AwsError::RegionNotEnabled),
    ("CustomerKeyHasBeenRevoked", AwsError::KeyState),
    ("DisabledException", AwsError::KeyState),
    ("KMSInvalidStateException", AwsError::KeyState),
    ("KeyUnavailableException", AwsError::KeyState),
];

impl AwsError {
    /// Returns what a code means, or `None` for one that is not known. EC2 writes its codes with `Client.` in places.
    pub(crate) fn of(code: &str) -> Option<Self> {
        let code = code.strip_prefix("Client.").unwrap_or(code);
        let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning);
        // Services end the word as they like.
        known.or_else(|| code.starts_with("AccessDenied").then_some(Self::Denied))
    }

    /// Returns the codes that mean this.
    pub(crate) fn codes(self) -> impl Iterator<Item = &'static str> {
        CODES.iter().filter(move |(_, meaning)| *meaning == self).map(|(code, _)| *code)
    }

    /// Returns what it says of a fact that was asked for. No permission helps where the credentials are at fault.
    pub(crate) fn why(self) -> UnreadReason {
        match self {
            Self::Denied => UnreadReason::Denied,
            Self::Throttled => UnreadReason::Throttled,
            Self::ServerFault | Self::ExpiredCredentials | Self::InvalidCredentials | Self::RegionNotEnabled => {
                UnreadReason::Transport
            }
            Self::NotFound | Self::KeyState => UnreadReason::Unparsable,
        }
    }
}
