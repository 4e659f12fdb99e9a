//! How large a policy may be, as AWS counts.

use super::element::PolicyType;

/// A policy's size against AWS's limit for its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// What it holds.
    pub holds: usize,
    /// What AWS admits.
    pub limit: usize,
    /// Whether white space is left out of the count.
    pub without_blanks: bool,
}

/// All inline policies of a role, a user or a group together, in characters without white space.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const INLINE_POLICIES: [(&str, usize); 3] = [(":role/", 10_240), (":user/", 2_048), (":group/", 5_120)];

impl Size {
    /// The size of one policy document.
    ///
    /// Sources: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>,
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>,
    /// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
    pub fn of(kind: PolicyType, text: &str) -> Self {
        let (limit, without_blanks) = match kind {
            PolicyType::KeyPolicy => (32_768, false),
            PolicyType::Identity | PolicyType::Boundary => (6_144, true),
            PolicyType::Session => (2_048, false),
            PolicyType::Scp => (10_240, false),
            PolicyType::Rcp => (5_120, false),
        };
        let holds = match kind {
            // KMS counts bytes, the others characters.
            PolicyType::KeyPolicy => text.len(),
            PolicyType::Identity | PolicyType::Boundary => characters(text),
            PolicyType::Session | PolicyType::Scp | PolicyType::Rcp => text.chars().count(),
        };
        Self { holds, limit, without_blanks }
    }

    /// The size of all inline policies of the role, user or group of this ARN together.
    pub fn of_inline<'t>(arn: &str, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let holds = texts.into_iter().map(characters).sum();
        // A session's ARN names its role.
        let limit = INLINE_POLICIES.iter().find(|(kind, _)| arn.contains(kind)).map_or(10_240, |(_, limit)| *limit);
        Self { holds, limit, without_blanks: true }
    }

    /// Whether AWS would take it.
    pub fn fits(self) -> bool {
        self.holds <= self.limit
    }
}

fn characters(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::Size;
    use crate::policy::PolicyType;

    #[test]
    fn blanks_count_where_aws_counts_them() {
        assert_eq!(Size::of(PolicyType::KeyPolicy, "é \n").holds, 4);
        assert_eq!(Size::of(PolicyType::Scp, "é \n").holds, 3);
        assert_eq!(Size::of(PolicyType::Identity, "é \n").holds, 1);
        assert_eq!(Size::of_inline("arn:aws:iam::111122223333:user/ops/mara", ["a b", " c"]).holds, 3);
        assert_eq!(Size::of_inline("arn:aws:iam::111122223333:user/ops/mara", []).limit, 2_048);
        assert!(Size::of(PolicyType::Session, &"x".repeat(2_048)).fits());
        assert!(!Size::of(PolicyType::Session, &"x".repeat(2_049)).fits());
    }
}
