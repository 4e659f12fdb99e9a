//! Which policies can be changed, and how.

use serde::{Deserialize, Serialize};

use crate::capture::{AttachedPolicy, Capture, Identity, InlinePolicy, OrgPolicy};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{HolderArn, KeyArn, OrgPolicyId, PolicyArn, PolicyName, PrincipalArn};
use crate::policy::{PolicyType, add_statement, replace_statement};

/// A policy that can be changed. A role or user is named by its ARN, or by the one that the capture was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum PolicyPlace {
    /// An inline policy of a role, user or group; one that it does not have yet is made.
    Inline {
        /// The ARN of the role, user or group.
        identity: HolderArn,
        /// Its name.
        name: PolicyName,
    },
    /// A managed policy, wherever it is attached.
    Managed {
        /// Its ARN.
        arn: PolicyArn,
    },
    /// The permissions boundary of a role or user.
    Boundary {
        /// The ARN of the role, user or group.
        identity: PrincipalArn,
    },
    /// A key policy.
    KeyPolicy(KeyArn),
    /// An SCP.
    Scp {
        /// Its ID.
        id: OrgPolicyId,
    },
    /// An RCP.
    Rcp {
        /// Its ID.
        id: OrgPolicyId,
    },
    /// A session policy, by its number in the question.
    Session {
        /// Its number, from 0.
        number: usize,
    },
}

/// One edit of a policy's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Edit {
    /// The whole document is another one.
    Whole(Document),
    /// A statement (a JSON text) is added.
    Add(String),
    /// The statement of this text becomes another one, or goes.
    Replace {
        /// The statement as it stands, a JSON text.
        old: String,
        /// What takes its place; `None` if it goes.
        new: Option<String>,
    },
}

/// The inline policy that holds what is added to a role or user.
pub(crate) const ADDED_POLICY: &str = "StartEncryptedInstances";

impl PolicyPlace {
    /// The type of the policy.
    pub(crate) fn kind(&self) -> PolicyType {
        match self {
            Self::Inline { .. } | Self::Managed { .. } => PolicyType::Identity,
            Self::Boundary { .. } => PolicyType::Boundary,
            Self::KeyPolicy(_) => PolicyType::KeyPolicy,
            Self::Scp { .. } => PolicyType::Scp,
            Self::Rcp { .. } => PolicyType::Rcp,
            Self::Session { .. } => PolicyType::Session,
        }
    }

    /// The policy as it was read; `None` where there is none, or it was not read, or it is a session policy.
    pub(crate) fn document<'c>(&self, capture: &'c Capture) -> Option<&'c Document> {
        match self {
            Self::Inline { identity, name } => {
                inline(capture, identity).find(|policy| policy.name == *name)?.document.known()
            }
            Self::Managed { arn } => {
                let mut managed = identities(capture).flat_map(|(_, identity)| identity.managed());
                managed.find(|policy| policy.arn == *arn)?.document.known()
            }
            Self::Boundary { identity } => boundary(capture, identity.as_str())?.document.known(),
            Self::KeyPolicy(key) => capture.keys.get(key)?.policy.known(),
            Self::Scp { id } | Self::Rcp { id } => {
                let known = capture.organizations.values().filter_map(Fact::known);
                let levels = known.flat_map(|organization| [&organization.scps, &organization.rcps]);
                let policies = levels.filter_map(Fact::found).flatten().flat_map(|level| &level.policies);
                policies.into_iter().find(|policy| policy.id.as_ref() == Some(id))?.document.known()
            }
            Self::Session { .. } => None,
        }
    }
}

/// The roles and users that were read, under the ARNs that were asked for.
pub(super) fn identities(capture: &Capture) -> impl Iterator<Item = (&PrincipalArn, &Identity)> {
    capture.identities.iter().filter_map(|(asked, identity)| Some((asked, identity.known()?)))
}

pub(super) fn identities_mut(capture: &mut Capture) -> impl Iterator<Item = (&PrincipalArn, &mut Identity)> {
    capture.identities.iter_mut().filter_map(|(asked, identity)| Some((asked, identity.known_mut()?)))
}

/// Whether the identity that was asked for under this ARN is the one of this name; a session's ARN names its role.
pub(crate) fn is_named(asked: &PrincipalArn, identity: &Identity, name: &str) -> bool {
    *asked == *name || PrincipalArn::parse(name).is_ok_and(|name| identity.arn.is_same_as(&name))
}

/// The inline policies of the role, user or group of this name, as far as they were read.
pub(crate) fn inline<'c>(capture: &'c Capture, name: &HolderArn) -> impl Iterator<Item = &'c InlinePolicy> {
    let found = identities(capture).find_map(|(asked, identity)| {
        let mut holders = identity.holders();
        let is_it = is_named(asked, identity, name.as_str());
        if is_it { holders.next() } else { holders.find(|holder| *name == *holder.arn) }
    });
    found.and_then(|holder| holder.inline.found()).into_iter().flatten()
}

/// Those of this identity, or of a group that it is in.
fn inline_mut<'c>(
    asked: &PrincipalArn,
    identity: &'c mut Identity,
    name: &str,
) -> Option<&'c mut Fact<Vec<InlinePolicy>>> {
    if is_named(asked, identity, name) {
        return Some(&mut identity.inline);
    }
    identity.groups.found_mut()?.iter_mut().find(|group| group.arn == *name).map(|group| &mut group.inline)
}

fn boundary<'c>(capture: &'c Capture, name: &str) -> Option<&'c AttachedPolicy> {
    let mut named = identities(capture).filter(|(asked, identity)| is_named(asked, identity, name));
    named.find_map(|(_, identity)| identity.boundary.known())
}

/// The document with the edits made; `None` where there is none to edit.
pub(crate) fn edited(document: Option<&Document>, edits: &[Edit]) -> Option<Document> {
    let mut text = document.map(|document| document.text().to_owned());
    for edit in edits {
        text = match (edit, text) {
            (Edit::Whole(whole), _) => Some(whole.text().to_owned()),
            (Edit::Add(statement), None) => Some(whole(statement)),
            (Edit::Add(statement), Some(text)) => Some(add_statement(&text, statement).unwrap_or(text)),
            (Edit::Replace { old, new }, Some(text)) => {
                Some(replace_statement(&text, old, new.as_deref()).unwrap_or(text))
            }
            (Edit::Replace { .. }, None) => None,
        };
    }
    text.map(Document::new)
}

/// A whole policy of this statement.
fn whole(statement: &str) -> String {
    let indented = statement.replace('\n', "\n    ");
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {indented}\n  ]\n}}\n")
}

/// What was not read stays open: an edit of it could change nothing that is certain. A whole document settles it.
fn edit_reading(reading: &mut Fact<Document>, edits: &[Edit]) {
    let known = match reading {
        Fact::Known(document) => Some(&*document),
        Fact::Absent => None,
        Fact::Unread(_) | Fact::Part { .. } if matches!(edits, [Edit::Whole(_), ..]) => None,
        Fact::Unread(_) | Fact::Part { .. } => return,
    };
    if let Some(document) = edited(known, edits) {
        *reading = Fact::Known(document);
    }
}

pub(super) fn edit(capture: &mut Capture, place: &PolicyPlace, edits: &[Edit]) {
    match place {
        PolicyPlace::Inline { identity: name, name: policy } => {
            for (asked, identity) in identities_mut(capture) {
                if let Some(policies) = inline_mut(asked, identity, name.as_str()) {
                    edit_inline(policies, policy, edits);
                }
            }
        }
        PolicyPlace::Managed { arn } => {
            for (_, identity) in identities_mut(capture) {
                for policy in managed_mut(identity).filter(|policy| policy.arn == *arn) {
                    edit_reading(&mut policy.document, edits);
                }
            }
        }
        PolicyPlace::Boundary { identity: name } => match (boundary(capture, name.as_str()), edits) {
            // The policy itself is edited, so it changes for all that have it.
            (Some(boundary), [Edit::Add(_) | Edit::Replace { .. }, ..]) => {
                let place = PolicyPlace::Managed { arn: boundary.arn.clone() };
                edit(capture, &place, edits);
            }
            _ => identities_mut(capture)
                .filter(|(asked, identity)| is_named(asked, identity, name.as_str()))
                .for_each(|(_, identity)| set_boundary(identity, edits)),
        },
        PolicyPlace::KeyPolicy(key) => edit_reading(&mut capture.keys.entry(key.clone()).or_default().policy, edits),
        PolicyPlace::Scp { id } | PolicyPlace::Rcp { id } => {
            for policy in organization_policies(capture).filter(|policy| policy.id.as_ref() == Some(id)) {
                edit_reading(&mut policy.document, edits);
            }
        }
        // A session policy is handed in with the question.
        PolicyPlace::Session { .. } => {}
    }
}

/// The managed policies of an identity and its groups, and its permissions boundary.
fn managed_mut(identity: &mut Identity) -> impl Iterator<Item = &mut AttachedPolicy> {
    let groups = identity.groups.found_mut().into_iter().flatten();
    let lists = std::iter::once(&mut identity.attached).chain(groups.map(|group| &mut group.attached));
    lists.filter_map(Fact::found_mut).flatten().chain(identity.boundary.known_mut())
}

/// The identity gets another boundary, or its first.
fn set_boundary(identity: &mut Identity, edits: &[Edit]) {
    let Some(document) = edited(None, edits) else { return };
    let arn = if let Some(boundary) = identity.boundary.known() {
        Some(boundary.arn.clone())
    } else {
        let (partition, account) = (identity.arn.partition(), identity.arn.account());
        PolicyArn::parse(&format!("arn:{partition}:iam::{account}:policy/boundary")).ok()
    };
    let Some(arn) = arn else { return };
    identity.boundary = Fact::Known(AttachedPolicy { arn, version: None, document: Fact::Known(document) });
}

fn edit_inline(inline: &mut Fact<Vec<InlinePolicy>>, name: &PolicyName, edits: &[Edit]) {
    if *inline == Fact::Absent {
        *inline = Fact::Known(Vec::new());
    }
    let Some(policies) = inline.found_mut() else { return };
    match policies.iter_mut().find(|policy| policy.name == *name) {
        Some(policy) => edit_reading(&mut policy.document, edits),
        None => {
            if let Some(document) = edited(None, edits) {
                policies.push(InlinePolicy { name: name.clone(), document: Fact::Known(document) });
            }
        }
    }
}

fn organization_policies(capture: &mut Capture) -> impl Iterator<Item = &mut OrgPolicy> {
    let organizations = capture.organizations.values_mut().filter_map(Fact::known_mut);
    let levels = organizations.flat_map(|organization| [&mut organization.scps, &mut organization.rcps]);
    levels.filter_map(Fact::found_mut).flatten().flat_map(|level| &mut level.policies)
}
