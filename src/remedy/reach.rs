//! What a change newly allows besides the start: every action, on every key, by every principal of the capture.

use crate::capture::{Attachment, Capture, Target, Volume};
use crate::change::{Change, PolicyPlace, apply_all};
use crate::engine::{Decision, PolicySet, Request, judge as decide};
use crate::names::{Action, KeyArn, VolumeId};
use crate::source::Reading;
use crate::start::{By, Case, Question, plan};

use super::Judgement;
use super::control::Control;

/// What a change newly allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    /// How many requests were judged before and after.
    pub(crate) tried: usize,
    /// Those that only the change allows.
    pub(crate) opened: Vec<Reached>,
}

/// A request that only the change allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reached {
    /// The ARN of the role that makes it.
    pub(crate) principal: String,
    pub(crate) way: Way,
    pub(crate) action: &'static str,
    pub(crate) key: String,
}

/// How a request comes to KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    ThroughEc2,
    ThroughAnotherService,
    Directly,
}

/// Actions on a key that a reviewer asks about.
pub(crate) const ACTIONS: [&str; 18] = [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UpdateAlias",
];

pub(super) fn reach(of: Judgement<'_>, changes: &[Change]) -> Reach {
    let with = apply_all(of.capture, changes);
    let question = of.question.changed(changes);
    let keys = touched_keys(of.capture, changes);
    let mut found = Reach::default();
    for role in touched_roles(of, changes) {
        let target = Target { role_arn: role.clone(), ..of.target.clone() };
        let before = grid(of.capture, &keys, &target, of.question);
        let after = grid(&with, &keys, &target, &question);
        for (before, (reached, after)) in before.into_iter().zip(after) {
            found.tried += 1;
            // What was not read may leave open whether it is allowed.
            let is_new = before.1.is_denied() && !after.is_denied();
            if is_new && !found.opened.contains(&reached) {
                found.opened.push(reached);
            }
        }
    }
    found.opened.sort();
    found
}

/// The roles whose requests the changes can bear on: a role's own policies bear on no other role.
fn touched_roles<'a>(of: Judgement<'a>, changes: &[Change]) -> Vec<&'a String> {
    let is_own = |change: &Change| {
        matches!(change, Change::Policy { place: PolicyPlace::Inline { .. } | PolicyPlace::Session { .. }, .. })
    };
    let only_own = changes.iter().all(is_own);
    let own = of.capture.identity(&of.target.role_arn).map(|(asked, _)| asked);
    of.capture.identities.keys().filter(|role| !only_own || Some(*role) == own).collect()
}

/// The keys on which the changes can bear: a key's policy and grants bear on no other key.
fn touched_keys(capture: &Capture, changes: &[Change]) -> Vec<KeyArn> {
    let of_key = |change: &Change| match change {
        Change::Policy { place: PolicyPlace::KeyPolicy(key), .. } | Change::AddGrant { key, .. } => Some(key.clone()),
        Change::Policy { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::NewKey { .. }
        | Change::EncryptVolumes { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RecreateRole { .. } => None,
    };
    let only_keys: Option<Vec<KeyArn>> = changes.iter().map(of_key).collect();
    only_keys.unwrap_or_else(|| capture.keys.keys().cloned().collect())
}

/// Every request of one role, of another role of its account and of EC2's own identity, on these keys.
fn grid(capture: &Capture, keys: &[KeyArn], target: &Target, question: &Question) -> Vec<(Reached, Decision)> {
    let capture = attached(capture, keys, target);
    let Ok(plan) = plan(&capture, target, question) else { return Vec::new() };
    let mut decisions = Vec::new();
    for case in plan.cases.iter().filter(|case| case.key.is_some()) {
        match (case.row.by, case.row.action) {
            (By::Infrastructure, action) => {
                note(&mut decisions, Way::ThroughEc2, action, &case.request, &case.policies);
            }
            (By::RoleThroughEc2, "kms:CreateGrant" | "kms:Decrypt") => {
                let of_grants =
                    |action: &str| matches!(action, "kms:CreateGrant" | "kms:ListGrants" | "kms:RevokeGrant");
                let own = |action: &&str| of_grants(action) == (case.row.action == "kms:CreateGrant");
                for action in ACTIONS.into_iter().filter(own) {
                    every_way(&mut decisions, action, case);
                }
            }
            (By::Role | By::RoleThroughEc2, _) => {}
        }
    }
    decisions
}

/// The capture with an instance that has one volume under each key, so that the plan of its start meets them all.
fn attached(capture: &Capture, keys: &[KeyArn], target: &Target) -> Capture {
    let mut changed = capture.clone();
    let Some(Reading::Known(instance)) = changed.instances.get_mut(&target.instance_id) else { return changed };
    instance.attachments.clear();
    for (number, key) in keys.iter().enumerate() {
        let Ok(volume_id) = VolumeId::parse(&format!("vol-{number:017x}")) else { continue };
        let volume = Volume { key: Reading::Known(key.clone()), state: String::new(), snapshot: None };
        changed.volumes.insert(volume_id.clone(), Reading::Known(volume));
        instance.attachments.push(Attachment { device: String::new(), volume_id, status: String::new() });
    }
    changed
}

fn every_way(decisions: &mut Vec<(Reached, Decision)>, action: &'static str, case: &Case) {
    let Ok(parsed) = Action::parse(action) else { return };
    let mut request = case.request.clone();
    request.action = parsed;
    let mut principals = vec![(request.clone(), (*case.policies).clone())];
    principals.extend(Control::AnotherRole.of(&request, &case.policies));
    for (request, policies) in principals {
        note(decisions, Way::ThroughEc2, action, &request, &policies);
        for (way, control) in
            [(Way::ThroughAnotherService, Control::AnotherService), (Way::Directly, Control::WithoutEc2)]
        {
            if let Some((request, policies)) = control.of(&request, &policies) {
                note(decisions, way, action, &request, &policies);
            }
        }
    }
}

fn note(
    decisions: &mut Vec<(Reached, Decision)>,
    way: Way,
    action: &'static str,
    request: &Request,
    policies: &PolicySet,
) {
    let principal = request.principal.arn.to_string();
    let reached = Reached { principal, way, action, key: request.resource().to_owned() };
    decisions.push((reached, decide(request, policies)));
}
