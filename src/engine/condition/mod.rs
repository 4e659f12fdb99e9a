//! Whether a condition holds for the request context.

mod ordered;
mod text;

use std::net::IpAddr;

use crate::names::Arn;
use crate::policy::{
    ArnPattern, Comparison, Condition, Decimal, Effect, Moment, Network, PolicyType, Quantifier, Truth, Values,
    parse_address,
};

use super::context::ContextValue;
use super::request::Request;

/// Whether `condition` of a statement with this effect, in a policy of type `kind`, holds for `request`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub fn test(condition: &Condition, effect: Effect, kind: PolicyType, request: &Request) -> Truth {
    let holds = value_holds(condition, effect, request.context.get(&condition.key), request);
    if kind != PolicyType::KeyPolicy || !request.context.is_doubtful_in_key_policy(&condition.key) {
        return holds;
    }
    let without = value_holds(condition, effect, &ContextValue::Absent, request);
    if holds == without { holds } else { Truth::Unknown }
}

fn value_holds(condition: &Condition, effect: Effect, value: &ContextValue, request: &Request) -> Truth {
    if let ContextValue::OneOf(choices) = value {
        let mut outcomes = choices.iter().map(|choice| value_holds(condition, effect, choice, request));
        let first = outcomes.next().unwrap_or(Truth::Unknown);
        return if outcomes.all(|outcome| outcome == first) { first } else { Truth::Unknown };
    }
    if condition.operator.comparison == Comparison::Null {
        return null(condition, value);
    }
    let operator = condition.operator;
    match value {
        ContextValue::Absent => absent(condition),
        ContextValue::Multi(values) if values.is_empty() => absent(condition),
        ContextValue::NotKnown | ContextValue::OneOf(_) => Truth::Unknown,
        ContextValue::Foreign => foreign(condition),
        ContextValue::KnownPrefix(prefix) => text::prefix_satisfies(condition, prefix, request),
        ContextValue::Single(text) => satisfies(condition, effect, text, request),
        ContextValue::Multi(values) => {
            let mut each = values.iter().map(|value| satisfies(condition, effect, value, request));
            match operator.quantifier {
                Some(Quantifier::ForAllValues) => Truth::all(each),
                Some(Quantifier::ForAnyValue) => Truth::any(&mut each),
                // Without a set operator a multivalued key that has a value never satisfies.
                None => Truth::False,
            }
        }
    }
}

/// `Null`: whether the key is missing is as the policy says; every text but `true` asks for its presence.
fn null(condition: &Condition, value: &ContextValue) -> Truth {
    let missing = match value {
        ContextValue::Absent => Truth::True,
        ContextValue::Multi(values) => Truth::from(values.is_empty()),
        ContextValue::Single(_) | ContextValue::KnownPrefix(_) => Truth::False,
        ContextValue::OneOf(_) | ContextValue::Foreign | ContextValue::NotKnown => Truth::Unknown,
    };
    let Values::Flag(wanted) = &condition.values else { return Truth::False };
    Truth::any(wanted.iter().map(|wants_missing| if *wants_missing { missing } else { !missing }))
}

/// `ForAnyValue` asks for a value that satisfies, `…IfExists` or not: field tests agree, where AWS's pages on the two
/// contradict each other.
///
/// Source: <https://iam.cloudcopilot.io/resources/operators/ForAnyValue:StringLikeIfExists>
fn absent(condition: &Condition) -> Truth {
    let operator = condition.operator;
    match operator.quantifier {
        Some(Quantifier::ForAllValues) => Truth::True,
        Some(Quantifier::ForAnyValue) => Truth::False,
        None => Truth::from(operator.if_exists || operator.comparison.is_negated()),
    }
}

/// A value that may be there or not, and equals nothing that a policy names.
fn foreign(condition: &Condition) -> Truth {
    let covers_all = match &condition.values {
        Values::Address(networks) => networks.iter().flatten().any(Network::is_everything),
        Values::Text(patterns) => patterns.iter().any(crate::policy::Pattern::is_anything),
        Values::Number(_) | Values::Date(_) | Values::Flag(_) | Values::Binary(_) | Values::Arn(_) => false,
    };
    if covers_all {
        return Truth::Unknown;
    }
    let present = Truth::from(condition.operator.comparison.is_negated());
    let absent = absent(condition);
    if present == absent { present } else { Truth::Unknown }
}

/// Whether one value of the request satisfies the operator: it matches one value of the policy or, where the
/// operator is negated, none.
fn satisfies(condition: &Condition, effect: Effect, actual: &str, request: &Request) -> Truth {
    let negated = condition.operator.comparison.is_negated();
    let sign = |matched: Truth| if negated { !matched } else { matched };
    match &condition.values {
        Values::Text(_) => sign(text::matches_any(condition, actual, request)),
        Values::Number(literals) => {
            let Some(actual) = Decimal::parse(actual) else { return Truth::from(negated) };
            let any = literals.iter().flatten().filter_map(|literal| Decimal::parse(literal));
            sign(ordered::any(condition.operator.comparison, any.map(|literal| actual.compare(&literal))))
        }
        Values::Date(literals) => {
            let Some(actual) = Moment::parse(actual) else { return Truth::from(negated) };
            let any = literals.iter().flatten();
            sign(ordered::any(condition.operator.comparison, any.map(|literal| actual.cmp(literal))))
        }
        Values::Flag(wanted) => {
            let actual = actual.eq_ignore_ascii_case("true");
            Truth::from(wanted.contains(&actual))
        }
        Values::Binary(wanted) => Truth::from(wanted.iter().any(|text| **text == *actual)),
        Values::Address(networks) => {
            // What is no address satisfies neither the operator nor its negation.
            let Some(actual) = parse_address(actual) else { return Truth::False };
            sign(Truth::from(contains(networks, actual)))
        }
        Values::Arn(patterns) => match Arn::split(actual) {
            // A pattern that is no ARN grants no Allow and binds every Deny.
            Some(_) if fails_closed(patterns, request) => Truth::from(effect == Effect::Deny),
            Some(parts) => sign(Truth::any(patterns.iter().map(|pattern| text::arn_matches(pattern, parts, request)))),
            // What is no ARN satisfies neither the operator nor its negation.
            None => Truth::False,
        },
    }
}

fn contains(networks: &[Option<Network>], address: IpAddr) -> bool {
    networks.iter().flatten().any(|network| network.contains(address))
}

fn fails_closed(patterns: &[ArnPattern], request: &Request) -> bool {
    patterns.iter().any(|pattern| match pattern {
        ArnPattern::NotAnArn => true,
        ArnPattern::Open(pattern) => text::open_is_no_arn(pattern, request),
        ArnPattern::Parts(_) | ArnPattern::Bare => false,
    })
}
