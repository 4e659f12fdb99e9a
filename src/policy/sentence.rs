//! A condition in words that a person can check.

use super::condition::{Comparison, Condition, Quantifier};
use super::element::Effect;

impl Condition {
    /// What must hold for the request to be allowed: "aws:SourceIp is in 203.0.113.0/24". Of a Deny it is what must
    /// hold for the statement *not* to apply.
    pub fn sentence(&self, effect: Effect) -> String {
        sentence(self, effect)
    }
}

fn sentence(condition: &Condition, effect: Effect) -> String {
    let values = list(&condition.written);
    let key = condition.key.as_str();
    let operator = condition.operator;
    let holds = effect == Effect::Allow;
    if operator.comparison == Comparison::Null {
        let missing = condition.written.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return format!("{key} is {}", if missing == holds { "absent" } else { "present" });
    }
    let verb = verb(operator.comparison, holds);
    let whose = match operator.quantifier {
        None => key.to_owned(),
        Some(Quantifier::ForAllValues) if holds => format!("every value of {key}"),
        Some(Quantifier::ForAnyValue) if holds => format!("some value of {key}"),
        Some(Quantifier::ForAllValues) => format!("some value of {key}"),
        Some(Quantifier::ForAnyValue) => format!("every value of {key}"),
    };
    // Whether a missing key satisfies the operator; then the condition as a whole allows it too, or does not.
    let missing_satisfies =
        operator.if_exists || operator.comparison.is_negated() || operator.quantifier == Some(Quantifier::ForAllValues);
    let or_absent = if missing_satisfies == holds { " or the key is absent" } else { "" };
    format!("{whose} {verb} {values}{or_absent}")
}

fn list(values: &[Box<str>]) -> String {
    match values {
        [] => "no value".to_owned(),
        [one] => one.to_string(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} or {last}", most.join(", "))
        }
    }
}

fn verb(comparison: Comparison, holds: bool) -> &'static str {
    let (verb, opposite) = match comparison {
        Comparison::StringEquals
        | Comparison::StringNotEquals
        | Comparison::NumericEquals
        | Comparison::NumericNotEquals
        | Comparison::DateEquals
        | Comparison::DateNotEquals
        | Comparison::BinaryEquals
        | Comparison::Bool
        | Comparison::Null => ("is", "is not"),
        Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase => {
            ("is (in any case)", "is not (in any case)")
        }
        Comparison::StringLike
        | Comparison::StringNotLike
        | Comparison::ArnEquals
        | Comparison::ArnNotEquals
        | Comparison::ArnLike
        | Comparison::ArnNotLike => ("is like", "is not like"),
        Comparison::NumericLessThan => ("is less than", "is not less than"),
        Comparison::NumericLessThanEquals => ("is at most", "is more than"),
        Comparison::NumericGreaterThan => ("is more than", "is at most"),
        Comparison::NumericGreaterThanEquals => ("is at least", "is less than"),
        Comparison::DateLessThan => ("is before", "is not before"),
        Comparison::DateLessThanEquals => ("is not after", "is after"),
        Comparison::DateGreaterThan => ("is after", "is not after"),
        Comparison::DateGreaterThanEquals => ("is not before", "is before"),
        Comparison::IpAddress | Comparison::NotIpAddress => ("is in", "is not in"),
    };
    if holds == comparison.is_negated() { opposite } else { verb }
}
