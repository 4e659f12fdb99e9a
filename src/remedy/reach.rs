//! What a change newly allows besides the start: every action, on every key, by every principal of the capture.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::capture::{Attachment, Capture, Target, Volume};
use crate::change::{Change, Edit, PolicyPlace, apply_all};
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
    /// Of how many what was not read leaves open whether they are allowed by it.
    pub(crate) unknown: usize,
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
    let named = named_keys(&keys, changes);
    let mut found = Reach::default();
    for role in touched_roles(of, changes) {
        let target = Target { role_arn: role.clone(), ..of.target.clone() };
        let mut tried = 0;
        let before = attached(of, &named, &target);
        let after = apply_all(&before, changes);
        let before = grid(&before, &target, of.question, of.shelf);
        let after = grid(&after, &target, &question, of.shelf);
        for (mut before, mut after) in before.into_iter().zip(after) {
            for (parsed, action) in std::mem::take(&mut before.actions) {
                tried += 1;
                let now = after.decide(&parsed);
                if now.is_denied() || !before.decide(&parsed).is_denied() {
                    continue;
                }
                if now == Decision::Unknown {
                    found.unknown += 1;
                } else {
                    let request = &after.request;
                    let (principal, key) = (request.principal.arn.to_string(), request.resource().to_owned());
                    found.opened.push(Reached { principal, way: after.way, action, key });
                }
            }
        }
        // The same requests are made on every key, and on the others they are answered as before.
        found.tried += tried / named.len().max(1) * keys.len();
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

/// The keys that statements name which are added and nothing else; at least one, and all where anything else is changed
/// or a name has a wildcard.
fn named_keys(keys: &[KeyArn], changes: &[Change]) -> Vec<KeyArn> {
    let Some(named) = changes.iter().map(named_by).collect::<Option<Vec<_>>>() else { return keys.to_vec() };
    let named: BTreeSet<String> = named.into_iter().flatten().collect();
    let of_them: Vec<KeyArn> = keys.iter().filter(|key| named.contains(key.as_str())).cloned().collect();
    if of_them.is_empty() { keys.iter().take(1).cloned().collect() } else { of_them }
}

/// The resources on which alone a change bears, if it only adds statements that allow and name them whole.
fn named_by(change: &Change) -> Option<Vec<String>> {
    let Change::Policy { edits, .. } = change else { return None };
    let named = edits.iter().map(|edit| {
        let Edit::Add(text) = edit else { return None };
        let statement: Value = serde_json::from_str(text).ok()?;
        let is_allow = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        let resource = statement.get("Resource").filter(|_| is_allow)?;
        let resources = match resource.as_array() {
            Some(several) => several.iter().map(Value::as_str).collect::<Option<Vec<&str>>>()?,
            None => vec![resource.as_str()?],
        };
        let is_whole = |resource: &&str| !resource.contains(['*', '?', '$']);
        resources.iter().all(is_whole).then(|| resources.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    Some(named.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
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
