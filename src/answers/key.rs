use std::collections::BTreeSet;
use std::sync::Arc;

use super::api::kms::{
    DescribeCustomKeyStores, DescribeKey, GetKeyPolicy, ListAliases, ListGrants, ListResourceTags, custom_key_store,
};
use super::join::first;
use super::transcript::Part;
use crate::capture::Key;
use crate::fact::Fact;
use crate::names::KeyArn;

/// The key as one reader saw it. `own`: that reader's account is the key's.
pub(super) fn key(part: &Part, arn: &KeyArn, own: bool) -> Key {
    let describe = format!("kms:DescribeKey {arn}");
    // In another account, "gone" and "not allowed" look alike.
    let is_gone = |asked: &str| own && part.is_gone(asked);
    let policy = |name: &str| {
        let asked = format!("kms:GetKeyPolicy {arn} {name}");
        if name == "AWS_RAM" && is_gone(&asked) {
            return Fact::Absent;
        }
        part.read(&asked, |answer: GetKeyPolicy| answer.document(name))
    };
    let metadata = || part.read(&describe, |answer: DescribeKey| answer.metadata(arn));
    let of_tags = format!("kms:ListResourceTags {arn}");
    let tags = || part.list(&of_tags, ListResourceTags::tags).whole();
    Key {
        metadata: if is_gone(&describe) { Fact::Absent } else { metadata() },
        policy: policy("default"),
        ram_policy: policy("AWS_RAM"),
        grants: part.list(&format!("kms:ListGrants {arn}"), |answer: ListGrants| answer.grants(arn)).map(Arc::new),
        aliases: part.list(&format!("kms:ListAliases {arn}"), |answer: ListAliases| answer.names(arn)),
        tags: part.tags_unread(&of_tags).map_or_else(tags, Fact::Unread),
    }
}

/// What a record lacks of the key store that its key is in.
pub(super) fn complete(key: &mut Key, part: &Part) {
    let store = key.metadata.known_mut().and_then(|metadata| metadata.custom_key_store.as_mut());
    if let Some(store) = store.filter(|store| store.connection_state.unread().is_some()) {
        let asked = format!("kms:DescribeCustomKeyStores {}", store.id);
        let told = part.read(&asked, |answer: DescribeCustomKeyStores| answer.connection(&store.id));
        let found = custom_key_store(store.id.clone(), told);
        store.connection_state = first(std::mem::take(&mut store.connection_state), found.connection_state);
        store.error_code = found.error_code.or(store.error_code.take());
    }
}

/// Every key of which a part holds an answer.
pub(super) fn asked(part: &Part) -> BTreeSet<KeyArn> {
    let of_keys = part.answers.iter().filter_map(|answer| answer.asked.strip_prefix("kms:")?.split(' ').nth(1));
    of_keys.filter_map(|text| KeyArn::parse(text).ok()).collect()
}
