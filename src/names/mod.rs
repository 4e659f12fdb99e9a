//! The names of AWS things as types: checked once, at the edge, and compared as AWS compares them.

mod action;
mod arn;
mod condition_key;
mod iam;
mod ids;
mod shell;

pub use action::Action;
pub use arn::Arn;
pub use condition_key::ConditionKey;
pub(crate) use iam::shared_names;
pub use iam::{INFRASTRUCTURE_ROLE, PrincipalArn, RoleArn, SessionArn, UserArn, kind_and_name};
pub use ids::{AccountId, InstanceId, KeyArn, NameError, Region, VolumeId};
pub(crate) use shell::{is_plain_word, shell_word};

#[cfg(test)]
mod tests;
