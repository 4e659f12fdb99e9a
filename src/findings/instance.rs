//! What of the instance itself stops a start, or is worth knowing.

use crate::capture::{Attachment, Instance, StateReasonMeaning, meaning_of};
use crate::names::{Arn, RoleArn};

use super::facts::stated;
use super::{Code, Evidence, Finding, Severity};

/// The name of what the reason of the last failure means.
pub(super) const MEANING: &str = "EC2's reason";

/// What is said where the last start failed for another reason.
pub(super) const NOT_THE_KEY: &str = "not a permission or key problem";

/// Findings on the instance; `starter` is the ARN of the principal that starts it.
pub(super) fn instance(instance: &Instance, starter: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    match instance.state.as_str() {
        "stopped" => {}
        "terminated" | "shutting-down" => {
            findings.push(stated(Code::InstanceTerminated, Severity::Blocker, "state", &instance.state));
        }
        state @ ("pending" | "running" | "stopping") => {
            findings.push(stated(Code::InstanceRunning, Severity::Note, "state", state));
        }
        // It may be one in which nothing can be started.
        state => {
            let unread = Evidence::unread("the state of the instance", "ec2:DescribeInstances");
            let evidence = vec![Evidence::state("state", if state.is_empty() { "not told" } else { state }), unread];
            findings.push(Finding::new(Code::NotDecided, Severity::Undecided, evidence));
        }
    }
    if instance.root_device_type == "instance-store" {
        findings.push(stated(Code::InstanceStoreRoot, Severity::Blocker, "root device type", "instance-store"));
    }
    findings.extend(root_volume(instance));
    findings.extend(instance.operator.as_ref().map(|operator| managed(operator, starter)));
    findings.extend(instance.license_configurations.iter().map(|license| {
        if Arn::parse(license).is_ok() {
            return stated(Code::LicenseConfiguration, Severity::Note, "license", license);
        }
        let unread = Evidence::unread("the ARN of a license configuration", "ec2:DescribeInstances");
        Finding::new(Code::LicenseConfiguration, Severity::Undecided, vec![unread])
    }));
    findings.extend(last_start(instance));
    findings
}

/// The devices of root volumes, where the instance's own was not read.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html>
const USUAL_ROOTS: [&str; 3] = ["/dev/xvda", "/dev/sda1", "/dev/sda"];

/// Returns `true` if the volume is attached as the root volume.
pub(super) fn is_root(instance: &Instance, attachment: &Attachment) -> bool {
    match instance.root_device_name.as_str() {
        "" => USUAL_ROOTS.contains(&attachment.device.as_str()),
        root => attachment.device == root,
    }
}

/// A root volume that is missing, or not certainly there. EC2 does not start an instance without one; one whose root is
/// an instance store is never started at all.
///
/// Source: <https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-troubleshooting.html>
fn root_volume(instance: &Instance) -> Option<Finding> {
    // The volumes of a terminated instance go with it.
    let is_gone = matches!(instance.state.as_str(), "terminated" | "shutting-down");
    if is_gone || instance.root_device_type == "instance-store" {
        return None;
    }
    let (name, attachments) = (&instance.root_device_name, &instance.attachments);
    let root = attachments.iter().find(|attachment| is_root(instance, attachment));
    let is_untold = attachments.iter().any(|attachment| attachment.device.is_empty());
    let severity = match root.map(|root| root.status.as_str()) {
        Some("" | "attached") => return None,
        Some("detached") => Severity::Blocker,
        None if attachments.is_empty() || !(name.is_empty() || is_untold) => Severity::Blocker,
        Some(_) | None => Severity::Undecided,
    };
    let devices: Vec<&str> = attachments.iter().map(|attachment| attachment.device.as_str()).collect();
    let attached = if devices.is_empty() { "no volume".to_owned() } else { devices.join(", ") };
    let mut evidence = vec![Evidence::state("attached", attached)];
    if !name.is_empty() {
        evidence.insert(0, Evidence::state("root device", name));
    }
    evidence.extend(root.map(|root| Evidence::state("attachment", &root.status)));
    if severity == Severity::Undecided {
        let what = if root.is_some() { "whether the root volume is attached" } else { "the device of the root volume" };
        evidence.push(Evidence::unread(what, "ec2:DescribeInstances"));
    } else {
        evidence.push(Evidence::state("fix", "attach the root volume to this device: aws ec2 attach-volume"));
    }
    let finding = Finding::new(Code::RootVolumeMissing, severity, evidence);
    Some(match root {
        Some(root) => finding.of_volume(&root.volume_id),
        None => finding,
    })
}

/// Of an instance that an operator manages: who else may start it, its agreement says.
///
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html>
fn managed(operator: &str, starter: &str) -> Finding {
    let path = format!("aws-service-role/{operator}/");
    let is_operator =
        !operator.is_empty() && RoleArn::parse(starter).is_ok_and(|role| role.path_and_name().starts_with(&path));
    let name = if operator.is_empty() { "not told" } else { operator };
    if is_operator {
        return stated(Code::InstanceManaged, Severity::Note, "operator", name);
    }
    let settled = "the operator's own page on what you may do with its instances; or let the operator start it";
    let evidence = vec![Evidence::state("operator", name), Evidence::state("settled by", settled)];
    Finding::new(Code::InstanceManaged, Severity::Undecided, evidence)
}

/// The last start or launch, where the instance stopped by itself or was terminated at once.
fn last_start(instance: &Instance) -> Option<Finding> {
    let is_over = matches!(instance.state.as_str(), "stopped" | "terminated" | "shutting-down");
    let reason = instance.state_reason.as_ref().filter(|_| is_over)?;
    let (tells, meaning) = meaning_of(&reason.code);
    if tells == StateReasonMeaning::NoFailure {
        return None;
    }
    let said = if reason.message.is_empty() { &reason.code } else { &reason.message };
    let mut evidence = vec![Evidence::state("state reason", said), Evidence::state(MEANING, meaning)];
    if tells == StateReasonMeaning::NotKey {
        evidence.push(Evidence::state("permission or key", NOT_THE_KEY));
    }
    if !instance.state_transition_reason.is_empty() {
        evidence.push(Evidence::state("transition", &instance.state_transition_reason));
    }
    Some(Finding::new(Code::LastStartFailed, Severity::Note, evidence))
}
