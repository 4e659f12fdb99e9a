use serde::{Deserialize, Serialize};

use crate::names::AccountId;
use crate::source::{Document, Reading};

/// The organization as it bears on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// As `o-abc1234567`.
    pub id: String,
    /// The account that manages it; neither SCPs nor RCPs bind that one.
    pub management_account: AccountId,
    /// Root, OUs and account, from the root down: the IDs of the levels (`r-…`, `ou-…`, the account).
    #[serde(default)]
    pub path: Reading<Vec<String>>,
    /// The SCPs of each level, from the root down; `absent`: the type is not enabled.
    #[serde(default)]
    pub scps: Reading<Vec<Level>>,
    /// The RCPs of each level, from the root down; `absent`: the type is not enabled.
    #[serde(default)]
    pub rcps: Reading<Vec<Level>>,
}

/// The policies of one type attached to the root, an OU or the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Level {
    /// The target's ID.
    pub target: String,
    /// Its policies.
    pub policies: Vec<OrgPolicy>,
}

/// An SCP or RCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrgPolicy {
    /// As `p-0123456789`.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its document.
    #[serde(default)]
    pub document: Reading<Document>,
}
