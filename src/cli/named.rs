//! Names of a change, looked up in the capture.

use crate::capture::{Capture, Grant, Holder, Identity};
use crate::change::is_named;
use crate::fact::Fact;
use crate::names::{AccountId, Arn, KeyArn};
use crate::policy::PolicyType;

use super::failure::CliError;

fn unknown(what: &str, name: &str, known: &[&str]) -> CliError {
    let help = if known.is_empty() { "it holds none".to_owned() } else { format!("it holds:\n{}", known.join("\n")) };
    CliError::bad_input("not-captured", format!("the evidence holds no {what} `{name}`"), help)
}

/// The ARN of a key that does not exist yet, `NAME` or `ACCOUNT/NAME`: it equals none that AWS gives, so an exact ARN
/// never means it.
pub(super) fn new_key(name: &str, capture: &Capture) -> Result<KeyArn, CliError> {
    let partition = capture.targets.first().and_then(|target| target.role_arn.split(':').nth(1)).unwrap_or("aws");
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
        (own.cloned().ok_or_else(|| unknown("instance", "", &[]))?, name)
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
        |aliases: &Fact<Vec<String>>| aliases.found().is_some_and(|aliases| aliases.iter().any(|a| a == name));
    let is_new = |arn: &KeyArn| {
        let own = arn.key_id().strip_prefix("new-");
        own.is_some_and(|own| own == name || name.split_once('/') == Some((arn.account(), own)))
    };
    let found = capture.keys.iter().find(|(arn, key)| arn.key_id() == name || is_new(arn) || has_alias(&key.aliases));
    let known: Vec<&str> = capture.keys.keys().map(KeyArn::as_str).collect();
    found.map(|(arn, _)| arn.clone()).ok_or_else(|| unknown("KMS key", name, &known))
}

/// Whoever holds an inline policy: a role or user, or a user's group by its ARN.
pub(super) fn holder(name: &str, capture: &Capture) -> Result<String, CliError> {
    let known = capture.identities.values().filter_map(Fact::known);
    let mut groups = known.filter_map(|identity| identity.groups.found()).flatten();
    if groups.any(|group| group.arn == name) { Ok(name.to_owned()) } else { identity(name, capture) }
}

/// A role or user of the capture, by ARN, that of a session included, path and name, or name.
pub(super) fn identity(name: &str, capture: &Capture) -> Result<String, CliError> {
    if let Some((asked, _)) = capture.identity(name) {
        return Ok(asked.clone());
    }
    let is_it = |arn: &str| {
        let resource = arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/'));
        arn == name || resource.is_some_and(|(_, own)| own == name || own.rsplit('/').next() == Some(name))
    };
    let found: Vec<&String> = capture
        .identities
        .iter()
        .filter(|(asked, identity)| is_it(asked) || identity.known().is_some_and(|known| is_it(known.arn.as_str())))
        .map(|(asked, _)| asked)
        .collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let known: Vec<&str> = capture.identities.keys().map(String::as_str).collect();
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
pub(super) fn managed(name: &str, capture: &Capture) -> Result<String, CliError> {
    let identities = capture.identities.values().filter_map(Fact::known);
    let mut known: Vec<&str> = identities.flat_map(Identity::managed).map(|policy| policy.arn.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let is_it = |arn: &&&str| **arn == name || arn.rsplit('/').next() == Some(name);
    match known.iter().filter(is_it).collect::<Vec<_>>().as_slice() {
        [one] => Ok((**one).to_owned()),
        [] => Err(unknown("managed policy", name, &known)),
        several => {
            let all: Vec<&str> = several.iter().map(|arn| **arn).collect();
            let help = format!("give the ARN, one of:\n{}", all.join("\n"));
            Err(CliError::bad_input("ambiguous-name", format!("`{name}` names several managed policies"), help))
        }
    }
}

/// The ARN of a managed policy, whether it was read or not.
pub(super) fn policy_arn(text: &str) -> Result<String, CliError> {
    let arn = Arn::parse(text).ok().filter(|arn| arn.service() == "iam" && arn.resource().starts_with("policy/"));
    arn.map(|arn| arn.to_string()).ok_or_else(|| {
        CliError::bad_input(
            "malformed-policy-arn",
            format!("`{text}` is no ARN of a managed policy: expected `arn:aws:iam::account:policy/name`"),
            "aws iam list-policies --query 'Policies[].Arn'",
        )
    })
}

/// Nothing, if the holder has an inline policy of this name or no managed one: an inline policy beside the managed
/// one would take nothing away.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html>
pub(super) fn is_inline(of: &str, name: &str, capture: &Capture) -> Result<(), CliError> {
    let identities = capture.identities.iter().filter_map(|(asked, identity)| Some((asked, identity.known()?)));
    let mut holders = identities.flat_map(|(asked, identity)| {
        let is_it = is_named(asked, identity, of);
        identity.holders().enumerate().filter(move |(number, holder)| (is_it && *number == 0) || holder.arn == of)
    });
    let Some((_, Holder { inline, attached, .. })) = holders.next() else { return Ok(()) };
    let is_there = inline.found().into_iter().flatten().any(|policy| policy.name == name);
    match attached.found().into_iter().flatten().find(|policy| policy.name() == name) {
        Some(policy) if !is_there => Err(CliError::bad_input(
            "not-inline",
            format!("`{name}` is a managed policy attached to {of}: an inline one beside it would take nothing away"),
            format!("--set-managed-policy {}=FILE changes it, for all to whom it is attached", policy.arn),
        )),
        Some(_) | None => Ok(()),
    }
}

/// The SCP or RCP of this ID, if the evidence holds it.
pub(super) fn organization_policy(id: &str, kind: PolicyType, capture: &Capture) -> Result<String, CliError> {
    let organizations = capture.organizations.values().filter_map(Fact::known);
    let is_rcp = kind == PolicyType::Rcp;
    let lists = organizations.map(|organization| if is_rcp { &organization.rcps } else { &organization.scps });
    let policies = lists.filter_map(Fact::found).flatten().flat_map(|level| &level.policies);
    let known: Vec<&str> = policies.map(|policy| policy.id.as_str()).collect();
    if known.contains(&id) { Ok(id.to_owned()) } else { Err(unknown("organization policy", id, &known)) }
}

/// The grant of this ID, if the evidence holds it.
pub(super) fn grant(id: &str, capture: &Capture) -> Result<String, CliError> {
    let grants = capture.keys.values().filter_map(|key| key.grants.found()).flat_map(|grants| grants.iter());
    let known: Vec<&str> = grants.map(|grant: &Grant| grant.id.as_str()).collect();
    if known.contains(&id) { Ok(id.to_owned()) } else { Err(unknown("grant", id, &known)) }
}
