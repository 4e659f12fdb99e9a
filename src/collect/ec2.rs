use std::collections::BTreeMap;

use aws_sdk_ec2::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::ReadError;
use super::pace::{Page, pages};
use crate::calls::{DESCRIBE_INSTANCES, DESCRIBE_VOLUMES};
use crate::capture::{Attachment, Instance, StateReason, Volume};
use crate::fact::Fact;
use crate::names::{AccountId, InstanceId, KeyArn, Region, VolumeId};

/// The instance of this ID.
pub(super) async fn instance(clients: &Clients, id: &InstanceId, region: &Region) -> Result<Instance, ReadError> {
    // No `MaxResults`: EC2 refuses it beside IDs.
    let call = clients.ec2.describe_instances().instance_ids(id.as_str()).send();
    let answer = clients.read(&DESCRIBE_INSTANCES, call).await?;
    let found = answer.reservations.unwrap_or_default().into_iter().find_map(|reservation| {
        let owner = reservation.owner_id;
        let instances = reservation.instances.unwrap_or_default();
        let instance = instances.into_iter().find(|one| one.instance_id.as_deref() == Some(id.as_str()))?;
        Some((owner, instance))
    });
    let lacks = |what: &str| ReadError::unexpected(&DESCRIBE_INSTANCES, format!("the answer lacks {what}"));
    let (owner, found) = found.ok_or_else(|| lacks("the instance"))?;
    let account = AccountId::parse(&owner.unwrap_or_default()).map_err(|_| lacks("the instance's owner"))?;
    let mappings = found.block_device_mappings.as_deref().ok_or_else(|| lacks("the block device mapping"))?;
    let attachments: Option<Vec<Attachment>> = mappings.iter().map(mapped).collect();
    Ok(Instance {
        state: text(found.state.as_ref().and_then(|state| state.name.as_ref())),
        state_reason: found.state_reason.as_ref().and_then(|reason| {
            let message = reason.message.clone().unwrap_or_default();
            Some(StateReason { code: reason.code.clone()?, message })
        }),
        state_transition_reason: found.state_transition_reason.clone().unwrap_or_default(),
        tags_unread: None,
        tags: found.tags.iter().flatten().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?))).collect(),
        attachments: attachments.ok_or_else(|| lacks("a volume of the block device mapping"))?,
        root_device_type: text(found.root_device_type.as_ref()),
        root_device_name: found.root_device_name.clone().unwrap_or_default(),
        operator: (found.operator.as_ref())
            .filter(|operator| operator.managed == Some(true))
            .map(|operator| operator.principal.clone().unwrap_or_default()),
        license_configurations: (found.licenses.iter().flatten())
            .map(|license| license.license_configuration_arn.clone().unwrap_or_default())
            .collect(),
        condition_keys: condition_keys(&found, &account, region),
        account,
    })
}

/// AWS's word for a value, its words of tomorrow included; empty if it said nothing.
fn text<T: AsRef<str>>(value: Option<&T>) -> String {
    value.map(|value| value.as_ref().to_owned()).unwrap_or_default()
}

fn mapped(mapping: &types::InstanceBlockDeviceMapping) -> Option<Attachment> {
    let ebs = mapping.ebs.as_ref()?;
    Some(Attachment {
        device: mapping.device_name.clone().unwrap_or_default(),
        volume_id: VolumeId::parse(ebs.volume_id.as_deref()?).ok()?,
        status: text(ebs.status.as_ref()),
    })
}

/// The condition keys of the instance as a resource; what the answer leaves open stays out.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
fn condition_keys(instance: &types::Instance, account: &AccountId, region: &Region) -> BTreeMap<String, String> {
    let placement = instance.placement.as_ref();
    let metadata = instance.metadata_options.as_ref();
    let group = placement.and_then(|placement| placement.group_name.as_deref()).filter(|name| !name.is_empty());
    let market = match instance.instance_lifecycle.as_ref() {
        None => Some("on-demand".to_owned()),
        Some(types::InstanceLifecycleType::Scheduled) => None,
        Some(lifecycle) => Some(lifecycle.as_str().to_owned()),
    };
    let network = instance.network_performance_options.as_ref();
    let weighting = network.and_then(|options| options.bandwidth_weighting.as_ref());
    let partition = region.partition();
    let known = [
        ("ec2:InstanceType", instance.instance_type.as_ref().map(|kind| kind.as_str().to_owned())),
        ("ec2:AvailabilityZone", placement.and_then(|placement| placement.availability_zone.clone())),
        ("ec2:AvailabilityZoneId", placement.and_then(|placement| placement.availability_zone_id.clone())),
        ("ec2:Tenancy", placement.and_then(|placement| Some(placement.tenancy.as_ref()?.as_str().to_owned()))),
        ("ec2:InstanceProfile", instance.iam_instance_profile.as_ref().and_then(|profile| profile.arn.clone())),
        ("ec2:RootDeviceType", instance.root_device_type.as_ref().map(|kind| kind.as_str().to_owned())),
        ("ec2:EbsOptimized", instance.ebs_optimized.map(|flag| flag.to_string())),
        (
            "ec2:PlacementGroup",
            group.map(|name| format!("arn:{partition}:ec2:{region}:{account}:placement-group/{name}")),
        ),
        ("ec2:InstanceID", instance.instance_id.clone()),
        ("ec2:InstanceMarketType", market),
        (
            "ec2:MetadataHttpEndpoint",
            metadata.and_then(|options| Some(options.http_endpoint.as_ref()?.as_str().to_owned())),
        ),
        (
            "ec2:MetadataHttpPutResponseHopLimit",
            metadata.and_then(|options| Some(options.http_put_response_hop_limit?.to_string())),
        ),
        (
            "ec2:MetadataHttpTokens",
            metadata.and_then(|options| Some(options.http_tokens.as_ref()?.as_str().to_owned())),
        ),
        (
            "ec2:CpuOptionsAmdSevSnp",
            instance.cpu_options.as_ref().and_then(|options| Some(options.amd_sev_snp.as_ref()?.as_str().to_owned())),
        ),
        ("ec2:InstanceBandwidthWeighting", weighting.map(|weighting| weighting.as_str().to_owned())),
        ("ec2:Region", Some(region.as_str().to_owned())),
    ];
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// How many volumes are asked for at once; few instances have more.
const AT_ONCE: usize = 100;

/// The volumes that are attached to the instance, each as EC2 shows it.
///
/// They are asked for by their IDs, as the block device mapping has them: what EC2 hides because an AWS service manages
/// it is left out of every other answer, without a word.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html>
pub(super) async fn volumes(
    clients: &Clients,
    id: &InstanceId,
    attachments: &[Attachment],
) -> BTreeMap<VolumeId, Fact<Volume>> {
    let asked: Vec<&VolumeId> = attachments.iter().map(|attachment| &attachment.volume_id).collect();
    let read = join_all(asked.chunks(AT_ONCE).map(async |ids| match shown(clients, id, ids).await {
        // One that EC2 does not know costs the answer of all that are asked for with it.
        Err(failure) if failure.is(NOT_FOUND) && ids.len() > 1 => {
            let alone = ids.iter().map(async |volume| {
                let found = shown(clients, id, &[*volume]).await;
                ((*volume).clone(), found.map_or_else(|failure| Fact::Unread(failure.unread), only))
            });
            join_all(alone).await.into_iter().collect()
        }
        Err(failure) => ids.iter().map(|volume| ((*volume).clone(), Fact::Unread(failure.unread.clone()))).collect(),
        Ok(found) => found,
    }));
    read.await.into_iter().flatten().collect()
}

/// EC2's error code for volumes of which it knows one not.
const NOT_FOUND: &str = "InvalidVolume.NotFound";

/// The one volume that was asked for.
fn only(found: BTreeMap<VolumeId, Fact<Volume>>) -> Fact<Volume> {
    found.into_values().next().unwrap_or_default()
}

/// Each of these volumes, as one request shows them: one that the answer leaves out is unread.
async fn shown(
    clients: &Clients,
    id: &InstanceId,
    asked: &[&VolumeId],
) -> Result<BTreeMap<VolumeId, Fact<Volume>>, ReadError> {
    let ids: Vec<String> = asked.iter().map(ToString::to_string).collect();
    // No `MaxResults`: EC2 refuses it beside IDs.
    let found = pages(&DESCRIBE_VOLUMES, async |token| {
        let call = clients.ec2.describe_volumes().set_volume_ids(Some(ids.clone())).set_next_token(token).send();
        let answer = clients.read(&DESCRIBE_VOLUMES, call).await?;
        Page::new(&DESCRIBE_VOLUMES, answer.volumes, false, answer.next_token)
    })
    .await?;
    let of = |volume: &VolumeId| {
        let own = found.iter().find(|found| found.volume_id.as_deref() == Some(volume.as_str()));
        own.map_or_else(|| unread("EC2 does not show this attached volume"), |found| record(found, id))
    };
    Ok(asked.iter().map(|volume| ((*volume).clone(), of(volume))).collect())
}

fn unread<T>(message: &str) -> Fact<T> {
    Fact::Unread(ReadError::unexpected(&DESCRIBE_VOLUMES, message).unread)
}

/// The volume, if it says of itself what the block device mapping of the instance says.
fn record(found: &types::Volume, id: &InstanceId) -> Fact<Volume> {
    let mut attached = found.attachments.iter().flatten();
    if !attached.any(|attachment| attachment.instance_id.as_deref() == Some(id.as_str())) {
        return unread("EC2 does not show the volume as attached to this instance, as the instance has it");
    }
    Fact::Known(Volume {
        key: key(found.encrypted, found.kms_key_id.as_deref()),
        state: text(found.state.as_ref()),
        snapshot: found.snapshot_id.clone().filter(|snapshot| !snapshot.is_empty()),
    })
}

/// Only a plain `false` is "not encrypted"; an encrypted volume without the ARN of its key is a riddle.
fn key(encrypted: Option<bool>, key: Option<&str>) -> Fact<KeyArn> {
    match (encrypted, key.map(KeyArn::parse)) {
        (Some(false), None) => Fact::Absent,
        (Some(true), Some(Ok(key))) => Fact::Known(key),
        (Some(true), Some(Err(error))) => unread(&error.to_string()),
        (Some(true), None) => unread("the volume is encrypted, and the answer names no key"),
        (Some(false) | None, _) => unread("the answer does not say whether the volume is encrypted"),
    }
}
