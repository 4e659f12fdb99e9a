//! The principal's own call, StartInstances, for each resource that it is asked for.

use std::sync::Arc;

use crate::engine::{Context, ContextValue, Request};
use crate::names::{Action, Arn};

use super::context::{Column, OF_INSTANCES, fixed, state};
use super::plan::{Case, Planner};
use super::table::Row;

impl Planner<'_, '_> {
    /// StartInstances, asked for the instance.
    pub(super) fn instance(&self, row: &'static Row) -> Option<Case> {
        let account = self.instance.account.as_str();
        let arn = format!(
            "arn:{}:ec2:{}:{account}:instance/{}",
            self.principal.partition(),
            self.capture.read.region,
            self.target.instance_id
        );
        let mut context = self.direct(account);
        if self.instance.condition_keys.is_empty() {
            for key in OF_INSTANCES {
                context.set(key, ContextValue::NotKnown);
            }
        }
        for (key, value) in &self.instance.condition_keys {
            context.set(key, value.as_str());
        }
        match self.instance.operator.as_deref() {
            Some(operator) if !operator.is_empty() => context.set("ec2:ManagedResourceOperator", operator),
            None if !self.instance.condition_keys.is_empty() => {}
            Some(_) | None => context.set("ec2:ManagedResourceOperator", ContextValue::NotKnown),
        }
        context.set("ec2:InstanceID", self.target.instance_id.as_str());
        if self.instance.tags_unread.is_some() {
            context.set_unknown_prefix("aws:ResourceTag/");
            context.set_unknown_prefix("ec2:ResourceTag/");
        } else {
            for (tag, value) in &self.instance.tags {
                context.set(&format!("aws:ResourceTag/{tag}"), value.as_str());
                context.set(&format!("ec2:ResourceTag/{tag}"), value.as_str());
            }
        }
        self.start(row, &arn, None, context)
    }

    /// StartInstances, asked once more for a license configuration of the instance.
    ///
    /// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    pub(super) fn license(&self, row: &'static Row, license: &Arn) -> Option<Case> {
        let mut context = self.direct(license.account());
        context.set("aws:ResourceAccount", license.account());
        // Its tags are not read.
        context.set_unknown_prefix("aws:ResourceTag/");
        context.set_unknown_prefix("ec2:ResourceTag/");
        self.start(row, license.as_str(), Some(license.clone()), context)
    }

    /// One resource of the principal's own call.
    ///
    /// A license configuration that another account shares is judged as the instance's: it has no policy of its own, and
    /// that it is attached shows that it is shared.
    fn start(&self, row: &'static Row, resource: &str, license: Option<Arn>, mut context: Context) -> Option<Case> {
        if let Some(address) = &self.question.source_ip {
            context.set("aws:SourceIp", address.as_str());
        }
        state(&mut context, &self.question.context, Column::Direct);
        let action = Action::parse(row.action).ok()?;
        let account = self.instance.account.as_str();
        let request = Request::new(action, resource, Some(account), self.principal.clone(), context);
        let policies = Arc::clone(&self.own);
        Some(Case { row, request: Arc::new(request), policies, volume: None, key: None, license })
    }

    /// What every resource of the principal's own call has in common.
    fn direct(&self, resource_account: &str) -> Context {
        let mut context = fixed(Column::Direct);
        self.shared_keys(&mut context, resource_account);
        self.own_keys(&mut context);
        context.set("ec2:Region", self.capture.read.region.as_str());
        context
    }
}
