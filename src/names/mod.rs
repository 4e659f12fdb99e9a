//! The names of AWS things as types: checked once, at the edge, and compared as AWS compares them.

mod action;
mod arn;
mod condition_key;
mod iam;
mod ids;
mod kinds;

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

pub use action::Action;
pub use arn::Arn;
pub use condition_key::ConditionKey;
pub(crate) use condition_key::Sought;
pub(crate) use iam::shared_names;
pub use iam::{INFRASTRUCTURE_ROLE, PrincipalArn, RoleArn, SessionArn, UserArn, account_of, kind_and_name};
pub use ids::{AccountId, InstanceId, KeyArn, NameError, Region, VolumeId};
pub use kinds::{
    AliasName, ContextKey, EncodedMessage, EventAttribute, GrantId, GrantOperation, Grantee, GroupArn, HolderKind,
    IamName, KeyStoreId, OrgPolicyId, OrgTarget, OrganizationId, PolicyArn, PolicyName, ProfileName, SessionName,
    TagKey, holder,
};

/// Reads a text that has the form of such a name, for a field that holds it as text.
pub(crate) fn text_of<'de, N, D>(deserializer: D) -> Result<String, D::Error>
where
    N: FromStr<Err = NameError>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse::<N>().map(|_| text).map_err(D::Error::custom)
}

/// Reads texts that all have the form of such a name.
pub(crate) fn texts_of<'de, N, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    N: FromStr<Err = NameError>,
    D: Deserializer<'de>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    match texts.iter().find_map(|text| text.parse::<N>().err()) {
        Some(error) => Err(D::Error::custom(error)),
        None => Ok(texts),
    }
}

/// A name of AWS's that was checked. None of any kind is empty, holds a control character, or is the URL of a file or a
/// page, so that each may be a word of a command.
pub trait Name: AsRef<str> {}

#[cfg(test)]
mod tests;
