//! The policy language as it is written: statements, elements, patterns, condition operators.
//!
//! Reading a policy compiles it: what can be worked out without a request (patterns, numbers, dates, networks)
//! is worked out once, here.

mod condition;
mod edit;
mod element;
mod error;
mod glob;
mod json;
mod limits;
mod literal;
mod parse;
mod pattern;
mod piece;
mod principal;
mod refusal;
mod sentence;
mod truth;
mod variable;

pub(crate) use condition::Form;
pub use condition::{Comparison, Condition, Operator, Quantifier, Values};
pub(crate) use edit::{
    add_statement, add_value, change_condition, replace_principal, replace_statement, replace_value, set_condition,
    set_element, statements, with_free_sid, without_principal,
};
pub use element::{
    ActionElement, ActionPattern, Effect, Polarity, Policy, PolicyType, PrincipalElement, PrincipalEntry,
    ResourceElement, Statement, Version,
};
pub use error::{PolicyError, Problem};
pub use json::{JsonValue, parse_json};
pub use limits::Size;
pub use literal::{ArnPattern, Decimal, Moment, Network, parse_address};
pub use pattern::Pattern;
pub use piece::{NoVariables, Resolved, Variable, Variables};
pub(crate) use refusal::{Place, refused};
pub use truth::Truth;

#[cfg(test)]
mod tests;
