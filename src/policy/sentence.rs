//! A condition in words that a person can check.

use super::condition::{Comparison, Condition, Quantifier};
use super::element::Effect;

impl Condition {
    /// What must hold for the request to be allowed: "aws:SourceIp is in 203.0.113.0/24". Of a Deny it is what must
    /// hold for the statement *not* to apply.
    pub fn sentence(&self, effect: Effect) -> String {
        let values = list(&self.written);
        let key = self.key.as_str();
        let operator = self.operator;
        let holds = effect == Effect::Allow;
        if operator.comparison == Comparison::Null {
            let missing = self.written.iter().any(|value| value.eq_ignore_ascii_case("true"));
            return format!("{key} is {}", if missing == holds { "absent" } else { "present" });
        }
        let whose = match operator.quantifier {
            None => key.to_owned(),
            Some(quantifier) if holds == (quantifier == Quantifier::ForAllValues) => format!("every value of {key}"),
            Some(_) => format!("some value of {key}"),
        };
        // Whether a missing key satisfies the operator; then the condition as a whole allows it too, or does not.
        let missing_satisfies = match operator.quantifier {
            Some(quantifier) => quantifier == Quantifier::ForAllValues,
            None => operator.if_exists || operator.comparison.is_negated(),
        };
        let or_absent = if missing_satisfies == holds { " or the key is absent" } else { "" };
        format!("{whose} {} {values}{or_absent}", operator.comparison.verb(holds))
    }
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
