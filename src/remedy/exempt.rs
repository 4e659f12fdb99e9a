//! A Deny that stands in the way: no Allow overrides it, so it must leave the start out.

use crate::capture::{Capture, Holder, Target};
use crate::change::PolicyPlace;
use crate::engine::{Decider, PolicyRef, deciders};
use crate::names::AccountId;
use crate::policy::{Comparison, PolicyType, PrincipalEntry, Sense, Statement, add_value, statements};
use crate::source::Reading;
use crate::start::{By, Judged, held, is_network_key};

use super::statement::Admitted;

/// A value that a Deny statement gets in its conditions, so that it no longer falls on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exemption {
    pub(super) place: PolicyPlace,
    /// The statement's text.
    pub(super) statement: String,
    operator: String,
    key: &'static str,
    value: String,
}

impl Exemption {
    /// The statement's text with the value.
    pub(super) fn apply(&self, text: &str) -> String {
        let path = ["Condition", &self.operator, self.key];
        add_value(text, &path, &self.value).unwrap_or_else(|_| text.to_owned())
    }
}

/// What the statements that deny a request must leave out; empty where one of them cannot be edited.
pub(super) fn exemptions(judged: &Judged, capture: &Capture, target: &Target) -> Vec<Exemption> {
    let denying = deciders(&judged.case.request, &judged.explanation).into_iter();
    let each = denying.map(|decider| {
        let Decider::Statement(at, index) = decider else { return None };
        exemption(judged, at, index, capture, target)
    });
    each.collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn exemption(judged: &Judged, at: PolicyRef, index: usize, capture: &Capture, target: &Target) -> Option<Exemption> {
    let place = place_of(judged, at, capture, target)?;
    let policy = judged.case.policies.get(at)?;
    let text = (*statements(policy.document.as_ref()?.text()).ok()?.get(index)?).to_owned();
    let statement = policy.policy.as_ref()?.statements.get(index)?;
    if statement.conditions.iter().any(|condition| condition.key.lower() == "aws:tokenissuetime") {
        // It is meant for older sessions: a new one is the cure.
        return None;
    }
    let (operator, key, value) = leave_out(judged, &place, statement, capture, target);
    Some(Exemption { place, statement: text, operator, key, value })
}

/// The narrowest condition that leaves the request out.
fn leave_out(
    judged: &Judged,
    place: &PolicyPlace,
    deny: &Statement,
    capture: &Capture,
    target: &Target,
) -> (String, &'static str, String) {
    let request = &judged.case.request;
    let forwarded = judged.case.row.by == By::RoleThroughEc2;
    let asks_network = deny.conditions.iter().any(|condition| is_network_key(condition.key.lower()));
    if forwarded && asks_network {
        // As AWS's own examples do: such a Deny is meant for direct calls.
        return ("Bool".to_owned(), "aws:ViaAWSService", "false".to_owned());
    }
    // A Deny that binds this role alone would be void with the role left out.
    let is_own = match place {
        // A group's policy binds others as well.
        PolicyPlace::Inline { identity, .. } => *identity == *capture.starter(target),
        PolicyPlace::Boundary { .. } | PolicyPlace::Session { .. } => true,
        PolicyPlace::Managed { .. } | PolicyPlace::KeyPolicy(_) | PolicyPlace::Scp { .. } | PolicyPlace::Rcp { .. } => {
            false
        }
    };
    if is_own || names_one(deny) {
        return if forwarded {
            let via = format!("ec2.{}.amazonaws.com", capture.read.region);
            ("StringNotEquals".to_owned(), "kms:ViaService", via)
        } else {
            let id = request.resource().rsplit('/').next().unwrap_or_default();
            ("StringNotEquals".to_owned(), "ec2:InstanceID", id.to_owned())
        };
    }
    let admitted = Admitted::of(&request.principal.arn);
    let is_pattern = matches!(admitted, Admitted::PermissionSet { .. });
    let like = |comparison| {
        matches!(comparison, Comparison::ArnNotLike | Comparison::ArnNotEquals | Comparison::StringNotLike)
    };
    let exact = |comparison| !is_pattern && matches!(comparison, Comparison::StringNotEquals);
    let present = deny.conditions.iter().find(|condition| {
        let comparison = condition.operator.comparison;
        condition.key.lower() == "aws:principalarn" && (like(comparison) || exact(comparison))
    });
    let operator = match present {
        Some(condition) => condition.operator.to_string(),
        None if is_pattern => "ArnNotLike".to_owned(),
        None => "ArnNotEquals".to_owned(),
    };
    (operator, "aws:PrincipalArn", admitted.pattern().to_owned())
}

/// Whether the statement is about one role, session or user.
fn names_one(deny: &Statement) -> bool {
    deny.principal.as_ref().is_some_and(|element| {
        let [(entry, _)] = element.entries.as_slice() else { return false };
        element.sense == Sense::Listed
            && matches!(entry, PrincipalEntry::Role(_) | PrincipalEntry::Session(_) | PrincipalEntry::User(_))
    })
}

/// Where a policy of the judgement stands in the capture; `None` for one that nobody can edit.
fn place_of(judged: &Judged, at: PolicyRef, capture: &Capture, target: &Target) -> Option<PolicyPlace> {
    let policy = judged.case.policies.get(at)?;
    let document = policy.document.as_ref()?;
    let starter = capture.starter(target);
    match at.kind {
        PolicyType::Identity => {
            let known = capture.identity(&target.role_arn)?.1.known()?;
            let in_holder = |holder: Holder<'_>| {
                let is_it = |name: &str, text: &Reading<_>| {
                    held(&holder, name) == policy.name && text.known() == Some(document)
                };
                let attached = holder.attached.found().into_iter().flatten();
                let managed = attached
                    .filter(|policy| is_it(policy.name(), &policy.document))
                    .map(|policy| PolicyPlace::Managed { arn: policy.arn.clone() });
                let own = holder.arn == known.arn.as_str();
                let identity = if own { starter } else { holder.arn };
                let inline = holder.inline.found().into_iter().flatten();
                let inline = inline
                    .filter(|policy| is_it(&policy.name, &policy.document))
                    .map(|policy| PolicyPlace::Inline { identity: identity.to_owned(), name: policy.name.clone() });
                managed.chain(inline).next()
            };
            known.holders().find_map(in_holder)
        }
        PolicyType::Boundary => Some(PolicyPlace::Boundary { identity: starter.to_owned() }),
        PolicyType::Session => Some(PolicyPlace::Session { number: at.index }),
        PolicyType::KeyPolicy => {
            let key = judged.case.key.as_ref()?;
            // The policy that AWS RAM manages is not edited.
            let own = capture.keys.get(key)?.policy.known()?;
            (own == document).then(|| PolicyPlace::KeyPolicy(key.clone()))
        }
        PolicyType::Scp | PolicyType::Rcp => {
            let is_scp = at.kind == PolicyType::Scp;
            let request = &judged.case.request;
            let account = if is_scp { &request.principal.account } else { &request.resource_account };
            let organization = capture.organizations.get(&AccountId::parse(account).ok()?)?.known()?;
            let levels = if is_scp { &organization.scps } else { &organization.rcps };
            let policies = &levels.found()?.get(at.level)?.policies;
            let id = policies.iter().find(|policy| policy.document.known() == Some(document))?.id.clone();
            Some(if is_scp { PolicyPlace::Scp { id } } else { PolicyPlace::Rcp { id } })
        }
    }
}
