use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::ec2::{tag_of, tags_once};
use super::join::first;
use super::kms::grants;
use super::transcript::Part;
use crate::capture::{CustomKeyStore, Key, KeyMetadata};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{KeyArn, KeyStoreId};

/// The key as one reader saw it. `own`: that reader's account is the key's.
pub(super) fn key(part: &Part, arn: &KeyArn, own: bool) -> Key {
    let describe = format!("kms:DescribeKey {arn}");
    let metadata = if own && part.failed_with(&describe, "NotFoundException") {
        // In another account, "gone" and "not allowed" look alike.
        Fact::Absent
    } else {
        let of = [("/KeyMetadata/Arn", arn.as_str())];
        part.reading_of(&describe, &of, |text| metadata(part, &serde_json::from_str(text).ok()?, arn))
    };
    let ram = format!("kms:GetKeyPolicy {arn} AWS_RAM");
    let ram_policy =
        if own && part.failed_with(&ram, "NotFoundException") { Fact::Absent } else { policy(part, &ram, "AWS_RAM") };
    let of_tags = format!("kms:ListResourceTags {arn}");
    let tags = part.list(&of_tags, "Tags", |tag| tag_of(tag, "TagKey", "TagValue"));
    let of_grants = format!("kms:ListGrants {arn}");
    // Of the whole list, so that one grant told twice, differently, is seen.
    let read = part.reading(&of_grants, |text| grants(&serde_json::from_str(text).ok()?, arn).ok());
    let grants = match part.list(&of_grants, "Grants", |_| Some(())) {
        Fact::Part { unread, .. } => read.cut(unread),
        Fact::Known(_) | Fact::Absent | Fact::Unread(_) => read,
    };
    let mut aliases = part.list(&format!("kms:ListAliases {arn}"), "Aliases", |alias| {
        let target = alias.get("TargetKeyId").and_then(Value::as_str);
        let name = alias.get("AliasName")?.as_str()?;
        target.is_none_or(|target| target == arn.key_id() || target == arn.as_str()).then(|| name.to_owned())
    });
    if let Some(aliases) = aliases.found_mut() {
        aliases.sort();
    }
    Key {
        metadata,
        policy: policy(part, &format!("kms:GetKeyPolicy {arn} default"), "default"),
        ram_policy,
        grants: grants.map(Arc::new),
        aliases,
        tags: part.tags_unread(&of_tags).map_or_else(|| tags_once(tags), Fact::Unread),
    }
}

/// What a record lacks of the key store that its key is in.
pub(super) fn complete(key: &mut Key, part: &Part) {
    let store = key.metadata.known_mut().and_then(|metadata| metadata.custom_key_store.as_mut());
    if let Some(store) = store.filter(|store| store.connection_state.unread().is_some()) {
        let found = custom_key_store(part, store.id.clone());
        store.connection_state = first(std::mem::take(&mut store.connection_state), found.connection_state);
        store.error_code = found.error_code.or(store.error_code.take());
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    policy: String,
}

fn policy(part: &Part, asked: &str, name: &str) -> Fact<Document> {
    part.reading_of(asked, &[("/PolicyName", name)], |output| {
        let text = serde_json::from_str::<Policy>(output).ok()?.policy;
        Some(Document::new(text)).filter(|document| !document.text().trim().is_empty())
    })
}

fn metadata(part: &Part, output: &Value, arn: &KeyArn) -> Option<KeyMetadata> {
    let found = output.get("KeyMetadata")?;
    let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("/Arn") != arn.as_str() {
        return None;
    }
    let multi_region =
        match (found.get("MultiRegion").and_then(Value::as_bool), text("/MultiRegionConfiguration/MultiRegionKeyType"))
        {
            (_, kind) if !kind.is_empty() => kind,
            (Some(false), _) => "NONE".to_owned(),
            (Some(true) | None, _) => String::new(),
        };
    // `Enabled` says of the key state what `KeyState` says: an answer in which they differ says neither.
    // Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
    let (is_enabled, state) = (found.get("Enabled").and_then(Value::as_bool), text("/KeyState"));
    if !matches!(state.as_str(), "" | "Updating") && is_enabled.is_some_and(|enabled| enabled != (state == "Enabled")) {
        return None;
    }
    // What is no such ID tells of no key store, and of the key nothing.
    let store = Some(text("/CustomKeyStoreId")).filter(|id| !id.is_empty());
    let store = store.map(|id| KeyStoreId::parse(&id)).transpose().ok()?;
    Some(KeyMetadata {
        state,
        manager: text("/KeyManager"),
        spec: text("/KeySpec"),
        usage: text("/KeyUsage"),
        origin: text("/Origin"),
        multi_region,
        deletion_date: found.get("DeletionDate").and_then(time),
        valid_to: found.get("ValidTo").and_then(time),
        custom_key_store: store.map(|id| custom_key_store(part, id.into())),
    })
}

/// The AWS CLI prints times as ISO 8601 with an offset, and in its first version as seconds.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        Value::Number(seconds) => Timestamp::from_millisecond((seconds.as_f64()? * 1000.0) as i64).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn custom_key_store(part: &Part, id: String) -> CustomKeyStore {
    let asked = format!("kms:DescribeCustomKeyStores {id}");
    let found = part.reading(&asked, |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        let stores = value.get("CustomKeyStores")?.as_array()?;
        let store =
            stores.iter().find(|one| one.get("CustomKeyStoreId").and_then(Value::as_str) == Some(id.as_str()))?;
        let text = |name: &str| store.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("ConnectionState")?, text("ConnectionErrorCode")))
    });
    let error_code = found.known().and_then(|(_, code)| code.clone());
    CustomKeyStore { connection_state: found.map(|(state, _)| state), error_code, id }
}

/// Every key of which a part holds an answer.
pub(super) fn asked(part: &Part) -> BTreeSet<KeyArn> {
    let of_keys = part.answers.iter().filter_map(|answer| answer.asked.strip_prefix("kms:")?.split(' ').nth(1));
    of_keys.filter_map(|text| KeyArn::parse(text).ok()).collect()
}
