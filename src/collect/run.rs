use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::{OptionFuture, join_all};
use jiff::Timestamp;

use super::clients::{Access, Clients, Identity};
use super::error::{CollectError, ErrorCode};
use super::failure::{Failure, reading};
use super::iam::{self, IamReads};
use super::org::{self, OrgReads};
use super::pace::{Once, Pace};
use super::{credentials, ec2, kms};
use crate::capture::{Capture, FORMAT_VERSION, Instance, Key, Provenance, Target, Tool, Volume};
use crate::names::{AccountId, InstanceId, KeyArn, PrincipalArn, Region, VolumeId};
use crate::source::{Reading, Why};

/// What to read, and how to reach AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The starts to read for, by roles or users; a role may be named by the ARN of one of its sessions.
    pub targets: Vec<Target>,
    /// The Region, credentials and endpoint.
    pub access: Access,
}

/// The state that all reads of one run share.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) main: Clients,
    key: Option<Clients>,
    org: Option<Clients>,
    pub(super) region: Region,
    region_source: String,
    pub(super) partition: &'static str,
    pub(super) identities: Vec<PrincipalArn>,
    pub(super) instances: Vec<InstanceId>,
    pub(super) iam: IamReads,
    pub(super) org_reads: OrgReads,
    keys: Once<KeyArn, Key>,
    pace: Arc<Pace>,
}

/// Reads everything that bears on the starts, each thing once and as early as its inputs are known.
///
/// What could not be read is in the capture as such. An instance that could not be read is too, as long as
/// another one was. `progress` is told in words what is being read.
///
/// # Errors
/// When the input cannot be used, the credentials are refused, or no instance could be read.
pub async fn collect(wanted: &Wanted, progress: &dyn Fn(&str)) -> Result<Capture, CollectError> {
    let from = now();
    progress("loading credentials");
    let reader = Reader::new(wanted).await?;
    let read = Box::pin(read(&reader, progress));
    let parts = tokio::select! {
        parts = read => parts,
        () = reader.pace.ended() => Parts::default(),
    };
    if let Some(error) = reader.pace.reason() {
        return Err(error);
    }
    let caller = reader.main.caller().await;
    Ok(Capture {
        format_version: FORMAT_VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        read: Provenance {
            by: reading(caller.map(|caller| caller.arn)),
            from,
            until: now(),
            region: reader.region.clone(),
            region_source: reader.region_source.clone(),
        },
        targets: wanted.targets.clone(),
        instances: parts.instances,
        volumes: parts.volumes,
        keys: parts.keys,
        identities: parts.identities,
        namesakes: parts.namesakes,
        organizations: parts.organizations,
        handed: Vec::new(),
    })
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the capture says when it was read")]
    Timestamp::now()
}

impl Reader {
    async fn new(wanted: &Wanted) -> Result<Self, CollectError> {
        let access = &wanted.access;
        let (region, region_source) = credentials::region(access).await?;
        let partition = region.partition();
        let mut identities = Vec::new();
        for text in wanted.targets.iter().map(|target| target.role_arn.as_str()).collect::<BTreeSet<_>>() {
            let identity = PrincipalArn::parse(text).ok().filter(|arn| !matches!(arn, PrincipalArn::Root(_)));
            let identity = identity.ok_or_else(|| {
                CollectError::bad_input(
                    format!("`{text}` is not the ARN of a role, of a session of one or of a user"),
                    "expected `arn:aws:iam::account:role/name`",
                )
            })?;
            if identity.partition() != partition {
                return Err(CollectError::bad_input(
                    format!(
                        "`{text}` is of partition `{}`, but {region} (from {region_source}) is of `{partition}`",
                        identity.partition()
                    ),
                    "give the Region that the instance is in with `--region`",
                ));
            }
            identities.push(identity);
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
            partition,
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

    async fn key(&self, arn: &KeyArn) -> Key {
        self.keys.get(arn.clone(), || kms::key(self, arn)).await
    }

    /// Why the instance could not be read, for the user.
    fn instance_error(&self, id: &InstanceId, failure: &Failure) -> CollectError {
        let (region, source, said) = (&self.region, &self.region_source, &failure.unread.message);
        if failure.is("InvalidInstanceID.NotFound") {
            return CollectError::new(
                ErrorCode::InstanceUnknown,
                format!("{region} (from {source}) does not know the instance `{id}`"),
                "give the instance's Region with `--region`, or a profile of its account with `--profile`",
            );
        }
        if failure.is("InvalidInstanceID.Malformed") {
            return CollectError::bad_input(said.clone(), "expected `i-` and 8 or 17 hexadecimal digits");
        }
        match failure.unread.why {
            Why::Denied => CollectError::new(
                ErrorCode::InstanceDenied,
                format!("AWS refused `ec2:DescribeInstances` for the instance `{id}`: {said}"),
                if said.contains("explicit deny") || said.contains("service control policy") {
                    "no permission that is added helps the reader here: have that denial changed, or read as another"
                } else {
                    "allow it to the reader; `ebs-preflight permissions` prints all that the reader needs"
                },
            ),
            Why::Throttled | Why::Transport => CollectError::new(
                ErrorCode::Unreachable,
                format!("`ec2:DescribeInstances` failed for the instance `{id}` in {region} (from {source}): {said}"),
                "see that the network, proxy and endpoint settings reach AWS, and run it again",
            ),
            Why::Unparsable | Why::NotAsked => CollectError::new(
                ErrorCode::UnexpectedAnswer,
                format!("the answer of `ec2:DescribeInstances` about the instance `{id}` could not be used: {said}"),
                "see which endpoint answered, and report it if it was AWS",
            ),
        }
    }
}

/// The records of a capture.
#[derive(Default)]
struct Parts {
    instances: BTreeMap<InstanceId, Reading<Instance>>,
    volumes: BTreeMap<VolumeId, Reading<Volume>>,
    keys: BTreeMap<KeyArn, Key>,
    identities: BTreeMap<String, Reading<crate::capture::Identity>>,
    namesakes: BTreeMap<String, PrincipalArn>,
    organizations: BTreeMap<AccountId, Reading<crate::capture::Organization>>,
}

async fn read(reader: &Reader, progress: &dyn Fn(&str)) -> Parts {
    let failed = Cell::new(0);
    let instances = reader.instances.iter().map(async |id| {
        progress(&format!("reading instance {id}"));
        (id, instance(reader, id, &failed, progress).await)
    });
    let identities = reader.identities.iter().map(async |asked| {
        progress(&format!("reading {asked}"));
        (asked, iam::identity(&reader.main, &reader.iam, asked).await)
    });
    let mut accounts: BTreeSet<AccountId> =
        reader.identities.iter().filter_map(|asked| AccountId::parse(asked.account()).ok()).collect();
    let own_accounts = accounts.iter().map(|account| org::organization(reader, account));
    let (instances, identities, _, _) =
        tokio::join!(join_all(instances), join_all(identities), join_all(own_accounts), reader.main.caller());
    let mut parts = Parts::default();
    for (asked, (identity, namesake)) in identities {
        parts.identities.insert(asked.to_string(), identity);
        parts.namesakes.extend(namesake.map(|arn| (asked.to_string(), arn)));
    }
    for (id, (instance, volumes)) in instances {
        accounts.extend(instance.known().map(|instance| instance.account.clone()));
        parts.instances.insert(id.clone(), instance);
        parts.volumes.extend(volumes);
    }
    let volumes = parts.volumes.values().filter_map(Reading::known);
    for arn in volumes.filter_map(|volume| volume.key.known()) {
        accounts.extend(AccountId::parse(arn.account()));
        parts.keys.insert(arn.clone(), reader.key(arn).await);
    }
    for account in accounts {
        let organization = org::organization(reader, &account).await;
        parts.organizations.insert(account, organization);
    }
    parts
}

/// An instance and its volumes; their keys and organizations are read meanwhile. Once every instance has
/// failed, the run ends.
async fn instance(
    reader: &Reader,
    id: &InstanceId,
    failed: &Cell<usize>,
    progress: &dyn Fn(&str),
) -> (Reading<Instance>, BTreeMap<VolumeId, Reading<Volume>>) {
    let instance = async {
        let read = ec2::instance(&reader.main, id, &reader.region).await;
        match &read {
            Ok(instance) => {
                org::organization(reader, &instance.account).await;
            }
            Err(failure) => {
                failed.set(failed.get() + 1);
                if failed.get() == reader.instances.len() {
                    reader.pace.end(reader.instance_error(id, failure));
                }
            }
        }
        read
    };
    let volumes = async {
        let volumes = ec2::volumes(&reader.main, id).await;
        let keys: BTreeSet<&KeyArn> = volumes.iter().flatten().filter_map(ec2::Found::key).collect();
        join_all(keys.into_iter().map(async |arn| {
            progress(&format!("reading key {arn}"));
            let account = AccountId::parse(arn.account());
            let organization =
                OptionFuture::from(account.as_ref().ok().map(|account| org::organization(reader, account)));
            tokio::join!(reader.key(arn), organization)
        }))
        .await;
        volumes
    };
    match tokio::join!(instance, volumes) {
        (Ok(mut instance), volumes) => {
            let volumes = ec2::join(&mut instance, volumes);
            (Reading::Known(instance), volumes)
        }
        (Err(failure), _) if failure.is("InvalidInstanceID.NotFound") => (Reading::Absent, BTreeMap::new()),
        (Err(failure), _) => (Reading::Unread(failure.unread), BTreeMap::new()),
    }
}
