//! Conditions.

use std::cmp::Ordering;

use super::case::{Fact, Request};
use super::document::Condition;
use super::glob::{Token, literal, matches, takes_all_from, takes_some_from, units};
use super::literal::{address, date, is_base64, network, number};
use super::truth::Truth;
use super::variable::{Expanded, expand, pattern, plain};

/// What an operator compares; its negation is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Relation),
    Date(Relation),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

/// How the value of the request must stand to that of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A set operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    ForAllValues,
    ForAnyValue,
}

/// A condition operator with all that surrounds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator {
    pub(crate) kind: Kind,
    set: Option<Set>,
    if_exists: bool,
    negated: bool,
}

impl Operator {
    /// Reads `ForAnyValue:StringNotLikeIfExists`. `Null` has no `…IfExists`.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (set, rest) = match text.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Set::ForAllValues), rest),
            Some(("ForAnyValue", rest)) => (Some(Set::ForAnyValue), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (name, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |name| (name, true));
        let (kind, negated) = match name {
            "StringEquals" => (Kind::StringEquals, false),
            "StringNotEquals" => (Kind::StringEquals, true),
            "StringEqualsIgnoreCase" => (Kind::StringEqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Kind::StringEqualsIgnoreCase, true),
            "StringLike" => (Kind::StringLike, false),
            "StringNotLike" => (Kind::StringLike, true),
            "NumericEquals" => (Kind::Numeric(Relation::Equal), false),
            "NumericNotEquals" => (Kind::Numeric(Relation::Equal), true),
            "NumericLessThan" => (Kind::Numeric(Relation::Less), false),
            "NumericLessThanEquals" => (Kind::Numeric(Relation::LessOrEqual), false),
            "NumericGreaterThan" => (Kind::Numeric(Relation::Greater), false),
            "NumericGreaterThanEquals" => (Kind::Numeric(Relation::GreaterOrEqual), false),
            "DateEquals" => (Kind::Date(Relation::Equal), false),
            "DateNotEquals" => (Kind::Date(Relation::Equal), true),
            "DateLessThan" => (Kind::Date(Relation::Less), false),
            "DateLessThanEquals" => (Kind::Date(Relation::LessOrEqual), false),
            "DateGreaterThan" => (Kind::Date(Relation::Greater), false),
            "DateGreaterThanEquals" => (Kind::Date(Relation::GreaterOrEqual), false),
            "Bool" => (Kind::Bool, false),
            "BinaryEquals" => (Kind::Binary, false),
            "IpAddress" => (Kind::IpAddress, false),
            "NotIpAddress" => (Kind::IpAddress, true),
            "ArnEquals" | "ArnLike" => (Kind::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Kind::Arn, true),
            "Null" if !if_exists => (Kind::Null, false),
            _ => return None,
        };
        Some(Self { kind, set, if_exists, negated })
    }

    pub(crate) fn is_for_all(self) -> bool {
        self.set == Some(Set::ForAllValues)
    }
}

/// What a condition is read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) request: &'a Request,
    /// Whether `${…}` is a policy variable.
    pub(crate) variables: bool,
    /// Whether the statement denies.
    pub(crate) denies: bool,
    /// Whether it stands in a key policy.
    pub(crate) of_key: bool,
}

/// Whether one operator with one key is met.
///
/// A key that is not in the request meets negated operators, `…IfExists` and `ForAllValues`. On a
/// multivalued key an operator without a set operator is never met (capture of AWS).
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
pub(crate) fn is_met(condition: &Condition, scope: Scope<'_>) -> Truth {
    let fact = match scope.request.fact(&condition.key) {
        Fact::Many(values) if values.is_empty() => Fact::Absent,
        fact @ (Fact::Absent | Fact::Unknown | Fact::Begins(_) | Fact::One(_) | Fact::Many(_)) => fact,
    };
    let here = fact_meets(condition, fact, scope);
    if !scope.of_key || !is_for_identity_policies_only(&condition.key) {
        return here;
    }
    // A key policy may see it as absent.
    let without = fact_meets(condition, Fact::Absent, scope);
    if here == without { here } else { Truth::Unknown }
}

/// What KMS gives for identity policies only; a key policy with it is none that KMS saves today.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>
fn is_for_identity_policies_only(key: &str) -> bool {
    let key = key.to_lowercase();
    key == "kms:resourcealiases" || key.starts_with("aws:resourcetag/")
}

fn fact_meets(condition: &Condition, fact: Fact, scope: Scope<'_>) -> Truth {
    let operator = condition.operator;
    if operator.kind == Kind::Null {
        // What a set operator makes of it is told nowhere.
        return if operator.set.is_some() { Truth::Unknown } else { is_null(&condition.values, &fact) };
    }
    match (fact, operator.set) {
        (Fact::Unknown, _) => Truth::Unknown,
        (Fact::Absent, None) if operator.if_exists => Truth::True,
        (Fact::Absent, Some(Set::ForAllValues)) => Truth::True,
        (Fact::Absent, Some(Set::ForAnyValue)) | (Fact::Many(_), None) => Truth::False,
        (Fact::Absent, None) => Truth::from(operator.negated),
        (Fact::Begins(start), _) => begins_meets(&start, condition, scope),
        (Fact::One(value), _) => value_meets(&value, condition, scope),
        (Fact::Many(values), Some(Set::ForAllValues)) => {
            Truth::all(values.iter().map(|value| value_meets(value, condition, scope)))
        }
        (Fact::Many(values), Some(Set::ForAnyValue)) => {
            Truth::any(values.iter().map(|value| value_meets(value, condition, scope)))
        }
    }
}

/// `Null` is true: the key is absent; false, and every other text: it is there.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null>
fn is_null(values: &[String], fact: &Fact) -> Truth {
    let absent = match fact {
        Fact::Absent => Truth::True,
        Fact::Unknown => Truth::Unknown,
        Fact::Begins(_) | Fact::One(_) | Fact::Many(_) => Truth::False,
    };
    Truth::any(values.iter().map(|wanted| if is_true(wanted) { absent } else { absent.not() }))
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// Whether one value of the request meets the operator: any of the policy's values, or, negated, none.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>
fn value_meets(value: &str, condition: &Condition, scope: Scope<'_>) -> Truth {
    let Condition { operator, values, .. } = condition;
    // What is neither an ARN nor an address meets neither the operator nor its negation (capture of AWS).
    let no_arn = operator.kind == Kind::Arn && arn_parts(&literal(value)).is_none();
    let no_address = operator.kind == Kind::IpAddress && address(value).is_none();
    if no_arn || no_address {
        return Truth::False;
    }
    let mut equal = Truth::False;
    for wanted in values {
        equal = equal.or(match operator.kind {
            Kind::Arn => {
                let Some(equal) = arn_equals(value, wanted, scope) else {
                    // A pattern that is no ARN gives no Allow and binds a Deny, and what comes behind it is not read; a
                    // match before it decides first (captures of AWS).
                    let by_match = Truth::from(!operator.negated);
                    let closed = Truth::from(scope.denies);
                    return match equal {
                        Truth::True => by_match,
                        Truth::False => closed,
                        Truth::Unknown if by_match == closed => closed,
                        Truth::Unknown => Truth::Unknown,
                    };
                };
                equal
            }
            Kind::StringEquals => with_text(wanted, scope, |wanted| wanted == value),
            Kind::StringEqualsIgnoreCase => {
                with_text(wanted, scope, |wanted| wanted.to_lowercase() == value.to_lowercase())
            }
            Kind::StringLike => with_pattern(wanted, scope, |wanted| matches(wanted, &units(value)).into()),
            Kind::Numeric(relation) => match (number(value), number(wanted)) {
                (Some(value), Some(wanted)) => relation.holds(value.compare(&wanted)).into(),
                (None, _) | (_, None) => Truth::False,
            },
            Kind::Date(relation) => match (date(value), date(wanted)) {
                (Some(value), Some(wanted)) => relation.holds(value.cmp(&wanted)).into(),
                (None, _) | (_, None) => Truth::False,
            },
            Kind::Bool => Truth::from(is_true(value) == is_true(wanted)),
            Kind::Binary => Truth::from(is_base64(value) && value == wanted),
            Kind::IpAddress => Truth::from(
                network(wanted).zip(address(value)).is_some_and(|(network, address)| network.holds(address)),
            ),
            // `Null` asks for no value.
            Kind::Null => Truth::False,
        });
    }
    if operator.negated { equal.not() } else { equal }
}

/// As [`value_meets`] for a value of which the start is known: so far as that settles it.
fn begins_meets(start: &str, condition: &Condition, scope: Scope<'_>) -> Truth {
    let compare = |pattern: &[Token], start: &str| {
        let start = units(start);
        match (takes_all_from(pattern, &start), takes_some_from(pattern, &start)) {
            (true, _) => Truth::True,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::False,
        }
    };
    let equal = Truth::any(condition.values.iter().map(|wanted| match condition.operator.kind {
        Kind::StringLike => with_pattern(wanted, scope, |wanted| compare(wanted, start)),
        Kind::StringEquals => with_truth(wanted, scope, |wanted| compare(&literal(wanted), start)),
        Kind::StringEqualsIgnoreCase => {
            with_truth(wanted, scope, |wanted| compare(&literal(&wanted.to_lowercase()), &start.to_lowercase()))
        }
        Kind::Numeric(_) | Kind::Date(_) | Kind::Bool | Kind::Binary | Kind::IpAddress | Kind::Arn | Kind::Null => {
            Truth::Unknown
        }
    }));
    if condition.operator.negated { equal.not() } else { equal }
}

/// A text of the policy that lacks a variable's value equals nothing, so a negated operator is met.
fn with_truth(wanted: &str, scope: Scope<'_>, compare: impl FnOnce(&str) -> Truth) -> Truth {
    match expand(wanted, scope.request, scope.variables) {
        Expanded::Pieces(pieces) => compare(&plain(&pieces)),
        Expanded::Nothing => Truth::False,
        Expanded::NotKnown => Truth::Unknown,
    }
}

fn with_text(wanted: &str, scope: Scope<'_>, compare: impl FnOnce(&str) -> bool) -> Truth {
    with_truth(wanted, scope, |wanted| compare(wanted).into())
}

fn with_pattern(wanted: &str, scope: Scope<'_>, compare: impl FnOnce(&[Token]) -> Truth) -> Truth {
    match expand(wanted, scope.request, scope.variables) {
        Expanded::Pieces(pieces) => compare(&pattern(&pieces)),
        Expanded::Nothing => Truth::False,
        Expanded::NotKnown => Truth::Unknown,
    }
}

/// `ArnEquals` and `ArnLike` alike: six parts, each compared alone, case-sensitively, with wildcards.
/// `None` where the policy's text turns out to be no ARN.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>
fn arn_equals(value: &str, wanted: &str, scope: Scope<'_>) -> Option<Truth> {
    let pieces = match expand(wanted, scope.request, scope.variables) {
        Expanded::Pieces(pieces) => pieces,
        Expanded::Nothing => return Some(Truth::False),
        Expanded::NotKnown => return Some(Truth::Unknown),
    };
    let wanted = arn_parts(&pattern(&pieces))?;
    let value = arn_parts(&literal(value))?;
    let equal = wanted.iter().zip(&value).all(|(wanted, part)| matches(wanted, &units_of(part)));
    Some(equal.into())
}

/// The six parts of an ARN, which begins with `arn`.
fn arn_parts(tokens: &[Token]) -> Option<Vec<Vec<Token>>> {
    let colon = Token::Unit(u32::from(':'));
    let parts: Vec<Vec<Token>> = tokens.splitn(6, |token| *token == colon).map(<[Token]>::to_vec).collect();
    (parts.len() == 6 && parts.first() == Some(&literal("arn"))).then_some(parts)
}

fn units_of(tokens: &[Token]) -> Vec<u32> {
    tokens
        .iter()
        .filter_map(|token| match token {
            Token::Unit(unit) => Some(*unit),
            Token::One { .. } | Token::Run { .. } => None,
        })
        .collect()
}
