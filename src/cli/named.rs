//! Names of a change, looked up in the capture.

use crate::capture::{Capture, Grant, Holder, Identity};
use crate::change::is_named;
use crate::command::Command;
use crate::fact::Fact;
use crate::names::{
    AccountId, AliasName, GrantId, HolderArn, KeyArn, OrgPolicyId, PolicyArn, PolicyName, PrincipalArn,
};
use crate::policy::PolicyType;

use super::failure::CliError;

fn unknown<N: AsRef<str>>(what: &str, name: &str, known: &[N]) -> CliError {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let help = if known.is_empty() { "it holds none".to_owned() } else { format!("it holds:\n{}", known.join("\n")) };
    CliError::bad_input("not-captured", format!("the evidence holds no {what} `{name}`"), help)
}

/// The ARN of a key that does not exist yet, `NAME` or `ACCOUNT/NAME`: it equals none that AWS gives, so an exact ARN
/// never means it.
pub(super) fn new_key(name: &str, capture: &Capture) -> Result<KeyArn, CliError> {
    let partition = capture.targets.first().map_or("aws", |target| target.role_arn.partition());
    let malformed = || {
        let message = format!("`{name}` cannot name a new key: letters, digits and `-` only, an account before a `/`");
        CliError::bad_input(
            "malformed-key-name",
            message,
            "give it as --new-key prod=policy.json, a key of another account as --new-key 444455556666/prod=policy.json",
        )
    };
    let (account, name) = if let Some((account, name)) = name.split_once('/') {
        (AccountId::parse(account).map_err(|_| malformed())?, name)
    } else {
        let own = capture.instances.values().filter_map(Fact::known).map(|instance| &instance.account).next();
        (own.cloned().ok_or_else(|| unknown::<&str>("instance", "", &[]))?, name)
    };
    let arn = format!("arn:{partition}:kms:{}:{account}:key/new-{name}", capture.read.region);
    KeyArn::parse(&arn).map_err(|_| malformed())
}

/// A key of the capture, by its ARN, ID or alias, or by the name of a new one. Any ARN is taken: what was not read
/// of the key stays open.
pub(super) fn key(name: &str, capture: &Capture) -> Result<KeyArn, CliError> {
    if let Ok(arn) = KeyArn::parse(name) {
        return Ok(arn);
    }
    let has_alias =
        |aliases: &Fact<Vec<AliasName>>| aliases.found().is_some_and(|aliases| aliases.iter().any(|a| *a == name));
    let is_new = |arn: &KeyArn| {
        let own = arn.key_id().strip_prefix("new-");
        own.is_some_and(|own| own == name || name.split_once('/') == Some((arn.account(), own)))
    };
    let found = capture.keys.iter().find(|(arn, key)| arn.key_id() == name || is_new(arn) || has_alias(&key.aliases));
    let known: Vec<&str> = capture.keys.keys().map(KeyArn::as_str).collect();
    found.map(|(arn, _)| arn.clone()).ok_or_else(|| unknown("KMS key", name, &known))
}

/// Whoever holds an inline policy: a role or user, or a user's group by its ARN.
pub(super) fn holder(name: &str, capture: &Capture) -> Result<HolderArn, CliError> {
    let known = capture.identities.values().filter_map(Fact::known);
    let mut groups = known.filter_map(|identity| identity.groups.found()).flatten();
    match groups.find(|group| group.arn == *name) {
        Some(group) => Ok(HolderArn::from(&group.arn)),
        None => identity(name, capture).map(|arn| HolderArn::from(&arn)),
    }
}

/// A role or user of the capture, by ARN, that of a session included, path and name, or name.
pub(super) fn identity(name: &str, capture: &Capture) -> Result<PrincipalArn, CliError> {
    if let Some((asked, _)) = PrincipalArn::parse(name).ok().and_then(|named| capture.identity(&named)) {
        return Ok(asked.clone());
    }
    let is_it = |arn: &str| {
        let resource = arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/'));
        arn == name || resource.is_some_and(|(_, own)| own == name || own.rsplit('/').next() == Some(name))
    };
    let found: Vec<&PrincipalArn> = capture
        .identities
        .iter()
        .filter(|(asked, identity)| {
            is_it(asked.as_str()) || identity.known().is_some_and(|known| is_it(known.arn.as_str()))
        })
        .map(|(asked, _)| asked)
        .collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let known: Vec<&PrincipalArn> = capture.identities.keys().collect();
            Err(unknown("role or user", name, &known))
        }
        several => {
            let all: Vec<&str> = several.iter().map(|arn| arn.as_str()).collect();
            let help = format!("give the ARN, one of:\n{}", all.join("\n"));
            Err(CliError::bad_input("ambiguous-name", format!("`{name}` names several of the evidence"), help))
        }
    }
}

/// A managed policy of the capture, by its ARN or name.
pub(super) fn managed(name: &str, capture: &Capture) -> Result<PolicyArn, CliError> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let mut known: Vec<&PolicyArn> = identities.flat_map(Identity::managed).map(|policy| &policy.arn).collect();
    known.sort();
    known.dedup();
    let texts = |arns: &[&PolicyArn]| arns.iter().map(|arn| arn.as_str().to_owned()).collect::<Vec<_>>();
    let found: Vec<&PolicyArn> = known.iter().copied().filter(|arn| **arn == *name || arn.name() == name).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(unknown("managed policy", name, &texts(&known))),
        several => {
            let all = texts(several);
            let help = format!("give the ARN, one of:\n{}", all.join("\n"));
            Err(CliError::bad_input("ambiguous-name", format!("`{name}` names several managed policies"), help))
        }
    }
}

/// The ARN of a managed policy, whether it was read or not.
pub(super) fn policy_arn(text: &str) -> Result<PolicyArn, CliError> {
    PolicyArn::parse(text).map_err(|error| {
        let list = Command::aws("iam list-policies").option("--query", "Policies[].Arn");
        CliError::bad_input("malformed-policy-arn", error.to_string(), list.to_string())
    })
}

/// Nothing, if the holder has an inline policy of this name or no managed one: an inline policy beside the managed
/// one would take nothing away.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html>
pub(super) fn is_inline(of: &HolderArn, name: &PolicyName, capture: &Capture) -> Result<(), CliError> {
    let identities = capture.identities.iter().filter_map(|(asked, identity)| Some((asked, identity.known()?)));
    let mut holders = identities.flat_map(|(asked, identity)| {
        let is_it = is_named(asked, identity, of.as_str());
        identity
            .holders()
            .enumerate()
            .filter(move |(number, holder)| (is_it && *number == 0) || holder.arn == of.as_str())
    });
    let Some((_, Holder { inline, attached, .. })) = holders.next() else { return Ok(()) };
    let is_there = inline.found().into_iter().flatten().any(|policy| policy.name == *name);
    match attached.found().into_iter().flatten().find(|policy| policy.name() == name.as_str()) {
        Some(policy) if !is_there => Err(CliError::bad_input(
            "not-inline",
            format!("`{name}` is a managed policy attached to {of}: an inline one beside it would take nothing away"),
            format!("--set-managed-policy {}=FILE changes it, for all to whom it is attached", policy.arn),
        )),
        Some(_) | None => Ok(()),
    }
}

/// The SCP or RCP of this ID, if the evidence holds it.
pub(super) fn organization_policy(id: &str, kind: PolicyType, capture: &Capture) -> Result<OrgPolicyId, CliError> {
    let organizations = capture.organizations.values().filter_map(Fact::known);
    let is_rcp = kind == PolicyType::Rcp;
    let lists = organizations.map(|organization| if is_rcp { &organization.rcps } else { &organization.scps });
    let policies = lists.filter_map(Fact::found).flatten().flat_map(|level| &level.policies);
    let known: Vec<&OrgPolicyId> = policies.filter_map(|policy| policy.id.as_ref()).collect();
    the_one(id, &known).ok_or_else(|| unknown("organization policy", id, &known))
}

/// The grant of this ID, if the evidence holds it.
pub(super) fn grant(id: &str, capture: &Capture) -> Result<GrantId, CliError> {
    let grants = capture.keys.values().filter_map(|key| key.grants.found()).flat_map(|grants| grants.iter());
    let known: Vec<&GrantId> = grants.map(|grant: &Grant| &grant.id).collect();
    the_one(id, &known).ok_or_else(|| unknown("grant", id, &known))
}

fn the_one<N: AsRef<str> + Clone>(name: &str, known: &[&N]) -> Option<N> {
    known.iter().find(|one| (**one).as_ref() == name).map(|one| (*one).clone())
}
