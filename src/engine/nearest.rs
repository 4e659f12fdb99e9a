use std::fmt;

use crate::names::ConditionKey;
use crate::policy::{Effect, Operator, PolicyType, Sense, Statement};

use super::context::ContextValue;
use super::explain::{Explanation, Failure, GrantOutcome, StatementOutcome};
use super::grant::{ENCRYPTION_CONTEXT, Grant};
use super::request::Request;
use super::set::{PolicyRef, PolicySet};

/// The Allow statement that fails in the fewest elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// Its policy.
    pub at: PolicyRef,
    /// Its position there.
    pub statement: usize,
    /// What of it fails.
    pub misses: Vec<Miss>,
}

/// One element that does not hold, with what it asks for and what the request has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The element.
    pub element: Element,
    /// What it asks for, as written; empty where the element is missing.
    pub expected: Vec<Box<str>>,
    /// What the request has.
    pub actual: ContextValue,
}

/// An element of a statement, or of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// `Action` or `NotAction`.
    Action(Sense),
    /// `Principal` or `NotPrincipal`.
    Principal(Sense),
    /// `Resource` or `NotResource`.
    Resource(Sense),
    /// One test of `Condition`.
    Condition(Operator, ConditionKey),
    /// A grant's grantee principal.
    GranteePrincipal,
    /// A grant's constraint on the encryption context.
    EncryptionContext,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut element = |sense: &Sense, name| write!(f, "{}{name}", if *sense == Sense::AllBut { "Not" } else { "" });
        match self {
            Self::Action(sense) => element(sense, "Action"),
            Self::Principal(sense) => element(sense, "Principal"),
            Self::Resource(sense) => element(sense, "Resource"),
            Self::Condition(operator, key) => write!(f, "Condition {operator} {key}"),
            Self::GranteePrincipal => f.write_str("grantee principal"),
            Self::EncryptionContext => f.write_str("encryption context"),
        }
    }
}

/// The Allow statement of these policy types that comes nearest; only one that fits the request's action.
pub fn nearest(
    request: &Request,
    policies: &PolicySet,
    explanation: &Explanation,
    kinds: &[PolicyType],
) -> Option<NearMiss> {
    let action = |miss: &Miss| matches!(miss.element, Element::Action(_));
    // Of two that fail in as many elements the one that names the principal is nearer.
    let stranger = |miss: &Miss| matches!(miss.element, Element::Principal(_));
    near_misses(request, policies, explanation, kinds)
        .filter(|near| !near.misses.iter().any(action))
        .min_by_key(|near| (near.misses.len(), near.misses.iter().any(stranger)))
}

/// Every Allow statement of these policy types that certainly does not apply, with all that fails in it.
pub fn near_misses(
    request: &Request,
    policies: &PolicySet,
    explanation: &Explanation,
    kinds: &[PolicyType],
) -> impl Iterator<Item = NearMiss> {
    let candidates = explanation.statements.iter().filter(|outcome| {
        outcome.effect == Effect::Allow && kinds.contains(&outcome.at.kind) && outcome.applies.is_false()
    });
    candidates.filter_map(|outcome| {
        let statement = policies.statement(outcome.at, outcome.statement)?;
        let misses = failing(outcome).filter_map(|failure| miss(statement, request, failure)).collect();
        Some(NearMiss { at: outcome.at, statement: outcome.statement, misses })
    })
}

fn failing(outcome: &StatementOutcome) -> impl Iterator<Item = Failure> {
    outcome.failures.iter().filter(|(_, truth)| truth.is_false()).map(|(failure, _)| *failure)
}

fn miss(statement: &Statement, request: &Request, failure: Failure) -> Option<Miss> {
    Some(match failure {
        Failure::Action => Miss {
            element: Element::Action(statement.action.sense),
            expected: statement.action.patterns.iter().map(|pattern| pattern.as_str().into()).collect(),
            actual: request.action.as_str().into(),
        },
        Failure::Principal => {
            let element = statement.principal.as_ref()?;
            Miss {
                element: Element::Principal(element.sense),
                expected: element.entries.iter().map(|(entry, _)| entry.as_str().into()).collect(),
                actual: (*request.principal.arn).into(),
            }
        }
        Failure::Resource => {
            let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
            Miss {
                element: Element::Resource(statement.resource.as_ref().map_or(Sense::Listed, |element| element.sense)),
                expected: patterns.map(|pattern| pattern.as_str().into()).collect(),
                actual: request.resource().into(),
            }
        }
        Failure::Condition(number) => {
            let condition = statement.conditions.get(number)?;
            Miss {
                element: Element::Condition(condition.operator, condition.key.clone()),
                expected: condition.written.clone(),
                actual: request.context.get(&condition.key).clone(),
            }
        }
    })
}

/// What of a grant that holds the operation fails.
pub fn grant_misses(request: &Request, grant: &Grant, outcome: GrantOutcome) -> Vec<Miss> {
    let mut misses = Vec::new();
    if outcome.grantee.is_false() {
        misses.push(Miss {
            element: Element::GranteePrincipal,
            expected: vec![grant.grantee.as_str().into()],
            actual: (*request.principal.arn).into(),
        });
    }
    if outcome.constraints.is_false() {
        let pairs = grant.subset.iter().chain(&grant.equals).flatten();
        misses.push(Miss {
            element: Element::EncryptionContext,
            expected: pairs.map(|(key, value)| format!("{key} = {value}").into()).collect(),
            actual: encryption_context(request),
        });
    }
    misses
}

fn encryption_context(request: &Request) -> ContextValue {
    let pairs = request.context.entries().filter_map(|(key, value)| {
        let name = key.as_str().get(ENCRYPTION_CONTEXT.len()..)?;
        let ContextValue::Single(value) = value else { return None };
        key.lower().starts_with(ENCRYPTION_CONTEXT).then(|| format!("{name} = {value}").into())
    });
    let pairs: Vec<Box<str>> = pairs.collect();
    if pairs.is_empty() { ContextValue::Absent } else { ContextValue::Multi(pairs) }
}
