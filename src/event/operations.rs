//! Which action belongs to which operation, and how programs spell it.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// What a request may be a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The start of a stopped instance.
    Start,
    /// The launch of a new instance.
    Launch,
    /// An attachment of a volume.
    Attachment,
    /// The creation of a volume.
    VolumeCreation,
    /// A copy of an EBS snapshot or an AMI.
    Copy,
}

use Operation::{Attachment, Launch, Start, VolumeCreation};

/// An action, what it is a part of, and its cmdlet in the AWS Tools for PowerShell.
struct Row {
    service: &'static str,
    name: &'static str,
    of: &'static [Operation],
    cmdlet: &'static str,
}

const fn row(service: &'static str, name: &'static str, of: &'static [Operation], cmdlet: &'static str) -> Row {
    Row { service, name, of, cmdlet }
}

/// The actions of EC2 by the service authorization reference, those of KMS as recorded and as the guides list them.
/// Of no operation are those that stand in the same logs and call for no key.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>,
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
const TABLE: [Row; 30] = [
    row("ec2", "StartInstances", &[Start], "Start-EC2Instance"),
    row("ec2", "RunInstances", &[Launch], "New-EC2Instance"),
    row("ec2", "CreateFleet", &[Launch], "New-EC2Fleet"),
    row("ec2", "RequestSpotInstances", &[Launch], "Request-EC2SpotInstance"),
    row("ec2", "RequestSpotFleet", &[Launch], "Request-EC2SpotFleet"),
    row("ec2", "RunScheduledInstances", &[Launch], "New-EC2ScheduledInstance"),
    row("ec2", "AttachVolume", &[Attachment], "Add-EC2Volume"),
    row("ec2", "CreateVolume", &[VolumeCreation], "New-EC2Volume"),
    row("ec2", "CreateReplaceRootVolumeTask", &[VolumeCreation, Attachment], "New-EC2ReplaceRootVolumeTask"),
    row("ec2", "CopySnapshot", &[Operation::Copy], "Copy-EC2Snapshot"),
    row("ec2", "CopyImage", &[Operation::Copy], "Copy-EC2Image"),
    row("ec2", "CreateSnapshot", &[], "New-EC2Snapshot"),
    row("ec2", "CreateSnapshots", &[], "New-EC2SnapshotBatch"),
    row("ec2", "CreateImage", &[], "New-EC2Image"),
    row("ec2", "CreateTags", &[], "New-EC2Tag"),
    row("ec2", "StopInstances", &[], "Stop-EC2Instance"),
    row("ec2", "RebootInstances", &[], "Restart-EC2Instance"),
    row("ec2", "TerminateInstances", &[], "Remove-EC2Instance"),
    row("ec2", "DetachVolume", &[], "Dismount-EC2Volume"),
    row("ec2", "DescribeInstances", &[], "Get-EC2Instance"),
    row("ec2", "DescribeInstanceStatus", &[], "Get-EC2InstanceStatus"),
    row("ec2", "DescribeVolumes", &[], "Get-EC2Volume"),
    row("ec2", "DescribeSnapshots", &[], "Get-EC2Snapshot"),
    row("kms", "CreateGrant", &[Start, Launch, Attachment, VolumeCreation, Operation::Copy], "New-KMSGrant"),
    row("kms", "Decrypt", &[Start, Launch, Attachment, VolumeCreation, Operation::Copy], "Invoke-KMSDecrypt"),
    row(
        "kms",
        "GenerateDataKeyWithoutPlaintext",
        &[Launch, VolumeCreation, Operation::Copy],
        "New-KMSDataKeyWithoutPlaintext",
    ),
    row("kms", "GenerateDataKey", &[Launch, VolumeCreation], "New-KMSDataKey"),
    // The operation is authorized by two actions; its record has its own name.
    row("kms", "ReEncrypt", &[Launch, VolumeCreation], "Invoke-KMSReEncrypt"),
    row("kms", "ReEncryptFrom", &[Launch, VolumeCreation], ""),
    row("kms", "ReEncryptTo", &[Launch, VolumeCreation], ""),
];

fn find(action: &str) -> Option<&'static Row> {
    let (service, name) = action.split_once(':')?;
    TABLE.iter().find(|row| row.service == service && row.name == name)
}

/// Returns what an action is a part of.
pub(crate) fn operations_of(action: &str) -> &'static [Operation] {
    find(action).map_or(&[], |row| row.of)
}

/// Returns `true` if an action is one of those that a start, a launch, an attachment or the creation of a volume
/// consists of.
pub(crate) fn is_of_start(action: &str) -> bool {
    operations_of(action).iter().any(|operation| *operation != Operation::Copy)
}

/// Returns `true` for an action that this program knows.
pub(super) fn is_known(action: &str) -> bool {
    find(action).is_some()
}

/// Returns the action of an operation's name; of one that is not known the name alone.
pub(super) fn action_of(operation: &str) -> String {
    let row = TABLE.iter().find(|row| row.name == operation);
    row.map_or_else(|| operation.to_owned(), |row| format!("{}:{}", row.service, row.name))
}

/// What tools say of an operation that they do not name: Terraform and Packer, Karpenter, the EBS CSI driver.
const PHRASES: [(&str, &str); 8] = [
    ("Error launching source instance", "RunInstances"),
    ("error launching instance", "RunInstances"),
    ("Error launching instance", "RunInstances"),
    ("failed to run instance", "RunInstances"),
    // Of the fleet's own call the launches are told as errors of the fleet.
    ("with fleet error(s)", "RunInstances"),
    ("Could not attach volume", "AttachVolume"),
    ("Could not create volume", "CreateVolume"),
    ("error creating PersistentVolume", "CreateVolume"),
];

/// The spellings of the operations of EC2 and KMS, each with the place of its row.
struct Spellings {
    finder: Option<AhoCorasick>,
    rows: Vec<usize>,
}

static SPELLINGS: LazyLock<Spellings> = LazyLock::new(|| {
    let (mut texts, mut rows) = (Vec::new(), Vec::new());
    for (number, row) in TABLE.iter().enumerate() {
        let [camel, snake, kebab] = spelled(row.name);
        for text in [row.name.to_owned(), camel, snake, kebab, row.cmdlet.to_owned()] {
            if !text.is_empty() {
                texts.push(text);
                rows.push(number);
            }
        }
        for (phrase, _) in PHRASES.iter().filter(|(_, name)| *name == row.name) {
            texts.push((*phrase).to_owned());
            rows.push(number);
        }
    }
    // Of `CreateSnapshot` and `CreateSnapshots` the longer one is meant.
    Spellings { finder: AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok(), rows }
});

/// `startInstances`, `start_instances`, `start-instances`.
fn spelled(name: &str) -> [String; 3] {
    let joined = |sign: &str| {
        name.chars().enumerate().fold(String::new(), |mut text, (at, letter)| {
            if letter.is_ascii_uppercase() && at > 0 {
                text.push_str(sign);
            }
            text.push(letter.to_ascii_lowercase());
            text
        })
    };
    let first = name.chars().next().map(|letter| letter.to_ascii_lowercase());
    [first.into_iter().chain(name.chars().skip(1)).collect(), joined("_"), joined("-")]
}

/// Returns the one action whose operation a text names, as any program spells it; `None` if it names several, or none.
///
/// Stack traces, command lines and cmdlets tell what a refusal without its action was of.
pub(super) fn named_in(text: &str) -> Option<String> {
    let mut named = None;
    for found in SPELLINGS.finder.as_ref()?.find_iter(text) {
        let before = text.get(..found.start()).and_then(|before| before.chars().next_back());
        let behind = text.get(found.end()..).and_then(|behind| behind.chars().next());
        let is_word = text.get(found.range()).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        // `executeStartInstances` and `StartInstancesAsync` name it as well.
        let is_part = behind.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            || (is_word && before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        let row = SPELLINGS.rows.get(found.pattern().as_usize()).filter(|_| !is_part).and_then(|row| TABLE.get(*row));
        let Some(row) = row else { continue };
        if named.is_some_and(|named: &Row| named.name != row.name) {
            return None;
        }
        named = Some(row);
    }
    named.map(|row| format!("{}:{}", row.service, row.name))
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn an_operation_is_known_in_every_spelling() {
        for text in [
            "ec2.start_instances(InstanceIds=ids)",
            "at AmazonEC2Client.executeStartInstances(AmazonEC2Client.java:1)",
            "Amazon.EC2.AmazonEC2Client.StartInstancesAsync(StartInstancesRequest request)",
            "Start-EC2Instance : You are not",
            "$ aws ec2 start-instances --instance-ids",
            "new StartInstancesCommand({})",
            "client.startInstances(request)",
        ] {
            assert_eq!(named_in(text).as_deref(), Some("ec2:StartInstances"), "{text}");
        }
        assert_eq!(named_in("describe-instances, then start-instances"), None);
        assert_eq!(named_in("restart_instances"), None);
        assert_eq!(named_in("CreateSnapshots").as_deref(), Some("ec2:CreateSnapshots"));
        assert_eq!(named_in("nothing"), None);
    }
}
