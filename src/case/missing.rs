//! What an unknown decision hangs on.

use serde::Serialize;

use crate::engine::{
    Decider, Explanation, FailedElement, Grant, GrantOutcome, PolicySet, Request, StatementOutcome, unknown_keys,
    unknown_principals,
};
use crate::policy::{Effect, Polarity, PrincipalEntry, Statement, Truth};

use super::path;

/// One thing that it hangs on.
#[derive(Serialize, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct Missing {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<String>,
}

impl Missing {
    /// As a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self { policy: Some(policy), needs: Some(needs), .. } => {
                format!("{policy} was not read: it needs {needs}.")
            }
            Self { policy: Some(grant), condition: Some(condition), .. } => {
                format!("Allowed only if of {grant} it holds that {condition}.")
            }
            Self { policy: Some(policy), .. } => format!("{policy} was not read."),
            Self { condition: Some(condition), .. } => format!("Allowed only if {condition}."),
            Self { .. } => String::new(),
        }
    }
}

/// What an unknown decision hangs on: what open statements ask for, policies not read, constraints of grants.
pub(super) fn missing(
    request: &Request,
    policies: &PolicySet,
    explanation: &Explanation,
    open: &[Decider],
) -> Vec<Missing> {
    let is_open = |kind| open.contains(&Decider::Type(kind));
    let mut missing: Vec<Missing> = Vec::new();
    let unsettled = explanation.statements.iter().filter(|outcome| outcome.applies.is_possible());
    for outcome in unsettled.filter(|outcome| is_open(outcome.at.kind)) {
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        missing.extend(whom(request, statement));
        missing.extend(outcome.failures.iter().flat_map(|(failure, _)| asks(request, outcome, statement, *failure)));
    }
    for (at, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        let needs = Some(policy.needs.clone()).filter(|needs| !needs.is_empty());
        missing.push(Missing { policy: Some(path::policy(at)), needs, ..Missing::default() });
    }
    let grants = policies.grants.all().zip(&explanation.grants).enumerate();
    for (position, (grant, outcome)) in grants.filter(|_| open.contains(&Decider::Grants)) {
        // Whether it suffices, and what limits it, AWS does not say.
        if outcome.serves().is_true() {
            let (grant, condition) = (format!("grants/{position}"), "it suffices, which AWS does not say".to_owned());
            missing.push(Missing { policy: Some(grant), condition: Some(condition), ..Missing::default() });
        }
        if outcome.serves() == Truth::Unknown {
            let condition = format!("the request keeps within grants/{position}");
            missing.extend(of_grant(grant, *outcome).map(|key| asked(&key, condition.clone())));
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

fn asked(key: &str, condition: String) -> Missing {
    Missing { context_key: Some(key.to_owned()), condition: Some(condition), ..Missing::default() }
}

/// What must be for an open element of a statement to hold; of a Deny, for it not to hold.
fn asks<'s>(
    request: &Request,
    outcome: &StatementOutcome,
    statement: &'s Statement,
    failure: FailedElement,
) -> impl Iterator<Item = Missing> + use<'s> {
    let condition = match failure {
        FailedElement::Condition(number) => statement.conditions.get(number).map(|one| one.sentence(statement.effect)),
        FailedElement::Action | FailedElement::Principal | FailedElement::Resource => None,
    };
    let place = path::statement(outcome.at, outcome.statement);
    let condition = condition.unwrap_or_else(|| format!("with it {place} names the right resources"));
    let keys = unknown_keys(request, statement, failure, outcome.at.kind);
    // No key decides how AWS reads an incomplete ARN.
    let of_arn = (failure == FailedElement::Resource && keys.is_empty()).then(|| Missing {
        policy: Some(place),
        condition: Some("its incomplete ARN names the right resources, of which AWS's pages differ".to_owned()),
        ..Missing::default()
    });
    keys.into_iter().map(move |key| asked(key.as_str(), condition.clone())).chain(of_arn)
}

/// What is not known of whom a statement names; `aws:userid` tells unique ID and session.
fn whom(request: &Request, statement: &Statement) -> Vec<Missing> {
    let Some(element) = &statement.principal else { return Vec::new() };
    if statement.effect == Effect::Allow && element.sense == Polarity::Negated {
        let literally = "AWS takes literally what it does not support, NotPrincipal with Allow";
        return vec![asked("aws:PrincipalArn", literally.to_owned())];
    }
    let is = if (statement.effect == Effect::Allow) == (element.sense == Polarity::Positive) { "is" } else { "is not" };
    let name = |entry: &PrincipalEntry| {
        let what = if matches!(entry, PrincipalEntry::UniqueId(_)) { "principal's unique ID" } else { "session" };
        asked("aws:userid", format!("the {what} {is} {}", entry.as_str()))
    };
    unknown_principals(request, statement).map(name).collect()
}

/// The context keys that a grant asks for and that are not known.
fn of_grant(grant: &Grant, outcome: GrantOutcome) -> impl Iterator<Item = String> {
    let open = |truth, key: &str| (truth == Truth::Unknown).then(|| key.to_owned());
    let pairs = grant.subset.iter().chain(&grant.equals).flatten();
    let pairs = pairs.filter(move |_| outcome.constraints == Truth::Unknown);
    let pairs = pairs.map(|(key, _)| format!("kms:EncryptionContext:{key}"));
    let own = [open(outcome.grantee, "aws:userid"), open(outcome.operation, "kms:GrantOperations")];
    own.into_iter().flatten().chain(pairs)
}
