//! What judging again said of a remedy: what it allows, what stays denied, whether it could be smaller.

use std::collections::BTreeMap;

use crate::operations::RemedyPlace;
use crate::remedy::{ACTIONS, CONTROL_ROLE, Control, Note, Proof, Reach, Remedy, Way};
use crate::words::{self, Page};

use super::remedy::prose;

/// How many of the required requests are allowed with the changes, and what they allow besides.
pub(super) fn judged_again(text: &mut Page, proof: &Proof) {
    prose(text, &format!("Judged again with that instead: {}", allowed(proof)));
    let opened: Vec<&str> = proof.opened.iter().copied().map(control).collect();
    if !opened.is_empty() {
        prose(text, &format!("That would also allow: {}.", opened.join(", ")));
    }
}

fn allowed(proof: &Proof) -> String {
    let (before, after, required) = (proof.before, proof.after, proof.required);
    if after == required {
        format!("all {required} requests that the start needs are allowed ({before} before).")
    } else if proof.cures() {
        format!(
            "none of the {required} requests that the start needs is denied; {} hang on what is not known ({before} were \
             allowed before).",
            proof.open
        )
    } else {
        format!("{after} of the {required} requests that the start needs are allowed ({before} before).")
    }
}

/// What judging again says of a remedy, for people.
pub(super) fn proof(text: &mut Page, remedy: &Remedy, noun: &str) {
    let proof = remedy.proof();
    prose(text, &format!("Judged again with it: {}", allowed(proof)));
    // Others that have the policy stand for every other one.
    let notes = remedy.parts().iter().flat_map(|part| &part.notes);
    let others = notes.filter_map(|note| if let Note::Binds(arns) = note { Some(arns) } else { None }).flatten();
    let others: Vec<String> = others.map(|arn| words::identity(arn)).collect();
    let named = |one: &Control| {
        let is_read = *one == Control::AnotherRole && !others.is_empty();
        if is_read { others.join(", ") } else { control(*one).to_owned() }
    };
    let list = |controls: &[Control]| controls.iter().map(named).collect::<Vec<_>>().join(", ");
    if !proof.still_denied.is_empty() {
        prose(text, &format!("Still denied: {}.", list(&proof.still_denied)));
    }
    if !proof.opened.is_empty() {
        prose(text, &format!("It also allows: {}.", list(&proof.opened)));
    }
    for sentence in [minimality(proof), reach(&proof.reach)].iter().filter(|sentence| !sentence.is_empty()) {
        prose(text, sentence);
    }
    if proof.leaves_warnings {
        prose(text, "A warning stays, which the start does not need fixed: --fix-warnings adds what fixes it.");
    }
    if remedy.is_elsewhere() {
        prose(text, "In the place that was asked for, nothing would help.");
    }
    let others: Vec<String> = remedy.alternatives().iter().map(|place| option(*place, noun)).collect();
    if !others.is_empty() {
        text.document("   ", &format!("Other places: {}", others.join("\n              ")));
    }
}

/// Whether it could be smaller; nothing of a grant could be left out here.
pub(super) fn minimality(proof: &Proof) -> String {
    let found = &proof.minimality;
    let mut sentences = Vec::new();
    if found.needed > 0 {
        let what = if found.idle.is_empty() { "Minimal: without" } else { "Without" };
        let parts = if found.needed == 1 { "it" } else { &format!("any one of its {} parts", found.needed) };
        sentences.push(format!("{what} {parts} a request is denied again."));
    }
    if !found.idle.is_empty() {
        sentences.push(format!("Not needed by this start: {}.", found.idle.join(", ")));
    }
    if found.binding > 0 {
        let conditions =
            if found.binding == 1 { "its condition" } else { &format!("any one of its {} conditions", found.binding) };
        sentences.push(format!("Without {conditions} more would be allowed."));
    }
    if !found.loose.is_empty() {
        sentences.push(format!("Leaving out {} would open nothing that was tried.", found.loose.join(", ")));
    }
    sentences.join(" ")
}

/// One line for a security reviewer: what differs in one respect alone is told together.
pub(super) fn reach(reach: &Reach) -> String {
    let ways = gather(reach.opened.iter().map(|one| ((&one.principal, &one.key, one.action), one.way)));
    let actions = gather(ways.into_iter().map(|((who, key, action), ways)| ((who, key, ways), action)));
    let keys = gather(actions.into_iter().map(|((who, key, ways), actions)| ((who, ways, actions), key)));
    let roles = gather(keys.into_iter().map(|((who, ways, actions), keys)| ((ways, actions, keys), who)));
    let opened = roles.into_iter().map(|((ways, actions, keys), who)| {
        let actions = if actions.len() == ACTIONS.len() {
            "every action tried (kms:PutKeyPolicy and kms:ScheduleKeyDeletion among them)".to_owned()
        } else {
            actions.join(", ")
        };
        let keys = match keys.as_slice() {
            [key] => format!("key {}", key.rsplit('/').next().unwrap_or_default()),
            keys => format!("{} keys", keys.len()),
        };
        let who: Vec<&str> = who.into_iter().map(|arn| asker(arn)).collect();
        let how = match ways.as_slice() {
            _ if who == [EC2_ITSELF] => String::new(),
            [only] => format!(", only {}", way(*only)),
            [first, second] => format!(", {} and {}", way(*first), way(*second)),
            _ => ", through EC2, through other services and directly".to_owned(),
        };
        format!("{actions} on {keys} by {}{how}", who.join(", "))
    });
    let opened: Vec<String> = opened.collect();
    let opened = if opened.is_empty() { "none".to_owned() } else { opened.join("; ") };
    format!("Newly allowed, of {} KMS requests tried: {opened}.", reach.tried)
}

fn gather<G: Ord, T>(rows: impl Iterator<Item = (G, T)>) -> BTreeMap<G, Vec<T>> {
    let mut groups: BTreeMap<G, Vec<T>> = BTreeMap::new();
    for (group, row) in rows {
        groups.entry(group).or_default().push(row);
    }
    groups
}

const EC2_ITSELF: &str = "EC2's own identity";

/// Who makes a request that was tried.
fn asker(arn: &str) -> &str {
    match words::path_and_name(arn) {
        name if name.starts_with("aws:ec2-infrastructure") => EC2_ITSELF,
        name if name.starts_with(CONTROL_ROLE) => "any other role of the account",
        name => name,
    }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::ThroughEc2 => "through EC2",
        Way::ThroughAnotherService => "through other services",
        Way::Directly => "directly",
    }
}

pub(super) fn control(control: Control) -> &'static str {
    match control {
        Control::AnotherRole => "another role",
        Control::AnotherKey => "another key",
        Control::AnotherService => "a call through another service",
        Control::OwnGrant => "a grant for no AWS resource",
        Control::WithoutEc2 => "a direct call",
    }
}

/// Another place, as it is asked for, and what speaks for it.
fn option(place: RemedyPlace, noun: &str) -> String {
    match place {
        RemedyPlace::Identity => format!("--remedy-place identity (the {noun}'s administrator, for just this {noun})"),
        RemedyPlace::KeyPolicy => format!("--remedy-place key-policy (the key's administrator, for just this {noun})"),
        RemedyPlace::Boundary => "--remedy-place boundary (the boundary's administrator)".to_owned(),
        RemedyPlace::Session => "--remedy-place session (whoever creates the session)".to_owned(),
        RemedyPlace::Grant => "--remedy-place grant (no policy changes, but a grant cannot be bound to EC2)".to_owned(),
    }
}
