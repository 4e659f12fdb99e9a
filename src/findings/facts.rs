//! What stops a start, or is worth knowing, whatever the policies say.

use jiff::Timestamp;

use crate::capture::{Capture, Instance, KeyMetadata};
use crate::names::KeyArn;
use crate::source::Reading;
use crate::start::{Judged, Question, StartPlan};

use super::key_store;
use super::state_reason::{Tells, tells};
use super::{Code, Fact, Finding, Open, Severity};

/// What is said where the last start failed for another reason.
pub(super) const NOT_THE_KEY: &str = "it was no permission and no KMS key that stopped it";

/// Findings on the instance, its volumes and their keys.
pub(super) fn facts(capture: &Capture, question: &Question, plan: &StartPlan<'_>, judged: &[Judged]) -> Vec<Finding> {
    let at = question.at.unwrap_or(capture.read.until);
    let mut findings = instance(plan.instance);
    for volume in &plan.open_volumes {
        let mut finding = Finding::new(Code::VolumeUnread, Severity::Undecided);
        finding.volumes.push(volume.volume.clone());
        finding
            .evidence
            .push(Fact::Open(Open::Unread { what: volume.volume.to_string(), needs: volume.needs.clone() }));
        findings.push(finding);
    }
    let has_open_volumes = !plan.open_volumes.is_empty();
    if !has_open_volumes && !plan.instance.attachments.is_empty() && judged.iter().all(|one| one.case.key.is_none()) {
        findings.push(Finding::new(Code::NothingEncrypted, Severity::Note));
    }
    for attachment in &plan.instance.attachments {
        if !matches!(attachment.status.as_str(), "" | "attached") {
            let mut finding = stated(Code::VolumeNotAttached, Severity::Warning, "attachment", &*attachment.status);
            finding.volumes.push(attachment.volume_id.clone());
            findings.push(finding);
        }
        let record = capture.volumes.get(&attachment.volume_id).and_then(Reading::known);
        if record.is_some_and(|volume| volume.state == "error" || volume.state == "deleting") {
            let state = record.map(|volume| volume.state.as_str()).unwrap_or_default();
            let mut finding = stated(Code::VolumeInError, Severity::Blocker, "volume state", state);
            finding.volumes.push(attachment.volume_id.clone());
            findings.push(finding);
        }
    }
    let mut keys: Vec<&KeyArn> = judged.iter().filter_map(|judged| judged.case.key.as_ref()).collect();
    keys.sort();
    keys.dedup();
    for arn in keys {
        let of_key = judged.iter().filter(|judged| judged.case.key.as_ref() == Some(arn));
        let volumes = of_key.filter_map(|judged| judged.case.volume.clone());
        let mut volumes: Vec<_> = volumes.collect();
        volumes.dedup();
        let metadata = capture.keys.get(arn).map(|key| &key.metadata);
        findings.extend(key(arn, metadata, plan, at).into_iter().map(|finding| Finding {
            keys: vec![arn.clone()],
            volumes: volumes.clone(),
            ..finding
        }));
    }
    findings
}

fn stated(code: Code, severity: Severity, name: &'static str, value: impl Into<String>) -> Finding {
    let mut finding = Finding::new(code, severity);
    finding.evidence.push(Fact::State { name, value: value.into() });
    finding
}

fn instance(instance: &Instance) -> Vec<Finding> {
    let mut findings = Vec::new();
    match instance.state.as_str() {
        "stopped" | "" => {}
        "terminated" | "shutting-down" => {
            findings.push(stated(Code::InstanceTerminated, Severity::Blocker, "state", &*instance.state));
        }
        state => findings.push(stated(Code::InstanceRunning, Severity::Note, "state", state)),
    }
    if instance.root_device_type == "instance-store" {
        findings.push(stated(Code::InstanceStoreRoot, Severity::Blocker, "root device type", "instance-store"));
    }
    if let Some(operator) = &instance.operator {
        findings.push(stated(Code::InstanceManaged, Severity::Warning, "operator", operator.as_str()));
    }
    for license in &instance.license_configurations {
        let (code, name) = (Code::LicenseConfiguration, "license");
        findings.push(stated(code, Severity::Warning, name, license.as_str()));
    }
    findings.extend(last_start(instance));
    findings
}

/// The last start, where the instance stopped by itself.
fn last_start(instance: &Instance) -> Option<Finding> {
    let reason = instance.state_reason.as_ref().filter(|_| instance.state == "stopped")?;
    let (tells, meaning) = tells(reason);
    if tells == Tells::Stopped {
        return None;
    }
    let said = if reason.message.is_empty() { &reason.code } else { &reason.message };
    let mut finding = stated(Code::LastStartFailed, Severity::Note, "state reason", said.as_str());
    finding.evidence.push(Fact::State { name: "it means", value: meaning.to_owned() });
    if tells == Tells::NotTheKey {
        finding.evidence.push(Fact::State { name: "the key", value: NOT_THE_KEY.to_owned() });
    }
    if !instance.state_transition_reason.is_empty() {
        let value = instance.state_transition_reason.clone();
        finding.evidence.push(Fact::State { name: "transition", value });
    }
    Some(finding)
}

fn key(arn: &KeyArn, metadata: Option<&Reading<KeyMetadata>>, plan: &StartPlan<'_>, at: Timestamp) -> Vec<Finding> {
    let own = arn.account() == plan.instance.account.as_str();
    let metadata = match metadata {
        Some(Reading::Known(metadata)) => metadata,
        Some(Reading::Absent) => {
            let value = "restore the volume from an EBS snapshot under a key that exists; this one cannot be had back";
            return vec![stated(Code::KeyGone, Severity::Blocker, "cure", value)];
        }
        Some(Reading::Unread(_)) | None => {
            let mut finding = Finding::new(Code::KeyStateUnknown, Severity::Undecided);
            let needs = "kms:DescribeKey".to_owned();
            finding.evidence.push(Fact::Open(Open::Unread { what: "the state of the key".to_owned(), needs }));
            return vec![finding];
        }
    };
    let mut findings: Vec<Finding> = state(arn, metadata).into_iter().collect();
    if metadata.multi_region == "REPLICA" {
        findings.push(stated(Code::MultiRegionReplica, Severity::Note, "replica in", arn.region()));
    }
    if metadata.manager == "AWS" && !own {
        findings.push(Finding::new(Code::ForeignManagedKey, Severity::Blocker));
    }
    let symmetric = |spec: &str, usage: &str| {
        (spec.is_empty() || spec == "SYMMETRIC_DEFAULT") && (usage.is_empty() || usage == "ENCRYPT_DECRYPT")
    };
    if !symmetric(&metadata.spec, &metadata.usage) {
        findings.push(stated(Code::KeyUnusable, Severity::Blocker, "key spec", &*metadata.spec));
    }
    if let Some(valid_to) = metadata.valid_to.filter(|_| metadata.state == "Enabled") {
        let (code, name) = (Code::MaterialExpiring, "valid to");
        let has_expired = valid_to <= at;
        let severity = if has_expired { Severity::Undecided } else { Severity::Note };
        let mut finding = stated(code, severity, name, valid_to.to_string());
        if has_expired {
            let line = format!("aws kms describe-key --key-id {arn} --region {}", arn.region());
            finding.evidence.push(Fact::Command { what: "settled by", line });
        }
        findings.push(finding);
    }
    if let Some(store) = metadata.custom_key_store.as_ref().filter(|_| metadata.state == "Enabled") {
        findings.push(key_store::finding(arn, metadata, store));
    }
    findings
}

fn state(arn: &KeyArn, metadata: &KeyMetadata) -> Option<Finding> {
    let command = |verb: &str| Fact::Command {
        what: "cure",
        line: format!("aws kms {verb} --key-id {} --region {}", arn, arn.region()),
    };
    let state = |code, severity| stated(code, severity, "key state", &*metadata.state);
    let mut finding = match metadata.state.as_str() {
        "Enabled" => return None,
        "Disabled" => state(Code::KeyDisabled, Severity::Blocker),
        "PendingDeletion" | "PendingReplicaDeletion" => state(Code::KeyPendingDeletion, Severity::Blocker),
        "PendingImport" => state(Code::KeyPendingImport, Severity::Blocker),
        "Unavailable" => state(Code::KeyUnavailable, Severity::Blocker),
        "Creating" => state(Code::KeyCreating, Severity::Blocker),
        "Updating" => state(Code::KeyUpdating, Severity::Note),
        _ => state(Code::KeyStateUnknown, Severity::Undecided),
    };
    if let Some(date) = metadata.deletion_date {
        finding.evidence.push(Fact::State { name: "deletion date", value: date.to_string() });
    }
    if let Some(date) = metadata.valid_to {
        finding.evidence.push(Fact::State { name: "valid to", value: date.to_string() });
    }
    match metadata.state.as_str() {
        "Disabled" => finding.evidence.push(command("enable-key")),
        "PendingDeletion" | "PendingReplicaDeletion" => {
            finding.evidence.push(command("cancel-key-deletion"));
            finding.evidence.push(command("enable-key"));
        }
        "PendingImport" => {
            let wrap = "get-parameters-for-import --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_4096";
            let import = "import-key-material --import-token fileb://token.bin \
                          --encrypted-key-material fileb://material.bin \
                          --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE";
            finding.evidence.extend([command(wrap), command(import)]);
        }
        "Creating" => finding.evidence.push(command("describe-key --query KeyMetadata.KeyState")),
        "Unavailable" => {
            if let Some(store) = &metadata.custom_key_store {
                finding.evidence.extend(key_store::facts(metadata, store));
                finding.evidence.extend(key_store::cure(arn, store));
            }
        }
        _ => {}
    }
    Some(finding)
}
