//! Slips in which key a statement names.

use crate::engine::Element;
use crate::names::KeyArn;
use crate::policy::Polarity;

use super::MismatchContext;

/// What the element names instead of the request's key, with that key.
fn named<'a>(sight: &'a MismatchContext<'_>) -> impl Iterator<Item = (&'a str, KeyArn)> {
    let is_resource = sight.miss.element == Element::Resource(Polarity::Positive);
    let key = is_resource.then(|| KeyArn::parse(sight.request.resource()).ok()).flatten();
    sight.miss.expected.iter().filter_map(move |text| Some((&**text, key.clone()?)))
}

/// Whether part `position` of an ARN is written out and is not the key's.
fn part_differs(text: &str, position: usize, own: &str) -> bool {
    let part = text.splitn(6, ':').nth(position);
    part.is_some_and(|part| !part.is_empty() && !part.contains(['*', '?', '$']) && part != own)
}

/// KMS saves such a statement in a key policy, and it has no effect.
pub(super) fn missing(sight: &MismatchContext<'_>) -> bool {
    matches!(sight.miss.element, Element::Resource(_)) && sight.miss.expected.is_empty()
}

pub(super) fn alias(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|(text, _)| text.starts_with("alias/") || text.contains(":alias/"))
}

pub(super) fn bare_id(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|(text, key)| match text.splitn(6, ':').nth(5) {
        Some(resource) => resource == key.key_id(),
        None => text.strip_prefix("key/").unwrap_or(text) == key.key_id(),
    })
}

pub(super) fn other_partition(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|(text, key)| text.contains(":kms:") && part_differs(text, 1, key.partition()))
}

pub(super) fn other_region(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|(text, key)| text.contains(":kms:") && part_differs(text, 3, key.region()))
}

pub(super) fn other_key(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|(text, _)| text.contains(":kms:") && text.contains(":key/"))
}
