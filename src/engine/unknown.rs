use crate::names::ConditionKey;
use crate::policy::{
    Condition, Pattern, PolicyType, PrincipalEntry, Resolved, Statement, Truth, Variable, Variables as _,
};

use super::context::ContextValue;
use super::explain::FailedElement;
use super::principal::is_named_by;
use super::request::Request;

/// The context keys on which an element of a statement hangs: those of policy variables whose values are not known,
/// and the key that a condition tests if its own value is not.
pub fn unknown_keys<'s>(
    request: &Request,
    statement: &'s Statement,
    failure: FailedElement,
    kind: PolicyType,
) -> Vec<&'s ConditionKey> {
    match failure {
        FailedElement::Action | FailedElement::Principal => Vec::new(),
        FailedElement::Resource => {
            let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
            of_variables(request, patterns.flat_map(Pattern::variables))
        }
        FailedElement::Condition(number) => {
            let Some(condition) = statement.conditions.get(number) else { return Vec::new() };
            let mut keys = of_variables(request, condition.variables());
            if (keys.is_empty() || !is_known(request, condition, kind)) && !keys.contains(&&condition.key) {
                keys.push(&condition.key);
            }
            keys
        }
    }
}

fn of_variables<'s>(request: &Request, variables: impl Iterator<Item = &'s Variable>) -> Vec<&'s ConditionKey> {
    let mut keys = Vec::new();
    for variable in variables.filter(|variable| request.resolve(variable) == Resolved::NotKnown) {
        if !keys.contains(&&variable.key) {
            keys.push(&variable.key);
        }
    }
    keys
}

fn is_known(request: &Request, condition: &Condition, kind: PolicyType) -> bool {
    let key = &condition.key;
    let is_doubtful = kind == PolicyType::KeyPolicy && request.context.is_doubtful_in_key_policy(key);
    match request.context.get(key) {
        ContextValue::Single(_) | ContextValue::Multi(_) | ContextValue::Absent => !is_doubtful,
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::Ec2Internal | ContextValue::NotKnown => {
            false
        }
    }
}

/// The principals of a statement of which it is not known whether they are the request's: sessions, unique IDs.
pub fn unknown_principals<'s>(request: &Request, statement: &'s Statement) -> impl Iterator<Item = &'s PrincipalEntry> {
    let entries = statement.principal.iter().flat_map(|element| &element.entries).map(|(entry, _)| entry);
    entries.filter(|entry| is_named_by(entry, &request.principal) == Truth::Unknown)
}
