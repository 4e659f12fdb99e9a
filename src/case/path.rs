//! The paths by which an answer names what stands in its case.

use crate::engine::{Decider, PolicyRef};
use crate::policy::PolicyType;

/// The path of a policy.
pub(super) fn policy(at: PolicyRef) -> String {
    match at.kind {
        PolicyType::Identity | PolicyType::Session => format!("{}/{}", policy_type(at.kind), at.index),
        PolicyType::Scp | PolicyType::Rcp => format!("{}/{}/{}", policy_type(at.kind), at.level, at.index),
        PolicyType::Boundary | PolicyType::KeyPolicy => policy_type(at.kind).to_owned(),
    }
}

/// The path of a statement.
pub(super) fn statement(at: PolicyRef, index: usize) -> String {
    format!("{}/Statement/{index}", policy(at))
}

/// The path of what decides.
pub(super) fn decider(decider: Decider) -> String {
    match decider {
        Decider::Statement(at, index) => statement(at, index),
        Decider::Grant(position) => format!("grants/{position}"),
        Decider::Grants => "grants".to_owned(),
        Decider::Type(kind) => policy_type(kind).to_owned(),
    }
}

/// The field of a policy type.
pub(super) fn policy_type(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::Identity => "identityPolicies",
        PolicyType::Boundary => "permissionsBoundary",
        PolicyType::Session => "sessionPolicies",
        PolicyType::Scp => "scps",
        PolicyType::Rcp => "rcps",
        PolicyType::KeyPolicy => "keyPolicy",
    }
}
