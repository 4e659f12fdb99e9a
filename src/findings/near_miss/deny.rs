//! Slips in Deny statements: exceptions that do not except what they were meant for.

use crate::engine::{Element, Miss, StatementOutcome};
use crate::policy::{Effect, Sense, Statement};
use crate::start::{By, Judged, is_network_key};

use super::super::Code;
use super::{Sight, name};

/// The name of what is wrong with the statements that deny the request, where one of them has such a slip.
pub(in super::super) fn denied(judged: &Judged) -> Option<Code> {
    let applies = |outcome: &&StatementOutcome| outcome.effect == Effect::Deny && outcome.applies.is_true();
    judged.explanation.statements.iter().filter(applies).find_map(|outcome| {
        let statement = judged.case.policies.statement(outcome.at, outcome.statement)?;
        of_statement(judged, statement, outcome)
    })
}

fn of_statement(judged: &Judged, statement: &Statement, outcome: &StatementOutcome) -> Option<Code> {
    let policies = &judged.case.policies;
    if judged.case.row.by == By::Infrastructure {
        let network = statement.conditions.iter().any(|condition| is_network_key(condition.key.lower()));
        return network.then_some(Code::PerimeterForgetsEc2);
    }
    if statement.principal.as_ref().is_some_and(|element| element.sense == Sense::AllBut) {
        let bounded = policies.boundary.is_some();
        return Some(if bounded { Code::NotPrincipalAndBoundary } else { Code::NotPrincipalForgetsSession });
    }
    let request = &judged.case.request;
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
            };
            name(&Sight { request, kind: outcome.at.kind, effect: Effect::Deny, miss: &miss })
        })
        .min()
        .map(|(_, code)| code)
}
