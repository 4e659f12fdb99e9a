//! Two views of one thing: of each fact the first view's where that one was read, else the second's.

use crate::capture::{AttachedPolicy, Group, Identity, InlinePolicy, Key, Level, Organization};
use crate::source::{Reading, Why};

/// The first of two readings, unless it is unread: that something is absent is known, too.
pub(super) fn first<T>(a: Reading<T>, b: Reading<T>) -> Reading<T> {
    match (&a, &b) {
        (Reading::Known(_) | Reading::Absent, _) => a,
        (Reading::Unread(_), Reading::Known(_) | Reading::Absent) => b,
        (Reading::Unread(own), Reading::Unread(_)) => {
            if own.why == Why::NotAsked {
                b
            } else {
                a
            }
        }
    }
}

fn take<T>(into: &mut Reading<T>, other: Option<Reading<T>>) {
    if let Some(other) = other {
        *into = first(std::mem::take(into), other);
    }
}

/// The first of two lists; `fill` completes its entries from the second.
fn list<T>(a: Reading<Vec<T>>, b: Reading<Vec<T>>, fill: impl Fn(&mut T, &[T])) -> Reading<Vec<T>> {
    match (a, b) {
        (Reading::Known(mut a), Reading::Known(b)) => {
            for one in &mut a {
                fill(one, &b);
            }
            Reading::Known(a)
        }
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

/// One role or user.
pub(super) fn identity(a: Reading<Identity>, b: Reading<Identity>) -> Reading<Identity> {
    match (a, b) {
        (Reading::Known(a), Reading::Known(b)) if a.arn == b.arn => Reading::Known(Identity {
            arn: a.arn,
            unique_id: first(a.unique_id, b.unique_id),
            tags: first(a.tags, b.tags),
            trust_policy: first(a.trust_policy, b.trust_policy),
            groups: list(a.groups, b.groups, group),
            boundary: match (a.boundary, b.boundary) {
                (Reading::Known(mut a), Reading::Known(b)) => {
                    attached(&mut a, &[b]);
                    Reading::Known(a)
                }
                (a, b) => first(a, b),
            },
            inline: list(a.inline, b.inline, inline),
            attached: list(a.attached, b.attached, attached),
        }),
        (a, b) => first(a, b),
    }
}

fn group(into: &mut Group, others: &[Group]) {
    if let Some(other) = others.iter().find(|other| other.arn == into.arn) {
        into.inline = list(std::mem::take(&mut into.inline), other.inline.clone(), inline);
        into.attached = list(std::mem::take(&mut into.attached), other.attached.clone(), attached);
    }
}

fn inline(into: &mut InlinePolicy, others: &[InlinePolicy]) {
    let other = others.iter().find(|other| other.name == into.name);
    take(&mut into.document, other.map(|other| other.document.clone()));
}

fn attached(into: &mut AttachedPolicy, others: &[AttachedPolicy]) {
    let other = others.iter().find(|other| other.arn == into.arn);
    take(&mut into.document, other.map(|other| other.document.clone()));
}

/// What one organization imposes on one account. A view of another place in the tree says nothing of this one.
pub fn organization(a: Reading<Organization>, b: Reading<Organization>) -> Reading<Organization> {
    match (a, b) {
        (Reading::Known(a), Reading::Known(b)) => {
            let is_elsewhere = a.path.known().zip(b.path.known()).is_some_and(|(a, b)| a != b);
            if a.id != b.id || is_elsewhere {
                return Reading::Known(a);
            }
            Reading::Known(Organization {
                path: first(a.path, b.path),
                scps: list(a.scps, b.scps, level),
                rcps: list(a.rcps, b.rcps, level),
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
        take(&mut policy.document, other.map(|other| other.document.clone()));
    }
}
