use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::once;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, KeyArn, VolumeId};

/// An instance, as `ec2:DescribeInstances` shows it.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instance {
    /// The owner: of the reservation.
    pub account: AccountId,
    /// `running`, `stopped`, … ; empty if AWS did not say.
    #[serde(default)]
    pub state: String,
    /// Why the last change of state came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<StateReason>,
    /// The older form of the reason; may hold the time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state_transition_reason: String,
    /// The instance's tags; a record has them even where there are none.
    #[serde(deserialize_with = "once::map")]
    pub tags: BTreeMap<String, String>,
    /// Why no decision may rest on the tags, although some were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags_unread: Option<Unread>,
    /// The volumes of its block device mappings, in AWS's order.
    pub attachments: Vec<Attachment>,
    /// `ebs` or `instance-store`; empty if AWS did not say.
    #[serde(default)]
    pub root_device_type: String,
    /// The device of the root volume, as `/dev/xvda`; empty if AWS did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub root_device_name: String,
    /// The operator (EKS Auto Mode, …) that manages the instance, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The ARNs of the license configurations attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub license_configurations: Vec<String>,
    /// Condition keys of the instance as a resource (`ec2:InstanceType`, …) that AWS's answer determines.
    #[serde(default, deserialize_with = "once::map")]
    pub condition_keys: BTreeMap<String, String>,
}

/// `StateReason`: a code and a message of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateReason {
    /// As `Client.InternalError`.
    pub code: String,
    /// As `Client.InternalError: Client error on launch`.
    #[serde(default)]
    pub message: String,
}

/// One entry of the block device mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    /// As `/dev/xvda`.
    pub device: String,
    /// The volume.
    pub volume_id: VolumeId,
    /// `attached`, `attaching`, …; empty if AWS did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
}

/// A volume, as `ec2:DescribeVolumes` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// The key's ARN; `absent`: the volume is not encrypted.
    #[serde(default)]
    pub key: Fact<KeyArn>,
    /// `in-use`, `error`, …; empty if AWS did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// The EBS snapshot that it was restored from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
}
