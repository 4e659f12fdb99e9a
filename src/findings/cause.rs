//! From one denied or undecided request to its cause.

use crate::engine::{Decider, Decision, Failure, deciders, grant_misses, nearest};
use crate::policy::{Effect, PolicyType, Truth};
use crate::start::{By, Judged};

use super::placed::place;
use super::{Code, Fact, Open, StatementRole};

/// Why one request is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) code: Code,
    pub(super) evidence: Vec<Fact>,
}

/// The cause of a request that is denied; `None` for one that is allowed or undecided.
pub(super) fn cause(judged: &Judged) -> Option<Cause> {
    match judged.decision {
        Decision::ExplicitDeny => Some(explicit(judged)),
        Decision::ImplicitDeny => Some(implicit(judged)),
        Decision::Allowed | Decision::Unknown => None,
    }
}

fn explicit(judged: &Judged) -> Cause {
    let gates = &judged.explanation.gates;
    let kinds = [
        (PolicyType::KeyPolicy, gates.key_policy_denies, Code::ExplicitDenyKeyPolicy),
        (PolicyType::Identity, gates.identity_denies, Code::ExplicitDenyIdentity),
        (PolicyType::Boundary, gates.boundary_denies, Code::ExplicitDenyBoundary),
        (PolicyType::Session, gates.session_denies, Code::ExplicitDenySessionPolicy),
        (PolicyType::Scp, gates.scp_denies, Code::ExplicitDenyScp),
        (PolicyType::Rcp, gates.rcp_denies, Code::ExplicitDenyRcp),
    ];
    let evidence = deciders(&judged.case.request, &judged.explanation)
        .into_iter()
        .filter_map(|decider| match decider {
            Decider::Statement(at, index) => {
                Some(Fact::Statement { at: place(&judged.case.policies, at, index), role: StatementRole::Denies })
            }
            Decider::Grant(_) | Decider::Type(_) | Decider::Grants => None,
        })
        .collect();
    let first = kinds.iter().find(|(_, denies, _)| denies.is_true());
    let code = match (judged.case.row.by, first) {
        (By::Infrastructure, _) | (_, None) => Code::InfrastructureDenied,
        (By::Role | By::RoleThroughEc2, Some((_, _, code))) => *code,
    };
    Cause { code, evidence }
}

fn implicit(judged: &Judged) -> Cause {
    let request = &judged.case.request;
    let lacking = deciders(request, &judged.explanation);
    let lacks = |kind| lacking.contains(&Decider::Type(kind));
    let near = |kinds: &[PolicyType]| -> Vec<Fact> {
        let policies = &judged.case.policies;
        let near = nearest(request, policies, &judged.explanation, kinds);
        near.map(|near| Fact::Nearest { at: place(policies, near.at, near.statement), misses: near.misses })
            .into_iter()
            .collect()
    };
    if judged.case.row.by == By::Infrastructure {
        return Cause { code: Code::InfrastructureDenied, evidence: near(&[PolicyType::Scp, PolicyType::Rcp]) };
    }
    for (kind, code) in [
        (PolicyType::Scp, Code::ScpLacksAllow),
        (PolicyType::Rcp, Code::RcpLacksAllow),
        (PolicyType::Boundary, Code::BoundaryLacksAllow),
        (PolicyType::Session, Code::SessionPolicyLacksAllow),
    ] {
        if lacks(kind) {
            let mut evidence = names(judged, kind);
            evidence.extend(near(&[kind]));
            return Cause { code, evidence };
        }
    }
    if request.is_cross_account() && !request.is_for_key() {
        return Cause { code: Code::ForeignInstance, evidence: Vec::new() };
    }
    let mut evidence = delegation(judged);
    let code = match (request.is_cross_account(), lacks(PolicyType::KeyPolicy), lacks(PolicyType::Identity)) {
        (true, _, _) if request.principal.is_service_linked() => Code::ServiceLinkedRoleForeignKey,
        (true, true, true) => Code::CrossAccountBoth,
        (true, true, false) => Code::CrossAccountKeyPolicy,
        (true, false, _) => Code::CrossAccountIdentity,
        (false, true, _) => Code::KeyPolicyNoDelegation,
        (false, false, _) => Code::NoIdentityAllow,
    };
    let mut kinds = Vec::new();
    if lacks(PolicyType::KeyPolicy) {
        kinds.push(PolicyType::KeyPolicy);
    }
    if lacks(PolicyType::Identity) {
        kinds.push(PolicyType::Identity);
    }
    evidence.extend(kinds.iter().flat_map(|kind| near(&[*kind])));
    if lacks(PolicyType::Identity) && !evidence.iter().any(is_nearest_identity) {
        evidence.push(Fact::NoStatement { policies: judged.case.policies.identity.len() });
    }
    evidence.extend(grants(judged));
    Cause { code, evidence }
}

fn is_nearest_identity(fact: &Fact) -> bool {
    matches!(fact, Fact::Nearest { at, .. } if at.at.kind == PolicyType::Identity)
}

/// The names of the policies that should allow.
fn names(judged: &Judged, kind: PolicyType) -> Vec<Fact> {
    let policies = &judged.case.policies;
    let named =
        |level: &[std::sync::Arc<crate::engine::NamedPolicy>]| level.iter().map(|policy| policy.name.clone()).collect();
    match kind {
        PolicyType::Boundary => {
            let names = policies.boundary.iter().map(|policy| policy.name.clone()).collect();
            vec![Fact::Level { level: 0, names }]
        }
        PolicyType::Session => vec![Fact::Level { level: 0, names: named(&policies.session) }],
        PolicyType::Scp => lacking_levels(judged, kind, &policies.scps),
        PolicyType::Rcp => lacking_levels(judged, kind, &policies.rcps),
        PolicyType::Identity | PolicyType::KeyPolicy => Vec::new(),
    }
}

fn lacking_levels(
    judged: &Judged,
    kind: PolicyType,
    levels: &[Vec<std::sync::Arc<crate::engine::NamedPolicy>>],
) -> Vec<Fact> {
    let allows = |level: usize| {
        judged.explanation.statements.iter().any(|outcome| {
            outcome.at.kind == kind
                && outcome.at.level == level
                && outcome.effect == Effect::Allow
                && outcome.applies.is_possible()
        })
    };
    levels
        .iter()
        .enumerate()
        .filter(|(level, _)| !allows(*level))
        .map(|(level, policies)| Fact::Level {
            level,
            names: policies.iter().map(|policy| policy.name.clone()).collect(),
        })
        .collect()
}

/// The statements by which the key policy leaves it to the account's IAM policies.
fn delegation(judged: &Judged) -> Vec<Fact> {
    let delegating = judged.explanation.statements.iter().filter(|outcome| {
        outcome.at.kind == PolicyType::KeyPolicy
            && outcome.effect == Effect::Allow
            && outcome.only_account
            && outcome.applies.is_true()
    });
    let place = |outcome: &crate::engine::StatementOutcome| Fact::Statement {
        at: place(&judged.case.policies, outcome.at, outcome.statement),
        role: StatementRole::Delegates,
    };
    delegating.map(place).collect()
}

/// Grants that were made for this principal or hold a grant's operation for another, and do not serve.
fn grants(judged: &Judged) -> Vec<Fact> {
    let request = &judged.case.request;
    let facts =
        judged.case.policies.grants.grants.iter().zip(&judged.explanation.grants).filter_map(|(grant, outcome)| {
            if !outcome.operation.is_possible() || outcome.serves().is_possible() {
                return None;
            }
            let misses = grant_misses(request, grant, *outcome);
            Some(Fact::Grant { id: grant.id.to_string(), grantee: grant.grantee.as_str().to_owned(), misses })
        });
    // A key may hold thousands of grants for other volumes; one tells the cause.
    facts.take(1).collect()
}

/// The facts for which a request is denied.
pub(crate) fn reasons(judged: &Judged) -> Vec<Fact> {
    cause(judged).map(|cause| cause.evidence).unwrap_or_default()
}

/// What an undecided request hangs on.
pub(crate) fn open(judged: &Judged) -> Vec<Open> {
    let policies = &judged.case.policies;
    let open = deciders(&judged.case.request, &judged.explanation);
    let is_open = |kind| open.contains(&Decider::Type(kind));
    let mut found = Vec::new();
    for outcome in &judged.explanation.statements {
        if outcome.applies != Truth::Unknown || !is_open(outcome.at.kind) {
            continue;
        }
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        for (failure, _) in &outcome.failures {
            match failure {
                Failure::Condition(number) => {
                    let Some(condition) = statement.conditions.get(*number) else { continue };
                    found.push(Open::ContextKey {
                        key: condition.key.to_string(),
                        condition: condition.sentence(statement.effect),
                    });
                }
                Failure::Principal => found.push(Open::SessionName),
                Failure::Action | Failure::Resource => {}
            }
        }
    }
    for (_, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        found.push(Open::Unread { what: policy.name.clone(), needs: policy.needs.clone() });
    }
    if let Some(needs) = policies.grants.unread.as_ref().filter(|_| open.contains(&Decider::Grants)) {
        found.push(Open::Unread { what: "the grants on the key".to_owned(), needs: needs.clone() });
    }
    // Only inferred: whether an SCP without an Allow reaches EC2's own identity.
    if judged.case.row.by == By::Infrastructure && judged.explanation.decision == Decision::ImplicitDeny {
        found.push(Open::Unread {
            what: "whether the organization's SCPs, which do not allow it, bind EC2's own identity".to_owned(),
            needs: String::new(),
        });
    }
    found.sort();
    found.dedup();
    found
}
