//! Who reads, and what the reads of one run share.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::clients::{Access, Clients, Identity};
use super::credentials;
use super::error::CollectError;
use super::failure::ReadError;
use super::pace::{Once, Pace};
use crate::answers::api::organizations::Root;
use crate::capture::{AttachedPolicy, Group, Key, OrgPolicy, Organization, Target};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AccountId, GroupArn, InstanceId, KeyArn, OrgPolicyId, OrgTarget, PolicyArn, PrincipalArn, Region};

/// What to read, and how to reach AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    /// The starts to read for, by roles or users; a role may be named by the ARN of one of its sessions.
    pub targets: Vec<Target>,
    /// The Region, credentials and endpoint.
    pub access: Access,
}

/// The state that all reads of one run share.
#[derive(Debug)]
pub(super) struct AwsReader {
    pub(super) main: Clients,
    key: Option<Clients>,
    org: Option<Clients>,
    pub(super) region: Region,
    pub(super) region_source: String,
    pub(super) identities: Vec<PrincipalArn>,
    pub(super) instances: Vec<InstanceId>,
    pub(super) iam: IamReads,
    pub(super) org_reads: OrgReads,
    pub(super) keys: Once<KeyArn, Key>,
    pub(super) pace: Arc<Pace>,
}

/// What several roles and users share.
#[derive(Debug, Default)]
pub(super) struct IamReads {
    pub(super) groups: Once<GroupArn, Group>,
    pub(super) managed: Once<PolicyArn, AttachedPolicy>,
}

/// What the accounts of one organization share.
#[derive(Debug, Default)]
pub(super) struct OrgReads {
    pub(super) root: OnceCell<Result<Root, ReadError>>,
    pub(super) parents: Once<OrgTarget, Result<OrgTarget, ReadError>>,
    pub(super) policies: Once<(OrgTarget, &'static str), Result<Vec<OrgPolicy>, ReadError>>,
    pub(super) documents: Once<OrgPolicyId, Fact<Document>>,
    pub(super) organizations: Once<AccountId, Fact<Organization>>,
}

impl AwsReader {
    pub(super) async fn new(wanted: &ReadPlan) -> Result<Self, CollectError> {
        let access = &wanted.access;
        let (region, region_source) = credentials::region(access).await?;
        let partition = region.partition();
        let mut identities = Vec::new();
        for identity in wanted.targets.iter().map(|target| &target.role_arn).collect::<BTreeSet<_>>() {
            if matches!(identity, PrincipalArn::Root(_)) {
                return Err(CollectError::bad_input(
                    format!("`{identity}` is not the ARN of a role, of a session of one or of a user"),
                    "expected `arn:aws:iam::account:role/name`",
                ));
            }
            if identity.partition() != partition {
                return Err(CollectError::bad_input(
                    format!(
                        "`{identity}` is of partition `{}`, but {region} (from {region_source}) is of `{partition}`",
                        identity.partition()
                    ),
                    "give the Region that the instance is in with `--region`",
                ));
            }
            identities.push(identity.clone());
        }
        let instances = wanted.targets.iter().map(|target| target.instance_id.clone());
        let instances: BTreeSet<InstanceId> = instances.collect();
        let pace = Arc::new(Pace::new());
        let load = async |identity: Identity<'_>| Clients::load(access, identity, &region, &pace).await;
        let other = async |identity: Option<Identity<'_>>| match identity {
            Some(identity) => load(identity).await.map(Some),
            None => Ok(None),
        };
        Ok(Self {
            main: load(access.main()).await?,
            key: other(access.key()).await?,
            org: other(access.org()).await?,
            identities,
            instances: instances.into_iter().collect(),
            iam: IamReads::default(),
            org_reads: OrgReads::default(),
            keys: Once::default(),
            region,
            region_source,
            pace,
        })
    }

    /// The clients that are to read the organization's tree; whether they may is for AWS to say.
    pub(super) fn tree_clients(&self) -> &Clients {
        self.org.as_ref().unwrap_or(&self.main)
    }

    /// The clients whose credentials are of this account, if there are any.
    pub(super) async fn clients_in(&self, account: &str) -> Option<&Clients> {
        for clients in [Some(&self.main), self.key.as_ref(), self.org.as_ref()].into_iter().flatten() {
            if clients.account().await.is_some_and(|own| own.as_str() == account) {
                return Some(clients);
            }
        }
        None
    }
}
