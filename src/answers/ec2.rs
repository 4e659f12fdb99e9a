use std::collections::BTreeMap;

use serde_json::Value;

use super::transcript::Part;
use crate::capture::{Attachment, Instance, StateReason, Volume};
use crate::fact::{Fact, Unread, UnreadReason};
use crate::names::{AccountId, InstanceId, KeyArn, Region, VolumeId};

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// One tag, by the names that the service has for its key and its value.
pub(super) fn tag_of(tag: &Value, key: &str, value: &str) -> Option<(String, String)> {
    Some((tag.get(key)?.as_str()?.to_owned(), tag.get(value)?.as_str()?.to_owned()))
}

/// The tags by their keys, if they are all there, each once: a condition may ask for any.
pub(super) fn tags_once(tags: Fact<Vec<(String, String)>>) -> Fact<BTreeMap<String, String>> {
    let unread = |message: &str| Fact::Unread(Unread::unparsable("kms:ListResourceTags", message));
    match tags {
        Fact::Known(tags) => by_key(tags).map_or_else(|| unread("a tag stands twice in the answer"), Fact::Known),
        Fact::Absent => Fact::Absent,
        Fact::Unread(unread) | Fact::Part { unread, .. } => Fact::Unread(unread),
    }
}

fn by_key(tags: Vec<(String, String)>) -> Option<BTreeMap<String, String>> {
    let number = tags.len();
    let tags: BTreeMap<_, _> = tags.into_iter().collect();
    (tags.len() == number).then_some(tags)
}

/// The tags in what EC2 or IAM tells of a thing; `None` if one is not whole or stands twice.
pub(super) fn tags(value: &Value) -> Option<BTreeMap<String, String>> {
    list(value, "Tags").map(|tag| tag_of(tag, "Key", "Value")).collect::<Option<_>>().and_then(by_key)
}

/// The Region of an Availability Zone, a Local Zone or a Wavelength Zone: the beginning of its name.
pub(super) fn region_of(zone: &str) -> Option<Region> {
    let digit = zone.find(|sign: char| sign.is_ascii_digit())?;
    let end = zone.get(digit..)?.find(|sign: char| !sign.is_ascii_digit()).map_or(zone.len(), |end| digit + end);
    Region::parse(zone.get(..end)?).ok()
}

/// The instance and its volumes. The block device mapping says what is attached; a volume that `describe-volumes`
/// does not show is unread.
pub(super) fn instance(
    part: &Part,
    id: &InstanceId,
    region: &Region,
) -> (Fact<Instance>, BTreeMap<VolumeId, Fact<Volume>>) {
    let asked = format!("ec2:DescribeInstances {id}");
    if part.failed_with(&asked, "InvalidInstanceID.NotFound") {
        return (Fact::Absent, BTreeMap::new());
    }
    let mut instance = part.reading(&asked, |text| read(text, id, region));
    if let (Fact::Known(instance), Some(unread)) = (&mut instance, part.tags_unread(&asked)) {
        instance.tags_unread = Some(unread);
    }
    let mut attached = BTreeMap::new();
    if let Fact::Known(instance) = &mut instance {
        // What only the list by the instance has was attached between the two reads.
        let shown = by_instance(part, id);
        let more: Vec<Attachment> =
            shown.found().into_iter().flatten().map(|(attachment, _)| attachment.clone()).collect();
        let is_new = |new: &Attachment| instance.attachments.iter().all(|old| old.volume_id != new.volume_id);
        let more: Vec<Attachment> = more.into_iter().filter(is_new).collect();
        instance.attachments.extend(more);
        for attachment in &instance.attachments {
            attached.insert(attachment.volume_id.clone(), volume(part, id, &attachment.volume_id));
        }
    }
    (instance, attached)
}

/// The volume of this instance as EC2 shows it, asked for by its own ID or by the instance's.
pub(super) fn volume(part: &Part, instance: &InstanceId, id: &VolumeId) -> Fact<Volume> {
    let shown = part.list(&format!("ec2:DescribeVolumes {id}"), "Volumes", |one| record(one, instance));
    let is_asked = shown.unread().is_none_or(|unread| unread.why != UnreadReason::NotAsked);
    let shown = if is_asked { shown } else { by_instance(part, instance) };
    let own = shown.found().into_iter().flatten().find(|(attachment, _)| attachment.volume_id == *id);
    match own {
        Some((_, volume)) => Fact::Known(volume.clone()),
        None => Fact::Unread(
            shown
                .unread()
                .cloned()
                .unwrap_or_else(|| Unread::unparsable("ec2:DescribeVolumes", "EC2 does not show this attached volume")),
        ),
    }
}

/// The volumes that EC2 shows as attached to the instance: so asked the lines of older versions.
pub(super) fn by_instance(part: &Part, id: &InstanceId) -> Fact<Vec<(Attachment, Volume)>> {
    part.list(&format!("ec2:DescribeVolumes {id}"), "Volumes", |one| record(one, id))
}

fn read(output: &str, id: &InstanceId, region: &Region) -> Option<Instance> {
    let value: Value = serde_json::from_str(output).ok()?;
    let (reservation, found) = list(&value, "Reservations").find_map(|reservation| {
        let found = list(reservation, "Instances").find(|one| text(one, "/InstanceId") == id.as_str())?;
        Some((reservation, found))
    })?;
    let account = AccountId::parse(&text(reservation, "/OwnerId")).ok()?;
    let mappings = found.get("BlockDeviceMappings")?.as_array()?;
    let attachments = mappings.iter().map(|mapping| {
        Some(Attachment {
            device: text(mapping, "/DeviceName"),
            volume_id: VolumeId::parse(&text(mapping, "/Ebs/VolumeId")).ok()?,
            status: text(mapping, "/Ebs/Status"),
        })
    });
    let reason = Some(text(found, "/StateReason/Code")).filter(|code| !code.is_empty());
    let managed = found.pointer("/Operator/Managed").and_then(Value::as_bool) == Some(true);
    let tags = tags(found);
    let tags_unread =
        || Unread::unparsable("ec2:DescribeInstances", "a tag is not whole, or stands twice in the answer");
    Some(Instance {
        state: text(found, "/State/Name"),
        state_reason: reason.map(|code| StateReason { code, message: text(found, "/StateReason/Message") }),
        state_transition_reason: text(found, "/StateTransitionReason"),
        tags_unread: tags.is_none().then(tags_unread),
        tags: tags.unwrap_or_default(),
        attachments: attachments.collect::<Option<_>>()?,
        root_device_type: text(found, "/RootDeviceType"),
        root_device_name: text(found, "/RootDeviceName"),
        operator: managed.then(|| text(found, "/Operator/Principal")),
        license_configurations: list(found, "Licenses").map(|one| text(one, "/LicenseConfigurationArn")).collect(),
        condition_keys: condition_keys(found, &account, region),
        account,
    })
}

/// The condition keys of the instance as a resource; what the answer leaves open stays out.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
fn condition_keys(instance: &Value, account: &AccountId, region: &Region) -> BTreeMap<String, String> {
    let plain = [
        ("ec2:InstanceType", "/InstanceType"),
        ("ec2:AvailabilityZone", "/Placement/AvailabilityZone"),
        ("ec2:AvailabilityZoneId", "/Placement/AvailabilityZoneId"),
        ("ec2:Tenancy", "/Placement/Tenancy"),
        ("ec2:InstanceProfile", "/IamInstanceProfile/Arn"),
        ("ec2:RootDeviceType", "/RootDeviceType"),
        ("ec2:EbsOptimized", "/EbsOptimized"),
        ("ec2:InstanceID", "/InstanceId"),
        ("ec2:MetadataHttpEndpoint", "/MetadataOptions/HttpEndpoint"),
        ("ec2:MetadataHttpPutResponseHopLimit", "/MetadataOptions/HttpPutResponseHopLimit"),
        ("ec2:MetadataHttpTokens", "/MetadataOptions/HttpTokens"),
        ("ec2:CpuOptionsAmdSevSnp", "/CpuOptions/AmdSevSnp"),
        ("ec2:InstanceBandwidthWeighting", "/NetworkPerformanceOptions/BandwidthWeighting"),
    ];
    let as_text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let known = plain.iter().map(|(key, pointer)| (*key, instance.pointer(pointer).and_then(as_text)));
    let group = Some(text(instance, "/Placement/GroupName")).filter(|name| !name.is_empty());
    let market = match text(instance, "/InstanceLifecycle").as_str() {
        "" => Some("on-demand".to_owned()),
        "scheduled" => None,
        lifecycle => Some(lifecycle.to_owned()),
    };
    let partition = region.partition();
    let derived = [
        (
            "ec2:PlacementGroup",
            group.map(|name| format!("arn:{partition}:ec2:{region}:{account}:placement-group/{name}")),
        ),
        ("ec2:InstanceMarketType", market),
        ("ec2:Region", Some(region.to_string())),
    ];
    known.chain(derived).filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn record(found: &Value, instance: &InstanceId) -> Option<(Attachment, Volume)> {
    // It was asked for as a volume of this instance: one that is attached elsewhere only is no answer.
    let here = list(found, "Attachments").find(|one| text(one, "/InstanceId") == instance.as_str());
    if here.is_none() && list(found, "Attachments").next().is_some() {
        return None;
    }
    let attachment = Attachment {
        device: here.map(|here| text(here, "/Device")).unwrap_or_default(),
        volume_id: VolumeId::parse(&text(found, "/VolumeId")).ok()?,
        status: here.map(|here| text(here, "/State")).unwrap_or_default(),
    };
    let key = text(found, "/KmsKeyId");
    let key = match (found.get("Encrypted").and_then(Value::as_bool), KeyArn::parse(&key)) {
        (Some(false), Err(_)) if key.is_empty() => Fact::Absent,
        (Some(true), Ok(key)) => Fact::Known(key),
        (_, _) => Fact::Unread(Unread {
            why: UnreadReason::Unparsable,
            needs: "ec2:DescribeVolumes".to_owned(),
            message: "the answer does not say whether and with which key the volume is encrypted".to_owned(),
        }),
    };
    let snapshot = Some(text(found, "/SnapshotId")).filter(|snapshot| !snapshot.is_empty());
    Some((attachment, Volume { key, state: text(found, "/State"), snapshot }))
}
