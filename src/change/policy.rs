//! Which policies can be changed, and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::capture::{AttachedPolicy, Capture, InlinePolicy, OrgPolicy, Role};
use crate::names::KeyArn;
use crate::policy::{PolicyType, add_statement, replace_statement};
use crate::source::{Document, Reading};

/// A policy that can be changed. A role is named by its ARN, or by the one that the capture was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum PolicyPlace {
    /// An inline policy of a role; one that it does not have yet is made.
    Inline { role: String, name: String },
    /// A managed policy, wherever it is attached.
    Managed { arn: String },
    /// A role's permissions boundary.
    Boundary { role: String },
    /// A key policy.
    KeyPolicy(KeyArn),
    /// An SCP.
    Scp { id: String },
    /// An RCP.
    Rcp { id: String },
    /// A session policy, by its number in the question.
    Session { number: usize },
}

/// One edit of a policy's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Edit {
    /// The whole document is another one.
    Whole(Document),
    /// A statement (a JSON text) is added.
    Add(String),
    /// The statement of this text becomes another one, or goes.
    Replace { old: String, new: Option<String> },
}

/// The inline policy that holds what is added to a role.
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
            Self::Inline { role, name } => {
                let inline = roles(&capture.roles, role).next()?.inline.known()?;
                inline.iter().find(|policy| policy.name == *name)?.document.known()
            }
            Self::Managed { arn } => {
                let attached = capture.roles.values().filter_map(Reading::known).flat_map(managed);
                attached.into_iter().find(|policy| policy.arn == *arn)?.document.known()
            }
            Self::Boundary { role } => roles(&capture.roles, role).next()?.boundary.known()?.document.known(),
            Self::KeyPolicy(key) => capture.keys.get(key)?.policy.known(),
            Self::Scp { id } | Self::Rcp { id } => {
                let known = capture.organizations.values().filter_map(Reading::known);
                let levels = known.flat_map(|organization| [&organization.scps, &organization.rcps]);
                let policies = levels.filter_map(Reading::known).flatten().flat_map(|level| &level.policies);
                policies.into_iter().find(|policy| policy.id == *id)?.document.known()
            }
            Self::Session { .. } => None,
        }
    }
}

fn managed(role: &Role) -> impl Iterator<Item = &AttachedPolicy> {
    role.attached.known().into_iter().flatten().chain(role.boundary.known())
}

fn is_role(asked: &str, role: &Role, name: &str) -> bool {
    asked == name || role.arn.as_str() == name
}

pub(super) fn roles<'c>(roles: &'c BTreeMap<String, Reading<Role>>, name: &str) -> impl Iterator<Item = &'c Role> {
    roles.iter().filter_map(move |(asked, role)| role.known().filter(|role| is_role(asked, role, name)))
}

pub(super) fn roles_mut<'c>(
    roles: &'c mut BTreeMap<String, Reading<Role>>,
    name: &str,
) -> impl Iterator<Item = &'c mut Role> {
    roles.iter_mut().filter_map(move |(asked, role)| match role {
        Reading::Known(role) if is_role(asked, role, name) => Some(role),
        Reading::Known(_) | Reading::Absent | Reading::Unread(_) => None,
    })
}

/// The document with the edits made; `None` where there is none to edit.
pub(crate) fn edited(document: Option<&Document>, edits: &[Edit]) -> Option<Document> {
    let mut text = document.map(|document| document.text().to_owned());
    for edit in edits {
        text = match (edit, text) {
            (Edit::Whole(whole), _) => Some(whole.text().to_owned()),
            (Edit::Add(statement), None) => Some(whole(&[statement.as_str()])),
            (Edit::Add(statement), Some(text)) => Some(add_statement(&text, statement).unwrap_or(text)),
            (Edit::Replace { old, new }, Some(text)) => {
                Some(replace_statement(&text, old, new.as_deref()).unwrap_or(text))
            }
            (Edit::Replace { .. }, None) => None,
        };
    }
    text.map(Document::new)
}

/// A whole policy of these statements.
fn whole(statements: &[&str]) -> String {
    let indented = |statement: &&str| format!("    {}", statement.replace('\n', "\n    "));
    let each: Vec<String> = statements.iter().map(indented).collect();
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n{}\n  ]\n}}\n", each.join(",\n"))
}

/// What was not read stays open: an edit of it could change nothing that is certain. A whole document settles it.
fn edit_reading(reading: &mut Reading<Document>, edits: &[Edit]) {
    let known = match reading {
        Reading::Known(document) => Some(&*document),
        Reading::Absent => None,
        Reading::Unread(_) if matches!(edits, [Edit::Whole(_), ..]) => None,
        Reading::Unread(_) => return,
    };
    if let Some(document) = edited(known, edits) {
        *reading = Reading::Known(document);
    }
}

pub(super) fn edit(capture: &mut Capture, place: &PolicyPlace, edits: &[Edit]) {
    match place {
        PolicyPlace::Inline { role, name } => {
            roles_mut(&mut capture.roles, role).for_each(|role| edit_inline(role, name, edits));
        }
        PolicyPlace::Managed { arn } => {
            for role in capture.roles.values_mut() {
                let Reading::Known(role) = role else { continue };
                if let Reading::Known(attached) = &mut role.attached {
                    attached.iter_mut().filter(|policy| policy.arn == *arn).for_each(|policy| {
                        edit_reading(&mut policy.document, edits);
                    });
                }
                if let Reading::Known(boundary) = &mut role.boundary
                    && boundary.arn == *arn
                {
                    edit_reading(&mut boundary.document, edits);
                }
            }
        }
        PolicyPlace::Boundary { role } => {
            let known = roles(&capture.roles, role).find_map(|role| role.boundary.known());
            match (known, edits) {
                // The policy itself is edited, so it changes for all that have it.
                (Some(boundary), [Edit::Add(_) | Edit::Replace { .. }, ..]) => {
                    let place = PolicyPlace::Managed { arn: boundary.arn.clone() };
                    edit(capture, &place, edits);
                }
                _ => roles_mut(&mut capture.roles, role).for_each(|role| set_boundary(role, edits)),
            }
        }
        PolicyPlace::KeyPolicy(key) => edit_reading(&mut capture.keys.entry(key.clone()).or_default().policy, edits),
        PolicyPlace::Scp { id } | PolicyPlace::Rcp { id } => {
            for policy in organization_policies(capture).filter(|policy| policy.id == *id) {
                edit_reading(&mut policy.document, edits);
            }
        }
        // A session policy is handed in with the question.
        PolicyPlace::Session { .. } => {}
    }
}

/// The role gets another boundary, or its first.
fn set_boundary(role: &mut Role, edits: &[Edit]) {
    let Some(document) = edited(None, edits) else { return };
    let arn = match role.boundary.known() {
        Some(boundary) => boundary.arn.clone(),
        None => format!("arn:{}:iam::{}:policy/boundary", role.arn.partition(), role.arn.account()),
    };
    role.boundary = Reading::Known(AttachedPolicy { arn, document: Reading::Known(document) });
}

fn edit_inline(role: &mut Role, name: &str, edits: &[Edit]) {
    let policies = match &mut role.inline {
        Reading::Known(policies) => policies,
        inline @ Reading::Absent => {
            *inline = Reading::Known(Vec::new());
            let Reading::Known(policies) = inline else { return };
            policies
        }
        Reading::Unread(_) => return,
    };
    match policies.iter_mut().find(|policy| policy.name == name) {
        Some(policy) => edit_reading(&mut policy.document, edits),
        None => {
            if let Some(document) = edited(None, edits) {
                policies.push(InlinePolicy { name: name.to_owned(), document: Reading::Known(document) });
            }
        }
    }
}

fn organization_policies(capture: &mut Capture) -> impl Iterator<Item = &mut OrgPolicy> {
    let organizations = capture.organizations.values_mut().filter_map(|reading| match reading {
        Reading::Known(organization) => Some(organization),
        Reading::Absent | Reading::Unread(_) => None,
    });
    let levels = organizations.flat_map(|organization| [&mut organization.scps, &mut organization.rcps]);
    let known = levels.filter_map(|levels| match levels {
        Reading::Known(levels) => Some(levels),
        Reading::Absent | Reading::Unread(_) => None,
    });
    known.flatten().flat_map(|level| &mut level.policies)
}
