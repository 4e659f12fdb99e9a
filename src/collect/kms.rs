use std::collections::BTreeMap;
use std::sync::Arc;

use super::clients::Clients;
use super::failure::{ReadError, reading, understood};
use super::pace::{Page, pages};
use super::reader::AwsReader;
use crate::answers::api::kms::{
    Connection, DescribeCustomKeyStores, DescribeKey, GetKeyPolicy, ListAliases, ListGrants, ListResourceTags,
    custom_key_store,
};
use crate::calls::{
    DESCRIBE_CUSTOM_KEY_STORES, DESCRIBE_KEY, GET_KEY_POLICY, LIST_ALIASES, LIST_GRANTS, LIST_RESOURCE_TAGS, Read,
};
use crate::capture::{Grant, Key, KeyMetadata};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AliasName, KeyArn, KeyStoreId};

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
        Err(failure) if failure.is_gone() => Fact::Absent,
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
    let call = clients.kms.describe_key().key_id(arn.as_str()).customize();
    let answer = clients.read_json(&DESCRIBE_KEY, |body| call.interceptor(body).send()).await;
    let mut metadata = match answer {
        Ok((_, answer)) => Fact::told(DESCRIBE_KEY.action, DescribeKey::metadata(answer, arn)),
        // In another account, "gone" and "not allowed" look alike.
        Err(failure) if failure.is_gone() && owner == Owner::AwsReader && arn.region() == reader.region.as_str() => {
            Fact::Absent
        }
        Err(failure) => Fact::Unread(failure.unread),
    };
    if let Some(store) = metadata.known_mut().and_then(|metadata| metadata.custom_key_store.as_mut()) {
        let connection = if owner == Owner::Other {
            across_accounts(&DESCRIBE_CUSTOM_KEY_STORES, arn)
        } else {
            reading(connection(clients, &store.id).await)
        };
        *store = custom_key_store(store.id.clone(), connection);
    }
    metadata
}

async fn connection(clients: &Clients, id: &KeyStoreId) -> Result<Connection, ReadError> {
    let call = clients.kms.describe_custom_key_stores().custom_key_store_id(id.as_str()).customize();
    let (_, answer): (_, DescribeCustomKeyStores) =
        clients.read_json(&DESCRIBE_CUSTOM_KEY_STORES, |body| call.interceptor(body).send()).await?;
    understood(&DESCRIBE_CUSTOM_KEY_STORES, answer.connection(id))
}

/// One of the key's two policies.
async fn policy(clients: &Clients, arn: &KeyArn, name: &str) -> Result<Document, ReadError> {
    let call = clients.kms.get_key_policy().key_id(arn.as_str()).policy_name(name).customize();
    let (_, answer): (_, GetKeyPolicy) =
        clients.read_json(&GET_KEY_POLICY, |body| call.interceptor(body).send()).await?;
    understood(&GET_KEY_POLICY, answer.document(name))
}

async fn aliases(clients: &Clients, arn: &KeyArn) -> Result<Vec<AliasName>, ReadError> {
    let all = pages(&LIST_ALIASES, async |marker| {
        let call = clients.kms.list_aliases().key_id(arn.as_str()).set_marker(marker).customize();
        let (page, answer): (_, ListAliases) =
            clients.read_json(&LIST_ALIASES, |body| call.interceptor(body).send()).await?;
        Page::new(&LIST_ALIASES, answer.aliases, page.truncated, page.next_marker)
    });
    understood(&LIST_ALIASES, ListAliases { aliases: Some(all.await?) }.names(arn))
}

async fn tags(clients: &Clients, arn: &KeyArn) -> Result<BTreeMap<String, String>, ReadError> {
    let all = pages(&LIST_RESOURCE_TAGS, async |marker| {
        let call = clients.kms.list_resource_tags().key_id(arn.as_str()).set_marker(marker).customize();
        let (page, answer): (_, ListResourceTags) =
            clients.read_json(&LIST_RESOURCE_TAGS, |body| call.interceptor(body).send()).await?;
        Page::new(&LIST_RESOURCE_TAGS, answer.tags, page.truncated, page.next_marker)
    });
    understood(&LIST_RESOURCE_TAGS, ListResourceTags { tags: Some(all.await?) }.tags())
}

/// The grants on the key, all of them: one that has as many as a key can have takes no further one.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
async fn grants(clients: &Clients, arn: &KeyArn) -> Result<Vec<Grant>, ReadError> {
    let all = pages(&LIST_GRANTS, async |marker| {
        let call = clients.kms.list_grants().key_id(arn.as_str()).limit(100).set_marker(marker).customize();
        let (page, answer): (_, ListGrants) =
            clients.read_json(&LIST_GRANTS, |body| call.interceptor(body).send()).await?;
        Page::new(&LIST_GRANTS, answer.grants, page.truncated, page.next_marker)
    });
    understood(&LIST_GRANTS, ListGrants { grants: Some(all.await?) }.grants(arn))
}
