//! Which Allow statement came nearest, which of its elements fail, and against what.

use crate::engine::{ContextValue, Failure, PolicyRef, PolicySet, Request, StatementOutcome};
use crate::policy::{Effect, PolicyType, Sense, Statement, Truth};
use crate::source::Position;
use crate::start::Judged;

use super::PlacedStatement;

/// The Allow statement that fails in the fewest elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NearMiss {
    pub(crate) statement: PlacedStatement,
    pub(crate) misses: Vec<ElementMiss>,
}

/// One element that does not hold, with what it asks for and what the request has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ElementMiss {
    /// As `Resource`, `Condition StringEquals kms:ViaService`.
    pub(crate) element: String,
    pub(crate) expected: Vec<String>,
    pub(crate) actual: String,
}

/// The nearest Allow statement of these policy types; only one that fits the request's action.
pub(super) fn nearest(judged: &Judged, kinds: &[PolicyType]) -> Option<NearMiss> {
    let candidates = judged.explanation.statements.iter().filter(|outcome| {
        outcome.effect == Effect::Allow
            && kinds.contains(&outcome.at.kind)
            && !outcome.failures.contains(&(Failure::Action, Truth::False))
            && outcome.applies.is_false()
    });
    // Of two that fail in as many elements the one that names the principal is nearer.
    let nearest = candidates.min_by_key(|outcome| {
        let stranger = outcome.failures.contains(&(Failure::Principal, Truth::False));
        (definite(outcome).count(), stranger)
    })?;
    let policies = &judged.case.policies;
    let statement = statement(policies, nearest.at, nearest.statement)?;
    let misses = definite(nearest).map(|failure| miss(statement, &judged.case.request, failure)).collect();
    Some(NearMiss { statement: place(policies, nearest.at, nearest.statement), misses })
}

fn definite(outcome: &StatementOutcome) -> impl Iterator<Item = Failure> {
    outcome.failures.iter().filter(|(_, truth)| truth.is_false()).map(|(failure, _)| *failure)
}

pub(super) fn statement(policies: &PolicySet, at: PolicyRef, index: usize) -> Option<&Statement> {
    policies.get(at)?.policy.as_ref()?.statements.get(index)
}

/// A statement with the name of its policy and its place.
pub(crate) fn place(policies: &PolicySet, at: PolicyRef, index: usize) -> PlacedStatement {
    let policy = policies.get(at);
    let statement = statement(policies, at, index);
    let position =
        statement.and_then(|statement| Some(Position::of(policy?.document.as_ref()?.text(), statement.span.start)));
    PlacedStatement {
        at,
        policy: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        index,
        sid: statement.and_then(|statement| statement.sid.as_deref()).map(str::to_owned),
        position,
    }
}

fn miss(statement: &Statement, request: &Request, failure: Failure) -> ElementMiss {
    let not = |sense, name: &str| if sense == Sense::AllBut { format!("Not{name}") } else { name.to_owned() };
    match failure {
        Failure::Action => ElementMiss {
            element: not(statement.action.sense, "Action"),
            expected: statement.action.patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            actual: request.action.to_string(),
        },
        Failure::Principal => ElementMiss {
            element: statement.principal.as_ref().map_or_else(String::new, |element| not(element.sense, "Principal")),
            expected: statement
                .principal
                .iter()
                .flat_map(|element| &element.entries)
                .map(|(entry, _)| entry.as_str().to_owned())
                .collect(),
            actual: request.principal.arn.to_string(),
        },
        Failure::Resource => match &statement.resource {
            Some(element) => ElementMiss {
                element: not(element.sense, "Resource"),
                expected: element.patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
                actual: request.resource.to_string(),
            },
            None => ElementMiss {
                element: "Resource".to_owned(),
                expected: vec!["the element is missing, so the statement has no effect".to_owned()],
                actual: request.resource.to_string(),
            },
        },
        Failure::Condition(number) => match statement.conditions.get(number) {
            Some(condition) => ElementMiss {
                element: format!("Condition {} {}", condition.operator, condition.key),
                expected: condition.written.iter().map(ToString::to_string).collect(),
                actual: value_words(request.context.get(&condition.key)),
            },
            None => ElementMiss { element: "Condition".to_owned(), expected: Vec::new(), actual: String::new() },
        },
    }
}

/// A context value as a reader sees it.
pub(super) fn value_words(value: &ContextValue) -> String {
    match value {
        ContextValue::Single(text) => text.to_string(),
        ContextValue::Multi(values) => values.join(", "),
        ContextValue::Absent => "not in the request".to_owned(),
        ContextValue::KnownPrefix(prefix) if prefix.is_empty() => "not known".to_owned(),
        ContextValue::KnownPrefix(prefix) => format!("{prefix}…"),
        ContextValue::OneOf(_) | ContextValue::NotKnown => "not known".to_owned(),
        ContextValue::Foreign => "EC2's own, none of yours".to_owned(),
    }
}
