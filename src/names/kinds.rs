//! Names of one kind each, with the characters that AWS gives them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::name;
use super::{AccountId, Arn, NameError, PrincipalArn};

/// `[\w+=,.@-]+`: what the names of all IAM entities are made of.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(super) fn is_iam_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// A path with a name behind it, as it stands in ARNs: `scheduler/StartJob`. A path holds every printing sign of ASCII,
/// those of the shells among them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
pub(super) fn is_path_and_name(text: &str) -> bool {
    let (path, name) = text.rsplit_once('/').map_or(("", text), |(path, name)| (path, name));
    // A role of AWS itself is no name that IAM gives: `aws:ec2-infrastructure`.
    is_iam_name(name.strip_prefix("aws:").unwrap_or(name))
        && path.len() <= 510
        && path.bytes().all(|b| b.is_ascii_graphic())
}

/// `prefix` and so many characters of a set.
fn is_id(text: &str, prefix: &str, lengths: std::ops::RangeInclusive<usize>, is_sign: fn(u8) -> bool) -> bool {
    text.strip_prefix(prefix).is_some_and(|id| lengths.contains(&id.len()) && id.bytes().all(is_sign))
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `[\w+=,.@:/-]+`, as KMS has it of principals; IAM lets a path hold more.
fn is_grantee(text: &str) -> bool {
    is_kms_principal(text)
        || (text.len() <= 256 && Arn::parse(text).is_ok() && text.bytes().all(|b| b.is_ascii_graphic()))
}

fn is_kms_principal(text: &str) -> bool {
    is_id(text, "", 1..=256, |b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b)) && !text.contains("://")
}

fn is_org_target(text: &str) -> bool {
    let is_part = |text: &str, prefix: &str, lengths| is_id(text, prefix, lengths, is_lower_or_digit);
    let is_ou = |text: &str| {
        text.rsplit_once('-').is_some_and(|(root, own)| is_part(root, "ou-", 4..=32) && is_part(own, "", 8..=32))
    };
    is_part(text, "r-", 4..=32) || is_ou(text) || super::ids::is_account(text)
}

/// A label may stand behind the number.
fn is_policy_version(text: &str) -> bool {
    let (version, label) = text.split_once('.').unwrap_or((text, ""));
    is_id(version, "v", 1..=20, |b| b.is_ascii_digit())
        && is_id(label, "", 0..=64, |b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_policy_arn(text: &str) -> bool {
    Arn::parse(text).is_ok_and(|arn| {
        arn.service() == "iam"
            && arn.region().is_empty()
            && (arn.account() == "aws" || super::ids::is_account(arn.account()))
            && arn.resource().strip_prefix("policy/").is_some_and(is_path_and_name)
    })
}

fn is_group_arn(text: &str) -> bool {
    Arn::parse(text).is_ok_and(|arn| {
        arn.service() == "iam"
            && arn.region().is_empty()
            && super::ids::is_account(arn.account())
            && arn.resource().strip_prefix("group/").is_some_and(is_path_and_name)
    })
}

name!(
    /// The name of a role, user or group.
    IamName, "name of a role, user or group", "letters, digits and `_+=,.@-`", is_iam_name
);
name!(
    /// The name of a policy in IAM.
    PolicyName, "policy name", "letters, digits and `_+=,.@-`", is_iam_name
);
name!(
    /// The name of a role session.
    ///
    /// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    SessionName, "session name", "up to 64 letters, digits and `_+=,.@-`", |text| text.len() <= 64 && is_iam_name(text)
);
name!(
    /// The ARN of a managed policy, of the customer or of AWS.
    PolicyArn, "managed policy ARN", "`arn:aws:iam::account:policy/name`", is_policy_arn
);
name!(
    /// The ARN of a group of users.
    GroupArn, "group ARN", "`arn:aws:iam::account:group/name`", is_group_arn
);
name!(
    /// The ARN of whoever holds policies: a role, a session for its role, a user, an account's root user or a group.
    HolderArn, "ARN of a role, user or group", "`arn:aws:iam::account:role/name`",
    |text| PrincipalArn::parse(text).is_ok() || is_group_arn(text)
);
name!(
    /// The ID of an SCP or RCP.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html>
    OrgPolicyId, "policy ID of AWS Organizations", "`p-` and up to 128 letters, digits and `_`",
    // AWS's own have 8 and more; people shorten them in what they hand on, and no shell reads them otherwise.
    |text| is_id(text, "p-", 1..=128, |b| b.is_ascii_alphanumeric() || b == b'_')
);
name!(
    /// The ID of a custom key store.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CustomKeyStoresListEntry.html>
    KeyStoreId, "custom key store ID", "`cks-` and letters or digits",
    |text| is_id(text, "cks-", 1..=60, is_lower_or_digit)
);
name!(
    /// An operation that a grant allows, as `CreateGrant`.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html>
    GrantOperation, "grant operation", "letters and digits, as `CreateGrant`",
    |text| is_id(text, "", 1..=64, |b| b.is_ascii_alphanumeric())
);
name!(
    /// An encoded authorization failure message, which is Base64 of either alphabet.
    ///
    /// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>
    EncodedMessage, "encoded message", "letters, digits and `+/=_-`",
    |text| is_id(text, "", 1..=10_240, |b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b))
);

name!(
    /// The ID of a grant.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html>
    GrantId, "grant ID", "up to 128 letters, digits, `-` and `_`",
    |text| is_id(text, "", 1..=128, |b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
);
name!(
    /// The friendly name of a grant.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html>
    GrantName, "name of a grant", "up to 256 letters, digits and `:/_-`",
    |text| is_id(text, "", 1..=256, |b| b.is_ascii_alphanumeric() || b":/_-".contains(&b)) && !text.contains("://")
);
name!(
    /// The account that made a grant: its ID, or the ARN of its root user.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html>
    GrantIssuer, "issuing account", "an account ID or the ARN of a root user",
    is_kms_principal
);
name!(
    /// The unique ID of a role or user, as `AROA…` or `AIDA…`. People shorten those of what they hand on.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html>
    UniqueId, "unique ID", "up to 128 letters, digits and `_`",
    |text| is_id(text, "", 1..=128, |b| b.is_ascii_alphanumeric() || b == b'_')
);
name!(
    /// A version of a managed policy.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>
    PolicyVersionId, "version of a policy", "`v` and a number", is_policy_version
);
name!(
    /// Whoever a grant is for: an ARN, the unique ID of a principal, a service principal.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html>
    Grantee, "grantee principal", "an ARN, a unique ID or a service principal", is_grantee
);
name!(
    /// The name of an alias, `alias/` included.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>
    AliasName, "alias", "`alias/` and letters, digits and `:/_-`",
    |text| is_id(text, "alias/", 1..=250, |b| b.is_ascii_alphanumeric() || b":/_-".contains(&b))
);
name!(
    /// The ID of an organization.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html>
    OrganizationId, "organization ID", "`o-` and 10 to 32 small letters or digits",
    |text| is_id(text, "o-", 10..=32, is_lower_or_digit)
);
name!(
    /// The root, an OU or an account of an organization.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html>
    OrgTarget, "root, OU or account", "`r-…`, `ou-…-…` or twelve digits", is_org_target
);
name!(
    /// The name of a profile of the AWS CLI, which may hold any sign that prints.
    ProfileName, "name of a profile", "signs that print, the first of them a letter, a digit or `_`",
    |text| text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && !text.contains(|c: char| c.is_control() || "/\\".contains(c))
);
name!(
    /// By what CloudTrail looks events up, as `ResourceName`.
    ///
    /// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html>
    EventAttribute, "attribute of events", "letters, as `ResourceName`",
    |text| is_id(text, "", 1..=64, |b| b.is_ascii_alphabetic())
);
name!(
    /// The name of a context key that a command may state: that of a tag may hold letters of any script.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    ContextKey, "context key", "`service:name`, as `aws:SourceIp`", is_context_key
);

name!(
    /// The key of a session tag.
    ///
    /// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html>
    TagKey, "tag key", "1 to 128 letters, digits, spaces and `_.:/+@-`",
    |text| (1..=128).contains(&text.chars().count()) && !text.contains("://") && text.chars().all(is_sign_of_tags)
);

fn is_sign_of_tags(c: char) -> bool {
    c.is_alphanumeric() || " _.:/+@-".contains(c)
}

/// The keys of a web identity begin with the name of its host.
fn is_context_key(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty()
            && service.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b))
            && !name.is_empty()
            && !name.starts_with("//")
    }) && text.len() <= 512
        && text.chars().all(is_sign_of_tags)
}

impl From<&PrincipalArn> for HolderArn {
    fn from(arn: &PrincipalArn) -> Self {
        Self(arn.as_str().into())
    }
}

impl From<&GroupArn> for HolderArn {
    fn from(arn: &GroupArn) -> Self {
        Self(arn.as_str().into())
    }
}

impl HolderArn {
    /// The holder's account.
    pub fn account(&self) -> &str {
        part(self.as_str(), 4)
    }

    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        part(self.as_str(), 1)
    }
}

impl AliasName {
    /// Returns `true` for the alias of an AWS managed key, which nobody else can give.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html>
    pub fn is_of_aws(&self) -> bool {
        self.as_str().starts_with("alias/aws/")
    }
}

impl GrantIssuer {
    /// The account itself.
    pub fn account(&self) -> &str {
        if self.as_str().starts_with("arn:") { part(self.as_str(), 4) } else { self.as_str() }
    }
}

impl GroupArn {
    /// The group's account.
    pub fn account(&self) -> &str {
        part(self.as_str(), 4)
    }

    /// The bare name: what IAM's API asks for.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }
}

impl From<&AccountId> for OrgTarget {
    fn from(account: &AccountId) -> Self {
        Self(account.as_str().into())
    }
}

impl OrgTarget {
    /// Returns `true` for an account, which is no level above one.
    pub fn is_account(&self) -> bool {
        super::ids::is_account(self.as_str())
    }

    /// Returns `true` for the root of an organization.
    pub fn is_root(&self) -> bool {
        self.as_str().starts_with("r-")
    }
}

fn part(arn: &str, position: usize) -> &str {
    arn.splitn(6, ':').nth(position).unwrap_or_default()
}

impl PolicyArn {
    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        part(self.as_str(), 1)
    }

    /// The policy's account: `aws` for a policy of AWS.
    pub fn account(&self) -> &str {
        part(self.as_str(), 4)
    }

    /// Returns `true` for a policy of AWS, which nobody else changes.
    pub fn is_of_aws(&self) -> bool {
        self.account() == "aws"
    }

    /// The policy's name: the last part of its ARN.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }
}

/// Whoever holds policies in IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolderKind {
    /// A role.
    Role,
    /// A user.
    User,
    /// A group of users.
    Group,
}

/// What kind of IAM identity an ARN names, and its name; a session's ARN names its role. `None` for any other text.
pub fn holder(arn: &str) -> Option<(HolderKind, IamName)> {
    let (kind, name) = super::kind_and_name(arn);
    let kind = match kind {
        "user" => HolderKind::User,
        "group" => HolderKind::Group,
        _ => HolderKind::Role,
    };
    let is_one = PrincipalArn::parse(arn).is_ok() || GroupArn::parse(arn).is_ok();
    if is_one { Some((kind, IamName::parse(name).ok()?)) } else { None }
}
