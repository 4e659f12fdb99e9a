//! Texts without a code and without a refusal that go with a key which could not be used.

/// A sentence of AWS, or of a tool, that tells of a failed start or launch and not of its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Which one.
    pub kind: SignKind,
    /// Its words, as they stand in the text.
    pub said: String,
    /// The actions that the text lists beside it.
    pub listed: Vec<&'static str>,
}

/// What a sign is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignKind {
    /// The EC2 console's banner for volumes whose key cannot be used.
    Console,
    /// The sentence of a state reason without its code.
    StateReason,
    /// A volume that is gone.
    VolumeGone,
    /// An EBS snapshot or a copy that failed, by AWS Backup or EC2.
    Snapshot,
    /// A service that could not launch for its key.
    Service,
    /// A tool waited for a state that the instance never reached.
    Waiter,
}

use SignKind::{Console, Service, Snapshot, StateReason, VolumeGone, Waiter};

/// AWS's sentences, or what of them nothing else says.
///
/// Source: <https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately>,
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/troubleshooting.html>,
/// <https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errors.html>
pub(super) const SIGNS: [(&str, SignKind); 22] = [
    ("encrypted with an inaccessible AWS KMS key", Console),
    ("encrypted with an inaccessible KMS key", Console),
    ("The KMS key provided is in an incorrect state", StateReason),
    ("Client error on launch", StateReason),
    ("Internal error on launch", StateReason),
    ("InvalidVolume.NotFound", VolumeGone),
    // Kubernetes says it of volumes that EC2 took back.
    ("the volume disappeared after creation", VolumeGone),
    ("Given key ID is not accessible", Snapshot),
    ("is not accessible by the AWS Backup role", Snapshot),
    ("The source snapshot KMS key does not exist", Snapshot),
    ("Not authorized to use key ARN", Snapshot),
    ("because the KMS key is invalid", Service),
    ("The KMS key is not accessible", Service),
    ("KMS key is inaccessible", Service),
    ("Waiter InstanceRunning failed", Waiter),
    ("Waiter InstanceStatusOk failed", Waiter),
    ("exceeded max wait time for InstanceRunning waiter", Waiter),
    ("unexpected state 'shutting-down'", Waiter),
    ("unexpected state 'terminated'", Waiter),
    ("unexpected state 'stopped'", Waiter),
    ("did not stabilize. Current state: shutting-down", Waiter),
    ("did not stabilize. Current state: terminated", Waiter),
];

/// What the console lists beside its banner, with what IAM calls it. `kms:ReEncrypt` is no action of KMS.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>
const LISTED: [&str; 5] =
    ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt"];

impl Sign {
    /// Reads the sign of this kind whose words begin in `line`, the line that holds it, in `text`.
    pub(super) fn of(kind: SignKind, line: &str, text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let listed = LISTED.into_iter().filter(|action| kind == Console && text.contains(&action.to_ascii_lowercase()));
        Self { kind, said: line.to_owned(), listed: listed.collect() }
    }
}

/// What KMS writes of a key's state behind its ARN, without a code where EBS quotes it.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html>
pub(super) const KEY_STATES: [&str; 4] =
    [" is disabled", " is pending deletion", " is pending import", " is unavailable"];
