use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::once;
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{GroupArn, PolicyArn, PolicyName, PolicyVersionId, PrincipalArn, UniqueId};

/// An IAM identity that can start an instance, a role or a user, with its policies. As a reading: `absent` if its
/// account has none of this ARN.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// The ARN of the role or user, path included, as IAM gives it.
    pub arn: PrincipalArn,
    /// The unique ID, as `AROA…` or `AIDA…`.
    #[serde(default)]
    pub unique_id: Fact<UniqueId>,
    /// Its tags.
    #[serde(default, deserialize_with = "once::reading")]
    pub tags: Fact<BTreeMap<String, String>>,
    /// The trust policy of a role.
    #[serde(default, skip_serializing_if = "Fact::is_not_asked")]
    pub trust_policy: Fact<Document>,
    /// The groups that a user is in.
    #[serde(default, skip_serializing_if = "Fact::is_not_asked")]
    pub groups: Fact<Vec<Group>>,
    /// The permissions boundary; `absent`: none.
    #[serde(default)]
    pub boundary: Fact<AttachedPolicy>,
    /// The inline policies.
    #[serde(default)]
    pub inline: Fact<Vec<InlinePolicy>>,
    /// The attached managed policies.
    #[serde(default)]
    pub attached: Fact<Vec<AttachedPolicy>>,
}

/// A group of users: its policies are policies of each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// The ARN, as `arn:aws:iam::111122223333:group/operators`.
    pub arn: GroupArn,
    /// The inline policies.
    #[serde(default)]
    pub inline: Fact<Vec<InlinePolicy>>,
    /// The attached managed policies.
    #[serde(default)]
    pub attached: Fact<Vec<AttachedPolicy>>,
}

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlinePolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its document.
    #[serde(default)]
    pub document: Fact<Document>,
}

/// A managed policy in its default version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachedPolicy {
    /// Its ARN.
    pub arn: PolicyArn,
    /// Which version is the default, as `v3`, if that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<PolicyVersionId>,
    /// The default version's document.
    #[serde(default)]
    pub document: Fact<Document>,
}

/// Whoever holds policies: a role, a user or a group.
pub(crate) struct Holder<'c> {
    /// Its ARN.
    pub(crate) arn: &'c str,
    pub(crate) inline: &'c Fact<Vec<InlinePolicy>>,
    pub(crate) attached: &'c Fact<Vec<AttachedPolicy>>,
}

impl Identity {
    /// It and the groups that it is in: all whose policies are its identity-based policies.
    pub(crate) fn holders(&self) -> impl Iterator<Item = Holder<'_>> {
        let own = Holder { arn: self.arn.as_str(), inline: &self.inline, attached: &self.attached };
        let groups = self.groups.found().into_iter().flatten();
        let groups =
            groups.map(|group| Holder { arn: group.arn.as_str(), inline: &group.inline, attached: &group.attached });
        std::iter::once(own).chain(groups)
    }

    /// Its managed policies, those of its groups, and its permissions boundary.
    pub(crate) fn managed(&self) -> impl Iterator<Item = &AttachedPolicy> {
        self.holders().filter_map(|holder| holder.attached.found()).flatten().chain(self.boundary.known())
    }

    /// Whether it is a user.
    pub(crate) fn is_user(&self) -> bool {
        matches!(self.arn, PrincipalArn::User(_))
    }
}

impl AttachedPolicy {
    /// The policy's name: the last part of its ARN.
    pub fn name(&self) -> &str {
        self.arn.name()
    }
}
