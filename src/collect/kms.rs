use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_kms::types;
use jiff::Timestamp;

use super::clients::Clients;
use super::failure::{ReadError, reading};
use super::pace::{Page, pages};
use super::reader::AwsReader;
use crate::calls::{
    DESCRIBE_CUSTOM_KEY_STORES, DESCRIBE_KEY, GET_KEY_POLICY, LIST_ALIASES, LIST_GRANTS, LIST_RESOURCE_TAGS, Read,
};
use crate::capture::{CustomKeyStore, Grant, GrantConstraints, Key, KeyMetadata};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::KeyArn;

/// Whose key it is, seen from the credentials that read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    AwsReader,
    Other,
    NotKnown,
}

/// A key, always named by its ARN: `DescribeKey` by the alias of an AWS managed key can create one.
pub(super) async fn key(reader: &AwsReader, arn: &KeyArn) -> Key {
    let (clients, owner) = clients_for(reader, arn).await;
    if owner == Owner::Other {
        let (metadata, grants) = tokio::join!(metadata(reader, clients, arn, owner), grants(clients, arn));
        return Key {
            metadata,
            policy: across_accounts(&GET_KEY_POLICY, arn),
            ram_policy: across_accounts(&GET_KEY_POLICY, arn),
            grants: reading(grants).map(Arc::new),
            aliases: across_accounts(&LIST_ALIASES, arn),
            tags: across_accounts(&LIST_RESOURCE_TAGS, arn),
        };
    }
    let (metadata, policy, ram_policy, grants, aliases, tags) = tokio::join!(
        metadata(reader, clients, arn, owner),
        policy(clients, arn, "default"),
        policy(clients, arn, "AWS_RAM"),
        grants(clients, arn),
        aliases(clients, arn),
        tags(clients, arn),
    );
    let ram_policy = match ram_policy {
        Err(failure) if failure.is("NotFoundException") => Fact::Absent,
        other => reading(other),
    };
    Key {
        metadata,
        policy: reading(policy),
        ram_policy,
        grants: reading(grants).map(Arc::new),
        aliases: reading(aliases),
        tags: reading(tags),
    }
}

/// The clients of the key's own account, if there are any, or else the main ones.
async fn clients_for<'a>(reader: &'a AwsReader, arn: &KeyArn) -> (&'a Clients, Owner) {
    if let Some(clients) = reader.clients_in(arn.account()).await {
        return (clients, Owner::AwsReader);
    }
    let known = reader.main.account().await.is_some();
    (&reader.main, if known { Owner::Other } else { Owner::NotKnown })
}

/// Only `DescribeKey` and `ListGrants` work across accounts, whatever the policies say.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html>
fn across_accounts<T>(read: &Read, arn: &KeyArn) -> Fact<T> {
    let message = format!(
        "`{}` does not work across accounts; read it with a profile of account {} (`--key-profile`)",
        read.action,
        arn.account()
    );
    Fact::Unread(ReadError::not_asked(read, message).unread)
}

async fn metadata(reader: &AwsReader, clients: &Clients, arn: &KeyArn, owner: Owner) -> Fact<KeyMetadata> {
    let call = clients.kms.describe_key().key_id(arn.as_str()).send();
    let found = match clients.read(&DESCRIBE_KEY, call).await {
        Ok(answer) => answer.key_metadata.filter(|found| found.arn.as_deref() == Some(arn.as_str())),
        // In another account, "gone" and "not allowed" look alike.
        Err(failure)
            if failure.is("NotFoundException")
                && owner == Owner::AwsReader
                && arn.region() == reader.region.as_str() =>
        {
            return Fact::Absent;
        }
        Err(failure) => return Fact::Unread(failure.unread),
    };
    let Some(found) = found else {
        return Fact::Unread(ReadError::unexpected(&DESCRIBE_KEY, "the answer is not of this key").unread);
    };
    // `Enabled` says of the key state what `KeyState` says: an answer in which they differ says neither.
    // Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
    let told = found.key_state.as_ref().filter(|state| **state != types::KeyState::Updating);
    if told.is_some_and(|state| found.enabled != (*state == types::KeyState::Enabled)) {
        let message = "the answer tells two key states, by `Enabled` and by `KeyState`";
        return Fact::Unread(ReadError::unexpected(&DESCRIBE_KEY, message).unread);
    }
    let custom_key_store = match found.custom_key_store_id.as_deref() {
        Some(id) => Some(custom_key_store(clients, arn, id, owner).await),
        None => None,
    };
    let multi_region = match (found.multi_region, found.multi_region_configuration.as_ref()) {
        (_, Some(configuration)) => text(configuration.multi_region_key_type.as_ref()),
        (Some(false), None) => "NONE".to_owned(),
        (Some(true) | None, None) => String::new(),
    };
    Fact::Known(KeyMetadata {
        state: text(found.key_state.as_ref()),
        manager: text(found.key_manager.as_ref()),
        spec: text(found.key_spec.as_ref()),
        usage: text(found.key_usage.as_ref()),
        origin: text(found.origin.as_ref()),
        multi_region,
        deletion_date: found.deletion_date.as_ref().and_then(timestamp),
        valid_to: found.valid_to.as_ref().and_then(timestamp),
        custom_key_store,
    })
}

/// AWS's word for a value, its words of tomorrow included; empty if it said nothing.
fn text<T: AsRef<str>>(value: Option<&T>) -> String {
    value.map(|value| value.as_ref().to_owned()).unwrap_or_default()
}

fn timestamp(time: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), time.subsec_nanos().try_into().ok()?).ok()
}

async fn custom_key_store(clients: &Clients, arn: &KeyArn, id: &str, owner: Owner) -> CustomKeyStore {
    let id = id.to_owned();
    if owner == Owner::Other {
        let connection_state = across_accounts(&DESCRIBE_CUSTOM_KEY_STORES, arn);
        return CustomKeyStore { id, connection_state, error_code: None };
    }
    let call = clients.kms.describe_custom_key_stores().custom_key_store_id(&id).send();
    let store = clients.read(&DESCRIBE_CUSTOM_KEY_STORES, call).await.and_then(|answer| {
        let stores = answer.custom_key_stores.unwrap_or_default();
        let store = stores.into_iter().find(|store| store.custom_key_store_id.as_ref() == Some(&id));
        store.ok_or_else(|| ReadError::unexpected(&DESCRIBE_CUSTOM_KEY_STORES, "the answer lacks the key store"))
    });
    match store {
        Err(failure) => CustomKeyStore { id, connection_state: Fact::Unread(failure.unread), error_code: None },
        Ok(store) => CustomKeyStore {
            id,
            connection_state: reading(store.connection_state.map(|state| state.as_str().to_owned()).ok_or_else(|| {
                ReadError::unexpected(&DESCRIBE_CUSTOM_KEY_STORES, "the answer lacks the connection state")
            })),
            error_code: store.connection_error_code.map(|code| code.as_str().to_owned()),
        },
    }
}

/// One of the key's two policies. An answer without text is not "no policy".
async fn policy(clients: &Clients, arn: &KeyArn, name: &str) -> Result<Document, ReadError> {
    let call = clients.kms.get_key_policy().key_id(arn.as_str()).policy_name(name).send();
    let answer = clients.read(&GET_KEY_POLICY, call).await?;
    let text = answer.policy.filter(|text| !text.trim().is_empty());
    match (text, answer.policy_name.as_deref()) {
        (Some(_), Some(other)) if other != name => {
            Err(ReadError::unexpected(&GET_KEY_POLICY, format!("the answer is the policy `{other}`")))
        }
        (Some(text), _) => Ok(Document::new(text)),
        (None, _) => Err(ReadError::unexpected(&GET_KEY_POLICY, "the answer lacks the policy")),
    }
}

async fn aliases(clients: &Clients, arn: &KeyArn) -> Result<Vec<String>, ReadError> {
    let aliases = pages(&LIST_ALIASES, async |marker| {
        let call = clients.kms.list_aliases().key_id(arn.as_str()).set_marker(marker).send();
        let answer = clients.read(&LIST_ALIASES, call).await?;
        Page::new(&LIST_ALIASES, answer.aliases, answer.truncated, answer.next_marker)
    })
    .await?;
    let is_of_key = |target: &String| target == arn.key_id() || target == arn.as_str();
    let names: Option<Vec<String>> = (aliases.into_iter())
        .map(|alias| alias.alias_name.filter(|_| alias.target_key_id.as_ref().is_none_or(is_of_key)))
        .collect();
    let lacks = "the answer holds an alias without name, or of another key";
    let mut names = names.ok_or_else(|| ReadError::unexpected(&LIST_ALIASES, lacks))?;
    names.sort();
    Ok(names)
}

async fn tags(clients: &Clients, arn: &KeyArn) -> Result<BTreeMap<String, String>, ReadError> {
    let tags = pages(&LIST_RESOURCE_TAGS, async |marker| {
        let call = clients.kms.list_resource_tags().key_id(arn.as_str()).set_marker(marker).send();
        let answer = clients.read(&LIST_RESOURCE_TAGS, call).await?;
        Page::new(&LIST_RESOURCE_TAGS, answer.tags, answer.truncated, answer.next_marker)
    })
    .await?;
    let number = tags.len();
    let tags: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect();
    if tags.len() < number {
        return Err(ReadError::unexpected(&LIST_RESOURCE_TAGS, "a tag stands twice in the answer"));
    }
    Ok(tags)
}

/// The grants on the key, all of them: one that has as many as a key can have takes no further one.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
async fn grants(clients: &Clients, arn: &KeyArn) -> Result<Vec<Grant>, ReadError> {
    let found = pages(&LIST_GRANTS, async |marker| {
        let call = clients.kms.list_grants().key_id(arn.as_str()).limit(100).set_marker(marker).send();
        let answer = clients.read(&LIST_GRANTS, call).await?;
        Page::new(&LIST_GRANTS, answer.grants, answer.truncated, answer.next_marker)
    })
    .await?;
    let is_of_key = |on: &String| on == arn.as_str() || on == arn.key_id();
    if found.iter().any(|entry| !entry.key_id.as_ref().is_none_or(is_of_key)) {
        return Err(ReadError::unexpected(&LIST_GRANTS, "the answer holds a grant on another key"));
    }
    let records: Option<BTreeMap<String, Grant>> =
        found.into_iter().map(|entry| grant(entry).map(|grant| (grant.id.clone(), grant))).collect();
    let records = records.ok_or_else(|| {
        ReadError::unexpected(&LIST_GRANTS, "the answer holds a grant without ID, grantee principal or operations")
    })?;
    Ok(records.into_values().collect())
}

fn grant(entry: types::GrantListEntry) -> Option<Grant> {
    let constraints = entry.constraints.map(|constraints| GrantConstraints {
        encryption_context_subset: constraints.encryption_context_subset.map(BTreeMap::from_iter),
        encryption_context_equals: constraints.encryption_context_equals.map(BTreeMap::from_iter),
        other: constraints.source_arn.map(|_| "SourceArn".to_owned()),
    });
    Some(Grant {
        id: entry.grant_id?,
        name: entry.name.filter(|name| !name.is_empty()),
        grantee_principal: entry.grantee_principal.or(entry.grantee_service_principal)?,
        issuing_account: entry.issuing_account.unwrap_or_default(),
        operations: entry.operations?.iter().map(|operation| operation.as_str().to_owned()).collect(),
        constraints: constraints.unwrap_or_default(),
    })
}
