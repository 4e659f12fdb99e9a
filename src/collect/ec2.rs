use std::collections::BTreeMap;

use aws_sdk_ec2::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{ReadError, understood};
use super::pace::{Page, pages};
use crate::answers::api::Tag;
use crate::answers::api::ec2::{self as api, DescribeInstances, DescribeVolumes};
use crate::calls::{DESCRIBE_INSTANCES, DESCRIBE_VOLUMES};
use crate::capture::{Attachment, Instance, Volume};
use crate::fact::Fact;
use crate::names::{InstanceId, Region, VolumeId};

/// The instance of this ID.
pub(super) async fn instance(clients: &Clients, id: &InstanceId, region: &Region) -> Result<Instance, ReadError> {
    // No `MaxResults`: EC2 refuses it beside IDs.
    let call = clients.ec2.describe_instances().instance_ids(id.as_str()).send();
    let answer = clients.read(&DESCRIBE_INSTANCES, call).await?;
    let reservations = answer.reservations.map(|all| all.into_iter().map(reservation).collect());
    understood(&DESCRIBE_INSTANCES, DescribeInstances { reservations }.instance(id, region))
}

fn reservation(reservation: types::Reservation) -> api::Reservation {
    let instances = reservation.instances.map(|all| all.into_iter().map(described).collect());
    api::Reservation { owner_id: reservation.owner_id, instances }
}

pub(super) fn described(instance: types::Instance) -> api::Instance {
    api::Instance {
        instance_id: instance.instance_id,
        state: instance.state.map(|state| api::InstanceState { name: word(state.name) }),
        state_reason: instance
            .state_reason
            .map(|reason| api::StateReason { code: reason.code, message: reason.message }),
        state_transition_reason: instance.state_transition_reason,
        tags: instance.tags.map(|tags| tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect()),
        block_device_mappings: instance.block_device_mappings.map(|all| all.into_iter().map(mapping).collect()),
        root_device_type: word(instance.root_device_type),
        root_device_name: instance.root_device_name,
        operator: instance.operator.map(|own| api::Operator { managed: own.managed, principal: own.principal }),
        licenses: instance.licenses.map(|all| {
            let arns = all.into_iter().map(|license| license.license_configuration_arn);
            arns.map(|arn| api::LicenseConfiguration { license_configuration_arn: arn }).collect()
        }),
        instance_type: word(instance.instance_type),
        instance_lifecycle: word(instance.instance_lifecycle),
        placement: instance.placement.map(|placement| api::Placement {
            availability_zone: placement.availability_zone,
            availability_zone_id: placement.availability_zone_id,
            group_name: placement.group_name,
            tenancy: word(placement.tenancy),
        }),
        iam_instance_profile: instance.iam_instance_profile.map(|own| api::IamInstanceProfile { arn: own.arn }),
        ebs_optimized: instance.ebs_optimized,
        metadata_options: instance.metadata_options.map(|options| api::MetadataOptions {
            http_endpoint: word(options.http_endpoint),
            http_put_response_hop_limit: options.http_put_response_hop_limit,
            http_tokens: word(options.http_tokens),
        }),
        cpu_options: instance.cpu_options.map(|own| api::CpuOptions { amd_sev_snp: word(own.amd_sev_snp) }),
        network_performance_options: instance
            .network_performance_options
            .map(|own| api::InstanceNetworkPerformanceOptions { bandwidth_weighting: word(own.bandwidth_weighting) }),
    }
}

fn mapping(mapping: types::InstanceBlockDeviceMapping) -> api::InstanceBlockDeviceMapping {
    let ebs = mapping.ebs.map(|ebs| api::EbsInstanceBlockDevice { volume_id: ebs.volume_id, status: word(ebs.status) });
    api::InstanceBlockDeviceMapping { device_name: mapping.device_name, ebs }
}

/// AWS's word for a value, its words of tomorrow included.
fn word<T: AsRef<str>>(value: Option<T>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
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
    });
    let volumes = found.await?.into_iter().map(volume).collect();
    let found = Fact::Known(understood(&DESCRIBE_VOLUMES, DescribeVolumes { volumes: Some(volumes) }.volumes(id))?);
    Ok(asked.iter().map(|volume| ((*volume).clone(), api::shown(&found, volume))).collect())
}

pub(super) fn volume(volume: types::Volume) -> api::Volume {
    let attachment = |own: types::VolumeAttachment| api::VolumeAttachment {
        instance_id: own.instance_id,
        device: own.device,
        state: word(own.state),
    };
    api::Volume {
        volume_id: volume.volume_id,
        state: word(volume.state),
        encrypted: volume.encrypted,
        kms_key_id: volume.kms_key_id,
        snapshot_id: volume.snapshot_id,
        attachments: volume.attachments.map(|all| all.into_iter().map(attachment).collect()),
    }
}
