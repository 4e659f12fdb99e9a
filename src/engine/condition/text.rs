use crate::policy::{ArnPattern, Comparison, Condition, NoVariables, Pattern, Quantifier, Resolved, Truth, Values};

use super::super::request::Request;

fn ignores_case(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase)
}

/// Whether `actual` matches one of the values of a string operator.
pub(super) fn matches_any(condition: &Condition, actual: &str, request: &Request) -> Truth {
    let Values::Text(patterns) = &condition.values else { return Truth::False };
    if ignores_case(condition.operator.comparison) {
        return Truth::any(patterns.iter().map(|pattern| equals_ignoring_case(pattern, actual, request)));
    }
    Truth::any(patterns.iter().map(|pattern| pattern.matches(actual, request)))
}

/// Compares full Unicode lower case.
fn equals_ignoring_case(pattern: &Pattern, actual: &str, request: &Request) -> Truth {
    match pattern.text(request) {
        Resolved::Text(text) if text.is_ascii() && actual.is_ascii() => Truth::from(text.eq_ignore_ascii_case(actual)),
        Resolved::Text(text) => Truth::from(text.to_lowercase() == actual.to_lowercase()),
        Resolved::Nothing => Truth::False,
        Resolved::NotKnown => Truth::Unknown,
    }
}

/// A value of which only the beginning is known.
pub(super) fn prefix_satisfies(condition: &Condition, prefix: &str, request: &Request) -> Truth {
    let negated = condition.operator.comparison.is_negated();
    let matched = match &condition.values {
        Values::Text(patterns) if ignores_case(condition.operator.comparison) => {
            Truth::any(patterns.iter().map(|pattern| match pattern.text(request) {
                Resolved::Text(text) => {
                    let text = text.to_lowercase();
                    let rest = text.strip_prefix(&prefix.to_lowercase());
                    let possible = rest.is_some_and(|rest| !rest.contains(['*', '?']));
                    if possible { Truth::Unknown } else { Truth::False }
                }
                Resolved::Nothing => Truth::False,
                Resolved::NotKnown => Truth::Unknown,
            }))
        }
        Values::Text(patterns) => Truth::any(patterns.iter().map(|pattern| pattern.matches_prefix(prefix, request))),
        Values::Number(_)
        | Values::Date(_)
        | Values::Flag(_)
        | Values::Binary(_)
        | Values::Address(_)
        | Values::Arn(_) => {
            return Truth::Unknown;
        }
    };
    // A single-valued key counts as a set of one for the set operators.
    match condition.operator.quantifier {
        None | Some(Quantifier::ForAllValues | Quantifier::ForAnyValue) => {
            if negated {
                !matched
            } else {
                matched
            }
        }
    }
}

/// Whether each part matches, each alone.
pub(super) fn arn_matches(pattern: &ArnPattern, actual: [&str; 6], request: &Request) -> Truth {
    match pattern {
        ArnPattern::Parts(parts) => {
            Truth::all(parts.iter().zip(actual).map(|(part, actual)| part.matches(actual, &NoVariables)))
        }
        ArnPattern::Open(pattern) => {
            let Some(parts) = pattern.split_arn(request) else {
                return if is_open(pattern, request) { Truth::Unknown } else { Truth::False };
            };
            Truth::all(parts.iter().zip(actual).map(|(part, actual)| part.matches(actual, &NoVariables)))
        }
        ArnPattern::Bare => Truth::Unknown,
        ArnPattern::NotAnArn => Truth::False,
    }
}

fn is_open(pattern: &Pattern, request: &Request) -> bool {
    pattern.unresolved(request) == Some(Resolved::NotKnown)
}

/// Whether a pattern with variables turns out to be no ARN in this request.
pub(super) fn open_is_no_arn(pattern: &Pattern, request: &Request) -> bool {
    pattern.unresolved(request).is_none() && pattern.split_arn(request).is_none()
}
