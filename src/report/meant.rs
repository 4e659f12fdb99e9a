//! A Deny that somebody meant, in words: what it is, and whom to ask.

use crate::remedy::{Meant, MeantDeny};

use super::remedy;
use crate::outcome::Start;

/// What is to be known of it before anything is changed.
pub(super) fn words(deny: &MeantDeny, noun: &str) -> String {
    let (place, name) = (remedy::place(&deny.place), &deny.policy);
    let what = match deny.meant {
        Meant::Quarantine => format!(
            "{name} was put there by AWS because the credentials leaked: do not remove it. Follow the instructions of AWS's \
             support case (of version 1: of its mail), and rotate the credentials."
        ),
        Meant::NoAccess => format!("{place} denies everything: access was withdrawn on purpose. Ask its owner."),
        Meant::RevokedSessions => format!("{place} revokes older sessions: take a new one."),
        Meant::ControlTower => format!(
            "AWS Control Tower owns {name}: change the control there. An edit of its policies is drift, which a reset undoes."
        ),
        Meant::OwnedByAws => {
            format!("AWS owns {place}, and nobody edits it: ask who attached it to the {noun}.")
        }
        Meant::Unmanageable => format!(
            "{place} lets nobody change it (kms:PutKeyPolicy): only AWS Support can make the key manageable again."
        ),
        Meant::Names => {
            format!(
                "{place} denies it to this {noun} by name: somebody meant that. Ask the owner before you change it."
            )
        }
        Meant::Freeze => {
            format!("{place} denies it at certain times: wait for their end, or ask who set them.")
        }
        Meant::Mfa => format!("{place} asks for MFA: sign in with MFA. An exception is for its owner to grant."),
    };
    if deny.bars() { format!("{what} No way round it is suggested.") } else { what }
}

/// All of a start, each once.
pub(super) fn all(start: &Start) -> Vec<String> {
    let mut all = Vec::new();
    for words in start.meant.iter().map(|deny| words(deny, start.noun())) {
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}
