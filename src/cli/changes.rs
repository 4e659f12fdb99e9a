//! From typed changes to changes of this capture: every name is looked up in it.

use std::path::Path;

use serde::Deserialize;

use crate::capture::{Capture, Grant, Identity, Key};
use crate::change::{Change, Edit, PolicyPlace, apply_all};
use crate::names::KeyArn;
use crate::policy::PolicyType;
use crate::source::{Document, Reading};

use super::args::Changes;
use super::failure::Failure;
use super::{files, options};

/// The changes, in the order of the options.
pub(super) fn changes(typed: &Changes, capture: &Capture) -> Result<Vec<Change>, Failure> {
    let mut list = Vec::new();
    for text in &typed.new_key {
        let (name, file) = options::pair(text, "--new-key")?;
        list.push(Change::NewKey { key: new_key(name, capture)?, policy: document(file, PolicyType::KeyPolicy)? });
    }
    // A new key may be named by the other changes.
    let capture = &apply_all(capture, &list);
    let mut whole = |place: PolicyPlace, file: &str| {
        let edits = vec![Edit::Whole(document(file, place.kind())?)];
        list.push(Change::Policy { place, edits });
        Ok(())
    };
    for text in &typed.set_key_policy {
        let (name, file) = options::pair(text, "--set-key-policy")?;
        whole(PolicyPlace::KeyPolicy(key(name, capture)?), file)?;
    }
    for text in &typed.set_role_policy {
        let (names, file) = options::pair(text, "--set-role-policy")?;
        let Some((name, policy)) = names.rsplit_once('/') else {
            let message = format!("`{names}` is not ROLE/NAME");
            return Err(Failure::bad_input("malformed-pair", message, "give --set-role-policy ROLE/NAME=FILE"));
        };
        whole(PolicyPlace::Inline { identity: holder(name, capture)?, name: policy.to_owned() }, file)?;
    }
    for text in &typed.set_boundary {
        let (name, file) = options::pair(text, "--set-boundary")?;
        whole(PolicyPlace::Boundary { identity: identity(name, capture)? }, file)?;
    }
    for text in &typed.set_scp {
        let (id, file) = options::pair(text, "--set-scp")?;
        whole(organization_policy(PolicyPlace::Scp { id: id.to_owned() }, id, capture)?, file)?;
    }
    for text in &typed.set_rcp {
        let (id, file) = options::pair(text, "--set-rcp")?;
        whole(organization_policy(PolicyPlace::Rcp { id: id.to_owned() }, id, capture)?, file)?;
    }
    if let Some(name) = &typed.encrypt_volumes_with {
        list.push(Change::EncryptVolumes { key: key(name, capture)? });
    }
    for name in &typed.disable_key {
        list.push(Change::KeyState { key: key(name, capture)?, state: "Disabled".to_owned() });
    }
    for name in &typed.delete_role {
        list.push(Change::RecreateRole { role: identity(name, capture)? });
    }
    for id in &typed.revoke_grant {
        let known: Vec<&str> = grants(capture).map(|grant| grant.id.as_str()).collect();
        if !known.contains(&id.as_str()) {
            return Err(unknown("grant", id, &known));
        }
        list.push(Change::RevokeGrant { id: id.clone() });
    }
    for path in &typed.apply_remedy {
        list.extend(remedy(path)?);
    }
    Ok(list)
}

fn document(file: &str, kind: PolicyType) -> Result<Document, Failure> {
    let policy = options::policy(Path::new(file), kind)?;
    Ok(policy.document.unwrap_or_else(|| Document::new("")))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Failure {
    let help = if known.is_empty() { "it holds none".to_owned() } else { format!("it holds:\n{}", known.join("\n")) };
    Failure::bad_input("not-captured", format!("the evidence holds no {what} `{name}`"), help)
}

/// The ARN of a key that does not exist yet: it equals none that AWS gives, so an exact ARN never means it.
fn new_key(name: &str, capture: &Capture) -> Result<KeyArn, Failure> {
    let account = capture.instances.values().filter_map(Reading::known).map(|instance| &instance.account).next();
    let partition = capture.targets.first().and_then(|target| target.role_arn.split(':').nth(1)).unwrap_or("aws");
    let malformed = || {
        let message = format!("`{name}` cannot name a new key: letters, digits and `-` only");
        Failure::bad_input("malformed-key-name", message, "give it as --new-key prod=policy.json")
    };
    let account = account.ok_or_else(|| unknown("instance", "", &[]))?;
    KeyArn::parse(&format!("arn:{partition}:kms:{}:{account}:key/new-{name}", capture.read.region))
        .map_err(|_| malformed())
}

/// A key of the capture, by its ARN, ID or alias, or by the name of a new one. Any ARN is taken: what was not read
/// of the key stays open.
fn key(name: &str, capture: &Capture) -> Result<KeyArn, Failure> {
    if let Ok(arn) = KeyArn::parse(name) {
        return Ok(arn);
    }
    let has_alias =
        |aliases: &Reading<Vec<String>>| aliases.found().is_some_and(|all| all.iter().any(|one| one == name));
    let is_it = |(arn, key): &(&KeyArn, &Key)| {
        arn.key_id() == name || arn.key_id().strip_prefix("new-") == Some(name) || has_alias(&key.aliases)
    };
    let found: Vec<&str> = capture.keys.iter().filter(is_it).map(|(arn, _)| arn.as_str()).collect();
    let known: Vec<&str> = capture.keys.keys().map(KeyArn::as_str).collect();
    let arn = the_one("KMS key", name, &found, &known)?;
    KeyArn::parse(arn).map_err(|_| unknown("KMS key", name, &known))
}

/// The only one that a name means.
fn the_one<'n>(what: &str, name: &str, found: &[&'n str], known: &[&str]) -> Result<&'n str, Failure> {
    match found {
        [] => Err(unknown(what, name, known)),
        [one] => Ok(one),
        [_, _, ..] => {
            let message = format!("`{name}` is the name of more than one {what}");
            Err(Failure::bad_input("ambiguous-name", message, format!("give the ARN of one:\n{}", found.join("\n"))))
        }
    }
}

/// Whoever holds an inline policy: a role or user, or a user's group by its ARN.
fn holder(name: &str, capture: &Capture) -> Result<String, Failure> {
    let known = capture.identities.values().filter_map(Reading::known);
    let mut groups = known.filter_map(|identity| identity.groups.found()).flatten();
    if groups.any(|group| group.arn == name) { Ok(name.to_owned()) } else { identity(name, capture) }
}

/// A role or user of the capture, by ARN, path and name, or name.
fn identity(name: &str, capture: &Capture) -> Result<String, Failure> {
    let is_it = |arn: &str| {
        let resource = arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/'));
        arn == name || resource.is_some_and(|(_, own)| own == name || own.rsplit('/').next() == Some(name))
    };
    let is_meant = |(asked, identity): &(&String, &Reading<Identity>)| {
        is_it(asked) || identity.known().is_some_and(|identity| is_it(identity.arn.as_str()))
    };
    let known: Vec<&str> = capture.identities.keys().map(String::as_str).collect();
    // An ARN is one, whoever else has its name.
    if let Some(arn) = known.iter().find(|arn| **arn == name) {
        return Ok((*arn).to_owned());
    }
    let found: Vec<&str> = capture.identities.iter().filter(is_meant).map(|(asked, _)| asked.as_str()).collect();
    the_one("role or user", name, &found, &known).map(str::to_owned)
}

fn organization_policy(place: PolicyPlace, id: &str, capture: &Capture) -> Result<PolicyPlace, Failure> {
    let organizations = capture.organizations.values().filter_map(Reading::known);
    let is_rcp = place.kind() == PolicyType::Rcp;
    let lists = organizations.map(|organization| if is_rcp { &organization.rcps } else { &organization.scps });
    let policies = lists.filter_map(Reading::found).flatten().flat_map(|level| &level.policies);
    let known: Vec<&str> = policies.map(|policy| policy.id.as_str()).collect();
    if known.contains(&id) { Ok(place) } else { Err(unknown("organization policy", id, &known)) }
}

fn grants(capture: &Capture) -> impl Iterator<Item = &Grant> {
    capture.keys.values().filter_map(|key| key.grants.found()).flatten()
}

/// What `remedy.json` holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RemedyFile {
    format_version: u32,
    changes: Vec<Change>,
}

fn remedy(path: &Path) -> Result<Vec<Change>, Failure> {
    let text = files::read(path)?;
    let bad = |message: String| {
        let message = format!("`{}` is no remedy: {message}", path.display());
        Failure::bad_input("bad-remedy", message, "`ebs-preflight check --write-remedy DIR` writes DIR/remedy.json")
    };
    let file: RemedyFile = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if file.format_version != 1 {
        return Err(bad(format!("it is of version {}, and this program reads version 1", file.format_version)));
    }
    Ok(file.changes)
}
