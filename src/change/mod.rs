//! A change of what was read. Applying one and running the line again is the only way in which anything is
//! simulated: the proof of a remedy, and every "what if".

mod attachment;
mod opening;
mod policy;
mod refusal;
mod savers;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::capture::{Attachment, Capture, Grant, Key, KeyMetadata, Volume};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{GrantId, Grantee, KeyArn, PolicyArn, PrincipalArn, UniqueId, VolumeId};
use crate::policy::replace_principal;

pub(crate) use opening::{Outsider, opened_to};
pub(crate) use policy::{ADDED_POLICY, edited, inline, is_named};
pub use policy::{Edit, PolicyPlace};
#[cfg(feature = "cli")]
pub(crate) use refusal::answers;
pub(crate) use refusal::{PERMISSION_SET_POLICY, Refusal, faults, refusals};
pub(crate) use savers::{Savers, savers};

/// One change. These records are also the format of a remedy's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// A policy is edited. A session policy is no part of a capture: the question holds it.
    Policy {
        /// The policy.
        place: PolicyPlace,
        /// The edits, in their order.
        edits: Vec<Edit>,
    },
    /// A grant is made.
    AddGrant {
        /// The key.
        key: KeyArn,
        /// The grant.
        grant: Grant,
    },
    /// The grant of this ID is revoked or retired.
    RevokeGrant {
        /// The ID of the grant.
        id: GrantId,
    },
    /// A key gets another state, as `Disabled`.
    KeyState {
        /// The key.
        key: KeyArn,
        /// The new key state.
        state: String,
    },
    /// A key that does not exist yet is created, with this policy, without alias, tag or grant.
    NewKey {
        /// The key.
        key: KeyArn,
        /// Its key policy.
        policy: Document,
    },
    /// Every volume of the instances that is not under this key is replaced by one that is.
    EncryptVolumes {
        /// The key.
        key: KeyArn,
    },
    /// A managed policy is attached to a role or user.
    AttachPolicy {
        /// The ARN of the role or user.
        identity: PrincipalArn,
        /// The ARN of the managed policy.
        policy: PolicyArn,
    },
    /// A managed policy is detached from a role or user.
    DetachPolicy {
        /// The ARN of the role or user.
        identity: PrincipalArn,
        /// The ARN of the managed policy.
        policy: PolicyArn,
    },
    /// A role is deleted.
    DeleteRole {
        /// The ARN of the role.
        role: PrincipalArn,
    },
    /// A role is deleted and made anew under the same ARN with the same policies.
    RecreateRole {
        /// The ARN of the role.
        role: PrincipalArn,
    },
}

impl Change {
    /// Returns the change that puts `text` in the place of the whole key policy of `key`.
    pub fn key_policy(key: KeyArn, text: &str) -> Self {
        Self::Policy { place: PolicyPlace::KeyPolicy(key), edits: vec![Edit::Whole(Document::new(text))] }
    }

    /// The texts that it puts into policies.
    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let edits = if let Self::Policy { edits, .. } = self { edits.as_mut_slice() } else { &mut [] };
        edits.iter_mut().filter_map(|edit| match edit {
            Edit::Add(text) => Some(text),
            Edit::Replace { new, .. } => new.as_mut(),
            Edit::Whole(_) => None,
        })
    }

    /// The key on whose requests alone it can bear; `None` where it can on others.
    pub(crate) fn only_key(&self) -> Option<&KeyArn> {
        match self {
            Self::Policy { place: PolicyPlace::KeyPolicy(key), .. } | Self::AddGrant { key, .. } => Some(key),
            Self::Policy { .. }
            | Self::RevokeGrant { .. }
            | Self::KeyState { .. }
            | Self::NewKey { .. }
            | Self::EncryptVolumes { .. }
            | Self::AttachPolicy { .. }
            | Self::DetachPolicy { .. }
            | Self::DeleteRole { .. }
            | Self::RecreateRole { .. } => None,
        }
    }
}

/// The capture as it would be with the change made.
pub(crate) fn apply(capture: &Capture, change: &Change) -> Capture {
    apply_all(capture, std::slice::from_ref(change))
}

fn make(changed: &mut Capture, change: &Change) {
    match change {
        Change::Policy { place, edits } => policy::edit(changed, place, edits),
        Change::AddGrant { key, grant } => {
            if let Some(grants) = changed.keys.get_mut(key).and_then(|key| key.grants.found_mut()) {
                Arc::make_mut(grants).push(grant.clone());
            }
        }
        Change::RevokeGrant { id } => {
            let known = changed.keys.values_mut().filter_map(|key| key.grants.found_mut());
            for grants in known.filter(|grants| grants.iter().any(|grant| grant.id == *id)) {
                Arc::make_mut(grants).retain(|grant| grant.id != *id);
            }
        }
        Change::KeyState { key, state } => {
            let metadata = &mut changed.keys.entry(key.clone()).or_default().metadata;
            let known = metadata.known().cloned().unwrap_or_default();
            *metadata = Fact::Known(KeyMetadata { state: state.clone(), ..known });
        }
        Change::NewKey { key, policy } => {
            changed.keys.insert(key.clone(), new_key(policy));
        }
        Change::EncryptVolumes { key } => encrypt(changed, key),
        Change::AttachPolicy { identity, policy } => attachment::attach(changed, identity.as_str(), policy),
        Change::DetachPolicy { identity, policy } => attachment::detach(changed, identity.as_str(), policy),
        Change::DeleteRole { role } => delete(changed, role.as_str(), false),
        Change::RecreateRole { role } => delete(changed, role.as_str(), true),
    }
}

/// The capture with all the changes made, one after the other.
pub(crate) fn apply_all(capture: &Capture, changes: &[Change]) -> Capture {
    let mut changed = capture.clone();
    for change in changes {
        make(&mut changed, change);
    }
    changed
}

fn new_key(policy: &Document) -> Key {
    let text = str::to_owned;
    Key {
        metadata: Fact::Known(KeyMetadata {
            state: text("Enabled"),
            manager: text("CUSTOMER"),
            spec: text("SYMMETRIC_DEFAULT"),
            usage: text("ENCRYPT_DECRYPT"),
            origin: text("AWS_KMS"),
            multi_region: text("NONE"),
            ..KeyMetadata::default()
        }),
        policy: Fact::Known(policy.clone()),
        ram_policy: Fact::Absent,
        grants: Fact::Known(Arc::default()),
        aliases: Fact::Known(Vec::new()),
        tags: Fact::Known(std::collections::BTreeMap::new()),
    }
}

/// Encrypting a volume, or changing its key, makes a new volume from an EBS snapshot of the old one: with a new ID,
/// so that policies and grants that name the old ID in the encryption context no longer fit.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html>
fn encrypt(capture: &mut Capture, key: &KeyArn) {
    let written = capture.print().unwrap_or_default();
    let unused = (1_u64..).filter_map(|number| VolumeId::parse(&format!("vol-{number:017x}")).ok());
    let mut unused = unused.filter(|id| !written.contains(id.as_str()));
    let volumes = &mut capture.volumes;
    let mut replace = |attachment: &mut Attachment| {
        let old = volumes.get(&attachment.volume_id).and_then(Fact::known);
        let is_under_key = old.is_some_and(|volume| volume.key.known() == Some(key));
        if let Some(id) = unused.next().filter(|_| !is_under_key) {
            let state = old.map(|volume| volume.state.clone()).unwrap_or_default();
            let volume = Volume { key: Fact::Known(key.clone()), state, snapshot: None };
            volumes.insert(id.clone(), Fact::Known(volume));
            attachment.volume_id = id;
        }
    };
    for instance in capture.instances.values_mut().filter_map(Fact::known_mut) {
        instance.attachments.iter_mut().for_each(&mut replace);
    }
}

/// The ID that KMS shows for a deleted role whose own ID was not read, and the ID of a role that is made anew:
/// neither equals any that AWS gave.
const DELETED_ID: &str = "AROAEBSPREFLIGHTGONE0";
const NEW_ID: &str = "AROAEBSPREFLIGHTNEW00";

/// Key policies and grants mean the role that was deleted, and show its unique ID from then on.
/// Its namesake is another principal; only what names it by pattern or by `aws:PrincipalArn` still fits.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn delete(capture: &mut Capture, name: &str, is_made_anew: bool) {
    let mut gone = Vec::new();
    for (asked, reading) in &mut capture.identities {
        let Some(identity) = reading.known_mut().filter(|identity| policy::is_named(asked, identity, name)) else {
            continue;
        };
        let id = identity.unique_id.known().map_or(DELETED_ID, UniqueId::as_str).to_owned();
        identity.unique_id =
            UniqueId::parse(NEW_ID).map_or_else(|_| Fact::Unread(Unread::not_asked("iam:GetRole")), Fact::Known);
        gone.push((identity.arn.to_string(), id));
        if !is_made_anew {
            *reading = Fact::Absent;
        }
    }
    for (arn, id) in gone {
        for key in capture.keys.values_mut() {
            for policy in [&mut key.policy, &mut key.ram_policy] {
                if let Some(document) = policy.known_mut()
                    && let Ok(text) = replace_principal(document.text(), &arn, Some(&id))
                {
                    *document = Document::new(text);
                }
            }
            let (Some(grants), Ok(id)) = (key.grants.found_mut(), Grantee::parse(&id)) else { continue };
            if grants.iter().any(|grant| grant.grantee_principal == *arn) {
                for grant in Arc::make_mut(grants).iter_mut().filter(|grant| grant.grantee_principal == *arn) {
                    grant.grantee_principal.clone_from(&id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
