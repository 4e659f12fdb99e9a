//! Requests that differ from a request of the start in one thing, and that a good remedy does not allow.

use crate::engine::{Context, ContextValue, PolicySet, Principal, Request, judge as decide};
use crate::names::{ConditionKey, PrincipalArn, RoleArn};
use crate::operations::RequestOutcome;

/// The name of the role that stands for every other role of the account.
pub(crate) const CONTROL_ROLE: &str = "ebs-preflight-control";

/// A request that a good remedy does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Control {
    /// By another role of the account.
    AnotherRole,
    /// On another key.
    AnotherKey,
    /// Made through another service.
    AnotherService,
    /// For a grant that is not for an AWS resource.
    OwnGrant,
    /// Not made through a service at all.
    WithoutEc2,
}

/// What became of a control.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Denied,
    Opened,
}

impl Control {
    pub(super) const ALL: [Self; 5] =
        [Self::AnotherRole, Self::AnotherKey, Self::AnotherService, Self::OwnGrant, Self::WithoutEc2];

    /// What became of the control of a request that is cured; `None` where it has none, or was allowed all along.
    pub(super) fn outcome(self, before: &RequestOutcome, after: &RequestOutcome) -> Option<Outcome> {
        // Another key has the key policy that this one had.
        let mut policies = (*after.case.policies).clone();
        if self == Self::AnotherKey {
            policies.key_policies.clone_from(&before.case.policies.key_policies);
            policies.grants.clone_from(&before.case.policies.grants);
        }
        let decide = |judged: &RequestOutcome, policies: &PolicySet| {
            let (request, mut policies) = self.of(&judged.case.request, policies)?;
            if self == Self::AnotherRole {
                // It has the rights that this one had: whom else a change of a shared policy frees shows on it.
                policies.identity.clone_from(&before.case.policies.identity);
            }
            Some(decide(&request, &policies))
        };
        let now = decide(after, &policies)?;
        let earlier = decide(before, &before.case.policies)?;
        match (earlier, now) {
            (_, now) if now.is_denied() => Some(Outcome::Denied),
            (earlier, _) if !earlier.is_denied() => None,
            (_, _) => Some(Outcome::Opened),
        }
    }

    /// The request that differs in this, with the policies that bear on it.
    pub(super) fn of(self, request: &Request, policies: &PolicySet) -> Option<(Request, PolicySet)> {
        let mut request = request.clone();
        let mut policies = policies.clone();
        match self {
            Self::AnotherRole => {
                let (partition, account) = (request.principal.partition(), &request.principal.account);
                let other = format!("arn:{partition}:iam::{account}:role/{CONTROL_ROLE}");
                let other = Principal::new(
                    &PrincipalArn::Role(RoleArn::parse(&other).ok()?),
                    None,
                    Some("AROAEBSPREFLIGHTCONTROL"),
                );
                policies.identity.clear();
                let mut context = without(&request.context, &["aws:PrincipalArn", "aws:userid"]);
                context.set("aws:PrincipalArn", &*other.arn);
                let (resource, account) = (request.resource().to_owned(), request.resource_account.clone());
                request = Request::new(request.action, &resource, Some(&account), other, context).ok()?;
            }
            Self::AnotherKey => {
                let (beginning, _) = request.resource().rsplit_once('/')?;
                let other = format!("{beginning}/00000000-0000-0000-0000-000000000000");
                request = request.with_resource(&other).ok()?;
            }
            Self::AnotherService => {
                let ContextValue::Single(via) = request.context.get(&ConditionKey::new("kms:ViaService")) else {
                    return None;
                };
                let other = via.replacen("ec2.", "ebs-preflight-control.", 1);
                request.context.set("kms:ViaService", other.as_str());
            }
            Self::OwnGrant => {
                if request.action.lower() != "kms:creategrant" {
                    return None;
                }
                request.context = without(&request.context, &["kms:GrantIsForAWSResource"]);
            }
            Self::WithoutEc2 => {
                // EC2's own identity makes no other calls.
                if request.principal.is_infrastructure() {
                    return None;
                }
                let keys = ["kms:ViaService", "kms:GrantIsForAWSResource", "aws:ViaAWSService"];
                request.context = without(&request.context, &keys);
                request.context.set("aws:ViaAWSService", "false");
            }
        }
        Some((request, policies))
    }
}

fn without(context: &Context, keys: &[&str]) -> Context {
    let mut changed = context.clone();
    for key in keys {
        changed.set(key, ContextValue::Absent);
    }
    changed
}
