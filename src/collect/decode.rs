use std::sync::Arc;

use super::clients::{Access, Clients};
use super::credentials;
use super::error::{CollectError, ErrorCode};
use super::pace::Pace;
use crate::calls::DECODE_AUTHORIZATION_MESSAGE;
use crate::fact::UnreadReason;

/// What STS decodes of an encoded authorization failure message, as JSON.
///
/// # Errors
/// When the credentials are refused or may not decode it, or it is no whole message.
///
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>
pub async fn decoded(access: &Access, message: &str) -> Result<String, CollectError> {
    let (region, _) = credentials::region(access).await?;
    let pace = Arc::new(Pace::new());
    let clients = Clients::load(access, access.main(), &region, &pace).await?;
    let failure = match clients.decode(message).await {
        Ok(text) => return Ok(text),
        Err(failure) => failure,
    };
    let said = &failure.unread.message;
    let error = match failure.unread.why {
        UnreadReason::Denied => CollectError::new(
            ErrorCode::UnexpectedAnswer,
            format!("AWS refused `{}`: {said}", DECODE_AUTHORIZATION_MESSAGE.action),
            "decode it with credentials that may, and give the result with --decoded",
        ),
        UnreadReason::Unparsable if failure.is("InvalidAuthorizationMessageException") => CollectError::bad_input(
            format!("the encoded message cannot be decoded: {said}"),
            "copy the whole message, from the account in which it arose; CloudTrail cuts it off",
        ),
        UnreadReason::Throttled | UnreadReason::Transport | UnreadReason::Unparsable | UnreadReason::NotAsked => {
            CollectError::new(
                ErrorCode::Unreachable,
                format!("`{}` failed: {said}", DECODE_AUTHORIZATION_MESSAGE.action),
                "see that the network, proxy and endpoint settings reach AWS, and run it again",
            )
        }
    };
    Err(pace.reason().unwrap_or(error))
}
