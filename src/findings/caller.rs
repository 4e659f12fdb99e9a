//! Whether the role's trust policy admits who is said to assume the role.

use crate::engine::nearest;
use crate::operations::RequestOutcome;
use crate::policy::{Effect, PolicyType, Truth};

use super::open::open_in;
use super::placed::place;
use super::{Code, Evidence, Finding, Severity, StatementRole};

/// The finding on the call sts:AssumeRole.
///
/// In the role's account a trust policy that names the caller suffices; one that names the account, or a caller of
/// another account, needs the caller's own policies besides.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>
pub(super) fn caller(assumed: &RequestOutcome) -> Finding {
    let (request, policies, explanation) = (&assumed.case.request, &assumed.case.policies, &assumed.explanation);
    let gates = &explanation.gates;
    let named = &gates.key_policy;
    let by_name = named.anyone.or(named.role).or(named.session).or(named.user);
    let trusted = by_name.or(named.account).and(!gates.key_policy_denies);
    // What was not read of another account's organization is told beside its policies, which were not read either.
    let is_foreign_layer = |kind| kind == PolicyType::Scp && request.is_cross_account();
    let is_unread = |kind| policies.all().any(|(at, policy)| at.kind == kind && policy.policy.is_none());
    let layer = |kind, allows: Truth, denies: Truth| {
        let says = allows.and(!denies);
        if says == Truth::Unknown && is_foreign_layer(kind) && is_unread(kind) { Truth::True } else { says }
    };
    let by_scps = layer(PolicyType::Scp, gates.scps, gates.scp_denies);
    let by_rcps = layer(PolicyType::Rcp, gates.rcps, gates.rcp_denies);
    let admitted = trusted.and(by_scps).and(by_rcps);
    let says = |effect| {
        let applying = explanation.statements.iter().filter(move |one| one.effect == effect && one.applies.is_true());
        let role = if effect == Effect::Deny { StatementRole::Denies } else { StatementRole::Admits };
        applying.map(move |one| Evidence::Statement {
            at: place(policies, one.at, one.statement),
            role,
            conditions: Vec::new(),
        })
    };
    let caller = Evidence::state("caller", &*request.principal.arn);
    let (code, severity, evidence): (_, _, Vec<Evidence>) = match admitted {
        Truth::False => {
            let denies: Vec<Evidence> = says(Effect::Deny).collect();
            let lacking = [
                (PolicyType::KeyPolicy, trusted, None),
                (PolicyType::Scp, by_scps, Some("SCPs of the caller's account do not allow it")),
                (PolicyType::Rcp, by_rcps, Some("RCPs of the role's account do not allow it")),
            ];
            let lacks = lacking.into_iter().filter(|(_, allows, _)| allows.is_false() && denies.is_empty());
            let lacks = lacks.flat_map(|(kind, _, said)| {
                let near = nearest(request, policies, explanation, &[kind]);
                let near = near.map(|near| Evidence::Nearest {
                    at: place(policies, near.at, near.statement),
                    misses: near.misses,
                });
                said.map(|said| Evidence::state("means", said)).into_iter().chain(near)
            });
            let lacks: Vec<Evidence> = lacks.collect();
            (Code::CallerNotAdmitted, Severity::Blocker, denies.into_iter().chain(lacks).collect())
        }
        Truth::Unknown => {
            let is_open = |kind| match kind {
                PolicyType::Scp => by_scps == Truth::Unknown,
                PolicyType::Rcp => by_rcps == Truth::Unknown,
                PolicyType::KeyPolicy => trusted == Truth::Unknown,
                PolicyType::Identity | PolicyType::Boundary | PolicyType::Session => false,
            };
            let open = open_in(assumed, is_open);
            let code = open.first().map_or(Code::NotDecided, super::OpenQuestion::code);
            (code, Severity::Undecided, open.into_iter().map(Evidence::OpenQuestion).collect())
        }
        Truth::True => {
            let alone = by_name.is_true() && !request.is_cross_account();
            let value = if alone {
                "the trust policy suffices in the role's own account".to_owned()
            } else {
                let unread = is_foreign_layer(PolicyType::Scp) && is_unread(PolicyType::Scp);
                let whose = if unread { "the caller's own policies and SCPs" } else { "the caller's own policies" };
                format!("{whose} must allow {} besides; they were not read", assumed.case.row.action)
            };
            let then = Evidence::state("then", value);
            (Code::CallerAdmitted, Severity::Note, says(Effect::Allow).chain([then]).collect())
        }
    };
    let evidence = std::iter::once(caller).chain(evidence).collect();
    Finding { actions: vec![assumed.case.row.action], ..Finding::new(code, severity, evidence) }
}
