//! The lines of a policy that decide, with the element marked that does.

use crate::document::{Position, Span};
use crate::engine::{Element, Miss};
use crate::findings::{Evidence, Finding, PlacedStatement, StatementRole, place};
use crate::operations::RequestOutcome;
use crate::outcome::Start;
use crate::policy::Statement;

use super::{Source, has};

/// Returns the places in the policy that a fact speaks of, each with what the request has there; none where the text
/// was not read, or where an element is missing.
pub(crate) fn sources(fact: &Evidence, finding: &Finding, start: &Start) -> Vec<Source> {
    let (at, misses, denies) = if let Evidence::Nearest { at, misses } = fact {
        (at, misses, false)
    } else if let Evidence::Statement { at, role: StatementRole::Denies, conditions } = fact {
        (at, conditions, true)
    } else {
        return Vec::new();
    };
    let Some((judged, statement)) = found(at, finding, start) else { return Vec::new() };
    let policy = judged.case.policies.get(at.at);
    let Some(text) = policy.and_then(|policy| policy.document.as_ref()).map(|document| document.text()) else {
        return Vec::new();
    };
    if denies && misses.is_empty() {
        let note = format!("denies {}", judged.case.row.action);
        return source(text, statement.action.span, note).into_iter().collect();
    }
    let shown: Option<Vec<Source>> =
        misses.iter().map(|miss| source(text, span(statement, miss)?, has(miss))).collect();
    // One that cannot be shown would be missed among the others.
    shown.unwrap_or_default()
}

/// The statement of a fact, in the policies of one of the finding's requests.
pub(super) fn found<'s>(
    at: &PlacedStatement,
    finding: &Finding,
    start: &'s Start,
) -> Option<(&'s RequestOutcome, &'s Statement)> {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    requests.find_map(|judged| {
        let policies = &judged.case.policies;
        let statement = policies.statement(at.at, at.index).filter(|_| place(policies, at.at, at.index) == *at)?;
        Some((judged, statement))
    })
}

fn span(statement: &Statement, miss: &Miss) -> Option<Span> {
    match &miss.element {
        Element::Action(_) => Some(statement.action.span),
        Element::Principal(_) => statement.principal.as_ref().map(|element| element.span),
        Element::Resource(_) => statement.resource.as_ref().map(|element| element.span),
        Element::Condition(operator, key) => {
            let mut conditions = statement.conditions.iter();
            conditions.find(|one| one.operator == *operator && one.key == *key).map(|one| one.span)
        }
        Element::GranteePrincipal
        | Element::EncryptionContext
        | Element::Operations
        | Element::GrantConstraintType
        | Element::IssuingAccount => None,
    }
}

fn source(text: &str, span: Span, note: String) -> Option<Source> {
    let before = text.get(..span.start)?.rsplit('\n').next().unwrap_or_default();
    // An element of several lines is shown as one.
    let marked = text.get(span.start..span.end)?.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let rest = text.get(span.end..)?.lines().next().unwrap_or_default();
    Some(Source {
        line: Position::of(text, span.start).line,
        before: before.to_owned(),
        marked,
        after: rest.to_owned(),
        note,
    })
}
