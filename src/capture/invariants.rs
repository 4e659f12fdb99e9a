//! What no capture can say, whoever made it: a record that contradicts itself or another.
//!
//! Where it was handed in it is refused with both places, and where one run read it, it is left open.
//! `docs/schema/capture-v1.md` lists them.

use std::collections::BTreeMap;
use std::fmt;

use super::{AttachedPolicy, Capture, Group, Identity, Instance, Key, KeyMetadata, OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, InstanceId, KeyArn, OrgPolicyId, OrganizationId, PolicyArn, PrincipalArn, VolumeId};

/// Two places of a capture that cannot both be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contradiction {
    one: String,
    other: String,
    /// What no decision may rest on.
    of: Record,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, and {}", self.one, self.other)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    Read,
    Identity(PrincipalArn),
    Instance(InstanceId),
    Volume(VolumeId),
    Metadata(KeyArn),
    Grants(KeyArn),
    Aliases(KeyArn),
    Organization(AccountId),
}

/// Leaves open every record that contradicts itself or another.
pub(super) fn settle(capture: &mut Capture) {
    for found in contradictions(capture) {
        let open = |needs: &str| Unread::unparsable(needs, found.to_string());
        match &found.of {
            Record::Read => {}
            Record::Identity(asked) => {
                capture.identities.insert(asked.clone(), Fact::Unread(open("iam:GetRole")));
            }
            Record::Instance(id) => {
                capture.instances.insert(id.clone(), Fact::Unread(open("ec2:DescribeInstances")));
            }
            Record::Volume(id) => {
                capture.volumes.insert(id.clone(), Fact::Unread(open("ec2:DescribeVolumes")));
            }
            Record::Metadata(arn) => {
                capture.keys.entry(arn.clone()).or_default().metadata = Fact::Unread(open("kms:DescribeKey"));
            }
            Record::Grants(arn) => {
                capture.keys.entry(arn.clone()).or_default().grants = Fact::Unread(open("kms:ListGrants"));
            }
            Record::Aliases(arn) => {
                capture.keys.entry(arn.clone()).or_default().aliases = Fact::Unread(open("kms:ListAliases"));
            }
            Record::Organization(account) => {
                let unread = Fact::Unread(open("organizations:DescribeOrganization"));
                capture.organizations.insert(account.clone(), unread);
            }
        }
    }
}

/// Everything in a capture that contradicts itself or something else of it.
pub(super) fn contradictions(capture: &Capture) -> Vec<Contradiction> {
    let mut check = Check { capture, found: Vec::new() };
    let read = &capture.read;
    if read.until < read.from {
        check.clash(Record::Read, format!("`read.from` is {}", read.from), format!("`read.until` is {}", read.until));
    }
    check.identities();
    for (id, instance) in known(&capture.instances) {
        check.instance(id, instance);
    }
    check.volumes();
    check.keys();
    check.organizations();
    check.found
}

fn known<K, T>(records: &BTreeMap<K, Fact<T>>) -> impl Iterator<Item = (&K, &T)> {
    records.iter().filter_map(|(name, record)| Some((name, record.known()?)))
}

struct Check<'c> {
    capture: &'c Capture,
    found: Vec<Contradiction>,
}

impl Check<'_> {
    fn clash(&mut self, of: Record, one: String, other: String) {
        self.found.push(Contradiction { one, other, of });
    }

    fn identities(&mut self) {
        let capture = self.capture;
        let mut told: BTreeMap<&str, (String, &AttachedPolicy)> = BTreeMap::new();
        for (asked, identity) in known(&capture.identities) {
            let (at, of) = (format!("identities[\"{asked}\"]"), || Record::Identity(asked.clone()));
            if !is_of(asked, &identity.arn) {
                self.clash(of(), format!("`{at}` is of that principal"), format!("`{at}.arn` is {}", identity.arn));
            }
            self.groups(&at, asked, identity);
            let holders = identity.holders().map(|holder| (holder.arn, holder.inline, holder.attached));
            for (holder, inline, attached) in holders {
                if let Some(name) = twice(found(inline).map(|policy| policy.name.as_str())) {
                    let one = format!("`{at}` has the inline policy {name} of {holder}");
                    self.clash(of(), one, format!("`{at}` has it once more"));
                }
                if let Some(arn) = twice(found(attached).map(|policy| policy.arn.as_str())) {
                    let one = format!("`{at}` has {arn} attached to {holder}");
                    self.clash(of(), one, format!("`{at}` has it once more"));
                }
            }
            for policy in identity.managed() {
                if !is_attachable(&policy.arn, &identity.arn) {
                    let other = format!("`{at}` has {}, a policy of another account or partition", policy.arn);
                    self.clash(of(), format!("`{at}.arn` is {}", identity.arn), other);
                }
                match told.get(policy.arn.as_str()) {
                    Some((first, other)) if differ(policy, other) => {
                        let one = format!("`{first}` has one text or version of {}", policy.arn);
                        self.clash(of(), one, format!("`{at}` has another"));
                    }
                    Some(_) => {}
                    None => {
                        told.insert(policy.arn.as_str(), (at.clone(), policy));
                    }
                }
            }
        }
        for (asked, namesake) in &capture.namesakes {
            let is_other_path =
                asked != namesake && asked.name() == namesake.name() && asked.account() == namesake.account();
            if !is_other_path || capture.identities.get(asked).is_some_and(|one| one.known().is_some()) {
                let one = format!("`namesakes[\"{asked}\"]` is {namesake}");
                let other = format!("`identities[\"{asked}\"]` is not the name of it under another path");
                self.clash(Record::Identity(asked.clone()), one, other);
            }
        }
    }

    /// Only users are in groups, each of the user's own account.
    fn groups(&mut self, at: &str, asked: &PrincipalArn, identity: &Identity) {
        for group in found(&identity.groups) {
            let is_own = group.arn.account() == identity.arn.account();
            if !identity.is_user() || !is_own {
                let one = format!("`{at}.arn` is {}", identity.arn);
                self.clash(Record::Identity(asked.clone()), one, format!("`{at}.groups` holds {}", group.arn));
            }
        }
        if let Some(arn) = twice(found::<Group>(&identity.groups).map(|group| group.arn.as_str())) {
            let one = format!("`{at}.groups` holds {arn}");
            self.clash(Record::Identity(asked.clone()), one, format!("`{at}.groups` holds it once more"));
        }
    }

    fn instance(&mut self, id: &InstanceId, instance: &Instance) {
        let (at, of) = (format!("instances[\"{id}\"]"), || Record::Instance(id.clone()));
        if let Some(volume) = twice(instance.attachments.iter().map(|one| one.volume_id.as_str())) {
            let one = format!("`{at}.attachments` holds {volume}");
            self.clash(of(), one, format!("`{at}.attachments` holds it once more"));
        }
        let region = self.capture.read.region.as_str();
        let mut names: BTreeMap<String, &str> = BTreeMap::new();
        for (key, value) in &instance.condition_keys {
            let lower = key.to_ascii_lowercase();
            let there = format!("`{at}.conditionKeys` has {key} = {value}");
            if let Some(first) = names.insert(lower.clone(), key) {
                let one = format!("`{at}.conditionKeys` has {first}");
                self.clash(of(), one, format!("`{at}.conditionKeys` has {key}, which is the same key"));
            }
            let other = match lower.as_str() {
                "ec2:instanceid" if value != id.as_str() => format!("`{at}` is of that instance"),
                "ec2:region" if value != region => format!("`read.region` is {region}"),
                // Local Zones and Wavelength Zones begin with the Region's name, too.
                "ec2:availabilityzone" if !value.starts_with(region) => format!("`read.region` is {region}"),
                "ec2:rootdevicetype" if !["", value].contains(&instance.root_device_type.as_str()) => {
                    format!("`{at}.rootDeviceType` is {}", instance.root_device_type)
                }
                "ec2:instanceprofile"
                    if value.split(':').nth(4).is_some_and(|own| own != instance.account.as_str()) =>
                {
                    format!("`{at}.account` is {}", instance.account)
                }
                _ if !is_of_instances(&lower) => format!("`{at}` has no such key: it is none of an instance"),
                _ => continue,
            };
            self.clash(of(), there, other);
        }
    }

    fn volumes(&mut self) {
        let region = self.capture.read.region.as_str();
        for (id, volume) in known(&self.capture.volumes) {
            let at = format!("volumes[\"{id}\"]");
            if let Some(key) = volume.key.known()
                && (key.region() != region || key.partition() != self.capture.read.region.partition())
            {
                let one = format!("`{at}.key` is {key}");
                let other = format!("`read.region` is {region}, and a volume has a key of its own Region");
                self.clash(Record::Volume(id.clone()), one, other);
            }
        }
        for (instance, record) in known(&self.capture.instances) {
            for attachment in record.attachments.iter().filter(|one| one.status == "attached") {
                let volume = self.capture.volumes.get(&attachment.volume_id).and_then(Fact::known);
                if let Some(state) = volume.map(|volume| volume.state.as_str()).filter(|state| is_of_no_instance(state))
                {
                    let id = &attachment.volume_id;
                    let one = format!("`instances[\"{instance}\"].attachments` has {id} as attached");
                    let other = format!("`volumes[\"{id}\"].state` is {state}");
                    self.clash(Record::Volume(id.clone()), one, other);
                }
            }
        }
    }

    fn keys(&mut self) {
        let mut aliases: BTreeMap<(&str, &str, &str), &KeyArn> = BTreeMap::new();
        let mut stores: BTreeMap<&str, (&KeyArn, &Fact<String>)> = BTreeMap::new();
        for (arn, key) in &self.capture.keys {
            if let Some(metadata) = key.metadata.known() {
                self.metadata(arn, metadata);
                if let Some(store) = &metadata.custom_key_store {
                    let (first, state) = *stores.entry(store.id.as_str()).or_insert((arn, &store.connection_state));
                    if let (Some(one), Some(other)) = (state.known(), store.connection_state.known())
                        && one != other
                    {
                        let one = format!("`keys[\"{first}\"].metadata` has the key store {} as {one}", store.id);
                        let other = format!("`keys[\"{arn}\"].metadata` has it as {other}");
                        self.clash(Record::Metadata(arn.clone()), one, other);
                    }
                }
            }
            if let Some(id) =
                twice(key.grants.found().into_iter().flat_map(|grants| grants.iter()).map(|grant| grant.id.as_str()))
            {
                let one = format!("`keys[\"{arn}\"].grants` holds {id}");
                self.clash(Record::Grants(arn.clone()), one, format!("`keys[\"{arn}\"].grants` holds it once more"));
            }
            for alias in found(&key.aliases) {
                let first = *aliases.entry((alias.as_str(), arn.account(), arn.region())).or_insert(arn);
                if first != arn {
                    let one = format!("`keys[\"{first}\"].aliases` holds {alias}");
                    let other = format!("`keys[\"{arn}\"].aliases` holds it, too");
                    self.clash(Record::Aliases(arn.clone()), one, other);
                }
            }
            self.alias_of_aws(arn, key);
        }
    }

    /// What one answer of `DescribeKey` cannot say.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
    fn metadata(&mut self, arn: &KeyArn, metadata: &KeyMetadata) {
        let at = format!("keys[\"{arn}\"].metadata");
        let (state, origin) = (metadata.state.as_str(), metadata.origin.as_str());
        if metadata.manager == "AWS" && OF_CUSTOMERS.contains(&state) {
            let other = format!("`{at}.state` is {state}: nobody can disable or delete an AWS managed key");
            self.clash(Record::Metadata(arn.clone()), format!("`{at}.manager` is AWS"), other);
        }
        if let (Some(date), "Enabled" | "Disabled") = (metadata.deletion_date, state) {
            let one = format!("`{at}.state` is {state}");
            self.clash(Record::Metadata(arn.clone()), one, format!("`{at}.deletionDate` is {date}"));
        }
        if let (Some(date), "AWS_KMS" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE") = (metadata.valid_to, origin) {
            let one = format!("`{at}.origin` is {origin}");
            let other = format!("`{at}.validTo` is {date}, which only imported key material has");
            self.clash(Record::Metadata(arn.clone()), one, other);
        }
        if let (Some(store), "AWS_KMS" | "EXTERNAL") = (&metadata.custom_key_store, origin) {
            let one = format!("`{at}.origin` is {origin}");
            self.clash(Record::Metadata(arn.clone()), one, format!("`{at}.customKeyStore` is {}", store.id));
        }
    }

    /// Only AWS managed keys have aliases that begin with `alias/aws/`.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html>
    fn alias_of_aws(&mut self, arn: &KeyArn, key: &Key) {
        let is_customers = key.metadata.known().is_some_and(|metadata| metadata.manager == "CUSTOMER");
        if let Some(alias) = found(&key.aliases).find(|alias| is_customers && alias.is_of_aws()) {
            let one = format!("`keys[\"{arn}\"].metadata.manager` is CUSTOMER");
            self.clash(Record::Metadata(arn.clone()), one, format!("`keys[\"{arn}\"].aliases` holds {alias}"));
        }
    }

    fn organizations(&mut self) {
        let capture = self.capture;
        let mut organizations: BTreeMap<&OrganizationId, (&AccountId, &Organization)> = BTreeMap::new();
        let mut targets: BTreeMap<(&str, &str, &str), (&AccountId, Vec<&str>)> = BTreeMap::new();
        let mut policies: BTreeMap<&OrgPolicyId, (&AccountId, &str, &OrgPolicy)> = BTreeMap::new();
        for (account, organization) in known(&capture.organizations) {
            let (at, of) = (format!("organizations[\"{account}\"]"), || Record::Organization(account.clone()));
            let (first, one) = *organizations.entry(&organization.id).or_insert((account, organization));
            if one.management_account != organization.management_account || roots_differ(one, organization) {
                let one = format!("`organizations[\"{first}\"]` has one management account or root of {}", one.id);
                self.clash(of(), one, format!("`{at}` has another"));
            }
            let manager = &organization.management_account;
            let is_elsewhere = match capture.organizations.get(manager) {
                Some(Fact::Absent) => true,
                Some(Fact::Known(other)) => other.id != organization.id,
                Some(Fact::Unread(_) | Fact::Part { .. }) | None => false,
            };
            if is_elsewhere {
                let one = format!("`{at}.managementAccount` is {manager}");
                let other = format!("`organizations[\"{manager}\"]` is not that organization");
                self.clash(of(), one, other);
            }
            for (kind, levels) in [("scps", &organization.scps), ("rcps", &organization.rcps)] {
                for level in found(levels) {
                    for (id, policy) in level.policies.iter().filter_map(|policy| Some((policy.id.as_ref()?, policy))) {
                        let (first, is_kind, one) = *policies.entry(id).or_insert((account, kind, policy));
                        let (one, other) = (one.document.known(), policy.document.known());
                        let differ = one.zip(other).is_some_and(|(one, other)| !is_same(one, other));
                        if differ || is_kind != kind {
                            let one = format!("`organizations[\"{first}\"].{is_kind}` has one policy {id}");
                            self.clash(of(), one, format!("`{at}.{kind}` has another"));
                        }
                    }
                }
                // A part says nothing of what is missing.
                for level in levels.known().into_iter().flatten() {
                    let mut ids: Vec<&str> = level.policies.iter().map(OrgPolicy::id).collect();
                    ids.sort_unstable();
                    let key = (organization.id.as_str(), kind, level.target.as_str());
                    let (first, one) = targets.entry(key).or_insert_with(|| (account, ids.clone()));
                    if *one != ids {
                        let one = format!("`organizations[\"{first}\"].{kind}` has some policies of {}", level.target);
                        self.clash(of(), one, format!("`{at}.{kind}` has others"));
                    }
                }
            }
        }
    }
}

/// Key states that only a customer can bring about, or a custom key store.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
const OF_CUSTOMERS: [&str; 5] =
    ["Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Unavailable"];

/// What was read of a list.
fn found<T>(list: &Fact<Vec<T>>) -> impl Iterator<Item = &T> {
    list.found().into_iter().flatten()
}

/// Whether the principal that IAM answered with is the one that was asked for: of a session its role, whose path the
/// session's ARN does not tell.
fn is_of(asked: &PrincipalArn, told: &PrincipalArn) -> bool {
    match (asked, told) {
        (PrincipalArn::Session(_), PrincipalArn::Role(_)) => {
            asked.name() == told.name() && asked.account() == told.account() && asked.partition() == told.partition()
        }
        (_, _) => asked == told,
    }
}

/// The first name that stands twice.
fn twice<'n>(names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Whether a managed policy can be attached to this identity: it is of its account, or AWS's own.
fn is_attachable(policy: &PolicyArn, to: &PrincipalArn) -> bool {
    policy.partition() == to.partition() && (policy.is_of_aws() || policy.account() == to.account())
}

fn differ(one: &AttachedPolicy, other: &AttachedPolicy) -> bool {
    let versions = one.version.as_ref().zip(other.version.as_ref());
    let documents = one.document.known().zip(other.document.known());
    versions.is_some_and(|(one, other)| one != other) || documents.is_some_and(|(one, other)| !is_same(one, other))
}

/// Whether two documents say the same, in whatever form: a capture has one as JSON or as its text.
fn is_same(one: &Document, other: &Document) -> bool {
    let value = |document: &Document| serde_json::from_str::<serde_json::Value>(document.text()).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

fn roots_differ(one: &Organization, other: &Organization) -> bool {
    let root = |organization: &Organization| organization.path.known().and_then(|path| path.first().cloned());
    root(one).zip(root(other)).is_some_and(|(one, other)| one != other)
}

/// Condition keys of EC2, but those of tags and of sessions.
fn is_of_instances(lower: &str) -> bool {
    let others = ["resourcetag/", "sourceinstancearn", "roledelivery"];
    lower.strip_prefix("ec2:").is_some_and(|name| !others.iter().any(|other| name.starts_with(other)))
}

/// States in which a volume is attached to nothing.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html>
fn is_of_no_instance(state: &str) -> bool {
    matches!(state, "creating" | "available")
}
