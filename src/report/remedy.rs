//! Remedies in words and as JSON.

use std::collections::BTreeSet;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::change::{Change, PolicyPlace};
use crate::command::Command;
use crate::document::{Document, Position};
use crate::findings::{Code, Evidence, Finding};
use crate::names::PrincipalArn;
use crate::remedy::{Form, MeantDeny, Note, Owner, Part, Proof, Suggested, create_grant};

use super::joined::Shown;
use super::meant;
use super::proof::{control, judged_again, minimality, proof, reach};
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
    /// Whether it serves in place of the others, which are not needed then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    alternative: bool,
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
        if let Evidence::Command { what: "fix", command } = fact { Some(self::command(command)) } else { None }
    };
    let mut list: Vec<RemedyOut> = finding.evidence.iter().filter_map(cure).collect();
    let kinds = finding.policy_types();
    let meant = start.meant.iter().filter(|deny| deny.bars() && kinds.contains(&deny.place.kind()));
    list.extend(meant.map(|deny| meant_out(deny, start.noun())));
    let Some(remedy) = &start.remedy else { return list };
    let own: BTreeSet<usize> = finding.requests.iter().copied().collect();
    let concerns = |requests: &[usize]| requests.iter().any(|position| own.contains(position));
    let ways = std::iter::once((remedy.parts(), remedy.proof(), false));
    let other = remedy.other().map(|other| (other.parts.as_slice(), &other.proof, true));
    for (parts, proof, alternative) in ways.chain(other) {
        for part in parts.iter().filter(|part| concerns(&part.requests)) {
            let own = part.statements.iter().filter(|suggestion| concerns(&suggestion.requests));
            let meant = start.meant.iter().filter(|deny| is_of(part, &deny.place));
            let meant: Vec<String> = meant.map(|deny| meant::words(deny, start.noun())).collect();
            let suggestions: Vec<Option<&Suggested>> =
                if part.statements.is_empty() { vec![None] } else { own.map(Some).collect() };
            list.extend(suggestions.into_iter().map(|suggestion| {
                let mut out = RemedyOut { alternative, ..out(part, suggestion, proof) };
                out.notes.extend(meant.iter().cloned());
                out
            }));
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
        alternative: false,
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
        if is_shown {
            let place = change(&part.change);
            prose(&mut text, &format!("For {place}: the change above, which holds what this start needs, too."));
            continue;
        }
        one_part(&mut text, &part, form, false);
    }
    proof(&mut text, remedy, start.noun());
    if let Some(other) = remedy.other() {
        text.blank();
        prose(&mut text, if other.corrects { CORRECT_INSTEAD } else { ADD_INSTEAD });
        for part in &other.parts {
            let is_told = remedy.parts().iter().any(|known| known.is_of_same(part));
            one_part(&mut text, part, form, is_told);
        }
        judged_again(&mut text, &other.proof);
    }
    text
}

const CORRECT_INSTEAD: &str =
    "Or, only if the statement below was meant to serve this start, correct it instead; that allows more:";
const ADD_INSTEAD: &str = "Or leave that statement as it is, and add instead:";

/// A part in its form; its place in short where that was told.
fn one_part(text: &mut Page, part: &Part, form: Form, is_told: bool) {
    match form {
        Form::Statement => statements(text, part, is_told),
        Form::Document | Form::Diff | Form::Cli | Form::Terraform | Form::Cloudformation => {
            prose(text, &format!("For {} ({}{}):", change(&part.change), owner(&part.owner), why(part)));
            // Whole documents and patches are pasted as they stand.
            text.document("", &form.of(part));
        }
    }
    for words in part.notes.iter().map(note).chain(size(part)) {
        prose(text, &words);
    }
}

/// Words, in lines that fit the screen.
pub(super) fn prose(text: &mut Page, words: &str) {
    text.wrap("   ", 3, words);
}

fn why(part: &Part) -> &'static str {
    if part.is_required { "" } else { "; the start does not need it, it cures the warning" }
}

fn statements(text: &mut Page, part: &Part, is_told: bool) {
    let owner = owner(&part.owner);
    if let Some(command) = create_grant(&part.change) {
        prose(text, &format!("Make a grant, with credentials of the account that starts it ({owner}):"));
        text.document("   ", &command.to_string());
        return;
    }
    let place = format!("{} ({owner}{})", change(&part.change), why(part));
    let within = if is_told { "There".to_owned() } else { format!("In {place}") };
    for changed in part.statements.iter().filter(|suggestion| suggestion.replaces.is_some()) {
        let name = sid(changed).map_or_else(String::new, |sid| format!(" \"{sid}\""));
        if changed.text.is_empty() {
            let gone = format!("remove statement{name}, which denies nothing else.");
            prose(text, &format!("No added Allow overrides a Deny. {within}, {gone}"));
        } else if changed.is_exempting() {
            prose(text, &format!("No added Allow overrides a Deny. {within}, let statement{name} read:"));
            text.document("   ", &compact(&changed.text).join("\n"));
        } else {
            let (line, lines) = edit(part, changed);
            prose(text, &format!("{within}, change statement{name}, line {line}:"));
            text.document("   ", &lines);
        }
    }
    let added: Vec<&Suggested> = part.statements.iter().filter(|suggestion| suggestion.replaces.is_none()).collect();
    if !added.is_empty() {
        let is_alone = !is_told && added.len() == part.statements.len();
        let where_to = if is_alone { format!("Add to {place}:") } else { "Add there:".to_owned() };
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

/// The lines in which a statement changes, before and after, and in which line of the policy the first is.
fn edit(part: &Part, changed: &Suggested) -> (usize, String) {
    let old = changed.replaces.as_deref().unwrap_or_default();
    let same = old.bytes().zip(changed.text.bytes()).take_while(|(before, after)| before == after).count();
    let document = part.before.as_ref().map(Document::text).unwrap_or_default();
    let line = document.find(old).map_or(1, |start| Position::of(document, start + same).line);
    let (before, after) = (compact(old).join("\n") + "\n", compact(&changed.text).join("\n") + "\n");
    let lines = TextDiff::from_lines(&before, &after);
    let lines = lines.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let lines = lines.map(|change| format!("{} {}", change.tag(), change.value().trim()));
    (line, lines.collect::<Vec<_>>().join("\n"))
}

pub(super) fn sid(suggestion: &Suggested) -> Option<&str> {
    let stands = suggestion.replaces.as_ref().filter(|_| suggestion.text.is_empty()).unwrap_or(&suggestion.text);
    let (_, rest) = stands.split_once("\"Sid\"")?;
    rest.split('"').nth(1)
}

pub(super) fn owner(owner: &Owner) -> String {
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

/// A policy as people find it.
pub(crate) fn place(place: &PolicyPlace) -> String {
    match place {
        PolicyPlace::Inline { identity, name } => {
            format!("inline policy {name} of {}", words::identity(identity.as_str()))
        }
        PolicyPlace::Managed { arn } => format!("managed policy {arn}"),
        PolicyPlace::Boundary { identity } => {
            format!("the permissions boundary of {}", words::identity(identity.as_str()))
        }
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
        Change::AttachPolicy { identity, policy } => {
            format!("{policy} is attached to {}", words::identity(identity.as_str()))
        }
        Change::DetachPolicy { identity, policy } => {
            format!("{policy} is detached from {}", words::identity(identity.as_str()))
        }
        Change::DeleteRole { role } => format!("{} is deleted", words::identity(role.as_str())),
        Change::RecreateRole { role } => format!("{} is deleted and made anew", words::identity(role.as_str())),
    }
}
