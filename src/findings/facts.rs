//! What stops a start, or is worth knowing, whatever the policies say.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::capture::{Capture, KeyMetadata};
use crate::command::Command;
use crate::fact::Fact;
use crate::names::{KeyArn, VolumeId};
use crate::operations::{Question, RequestOutcome, StartPlan};

use super::{Code, Evidence, Finding, Severity, instance, key_store};

/// Findings on the instance, its volumes and their keys.
pub(super) fn facts(
    capture: &Capture,
    question: &Question,
    plan: &StartPlan<'_>,
    judged: &[RequestOutcome],
) -> Vec<Finding> {
    let at = question.at.unwrap_or(capture.read.until);
    let mut findings = instance::instance(plan.instance, &plan.principal.arn);
    for volume in &plan.open_volumes {
        let unread = vec![Evidence::unread(volume.volume.as_str(), &volume.needs)];
        findings.push(Finding::new(Code::VolumeUnread, Severity::Undecided, unread).of_volume(&volume.volume));
    }
    let has_open_volumes = !plan.open_volumes.is_empty();
    if !has_open_volumes && !plan.instance.attachments.is_empty() && judged.iter().all(|one| one.case.key.is_none()) {
        findings.push(Finding::new(Code::NothingEncrypted, Severity::Note, Vec::new()));
    }
    for attachment in &plan.instance.attachments {
        let (volume, status) = (&attachment.volume_id, &attachment.status);
        if !matches!(status.as_str(), "" | "attached") && !instance::is_root(plan.instance, attachment) {
            findings.push(stated(Code::VolumeNotAttached, Severity::Warning, "attachment", status).of_volume(volume));
        }
        let state = capture.volumes.get(volume).and_then(Fact::known).map(|volume| volume.state.as_str());
        match state {
            Some(state @ ("error" | "deleting" | "deleted")) => {
                findings.push(stated(Code::VolumeInError, Severity::Blocker, "volume state", state).of_volume(volume));
            }
            Some("creating" | "available" | "in-use") | None => {}
            // A state that AWS did not tell, or that nobody knows yet.
            Some(_) => {
                let unread = Evidence::unread(format!("the state of volume {volume}"), "ec2:DescribeVolumes");
                let finding = Finding::new(Code::VolumeUnread, Severity::Undecided, vec![unread]);
                findings.push(finding.of_volume(volume));
            }
        }
    }
    let mut volumes_of: BTreeMap<&KeyArn, Vec<&VolumeId>> = BTreeMap::new();
    for (key, volume) in judged.iter().filter_map(|judged| judged.case.key.as_ref().zip(judged.case.volume.as_ref())) {
        volumes_of.entry(key).or_default().push(volume);
    }
    for (arn, mut volumes) in volumes_of {
        volumes.dedup();
        let metadata = capture.keys.get(arn).map(|key| &key.metadata);
        let of_key = key(arn, metadata, plan, (capture.read.until, at));
        findings.extend(of_key.into_iter().map(|finding| Finding {
            keys: vec![arn.clone()],
            volumes: volumes.iter().copied().cloned().collect(),
            ..finding
        }));
    }
    findings
}

pub(super) fn stated(code: Code, severity: Severity, name: &'static str, value: impl Into<String>) -> Finding {
    Finding::new(code, severity, vec![Evidence::state(name, value)])
}

/// The end of imported key material is near a month before: it takes people, a wrapping key and the material to import it
/// again.
const NEAR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `times`: of the read, and of the start.
fn key(
    arn: &KeyArn,
    metadata: Option<&Fact<KeyMetadata>>,
    plan: &StartPlan<'_>,
    times: (Timestamp, Timestamp),
) -> Vec<Finding> {
    let own = arn.account() == plan.instance.account.as_str();
    let metadata = match metadata {
        Some(Fact::Known(metadata)) => metadata,
        Some(Fact::Absent) => {
            let value =
                "restore the volume from an EBS snapshot under a key that exists; a deleted key cannot be recovered";
            return vec![stated(Code::KeyGone, Severity::Blocker, "fix", value)];
        }
        Some(Fact::Unread(_) | Fact::Part { .. }) | None => {
            let unread = Evidence::unread("the state of the key", "kms:DescribeKey");
            return vec![Finding::new(Code::KeyStateUnknown, Severity::Undecided, vec![unread])];
        }
    };
    let mut findings: Vec<Finding> = state(arn, metadata).into_iter().collect();
    if metadata.multi_region == "REPLICA" {
        findings.push(stated(Code::MultiRegionReplica, Severity::Note, "replica in", arn.region()));
    }
    if metadata.manager == "AWS" && !own {
        findings.push(Finding::new(Code::ForeignManagedKey, Severity::Blocker, Vec::new()));
    }
    let is_other = |told: &str, wanted: &str| !told.is_empty() && told != wanted;
    if is_other(&metadata.spec, "SYMMETRIC_DEFAULT") || is_other(&metadata.usage, "ENCRYPT_DECRYPT") {
        findings.push(stated(Code::KeyUnusable, Severity::Blocker, "key spec", &metadata.spec));
    } else if metadata.spec.is_empty() || metadata.usage.is_empty() || !is_origin(&metadata.origin) {
        // It may be one that EBS cannot use, or stand in a custom key store.
        let unread = Evidence::unread("spec, usage and origin of the key", "kms:DescribeKey");
        findings.push(Finding::new(Code::KeyStateUnknown, Severity::Undecided, vec![unread]));
    }
    if let Some(valid_to) = metadata.valid_to.filter(|_| metadata.state == "Enabled") {
        let mut evidence = vec![Evidence::state("valid to", valid_to.to_string())];
        let (read, at) = times;
        let is_near = valid_to <= at.saturating_add(NEAR).unwrap_or(at);
        let mut severity = if is_near { Severity::Warning } else { Severity::Note };
        if valid_to <= at {
            severity = Severity::Undecided;
            evidence
                .push(Evidence::state("means", "it has expired by the time of the start, unless it is imported again"));
        }
        if valid_to <= at && valid_to > read {
            let import = "importing the same key material again before then, or without a date";
            evidence.push(Evidence::state("settled by", import));
        }
        if valid_to <= read {
            // The key state is changed some time after the date.
            evidence.push(Evidence::Command { what: "settled by", command: of_key("describe-key", arn) });
        }
        findings.push(Finding::new(Code::MaterialExpiring, severity, evidence));
    }
    findings.extend(key_store::finding(arn, metadata));
    findings
}

/// Whether KMS has keys of such an origin.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>
fn is_origin(origin: &str) -> bool {
    matches!(origin, "AWS_KMS" | "EXTERNAL" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE")
}

/// A call of KMS's API for the key.
fn of_key(words: &'static str, arn: &KeyArn) -> Command {
    Command::aws("kms").words(words).option("--key-id", arn).option("--region", &arn.in_region())
}

fn state(arn: &KeyArn, metadata: &KeyMetadata) -> Option<Finding> {
    let command = |words| Evidence::Command { what: "fix", command: of_key(words, arn) };
    let (code, severity, more) = match metadata.state.as_str() {
        "Enabled" => return None,
        "Disabled" => (Code::KeyDisabled, Severity::Blocker, vec![command("enable-key")]),
        "PendingDeletion" | "PendingReplicaDeletion" => {
            let cures = vec![command("cancel-key-deletion"), command("enable-key")];
            (Code::KeyPendingDeletion, Severity::Blocker, cures)
        }
        "PendingImport" => {
            let wrap = "get-parameters-for-import --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_4096";
            let import = "import-key-material --import-token fileb://token.bin \
                          --encrypted-key-material fileb://material.bin \
                          --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE";
            let same = Evidence::state("material", "only the same key material can be imported again");
            (Code::KeyPendingImport, Severity::Blocker, vec![same, command(wrap), command(import)])
        }
        "Unavailable" => {
            let store = metadata.custom_key_store.iter();
            let more = store
                .flat_map(|store| [key_store::facts(metadata, store), key_store::cure(arn, metadata, store)].concat());
            (Code::KeyUnavailable, Severity::Blocker, more.collect())
        }
        "Creating" => {
            let cures = vec![command("describe-key --query KeyMetadata.KeyState")];
            (Code::KeyCreating, Severity::Blocker, cures)
        }
        "Updating" => (Code::KeyUpdating, Severity::Note, Vec::new()),
        _ => (Code::KeyStateUnknown, Severity::Undecided, Vec::new()),
    };
    let mut evidence = vec![Evidence::state("key state", &metadata.state)];
    evidence.extend(metadata.deletion_date.map(|date| Evidence::state("deletion date", date.to_string())));
    evidence.extend(metadata.valid_to.map(|date| Evidence::state("valid to", date.to_string())));
    if metadata.manager == "AWS" && severity == Severity::Blocker {
        // Nobody else may enable the key, or keep it from being deleted.
        evidence.push(Evidence::state("fix", "none of yours: AWS manages this key, so ask AWS Support"));
    } else {
        evidence.extend(more);
    }
    Some(Finding::new(code, severity, evidence))
}
