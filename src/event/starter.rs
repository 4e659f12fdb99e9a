use jiff::Timestamp;

use super::{Actor, Incident};
use crate::names::InstanceId;

/// Who last tried to start one of some instances, as events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// Who it was.
    pub actor: Actor,
    /// When.
    pub time: Option<Timestamp>,
    /// The event's own ID.
    pub event_id: String,
    /// The error, if the call itself failed.
    pub error: Option<String>,
}

impl Starter {
    /// The one of the latest `StartInstances`. A dry run starts nothing; a call that was refused is one that tried.
    pub fn last(incidents: &[Incident], instances: &[InstanceId]) -> Option<Self> {
        let starts = incidents.iter().flat_map(|incident| &incident.events).filter(|event| {
            event.action == "ec2:StartInstances"
                && !event.is_dry_run()
                && event.instances.iter().any(|id| instances.contains(id))
        });
        let last = starts.max_by_key(|event| event.time)?;
        Some(Self {
            actor: last.actor.clone(),
            time: last.time,
            event_id: last.event_id.clone(),
            error: last.error.as_ref().map(|error| error.code.clone()),
        })
    }

    /// The ARN of the role or user; none of anybody else.
    pub fn principal(&self) -> Option<&str> {
        match &self.actor {
            Actor::Role { arn, .. } | Actor::User { arn } => Some(arn),
            Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other => None,
        }
    }
}
