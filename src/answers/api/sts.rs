use serde::Deserialize;

use super::need;

/// What `GetCallerIdentity` answers.
///
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetCallerIdentity {
    arn: Option<String>,
}

impl GetCallerIdentity {
    /// The ARN of whoever asked.
    pub(crate) fn arn(self) -> Result<String, String> {
        need(self.arn, "the caller's ARN")
    }
}
