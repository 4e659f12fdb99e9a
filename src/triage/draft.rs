//! The statement that would answer a refusal, from the refusal alone: a draft, not proven.

use std::collections::BTreeMap;

use serde::Serialize;

use super::is_infrastructure;
use crate::event::{Actor, Conclusion, Denial, Incident, PolicyKind, Refusal, is_of_start};
use crate::names::{Arn, KeyArn, PrincipalArn};

/// A statement, and where it would stand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Draft {
    pub(super) place: String,
    pub(super) statement: Statement,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<BTreeMap<&'static str, String>>,
    action: String,
    resource: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

/// Returns the draft for a refusal that names principal, action, resource and policy type, all of them whole. Where a Deny
/// applies, no added statement answers it; a session policy belongs to whoever made the session.
pub(super) fn draft(incident: &Incident) -> Option<Draft> {
    let Conclusion::Refused(refusal) = &incident.told else { return None };
    if refusal.denial != Denial::Implicit || !is_of_start(&refusal.action) || is_infrastructure(incident, refusal) {
        return None;
    }
    // A record tells the role's own ARN, with its path.
    let arn = match &incident.actor {
        Some(Actor::Role { arn, .. } | Actor::User { arn }) => arn,
        Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => {
            &refusal.principal
        }
    };
    let principal = PrincipalArn::parse(arn).ok()?;
    let kind = if matches!(principal, PrincipalArn::User(_)) { "user" } else { "role" };
    let resource = whole_resource(&refusal.resource)?;
    let (place, principal) = match refusal.policy? {
        PolicyKind::Identity => (format!("a policy of {kind} {}", role_name(&principal)), None),
        PolicyKind::Boundary => (format!("the permissions boundary of {kind} {}", role_name(&principal)), None),
        PolicyKind::Scp => ("the SCPs that allow".to_owned(), None),
        PolicyKind::Resource => {
            let arn = named_by_key_policy(&principal)?;
            ("the key policy".to_owned(), Some(BTreeMap::from([("AWS", arn)])))
        }
        PolicyKind::Session | PolicyKind::Rcp | PolicyKind::VpcEndpoint => return None,
    };
    Some(Draft {
        place,
        statement: Statement {
            sid: "DraftFromOneEvent",
            effect: "Allow",
            resource: if principal.is_some() { "*".to_owned() } else { resource },
            principal,
            action: refusal.action.clone(),
            condition: condition(refusal, &incident.region),
        },
    })
}

fn whole_resource(resource: &str) -> Option<String> {
    let arn = Arn::parse(resource).ok()?;
    let is_key = arn.service() == "kms" && KeyArn::parse(resource).is_ok();
    (is_key || arn.service() == "ec2").then(|| resource.to_owned())
}

fn role_name(principal: &PrincipalArn) -> &str {
    match principal {
        PrincipalArn::Role(role) => role.path_and_name(),
        PrincipalArn::Session(session) => session.role_name(),
        PrincipalArn::User(user) => user.name(),
        PrincipalArn::Root(_) => "root",
    }
}

/// The ARN that a key policy takes. That of a role with a path cannot be worked out of a session's, so that of a role
/// which certainly has one is not drafted.
fn named_by_key_policy(principal: &PrincipalArn) -> Option<String> {
    match principal {
        PrincipalArn::Role(_) | PrincipalArn::User(_) | PrincipalArn::Root(_) => Some(principal.as_str().to_owned()),
        PrincipalArn::Session(session) => {
            let has_path =
                ["AWSReservedSSO_", "AWSServiceRoleFor"].iter().any(|own| session.role_name().starts_with(own));
            (!has_path)
                .then(|| format!("arn:{}:iam::{}:role/{}", session.partition(), session.account(), session.role_name()))
        }
    }
}

/// Only through EC2, and grants only for AWS's own use: what EC2 asks with the principal's permissions is so.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
fn condition(refusal: &Refusal, region: &str) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let mut condition = BTreeMap::new();
    if refusal.action.starts_with("kms:") && !region.is_empty() {
        let service = format!("ec2.{region}.amazonaws.com");
        condition.insert("StringEquals", BTreeMap::from([("kms:ViaService", service)]));
    }
    if refusal.action == "kms:CreateGrant" {
        condition.insert("Bool", BTreeMap::from([("kms:GrantIsForAWSResource", "true".to_owned())]));
    }
    condition
}
