//! What may stand as a principal under `"AWS"`.

use crate::names::PrincipalArn;

use super::element::PrincipalEntry;

pub(super) fn of_aws(text: &str) -> Option<PrincipalEntry> {
    if text == "*" {
        return Some(PrincipalEntry::Anyone);
    }
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(PrincipalEntry::Account(text.into()));
    }
    // AWS refuses wildcards inside a principal, whatever its form.
    if text.is_empty() || text.contains(['*', '?']) {
        return None;
    }
    if !text.starts_with("arn:") {
        let unique_id = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.len() >= 16;
        return unique_id.then(|| PrincipalEntry::UniqueId(text.into()));
    }
    Some(match PrincipalArn::parse(text) {
        Ok(PrincipalArn::Role(arn)) => PrincipalEntry::Role(arn.as_str().into()),
        Ok(PrincipalArn::Session(arn)) => PrincipalEntry::Session(arn.as_str().into()),
        Ok(PrincipalArn::User(arn)) => PrincipalEntry::User(arn.as_str().into()),
        Ok(PrincipalArn::Root(arn)) => PrincipalEntry::Account(arn.account().into()),
        Err(_) => PrincipalEntry::Other(text.into()),
    })
}
