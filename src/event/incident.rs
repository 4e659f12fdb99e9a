use std::collections::BTreeMap;

use jiff::Timestamp;

use super::bearing::is_of_start;
use super::record::push;
use super::refusal::KEY_CODES;
use super::{Actor, Denial, Event, EventError, InstanceState, Material, Refusal};
use crate::names::{InstanceId, KeyArn, VolumeId};

/// Everything that was found of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What it comes to.
    pub told: Told,
    /// Its events, oldest first; none where only a text or a state is known.
    pub events: Vec<Event>,
    /// When it began.
    pub time: Option<Timestamp>,
    /// Who asked for it.
    pub actor: Option<Actor>,
    /// The Region; empty if not told.
    pub region: String,
    /// The keys concerned.
    pub keys: Vec<KeyArn>,
    /// The volumes concerned.
    pub volumes: Vec<VolumeId>,
    /// The instances concerned.
    pub instances: Vec<InstanceId>,
}

impl Incident {
    /// One of which a text tells no more than this.
    fn of_text(told: Told) -> Self {
        Self {
            told,
            events: Vec::new(),
            time: None,
            actor: None,
            region: String::new(),
            keys: Vec::new(),
            volumes: Vec::new(),
            instances: Vec::new(),
        }
    }
}

/// What the evidence of one request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// AWS refused a request by policy.
    Refused(Refusal),
    /// The KMS key could not be used, whoever asked; or AWS does not tell a refusal from that.
    KeyUnusable {
        /// As `kms:CreateGrant`.
        action: String,
        /// The error.
        error: EventError,
    },
    /// It failed otherwise.
    Failed {
        /// As `ec2:StartInstances`.
        action: String,
        /// The error.
        error: EventError,
    },
    /// EC2 made its grant with the principal's permissions.
    Granted {
        /// Whether EC2's own identity then decrypted the data key.
        decrypted: bool,
    },
    /// Nothing was refused, and nothing proven of the keys.
    Silent(Silence),
    /// Only the instance's state is known.
    State(InstanceState),
}

/// Why events prove nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// `StartInstances` was accepted, and no event of KMS is there.
    OnlyAccepted,
    /// A dry run tests the first request only.
    DryRun,
    /// The grant is for the EC2 service, as at launch, not for the instance.
    AtLaunch,
    /// EC2's own identity decrypted; the grant is not among the events.
    OnlyDecrypted,
    /// A grant that somebody made, not EC2 for a start or a launch.
    OtherGrant,
    /// A policy or a key was changed.
    Change,
    /// No request of a start.
    OtherRequest,
    /// By the decoded message the request was allowed.
    Allowed,
}

/// Links what was found: events of one request ID belong together; texts and states stand alone.
pub fn incidents(found: Vec<Material>) -> Vec<Incident> {
    let mut requests: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let mut alone = Vec::new();
    for material in found {
        match material {
            Material::Event(event) => {
                let id = if event.request_id.is_empty() { &event.event_id } else { &event.request_id };
                requests.entry(id.clone()).or_default().push(*event);
            }
            Material::Refusal(refusal) => alone.push(of_refusal(refusal)),
            Material::Error { action, error } => alone.push(of_error(&action, &error)),
            Material::State(state) => alone.push(of_state(state)),
        }
    }
    let mut linked: Vec<Incident> = requests.into_values().map(of_events).collect();
    linked.sort_by_key(|incident| incident.time);
    linked.extend(alone);
    linked
}

fn of_events(mut events: Vec<Event>) -> Incident {
    // Exported records come in no order, and some come twice.
    events.sort_by(|a, b| (a.time, &a.event_id).cmp(&(b.time, &b.event_id)));
    events.dedup_by(|a, b| a.event_id == b.event_id && !a.event_id.is_empty());
    let mut incident = Incident {
        told: told(&events),
        time: events.iter().find_map(|event| event.time),
        actor: events.iter().map(|event| event.actor.clone()).min_by_key(rank),
        region: events.iter().map(|event| event.region.clone()).find(|region| !region.is_empty()).unwrap_or_default(),
        keys: Vec::new(),
        volumes: Vec::new(),
        instances: Vec::new(),
        events,
    };
    for event in &incident.events {
        event.keys.iter().for_each(|key| push(&mut incident.keys, key.clone()));
        event.volumes.iter().for_each(|volume| push(&mut incident.volumes, volume.clone()));
        event.instances.iter().for_each(|instance| push(&mut incident.instances, instance.clone()));
    }
    incident
}

/// Who of several asked first: people and roles, not what EC2 does for them.
fn rank(actor: &Actor) -> u8 {
    match actor {
        Actor::Role { .. } | Actor::User { .. } => 0,
        Actor::Account { .. } => 1,
        Actor::Infrastructure => 2,
        Actor::Service { .. } => 3,
        Actor::Other => 4,
    }
}

fn told(events: &[Event]) -> Told {
    let bearing = || events.iter().filter(|event| is_of_start(&event.action));
    // Who may not assume the role starts nothing, though that is no request of a start.
    let telling = bearing().chain(events.iter().filter(|event| event.action == "sts:AssumeRole"));
    if let Some(told) = telling.into_iter().find_map(|event| failure(&event.action, event.error.as_ref()?)) {
        return told;
    }
    let has = |action: &str| events.iter().any(|event| event.action == action && event.error.is_none());
    let decrypted = events
        .iter()
        .any(|event| event.action == "kms:Decrypt" && event.error.is_none() && event.actor == Actor::Infrastructure);
    if events.iter().any(|event| event.action == "kms:CreateGrant" && event.by_ec2 && event.grants_to_instance()) {
        return Told::Granted { decrypted };
    }
    Told::Silent(if decrypted {
        Silence::OnlyDecrypted
    } else if has("ec2:StartInstances") {
        Silence::OnlyAccepted
    } else if events.iter().any(|event| event.action == "kms:CreateGrant" && event.error.is_none() && event.by_ec2) {
        Silence::AtLaunch
    } else if has("kms:CreateGrant") {
        Silence::OtherGrant
    } else if bearing().any(Event::is_dry_run) {
        Silence::DryRun
    } else if events.iter().any(Event::is_change) {
        Silence::Change
    } else {
        Silence::OtherRequest
    })
}

/// What an error comes to. `CustomerKeyHasBeenRevoked` is `AttachVolume`'s word for a refusal and for a disabled key.
fn failure(action: &str, error: &EventError) -> Option<Told> {
    let action = action.to_owned();
    let code = error.code.strip_prefix("Client.").unwrap_or(&error.code);
    Some(match code {
        "DryRunOperation" => return None,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            let refusal = Refusal::parse(&error.message).unwrap_or_default();
            Told::Refused(Refusal { action, ..refusal })
        }
        "InvalidStateException" | "NotFoundException" if action.starts_with("kms:") => {
            Told::KeyUnusable { action, error: error.clone() }
        }
        code if KEY_CODES.contains(&code) => Told::KeyUnusable { action, error: error.clone() },
        _ => Told::Failed { action, error: error.clone() },
    })
}

/// An error text; what it names stands in its sentence.
fn of_error(action: &str, error: &EventError) -> Incident {
    let mut incident = Incident::of_text(failure(action, error).unwrap_or(Told::Silent(Silence::DryRun)));
    for word in error.message.split(' ').map(|word| word.trim_matches(['\'', '"', '.', ',', '(', ')'])) {
        if let Ok(key) = KeyArn::parse(word) {
            key.region().clone_into(&mut incident.region);
            push(&mut incident.keys, key);
        } else if let Ok(volume) = VolumeId::parse(word) {
            push(&mut incident.volumes, volume);
        } else if let Ok(instance) = InstanceId::parse(word) {
            push(&mut incident.instances, instance);
        }
    }
    incident
}

fn of_refusal(refusal: Refusal) -> Incident {
    let actor = Some(Actor::of_arn(&refusal.principal)).filter(|_| !refusal.principal.is_empty());
    let resource = refusal.resource.as_str();
    let last = resource.rsplit('/').next().unwrap_or_default();
    // EC2's own identity goes by the instance; other sessions of that name are of a host that starts others.
    let is_infrastructure = actor == Some(Actor::Infrastructure);
    let session = refusal.principal.rsplit('/').next().filter(|_| is_infrastructure).unwrap_or_default();
    let instances = [last, session].map(InstanceId::parse);
    Incident {
        actor,
        region: resource.split(':').nth(3).unwrap_or_default().to_owned(),
        keys: KeyArn::parse(resource).into_iter().collect(),
        volumes: VolumeId::parse(last).into_iter().collect(),
        instances: instances.into_iter().flatten().collect(),
        ..Incident::of_text(if refusal.denial == Denial::None {
            Told::Silent(Silence::Allowed)
        } else {
            Told::Refused(refusal)
        })
    }
}

fn of_state(state: InstanceState) -> Incident {
    let instances = state.instance.iter().cloned().collect();
    Incident { instances, ..Incident::of_text(Told::State(state)) }
}
