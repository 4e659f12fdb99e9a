use std::fmt;

use crate::names::ConditionKey;
use crate::policy::{
    Effect, Operator, Pattern, Polarity, PolicyType, PrincipalElement, PrincipalEntry, Statement, Variable,
};

use super::context::ContextValue;
use super::explain::{Explanation, FailedElement, GrantOutcome, StatementOutcome};
use super::grant::{ENCRYPTION_CONTEXT, Grant};
use super::principal::{PrincipalKind, Session};
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
    /// The policy variables in what it asks for, with what they stand for.
    pub variables: Vec<(ConditionKey, ContextValue)>,
}

/// An element of a statement, or of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// `Action` or `NotAction`.
    Action(Polarity),
    /// `Principal` or `NotPrincipal`.
    Principal(Polarity),
    /// `Resource` or `NotResource`.
    Resource(Polarity),
    /// One test of `Condition`.
    Condition(Operator, ConditionKey),
    /// A grant's grantee principal.
    GranteePrincipal,
    /// A grant's constraint on the encryption context.
    EncryptionContext,
    /// A grant's operations.
    Operations,
    /// How strictly a grant constrains what is granted through it.
    GrantConstraintType,
    /// The account that issued a grant.
    IssuingAccount,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut element =
            |sense: &Polarity, name| write!(f, "{}{name}", if *sense == Polarity::Negated { "Not" } else { "" });
        match self {
            Self::Action(sense) => element(sense, "Action"),
            Self::Principal(sense) => element(sense, "Principal"),
            Self::Resource(sense) => element(sense, "Resource"),
            Self::Condition(operator, key) => write!(f, "Condition {operator} {key}"),
            Self::GranteePrincipal => f.write_str("grantee principal"),
            Self::EncryptionContext => f.write_str("encryption context"),
            Self::Operations => f.write_str("operations"),
            Self::GrantConstraintType => f.write_str("constraint of what is granted through it"),
            Self::IssuingAccount => f.write_str("issuing account"),
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

/// The conditions of a statement with what the request has for each.
pub fn conditions(request: &Request, policies: &PolicySet, outcome: &StatementOutcome) -> Vec<Miss> {
    let statement = policies.statement(outcome.at, outcome.statement);
    let conditions = statement.map_or(0, |statement| statement.conditions.len());
    let tests = (0..conditions).filter_map(|number| miss(statement?, request, FailedElement::Condition(number)));
    tests.collect()
}

fn failing(outcome: &StatementOutcome) -> impl Iterator<Item = FailedElement> {
    outcome.failures.iter().filter(|(_, truth)| truth.is_false()).map(|(failure, _)| *failure)
}

fn miss(statement: &Statement, request: &Request, failure: FailedElement) -> Option<Miss> {
    let variables = |variables: &mut dyn Iterator<Item = &Variable>| {
        let mut found: Vec<(ConditionKey, ContextValue)> = Vec::new();
        for Variable { key, .. } in variables {
            if !found.iter().any(|(known, _)| known == key) {
                found.push((key.clone(), request.context.get(key).clone()));
            }
        }
        found
    };
    let plain = |element, expected, actual| Miss { element, expected, actual, variables: Vec::new() };
    Some(match failure {
        FailedElement::Action => plain(
            Element::Action(statement.action.sense),
            statement.action.patterns.iter().map(|pattern| pattern.as_str().into()).collect(),
            request.action.as_str().into(),
        ),
        FailedElement::Principal => {
            let element = statement.principal.as_ref()?;
            let expected = element.entries.iter().map(|(entry, _)| entry.as_str().into()).collect();
            plain(Element::Principal(element.sense), expected, principal(request, element))
        }
        FailedElement::Resource => {
            let patterns = || statement.resource.iter().flat_map(|element| &element.patterns);
            Miss {
                element: Element::Resource(
                    statement.resource.as_ref().map_or(Polarity::Positive, |element| element.sense),
                ),
                expected: patterns().map(|pattern| pattern.as_str().into()).collect(),
                actual: request.resource().into(),
                variables: variables(&mut patterns().flat_map(Pattern::variables)),
            }
        }
        FailedElement::Condition(number) => {
            let condition = statement.conditions.get(number)?;
            Miss {
                element: Element::Condition(condition.operator, condition.key.clone()),
                expected: condition.written.clone(),
                actual: request.context.get(&condition.key).clone(),
                variables: variables(&mut condition.variables()),
            }
        }
    })
}

/// The request's principal in the forms in which the element names principals: ARN, session, unique ID.
fn principal(request: &Request, element: &PrincipalElement) -> ContextValue {
    let principal = &request.principal;
    let mut forms: Vec<Box<str>> = Vec::new();
    for (entry, _) in &element.entries {
        let form = match (entry, &principal.kind) {
            (PrincipalEntry::Session(_), PrincipalKind::Role(Session::Known(session))) => session,
            (PrincipalEntry::UniqueId(_), _) => principal.unique_id.as_ref().unwrap_or(&principal.arn),
            (_, _) => &principal.arn,
        };
        if !forms.contains(form) {
            forms.push(form.clone());
        }
    }
    ContextValue::Multi(forms)
}

/// What of a grant that holds the operation fails.
pub fn grant_misses(request: &Request, grant: &Grant, outcome: GrantOutcome) -> Vec<Miss> {
    let mut misses = Vec::new();
    if outcome.grantee.is_false() {
        misses.push(Miss {
            element: Element::GranteePrincipal,
            expected: vec![grant.grantee.as_str().into()],
            actual: (*request.principal.arn).into(),
            variables: Vec::new(),
        });
    }
    let issuer = grant.issuing_account.as_deref();
    if let Some(issuer) = issuer.filter(|issuer| *issuer != &*request.principal.account) {
        misses.push(Miss {
            element: Element::IssuingAccount,
            expected: vec![issuer.into()],
            actual: (*request.principal.account).into(),
            variables: Vec::new(),
        });
    }
    let name = request.action.as_str().split_once(':').map_or("", |(_, name)| name);
    if outcome.operation.is_false() && grant.operations.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        let granted = request.context.get(&ConditionKey::new("kms:GrantOperations")).clone();
        misses.push(Miss {
            element: Element::Operations,
            expected: grant.operations.clone(),
            actual: granted,
            variables: Vec::new(),
        });
    }
    if outcome.constraints.is_false() && grant.is_only_passed_on_too_loosely(request) {
        let kind = if grant.equals.is_some() { "EncryptionContextEquals" } else { "EncryptionContextSubset" };
        misses.push(Miss {
            element: Element::GrantConstraintType,
            expected: vec![kind.into()],
            actual: request.context.get(&ConditionKey::new("kms:GrantConstraintType")).clone(),
            variables: Vec::new(),
        });
    } else if outcome.constraints.is_false() {
        let pairs = grant.subset.iter().chain(&grant.equals).flatten();
        misses.push(Miss {
            element: Element::EncryptionContext,
            expected: pairs.map(|(key, value)| format!("{key} = {value}").into()).collect(),
            actual: encryption_context(request),
            variables: Vec::new(),
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
