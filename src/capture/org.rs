use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, OrgPolicyId, OrgTarget, OrganizationId, text_of};

/// The organization as it bears on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// As `o-abc1234567`.
    #[serde(deserialize_with = "text_of::<OrganizationId, _>")]
    pub id: String,
    /// The account that manages it; neither SCPs nor RCPs bind that one.
    pub management_account: AccountId,
    /// Root, OUs and account, from the root down: the IDs of the levels (`r-…`, `ou-…`, the account).
    #[serde(default)]
    pub path: Fact<Vec<String>>,
    /// The SCPs of each level, from the root down; `absent`: the type is not enabled.
    #[serde(default)]
    pub scps: Fact<Vec<Level>>,
    /// The RCPs of each level, from the root down; `absent`: the type is not enabled.
    #[serde(default)]
    pub rcps: Fact<Vec<Level>>,
}

/// Policies that bind an account, as whoever handed them in says, while the list of all that do was not read: each can
/// deny, and what they allow tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToldPolicies {
    /// SCPs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scps: Vec<OrgPolicy>,
    /// RCPs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rcps: Vec<OrgPolicy>,
}

impl Organization {
    /// One of which no more is known than its ID and the account that manages it.
    pub(crate) fn bare(id: String, management_account: AccountId) -> Self {
        let lists = || Fact::Unread(Unread::not_asked("organizations:ListPoliciesForTarget"));
        Self {
            id,
            management_account,
            path: Fact::Unread(Unread::not_asked("organizations:ListParents")),
            scps: lists(),
            rcps: lists(),
        }
    }

    /// Returns whether SCPs and RCPs of the organization bind principals and resources of `account`.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
    pub(crate) fn binds(&self, account: &str) -> bool {
        self.management_account.as_str() != account
    }
}

/// The policies of one type attached to the root, an OU or the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Level {
    /// The target's ID.
    #[serde(deserialize_with = "text_of::<OrgTarget, _>")]
    pub target: String,
    /// Its policies.
    pub policies: Vec<OrgPolicy>,
}

/// An SCP or RCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrgPolicy {
    /// As `p-0123456789`; empty of one of which only the text was handed in.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its document.
    #[serde(default)]
    pub document: Fact<Document>,
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if !text.is_empty() {
        OrgPolicyId::parse(&text).map_err(D::Error::custom)?;
    }
    Ok(text)
}
