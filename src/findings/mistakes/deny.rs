//! Slips in Deny statements: exceptions that do not except what they were meant for.

use crate::engine::{Element, Miss, StatementOutcome};
use crate::names::RoleArn;
use crate::operations::{RequestOutcome, Requester, is_network_key};
use crate::policy::{Effect, Polarity, PrincipalEntry};

use super::super::Code;
use super::{MismatchContext, name};

/// The name of what is wrong with a statement that denies the request, where it has such a slip.
pub(in super::super) fn denied(judged: &RequestOutcome, outcome: &StatementOutcome) -> Option<Code> {
    let (request, policies) = (&judged.case.request, &judged.case.policies);
    let statement = policies.statement(outcome.at, outcome.statement)?;
    if judged.case.row.by == Requester::Infrastructure {
        if statement.conditions.iter().any(|condition| is_network_key(condition.key.lower())) {
            return Some(Code::PerimeterForgetsEc2);
        }
    } else if let Some(element) = &statement.principal
        && element.sense == Polarity::Negated
        && element.entries.iter().any(|(entry, _)| names_role(entry, &request.principal.arn))
    {
        let bounded = policies.boundary.is_some();
        return Some(if bounded { Code::NotPrincipalAndBoundary } else { Code::NotPrincipalForgetsSession });
    }
    // A plain condition of a Deny says what is forbidden; a negated one, or one that a missing key satisfies, is an
    // exception, and those go wrong.
    let exceptions = statement
        .conditions
        .iter()
        .filter(|condition| condition.operator.comparison.is_negated() || condition.operator.if_exists);
    exceptions
        .filter_map(|condition| {
            let miss = Miss {
                element: Element::Condition(condition.operator, condition.key.clone()),
                expected: condition.written.clone(),
                actual: request.context.get(&condition.key).clone(),
                variables: Vec::new(),
            };
            name(&MismatchContext { request, kind: outcome.at.kind, effect: Effect::Deny, miss: &miss })
        })
        .min()
        .map(|(_, code)| code)
}

/// Whether an entry of `NotPrincipal` is the role or user of this ARN, or a session of the role.
fn names_role(entry: &PrincipalEntry, arn: &str) -> bool {
    let session = RoleArn::parse(arn).map(|role| role.session_arn(""));
    entry.as_str() == arn || session.is_ok_and(|beginning| entry.as_str().starts_with(&beginning))
}
