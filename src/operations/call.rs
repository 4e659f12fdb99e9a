//! The principal's own call, StartInstances, for each resource that it is asked for.

use std::sync::Arc;

use crate::engine::{Context, ContextValue, Request};
use crate::names::{Action, Arn};

use super::condition_keys::Column;
use super::context::{fixed, state, without_instance};
use super::derived::set_tags;
use super::judged::Case;
use super::model::Row;
use super::plan::Planner;

/// What an answer of AWS tells of every instance.
const OF_INSTANCES: [&str; 6] = [
    "ec2:InstanceType",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:RootDeviceType",
    "ec2:EbsOptimized",
    "ec2:InstanceMarketType",
];

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
        self.instance_keys(&mut context);
        self.start(row, &arn, None, context)
    }

    /// Keys of the instance as a resource: what an answer of AWS about it tells.
    ///
    /// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    fn instance_keys(&self, context: &mut Context) {
        let told = &self.instance.condition_keys;
        // An answer of AWS has these of every instance, and the next ones where the instance has such a thing.
        let is_whole = OF_INSTANCES.iter().all(|key| told.contains_key(*key));
        for key in ["ec2:InstanceProfile", "ec2:PlacementGroup"].iter().filter(|_| is_whole) {
            context.set(key, ContextValue::Absent);
        }
        match self.instance.operator.as_deref() {
            Some(operator) if !operator.is_empty() => context.set("ec2:ManagedResourceOperator", operator),
            None if is_whole => context.set("ec2:ManagedResourceOperator", ContextValue::Absent),
            Some(_) | None => context.set("ec2:ManagedResourceOperator", ContextValue::NotKnown),
        }
        for (key, value) in told {
            context.set(key, value.as_str());
        }
        context.set("ec2:InstanceID", self.target.instance_id.as_str());
        let tags = Some(&self.instance.tags).filter(|_| self.instance.tags_unread.is_none());
        set_tags(context, &["aws:ResourceTag/", "ec2:ResourceTag/"], tags);
    }

    /// StartInstances, asked once more for a license configuration of the instance.
    ///
    /// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    pub(super) fn license(&self, row: &'static Row, license: &Arn) -> Option<Case> {
        let mut context = self.direct(license.account());
        context.set("aws:ResourceAccount", license.account());
        without_instance(&mut context);
        // Its tags are not read.
        set_tags(&mut context, &["aws:ResourceTag/", "ec2:ResourceTag/"], None);
        self.start(row, license.as_str(), Some(license.clone()), context)
    }

    /// One resource of the principal's own call.
    ///
    /// A license configuration that another account shares is judged as the instance's: it has no policy of its own, and
    /// that it is attached shows that it is shared.
    fn start(&self, row: &'static Row, resource: &str, license: Option<Arn>, mut context: Context) -> Option<Case> {
        self.federation_keys(&mut context, &self.own);
        if let Some(address) = &self.question.source_ip {
            let value = Some(address.as_str()).filter(|address| !address.is_empty());
            context.set("aws:SourceIp", value.map_or(ContextValue::Absent, ContextValue::from));
        }
        state(&mut context, &self.question.context, Column::Direct);
        let action = Action::parse(row.action).ok()?;
        let account = self.instance.account.as_str();
        let request = Arc::new(Request::new(action, resource, Some(account), self.principal.clone(), context).ok()?);
        let (policies, open_session_tags) = (Arc::clone(&self.own), self.open_session_tags);
        Some(Case {
            row,
            request,
            policies,
            volume: None,
            key: None,
            license,
            open_session_tags,
            is_at_grant_quota: false,
        })
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
