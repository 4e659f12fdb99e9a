use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Tag, Time, is_of, need, word};
use crate::capture::{self, CustomKeyStore, Grant, GrantConstraints};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AliasName, GrantId, GrantIssuer, GrantName, GrantOperation, Grantee, KeyArn, KeyStoreId};

/// What `DescribeKey` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeKey {
    key_metadata: Option<KeyMetadata>,
}

/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    arn: Option<String>,
    enabled: Option<bool>,
    key_state: Option<String>,
    key_manager: Option<String>,
    key_spec: Option<String>,
    key_usage: Option<String>,
    origin: Option<String>,
    multi_region: Option<bool>,
    multi_region_configuration: Option<MultiRegionConfiguration>,
    deletion_date: Option<Time>,
    valid_to: Option<Time>,
    custom_key_store_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionConfiguration {
    multi_region_key_type: Option<String>,
}

impl DescribeKey {
    /// What it says of the key `arn`; whether KMS reaches the key's store, another answer tells.
    pub(crate) fn metadata(self, arn: &KeyArn) -> Result<capture::KeyMetadata, String> {
        let found = need(self.key_metadata, "the key")?;
        is_of("Arn", Some(&need(found.arn, "the key's ARN")?), arn.as_str())?;
        let state = word(found.key_state);
        // `Enabled` says of the key state what `KeyState` says: an answer in which they differ says neither.
        if !matches!(state.as_str(), "" | "Updating")
            && found.enabled.is_some_and(|enabled| enabled != (state == "Enabled"))
        {
            return Err("the answer tells two key states, by `Enabled` and by `KeyState`".to_owned());
        }
        let multi_region = match (found.multi_region, found.multi_region_configuration) {
            (_, Some(configuration)) => word(configuration.multi_region_key_type),
            (Some(false), None) => "NONE".to_owned(),
            (Some(true) | None, None) => String::new(),
        };
        let time = |told: Option<Time>| -> Result<Option<Timestamp>, String> { told.map(Time::timestamp).transpose() };
        let store = found.custom_key_store_id.filter(|id| !id.is_empty());
        let store = store.map(|id| KeyStoreId::parse(&id)).transpose().map_err(|error| error.to_string())?;
        Ok(capture::KeyMetadata {
            state,
            manager: word(found.key_manager),
            spec: word(found.key_spec),
            usage: word(found.key_usage),
            origin: word(found.origin),
            multi_region,
            deletion_date: time(found.deletion_date)?,
            valid_to: time(found.valid_to)?,
            custom_key_store: store
                .map(|id| custom_key_store(id, Fact::Unread(Unread::not_asked("kms:DescribeCustomKeyStores")))),
        })
    }
}

/// What `DescribeCustomKeyStores` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CustomKeyStoresListEntry.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeCustomKeyStores {
    custom_key_stores: Option<Vec<CustomKeyStoresListEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomKeyStoresListEntry {
    custom_key_store_id: Option<String>,
    connection_state: Option<String>,
    connection_error_code: Option<String>,
}

/// Whether KMS reaches a custom key store, and the code of what keeps it from doing so.
pub(crate) type Connection = (String, Option<String>);

impl DescribeCustomKeyStores {
    /// The connection of the key store `id`.
    pub(crate) fn connection(self, id: &KeyStoreId) -> Result<Connection, String> {
        let mut stores = self.custom_key_stores.into_iter().flatten();
        let store = need(stores.find(|one| one.custom_key_store_id.as_deref() == Some(id.as_str())), "the key store")?;
        Ok((need(store.connection_state, "the connection state")?, store.connection_error_code))
    }
}

/// The key store `id` by what was told of its connection.
pub(crate) fn custom_key_store(id: KeyStoreId, told: Fact<Connection>) -> CustomKeyStore {
    let error_code = told.known().and_then(|(_, code)| code.clone());
    CustomKeyStore { id, connection_state: told.map(|(state, _)| state), error_code }
}

/// What `GetKeyPolicy` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetKeyPolicy {
    policy: Option<String>,
    policy_name: Option<String>,
}

impl GetKeyPolicy {
    /// The policy that is called `name`.
    pub(crate) fn document(self, name: &str) -> Result<Document, String> {
        is_of("PolicyName", self.policy_name.as_deref(), name)?;
        super::text(self.policy.map(Document::new))
    }
}

/// What `ListAliases` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_AliasListEntry.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAliases {
    pub(crate) aliases: Option<Vec<AliasListEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AliasListEntry {
    alias_name: Option<String>,
    target_key_id: Option<String>,
}

impl ListAliases {
    /// The names of the aliases of `key`, sorted.
    pub(crate) fn names(self, key: &KeyArn) -> Result<Vec<AliasName>, String> {
        let mut names = Vec::new();
        for alias in need(self.aliases, "the list `Aliases`")? {
            if !is_on(alias.target_key_id.as_deref(), key) {
                return Err("the answer holds an alias of another key".to_owned());
            }
            let name = need(alias.alias_name, "the name of an alias")?;
            names.push(AliasName::parse(&name).map_err(|error| error.to_string())?);
        }
        names.sort();
        Ok(names)
    }
}

/// Whether what is on a key is on this one; it need not say on which.
fn is_on(told: Option<&str>, key: &KeyArn) -> bool {
    told.is_none_or(|told| told == key.key_id() || told == key.as_str())
}

/// What `ListResourceTags` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListResourceTags {
    pub(crate) tags: Option<Vec<Tag>>,
}

impl ListResourceTags {
    /// The key's tags.
    pub(crate) fn tags(self) -> Result<BTreeMap<String, String>, String> {
        super::tags(need(self.tags, "the list `Tags`")?)
    }
}

/// What `ListGrants` answers.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListGrants {
    pub(crate) grants: Option<Vec<GrantListEntry>>,
}

/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GrantListEntry {
    key_id: Option<String>,
    grant_id: Option<String>,
    name: Option<String>,
    grantee_principal: Option<String>,
    grantee_service_principal: Option<String>,
    issuing_account: Option<String>,
    operations: Option<Vec<String>>,
    constraints: Option<Constraints>,
}

/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Constraints {
    encryption_context_subset: Option<BTreeMap<String, String>>,
    encryption_context_equals: Option<BTreeMap<String, String>>,
    /// A constraint that is not known here narrows the grant all the same.
    #[serde(flatten)]
    other: BTreeMap<String, IgnoredAny>,
}

impl ListGrants {
    /// The grants on `key`, each once, by their IDs.
    pub(crate) fn grants(self, key: &KeyArn) -> Result<Vec<Grant>, String> {
        let mut grants = BTreeMap::new();
        for entry in need(self.grants, "the list `Grants`")? {
            if !is_on(entry.key_id.as_deref(), key) {
                let other = word(entry.key_id);
                return Err(format!("these are grants on another key: `{other}`, not `{key}`"));
            }
            let grant = entry.grant().ok_or(
                "the list holds a grant without ID, grantee principal or operations, or not AWS's form of them",
            )?;
            if let Some(other) = grants.insert(grant.id.clone(), grant.clone())
                && other != grant
            {
                return Err(format!("the list holds two grants of the ID `{}`", grant.id));
            }
        }
        Ok(grants.into_values().collect())
    }
}

impl GrantListEntry {
    fn grant(self) -> Option<Grant> {
        let grantees = [self.grantee_principal, self.grantee_service_principal].into_iter().flatten();
        let grantee = grantees.into_iter().find(|grantee| !grantee.is_empty())?;
        let operations = self.operations?;
        let operations = operations.iter().map(|one| GrantOperation::parse(one).ok());
        let constraints = self.constraints.unwrap_or_default();
        let name = self.name.filter(|name| !name.is_empty());
        let issuer = self.issuing_account.filter(|issuer| !issuer.is_empty());
        Some(Grant {
            id: GrantId::parse(&self.grant_id?).ok()?,
            name: name.map(|name| GrantName::parse(&name)).transpose().ok()?,
            grantee_principal: Grantee::parse(&grantee).ok()?,
            issuing_account: issuer.map(|issuer| GrantIssuer::parse(&issuer)).transpose().ok()?,
            operations: operations.collect::<Option<_>>()?,
            constraints: GrantConstraints {
                encryption_context_subset: constraints.encryption_context_subset,
                encryption_context_equals: constraints.encryption_context_equals,
                other: constraints.other.into_keys().next(),
            },
        })
    }
}
