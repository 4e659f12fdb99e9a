//! What an answer is of that does not say so itself: by what was typed for it, by the command before it, by its file's
//! name, and last by what is still missing.

use std::collections::BTreeSet;

use super::api::iam::called;
use super::identify::{HolderRead, Item, KeyRead, Of, Shape};
use super::wants;
use crate::capture::{Capture, Identity, Organization};
use crate::fact::Fact;
use crate::names::{AccountId, HolderKind, PolicyName, PolicyVersionId, holder};

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

/// One thing that an answer may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) read: String,
    pub(super) account: Option<AccountId>,
    /// How it is typed.
    pub(super) typed: String,
    /// What people call it.
    names: Vec<String>,
    /// Whether nothing has told it yet.
    is_open: bool,
    /// Whether it may be meant where no name says so.
    may_be_taken: bool,
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

impl Candidate {
    /// What is typed for an answer that names a role or user, but not its account.
    pub(super) fn of_name(arn: &str) -> Self {
        candidate(String::new(), arn)
    }
}

fn candidate(read: String, typed: &str) -> Candidate {
    Candidate { read, account: None, typed: typed.to_owned(), names: Vec::new(), is_open: true, may_be_taken: true }
}

fn keys(capture: &Capture, read: KeyRead) -> Vec<Candidate> {
    let of = |arn: &crate::names::KeyArn| {
        let key = capture.keys.get(arn);
        let (name, after) = match read {
            KeyRead::Describe => ("DescribeKey", ""),
            KeyRead::Default => ("GetKeyPolicy", " default"),
            KeyRead::Ram => ("GetKeyPolicy", " AWS_RAM"),
            KeyRead::Grants => ("ListGrants", ""),
            KeyRead::Aliases => ("ListAliases", ""),
            KeyRead::Tags | KeyRead::Perhaps => ("ListResourceTags", ""),
        };
        let is_open = key.is_none_or(|key| match read {
            KeyRead::Describe => key.metadata.unread().is_some(),
            KeyRead::Default => key.policy.unread().is_some(),
            KeyRead::Ram => key.ram_policy.unread().is_some(),
            KeyRead::Grants => key.grants.unread().is_some(),
            KeyRead::Aliases => key.aliases.unread().is_some(),
            KeyRead::Tags | KeyRead::Perhaps => key.tags.unread().is_some(),
        });
        let aliases = key.and_then(|key| key.aliases.found()).into_iter().flatten();
        let aliases =
            aliases.flat_map(|alias| [alias.to_string(), alias.as_str().trim_start_matches("alias/").to_owned()]);
        Candidate {
            account: AccountId::parse(arn.account()).ok(),
            names: std::iter::once(arn.key_id().to_owned()).chain(aliases).collect(),
            is_open,
            may_be_taken: read != KeyRead::Perhaps,
            ..candidate(format!("kms:{name} {arn}{after}"), arn.as_str())
        }
    };
    wants::keys(capture).into_iter().map(of).collect()
}

/// Roles, users and groups of a capture with what was read of them: the ARN and the identity that it belongs to.
fn holders_of(capture: &Capture) -> Vec<(String, Option<&Identity>)> {
    let mut all = Vec::new();
    for (asked, identity) in &capture.identities {
        all.push((asked.to_string(), identity.known()));
        let groups = identity.known().and_then(|identity| identity.groups.found()).into_iter().flatten();
        all.extend(groups.map(|group| (group.arn.to_string(), identity.known())));
    }
    all
}

fn holders(capture: &Capture, read: HolderRead, said: &Said) -> Vec<Candidate> {
    let told = format!("{} {}", said.command, said.name).to_lowercase();
    let of_kind =
        [("role-polic", HolderKind::Role), ("user-polic", HolderKind::User), ("group-polic", HolderKind::Group)];
    let told = of_kind.into_iter().find(|(word, _)| told.contains(word)).map(|(_, kind)| kind);
    let of = |(arn, identity): (String, Option<&Identity>)| {
        let (kind, name) = holder(&arn)?;
        let is_meant = told.is_none_or(|told| told == kind) && (read != HolderRead::Groups || kind == HolderKind::User);
        if !is_meant {
            return None;
        }
        let own =
            identity.and_then(|identity| identity.holders().find(|one| holder(one.arn) == Some((kind, name.clone()))));
        let is_open = match read {
            HolderRead::Inline => own.is_none_or(|own| own.inline.unread().is_some()),
            HolderRead::Attached => own.is_none_or(|own| own.attached.unread().is_some()),
            HolderRead::Groups => identity.is_none_or(|identity| identity.groups.unread().is_some()),
        };
        let called = called(kind);
        let read = match read {
            HolderRead::Inline => format!("iam:List{called}Policies {name}"),
            HolderRead::Attached => format!("iam:ListAttached{called}Policies {name}"),
            HolderRead::Groups => format!("iam:ListGroupsForUser {name}"),
        };
        let account = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        Some(Candidate { account, names: vec![name.to_string()], is_open, ..candidate(read, &arn) })
    };
    holders_of(capture).into_iter().filter_map(of).collect()
}

/// The reads of inline policies of this holder that have no text yet.
fn unread_inline(capture: &Capture, kind: &str, name: &str) -> Vec<String> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let holders = identities.flat_map(Identity::holders);
    let own =
        holders.filter(|one| holder(one.arn).is_some_and(|(own, named)| called(own) == kind && named.as_str() == name));
    let policies = own.filter_map(|one| one.inline.found()).flatten();
    let unread = policies.filter(|policy| policy.document.unread().is_some());
    unread.map(|policy| format!("iam:Get{kind}Policy {name} {}", policy.name)).collect()
}

fn versions(capture: &Capture, arn: &str) -> Vec<String> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let own = identities.flat_map(Identity::managed).filter(|policy| policy.arn == arn);
    own.filter_map(|policy| Some(format!("iam:GetPolicyVersion {arn} {}", policy.version.as_ref()?))).collect()
}

/// Managed policies; of these only those whose default version is `version`, where both are told.
fn managed(capture: &Capture, version: Option<&String>) -> Vec<Candidate> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let mut candidates: Vec<Candidate> = Vec::new();
    for policy in identities.flat_map(Identity::managed) {
        let fits = policy.version.as_ref().zip(version).is_none_or(|(own, told)| own.as_str() == told);
        let told = version.map(String::as_str).filter(|version| !version.is_empty());
        let version = told.or(policy.version.as_ref().map(PolicyVersionId::as_str));
        let version = version.unwrap_or("default");
        let one = Candidate {
            account: policy.arn.as_str().split(':').nth(4).and_then(|account| AccountId::parse(account).ok()),
            names: vec![policy.name().to_owned()],
            is_open: policy.document.unread().is_some(),
            ..candidate(format!("iam:GetPolicyVersion {} {version}", policy.arn), policy.arn.as_str())
        };
        if fits && !candidates.iter().any(|other| other.read == one.read) {
            candidates.push(one);
        }
    }
    candidates
}

/// Whatever may be below this parent. Below an OU or the root that nothing else is below is what a path lacks.
fn children(capture: &Capture, told: &Told, parent: &str, accounts: &BTreeSet<AccountId>) -> Vec<Candidate> {
    let path_of = |account: &AccountId| capture.organizations.get(account).and_then(|one| one.known()?.path.known());
    let of_account = |account: &AccountId| Candidate {
        account: Some(account.clone()),
        is_open: path_of(account).is_none(),
        ..candidate(format!("organizations:ListParents {account}"), account.as_str())
    };
    let ous: Vec<&String> = told.parents.iter().filter(|id| id.starts_with("ou-") && *id != parent).collect();
    // An account is below an OU, if there is one, and that one below the root.
    let is_of_accounts = ous.is_empty() || (parent.starts_with("ou-") && told.parents.len() == 2);
    let mut candidates: Vec<Candidate> = accounts.iter().map(of_account).collect();
    for one in &mut candidates {
        one.is_open &= is_of_accounts;
    }
    let is_last = parent.starts_with("r-") && ous.len() == 1;
    candidates.extend(
        ous.into_iter()
            .map(|id| Candidate { is_open: is_last, ..candidate(format!("organizations:ListParents {id}"), id) }),
    );
    candidates
}

fn targets(capture: &Capture, told: &Told, kind: &str, accounts: &BTreeSet<AccountId>) -> Vec<Candidate> {
    let organizations = capture.organizations.values().filter_map(Fact::known);
    let paths = organizations.filter_map(|one: &Organization| one.path.known()).flatten();
    let nodes = accounts
        .iter()
        .map(ToString::to_string)
        .chain(paths.map(ToString::to_string))
        .chain(told.parents.iter().cloned());
    let nodes: BTreeSet<String> = nodes.collect();
    let of = |node: String| candidate(format!("organizations:ListPoliciesForTarget {node} {kind}"), &node);
    nodes.into_iter().map(of).collect()
}

/// The policies of this shape that have no text yet.
fn documents(capture: &Capture, shape: Shape, said: &Said, by: By) -> Vec<Candidate> {
    let mut candidates = match shape {
        Shape::OfResource => keys(capture, KeyRead::Default),
        Shape::OfIdentity => managed(capture, None),
    };
    for organization in capture.organizations.values().filter_map(Fact::known) {
        let levels = if shape == Shape::OfResource { &organization.rcps } else { &organization.scps };
        for policy in levels.found().into_iter().flatten().flat_map(|level| &level.policies) {
            let Some(id) = &policy.id else { continue };
            candidates.push(Candidate {
                names: vec![policy.name.clone()],
                is_open: policy.document.unread().is_some(),
                ..candidate(format!("organizations:DescribePolicy {id}"), id.as_str())
            });
        }
    }
    if shape == Shape::OfIdentity {
        candidates.extend(inline(capture, said, by));
    }
    candidates.sort_by(|one, other| one.read.cmp(&other.read));
    candidates.dedup();
    candidates
}

/// Inline policies that are listed, and in the end one more of whoever's list was not read.
fn inline(capture: &Capture, said: &Said, by: By) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (arn, identity) in holders_of(capture) {
        let Some((kind, name)) = holder(&arn) else { continue };
        let account = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let own =
            identity.and_then(|identity| identity.holders().find(|one| holder(one.arn) == Some((kind, name.clone()))));
        let called = called(kind);
        let listed = own.as_ref().and_then(|own| own.inline.found()).into_iter().flatten();
        candidates.extend(listed.map(|policy| Candidate {
            account: account.clone(),
            names: vec![policy.name.to_string(), name.to_string(), arn.clone()],
            is_open: policy.document.unread().is_some(),
            ..candidate(format!("iam:Get{called}Policy {name} {}", policy.name), &format!("{arn}/{}", policy.name))
        }));
        if by == By::Elimination && own.is_none_or(|own| own.inline.known().is_none()) {
            let stem = said.name.split('.').next().unwrap_or_default();
            let called_so = PolicyName::parse(stem).map_or_else(|_| "pasted".to_owned(), Into::into);
            candidates.push(Candidate {
                account,
                names: vec![name.to_string()],
                may_be_taken: false,
                ..candidate(format!("iam:Get{called}Policy {name} {called_so}"), &arn)
            });
        }
    }
    candidates
}
