use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{blank, once};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AliasName, GrantId, GrantIssuer, GrantName, GrantOperation, Grantee, KeyStoreId};

/// A KMS key with everything that says who may use it. `metadata: absent`: KMS does not know the key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Key {
    /// What `kms:DescribeKey` says.
    #[serde(default)]
    pub metadata: Fact<KeyMetadata>,
    /// The key policy (named `default`).
    #[serde(default)]
    pub policy: Fact<Document>,
    /// The second key policy, `AWS_RAM`, of a key shared through AWS RAM; `absent`: none.
    #[serde(default)]
    pub ram_policy: Fact<Document>,
    /// The grants on the key; copies of the key share them.
    #[serde(default)]
    pub grants: Fact<Arc<Vec<Grant>>>,
    /// The names of its aliases, as `alias/ebs-prod`.
    #[serde(default)]
    pub aliases: Fact<Vec<AliasName>>,
    /// The key's tags.
    #[serde(default, deserialize_with = "once::reading")]
    pub tags: Fact<BTreeMap<String, String>>,
}

/// `KeyMetadata`, in AWS's words.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyMetadata {
    /// `Enabled`, `Disabled`, `PendingDeletion`, …; empty if AWS did not say.
    #[serde(default)]
    pub state: String,
    /// `CUSTOMER` or `AWS`; empty if AWS did not say.
    #[serde(default)]
    pub manager: String,
    /// `SYMMETRIC_DEFAULT`, …; empty if AWS did not say.
    #[serde(default)]
    pub spec: String,
    /// `ENCRYPT_DECRYPT`, …; empty if AWS did not say.
    #[serde(default)]
    pub usage: String,
    /// `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM`, `EXTERNAL_KEY_STORE`; empty if AWS did not say.
    #[serde(default)]
    pub origin: String,
    /// `PRIMARY` or `REPLICA` of a multi-Region key, `NONE` of another; empty if AWS did not say.
    #[serde(default)]
    pub multi_region: String,
    /// When a key in `PendingDeletion` will be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_date: Option<Timestamp>,
    /// When imported key material expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// The custom key store that the key is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_key_store: Option<CustomKeyStore>,
}

/// A custom key store and whether KMS reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomKeyStore {
    /// As `cks-1234567890abcdef0`.
    pub id: KeyStoreId,
    /// `CONNECTED`, `DISCONNECTED`, `FAILED`, … (`kms:DescribeCustomKeyStores`).
    #[serde(default)]
    pub connection_state: Fact<String>,
    /// AWS's code where the connection failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// A grant, as `kms:ListGrants` shows it.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// The grant's ID.
    pub id: GrantId,
    /// Its friendly name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<GrantName>,
    /// Who may use it: an ARN, a unique ID left by a deleted principal, or a service principal.
    pub grantee_principal: Grantee,
    /// The account that made it, as an account ID or root ARN, if AWS said it.
    #[serde(default, with = "blank", skip_serializing_if = "Option::is_none")]
    pub issuing_account: Option<GrantIssuer>,
    /// As `Decrypt`, `CreateGrant`.
    pub operations: Vec<GrantOperation>,
    /// What narrows it.
    #[serde(default)]
    pub constraints: GrantConstraints,
}

/// The constraints of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantConstraints {
    /// The encryption context must hold these pairs.
    #[serde(default, deserialize_with = "once::optional", skip_serializing_if = "Option::is_none")]
    pub encryption_context_subset: Option<BTreeMap<String, String>>,
    /// The encryption context must be just these pairs.
    #[serde(default, deserialize_with = "once::optional", skip_serializing_if = "Option::is_none")]
    pub encryption_context_equals: Option<BTreeMap<String, String>>,
    /// A constraint of another kind (`SourceArn`, …), by name: such a grant serves no request of a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}
