use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{OptionFuture, join_all};
use jiff::Timestamp;

use super::error::{CollectError, ErrorCode};
use super::failure::{ReadError, reading};
use super::reader::{AwsReader, ReadPlan};
use super::{ec2, iam, kms, org};
use crate::capture::{Capture, Instance, Key, Provenance, Volume};
use crate::fact::{Fact, UnreadReason};
use crate::names::{AccountId, InstanceId, KeyArn, PrincipalArn, VolumeId};

/// Reads everything that bears on the starts, each thing once and as early as its inputs are known.
///
/// What could not be read is in the capture as such. An instance that could not be read is too, as long as
/// another one was. `progress` is told in words what is being read.
///
/// # Errors
/// When the input cannot be used, the credentials are refused, or no instance could be read.
pub async fn collect(wanted: &ReadPlan, progress: &dyn Fn(&str)) -> Result<Capture, CollectError> {
    let from = now();
    progress("loading credentials");
    let reader = Box::pin(AwsReader::new(wanted)).await?;
    let read = Box::pin(read(&reader, progress));
    let parts = tokio::select! {
        parts = read => parts,
        () = reader.pace.ended() => Parts::default(),
    };
    if let Some(error) = reader.pace.reason() {
        return Err(error);
    }
    let caller = reader.main.caller().await;
    let read = Provenance {
        by: reading(caller.map(|caller| caller.arn)),
        from,
        until: now(),
        region: reader.region.clone(),
        region_source: reader.region_source.clone(),
    };
    let capture = Capture {
        instances: parts.instances,
        volumes: parts.volumes,
        keys: parts.keys,
        identities: parts.identities,
        namesakes: parts.namesakes,
        organizations: parts.organizations,
        ..Capture::empty(read, wanted.targets.clone())
    };
    Ok(capture.settled())
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the capture says when it was read")]
    Timestamp::now()
}

impl AwsReader {
    async fn key(&self, arn: &KeyArn) -> Key {
        self.keys.get(arn.clone(), || kms::key(self, arn)).await
    }

    /// Why the instance could not be read, for the user.
    fn instance_error(&self, id: &InstanceId, failure: &ReadError) -> CollectError {
        let (region, source, said) = (&self.region, &self.region_source, &failure.unread.message);
        if failure.is_gone() {
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
            UnreadReason::Denied => CollectError::new(
                ErrorCode::InstanceDenied,
                format!("AWS refused `ec2:DescribeInstances` for the instance `{id}`: {said}"),
                if said.contains("explicit deny") || said.contains("service control policy") {
                    "no permission that is added helps the reader here: have that denial changed, or read as another"
                } else {
                    "allow it to the reader; `ebs-preflight permissions` prints all that the reader needs"
                },
            ),
            UnreadReason::Throttled | UnreadReason::Transport => CollectError::new(
                ErrorCode::Unreachable,
                format!("`ec2:DescribeInstances` failed for the instance `{id}` in {region} (from {source}): {said}"),
                "see that the network, proxy and endpoint settings reach AWS, and run it again",
            ),
            UnreadReason::Unparsable | UnreadReason::NotAsked => CollectError::new(
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
    instances: BTreeMap<InstanceId, Fact<Instance>>,
    volumes: BTreeMap<VolumeId, Fact<Volume>>,
    keys: BTreeMap<KeyArn, Key>,
    identities: BTreeMap<PrincipalArn, Fact<crate::capture::Identity>>,
    namesakes: BTreeMap<PrincipalArn, PrincipalArn>,
    organizations: BTreeMap<AccountId, Fact<crate::capture::Organization>>,
}

async fn read(reader: &AwsReader, progress: &dyn Fn(&str)) -> Parts {
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
        parts.identities.insert(asked.clone(), identity);
        parts.namesakes.extend(namesake.map(|arn| (asked.clone(), arn)));
    }
    for (id, (instance, volumes)) in instances {
        accounts.extend(instance.known().map(|instance| instance.account.clone()));
        parts.instances.insert(id.clone(), instance);
        parts.volumes.extend(volumes);
    }
    let volumes = parts.volumes.values().filter_map(Fact::known);
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
    reader: &AwsReader,
    id: &InstanceId,
    failed: &Cell<usize>,
    progress: &dyn Fn(&str),
) -> (Fact<Instance>, BTreeMap<VolumeId, Fact<Volume>>) {
    let read = ec2::instance(&reader.main, id, &reader.region).await;
    let instance = match read {
        Ok(instance) => instance,
        Err(failure) => {
            failed.set(failed.get() + 1);
            if failed.get() == reader.instances.len() {
                reader.pace.end(reader.instance_error(id, &failure));
            }
            let unread = if failure.is_gone() { Fact::Absent } else { Fact::Unread(failure.unread) };
            return (unread, BTreeMap::new());
        }
    };
    let volumes = async {
        let volumes = ec2::volumes(&reader.main, id, &instance.attachments).await;
        let keys: BTreeSet<&KeyArn> = volumes.values().filter_map(|volume| volume.known()?.key.known()).collect();
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
    let (volumes, _) = tokio::join!(volumes, org::organization(reader, &instance.account));
    (Fact::Known(instance), volumes)
}
