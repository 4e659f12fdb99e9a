use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Tag, need, word};
use crate::capture::{self, Attachment};
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, InstanceId, KeyArn, Region, VolumeId};

/// What `DescribeInstances` answers.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstances {
    pub(crate) reservations: Option<Vec<Reservation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Reservation {
    pub(crate) owner_id: Option<String>,
    pub(crate) instances: Option<Vec<Instance>>,
}

/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Instance {
    pub(crate) instance_id: Option<String>,
    pub(crate) state: Option<InstanceState>,
    pub(crate) state_reason: Option<StateReason>,
    pub(crate) state_transition_reason: Option<String>,
    pub(crate) tags: Option<Vec<Tag>>,
    pub(crate) block_device_mappings: Option<Vec<InstanceBlockDeviceMapping>>,
    pub(crate) root_device_type: Option<String>,
    pub(crate) root_device_name: Option<String>,
    pub(crate) operator: Option<Operator>,
    pub(crate) licenses: Option<Vec<LicenseConfiguration>>,
    pub(crate) instance_type: Option<String>,
    pub(crate) instance_lifecycle: Option<String>,
    pub(crate) placement: Option<Placement>,
    pub(crate) iam_instance_profile: Option<IamInstanceProfile>,
    pub(crate) ebs_optimized: Option<bool>,
    pub(crate) metadata_options: Option<MetadataOptions>,
    pub(crate) cpu_options: Option<CpuOptions>,
    pub(crate) network_performance_options: Option<InstanceNetworkPerformanceOptions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceState {
    pub(crate) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StateReason {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceBlockDeviceMapping {
    pub(crate) device_name: Option<String>,
    pub(crate) ebs: Option<EbsInstanceBlockDevice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EbsInstanceBlockDevice {
    pub(crate) volume_id: Option<String>,
    pub(crate) status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Operator {
    pub(crate) managed: Option<bool>,
    pub(crate) principal: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LicenseConfiguration {
    pub(crate) license_configuration_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Placement {
    pub(crate) availability_zone: Option<String>,
    pub(crate) availability_zone_id: Option<String>,
    pub(crate) group_name: Option<String>,
    pub(crate) tenancy: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IamInstanceProfile {
    pub(crate) arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetadataOptions {
    pub(crate) http_endpoint: Option<String>,
    pub(crate) http_put_response_hop_limit: Option<i32>,
    pub(crate) http_tokens: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CpuOptions {
    pub(crate) amd_sev_snp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceNetworkPerformanceOptions {
    pub(crate) bandwidth_weighting: Option<String>,
}

impl DescribeInstances {
    /// What it says of the instance `id` in this Region.
    pub(crate) fn instance(self, id: &InstanceId, region: &Region) -> Result<capture::Instance, String> {
        let found = self.reservations.into_iter().flatten().find_map(|reservation| {
            let mut instances = reservation.instances.into_iter().flatten();
            let instance = instances.find(|one| one.instance_id.as_deref() == Some(id.as_str()))?;
            Some((reservation.owner_id, instance))
        });
        let (owner, found) = need(found, "the instance")?;
        let account = AccountId::parse(&word(owner)).map_err(|_| "the answer lacks the instance's owner")?;
        let condition_keys = found.condition_keys(&account, region);
        let mappings = need(found.block_device_mappings, "the block device mapping")?.into_iter();
        let reason = found.state_reason.and_then(|reason| {
            let code = reason.code.filter(|code| !code.is_empty())?;
            Some(capture::StateReason { code, message: word(reason.message) })
        });
        let licenses = found.licenses.into_iter().flatten();
        let tags = super::tags(found.tags.unwrap_or_default());
        Ok(capture::Instance {
            account,
            state: word(found.state.and_then(|state| state.name)),
            state_reason: reason,
            state_transition_reason: word(found.state_transition_reason),
            tags_unread: tags.as_ref().err().map(|lacks| Unread::unparsable("ec2:DescribeInstances", lacks.as_str())),
            tags: tags.unwrap_or_default(),
            attachments: mappings.map(InstanceBlockDeviceMapping::attachment).collect::<Result<_, _>>()?,
            root_device_type: word(found.root_device_type),
            root_device_name: word(found.root_device_name),
            operator: found.operator.filter(|one| one.managed == Some(true)).map(|one| word(one.principal)),
            license_configurations: licenses.map(|license| word(license.license_configuration_arn)).collect(),
            condition_keys,
        })
    }
}

impl InstanceBlockDeviceMapping {
    fn attachment(self) -> Result<Attachment, String> {
        let ebs = self.ebs.unwrap_or_default();
        let volume_id = VolumeId::parse(&need(ebs.volume_id, "a volume of the block device mapping")?);
        let volume_id = volume_id.map_err(|error| error.to_string())?;
        Ok(Attachment { device: word(self.device_name), volume_id, status: word(ebs.status) })
    }
}

impl Instance {
    /// The condition keys of the instance as a resource; what the answer leaves open stays out.
    ///
    /// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    fn condition_keys(&self, account: &AccountId, region: &Region) -> BTreeMap<String, String> {
        let placement = self.placement.as_ref();
        let metadata = self.metadata_options.as_ref();
        let network = self.network_performance_options.as_ref();
        let group = placement.and_then(|placement| placement.group_name.as_deref()).filter(|name| !name.is_empty());
        let market = match self.instance_lifecycle.as_deref() {
            None | Some("") => Some("on-demand".to_owned()),
            Some("scheduled") => None,
            Some(lifecycle) => Some(lifecycle.to_owned()),
        };
        let partition = region.partition();
        let known = [
            ("ec2:InstanceType", self.instance_type.clone()),
            ("ec2:AvailabilityZone", placement.and_then(|placement| placement.availability_zone.clone())),
            ("ec2:AvailabilityZoneId", placement.and_then(|placement| placement.availability_zone_id.clone())),
            ("ec2:Tenancy", placement.and_then(|placement| placement.tenancy.clone())),
            ("ec2:InstanceProfile", self.iam_instance_profile.as_ref().and_then(|profile| profile.arn.clone())),
            ("ec2:RootDeviceType", self.root_device_type.clone()),
            ("ec2:EbsOptimized", self.ebs_optimized.map(|flag| flag.to_string())),
            ("ec2:InstanceID", self.instance_id.clone()),
            ("ec2:MetadataHttpEndpoint", metadata.and_then(|options| options.http_endpoint.clone())),
            (
                "ec2:MetadataHttpPutResponseHopLimit",
                metadata.and_then(|options| Some(options.http_put_response_hop_limit?.to_string())),
            ),
            ("ec2:MetadataHttpTokens", metadata.and_then(|options| options.http_tokens.clone())),
            ("ec2:CpuOptionsAmdSevSnp", self.cpu_options.as_ref().and_then(|options| options.amd_sev_snp.clone())),
            ("ec2:InstanceBandwidthWeighting", network.and_then(|options| options.bandwidth_weighting.clone())),
            (
                "ec2:PlacementGroup",
                group.map(|name| format!("arn:{partition}:ec2:{region}:{account}:placement-group/{name}")),
            ),
            ("ec2:InstanceMarketType", market),
            ("ec2:Region", Some(region.to_string())),
        ];
        known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// What `DescribeVolumes` answers.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVolumes {
    pub(crate) volumes: Option<Vec<Volume>>,
}

/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Volume {
    pub(crate) volume_id: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) encrypted: Option<bool>,
    pub(crate) kms_key_id: Option<String>,
    pub(crate) snapshot_id: Option<String>,
    pub(crate) attachments: Option<Vec<VolumeAttachment>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VolumeAttachment {
    pub(crate) instance_id: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) state: Option<String>,
}

impl DescribeVolumes {
    /// The volumes of the instance `id`, each with how the instance has it.
    pub(crate) fn volumes(self, id: &InstanceId) -> Result<Vec<(Attachment, Fact<capture::Volume>)>, String> {
        need(self.volumes, "the list `Volumes`")?.into_iter().map(|volume| volume.of(id)).collect()
    }
}

impl Volume {
    /// The volume, if it says of itself what the block device mapping of the instance says.
    fn of(self, id: &InstanceId) -> Result<(Attachment, Fact<capture::Volume>), String> {
        let volume_id = VolumeId::parse(&need(self.volume_id, "a volume's ID")?).map_err(|error| error.to_string())?;
        let mut attachments = self.attachments.into_iter().flatten();
        let here = attachments.find(|one| one.instance_id.as_deref() == Some(id.as_str()));
        let volume = if here.is_some() {
            Fact::Known(capture::Volume {
                key: key(self.encrypted, self.kms_key_id.filter(|key| !key.is_empty())),
                state: word(self.state),
                snapshot: self.snapshot_id.filter(|snapshot| !snapshot.is_empty()),
            })
        } else {
            unread("EC2 does not show the volume as attached to this instance, as the instance has it")
        };
        let VolumeAttachment { device, state, .. } = here.unwrap_or_default();
        Ok((Attachment { device: word(device), volume_id, status: word(state) }, volume))
    }
}

fn unread<T>(message: &str) -> Fact<T> {
    Fact::Unread(Unread::unparsable("ec2:DescribeVolumes", message))
}

/// Only a plain `false` is "not encrypted"; an encrypted volume without the ARN of its key is a riddle.
fn key(encrypted: Option<bool>, key: Option<String>) -> Fact<KeyArn> {
    match (encrypted, key.map(|key| KeyArn::parse(&key))) {
        (Some(false), None) => Fact::Absent,
        (Some(true), Some(Ok(key))) => Fact::Known(key),
        (Some(true), Some(Err(error))) => unread(&error.to_string()),
        (Some(true), None) => unread("the volume is encrypted, and the answer names no key"),
        (Some(false) | None, _) => unread("the answer does not say whether the volume is encrypted"),
    }
}

/// The volume `id` in what EC2 shows; one that the answer leaves out is unread.
pub(crate) fn shown(volumes: &Fact<Vec<(Attachment, Fact<capture::Volume>)>>, id: &VolumeId) -> Fact<capture::Volume> {
    let own = volumes.found().into_iter().flatten().find(|(attachment, _)| attachment.volume_id == *id);
    match (own, volumes.unread()) {
        (Some((_, volume)), _) => volume.clone(),
        (None, Some(unread)) => Fact::Unread(unread.clone()),
        (None, None) => unread("EC2 does not show this attached volume"),
    }
}
