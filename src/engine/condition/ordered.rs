use std::cmp::Ordering;

use crate::policy::{Comparison, Truth};

/// Whether one of the orderings of the request's value against the policy's values is what the operator asks for.
/// Of a negated operator this is what must *not* be.
pub(super) fn any(comparison: Comparison, orderings: impl Iterator<Item = Ordering>) -> Truth {
    let mut orderings = orderings;
    Truth::from(orderings.any(|ordering| match comparison {
        Comparison::NumericLessThan | Comparison::DateLessThan => ordering.is_lt(),
        Comparison::NumericLessThanEquals | Comparison::DateLessThanEquals => ordering.is_le(),
        Comparison::NumericGreaterThan | Comparison::DateGreaterThan => ordering.is_gt(),
        Comparison::NumericGreaterThanEquals | Comparison::DateGreaterThanEquals => ordering.is_ge(),
        Comparison::NumericEquals
        | Comparison::NumericNotEquals
        | Comparison::DateEquals
        | Comparison::DateNotEquals
        | Comparison::StringEquals
        | Comparison::StringNotEquals
        | Comparison::StringEqualsIgnoreCase
        | Comparison::StringNotEqualsIgnoreCase
        | Comparison::StringLike
        | Comparison::StringNotLike
        | Comparison::Bool
        | Comparison::BinaryEquals
        | Comparison::IpAddress
        | Comparison::NotIpAddress
        | Comparison::ArnEquals
        | Comparison::ArnNotEquals
        | Comparison::ArnLike
        | Comparison::ArnNotLike
        | Comparison::Null => ordering.is_eq(),
    }))
}
