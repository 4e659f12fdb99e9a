use std::collections::BTreeMap;

use jiff::Timestamp;

use super::facts::{Facts, Launcher};
use super::operations::is_of_start;
use super::record::push;
use super::signs::KEY_STATES;
use super::{Actor, Denial, Event, EventError, EvidenceItem, InstanceState, Notice, Refusal, Sign};
use crate::answers::aws_error::AwsError;
use crate::names::{InstanceId, KeyArn, Region, VolumeId};

/// Everything that was found of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What it comes to.
    pub told: Conclusion,
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
    /// The service that starts or launches, where only one can be meant.
    pub launcher: Option<Launcher>,
    /// The ID of the request, where a text tells it.
    pub request: Option<String>,
    /// Whether it stands in a record that cannot be read and does not tell that EC2 asked.
    pub is_direct: bool,
    /// How often it was found.
    pub count: usize,
    /// When it was found last, if more than once.
    pub last: Option<Timestamp>,
    /// The sessions of the role that asked, each once.
    pub sessions: Vec<String>,
}

impl Incident {
    /// One of which a text tells no more than this.
    fn of_text(told: Conclusion, facts: Facts) -> Self {
        // Of several Regions nobody knows which one is meant.
        let region = if let [one] = facts.regions.as_slice() { one.clone() } else { String::new() };
        Self {
            told,
            events: Vec::new(),
            time: facts.time,
            actor: None,
            region,
            keys: facts.keys,
            volumes: facts.volumes,
            instances: facts.instances,
            launcher: facts.launcher,
            request: facts.request,
            is_direct: facts.is_direct,
            count: 1,
            last: None,
            sessions: Vec::new(),
        }
    }

    /// Takes what the same text says again: another time only if it happened at another time, or in another request.
    fn take_form(&mut self, other: Self) {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.is_some() && other.is_some() && one != other
        }
        let is_again = differ(self.time.as_ref(), other.time.as_ref())
            || differ(self.request.as_ref(), other.request.as_ref())
            || (self.last.is_some() && other.time.is_some() && self.last != other.time);
        let (count, last) = (self.count.max(other.count), self.last);
        self.take(other);
        if !is_again {
            (self.count, self.last) = (count, last);
        }
    }

    /// Takes another one that says the same.
    fn take(&mut self, other: Self) {
        fn add<T: PartialEq>(own: &mut Vec<T>, more: Vec<T>) {
            for one in more {
                push(own, one);
            }
        }
        self.count += other.count;
        self.last = other.last.max(other.time).max(self.last).max(self.time);
        self.time = [self.time, other.time].into_iter().flatten().min();
        self.launcher = self.launcher.or(other.launcher);
        self.request = self.request.take().or(other.request);
        if self.region.is_empty() {
            self.region = other.region;
        }
        self.actor = self.actor.take().or(other.actor);
        self.events.extend(other.events);
        add(&mut self.keys, other.keys);
        add(&mut self.volumes, other.volumes);
        add(&mut self.instances, other.instances);
        add(&mut self.sessions, other.sessions);
    }
}

/// What the evidence of one request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
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
    Silent(Inconclusive),
    /// Only the instance's state is known.
    State(InstanceState),
    /// A sentence that goes with a key which could not be used, and with other faults.
    Sign(Sign),
    /// An event that proves nothing of a permission or a key.
    Notice(Notice),
}

/// Why events prove nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inconclusive {
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

/// Links what was found: events of one request ID belong together; texts and states stand alone, and what one text
/// says in several forms is told once.
pub fn incidents(found: Vec<EvidenceItem>) -> Vec<Incident> {
    let mut requests: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    let mut alone: Vec<Incident> = Vec::new();
    for material in found {
        let one = match material {
            EvidenceItem::Event(event) => {
                let id = if event.request_id.is_empty() { &event.event_id } else { &event.request_id };
                requests.entry(id.clone()).or_default().push(*event);
                continue;
            }
            EvidenceItem::Refusal(refusal, facts) => of_refusal(refusal, facts),
            EvidenceItem::Error { action, error, facts } => of_error(&action, &error, facts),
            EvidenceItem::State(state) => of_state(state),
            EvidenceItem::Sign(sign, facts) => Incident::of_text(Conclusion::Sign(sign), facts),
            EvidenceItem::Notice(notice, facts) => Incident::of_text(Conclusion::Notice(notice), facts),
        };
        add_once(&mut alone, one);
    }
    let mut linked: Vec<Incident> = requests.into_values().map(of_events).collect();
    linked.sort_by_key(|incident| incident.time);
    for one in alone {
        // A record and the text of its own error are one refusal.
        match linked.iter_mut().find(|incident| !incident.events.is_empty() && is_told_by(&one, incident)) {
            Some(incident) => incident.count = incident.count.max(one.count),
            None => linked.push(one),
        }
    }
    linked
}

/// Adds what a text says, or counts it where the same was said before, here in more words and there in fewer.
fn add_once(alone: &mut Vec<Incident>, one: Incident) {
    if let Some(known) = alone.iter_mut().find(|known| is_told_by(&one, known)) {
        known.take_form(one);
    } else if let Some(known) = alone.iter_mut().find(|known| is_told_by(known, &one)) {
        let less = std::mem::replace(known, one);
        known.take_form(less);
    } else {
        alone.push(one);
    }
}

/// Returns `true` if all that `one` says is said by `other` as well.
fn is_told_by(one: &Incident, other: &Incident) -> bool {
    match (&one.told, &other.told) {
        (Conclusion::Refused(own), Conclusion::Refused(other)) => own.is_part_of(other),
        (Conclusion::State(own), Conclusion::State(other)) => {
            own.code == other.code
                && !own.code.is_empty()
                && (own.instance.is_none() || own.instance == other.instance)
                && (other.message.contains(&own.message) || own.message == own.code)
        }
        (Conclusion::KeyUnusable { action, error }, Conclusion::KeyUnusable { action: other_action, error: other })
        | (Conclusion::Failed { action, error }, Conclusion::Failed { action: other_action, error: other }) => {
            (action.is_empty() || action == other_action)
                && (error.code.is_empty() || error.code == other.code)
                && (error.message.is_empty() || other.message.contains(&error.message))
        }
        (Conclusion::Sign(own), Conclusion::Sign(told)) => own.kind == told.kind && one.volumes == other.volumes,
        (own, other) => own == other,
    }
}

/// Joins what was found alike in several requests, night after night: the same told of the same role and keys.
pub(crate) fn alike(incidents: Vec<Incident>) -> Vec<Incident> {
    let mut joined: Vec<Incident> = Vec::new();
    for one in incidents {
        match joined.iter_mut().find(|known| is_alike(known, &one)) {
            Some(known) => known.take(one),
            None => joined.push(one),
        }
    }
    joined
}

fn is_alike(one: &Incident, other: &Incident) -> bool {
    let role = |incident: &Incident| incident.actor.as_ref().map(Actor::without_session);
    let is_same = match (&one.told, &other.told) {
        (Conclusion::Refused(one), Conclusion::Refused(other)) => one.is_alike(other),
        (Conclusion::KeyUnusable { action, error }, Conclusion::KeyUnusable { action: other_action, error: other }) => {
            action == other_action && error == other
        }
        (Conclusion::Failed { action, error }, Conclusion::Failed { action: other_action, error: other }) => {
            action == other_action && error.code == other.code
        }
        (_, _) => false,
    };
    let is_event = |incident: &Incident| !incident.events.is_empty();
    is_same && is_event(one) == is_event(other) && role(one) == role(other) && one.keys == other.keys
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
        launcher: events.iter().find_map(|event| launcher(&event.actor)),
        sessions: events.iter().filter_map(|event| session(&event.actor)).fold(Vec::new(), |mut all, one| {
            push(&mut all, one);
            all
        }),
        events,
        ..Incident::of_text(Conclusion::Silent(Inconclusive::OtherRequest), Facts::default())
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

fn told(events: &[Event]) -> Conclusion {
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
        return Conclusion::Granted { decrypted };
    }
    Conclusion::Silent(if decrypted {
        Inconclusive::OnlyDecrypted
    } else if has("ec2:StartInstances") {
        Inconclusive::OnlyAccepted
    } else if events.iter().any(|event| event.action == "kms:CreateGrant" && event.error.is_none() && event.by_ec2) {
        Inconclusive::AtLaunch
    } else if has("kms:CreateGrant") {
        Inconclusive::OtherGrant
    } else if bearing().any(Event::is_dry_run) {
        Inconclusive::DryRun
    } else if events.iter().any(Event::is_change) {
        Inconclusive::Change
    } else {
        Inconclusive::OtherRequest
    })
}

/// What an error comes to. `CustomerKeyHasBeenRevoked` is `AttachVolume`'s word for a refusal and for a disabled key.
fn failure(action: &str, error: &EventError) -> Option<Conclusion> {
    let action = action.to_owned();
    let code = error.code.strip_prefix("Client.").unwrap_or(&error.code);
    if code == "DryRunOperation" {
        return None;
    }
    let is_missing_key = matches!(code, "InvalidStateException" | "NotFoundException") && action.starts_with("kms:");
    Some(match AwsError::of(code) {
        Some(AwsError::Denied) => {
            let refusal = Refusal::parse(&error.message).unwrap_or_default();
            Conclusion::Refused(Refusal { action, ..refusal })
        }
        Some(AwsError::KeyState) => Conclusion::KeyUnusable { action, error: error.clone() },
        _ if is_missing_key || tells_key_state(&error.message) => {
            Conclusion::KeyUnusable { action, error: error.clone() }
        }
        _ => Conclusion::Failed { action, error: error.clone() },
    })
}

/// Returns `true` for what KMS says of a key's state, whoever quotes it.
fn tells_key_state(message: &str) -> bool {
    message.contains(":key/") && KEY_STATES.iter().any(|words| message.contains(words))
}

/// The service whose own role this is.
fn launcher(actor: &Actor) -> Option<Launcher> {
    let Actor::Role { arn, .. } = actor else { return None };
    arn.split('/').find_map(Launcher::of_role)
}

fn session(actor: &Actor) -> Option<String> {
    if let Actor::Role { session, .. } = actor { Some(session.clone()) } else { None }
}

/// An error text; what it names stands in its sentence.
fn of_error(action: &str, error: &EventError, facts: Facts) -> Incident {
    let told = failure(action, error).unwrap_or(Conclusion::Silent(Inconclusive::DryRun));
    let mut own = Facts::of(&error.message);
    if own.regions.is_empty() {
        own.regions.clone_from(&facts.regions);
    }
    let mut incident = Incident::of_text(told, own);
    let around = Incident::of_text(Conclusion::Silent(Inconclusive::DryRun), facts);
    incident.take(around);
    incident.count = 1;
    incident.last = None;
    incident
}

fn of_refusal(refusal: Refusal, facts: Facts) -> Incident {
    let actor = Some(Actor::of_arn(&refusal.principal)).filter(|_| !refusal.principal.is_empty());
    let resource = refusal.resource.as_str();
    let last = resource.rsplit('/').next().unwrap_or_default();
    // EC2's own identity goes by the instance; other sessions of that name are of a host that starts others.
    let is_infrastructure = actor == Some(Actor::Infrastructure);
    let session = refusal.principal.rsplit('/').next().filter(|_| is_infrastructure).unwrap_or_default();
    let named: Vec<InstanceId> = [last, session].into_iter().filter_map(|id| InstanceId::parse(id).ok()).collect();
    let region = resource.split(':').nth(3).unwrap_or_default().to_owned();
    let keys: Vec<KeyArn> = KeyArn::parse(resource).into_iter().collect();
    let volumes: Vec<VolumeId> = VolumeId::parse(last).into_iter().collect();
    let launcher = actor.as_ref().and_then(launcher);
    let sessions = actor.as_ref().and_then(self::session).into_iter().collect();
    let told = if refusal.denial == Denial::None {
        Conclusion::Silent(Inconclusive::Allowed)
    } else {
        Conclusion::Refused(refusal)
    };
    let around = Incident::of_text(told, facts);
    // What the sentence names counts before what stands around it.
    Incident {
        actor,
        sessions,
        region: if region.is_empty() || Region::parse(&region).is_err() { around.region.clone() } else { region },
        keys: if keys.is_empty() { around.keys.clone() } else { keys },
        volumes: if volumes.is_empty() { around.volumes.clone() } else { volumes },
        instances: if named.is_empty() { around.instances.clone() } else { named },
        launcher: launcher.or(around.launcher),
        ..around
    }
}

fn of_state(state: InstanceState) -> Incident {
    let mut facts = state.facts.clone();
    facts.instances = state.instance.iter().cloned().collect();
    Incident::of_text(Conclusion::State(state), facts)
}
