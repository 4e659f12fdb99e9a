//! What a change newly allows besides the start: every action, on every key, by every principal of the capture.

use crate::capture::{Attachment, Capture, Target, Volume};
use crate::change::{Change, PolicyPlace, apply_all};
use crate::engine::{Decision, PolicySet, Request, judge as decide};
use crate::fact::Fact;
use crate::names::{Action, KeyArn, PrincipalArn, VolumeId};
use crate::operations::{PolicyCache, Question, Requester, plan};

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
    let question = of.question.changed(changes);
    let keys = touched_keys(of.whole, changes);
    let mut found = Reach::default();
    for role in touched_roles(of, changes) {
        let target = Target { role_arn: role.clone(), ..of.target.clone() };
        let before = attached(of, &keys, &target);
        let after = apply_all(&before, changes);
        let before = grid(&before, &target, of.question, of.shelf);
        let after = grid(&after, &target, &question, of.shelf);
        for (mut before, mut after) in before.into_iter().zip(after) {
            for (parsed, action) in std::mem::take(&mut before.actions) {
                found.tried += 1;
                // What was not read may leave open whether it is allowed.
                if !after.decide(&parsed).is_denied() && before.decide(&parsed).is_denied() {
                    let request = &after.request;
                    let (principal, key) = (request.principal.arn.to_string(), request.resource().to_owned());
                    found.opened.push(Reached { principal, way: after.way, action, key });
                }
            }
        }
    }
    found.opened.sort();
    found.opened.dedup();
    found
}

/// The roles whose requests the changes can bear on: a role's own policies bear on no other role.
fn touched_roles<'a>(of: Judgement<'a>, changes: &[Change]) -> Vec<&'a PrincipalArn> {
    let is_own = |change: &Change| {
        matches!(change, Change::Policy { place: PolicyPlace::Inline { .. } | PolicyPlace::Session { .. }, .. })
    };
    let only_own = changes.iter().all(is_own);
    if only_own {
        return of.whole.identity(&of.target.role_arn).map(|(role, _)| role).into_iter().collect();
    }
    of.whole.identities.keys().collect()
}

/// The keys on which the changes can bear: a key's policy and grants bear on no other key.
fn touched_keys(capture: &Capture, changes: &[Change]) -> Vec<KeyArn> {
    let only_keys: Option<Vec<KeyArn>> = changes.iter().map(|change| change.only_key().cloned()).collect();
    only_keys.unwrap_or_else(|| capture.keys.keys().cloned().collect())
}

/// A request in one way, for each of some actions.
struct Tried {
    way: Way,
    request: Request,
    policies: PolicySet,
    actions: Vec<(Action, &'static str)>,
}

/// Every request of one role, of another role of its account and of EC2's own identity, on the keys of its volumes.
fn grid(capture: &Capture, target: &Target, question: &Question, shelf: &PolicyCache<'_>) -> Vec<Tried> {
    let Ok(plan) = plan(capture, target, question, shelf) else { return Vec::new() };
    let mut tried = Vec::new();
    for case in plan.cases.iter().filter(|case| case.key.is_some()) {
        let request = || (*case.request).clone();
        match (case.row.by, case.row.action) {
            (Requester::Infrastructure, action) => {
                tried.push(Tried::new(Way::ThroughEc2, request(), (*case.policies).clone(), &[action]));
            }
            (Requester::RoleThroughEc2, "kms:CreateGrant" | "kms:Decrypt") => {
                let of_grants =
                    |action: &str| matches!(action, "kms:CreateGrant" | "kms:ListGrants" | "kms:RevokeGrant");
                let own = |action: &&str| of_grants(action) == (case.row.action == "kms:CreateGrant");
                let actions: Vec<&'static str> = ACTIONS.into_iter().filter(own).collect();
                let mut principals = vec![(request(), (*case.policies).clone())];
                principals.extend(Control::AnotherRole.of(&case.request, &case.policies));
                for (request, policies) in principals {
                    for (way, control) in
                        [(Way::ThroughAnotherService, Control::AnotherService), (Way::Directly, Control::WithoutEc2)]
                    {
                        if let Some((request, policies)) = control.of(&request, &policies) {
                            tried.push(Tried::new(way, request, policies, &actions));
                        }
                    }
                    tried.push(Tried::new(Way::ThroughEc2, request, policies, &actions));
                }
            }
            (Requester::Role | Requester::RoleThroughEc2, _) => {}
        }
    }
    tried
}

/// The start's part of the capture, but with a role that may be another one, and with one volume under each key, so
/// that the plan of its start meets them all.
fn attached(of: Judgement<'_>, keys: &[KeyArn], target: &Target) -> Capture {
    let mut changed = of.whole.of_start(target, keys.iter());
    // A change may speak of the boundary of the start's own role.
    let own = of.capture.identity(&of.target.role_arn);
    changed.identities.extend(own.map(|(arn, own)| (arn.clone(), own.clone())));
    let Some(Fact::Known(instance)) = changed.instances.get_mut(&target.instance_id) else { return changed };
    instance.attachments.clear();
    for (number, key) in keys.iter().enumerate() {
        let Ok(volume_id) = VolumeId::parse(&format!("vol-{number:017x}")) else { continue };
        let volume = Volume { key: Fact::Known(key.clone()), state: String::new(), snapshot: None };
        changed.volumes.insert(volume_id.clone(), Fact::Known(volume));
        instance.attachments.push(Attachment { device: String::new(), volume_id, status: String::new() });
    }
    changed
}

impl Tried {
    fn new(way: Way, request: Request, policies: PolicySet, actions: &[&'static str]) -> Self {
        let parsed = actions.iter().filter_map(|action| Some((Action::parse(action).ok()?, *action)));
        Self { way, request, policies, actions: parsed.collect() }
    }

    fn decide(&mut self, action: &Action) -> Decision {
        self.request.action.clone_from(action);
        decide(&self.request, &self.policies)
    }
}
