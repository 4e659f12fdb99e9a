//! Two views of one thing: of each fact the first view's where that one was read, else the second's.

use crate::capture::{Identity, Key, Level, Organization, Volume};
use crate::fact::{Fact, UnreadReason};

/// The first of two readings, unless it is unread: that something is absent is known, too. A part gives way to the whole.
pub(super) fn first<T>(a: Fact<T>, b: Fact<T>) -> Fact<T> {
    match (&a, &b) {
        (Fact::Known(_) | Fact::Absent, _) | (Fact::Part { .. }, Fact::Part { .. } | Fact::Unread(_)) => a,
        (Fact::Unread(_), Fact::Known(_) | Fact::Absent | Fact::Part { .. })
        | (Fact::Part { .. }, Fact::Known(_) | Fact::Absent) => b,
        (Fact::Unread(own), Fact::Unread(_)) => {
            if own.why == UnreadReason::NotAsked {
                b
            } else {
                a
            }
        }
    }
}

/// The reading, unless it is unread: then what is found elsewhere.
pub(super) fn complete<T>(reading: &mut Fact<T>, other: impl FnOnce() -> Fact<T>) {
    if reading.unread().is_some() {
        *reading = first(std::mem::take(reading), other());
    }
}

/// The first of two lists of levels, its policies completed from the second.
fn levels(a: Fact<Vec<Level>>, b: Fact<Vec<Level>>) -> Fact<Vec<Level>> {
    match (a, b) {
        (Fact::Known(mut a), Fact::Known(b)) => {
            for one in &mut a {
                level(one, &b);
            }
            Fact::Known(a)
        }
        (a, b) => first(a, b),
    }
}

/// One volume.
pub(super) fn volume(a: Fact<Volume>, b: Fact<Volume>) -> Fact<Volume> {
    match (a, b) {
        (Fact::Known(a), Fact::Known(b)) => Fact::Known(Volume { key: first(a.key, b.key), ..a }),
        (a, b) => first(a, b),
    }
}

/// One key.
pub(super) fn key(a: Key, b: Key) -> Key {
    Key {
        metadata: first(a.metadata, b.metadata),
        policy: first(a.policy, b.policy),
        ram_policy: first(a.ram_policy, b.ram_policy),
        grants: first(a.grants, b.grants),
        aliases: first(a.aliases, b.aliases),
        tags: first(a.tags, b.tags),
    }
}

/// One role or user; its policies are completed by `iam::complete`.
pub(super) fn identity(a: Fact<Identity>, b: Fact<Identity>) -> Fact<Identity> {
    match (a, b) {
        (Fact::Known(a), Fact::Known(b)) if a.arn == b.arn => Fact::Known(Identity {
            arn: a.arn,
            unique_id: first(a.unique_id, b.unique_id),
            tags: first(a.tags, b.tags),
            trust_policy: first(a.trust_policy, b.trust_policy),
            groups: first(a.groups, b.groups),
            boundary: first(a.boundary, b.boundary),
            inline: first(a.inline, b.inline),
            attached: first(a.attached, b.attached),
        }),
        (a, b) => first(a, b),
    }
}

/// What one organization imposes on one account. A view of another place in the tree says nothing of this one.
pub fn organization(a: Fact<Organization>, b: Fact<Organization>) -> Fact<Organization> {
    match (a, b) {
        (Fact::Known(a), Fact::Known(b)) => {
            let is_elsewhere = a.path.known().zip(b.path.known()).is_some_and(|(a, b)| a != b);
            if a.id != b.id || a.management_account != b.management_account || is_elsewhere {
                return Fact::Known(a);
            }
            Fact::Known(Organization {
                path: first(a.path, b.path),
                scps: levels(a.scps, b.scps),
                rcps: levels(a.rcps, b.rcps),
                ..a
            })
        }
        (a, b) => first(a, b),
    }
}

fn level(into: &mut Level, others: &[Level]) {
    let others = others.iter().find(|other| other.target == into.target);
    for policy in &mut into.policies {
        let other = others.and_then(|level| level.policies.iter().find(|other| other.id == policy.id));
        complete(&mut policy.document, || other.map(|other| other.document.clone()).unwrap_or_default());
    }
}
