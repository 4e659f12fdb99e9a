use std::collections::BTreeMap;

use super::api::ec2::{DescribeInstances, DescribeVolumes, shown};
use super::transcript::Part;
use crate::capture::{Attachment, Instance, Volume};
use crate::fact::{Fact, UnreadReason};
use crate::names::{InstanceId, Region, VolumeId};

/// The Region of an Availability Zone, a Local Zone or a Wavelength Zone: the beginning of its name.
pub(super) fn region_of(zone: &str) -> Option<Region> {
    let digit = zone.find(|sign: char| sign.is_ascii_digit())?;
    let end = zone.get(digit..)?.find(|sign: char| !sign.is_ascii_digit()).map_or(zone.len(), |end| digit + end);
    Region::parse(zone.get(..end)?).ok()
}

/// The instance and its volumes. Its block device mapping says what is attached; what only the list by the instance has
/// was attached between the two reads.
pub(super) fn instance(
    part: &Part,
    id: &InstanceId,
    region: &Region,
) -> (Fact<Instance>, BTreeMap<VolumeId, Fact<Volume>>) {
    let asked = format!("ec2:DescribeInstances {id}");
    if part.is_gone(&asked) {
        return (Fact::Absent, BTreeMap::new());
    }
    let mut instance = part.read(&asked, |answer: DescribeInstances| answer.instance(id, region));
    let Fact::Known(found) = &mut instance else { return (instance, BTreeMap::new()) };
    found.tags_unread = part.tags_unread(&asked).or(found.tags_unread.take());
    for (attachment, _) in by_instance(part, id).found().into_iter().flatten() {
        if found.attachments.iter().all(|one| one.volume_id != attachment.volume_id) {
            found.attachments.push(attachment.clone());
        }
    }
    let attached = found.attachments.iter().map(|one| (one.volume_id.clone(), volume(part, id, &one.volume_id)));
    let volumes = attached.collect();
    (instance, volumes)
}

/// The volume of this instance as EC2 shows it, asked for by its own ID or by the instance's.
pub(super) fn volume(part: &Part, instance: &InstanceId, id: &VolumeId) -> Fact<Volume> {
    let alone = volumes(part, id.as_str(), instance);
    let is_asked = alone.unread().is_none_or(|unread| unread.why != UnreadReason::NotAsked);
    shown(&if is_asked { alone } else { by_instance(part, instance) }, id)
}

/// The volumes that EC2 shows as attached to the instance: so asked the lines of older versions.
pub(super) fn by_instance(part: &Part, id: &InstanceId) -> Fact<Vec<(Attachment, Fact<Volume>)>> {
    volumes(part, id.as_str(), id)
}

fn volumes(part: &Part, asked: &str, instance: &InstanceId) -> Fact<Vec<(Attachment, Fact<Volume>)>> {
    part.list(&format!("ec2:DescribeVolumes {asked}"), |answer: DescribeVolumes| answer.volumes(instance))
}
