//! The evidence file: what was read of one start, what was not, and why.
//!
//! These records *are* the format `capture.json`, version 1. A field that is left out was not read. What is whole is
//! decided in `src/capture/whole.rs`, and what no capture can say stands in `src/capture/invariants.rs`.

mod blank;
mod ec2;
mod error;
mod iam;
mod invariants;
mod kms;
mod once;
mod org;
mod state_reason;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::escape::escape;
use crate::fact::Fact;
use crate::names::{AccountId, InstanceId, KeyArn, PrincipalArn, Region, VolumeId};

pub use ec2::{Attachment, Instance, StateReason, Volume};
pub use error::CaptureError;
pub(crate) use iam::Holder;
pub use iam::{AttachedPolicy, Group, Identity, InlinePolicy};
pub use kms::{CustomKeyStore, Grant, GrantConstraints, Key, KeyMetadata};
pub use org::{Level, OrgPolicy, Organization, ToldPolicies};
pub use state_reason::StateReasonMeaning;
pub(crate) use state_reason::{code_at, meaning_of, sentence_of};

/// The version of the format that this program writes and the highest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that was read for some starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capture {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The program that wrote the file.
    pub tool: Tool,
    /// When and by whom it was read.
    pub read: Provenance,
    /// The starts that it was read for.
    pub targets: Vec<Target>,
    /// The instances of the targets.
    #[serde(default, deserialize_with = "once::map")]
    pub instances: BTreeMap<InstanceId, Fact<Instance>>,
    /// The volumes attached to those instances.
    #[serde(default, deserialize_with = "once::map")]
    pub volumes: BTreeMap<VolumeId, Fact<Volume>>,
    /// The KMS keys of those volumes.
    #[serde(default, deserialize_with = "once::map")]
    pub keys: BTreeMap<KeyArn, Key>,
    /// The roles and users of the targets, by the ARN that was asked for.
    #[serde(default, deserialize_with = "once::map")]
    pub identities: BTreeMap<PrincipalArn, Fact<Identity>>,
    /// For one that is `absent`: the one of the same account that has its name but another path.
    #[serde(default, deserialize_with = "once::map", skip_serializing_if = "BTreeMap::is_empty")]
    pub namesakes: BTreeMap<PrincipalArn, PrincipalArn>,
    /// What the organization of each account concerned imposes; `absent`: the account is in none.
    #[serde(default, deserialize_with = "once::map")]
    pub organizations: BTreeMap<AccountId, Fact<Organization>>,
    /// The SCPs and RCPs of which no more is known than that they bind an account, as whoever handed them in says.
    #[serde(default, deserialize_with = "once::map", skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<AccountId, ToldPolicies>,
    /// What was not read but handed in by the asker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handed: Vec<Handed>,
}

impl Capture {
    /// The role or user of this ARN, under the ARN that was asked for; of a session its role.
    pub(crate) fn identity(&self, arn: &PrincipalArn) -> Option<(&PrincipalArn, &Fact<Identity>)> {
        self.identities.get_key_value(arn).or_else(|| {
            self.identities.iter().find(|(asked, identity)| {
                let own = identity.known().map(|identity| &identity.arn);
                own.is_some_and(|own| own.is_same_as(arn)) || asked.is_same_as(arn)
            })
        })
    }

    /// The ARN of the role or user of a start as IAM gives it, else as it was asked for.
    pub(crate) fn starter<'c>(&'c self, target: &'c Target) -> &'c PrincipalArn {
        let identity = self.identity(&target.role_arn).and_then(|(_, identity)| identity.known());
        identity.map_or(&target.role_arn, |identity| &identity.arn)
    }

    /// As much of the capture as bears on requests of this start for these keys.
    pub(crate) fn of_start<'k>(&self, target: &Target, keys: impl Iterator<Item = &'k KeyArn> + Clone) -> Self {
        let mut own = Self {
            format_version: self.format_version,
            tool: self.tool.clone(),
            read: self.read.clone(),
            targets: vec![target.clone()],
            instances: taken(&self.instances, std::iter::once(&target.instance_id)),
            volumes: BTreeMap::new(),
            keys: taken(&self.keys, keys.clone()),
            identities: taken(&self.identities, self.identity(&target.role_arn).into_iter().map(|(asked, _)| asked)),
            namesakes: BTreeMap::new(),
            organizations: BTreeMap::new(),
            told: BTreeMap::new(),
            handed: Vec::new(),
        };
        let mut accounts = own.accounts();
        accounts.extend(keys.filter_map(|key| AccountId::parse(key.account()).ok()));
        own.organizations = taken(&self.organizations, accounts.iter());
        own.told = taken(&self.told, accounts.iter());
        own
    }

    /// The accounts that the starts concern: those of the starters, the instances and the keys.
    pub(crate) fn accounts(&self) -> BTreeSet<AccountId> {
        let starters = self.targets.iter().map(|target| target.role_arn.account());
        let used = self.volumes.values().filter_map(|volume| volume.known()?.key.known());
        let keys = used.chain(self.keys.keys()).map(KeyArn::account);
        let named = starters.chain(keys).filter_map(|account| AccountId::parse(account).ok());
        let instances = self.instances.values().filter_map(Fact::known);
        named.chain(instances.map(|instance| instance.account.clone())).collect()
    }
}

/// A part of the capture that the asker handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handed {
    /// What it is, in words: `key policy of arn:…`.
    pub what: String,
    /// The file that it came from.
    pub file: String,
    /// When it was read from AWS, if the file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
}

/// The program that wrote a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Who read, when, and in which Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// The ARN that `sts:GetCallerIdentity` gave.
    #[serde(default)]
    pub by: Fact<String>,
    /// The time of the first read.
    pub from: Timestamp,
    /// The time of the last read.
    pub until: Timestamp,
    /// The Region that was read.
    pub region: Region,
    /// Where the Region came from, in words: `--region`, `AWS_REGION`, `profile ops`, …
    #[serde(default)]
    pub region_source: String,
}

/// One start: who is to start which instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// The instance.
    pub instance_id: InstanceId,
    /// The ARN of the role (or of one session of it) or of the user that starts it, as it was given.
    pub role_arn: PrincipalArn,
}

fn taken<'k, K: Ord + Clone + 'k, V: Clone>(map: &BTreeMap<K, V>, keys: impl Iterator<Item = &'k K>) -> BTreeMap<K, V> {
    keys.filter_map(|key| map.get_key_value(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl Capture {
    /// Returns a capture of this program for these starts in which nothing was read yet.
    pub(crate) fn empty(read: Provenance, targets: Vec<Target>) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            read,
            targets,
            instances: BTreeMap::new(),
            volumes: BTreeMap::new(),
            keys: BTreeMap::new(),
            identities: BTreeMap::new(),
            namesakes: BTreeMap::new(),
            organizations: BTreeMap::new(),
            told: BTreeMap::new(),
            handed: Vec::new(),
        }
    }

    /// Reads a capture.
    ///
    /// # Errors
    /// When the text is not JSON, is cut off, is of a later version, has an unknown or missing field or one name twice,
    /// or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, CaptureError> {
        error::parse(text)?.checked()
    }

    /// Checks what was put together against the invariants of a capture: what is not whole is left open.
    ///
    /// # Errors
    /// When two records contradict each other, or one itself.
    pub fn checked(mut self) -> Result<Self, CaptureError> {
        whole::leave_open(&mut self);
        invariants::contradictions(&self).first().map_or(Ok(self), |found| Err(CaptureError::contradiction(found)))
    }

    /// Checks what was read of AWS by one run against the invariants of a capture: what is not whole, and what
    /// contradicts another record, is left open.
    #[must_use]
    pub fn settled(mut self) -> Self {
        whole::leave_open(&mut self);
        invariants::settle(&mut self);
        self
    }

    /// The capture as text: pretty JSON with a line end.
    ///
    /// # Errors
    /// Never for a capture of this program; the signature is serde's.
    pub fn print(&self) -> Result<String, CaptureError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| CaptureError::not_written(&error))?;
        Ok(format!("{}\n", escape(&text)))
    }
}

impl FromStr for Capture {
    type Err = CaptureError;

    fn from_str(text: &str) -> Result<Self, CaptureError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
