//! The names of AWS things as types: checked once, at the edge, and compared as AWS compares them.

mod action;
mod arn;
mod condition_key;
mod iam;
mod ids;
mod kinds;
mod shell;

pub use action::Action;
pub use arn::Arn;
pub use condition_key::ConditionKey;
pub(crate) use condition_key::Sought;
pub(crate) use iam::shared_names;
pub use iam::{INFRASTRUCTURE_ROLE, PrincipalArn, RoleArn, SessionArn, UserArn, kind_and_name};
pub use ids::{AccountId, InstanceId, KeyArn, NameError, Region, VolumeId};
pub use kinds::{
    ContextKey, EncodedMessage, GrantOperation, GroupArn, HolderKind, IamName, KeyStoreId, OrgPolicyId, PolicyArn,
    PolicyName, SessionName, TagKey, holder,
};
pub(crate) use shell::{is_plain_word, shell_word};

/// A name of AWS's that was checked. None of any kind is empty, holds a control character, or is the URL of a file or a
/// page, so that each may be a word of a command.
pub trait Name: AsRef<str> {}

#[cfg(test)]
mod tests;
