//! Slips in which actions a statement names.

use crate::engine::Element;
use crate::policy::Polarity;

use super::MismatchContext;

/// The actions that the statement names, where it is they that do not fit.
fn named<'a>(sight: &'a MismatchContext<'_>) -> impl Iterator<Item = &'a str> {
    let is_action = sight.miss.element == Element::Action(Polarity::Positive);
    sight.miss.expected.iter().map(AsRef::as_ref).filter(move |_| is_action)
}

fn names(sight: &MismatchContext<'_>, action: &str) -> bool {
    named(sight).any(|written| written.eq_ignore_ascii_case(action))
}

pub(super) fn re_encrypt_without_star(sight: &MismatchContext<'_>) -> bool {
    sight.request.action.lower().starts_with("kms:reencrypt") && names(sight, "kms:ReEncrypt")
}

pub(super) fn revoke_without_create_grant(sight: &MismatchContext<'_>) -> bool {
    sight.request.action.lower() == "kms:creategrant"
        && names(sight, "kms:ListGrants")
        && names(sight, "kms:RevokeGrant")
}

/// The list of actions of a guide for using a key, without the one action that a start hangs on.
pub(super) fn use_without_create_grant(sight: &MismatchContext<'_>) -> bool {
    sight.request.action.lower() == "kms:creategrant"
        && names(sight, "kms:Decrypt")
        && named(sight).any(|written| written.to_ascii_lowercase().starts_with("kms:generatedatakey"))
}

pub(super) fn action_misspelled(sight: &MismatchContext<'_>) -> bool {
    named(sight).any(|written| is_slip_of(&written.to_ascii_lowercase(), sight.request.action.lower()))
}

/// Whether one text becomes the other by one or two letters added, left out or replaced, and is not its equal.
pub(crate) fn is_slip_of(one: &str, other: &str) -> bool {
    one != other && one.len().abs_diff(other.len()) <= 2 && distance(one, other) <= 2
}

/// How many letters must be added, left out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.bytes().enumerate() {
        let mut diagonal = number;
        let mut left = number + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(other.bytes()) {
            let above = *cell;
            let replaced = diagonal + usize::from(letter != other);
            diagonal = above;
            left = replaced.min(above + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
