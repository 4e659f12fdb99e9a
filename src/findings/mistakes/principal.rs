//! Slips in whom a statement names, as `Principal` or by `aws:PrincipalArn`.

use crate::engine::{Element, PrincipalKind};
use crate::names::{Arn, PrincipalArn, RoleArn};
use crate::policy::Polarity;

use super::{MismatchContext, condition_key};

/// What the element names instead of the request's principal.
fn named<'a>(sight: &'a MismatchContext<'_>) -> impl Iterator<Item = &'a str> {
    let is_principal = matches!(sight.miss.element, Element::Principal(Polarity::Positive))
        || condition_key(sight) == Some("aws:principalarn");
    sight.miss.expected.iter().map(AsRef::as_ref).filter(move |_| is_principal)
}

/// Whether the element names a role, and `differs` tells of it and the request's role.
fn role(sight: &MismatchContext<'_>, differs: impl Fn(&RoleArn, &RoleArn) -> bool) -> bool {
    let mut others = named(sight).filter_map(|text| RoleArn::parse(text).ok()).peekable();
    // Most elements name no role.
    let own = others.peek().and_then(|_| RoleArn::parse(&sight.request.principal.arn).ok());
    own.is_some_and(|own| others.any(|other| differs(&other, &own)))
}

pub(super) fn without_path(sight: &MismatchContext<'_>) -> bool {
    role(sight, |other, own| {
        other.account() == own.account()
            && other.partition() == own.partition()
            && other.name() == own.name()
            && other.path_and_name() != own.path_and_name()
    })
}

pub(super) fn other_account(sight: &MismatchContext<'_>) -> bool {
    role(sight, |other, own| other.account() != own.account() && other.path_and_name() == own.path_and_name())
}

/// Whether a text is the ARN of this principal, of one of its sessions or of its account in another partition, where it names
/// nobody.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub(in super::super) fn is_in_other_partition(text: &str, own: &str) -> bool {
    let (Ok(named), Ok(own)) = (PrincipalArn::parse(text), PrincipalArn::parse(own)) else { return false };
    let is_root = matches!(named, PrincipalArn::Root(_));
    named.partition() != own.partition() && named.account() == own.account() && (is_root || named.name() == own.name())
}

pub(super) fn other_partition(sight: &MismatchContext<'_>) -> bool {
    // A role of another account is one of another partition first.
    named(sight).any(|text| is_in_other_partition(text, &sight.request.principal.arn))
        || role(sight, |other, own| other.partition() != own.partition() && other.name() == own.name())
}

pub(super) fn other_case(sight: &MismatchContext<'_>) -> bool {
    role(sight, |other, own| other != own && other.as_str().eq_ignore_ascii_case(own.as_str()))
}

/// The name of a service-linked role without the suffix that a customer may choose.
fn base_name(role: &RoleArn) -> &str {
    role.name().split_once('_').map_or(role.name(), |(base, _)| base)
}

pub(super) fn service_linked_suffix(sight: &MismatchContext<'_>) -> bool {
    role(sight, |other, own| {
        own.is_service_linked() && other.name() != own.name() && base_name(other) == base_name(own)
    })
}

pub(super) fn service_linked_other(sight: &MismatchContext<'_>) -> bool {
    role(sight, |other, own| own.is_service_linked() && other.is_service_linked() && base_name(other) != base_name(own))
}

pub(super) fn session(sight: &MismatchContext<'_>) -> bool {
    let Ok(own) = RoleArn::parse(&sight.request.principal.arn) else { return false };
    let beginning = own.session_arn("");
    named(sight).any(|text| text.starts_with(&beginning))
}

/// AWS puts the unique ID in the place of a principal that is deleted; one of the same name gets another ID.
pub(super) fn stale(sight: &MismatchContext<'_>) -> bool {
    let of_kind = if sight.request.principal.kind == PrincipalKind::User { "AIDA" } else { "AROA" };
    named(sight).any(|text| text.starts_with(of_kind))
}

pub(super) fn service(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|text| !text.contains(':') && text.ends_with(".amazonaws.com"))
}

/// A policy or an instance profile where a role was meant.
pub(super) fn no_principal(sight: &MismatchContext<'_>) -> bool {
    named(sight)
        .filter_map(|text| Arn::parse(text).ok())
        .any(|arn| arn.resource().starts_with("policy/") || arn.resource().starts_with("instance-profile/"))
}
