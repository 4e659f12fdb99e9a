//! What EC2's state reasons tell of a start, once for `check` and `triage`.

/// What a state reason tells of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateReasonMeaning {
    /// No start failed: somebody or something stopped the instance, or it starts just now.
    NoFailure,
    /// The start was undone. A missing permission, the key's state and a fault of EBS all look like this.
    MaybeKey,
    /// The start failed for a reason that is neither a permission nor a key.
    NotKey,
    /// A reason that this program does not know.
    Unknown,
}

use StateReasonMeaning::{MaybeKey, NoFailure, NotKey, Unknown};

/// A code, or the beginning of several, with what it tells, what it means, and the sentence that EC2 writes behind it.
struct Row {
    code: &'static str,
    tells: StateReasonMeaning,
    means: &'static str,
    sentence: &'static str,
}

const fn row(code: &'static str, tells: StateReasonMeaning, means: &'static str, sentence: &'static str) -> Row {
    Row { code, tells, means, sentence }
}

/// The codes of AWS's page, and `Client.InvalidKMSKey.…`, which it does not list: recorded for a refused
/// `kms:CreateGrant` on an enabled key.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html>,
/// <https://repost.aws/knowledge-center/encrypted-volumes-stops-immediately>
const REASONS: [Row; 14] = [
    row("Client.InternalError", MaybeKey, "either a missing permission or an unusable key", "Client error on launch"),
    row(
        "Client.InvalidKMSKey",
        MaybeKey,
        "in spite of its name seen for a lacking permission with an Enabled key too",
        "The KMS key provided is in an incorrect state",
    ),
    row(
        "Server.InternalError",
        MaybeKey,
        "an error at EC2, or a lacking permission: it does not tell which",
        "Internal error on launch",
    ),
    row("Client.InvalidSnapshot", NotKey, "an EBS snapshot was not found", ""),
    row("Client.VolumeLimitExceeded", NotKey, "the account's limit of EBS volumes is reached", "Volume limit exceeded"),
    row(
        "Server.InsufficientInstanceCapacity",
        NotKey,
        "the Availability Zone has no capacity for this instance type",
        "Insufficient capacity to satisfy instance request",
    ),
    // Spot capacity ended a running instance: the page says stopped and terminated, and of no launch.
    row("Server.SpotInstanceShutdown", NoFailure, "", ""),
    row("Server.SpotInstanceTermination", NoFailure, "", ""),
    row("Server.ScheduledStop", NoFailure, "", ""),
    row("Client.InstanceInitiatedShutdown", NoFailure, "", "Instance initiated shutdown"),
    // "Terminated or rebooted during AMI creation."
    row("Client.InstanceTerminated", NoFailure, "", ""),
    row("Client.UserInitiatedShutdown", NoFailure, "", "User initiated shutdown"),
    row("Client.UserInitiatedHibernate", NoFailure, "", "User initiated hibernate"),
    row("pending", NoFailure, "", "pending"),
];

fn known(code: &str) -> Option<&'static Row> {
    REASONS.iter().find(|row| code.strip_prefix(row.code).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Returns what the reason with this code tells of a start, and what it means in words; no code, no failure.
pub(crate) fn meaning_of(code: &str) -> (StateReasonMeaning, &'static str) {
    if code.is_empty() {
        return (NoFailure, "");
    }
    known(code).map_or((Unknown, "not one of the known reasons"), |row| (row.tells, row.means))
}

/// Returns the sentence that EC2 writes behind this code; empty where it is not known, or names something.
pub(crate) fn sentence_of(code: &str) -> &'static str {
    known(code).map_or("", |row| row.sentence)
}

/// Returns the known code, whole, at the beginning of a text.
pub(crate) fn code_at(text: &str) -> Option<&str> {
    let end = text.find(|found: char| !found.is_ascii_alphanumeric() && found != '.').unwrap_or(text.len());
    let code = text.get(..end)?.trim_end_matches('.');
    known(code).filter(|row| row.code.contains('.'))?;
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::StateReasonMeaning::{MaybeKey, NoFailure, NotKey, Unknown};
    use super::{code_at, meaning_of};

    /// AWS's page, code by code.
    #[test]
    fn each_code_of_the_page_has_its_meaning() {
        for (code, tells) in [
            ("Server.InsufficientInstanceCapacity", NotKey),
            ("Server.InternalError", MaybeKey),
            ("Server.ScheduledStop", NoFailure),
            ("Server.SpotInstanceShutdown", NoFailure),
            ("Server.SpotInstanceTermination", NoFailure),
            ("Client.InstanceInitiatedShutdown", NoFailure),
            ("Client.InstanceTerminated", NoFailure),
            ("Client.InternalError", MaybeKey),
            ("Client.InvalidSnapshot.NotFound", NotKey),
            ("Client.UserInitiatedHibernate", NoFailure),
            ("Client.UserInitiatedShutdown", NoFailure),
            ("Client.VolumeLimitExceeded", NotKey),
            ("Client.InvalidKMSKey.InvalidState", MaybeKey),
            ("Client.InvalidKMSKey.NotFound", MaybeKey),
            ("Client.InternalErrors", Unknown),
            ("Server.Other", Unknown),
            ("", NoFailure),
        ] {
            assert_eq!(meaning_of(code).0, tells, "{code}");
        }
    }

    #[test]
    fn a_code_is_taken_whole() {
        assert_eq!(code_at("Client.InvalidKMSKey.InvalidState: The"), Some("Client.InvalidKMSKey.InvalidState"));
        assert_eq!(code_at("Client.InternalError."), Some("Client.InternalError"));
        assert_eq!(code_at("Client.StartInstancesAsync("), None);
        assert_eq!(code_at("pending"), None);
    }
}
