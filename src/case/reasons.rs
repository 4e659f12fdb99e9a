//! Why a case is decided as it is: a sentence for each statement, grant or policy type that decides.

use crate::engine::{
    Decider, Decision, Explanation, Grant, GrantOutcome, Miss, PolicyRef, PolicySet, Request, grant_misses, nearest,
};
use crate::policy::{Effect, PolicyType};
use crate::words::miss;

use super::missing::Missing;
use super::path;
use super::read::Case;

/// The sentences; of an unknown decision they tell what it hangs on.
pub(super) fn reasons(
    case: &Case,
    explanation: &Explanation,
    deciders: &[Decider],
    missing: &[Missing],
) -> Vec<String> {
    let Case { request, policies } = case;
    let mut reasons: Vec<String> = match explanation.decision {
        Decision::Unknown => missing.iter().map(Missing::sentence).collect(),
        Decision::Allowed | Decision::ExplicitDeny | Decision::ImplicitDeny => {
            deciders.iter().map(|decider| reason(request, policies, explanation, *decider)).collect()
        }
    };
    if explanation.decision == Decision::ImplicitDeny {
        let grants = policies.grants.all().zip(&explanation.grants).enumerate();
        reasons
            .extend(grants.filter_map(|(position, (grant, outcome))| near_grant(request, position, grant, *outcome)));
    }
    if reasons.is_empty() {
        reasons.push(whole(request, explanation.decision));
    }
    reasons
}

fn reason(request: &Request, policies: &PolicySet, explanation: &Explanation, decider: Decider) -> String {
    let (path, action) = (path::decider(decider), &request.action);
    match decider {
        Decider::Statement(at, index) => {
            let named = name(policies, at, index);
            let outcome = explanation.statements.iter().find(|outcome| outcome.at == at && outcome.statement == index);
            let delegates = at.kind == PolicyType::KeyPolicy && outcome.is_some_and(|outcome| outcome.only_account);
            match policies.statement(at, index).map(|statement| statement.effect) {
                Some(Effect::Deny) => format!("{path}{named} denies {action}."),
                Some(Effect::Allow) | None if delegates => {
                    let account = &request.principal.account;
                    format!("{path}{named} leaves {action} to the policies of account {account}.")
                }
                Some(Effect::Allow) | None => format!("{path}{named} allows {action}."),
            }
        }
        Decider::Grant(position) => {
            let grantee = policies.grants.get(position).map(|grant| grant.grantee.as_str()).unwrap_or_default();
            format!("{path} allows {action} to {grantee}.")
        }
        Decider::Type(kind) => match nearest(request, policies, explanation, &[kind]) {
            Some(near) => {
                let statement = path::statement(near.at, near.statement);
                let named = name(policies, near.at, near.statement);
                format!(
                    "{path}: nothing allows {action}; {statement}{named} comes nearest and fails in {}.",
                    list(&near.misses)
                )
            }
            None => format!("{path}: no Allow statement concerns {action}."),
        },
        Decider::Grants => format!("{path}: none allows {action}."),
    }
}

/// The statement's Sid, in parentheses.
fn name(policies: &PolicySet, at: PolicyRef, index: usize) -> String {
    let sid = policies.statement(at, index).and_then(|statement| statement.sid.as_deref());
    sid.filter(|sid| !sid.is_empty()).map(|sid| format!(" ({sid})")).unwrap_or_default()
}

fn list(misses: &[Miss]) -> String {
    misses.iter().map(miss).collect::<Vec<_>>().join("; ")
}

/// A grant that holds the operation and does not serve.
fn near_grant(request: &Request, position: usize, grant: &Grant, outcome: GrantOutcome) -> Option<String> {
    let misses = grant_misses(request, grant, outcome);
    let near = outcome.operation.is_possible() && !misses.is_empty();
    near.then(|| format!("grants/{position} holds the operation and fails in {}.", list(&misses)))
}

/// Where no part of the case decides.
fn whole(request: &Request, decision: Decision) -> String {
    let action = &request.action;
    match decision {
        Decision::Allowed => format!("The root user may use {action} in its own account."),
        Decision::ImplicitDeny if request.is_cross_account() => {
            format!("{action} cannot be allowed to another account on this resource.")
        }
        Decision::ImplicitDeny | Decision::ExplicitDeny | Decision::Unknown => {
            format!("{action} is decided by nothing in the case.")
        }
    }
}
