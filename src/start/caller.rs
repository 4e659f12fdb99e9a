//! Who assumes the role: the call sts:AssumeRole, which comes before the start and which the role's trust policy
//! decides.

use std::sync::Arc;

use crate::engine::{ContextValue, NamedPolicy, PolicySet, Principal, Request};
use crate::names::{Action, PrincipalArn, RoleArn};
use crate::policy::PolicyType;
use crate::source::Reading;

use super::context::{Column, fixed, state};
use super::plan::{Case, Planner};
use super::policies::unread;
use super::table::ASSUME_ROLE;

/// Keys of sts:AssumeRole that the caller chooses, or that belong to the caller: nobody can read them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>
///
/// So is the Region: STS has an endpoint in each, and a global one.
const OF_THE_CALLER: [&str; 6] = [
    "aws:RequestedRegion",
    "aws:TokenIssueTime",
    "aws:TagKeys",
    "sts:TransitiveTagKeys",
    "sts:SourceIdentity",
    "aws:username",
];

/// The role of the caller's session, as the trust policy names it: a session's ARN does not tell the role's path, and
/// an account has one role of a name.
fn role_of_session(caller: &PrincipalArn, trust_policy: &NamedPolicy) -> Option<RoleArn> {
    let PrincipalArn::Session(session) = caller else { return None };
    let statements = trust_policy.policy.iter().flat_map(|policy| &policy.statements);
    let entries = statements.filter_map(|statement| statement.principal.as_ref()).flat_map(|element| &element.entries);
    let roles = entries.filter_map(|(entry, _)| RoleArn::parse(entry.as_str()).ok());
    roles.into_iter().find(|role| role.account() == session.account() && role.name() == session.role_name())
}

impl Planner<'_, '_> {
    /// The call of the caller that the asker states; `None` where none is stated.
    pub(super) fn assume_role(&mut self) -> Option<Case> {
        let caller = self.question.caller.as_ref()?;
        let trust_policy = self.identity.map(|identity| &identity.trust_policy);
        let trust_policy = match trust_policy {
            Some(Reading::Known(document)) => self.shelf.document("trust policy", document, PolicyType::KeyPolicy),
            // Every role has one.
            Some(Reading::Absent | Reading::Unread(_)) | None => unread("the role's trust policy", "iam:GetRole"),
        };
        let mut context = fixed(Column::Direct);
        self.shared_keys(&mut context, &self.principal.account);
        self.organization_keys(&mut context, "aws:PrincipalOrg", caller.account());
        for key in OF_THE_CALLER {
            context.set(key, ContextValue::NotKnown);
        }
        for prefix in ["aws:PrincipalTag/", "aws:RequestTag/"] {
            context.set_unknown_prefix(prefix);
        }
        for (tag, value) in self.identity.and_then(|identity| identity.tags.known()).into_iter().flatten() {
            context.set(&format!("aws:ResourceTag/{tag}"), value.as_str());
        }
        if let PrincipalArn::User(user) = caller {
            context.set("aws:username", user.name());
        }
        let session = self.question.session_name.as_deref();
        context.set("sts:RoleSessionName", session.map_or(ContextValue::NotKnown, ContextValue::from));
        let external_id = self.question.external_id.as_deref();
        context.set("sts:ExternalId", external_id.map_or(ContextValue::Absent, ContextValue::from));
        if let Some(address) = &self.question.source_ip {
            context.set("aws:SourceIp", address.as_str());
        }
        state(&mut context, &self.question.context, Column::Direct);
        let own_role = role_of_session(caller, &trust_policy);
        if matches!(caller, PrincipalArn::Session(_)) && own_role.is_none() {
            context.set("aws:PrincipalArn", ContextValue::NotKnown);
        }
        let action = Action::parse(ASSUME_ROLE.action).ok()?;
        let (role, account) = (&*self.principal.arn, &*self.principal.account);
        let principal = Principal::new(caller, own_role.as_ref(), None);
        let request = Request::new(action, role, Some(account), principal, context);
        let policies = PolicySet { key_policies: vec![trust_policy], ..PolicySet::default() };
        Some(Case {
            row: &ASSUME_ROLE,
            request: Arc::new(request),
            policies: Arc::new(policies),
            volume: None,
            key: None,
            license: None,
        })
    }
}
