//! What an answer is of that does not say so itself: by what was typed for it, by the command before it, by its file's
//! name, and last by what is still missing.

use std::collections::BTreeSet;

use super::candidates::{
    Candidate, candidate, children, documents, holders, keys, managed, targets, unread_inline, versions,
};
use super::identify::{Item, Of, Shape};
use crate::capture::Capture;
use crate::names::AccountId;

/// What is said of an answer beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// What was typed before its file's name.
    pub(super) typed: Option<String>,
    /// The command that stands before it.
    pub(super) command: String,
    /// Its file's name, and those of the folders that it is in.
    pub(super) name: String,
    pub(super) folders: String,
}

/// What all answers together tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The parents in an organization that answers name.
    pub(super) parents: BTreeSet<String>,
}

/// What came of looking for the subject of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// These reads; of which account, if it is told.
    Reads(Vec<String>, Option<AccountId>),
    /// One of these, and which is for the asker to say.
    OneOf(Vec<Candidate>),
    /// Something that no start here concerns.
    Elsewhere(String),
    /// Nothing yet.
    Nothing,
}

/// How much else must be known before an answer may be taken for what is missing: lists tell which policies there are.
pub(super) fn turn(of: &Of) -> u8 {
    match of {
        Of::Target(_) => 1,
        Of::Version(_) => 2,
        Of::Policy(_) => 3,
        Of::Key(_)
        | Of::Holder(_)
        | Of::Child(_)
        | Of::Organization
        | Of::Volume(_)
        | Of::Instances(_)
        | Of::Read(_)
        | Of::Documents(..)
        | Of::Versions(_)
        | Of::Caller(_) => 0,
    }
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Names,
    Elimination,
}

/// What an answer is of.
pub(super) fn found(item: &Item, said: &Said, capture: &Capture, told: &Told, by: By) -> Found {
    let accounts = capture.accounts();
    let candidates = match &item.of {
        Of::Read(read) => return Found::Reads(vec![read.clone()], item.account.clone()),
        Of::Caller(_) => return Found::Reads(Vec::new(), None),
        Of::Documents(kind, name) => return several(unread_inline(capture, kind, name), item.account.as_ref()),
        Of::Versions(arn) => return several(versions(capture, arn), item.account.as_ref()),
        Of::Volume(id) => {
            let holds = capture.instances.iter().filter_map(|(instance, one)| Some((instance, one.known()?)));
            let holds = holds.filter(|(_, one)| one.attachments.iter().any(|own| own.volume_id.as_str() == id));
            return several(holds.map(|(instance, _)| format!("ec2:DescribeVolumes {instance}")).collect(), None);
        }
        Of::Instances(action) => {
            let instances = capture.targets.iter().map(|target| format!("{action} {}", target.instance_id));
            return several(instances.collect(), item.account.as_ref());
        }
        Of::Organization if item.account.is_some() => {
            return Found::Reads(vec!["organizations:DescribeOrganization".to_owned()], item.account.clone());
        }
        Of::Child(_) if item.is_error => {
            let reads = accounts.iter().map(|account| format!("organizations:ListParents {account}"));
            return several(reads.collect(), item.account.as_ref());
        }
        Of::Target("") => {
            let reads = accounts.iter().flat_map(|account| {
                let types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"];
                types.map(|kind| format!("organizations:ListPoliciesForTarget {account} {kind}"))
            });
            return several(reads.collect(), item.account.as_ref());
        }
        Of::Key(read) => keys(capture, *read),
        Of::Holder(read) => holders(capture, *read, said),
        Of::Version(version) => managed(capture, Some(version)),
        Of::Child(parent) => children(capture, told, parent, &accounts),
        Of::Target(kind) => targets(capture, told, kind, &accounts),
        Of::Organization => {
            let account = |account: &AccountId| Candidate {
                account: Some(account.clone()),
                is_open: capture.organizations.get(account).is_none_or(|one| one.unread().is_some()),
                ..candidate("organizations:DescribeOrganization".to_owned(), account.as_str())
            };
            accounts.iter().map(account).collect()
        }
        Of::Policy(shape) => documents(capture, *shape, said, by),
    };
    let is_of_organization = |candidate: &Candidate| candidate.read.starts_with("organizations:");
    let says = |word: &str| words(&said.name).contains(word) && said.typed.is_none();
    if matches!(item.of, Of::Policy(_))
        && (says("-scp-") || says("-rcp-"))
        && !candidates.iter().any(is_of_organization)
    {
        let message =
            "an SCP or RCP that no list-policies-for-target here has (--org-file states that it binds the account)";
        return Found::Elsewhere(message.to_owned());
    }
    chosen(item, said, candidates, by)
}

fn several(reads: Vec<String>, account: Option<&AccountId>) -> Found {
    if reads.is_empty() { Found::Nothing } else { Found::Reads(reads, account.cloned()) }
}

fn chosen(item: &Item, said: &Said, candidates: Vec<Candidate>, by: By) -> Found {
    let one = |candidate: &Candidate| {
        Found::Reads(vec![candidate.read.clone()], candidate.account.clone().or_else(|| item.account.clone()))
    };
    if let Some(typed) = &said.typed {
        let is_typed =
            |candidate: &&Candidate| candidate.typed == *typed || candidate.names.iter().any(|name| name == typed);
        let meant: Vec<&Candidate> = candidates.iter().filter(is_typed).collect();
        return match meant.as_slice() {
            [meant] => one(meant),
            [] if candidates.is_empty() => Found::Nothing,
            [] => Found::OneOf(candidates),
            several => Found::OneOf(several.iter().map(|one| (*one).clone()).collect()),
        };
    }
    for text in [&said.command, &said.name, &said.folders] {
        let meant = named(text, &candidates);
        match meant.as_slice() {
            [meant] => return one(meant),
            [] => {}
            several => return Found::OneOf(several.iter().map(|one| (*one).clone()).collect()),
        }
        if let Some(other) = other_id(text, &item.of, &candidates) {
            return Found::Elsewhere(other);
        }
    }
    if by == By::Names {
        return if candidates.is_empty() { Found::Nothing } else { Found::OneOf(candidates) };
    }
    let may_be: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.may_be_taken).collect();
    let open: Vec<&Candidate> = may_be.iter().copied().filter(|candidate| candidate.is_open).collect();
    match (open.as_slice(), may_be.as_slice()) {
        ([meant], _) | ([], [meant]) if may_be.len() == candidates.len() => one(meant),
        (_, _) if candidates.is_empty() => Found::Nothing,
        (_, _) => Found::OneOf(candidates),
    }
}

/// The candidates that a text names. Of names within one another the longest counts.
fn named<'c>(text: &str, candidates: &'c [Candidate]) -> Vec<&'c Candidate> {
    let text = words(text);
    let longest = |candidate: &Candidate| {
        let names = candidate.names.iter().chain([&candidate.typed]).map(|name| words(name));
        names.filter(|name| name.len() > 2 && text.contains(name.as_str())).map(|name| name.len()).max()
    };
    let best = candidates.iter().filter_map(longest).max();
    candidates.iter().filter(|candidate| best.is_some() && longest(candidate) == best).collect()
}

/// A text as words between hyphens, without those of AWS's operations.
fn words(text: &str) -> String {
    let mut plain = String::from("-");
    for sign in text.chars().flat_map(char::to_lowercase) {
        if sign.is_alphanumeric() {
            plain.push(sign);
        } else if !plain.ends_with('-') {
            plain.push('-');
        }
    }
    if !plain.ends_with('-') {
        plain.push('-');
    }
    for operation in OPERATIONS {
        plain = plain.replace(operation, "-");
    }
    plain
}

/// Operations, and options of the AWS CLI, that may also be the names of something.
const OPERATIONS: [&str; 22] = [
    "-get-key-policy-",
    "-list-key-policies-",
    "-describe-key-",
    "-list-grants-",
    "-list-aliases-",
    "-list-resource-tags-",
    "-list-attached-role-policies-",
    "-list-attached-user-policies-",
    "-list-attached-group-policies-",
    "-list-role-policies-",
    "-list-user-policies-",
    "-list-group-policies-",
    "-get-role-policy-",
    "-get-user-policy-",
    "-get-group-policy-",
    "-get-policy-version-",
    "-get-policy-",
    "-get-role-",
    "-get-user-",
    "-key-policy-",
    "-role-name-",
    "-policy-name-",
];

/// Something of the kind that is looked for which a text names, and which is none of the candidates.
fn other_id(text: &str, of: &Of, candidates: &[Candidate]) -> Option<String> {
    let words = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-'));
    let words: Vec<&str> = words.collect();
    let is_key = |word: &str| {
        let parts: Vec<usize> = word.split('-').map(str::len).collect();
        parts.ends_with(&[8, 4, 4, 4, 12]) && word.bytes().all(|sign| sign.is_ascii_hexdigit() || sign == b'-')
    };
    let tail = |word: &str| word.get(word.len().checked_sub(36)?..).map(str::to_owned);
    // Twelve digits may be a date and a time as well.
    let is_time =
        |word: &str| word.starts_with("20") && word.get(4..6).is_some_and(|month| ("01"..="12").contains(&month));
    let is_account = |word: &&str| AccountId::parse(word).is_ok() && !is_time(word);
    let parts = words.iter().filter(|word| !tail(word).is_some_and(|id| is_key(&id))).flat_map(|word| word.split('-'));
    let account = parts.into_iter().find(is_account);
    match of {
        Of::Key(_) | Of::Policy(Shape::OfResource) => {
            words.iter().filter_map(|word| tail(word)).find(|id| is_key(id)).map(|id| format!("key {id}"))
        }
        Of::Child(_) | Of::Target(_) | Of::Organization => account.map(|account| format!("account {account}")),
        Of::Holder(_) | Of::Version(_) | Of::Policy(Shape::OfIdentity) => {
            let is_own = |account: &str| {
                candidates.iter().any(|one| one.account.as_ref().is_some_and(|own| own.as_str() == account))
            };
            account.filter(|account| !is_own(account)).map(|account| format!("account {account}"))
        }
        Of::Read(_) | Of::Documents(..) | Of::Versions(_) | Of::Volume(_) | Of::Instances(_) | Of::Caller(_) => None,
    }
}
