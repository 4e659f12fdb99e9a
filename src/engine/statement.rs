use crate::policy::{Effect, NoVariables, PolicyType, ResourceElement, Statement, Truth};

use super::condition;
use super::principal::{PrincipalMatch, named};
use super::recorder::Recorder;
use super::request::Request;

/// Whether the statement applies to the request, by each way in which it names the principal.
///
/// Policies without principals count as naming `anyone`. The recorder hears which elements fail; where it keeps
/// nothing, the walk stops at the first that does.
pub(super) fn applies<R: Recorder>(
    statement: &Statement,
    request: &Request,
    kind: PolicyType,
    has_boundary: bool,
    recorder: &mut R,
) -> PrincipalMatch {
    let mut holds = action(statement, request);
    recorder.action(holds);
    if holds.is_false() && !R::KEEPS {
        return PrincipalMatch::NOBODY;
    }
    let whom = whom(statement, request, has_boundary);
    recorder.principal(whom.at_all());
    if whom == PrincipalMatch::NOBODY && !R::KEEPS {
        return PrincipalMatch::NOBODY;
    }
    let resource = resource(statement, request, kind);
    recorder.resource(resource);
    holds = holds.and(resource);
    for test in &statement.conditions {
        if holds.is_false() && !R::KEEPS {
            return PrincipalMatch::NOBODY;
        }
        let truth = condition::test(test, statement.effect, kind, request);
        recorder.condition(truth);
        holds = holds.and(truth);
    }
    whom.and(holds)
}

fn action(statement: &Statement, request: &Request) -> Truth {
    let element = &statement.action;
    let lower = request.action.lower();
    element.sense.apply(Truth::from(element.patterns.iter().any(|pattern| pattern.covers(lower))))
}

fn whom(statement: &Statement, request: &Request, has_boundary: bool) -> PrincipalMatch {
    let Some(element) = &statement.principal else {
        return PrincipalMatch { anyone: Truth::True, ..PrincipalMatch::NOBODY };
    };
    // What is said of a boundary is said of Deny.
    let denies = statement.effect == Effect::Deny;
    let whom = named(element, &request.principal, has_boundary && denies);
    // AWS does not support NotPrincipal with Allow; read literally it admits everybody else.
    if !denies && element.sense == crate::policy::Polarity::Negated {
        return whom.and(Truth::Unknown);
    }
    whom
}

fn resource(statement: &Statement, request: &Request, kind: PolicyType) -> Truth {
    match &statement.resource {
        // KMS saves such a statement, and it has no effect; a role's trust policy knows no Resource.
        None => Truth::from(request.is_for_role()),
        Some(element) => element.sense.apply(listed(element, request, kind)),
    }
}

fn listed(element: &ResourceElement, request: &Request, kind: PolicyType) -> Truth {
    Truth::any(element.patterns.iter().map(|pattern| match kind {
        // Key policies know no policy variables in Resource that would name another key; `*` is this key.
        PolicyType::KeyPolicy if pattern.is_anything() => Truth::True,
        PolicyType::Identity
        | PolicyType::Boundary
        | PolicyType::Session
        | PolicyType::Scp
        | PolicyType::Rcp
        | PolicyType::KeyPolicy => {
            if request.resource() == "*" {
                // An action without a resource of its own is covered by `*` only.
                pattern.matches("*", &NoVariables).and(Truth::from(pattern.is_anything()))
            } else {
                pattern.matches(request.resource(), request)
            }
        }
    }))
}
