use std::str::FromStr;

use serde::Deserialize;

use super::{Tag, is_of, need};
use crate::capture::{self, AttachedPolicy, Group, InlinePolicy};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{GroupArn, HolderKind, PolicyArn, PolicyName, PolicyVersionId, PrincipalArn, UniqueId};

/// What `GetRole` and `GetUser` answer.
///
/// Sources: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GetIdentity {
    #[serde(rename = "Role", alias = "User")]
    pub(crate) identity: Option<Identity>,
}

/// A role or a user, which has no trust policy.
///
/// Sources: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html>
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    #[serde(rename = "RoleName", alias = "UserName")]
    pub(crate) name: Option<String>,
    #[serde(rename = "RoleId", alias = "UserId")]
    pub(crate) id: Option<String>,
    pub(crate) arn: Option<String>,
    pub(crate) assume_role_policy_document: Option<Document>,
    pub(crate) permissions_boundary: Option<AttachedPermissionsBoundary>,
    pub(crate) tags: Option<Vec<Tag>>,
}

/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachedPermissionsBoundary.html>
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPermissionsBoundary {
    pub(crate) permissions_boundary_arn: Option<String>,
}

/// The policies that a role or user has, itself and by its groups.
pub(crate) struct Policies {
    pub(crate) groups: Fact<Vec<Group>>,
    pub(crate) inline: Fact<Vec<InlinePolicy>>,
    pub(crate) attached: Fact<Vec<AttachedPolicy>>,
}

impl GetIdentity {
    /// What it says of the role or user that has the name of `asked`, be it of the reader's own account; policies, the
    /// boundary's text among them, other answers tell.
    pub(crate) fn identity(self, asked: &PrincipalArn) -> Result<capture::Identity, String> {
        let found = need(self.identity, "the role or user")?;
        let arn = PrincipalArn::parse(&need(found.arn, "the ARN")?).map_err(|error| error.to_string())?;
        is_of("name", found.name.as_deref(), arn.name())?;
        let needs = itself(asked);
        let id = need(found.id, "the unique ID").and_then(name_of::<UniqueId>);
        let trust_policy = match asked {
            PrincipalArn::User(_) => Fact::default(),
            PrincipalArn::Role(_) | PrincipalArn::Session(_) | PrincipalArn::Root(_) => {
                Fact::told(needs, super::text(found.assume_role_policy_document))
            }
        };
        let boundary = match found.permissions_boundary.map(|boundary| boundary.permissions_boundary_arn) {
            None => Fact::Absent,
            Some(arn) => {
                let arn = need(arn, "the permissions boundary's ARN").and_then(name_of::<PolicyArn>);
                Fact::told(needs, arn).map(bare)
            }
        };
        Ok(capture::Identity {
            unique_id: Fact::told(needs, id),
            // IAM leaves the element out where there are no tags.
            tags: Fact::told(needs, super::tags(found.tags.unwrap_or_default())),
            trust_policy,
            groups: Fact::default(),
            boundary,
            inline: Fact::default(),
            attached: Fact::default(),
            arn,
        })
    }
}

/// The role or user `asked` by what IAM says of the one that has its name and by the policies that this one has; and
/// that one's ARN, if it has another path.
///
/// Where the role or user itself was not read, its policies bear on the start all the same; but a session's ARN does not
/// tell the path of its role.
pub(crate) fn identity(
    asked: &PrincipalArn,
    told: Fact<capture::Identity>,
    Policies { groups, inline, attached }: Policies,
) -> (Fact<capture::Identity>, Option<PrincipalArn>) {
    let is_session = matches!(asked, PrincipalArn::Session(_));
    match told {
        // IAM takes a bare name and answers from the reader's own account, and so it does for the policies.
        Fact::Known(found) if !is_namesake(&found.arn, asked) => {
            let message = format!("it is another answer: it is of {}, not of {asked}", found.arn);
            (Fact::Unread(Unread::unparsable(itself(asked), message)), None)
        }
        Fact::Known(found) if !is_session && found.arn != *asked => (Fact::Absent, Some(found.arn)),
        Fact::Known(found) => (Fact::Known(capture::Identity { groups, inline, attached, ..found }), None),
        Fact::Unread(unread) if !is_session => {
            let is_user = matches!(asked, PrincipalArn::User(_));
            let identity = capture::Identity {
                arn: asked.clone(),
                unique_id: Fact::Unread(unread.clone()),
                tags: Fact::Unread(unread.clone()),
                trust_policy: if is_user { Fact::default() } else { Fact::Unread(unread.clone()) },
                groups,
                boundary: Fact::Unread(unread),
                inline,
                attached,
            };
            (Fact::Known(identity), None)
        }
        told @ (Fact::Absent | Fact::Unread(_) | Fact::Part { .. }) => (told, None),
    }
}

/// Whether both are roles, or users, of one account and name.
fn is_namesake(one: &PrincipalArn, other: &PrincipalArn) -> bool {
    let is_user = |arn: &PrincipalArn| matches!(arn, PrincipalArn::User(_));
    let of = |arn: &PrincipalArn| [arn.partition(), arn.account(), arn.name()].map(str::to_owned);
    is_user(one) == is_user(other) && of(one) == of(other)
}

/// The read that tells of a role or user itself.
pub(crate) fn itself(asked: &PrincipalArn) -> &'static str {
    if matches!(asked, PrincipalArn::User(_)) { "iam:GetUser" } else { "iam:GetRole" }
}

/// A managed policy of which no more is known than its ARN.
fn bare(arn: PolicyArn) -> AttachedPolicy {
    AttachedPolicy { arn, version: None, document: Fact::Unread(Unread::not_asked("iam:GetPolicyVersion")) }
}

/// The name that this is; what is no such name is not understood, and the answer with it.
#[expect(clippy::needless_pass_by_value, reason = "what members of answers are handed to")]
fn name_of<N: FromStr<Err: ToString>>(told: String) -> Result<N, String> {
    told.parse().map_err(|error: N::Err| error.to_string())
}

/// What `ListRolePolicies` and its sisters answer.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListPolicies {
    pub(crate) policy_names: Option<Vec<String>>,
}

impl ListPolicies {
    /// The names of the inline policies.
    pub(crate) fn names(self) -> Result<Vec<PolicyName>, String> {
        need(self.policy_names, "the list `PolicyNames`")?.into_iter().map(name_of::<PolicyName>).collect()
    }
}

/// What `GetRolePolicy` and its sisters answer.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetInlinePolicy {
    #[serde(rename = "RoleName", alias = "UserName", alias = "GroupName")]
    pub(crate) of: Option<String>,
    pub(crate) policy_name: Option<String>,
    pub(crate) policy_document: Option<Document>,
}

impl GetInlinePolicy {
    /// The text of the inline policy `name` of the role, user or group `of`.
    pub(crate) fn document(self, of: &str, name: &PolicyName) -> Result<Document, String> {
        is_of("role, user or group", self.of.as_deref(), of)?;
        is_of("PolicyName", self.policy_name.as_deref(), name.as_str())?;
        super::text(self.policy_document)
    }
}

/// What `ListAttachedRolePolicies` and its sisters answer.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAttachedPolicies {
    pub(crate) attached_policies: Option<Vec<AttachedPolicyEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicyEntry {
    pub(crate) policy_arn: Option<String>,
}

impl ListAttachedPolicies {
    /// The ARNs of the managed policies.
    pub(crate) fn arns(self) -> Result<Vec<PolicyArn>, String> {
        let policies = need(self.attached_policies, "the list `AttachedPolicies`")?.into_iter();
        policies.map(|policy| need(policy.policy_arn, "a policy's ARN").and_then(name_of::<PolicyArn>)).collect()
    }
}

/// What `ListGroupsForUser` answers.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListGroupsForUser {
    pub(crate) groups: Option<Vec<GroupEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupEntry {
    pub(crate) arn: Option<String>,
}

impl ListGroupsForUser {
    /// The ARNs of the groups that the user is in.
    pub(crate) fn arns(self) -> Result<Vec<GroupArn>, String> {
        let groups = need(self.groups, "the list `Groups`")?.into_iter();
        groups.map(|group| need(group.arn, "a group's ARN").and_then(name_of::<GroupArn>)).collect()
    }
}

/// What `GetPolicy` answers.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Policy.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetPolicy {
    pub(crate) policy: Option<Policy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    pub(crate) arn: Option<String>,
    pub(crate) default_version_id: Option<String>,
}

impl GetPolicy {
    /// Which version of the managed policy `arn` is the default: it need not be the newest.
    pub(crate) fn default_version(self, arn: &PolicyArn) -> Result<PolicyVersionId, String> {
        let policy = need(self.policy, "the policy")?;
        is_of("Arn", policy.arn.as_deref(), arn.as_str())?;
        need(policy.default_version_id, "the default version").and_then(name_of)
    }
}

/// What `GetPolicyVersion` answers.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetPolicyVersion {
    pub(crate) policy_version: Option<PolicyVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyVersion {
    pub(crate) version_id: Option<String>,
    pub(crate) is_default_version: Option<bool>,
    pub(crate) document: Option<Document>,
}

impl GetPolicyVersion {
    /// The text of this version, if it is still the default one.
    pub(crate) fn document(self, version: &PolicyVersionId) -> Result<Document, String> {
        let found = need(self.policy_version, "the version")?;
        is_of("VersionId", found.version_id.as_deref(), version.as_str())?;
        // Meanwhile another version may have become the default.
        if found.is_default_version == Some(false) {
            return Err(format!("the answer is not of the default version: {version} is none"));
        }
        super::text(found.document)
    }
}

/// The word for a role, user or group in the names of IAM's operations.
pub(crate) fn called(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::Role => "Role",
        HolderKind::User => "User",
        HolderKind::Group => "Group",
    }
}
