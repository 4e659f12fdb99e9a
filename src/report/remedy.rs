//! Remedies in words and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::change::{Change, PolicyPlace};
use crate::command::Command;
use crate::findings::{Code, Evidence, Finding};
use crate::names::PrincipalArn;
use crate::operations::RemedyPlace;
use crate::remedy::{
    ACTIONS, CONTROL_ROLE, Control, Form, MeantDeny, Note, Owner, Part, Proof, Reach, Remedy, Suggested, Way,
    create_grant,
};

use super::joined::Shown;
use super::meant;
use crate::outcome::Start;
use crate::words;
use crate::words::{Page, compact};

/// A remedy of one finding, as JSON.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RemedyOut {
    place: String,
    owner: String,
    required: bool,
    statement: Option<serde_json::Value>,
    replaces: Option<serde_json::Value>,
    command: Option<String>,
    /// The command as its program gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    argv: Option<Vec<String>>,
    notes: Vec<String>,
    proof: Option<ProofOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofOut {
    before: String,
    after: String,
    still_denied: Vec<&'static str>,
    also_allowed: Vec<&'static str>,
    minimality: String,
    reach: String,
}

/// Those parts of the start's remedy that cure this finding.
pub(super) fn json(finding: &Finding, start: &Start) -> Vec<RemedyOut> {
    if finding.code == Code::RoleMissing {
        return start.namesake.iter().map(namesake).collect();
    }
    let cure = |fact: &Evidence| {
        if let Evidence::Command { what: "cure", command } = fact { Some(self::command(command)) } else { None }
    };
    let mut list: Vec<RemedyOut> = finding.evidence.iter().filter_map(cure).collect();
    let kinds = finding.policy_types();
    let meant = start.meant.iter().filter(|deny| deny.bars() && kinds.contains(&deny.place.kind()));
    list.extend(meant.map(|deny| meant_out(deny, start.noun())));
    let Some(remedy) = &start.remedy else { return list };
    let own: BTreeSet<usize> = finding.requests.iter().copied().collect();
    let concerns = |requests: &[usize]| requests.iter().any(|position| own.contains(position));
    for part in remedy.parts().iter().filter(|part| concerns(&part.requests)) {
        let own = part.statements.iter().filter(|suggestion| concerns(&suggestion.requests));
        let meant = start.meant.iter().filter(|deny| is_of(part, &deny.place));
        let meant: Vec<String> = meant.map(|deny| meant::words(deny, start.noun())).collect();
        list.extend(own.map(|suggestion| {
            let mut out = out(part, Some(suggestion), remedy.proof());
            out.notes.extend(meant.iter().cloned());
            out
        }));
        if part.statements.is_empty() {
            list.push(out(part, None, remedy.proof()));
        }
    }
    list
}

fn namesake(arn: &PrincipalArn) -> RemedyOut {
    RemedyOut { place: words::option(arn).to_string(), owner: "whoever asks".to_owned(), ..RemedyOut::default() }
}

fn is_of(part: &Part, place: &PolicyPlace) -> bool {
    matches!(&part.change, Change::Policy { place: own, .. } if own == place)
}

/// What stands in the way on purpose.
fn meant_out(deny: &MeantDeny, noun: &str) -> RemedyOut {
    RemedyOut {
        place: place(&deny.place),
        owner: "whoever meant it".to_owned(),
        required: true,
        notes: vec![meant::words(deny, noun)],
        ..RemedyOut::default()
    }
}

/// What is no matter of policies: a key's state, a key store.
fn command(command: &Command) -> RemedyOut {
    RemedyOut {
        place: "the key itself".to_owned(),
        owner: "the key's administrator".to_owned(),
        required: true,
        command: Some(command.to_string()),
        argv: command.argv(),
        ..RemedyOut::default()
    }
}

fn out(part: &Part, suggestion: Option<&Suggested>, proof: &Proof) -> RemedyOut {
    let value = |text: &String| serde_json::from_str(text).ok();
    let grant = create_grant(&part.change);
    RemedyOut {
        place: change(&part.change),
        owner: owner(&part.owner),
        required: suggestion.map_or(part.is_required, |suggestion| suggestion.is_required),
        statement: suggestion.and_then(|suggestion| value(&suggestion.text)),
        replaces: suggestion.and_then(|suggestion| suggestion.replaces.as_ref()).and_then(value),
        command: grant.as_ref().map(Command::to_string),
        argv: grant.as_ref().and_then(Command::argv),
        notes: part.notes.iter().map(note).chain(size(part)).collect(),
        proof: Some(ProofOut {
            before: format!("{} of {} allowed", proof.before, proof.required),
            after: format!("{} of {} allowed", proof.after, proof.required),
            still_denied: proof.still_denied.iter().copied().map(control).collect(),
            also_allowed: proof.opened.iter().copied().map(control).collect(),
            minimality: minimality(proof),
            reach: reach(&proof.reach),
        }),
    }
}

/// The start's remedy for people.
pub(super) fn text(start: &Start, form: Form, told: &mut Shown) -> Page {
    let mut text = Page::default();
    if let Some(arn) = &start.namesake {
        text.blank();
        let noun = start.noun();
        prose(&mut text, &format!("The account has a {noun} of that name under another path. Judge that one with"));
        text.document("   ", &format!("  {}", words::option(arn)));
    }
    let meant = meant::all(start);
    if !meant.is_empty() {
        text.blank();
        for words in &meant {
            prose(&mut text, words);
        }
    }
    let Some(remedy) = &start.remedy else { return text };
    for part in remedy.parts() {
        text.blank();
        let (part, is_shown) = told.whole(part);
        let part = &part;
        if is_shown {
            prose(
                &mut text,
                &format!("For {}: the change above, which holds what this start needs, too.", change(&part.change)),
            );
            continue;
        }
        match form {
            Form::Statement => statements(&mut text, part),
            Form::Document | Form::Diff | Form::Cli | Form::Terraform => {
                prose(&mut text, &format!("For {} ({}{}):", change(&part.change), owner(&part.owner), why(part)));
                // Whole documents and patches are pasted as they stand.
                text.document("", &form.of(part));
            }
        }
        for words in part.notes.iter().map(note).chain(size(part)) {
            prose(&mut text, &words);
        }
    }
    proof(&mut text, remedy, start.noun());
    text
}

/// Whether it is a Deny that is to leave something out.
fn is_deny(suggestion: &Suggested) -> bool {
    suggestion.replaces.is_some() && suggestion.text.contains("\"Deny\"")
}

/// Words, in lines that fit the screen.
fn prose(text: &mut Page, words: &str) {
    text.wrap("   ", 3, words);
}

fn why(part: &Part) -> &'static str {
    if part.is_required { "" } else { "; the start does not need it, it cures the warning" }
}

fn statements(text: &mut Page, part: &Part) {
    let owner = owner(&part.owner);
    if let Some(command) = create_grant(&part.change) {
        prose(text, &format!("Make a grant, with credentials of the account that starts it ({owner}):"));
        text.document("   ", &command.to_string());
        return;
    }
    let (place, why) = (change(&part.change), why(part));
    for changed in part.statements.iter().filter(|suggestion| suggestion.replaces.is_some()) {
        let name = sid(changed).map_or_else(String::new, |sid| format!(" \"{sid}\""));
        let denies = is_deny(changed);
        let because = if denies { "No added Allow overrides a Deny. " } else { "" };
        if changed.text.is_empty() {
            prose(
                text,
                &format!(
                    "No added Allow overrides a Deny. In {place} ({owner}{why}), remove statement{name}, which denies nothing else."
                ),
            );
            continue;
        }
        prose(text, &format!("{because}In {place} ({owner}{why}), let statement{name} read:"));
        text.document("   ", &compact(&changed.text).join("\n"));
    }
    let added: Vec<&Suggested> = part.statements.iter().filter(|suggestion| suggestion.replaces.is_none()).collect();
    if !added.is_empty() {
        let is_alone = added.len() == part.statements.len();
        let where_to = if is_alone { format!("Add to {place} ({owner}{why}):") } else { "Add there:".to_owned() };
        prose(text, &where_to);
        let texts: Vec<String> = added.iter().map(|suggestion| compact(&suggestion.text).join("\n")).collect();
        text.document("   ", &texts.join(",\n"));
    }
    let optional: Vec<&str> =
        part.statements.iter().filter(|suggestion| !suggestion.is_required).filter_map(sid).collect();
    if part.is_required && !optional.is_empty() {
        prose(text, &format!("The start does not need \"{}\", which cures the warning.", optional.join("\", \"")));
    }
}

fn sid(suggestion: &Suggested) -> Option<&str> {
    let stands = suggestion.replaces.as_ref().filter(|_| suggestion.text.is_empty()).unwrap_or(&suggestion.text);
    let (_, rest) = stands.split_once("\"Sid\"")?;
    rest.split('"').nth(1)
}

fn proof(text: &mut Page, remedy: &Remedy, noun: &str) {
    let proof = remedy.proof();
    let (before, after, required) = (proof.before, proof.after, proof.required);
    let all = if after == required {
        format!("all {required} requests that the start needs are allowed ({before} before).")
    } else if proof.cures() {
        format!(
            "none of the {required} requests that the start needs is denied; {} hang on what is not known ({before} were \
             allowed before).",
            proof.open
        )
    } else {
        format!("{after} of the {required} requests that the start needs are allowed ({before} before).")
    };
    prose(text, &format!("Judged again with it: {all}"));
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
    if remedy.is_elsewhere() {
        prose(text, "In the place that was asked for, nothing would help.");
    }
    let others: Vec<String> = remedy.alternatives().iter().map(|place| option(*place, noun)).collect();
    if !others.is_empty() {
        text.document("   ", &format!("Other places: {}", others.join("\n              ")));
    }
}

/// Whether it could be smaller; nothing of a grant could be left out here.
fn minimality(proof: &Proof) -> String {
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
fn reach(reach: &Reach) -> String {
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

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Account(account) => format!("an administrator of account {account}"),
        Owner::These(arns) => {
            format!("{}, whom alone the key policy lets change it", arns.join(" or "))
        }
        Owner::Organization => "the organization's administrator".to_owned(),
        Owner::SessionCreator => "whoever creates the session".to_owned(),
    }
}

fn note(note: &Note) -> String {
    match note {
        Note::PermissionSet { name } => format!(
            "IAM Identity Center owns this role: put it in permission set {name}, and assign that again. IAM refuses the edit."
        ),
        Note::Stack { name } => {
            format!("CloudFormation stack {name} made it: change its template, or the next update undoes this.")
        }
        Note::AwsManaged { arn } => {
            format!("AWS manages {arn}: attach the changed copy as a policy of your own in its place.")
        }
        Note::KeyNotAdmitting { key } => format!(
            "The key policy of {key} does not let that account make grants: an administrator of account {} must admit it to kms:CreateGrant first.",
            key.account()
        ),
        Note::Binds(arns) => {
            let who: Vec<String> = arns.iter().map(|arn| words::identity(arn)).collect();
            format!("The policy binds {} as well, as far as was read.", who.join(", "))
        }
        Note::StaleIds(ids) => format!(
            "The same change removes {}: of deleted principals, with which KMS would refuse the policy.",
            ids.join(", ")
        ),
    }
}

fn size(part: &Part) -> Option<String> {
    let size = part.size.filter(|size| !size.fits())?;
    let (holds, limit) = (size.holds, size.limit);
    let advice = if let Change::Policy { place: PolicyPlace::Inline { .. }, .. } = &part.change {
        "put the statements in a managed policy and attach it"
    } else {
        "merge or remove statements that are no longer used first"
    };
    Some(format!("AWS would refuse it: {holds} of {limit} characters. So {advice}."))
}

fn control(control: Control) -> &'static str {
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

/// A policy as people find it.
pub(crate) fn place(place: &PolicyPlace) -> String {
    match place {
        PolicyPlace::Inline { identity, name } => format!("inline policy {name} of {}", words::identity(identity)),
        PolicyPlace::Managed { arn } => format!("managed policy {arn}"),
        PolicyPlace::Boundary { identity } => format!("the permissions boundary of {}", words::identity(identity)),
        PolicyPlace::KeyPolicy(key) => format!("the key policy of {key}"),
        PolicyPlace::Scp { id } => format!("SCP {id}"),
        PolicyPlace::Rcp { id } => format!("RCP {id}"),
        PolicyPlace::Session { number } => format!("session policy {}, in the order given", number + 1),
    }
}

/// A change, by what it concerns.
pub(crate) fn change(change: &Change) -> String {
    match change {
        Change::Policy { place, .. } => self::place(place),
        Change::AddGrant { key, grant } => format!("a grant on {key} for {}", grant.grantee_principal),
        Change::RevokeGrant { id } => format!("grant {id} is revoked"),
        Change::KeyState { key, state } => format!("{key} becomes {state}"),
        Change::NewKey { key, .. } => format!("{key} is created, without alias, tag or grant"),
        Change::EncryptVolumes { key } => format!("the volumes are encrypted with {key}"),
        Change::AttachPolicy { identity, policy } => format!("{policy} is attached to {}", words::identity(identity)),
        Change::DetachPolicy { identity, policy } => format!("{policy} is detached from {}", words::identity(identity)),
        Change::DeleteRole { role } => format!("{} is deleted", words::identity(role)),
        Change::RecreateRole { role } => format!("{} is deleted and made anew", words::identity(role)),
    }
}
