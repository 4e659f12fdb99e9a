//! Slips in Deny statements: exceptions that do not except what they were meant for.

use crate::engine::{Element, Miss, StatementOutcome};
use crate::names::RoleArn;
use crate::operations::{RequestOutcome, Requester, is_network_key};
use crate::policy::{Effect, Polarity, Policy, PolicyType, PrincipalEntry, add_value, set_element};

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
    exception(judged, outcome).map(|(code, _)| code)
}

/// The exception of a Deny that does not except the request because of a slip, with its name.
///
/// A plain condition of a Deny says what is forbidden; a negated one, or one that a missing key satisfies, is an exception,
/// and those go wrong.
pub(in super::super) fn exception(judged: &RequestOutcome, outcome: &StatementOutcome) -> Option<(Code, Miss)> {
    let (request, policies) = (&judged.case.request, &judged.case.policies);
    let statement = policies.statement(outcome.at, outcome.statement)?;
    let exceptions = statement
        .conditions
        .iter()
        .filter(|condition| condition.operator.comparison.is_negated() || condition.operator.if_exists);
    let named = exceptions.filter_map(|condition| {
        let miss = Miss {
            element: Element::Condition(condition.operator, condition.key.clone()),
            expected: condition.written.clone(),
            actual: request.context.get(&condition.key).clone(),
            variables: Vec::new(),
        };
        let (position, code) =
            name(&MismatchContext { request, kind: outcome.at.kind, effect: Effect::Deny, miss: &miss })?;
        Some((position, code, miss))
    });
    named.min_by_key(|(position, _, _)| *position).map(|(_, code, miss)| (code, miss))
}

/// A Deny with `NotPrincipal` as one for everybody but the principals of these ARNs, which leaves out their sessions as
/// well and holds whether or not they have a permissions boundary; `None` where it leaves out others than roles, users
/// and accounts.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
pub(super) fn by_condition(text: &str) -> Option<String> {
    let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{text}]}}"#);
    let statement = Policy::parse(&document, PolicyType::KeyPolicy).ok()?.statements.into_iter().next()?;
    let element = statement.principal.filter(|element| element.sense == Polarity::Negated)?;
    let arns = element.entries.iter().map(|(entry, _)| match entry {
        PrincipalEntry::Role(arn) | PrincipalEntry::User(arn) | PrincipalEntry::Root(arn) => Some(arn.to_string()),
        PrincipalEntry::Session(arn) => RoleArn::parse(arn).ok().map(|role| role.as_str().to_owned()),
        PrincipalEntry::Anyone
        | PrincipalEntry::Account(_)
        | PrincipalEntry::UniqueId(_)
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::CanonicalUser(_)
        | PrincipalEntry::Other(_) => None,
    });
    let all = set_element(text, &["NotPrincipal"], "Principal", &["*".to_owned()]).ok()?;
    arns.collect::<Option<Vec<_>>>()?
        .iter()
        .try_fold(all, |text, arn| add_value(&text, &["Condition", "ArnNotEquals", "aws:PrincipalArn"], arn).ok())
}

/// Whether an entry of `NotPrincipal` is the role or user of this ARN, or a session of the role.
fn names_role(entry: &PrincipalEntry, arn: &str) -> bool {
    let session = RoleArn::parse(arn).map(|role| role.session_arn(""));
    entry.as_str() == arn || session.is_ok_and(|beginning| entry.as_str().starts_with(&beginning))
}
