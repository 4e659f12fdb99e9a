//! What an answer that does not say it may be of: the keys, roles, policies and accounts of the starts.

use std::collections::BTreeSet;

use super::api::iam::called;
use super::identify::{HolderRead, KeyRead, Shape};
use super::subject::{By, Said, Told};
use super::wants;
use crate::capture::{Capture, Identity, Organization};
use crate::fact::Fact;
use crate::names::{AccountId, HolderKind, PolicyName, PolicyVersionId, holder};

/// One thing that an answer may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) read: String,
    pub(super) account: Option<AccountId>,
    /// How it is typed.
    pub(super) typed: String,
    /// What people call it.
    pub(super) names: Vec<String>,
    /// Whether nothing has told it yet.
    pub(super) is_open: bool,
    /// Whether it may be meant where no name says so.
    pub(super) may_be_taken: bool,
}

impl Candidate {
    /// What is typed for an answer that names a role or user, but not its account.
    pub(super) fn of_name(arn: &str) -> Self {
        candidate(String::new(), arn)
    }
}

pub(super) fn candidate(read: String, typed: &str) -> Candidate {
    Candidate { read, account: None, typed: typed.to_owned(), names: Vec::new(), is_open: true, may_be_taken: true }
}

pub(super) fn keys(capture: &Capture, read: KeyRead) -> Vec<Candidate> {
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

pub(super) fn holders(capture: &Capture, read: HolderRead, said: &Said) -> Vec<Candidate> {
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
pub(super) fn unread_inline(capture: &Capture, kind: &str, name: &str) -> Vec<String> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let holders = identities.flat_map(Identity::holders);
    let own =
        holders.filter(|one| holder(one.arn).is_some_and(|(own, named)| called(own) == kind && named.as_str() == name));
    let policies = own.filter_map(|one| one.inline.found()).flatten();
    let unread = policies.filter(|policy| policy.document.unread().is_some());
    unread.map(|policy| format!("iam:Get{kind}Policy {name} {}", policy.name)).collect()
}

pub(super) fn versions(capture: &Capture, arn: &str) -> Vec<String> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let own = identities.flat_map(Identity::managed).filter(|policy| policy.arn == arn);
    own.filter_map(|policy| Some(format!("iam:GetPolicyVersion {arn} {}", policy.version.as_ref()?))).collect()
}

/// Managed policies; of these only those whose default version is `version`, where both are told.
pub(super) fn managed(capture: &Capture, version: Option<&String>) -> Vec<Candidate> {
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
pub(super) fn children(capture: &Capture, told: &Told, parent: &str, accounts: &BTreeSet<AccountId>) -> Vec<Candidate> {
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

pub(super) fn targets(capture: &Capture, told: &Told, kind: &str, accounts: &BTreeSet<AccountId>) -> Vec<Candidate> {
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
pub(super) fn documents(capture: &Capture, shape: Shape, said: &Said, by: By) -> Vec<Candidate> {
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
