//! Slips in conditions.

use crate::engine::{ContextValue, Element, Request};
use crate::names::ConditionKey;
use crate::operations::{is_condition_key, is_network_key};
use crate::policy::{Effect, Form, PolicyType};

use super::{MismatchContext, condition_key};

fn single<'a>(sight: &MismatchContext<'a>) -> Option<&'a str> {
    if let ContextValue::Single(text) = &sight.miss.actual { Some(text) } else { None }
}

fn is_absent(sight: &MismatchContext<'_>) -> bool {
    sight.miss.actual == ContextValue::Absent
}

pub(super) fn wildcard_in_string_equals(sight: &MismatchContext<'_>) -> bool {
    let Element::Condition(operator, _) = &sight.miss.element else { return false };
    let is_literal = operator.comparison.form() == Form::Exact;
    is_literal && !is_absent(sight) && sight.miss.expected.iter().any(|value| value.contains(['*', '?']))
}

/// The Region and suffix that the condition expects of `ec2.REGION.SUFFIX`, where the request has such a value.
fn via_ec2<'a>(sight: &'a MismatchContext<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_via = condition_key(sight) == Some("kms:viaservice") && single(sight).is_some();
    let expected = sight.miss.expected.iter().filter(move |_| is_via);
    expected.filter_map(|value| value.strip_prefix("ec2.")?.split_once('.'))
}

pub(super) fn via_service_china_suffix(sight: &MismatchContext<'_>) -> bool {
    via_ec2(sight).any(|(_, suffix)| suffix == "amazonaws.com.cn")
}

pub(super) fn via_service_other_region(sight: &MismatchContext<'_>) -> bool {
    via_ec2(sight).any(|(_, suffix)| suffix == "amazonaws.com")
}

pub(super) fn via_service_other_service(sight: &MismatchContext<'_>) -> bool {
    condition_key(sight) == Some("kms:viaservice") && single(sight).is_some()
}

pub(super) fn grant_flag_on_other_request(sight: &MismatchContext<'_>) -> bool {
    condition_key(sight) == Some("kms:grantisforawsresource") && is_absent(sight)
}

fn is_forwarded(request: &Request) -> bool {
    matches!(request.context.get(&ConditionKey::new("aws:ViaAWSService")), ContextValue::Single(text) if &**text == "true")
}

pub(super) fn network_deny_without_escape(sight: &MismatchContext<'_>) -> bool {
    sight.effect == Effect::Deny && network_condition_on_forwarded(sight)
}

pub(super) fn network_condition_on_forwarded(sight: &MismatchContext<'_>) -> bool {
    condition_key(sight).is_some_and(is_network_key) && is_forwarded(sight.request)
}

pub(super) fn mfa(sight: &MismatchContext<'_>) -> bool {
    matches!(condition_key(sight), Some("aws:multifactorauthpresent" | "aws:multifactorauthage"))
}

pub(super) fn encryption_context_other(sight: &MismatchContext<'_>) -> bool {
    condition_key(sight) == Some("kms:encryptioncontext:aws:ebs:id") && !is_absent(sight)
}

pub(super) fn resource_aliases_in_key_policy(sight: &MismatchContext<'_>) -> bool {
    sight.kind == PolicyType::KeyPolicy && condition_key(sight) == Some("kms:resourcealiases")
}

fn is_tag(sight: &MismatchContext<'_>) -> bool {
    let key = condition_key(sight).unwrap_or_default();
    ["aws:resourcetag/", "ec2:resourcetag/", "aws:principaltag/"].iter().any(|prefix| key.starts_with(prefix))
}

pub(super) fn tag_in_other_case(sight: &MismatchContext<'_>) -> bool {
    let same = |actual: &str| {
        sight.miss.expected.iter().any(|expected| with_values(expected, sight.request).eq_ignore_ascii_case(actual))
    };
    is_tag(sight) && single(sight).is_some_and(same)
}

pub(super) fn tag_missing(sight: &MismatchContext<'_>) -> bool {
    // Of two tags that are compared either can be the one that is missing.
    let compared = sight.miss.expected.iter().filter_map(|written| of_variable(written, sight.request));
    is_tag(sight) && (is_absent(sight) || compared.into_iter().any(|value| *value == ContextValue::Absent))
}

pub(super) fn tag_of_other_value(sight: &MismatchContext<'_>) -> bool {
    is_tag(sight) && single(sight).is_some()
}

/// A value as written, or, where it is one policy variable, what that stands for in the request.
fn with_values<'a>(written: &'a str, request: &'a Request) -> &'a str {
    if let Some(ContextValue::Single(text)) = of_variable(written, request) { text } else { written }
}

fn of_variable<'a>(written: &str, request: &'a Request) -> Option<&'a ContextValue> {
    let key = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))?;
    Some(request.context.get(&ConditionKey::new(key)))
}

/// AWS saves any key: one that it does not know is in no request, and a negated exception for it never works.
pub(super) fn key_unknown(sight: &MismatchContext<'_>) -> bool {
    is_absent(sight) && condition_key(sight).is_some_and(|key| !is_condition_key(key))
}

pub(super) fn key_not_carried(sight: &MismatchContext<'_>) -> bool {
    sight.effect == Effect::Allow && is_absent(sight) && condition_key(sight).is_some()
}
