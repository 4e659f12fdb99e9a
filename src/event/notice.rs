//! What `EventBridge` brings besides CloudTrail records: events of EBS, EC2, Auto Scaling, AWS Health and AWS Backup.

use jiff::Timestamp;
use serde_json::Value;

use super::facts::{Facts, Launcher};
use super::record::push;
use super::{EventError, EvidenceItem, InstanceState};
use crate::names::{InstanceId, KeyArn, VolumeId};

/// An event of a service that proves nothing of a permission or a key by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its `detail-type`.
    pub kind: String,
    /// What it says, in its own words.
    pub said: String,
    /// Whether a start, a launch or a volume may have failed there.
    pub may_be_failure: bool,
}

/// What an `EventBridge` event is, apart from what its texts say.
pub(super) struct Envelope {
    kind: String,
    said: String,
    /// The operation of an `EBS Volume Notification` and its cause, if it failed.
    failed: Option<(String, String)>,
    may_be_failure: bool,
    state: Option<InstanceState>,
    pub(super) facts: Facts,
}

impl Envelope {
    /// Reads an event that is no CloudTrail record; `None` for any other object.
    ///
    /// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html>,
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-state-changes.html>,
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/automating-ec2-auto-scaling-with-eventbridge.html>
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (kind, source) = (text("/detail-type"), text("/source"));
        if kind.is_empty() || !source.starts_with("aws.") || value.pointer("/detail/eventSource").is_some() {
            return None;
        }
        let mut facts = Facts {
            time: text("/time").parse::<Timestamp>().ok(),
            launcher: (source == "aws.autoscaling").then_some(Launcher::AutoScaling),
            request: Some(text("/detail/request-id").to_owned()).filter(|id| !id.is_empty()),
            ..Facts::default()
        };
        if !text("/region").is_empty() {
            facts.regions.push(text("/region").to_owned());
        }
        let resources =
            value.get("resources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let named = [text("/detail/instance-id"), text("/detail/EC2InstanceId")];
        for name in resources.chain(named) {
            let id = name.rsplit('/').next().unwrap_or_default();
            if let Ok(key) = KeyArn::parse(name) {
                push(&mut facts.keys, key);
            } else if let Ok(volume) = VolumeId::parse(id) {
                push(&mut facts.volumes, volume);
            } else if let Ok(instance) = InstanceId::parse(id) {
                push(&mut facts.instances, instance);
            }
        }
        let (event, result, state) = (text("/detail/event"), text("/detail/result"), text("/detail/state"));
        let said = match kind {
            "EBS Volume Notification" | "EBS Snapshot Notification" => format!("{event}: {result}"),
            "EC2 Instance State-change Notification" => format!("the instance is {state}"),
            "AWS Health Event" => text("/detail/eventTypeCode").to_owned(),
            _ => [text("/detail/StatusMessage"), text("/detail/instance-action"), state].join(" ").trim().to_owned(),
        };
        let is_ended = ["stopping", "stopped", "shutting-down", "terminated"].contains(&state);
        let instance = facts.instances.first().cloned();
        Some(Self {
            failed: (result == "failed").then(|| (event.to_owned(), text("/detail/cause").to_owned())),
            may_be_failure: is_ended || event == "deleteVolume" || result == "failed" || kind.contains("Unsuccessful"),
            state: (kind == "EC2 Instance State-change Notification" && !is_ended).then(|| InstanceState {
                instance,
                state: state.to_owned(),
                ..InstanceState::default()
            }),
            kind: kind.to_owned(),
            said,
            facts,
        })
    }

    /// Returns what the event comes to, by what was found in its texts.
    pub(super) fn materials(self, mut found: Vec<EvidenceItem>) -> Vec<EvidenceItem> {
        for one in &mut found {
            if let Some(facts) = one.facts_mut() {
                facts.join(&self.facts);
            }
            if let (EvidenceItem::Error { action, .. }, Some((event, _))) = (one, &self.failed)
                && action.is_empty()
            {
                action.clone_from(event);
            }
        }
        if !found.is_empty() {
            return found;
        }
        vec![match (self.failed, self.state) {
            (Some((action, cause)), _) if !cause.is_empty() => {
                let error = EventError { code: String::new(), message: cause };
                EvidenceItem::Error { action, error, facts: self.facts }
            }
            (_, Some(state)) => EvidenceItem::State(InstanceState { facts: self.facts, ..state }),
            (_, None) => {
                let notice = Notice { kind: self.kind, said: self.said, may_be_failure: self.may_be_failure };
                EvidenceItem::Notice(notice, self.facts)
            }
        }]
    }
}
