//! What the reason that EC2 gives for a stopped instance tells, and what it does not.

use crate::capture::StateReason;

/// What a reason tells of KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// Somebody stopped the instance: no start failed.
    Stopped,
    /// A permission or a key may be at fault, or something else: it does not tell which.
    MayBeKey,
    /// A cause that is neither a permission nor a key.
    NotTheKey,
}

use Tells::{MayBeKey, NotTheKey, Stopped};

/// Codes of `StateReason`, by their beginning, with what they mean.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html>,
/// <https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately>
const REASONS: &[(&str, Tells, &str)] = &[
    ("Client.UserInitiated", Stopped, ""),
    ("Client.InstanceInitiated", Stopped, ""),
    ("Server.ScheduledStop", Stopped, ""),
    ("Client.InternalError", MayBeKey, "seen for a lacking permission as well as for a key that cannot be used"),
    ("Client.InvalidKMSKey", MayBeKey, "in spite of its name seen for a lacking permission with an Enabled key too"),
    ("Server.InternalError", MayBeKey, "an error at EC2, or a lacking permission: it does not tell which"),
    ("Client.VolumeLimitExceeded", NotTheKey, "the account's limit of EBS volumes is reached"),
    ("Client.InvalidSnapshot", NotTheKey, "an EBS snapshot was not found"),
    ("Server.InsufficientInstanceCapacity", NotTheKey, "the Availability Zone has no capacity for this instance type"),
    ("Server.SpotInstance", NotTheKey, "the Spot request ended it"),
];

/// What `reason` tells; a code that is not in the table may be anything.
pub(super) fn tells(reason: &StateReason) -> (Tells, &'static str) {
    let known = REASONS.iter().find(|(code, _, _)| reason.code.starts_with(code));
    known.map_or((MayBeKey, "not one of the known reasons"), |(_, tells, meaning)| (*tells, *meaning))
}
