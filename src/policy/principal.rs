//! What may stand as a principal under `"AWS"`.

use crate::names::PrincipalArn;

use super::element::PrincipalEntry;

impl PrincipalEntry {
    /// The entry that `text` under `"AWS"` stands for; `None` where AWS refuses it.
    pub(super) fn of_aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anyone);
        }
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Account(text.into()));
        }
        // AWS refuses wildcards inside a principal, whatever its form.
        if text.is_empty() || text.contains(['*', '?']) {
            return None;
        }
        if !text.starts_with("arn:") {
            let unique_id = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.len() >= 16;
            return unique_id.then(|| Self::UniqueId(text.into()));
        }
        Some(match PrincipalArn::parse(text) {
            Ok(PrincipalArn::Role(arn)) => Self::Role(arn.as_str().into()),
            Ok(PrincipalArn::Session(arn)) => Self::Session(arn.as_str().into()),
            Ok(PrincipalArn::User(arn)) => Self::User(arn.as_str().into()),
            Ok(PrincipalArn::Root(arn)) => Self::Root(arn.as_str().into()),
            Err(_) => Self::Other(text.into()),
        })
    }
}
