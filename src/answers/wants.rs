//! Which answers of AWS a capture is put together from.

use std::collections::BTreeSet;

use super::api::iam::called;
use super::iam;
use crate::capture::Capture;
use crate::fact::Fact;
use crate::names::{AccountId, HolderKind, KeyArn, holder};

/// The reads that bear on the starts of a capture, as far as it is known which these are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    exact: BTreeSet<String>,
    /// How reads begin of which the rest is for an answer to tell.
    beginnings: BTreeSet<String>,
}

impl Wants {
    pub(super) fn of(capture: &Capture) -> Self {
        let mut wants = Self::default();
        wants.instances(capture);
        wants.identities(capture);
        wants.keys(capture);
        wants.organizations(capture);
        wants
    }

    /// Whether a read is one of these.
    pub(super) fn holds(&self, asked: &str) -> bool {
        self.exact.contains(asked) || self.beginnings.iter().any(|beginning| asked.starts_with(beginning))
    }

    fn instances(&mut self, capture: &Capture) {
        for target in &capture.targets {
            let id = &target.instance_id;
            self.exact.extend(["Instances", "Volumes"].map(|what| format!("ec2:Describe{what} {id}")));
            let attached = capture.instances.get(id).and_then(Fact::known).into_iter().flat_map(|one| &one.attachments);
            self.exact.extend(attached.map(|one| format!("ec2:DescribeVolumes {}", one.volume_id)));
        }
    }

    fn identities(&mut self, capture: &Capture) {
        for asked in capture.identities.keys() {
            let Some((kind, name)) = holder(asked.as_str()) else { continue };
            self.exact.insert(format!("{} {name}", iam::itself(asked)));
            self.holder(kind, name.as_str());
            if kind == HolderKind::User {
                self.exact.insert(format!("iam:ListGroupsForUser {name}"));
            }
        }
        for identity in capture.identities.values().filter_map(Fact::known) {
            for group in identity.groups.found().into_iter().flatten() {
                if let Some((kind, name)) = holder(group.arn.as_str()) {
                    self.holder(kind, name.as_str());
                }
            }
            for policy in identity.managed() {
                self.exact.insert(format!("iam:GetPolicy {}", policy.arn));
                self.beginnings.insert(format!("iam:GetPolicyVersion {} ", policy.arn));
            }
        }
    }

    fn holder(&mut self, kind: HolderKind, name: &str) {
        let kind = called(kind);
        self.exact.insert(format!("iam:List{kind}Policies {name}"));
        self.exact.insert(format!("iam:ListAttached{kind}Policies {name}"));
        self.beginnings.insert(format!("iam:Get{kind}Policy {name} "));
    }

    fn keys(&mut self, capture: &Capture) {
        for key in keys(capture) {
            let reads = ["DescribeKey", "ListGrants", "ListAliases", "ListResourceTags"];
            self.exact.extend(reads.map(|read| format!("kms:{read} {key}")));
            self.exact.extend(["default", "AWS_RAM"].map(|name| format!("kms:GetKeyPolicy {key} {name}")));
        }
        // A key counts until it is known which the volumes have.
        let volumes: Vec<_> = capture.volumes.values().map(|volume| volume.known().map(|volume| &volume.key)).collect();
        if volumes.is_empty() || volumes.iter().any(|key| key.is_none_or(|key| key.unread().is_some())) {
            self.beginnings.insert("kms:".to_owned());
        }
        let metadata = capture.keys.values().filter_map(|key| key.metadata.known());
        let stores = metadata.filter_map(|metadata| metadata.custom_key_store.as_ref());
        self.exact.extend(stores.map(|store| format!("kms:DescribeCustomKeyStores {}", store.id)));
    }

    fn organizations(&mut self, capture: &Capture) {
        self.exact.extend(["DescribeOrganization", "ListRoots"].map(|read| format!("organizations:{read}")));
        let accounts = capture.accounts();
        for target in accounts.iter().map(AccountId::as_str).chain(["ou-", "r-"]) {
            let reads = ["ListParents", "ListPoliciesForTarget"];
            self.beginnings.extend(reads.map(|read| format!("organizations:{read} {target}")));
        }
        let known = capture.organizations.values().filter_map(Fact::known);
        let levels = known.flat_map(|one| [&one.scps, &one.rcps]).filter_map(Fact::found).flatten();
        for id in levels.flat_map(|level| &level.policies).filter_map(|policy| policy.id.as_ref()) {
            self.exact.insert(format!("organizations:DescribePolicy {id}"));
        }
    }
}

/// The keys of the volumes of a capture.
pub(super) fn keys(capture: &Capture) -> BTreeSet<&KeyArn> {
    let volumes = capture.volumes.values().filter_map(|volume| volume.known()?.key.known());
    volumes.chain(capture.keys.keys()).collect()
}
