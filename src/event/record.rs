use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::{Refusal, Subject};
use crate::names::{INFRASTRUCTURE_ROLE, InstanceId, KeyArn, VolumeId};

/// What one CloudTrail record says, as far as it bears on a start.
///
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The action, as `kms:CreateGrant`.
    pub action: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The Region; empty if the record does not tell.
    pub region: String,
    /// Shared by `StartInstances` and all that EC2 does for it.
    pub request_id: String,
    /// The event's own ID.
    pub event_id: String,
    /// Who made the request.
    pub actor: Actor,
    /// The error, if there was one.
    pub error: Option<EventError>,
    /// The KMS keys that it names.
    pub keys: Vec<KeyArn>,
    /// The volumes that it names.
    pub volumes: Vec<VolumeId>,
    /// The instances that it names.
    pub instances: Vec<InstanceId>,
    /// The grantee principal of a `CreateGrant`; empty for others.
    pub grantee: String,
    /// What it names that a change may be made to.
    pub subjects: Vec<Subject>,
    /// Whether EC2 made the request for the caller, as it does with those that a start consists of.
    pub by_ec2: bool,
    /// Whether the caller asked for a dry run.
    pub asks_dry_run: bool,
}

/// `errorCode` and `errorMessage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    /// As `AccessDenied`.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
}

/// Who made a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A role, in one of its sessions.
    Role {
        /// The role's ARN with its path, or the session's where the record does not tell the role's.
        arn: String,
        /// The session's name.
        session: String,
    },
    /// An IAM user.
    User {
        /// The user's ARN.
        arn: String,
    },
    /// The identity in which EC2 decrypts an instance's volumes.
    Infrastructure,
    /// An AWS service of its own.
    Service {
        /// As `ebs.amazonaws.com`.
        name: String,
    },
    /// Somebody of another account, as the key owner's trail shows it.
    Account {
        /// The account ID.
        id: String,
    },
    /// Another kind of identity, or none.
    Other,
}

impl Actor {
    /// The principal of an ARN that stands in an error text.
    pub fn of_arn(arn: &str) -> Self {
        let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
        if let Some(session) = resource.strip_prefix("assumed-role/") {
            let (role, session) = session.split_once('/').unwrap_or((session, ""));
            if role == INFRASTRUCTURE_ROLE {
                return Self::Infrastructure;
            }
            return Self::Role { arn: arn.to_owned(), session: session.to_owned() };
        }
        if resource.starts_with("user/") { Self::User { arn: arn.to_owned() } } else { Self::Other }
    }

    /// Returns who it is, whatever the session.
    pub(super) fn without_session(&self) -> Self {
        match self {
            Self::Role { arn, .. } => {
                let role = if arn.contains(":assumed-role/") {
                    arn.rsplit_once('/').map_or("", |(role, _)| role)
                } else {
                    arn
                };
                Self::Role { arn: role.to_owned(), session: String::new() }
            }
            Self::User { .. } | Self::Infrastructure | Self::Service { .. } | Self::Account { .. } | Self::Other => {
                self.clone()
            }
        }
    }
}

impl Event {
    /// Reads one record; `None` for an object that is none.
    pub fn read(record: &Value) -> Option<Self> {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (source, name) = (text("/eventSource"), text("/eventName"));
        let time = record.get("eventTime").map(|time| time.as_str().and_then(|time| time.parse().ok()));
        if source.is_empty() || name.is_empty() || time == Some(None) {
            return None;
        }
        let error = Some(text("/errorCode")).filter(|code| !code.is_empty());
        let error = error.map(|code| EventError { code: code.to_owned(), message: text("/errorMessage").to_owned() });
        let mut event = Self {
            action: format!("{}:{name}", source.split('.').next().unwrap_or_default()),
            time: time.flatten(),
            region: text("/awsRegion").to_owned(),
            request_id: text("/requestID").to_owned(),
            event_id: text("/eventID").to_owned(),
            actor: actor(record),
            error,
            keys: Vec::new(),
            volumes: Vec::new(),
            instances: Vec::new(),
            grantee: text("/requestParameters/granteePrincipal").to_owned(),
            subjects: Subject::of(record),
            by_ec2: [text("/userIdentity/invokedBy"), text("/sourceIPAddress")]
                .iter()
                .any(|by| by.starts_with("ec2") && by.contains(".amazonaws.com")),
            asks_dry_run: record.pointer("/requestParameters/dryRun").and_then(Value::as_bool) == Some(true),
        };
        event.name_all(record);
        Some(event)
    }

    /// Whether EC2 made it for a start, so that the grant is for the instance and not for the service.
    pub fn grants_to_instance(&self) -> bool {
        self.grantee.contains(INFRASTRUCTURE_ROLE)
    }

    /// Whether it tried the call out: a dry run starts nothing, whether it was allowed or refused.
    pub fn is_dry_run(&self) -> bool {
        self.asks_dry_run || self.error.as_ref().is_some_and(|error| error.code.ends_with("DryRunOperation"))
    }

    fn name_all(&mut self, record: &Value) {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let list = |pointer: &str| record.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        self.name(text("/requestParameters/constraints/encryptionContextSubset/aws:ebs:id"));
        for pointer in [
            "/requestParameters/encryptionContext/aws:ebs:id",
            "/requestParameters/volumeId",
            "/requestParameters/instanceId",
            "/requestParameters/keyId",
            "/responseElements/keyId",
        ] {
            self.name(text(pointer));
        }
        for item in list("/requestParameters/instancesSet/items") {
            self.name(item.get("instanceId").and_then(Value::as_str).unwrap_or_default());
        }
        for resource in list("/resources") {
            self.name(resource.get("ARN").and_then(Value::as_str).unwrap_or_default());
        }
        // Old records spell EC2's identity with a colon before the instance, new ones with a slash.
        let grantee = self.grantee.clone();
        for identity in [grantee.as_str(), text("/userIdentity/arn")] {
            if identity.contains(INFRASTRUCTURE_ROLE) {
                self.name(identity.rsplit(['/', ':']).next().unwrap_or_default());
            }
        }
        let message = self.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        if let Some(refusal) = Refusal::parse(&message) {
            self.name(&refusal.resource);
        } else {
            message.split(' ').for_each(|word| self.name(word));
        }
        once(&mut self.keys);
        once(&mut self.volumes);
        once(&mut self.instances);
    }

    /// Notes a key, volume or instance.
    fn name(&mut self, text: &str) {
        if let Ok(key) = KeyArn::parse(text) {
            self.keys.push(key);
        } else if let Ok(volume) = VolumeId::parse(text) {
            self.volumes.push(volume);
        } else if let Ok(instance) = InstanceId::parse(text.rsplit('/').next().unwrap_or_default()) {
            self.instances.push(instance);
        }
    }
}

pub(super) fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Adds what the list does not hold yet.
pub(super) fn add<T: Ord + Clone>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    let mut more = more.into_iter().peekable();
    if more.peek().is_some() {
        list.extend(more);
        once(list);
    }
}

/// Leaves of equal items the first.
pub(super) fn once<T: Ord + Clone>(list: &mut Vec<T>) {
    let mut seen = BTreeSet::new();
    list.retain(|item| seen.insert(item.clone()));
}

fn actor(record: &Value) -> Actor {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match text("/userIdentity/type") {
        "AWSService" => Actor::Service { name: text("/userIdentity/invokedBy").to_owned() },
        "AWSAccount" => Actor::Account { id: text("/userIdentity/accountId").to_owned() },
        _ => match (Actor::of_arn(text("/userIdentity/arn")), text("/userIdentity/sessionContext/sessionIssuer/arn")) {
            (Actor::Role { session, .. }, issuer) if !issuer.is_empty() => {
                Actor::Role { arn: issuer.to_owned(), session }
            }
            (actor, _) => actor,
        },
    }
}
