//! The names of AWS things as types: checked once, at the edge, and compared as AWS compares them.

mod action;
mod arn;
mod condition_key;
mod iam;
mod ids;
mod kinds;

pub use action::Action;
pub use arn::Arn;
pub use condition_key::ConditionKey;
pub(crate) use condition_key::Sought;
pub(crate) use iam::shared_names;
pub use iam::{INFRASTRUCTURE_ROLE, PrincipalArn, RoleArn, SessionArn, UserArn, account_of, kind_and_name};
pub use ids::{AccountId, InstanceId, KeyArn, NameError, Region, VolumeId};
pub use kinds::{
    AliasName, ContextKey, EncodedMessage, EventAttribute, GrantId, GrantIssuer, GrantName, GrantOperation, Grantee,
    GroupArn, HolderArn, HolderKind, IamName, KeyStoreId, OrgPolicyId, OrgTarget, OrganizationId, PolicyArn,
    PolicyName, PolicyVersionId, ProfileName, SessionName, TagKey, UniqueId, holder,
};

/// A name of AWS's that was checked. None of any kind is empty, holds a control character, or is the URL of a file or a
/// page, so that each may be a word of a command.
pub trait Name: AsRef<str> {}

/// A name that this program gives itself.
pub(crate) trait Ours {
    /// Takes a name that stands in this program, which needs no check.
    fn ours(text: &'static str) -> Self;
}

#[cfg(test)]
mod tests;
