//! Who assumes the role: the call sts:AssumeRole, which comes before the start. The role's trust policy decides it,
//! under the SCPs of the caller's account and the RCPs of the role's; with session tags so does it sts:TagSession.

use std::sync::Arc;

use crate::engine::{Context, ContextValue, NamedPolicy, PolicySet, Principal, Request};
use crate::fact::Fact;
use crate::names::{Action, PrincipalArn, RoleArn};
use crate::policy::PolicyType;

use super::condition_keys::Column;
use super::context::{fixed, state, web_identity, without_session};
use super::derived::set_tags;
use super::judged::Case;
use super::model::{ASSUME_ROLE, Row, TAG_SESSION};
use super::plan::Planner;
use super::policies::unread;

/// Keys of sts:AssumeRole that the caller chooses, or that belong to the caller: nobody can read them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>
///
/// So is the Region: STS has an endpoint in each, and a global one.
const OF_THE_CALLER: [&str; 4] = ["aws:RequestedRegion", "aws:TokenIssueTime", "aws:TagKeys", "aws:username"];

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
    /// The call of the caller that the asker states, and what it needs besides; empty where none is stated.
    pub(super) fn assume_role(&mut self) -> Vec<Case> {
        let with_tags = !self.session_tags().is_empty();
        let rows = [(&ASSUME_ROLE, true), (&TAG_SESSION, with_tags)];
        rows.into_iter().filter(|(_, is_made)| *is_made).filter_map(|(row, _)| self.call(row)).collect()
    }

    fn call(&mut self, row: &'static Row) -> Option<Case> {
        let caller = self.question.caller.as_ref()?;
        let trust_policy = self.identity.map(|identity| &identity.trust_policy);
        let trust_policy = match trust_policy {
            Some(Fact::Known(document)) => self.shelf.document("trust policy", document, PolicyType::KeyPolicy),
            // Every role has one.
            Some(Fact::Absent | Fact::Unread(_) | Fact::Part { .. }) | None => {
                unread("the role's trust policy", "iam:GetRole")
            }
        };
        let mut context = fixed(Column::Direct);
        self.shared_keys(&mut context, &self.principal.account);
        self.organization_keys(&mut context, "aws:PrincipalOrg", caller.account());
        for key in OF_THE_CALLER {
            context.set(key, ContextValue::NotKnown);
        }
        for prefix in ["aws:PrincipalTag/", "aws:RequestTag/", "sts:"] {
            context.set_family(prefix, ContextValue::NotKnown);
        }
        self.request_tags(&mut context);
        let role_tags = self.identity.and_then(|identity| identity.tags.known());
        set_tags(&mut context, &["aws:ResourceTag/"], role_tags);
        if let PrincipalArn::User(user) = caller {
            context.set("aws:username", user.name());
            without_session(&mut context);
        }
        let session = self.question.session_name.as_deref();
        context.set("sts:RoleSessionName", session.map_or(ContextValue::NotKnown, ContextValue::from));
        let external_id = self.question.external_id.as_deref();
        context.set("sts:ExternalId", external_id.map_or(ContextValue::Absent, ContextValue::from));
        if let Some(address) = &self.question.source_ip {
            context.set("aws:SourceIp", address.as_str());
        }
        let own_role = role_of_session(caller, &trust_policy);
        if matches!(caller, PrincipalArn::Session(_)) && own_role.is_none() {
            context.set("aws:PrincipalArn", ContextValue::NotKnown);
        }
        let action = Action::parse(row.action).ok()?;
        let (role, account) = (&*self.principal.arn.clone(), &*self.principal.account.clone());
        let principal = Principal::new(caller, own_role.as_ref(), None);
        let policies = PolicySet {
            scps: self.organization(caller.account(), PolicyType::Scp),
            rcps: self.organization(account, PolicyType::Rcp),
            key_policies: vec![trust_policy],
            ..PolicySet::none()
        };
        if !matches!(caller, PrincipalArn::User(_)) {
            web_identity(&mut context, &policies);
        }
        state(&mut context, &self.question.context, Column::Direct);
        let request = Arc::new(Request::new(action, role, Some(account), principal, context).ok()?);
        let open_session_tags = false;
        Some(Case {
            row,
            request,
            policies: Arc::new(policies),
            volume: None,
            key: None,
            is_at_grant_quota: false,
            license: None,
            open_session_tags,
        })
    }

    /// The tags with which the session is to be made.
    fn request_tags(&self, context: &mut Context) {
        let tags = self.session_tags();
        if tags.is_empty() && !self.question.no_session_tags {
            return;
        }
        context.set_family("aws:RequestTag/", ContextValue::Absent);
        for (tag, value) in tags {
            context.set(&format!("aws:RequestTag/{tag}"), value.as_str());
        }
        let keys = tags.iter().map(|(tag, _)| tag.as_str().into()).collect();
        context.set("aws:TagKeys", ContextValue::Multi(keys));
    }
}
