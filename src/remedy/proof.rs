//! Judging again: with the changes, and with controls that must stay denied.

use crate::engine::{Context, ContextValue, Decision, PolicySet, Principal, Request, judge as decide};
use crate::names::{PrincipalArn, RoleArn};
use crate::start::{Judged, Level};

/// What judging again said. Only judging makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    /// How many of the start's required requests were allowed before.
    pub(crate) before: usize,
    /// How many are allowed with the changes.
    pub(crate) after: usize,
    /// How many required requests there are.
    pub(crate) required: usize,
    /// The controls that are still denied.
    pub(crate) still_denied: Vec<Control>,
    /// Controls that the change allows although they were denied: a fault of the remedy.
    pub(crate) opened: Vec<Control>,
}

/// A request that a good remedy does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Control {
    /// By another role of the account.
    AnotherRole,
    /// On another key.
    AnotherKey,
    /// Not made through EC2.
    WithoutEc2,
}

impl Proof {
    /// Compares the judgements before and after. `after` and `before` are of the same requests.
    pub(super) fn new(before: &[Judged], after: &[Judged]) -> Self {
        let required = |judged: &&Judged| judged.case.row.level == Level::Start;
        let allowed = |list: &[Judged]| {
            list.iter().filter(required).filter(|judged| judged.decision == Decision::Allowed).count()
        };
        let (mut still_denied, mut opened) = (Vec::new(), Vec::new());
        let changed = before.iter().zip(after).filter(|(before, after)| {
            before.decision != Decision::Allowed && after.decision == Decision::Allowed && after.case.key.is_some()
        });
        for (before, after) in changed {
            for control in [Control::AnotherRole, Control::AnotherKey, Control::WithoutEc2] {
                let outcome = |judged: &Judged, policies: &PolicySet| {
                    let (request, policies) = control.of(&judged.case.request, policies)?;
                    Some(decide(&request, &policies))
                };
                let old_key = PolicySet {
                    key_policies: before.case.policies.key_policies.clone(),
                    ..(*after.case.policies).clone()
                };
                let with = if control == Control::AnotherKey {
                    outcome(after, &old_key)
                } else {
                    outcome(after, &after.case.policies)
                };
                let without = outcome(before, &before.case.policies);
                let (Some(with), Some(without)) = (with, without) else { continue };
                let list = if with != Decision::Allowed {
                    &mut still_denied
                } else if without != Decision::Allowed {
                    &mut opened
                } else {
                    continue;
                };
                if !list.contains(&control) {
                    list.push(control);
                }
            }
        }
        still_denied.retain(|control| !opened.contains(control));
        Self {
            before: allowed(before),
            after: allowed(after),
            required: after.iter().filter(required).count(),
            still_denied,
            opened,
        }
    }

    /// Whether every required request is allowed.
    pub(crate) fn cures(&self) -> bool {
        self.after == self.required
    }
}

impl Control {
    /// The request that differs in this, with the policies that bear on it.
    fn of(self, request: &Request, policies: &PolicySet) -> Option<(Request, PolicySet)> {
        let mut request = request.clone();
        let mut policies = policies.clone();
        match self {
            Self::AnotherRole => {
                let other = format!(
                    "arn:{}:iam::{}:role/ebs-preflight-control",
                    request.principal.partition(),
                    request.principal.account
                );
                let other = Principal::new(
                    &PrincipalArn::Role(RoleArn::parse(&other).ok()?),
                    None,
                    Some("AROAEBSPREFLIGHTCONTROL"),
                );
                policies.identity.clear();
                let mut context = without(&request.context, &["aws:PrincipalArn", "aws:userid"]);
                context.set("aws:PrincipalArn", &*other.arn);
                request =
                    Request::new(request.action, &request.resource, Some(&request.resource_account), other, context);
            }
            Self::AnotherKey => {
                let (beginning, _) = request.resource.rsplit_once('/')?;
                request.resource = format!("{beginning}/00000000-0000-0000-0000-000000000000").into();
            }
            Self::WithoutEc2 => {
                let mut context =
                    without(&request.context, &["kms:ViaService", "kms:GrantIsForAWSResource", "aws:ViaAWSService"]);
                context.set("aws:ViaAWSService", "false");
                request.context = context;
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
