//! From one undecided request to what its decision hangs on.

use crate::engine::{Decider, Decision, Failure, deciders};
use crate::policy::{Effect, PolicyType, PrincipalEntry, Sense, Statement, Truth};
use crate::start::{By, Judged};

use super::{Open, PlacedStatement, place};

/// What an undecided request hangs on.
pub(crate) fn open(judged: &Judged) -> Vec<Open> {
    let policies = &judged.case.policies;
    let open = deciders(&judged.case.request, &judged.explanation);
    let mut found = open_in(judged, |kind| open.contains(&Decider::Type(kind)));
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

/// What is open in the statements and policies of these types.
pub(super) fn open_in(judged: &Judged, is_open: impl Fn(PolicyType) -> bool) -> Vec<Open> {
    let policies = &judged.case.policies;
    let mut found = Vec::new();
    for outcome in &judged.explanation.statements {
        if outcome.applies != Truth::Unknown || !is_open(outcome.at.kind) {
            continue;
        }
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        let by = || place(policies, outcome.at, outcome.statement);
        for (failure, _) in &outcome.failures {
            match failure {
                Failure::Condition(number) => {
                    let Some(condition) = statement.conditions.get(*number) else { continue };
                    found.push(Open::ContextKey {
                        key: condition.key.to_string(),
                        condition: condition.sentence(statement.effect),
                        by: by(),
                    });
                }
                Failure::Principal => found.push(principal(judged, statement, by)),
                Failure::Action | Failure::Resource => {}
            }
        }
    }
    for (_, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        found.push(Open::Unread { what: policy.name.clone(), needs: policy.needs.clone() });
    }
    found
}

/// Why it is not known whether a statement names the principal.
fn principal(judged: &Judged, statement: &Statement, by: impl Fn() -> PlacedStatement) -> Open {
    let principal = &judged.case.request.principal;
    let element = statement.principal.as_ref();
    if statement.effect == Effect::Allow && element.is_some_and(|element| element.sense == Sense::AllBut) {
        return Open::NotPrincipal { by: by() };
    }
    let has_id = |(entry, _): &(PrincipalEntry, _)| matches!(entry, PrincipalEntry::UniqueId(_));
    if principal.unique_id.is_none() && element.is_some_and(|element| element.entries.iter().any(has_id)) {
        return Open::Unread { what: "the role's unique ID".to_owned(), needs: "iam:GetRole".to_owned() };
    }
    Open::SessionName { by: by() }
}
