//! How large a policy may be, as AWS counts.

use super::element::PolicyType;

/// A policy's size against AWS's limit for its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// What it holds.
    pub holds: usize,
    /// What AWS admits.
    pub limit: usize,
}

/// All inline policies of a role, a user or a group together, in characters without white space.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const INLINE_POLICIES: [(&str, usize); 3] = [(":role/", 10_240), (":user/", 2_048), (":group/", 5_120)];

impl Size {
    /// What a managed policy may hold, in characters without white space.
    pub(super) const MANAGED: usize = 6_144;

    /// The size of one policy document.
    ///
    /// Sources: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>,
    /// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
    pub fn of(kind: PolicyType, text: &str) -> Self {
        let (holds, limit) = match kind {
            // KMS counts bytes, the others characters.
            PolicyType::KeyPolicy => (text.len(), 32_768),
            PolicyType::Identity | PolicyType::Boundary => (without_blanks(text), Self::MANAGED),
            PolicyType::Session => (text.chars().count(), 2_048),
            PolicyType::Scp => (text.chars().count(), 10_240),
            PolicyType::Rcp => (text.chars().count(), 5_120),
        };
        Self { holds, limit }
    }

    /// The size of all inline policies of the role, user or group of this ARN together.
    pub fn of_inline<'t>(arn: &str, texts: impl IntoIterator<Item = &'t str>) -> Self {
        // A session's ARN names its role.
        let limit = INLINE_POLICIES.iter().find(|(kind, _)| arn.contains(kind)).map_or(10_240, |(_, limit)| *limit);
        Self { holds: texts.into_iter().map(without_blanks).sum(), limit }
    }

    /// Whether AWS would take it.
    pub fn fits(self) -> bool {
        self.holds <= self.limit
    }
}

/// The JSON text without the blanks that only lay it out: what to send where every byte counts.
pub(crate) fn compact(text: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |sign: &char| {
        if in_string {
            in_string = *sign != '"' || is_escaped;
            is_escaped = *sign == '\\' && !is_escaped;
            return true;
        }
        in_string = *sign == '"';
        !sign.is_ascii_whitespace()
    };
    text.chars().filter(is_kept).collect()
}

fn without_blanks(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}
