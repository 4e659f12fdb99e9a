//! The edit of a statement that puts a slip right: one word where one is wrong.

use crate::engine::{ContextValue, Element};
use crate::names::{Arn, KeyArn};
use crate::policy::{Comparison, Polarity, add_value, change_condition, replace_value, set_element};

use super::super::asked_keys::meant;
use super::{MismatchContext, condition_key};

/// Returns the statement's text with the slip put right, or `None` where no edit of it is certainly meant. What is wrong
/// is the one value of the element in which the slip alone is; none where it is in all of them together.
pub(super) type Correction = fn(&MismatchContext<'_>, &str, &str) -> Option<String>;

pub(super) fn none(_: &MismatchContext<'_>, _: &str, _: &str) -> Option<String> {
    None
}

/// Where the values of the element stand in the statement.
fn path(sight: &MismatchContext<'_>) -> Option<Vec<String>> {
    let names: &[&str] = match &sight.miss.element {
        Element::Action(Polarity::Positive) => &["Action"],
        Element::Resource(Polarity::Positive) => &["Resource"],
        Element::Principal(Polarity::Positive) => &["Principal", "AWS"],
        Element::Condition(operator, key) => {
            return Some(vec!["Condition".to_owned(), operator.to_string(), key.as_str().to_owned()]);
        }
        Element::Action(Polarity::Negated)
        | Element::Resource(Polarity::Negated)
        | Element::Principal(Polarity::Negated)
        | Element::GranteePrincipal
        | Element::EncryptionContext
        | Element::Operations
        | Element::GrantConstraintType
        | Element::IssuingAccount => return None,
    };
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn instead(sight: &MismatchContext<'_>, wrong: &str, right: &str, text: &str) -> Option<String> {
    let path = path(sight)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    replace_value(text, &path, wrong, right).ok()
}

/// Beside what the statement already serves.
fn beside(sight: &MismatchContext<'_>, right: &str, text: &str) -> Option<String> {
    let path = path(sight)?;
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    add_value(text, &path, right).ok()
}

fn actual<'a>(sight: &MismatchContext<'a>) -> Option<&'a str> {
    if let ContextValue::Single(text) = &sight.miss.actual { Some(text) } else { None }
}

pub(super) fn as_the_request_has_it(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    instead(sight, wrong, actual(sight)?, text)
}

pub(super) fn what_the_request_has(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    beside(sight, actual(sight)?, text)
}

/// The condition under another comparison, with the same set operator and the same `…IfExists`.
fn compared(sight: &MismatchContext<'_>, text: &str, of: fn(Comparison) -> Option<Comparison>) -> Option<String> {
    let Element::Condition(operator, key) = &sight.miss.element else { return None };
    let mut new = *operator;
    new.comparison = of(operator.comparison)?;
    let key = key.as_str();
    change_condition(text, (&operator.to_string(), key), Some((&new.to_string(), key))).ok()
}

pub(super) fn with_wildcards(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    compared(sight, text, |comparison| {
        let is_plain = comparison == Comparison::StringEquals;
        let other = if is_plain { Comparison::StringLike } else { Comparison::StringNotLike };
        (is_plain || comparison == Comparison::StringNotEquals).then_some(other)
    })
}

pub(super) fn in_any_case(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    compared(sight, text, |comparison| {
        let is_plain = comparison == Comparison::StringEquals;
        let other = if is_plain { Comparison::StringEqualsIgnoreCase } else { Comparison::StringNotEqualsIgnoreCase };
        (is_plain || comparison == Comparison::StringNotEquals).then_some(other)
    })
}

pub(super) fn without_condition(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    let Element::Condition(operator, key) = &sight.miss.element else { return None };
    change_condition(text, (&operator.to_string(), key.as_str()), None).ok()
}

pub(super) fn meant_key(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    let Element::Condition(operator, key) = &sight.miss.element else { return None };
    let (operator, meant) = (operator.to_string(), meant(condition_key(sight)?)?);
    change_condition(text, (&operator, key.as_str()), Some((&operator, meant))).ok()
}

/// AWS's own escape from a network perimeter.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>
pub(super) fn with_escape(_: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    add_value(text, &["Condition", "Bool", "aws:ViaAWSService"], "false").ok()
}

pub(super) fn the_principal(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    instead(sight, wrong, &sight.request.principal.arn, text)
}

pub(super) fn also_the_principal(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    beside(sight, &sight.request.principal.arn, text)
}

pub(super) fn with_resource(_: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    set_element(text, &["Resource"], "Resource", &["*".to_owned()]).ok()
}

pub(super) fn the_key(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    instead(sight, wrong, sight.request.resource(), text)
}

pub(super) fn also_the_key(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    let key = KeyArn::parse(sight.request.resource()).ok()?;
    let is_same_key = Arn::parse(wrong).is_ok_and(|arn| arn.resource().strip_prefix("key/") == Some(key.key_id()));
    if is_same_key { instead(sight, wrong, key.as_str(), text) } else { beside(sight, key.as_str(), text) }
}

/// Only of an alias that is known to be this key's.
pub(super) fn the_aliased_key(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    let ContextValue::Multi(aliases) =
        sight.request.context.get(&crate::names::ConditionKey::new("kms:ResourceAliases"))
    else {
        return None;
    };
    let alias = wrong.rsplit(':').next().unwrap_or_default();
    if aliases.iter().any(|own| **own == *alias) { the_key(sight, wrong, text) } else { None }
}

pub(super) fn of_the_partition(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    let [arn, _, service, region, account, resource] = Arn::split(wrong)?;
    let partition = sight.request.principal.partition();
    let right = format!("{arn}:{partition}:{service}:{region}:{account}:{resource}");
    instead(sight, wrong, &right, text)
}

pub(super) fn re_encrypt(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    let wrong = sight.miss.expected.iter().find(|written| written.eq_ignore_ascii_case("kms:ReEncrypt"))?;
    instead(sight, wrong, &format!("{wrong}*"), text)
}

pub(super) fn the_action(sight: &MismatchContext<'_>, wrong: &str, text: &str) -> Option<String> {
    instead(sight, wrong, sight.request.action.as_str(), text)
}

pub(super) fn also_the_action(sight: &MismatchContext<'_>, _: &str, text: &str) -> Option<String> {
    beside(sight, sight.request.action.as_str(), text)
}
