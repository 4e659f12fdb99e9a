//! What events, error texts and instance states prove, what they do not, and what to do next.

mod next;
mod words;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::format::{FORMAT_VERSION, print};
use super::layout::Page;
use crate::event::{Actor, Denial, Incident, Meaning, PolicyKind, Refusal, Silence, Told, is_of_start};
use crate::names::{InstanceId, KeyArn, VolumeId};

pub(super) use words::{cause, what};

/// What an incident comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing was refused, as far as the evidence goes.
    NotRefused,
    /// A start failed, and the evidence does not tell why.
    Undecided,
    /// The evidence itself shows what stopped it.
    Blocked,
}

impl Outcome {
    /// The outcome of one incident.
    pub fn of(incident: &Incident) -> Self {
        match &incident.told {
            Told::Refused(refusal) if !stops_a_start(incident, refusal) => Self::Undecided,
            Told::KeyUnusable { action, .. }
                if action.starts_with("kms:") && !incident.events.is_empty() && !is_through_ec2(incident) =>
            {
                Self::Undecided
            }
            Told::Refused(_) | Told::KeyUnusable { .. } => Self::Blocked,
            Told::Failed { .. } => Self::Undecided,
            Told::Granted { .. } | Told::Silent(_) => Self::NotRefused,
            Told::State(state) => match state.meaning() {
                Meaning::MaybeKey | Meaning::NotKey | Meaning::Other => Self::Undecided,
                Meaning::Nothing => Self::NotRefused,
            },
        }
    }

    /// The worst of several; what was not understood may be anything.
    pub fn of_all(incidents: &[Incident], not_read: &[String]) -> Self {
        let least = if not_read.is_empty() { Self::NotRefused } else { Self::Undecided };
        incidents.iter().map(Self::of).fold(least, Self::max)
    }

    /// `BLOCKED`, `UNDECIDED`, `NOT REFUSED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRefused => "NOT REFUSED",
            Self::Undecided => "UNDECIDED",
            Self::Blocked => "BLOCKED",
        }
    }
}

/// Whether a start, a launch or an attachment fails where this request is refused. A principal's own use of a key is not
/// known to be needed; what EC2 asks for with the principal's permissions is.
fn stops_a_start(incident: &Incident, refusal: &Refusal) -> bool {
    let action = refusal.action.as_str();
    // A text does not tell whether EC2 asked. A grant on a key hardly anybody else makes.
    let may_be_ec2 = if incident.events.is_empty() { action == "kms:CreateGrant" } else { is_through_ec2(incident) };
    is_of_start(action) && (may_be_ec2 || is_infrastructure(incident, refusal) || !action.starts_with("kms:"))
}

/// Whether the events are of what EC2 asked.
fn is_through_ec2(incident: &Incident) -> bool {
    incident.events.iter().any(|event| event.by_ec2 || event.actor == Actor::Infrastructure)
}

pub(super) fn is_infrastructure(incident: &Incident, refusal: &Refusal) -> bool {
    Actor::of_arn(&refusal.principal) == Actor::Infrastructure || incident.actor == Some(Actor::Infrastructure)
}

/// The incidents as text; times in `zone` and in UTC.
pub fn text(incidents: &[Incident], zone: &TimeZone) -> String {
    if incidents.is_empty() {
        return "No event is in it. That proves nothing: events arrive minutes late.\n".to_owned();
    }
    let mut page = Page::default();
    for (number, incident) in of_starts(incidents).enumerate() {
        if number > 0 {
            page.blank();
        }
        one(incident, zone).iter().for_each(|line| page.line(line));
    }
    let others = others(incidents);
    if others > 0 && of_starts(incidents).next().is_some() {
        page.blank();
    }
    match others {
        0 => {}
        1 => page.line("1 other event says nothing of a start."),
        number => page.line(&format!("{number} other events say nothing of a start.")),
    }
    page.print()
}

fn is_other(incident: &Incident) -> bool {
    incident.told == Told::Silent(Silence::OtherRequest)
}

fn of_starts(incidents: &[Incident]) -> impl Iterator<Item = &Incident> {
    incidents.iter().filter(|incident| !is_other(incident))
}

/// How many events say nothing of a start.
fn others(incidents: &[Incident]) -> usize {
    incidents.iter().filter(|incident| is_other(incident)).map(|incident| incident.events.len()).sum()
}

fn one(incident: &Incident, zone: &TimeZone) -> Vec<String> {
    let by = match &incident.told {
        Told::State(_) => "by the instance's state",
        _ if incident.events.is_empty() => "by the text",
        Told::Refused(_) | Told::KeyUnusable { .. } | Told::Failed { .. } | Told::Granted { .. } | Told::Silent(_) => {
            "by the event"
        }
    };
    let mut head = format!("{} ({by})", Outcome::of(incident).as_str());
    for part in [words::time(incident, zone), incident.actor.as_ref().map(words::actor)].into_iter().flatten() {
        head.push_str("  ");
        head.push_str(&part);
    }
    let mut lines = vec![head, format!("  {}", what(incident))];
    let mut subject = |label: &str, text: &str| lines.push(format!("    {label:<10}{text}"));
    incident.keys.iter().for_each(|key| subject("key", key.as_str()));
    incident.volumes.iter().for_each(|volume| subject("volume", volume.as_str()));
    incident.instances.iter().for_each(|instance| subject("instance", instance.as_str()));
    if let Told::Refused(refusal) = &incident.told {
        refusal.policy_arn.iter().for_each(|arn| subject("policy", arn));
        refusal.statements.iter().for_each(|sid| subject("Sid", sid));
    }
    incident.events.first().iter().for_each(|event| subject("request", &event.request_id));
    let mut section = |title: &str, texts: &[String]| {
        if !texts.is_empty() {
            lines.push(format!("  {title}"));
            lines.extend(texts.iter().map(|text| format!("    {text}")));
        }
    };
    section("It proves:", &words::proves(incident));
    section("It does not prove:", &words::leaves_open(incident));
    let next: Vec<String> = next::steps(incident).iter().map(next::Step::to_string).collect();
    section("Next:", &next);
    lines
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    format_version: u32,
    verdict: &'static str,
    incidents: Vec<IncidentOut<'a>>,
    /// How many events say nothing of a start.
    other_events: usize,
    /// What looks like a record or an error, and was not understood.
    not_read: &'a [String],
}

/// One incident on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IncidentOut<'a> {
    verdict: &'static str,
    time: Option<Timestamp>,
    local_time: Option<String>,
    region: &'a str,
    principal: Option<&'a str>,
    session_name: Option<&'a str>,
    key_arns: &'a [KeyArn],
    volume_ids: &'a [VolumeId],
    instance_ids: &'a [InstanceId],
    what: String,
    refusal: Option<RefusalOut<'a>>,
    events: Vec<EventOut<'a>>,
    proves: Vec<String>,
    does_not_prove: Vec<String>,
    next: Vec<String>,
    /// The same, as their programs get them; nothing for what is no command, or is to be filled in.
    argv: Vec<Option<Vec<String>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusalOut<'a> {
    action: &'a str,
    decision: &'static str,
    policy_type: Option<&'static str>,
    policy_arn: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOut<'a> {
    event_id: &'a str,
    request_id: &'a str,
    time: Option<Timestamp>,
    action: &'a str,
    error_code: Option<&'a str>,
}

/// The incidents as JSON, with what else looks like a record or an error and was not understood.
pub fn json(incidents: &[Incident], not_read: &[String], zone: &TimeZone) -> String {
    print(&Whole {
        format_version: FORMAT_VERSION,
        verdict: Outcome::of_all(incidents, not_read).as_str(),
        incidents: of_starts(incidents).map(|incident| wire(incident, zone)).collect(),
        other_events: others(incidents),
        not_read,
    })
}

fn wire<'a>(incident: &'a Incident, zone: &TimeZone) -> IncidentOut<'a> {
    let (principal, session_name) = match &incident.actor {
        Some(Actor::Role { arn, session }) => (Some(arn.as_str()), Some(session.as_str())),
        Some(Actor::User { arn }) => (Some(arn.as_str()), None),
        Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => {
            (None, None)
        }
    };
    let next = next::steps(incident);
    let events = incident.events.iter().map(|event| EventOut {
        event_id: &event.event_id,
        request_id: &event.request_id,
        time: event.time,
        action: &event.action,
        error_code: event.error.as_ref().map(|error| error.code.as_str()),
    });
    IncidentOut {
        verdict: Outcome::of(incident).as_str(),
        time: incident.time,
        local_time: incident.time.map(|time| time.to_zoned_datetime(zone.clone()).to_string()),
        region: &incident.region,
        principal,
        session_name,
        key_arns: &incident.keys,
        volume_ids: &incident.volumes,
        instance_ids: &incident.instances,
        what: what(incident),
        refusal: refusal(incident),
        events: events.collect(),
        proves: words::proves(incident),
        does_not_prove: words::leaves_open(incident),
        next: next.iter().map(next::Step::to_string).collect(),
        argv: next.iter().map(next::Step::argv).collect(),
    }
}

fn refusal(incident: &Incident) -> Option<RefusalOut<'_>> {
    let Told::Refused(refusal) = &incident.told else { return None };
    Some(RefusalOut {
        action: &refusal.action,
        decision: match refusal.denial {
            Denial::Explicit => "explicitDeny",
            Denial::Implicit => "implicitDeny",
            Denial::Hidden | Denial::None | Denial::Untold => "denied",
        },
        policy_type: refusal.policy.map(PolicyKind::as_str),
        policy_arn: refusal.policy_arn.as_deref(),
    })
}
