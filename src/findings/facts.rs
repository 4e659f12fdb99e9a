//! What stops a start, or is worth knowing, whatever the policies say.

use crate::capture::{Capture, Instance, KeyMetadata};
use crate::names::KeyArn;
use crate::source::Reading;
use crate::start::{Judged, StartPlan};

use super::{Code, Fact, Finding, Open, Severity};

/// Findings on the instance, its volumes and their keys.
pub(super) fn facts(capture: &Capture, plan: &StartPlan<'_>, judged: &[Judged]) -> Vec<Finding> {
    let mut findings = instance(plan.instance);
    for volume in &plan.open_volumes {
        let mut finding = Finding::new(Code::VolumeUnread, Severity::Undecided);
        finding.volumes.push(volume.volume.clone());
        finding
            .evidence
            .push(Fact::Open(Open::Unread { what: volume.volume.to_string(), needs: volume.needs.clone() }));
        findings.push(finding);
    }
    for attachment in &plan.instance.attachments {
        let record = capture.volumes.get(&attachment.volume_id).and_then(Reading::known);
        if record.is_some_and(|volume| volume.state == "error" || volume.state == "deleting") {
            let mut finding = Finding::new(Code::VolumeInError, Severity::Blocker);
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
        findings.extend(key(arn, metadata, plan, capture).into_iter().map(|finding| Finding {
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
            findings.push(stated(Code::InstanceTerminated, Severity::Blocker, "instance state", &*instance.state));
        }
        state => findings.push(stated(Code::InstanceRunning, Severity::Note, "instance state", state)),
    }
    if instance.root_device_type == "instance-store" {
        findings.push(stated(Code::InstanceStoreRoot, Severity::Blocker, "root device type", "instance-store"));
    }
    if let Some(operator) = &instance.operator {
        findings.push(stated(Code::InstanceManaged, Severity::Warning, "operator", operator.as_str()));
    }
    let user_did_it = |code: &str| code.starts_with("Client.User") || code.starts_with("Client.InstanceInitiated");
    if let Some(reason) =
        instance.state_reason.as_ref().filter(|reason| !user_did_it(&reason.code) && instance.state == "stopped")
    {
        let mut finding = stated(Code::LastStartFailed, Severity::Note, "state reason", reason.message.as_str());
        if !instance.state_transition_reason.is_empty() {
            let value = instance.state_transition_reason.clone();
            finding.evidence.push(Fact::State { name: "state transition reason", value });
        }
        findings.push(finding);
    }
    findings
}

fn key(arn: &KeyArn, metadata: Option<&Reading<KeyMetadata>>, plan: &StartPlan<'_>, capture: &Capture) -> Vec<Finding> {
    let own = arn.account() == plan.instance.account.as_str();
    let metadata = match metadata {
        Some(Reading::Known(metadata)) => metadata,
        Some(Reading::Absent) => return vec![Finding::new(Code::KeyGone, Severity::Blocker)],
        Some(Reading::Unread(_)) | None => {
            let mut finding = Finding::new(Code::KeyStateUnknown, Severity::Undecided);
            let needs = "kms:DescribeKey".to_owned();
            finding.evidence.push(Fact::Open(Open::Unread { what: "the key's state".to_owned(), needs }));
            return vec![finding];
        }
    };
    let mut findings = state(arn, metadata);
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
        let severity = if valid_to <= capture.read.until { Severity::Undecided } else { Severity::Note };
        findings.push(stated(code, severity, name, valid_to.to_string()));
    }
    if let Some(store) = metadata.custom_key_store.as_ref().filter(|_| metadata.state == "Enabled") {
        let connected = store.connection_state.known().is_some_and(|state| state == "CONNECTED");
        let broken = store.connection_state.known().is_some_and(|state| state == "DISCONNECTED" || state == "FAILED");
        let severity = if connected {
            Severity::Note
        } else if broken {
            Severity::Blocker
        } else {
            Severity::Warning
        };
        let state = store.connection_state.known().map_or("not known", String::as_str);
        let mut finding = stated(Code::CustomKeyStore, severity, "connection state", state);
        finding.evidence.push(Fact::State { name: "custom key store", value: store.id.clone() });
        if broken {
            finding.evidence.push(connect(&store.id));
        }
        findings.push(finding);
    }
    findings
}

fn connect(store: &str) -> Fact {
    Fact::Command { what: "cure", line: format!("aws kms connect-custom-key-store --custom-key-store-id {store}") }
}

fn state(arn: &KeyArn, metadata: &KeyMetadata) -> Vec<Finding> {
    let command = |verb: &str| Fact::Command {
        what: "cure",
        line: format!("aws kms {verb} --key-id {} --region {}", arn, arn.region()),
    };
    let state = |code, severity| stated(code, severity, "key state", &*metadata.state);
    let mut finding = match metadata.state.as_str() {
        "Enabled" => return Vec::new(),
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
        "PendingDeletion" => {
            finding.evidence.push(command("cancel-key-deletion"));
            finding.evidence.push(command("enable-key"));
        }
        "PendingImport" => finding.evidence.push(command("import-key-material")),
        "Unavailable" => {
            finding.evidence.extend(metadata.custom_key_store.as_ref().map(|store| connect(&store.id)));
        }
        _ => {}
    }
    vec![finding]
}
