use serde::{Deserialize, Serialize};

use super::blank;
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, OrgPolicyId, OrgTarget, OrganizationId};

/// The organization as it bears on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// As `o-abc1234567`.
    pub id: OrganizationId,
    /// The account that manages it; neither SCPs nor RCPs bind that one.
    pub management_account: AccountId,
    /// Root, OUs and account, from the root down: the IDs of the levels (`r-…`, `ou-…`, the account).
    #[serde(default)]
    pub path: Fact<Vec<OrgTarget>>,
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
    pub(crate) fn bare(id: OrganizationId, management_account: AccountId) -> Self {
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

impl OrgPolicy {
    /// Returns the ID, or an empty text for a policy of which only the text was handed in.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", OrgPolicyId::as_str)
    }
}

/// The policies of one type attached to the root, an OU or the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Level {
    /// The target's ID.
    pub target: OrgTarget,
    /// Its policies.
    pub policies: Vec<OrgPolicy>,
}

/// An SCP or RCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrgPolicy {
    /// As `p-0123456789`; `None` (an empty text) of one of which only the text was handed in.
    #[serde(with = "blank")]
    pub id: Option<OrgPolicyId>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its document.
    #[serde(default)]
    pub document: Fact<Document>,
}
