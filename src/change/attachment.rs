//! Managed policies that a role or user gets or loses.

use crate::capture::{AttachedPolicy, Capture};
use crate::fact::{Fact, Unread};
use crate::names::PolicyArn;

use super::policy::{identities, identities_mut, is_named};

/// The policy as it was read of whoever has it; else it says what nobody knows.
pub(super) fn attach(capture: &mut Capture, name: &str, arn: &PolicyArn) {
    let known = identities(capture).flat_map(|(_, identity)| identity.managed()).find(|policy| policy.arn == *arn);
    let unread = || Fact::Unread(Unread::not_asked("iam:GetPolicyVersion"));
    let policy = known.cloned();
    let policy = policy.unwrap_or_else(|| AttachedPolicy { arn: arn.clone(), version: None, document: unread() });
    for (asked, identity) in identities_mut(capture) {
        if is_named(asked, identity, name) {
            if identity.attached == Fact::Absent {
                identity.attached = Fact::Known(Vec::new());
            }
            if let Some(attached) = identity.attached.known_mut() {
                attached.push(policy.clone());
            }
        }
    }
}

pub(super) fn detach(capture: &mut Capture, name: &str, arn: &PolicyArn) {
    for (asked, identity) in identities_mut(capture) {
        if is_named(asked, identity, name)
            && let Some(attached) = identity.attached.known_mut()
        {
            attached.retain(|policy| policy.arn != *arn);
        }
    }
}
