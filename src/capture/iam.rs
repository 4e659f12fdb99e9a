use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::RoleArn;
use crate::source::{Document, Reading};

/// A role with its policies. As a reading: `absent` if its account has no role of this ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// The ARN, path included, as IAM gives it.
    pub arn: RoleArn,
    /// The unique ID, as `AROA…`.
    #[serde(default)]
    pub unique_id: Reading<String>,
    /// The role's tags.
    #[serde(default)]
    pub tags: Reading<BTreeMap<String, String>>,
    /// The trust policy.
    #[serde(default)]
    pub trust_policy: Reading<Document>,
    /// The permissions boundary; `absent`: none.
    #[serde(default)]
    pub boundary: Reading<AttachedPolicy>,
    /// The inline policies.
    #[serde(default)]
    pub inline: Reading<Vec<InlinePolicy>>,
    /// The attached managed policies.
    #[serde(default)]
    pub attached: Reading<Vec<AttachedPolicy>>,
}

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InlinePolicy {
    /// Its name.
    pub name: String,
    /// Its document.
    #[serde(default)]
    pub document: Reading<Document>,
}

/// A managed policy in its default version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachedPolicy {
    /// Its ARN.
    pub arn: String,
    /// The default version's document.
    #[serde(default)]
    pub document: Reading<Document>,
}

impl AttachedPolicy {
    /// The policy's name: the last part of its ARN.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}
