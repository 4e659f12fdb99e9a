//! What events, error texts and instance states prove, what they do not, and what to do next.

mod draft;
mod next;
mod table;
mod words;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::event::{
    Actor, Conclusion, Denial, Incident, Inconclusive, Launcher, PolicyKind, Refusal, alike, is_of_start,
};
use crate::names::{InstanceId, KeyArn, VolumeId};
use crate::words::json::{FORMAT_VERSION, print};
use crate::words::{Page, Screen, Tone};

pub(crate) use words::what;

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
        table::read(incident).outcome
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
    // A text does not tell whether EC2 asked. Grants and data keys without their plaintext hardly anybody else asks for.
    let is_of_ec2 = ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"].contains(&action);
    let may_be_ec2 =
        if incident.events.is_empty() { is_of_ec2 && !incident.is_direct } else { is_through_ec2(incident) };
    let is_request =
        is_of_start(action) && (may_be_ec2 || is_infrastructure(incident, refusal) || !action.starts_with("kms:"));
    // A launch needs more than its own action: `iam:PassRole`, tags, a subnet.
    is_request || (refusal.call != *action && refusal.call.starts_with("ec2:") && is_of_start(&refusal.call))
}

/// Whether the events are of what EC2 asked.
fn is_through_ec2(incident: &Incident) -> bool {
    incident.events.iter().any(|event| event.by_ec2 || event.actor == Actor::Infrastructure)
}

pub(super) fn is_infrastructure(incident: &Incident, refusal: &Refusal) -> bool {
    Actor::of_arn(&refusal.principal) == Actor::Infrastructure || incident.actor == Some(Actor::Infrastructure)
}

/// Returns the incidents as text; times in `zone` and in UTC.
pub fn text(incidents: &[Incident], zone: &TimeZone) -> String {
    text_for(incidents, zone, Screen::default())
}

/// Returns the incidents as text for this screen.
pub fn text_for(incidents: &[Incident], zone: &TimeZone, screen: Screen) -> String {
    if incidents.is_empty() {
        return "No event is in it. That proves nothing: events arrive minutes late.\n".to_owned();
    }
    let Sorted { told, unrelated, others } = sorted(incidents);
    let mut page = Page::default();
    for (number, incident) in told.iter().enumerate() {
        if number > 0 {
            page.blank();
        }
        one(&mut page, incident, zone);
    }
    let mut last = Vec::new();
    if !unrelated.is_empty() {
        last.push(format!("Refused as well, of no start: {}", unrelated.join(", ")));
    }
    match others {
        0 => {}
        1 => last.push("1 other event says nothing of a start.".to_owned()),
        number => last.push(format!("{number} other events say nothing of a start.")),
    }
    for line in &last {
        if !told.is_empty() {
            page.blank();
        }
        page.wrap("", 2, line);
    }
    page.print(screen)
}

/// What is told whole, and what is told in a line.
struct Sorted {
    told: Vec<Incident>,
    /// The refused requests of no start, with how often.
    unrelated: Vec<String>,
    /// How many events say nothing of a start.
    others: usize,
}

fn sorted(incidents: &[Incident]) -> Sorted {
    let is_other = |incident: &Incident| incident.told == Conclusion::Silent(Inconclusive::OtherRequest);
    let others = incidents.iter().filter(|incident| is_other(incident)).map(|incident| incident.events.len()).sum();
    let told = alike(incidents.iter().filter(|incident| !is_other(incident)).cloned().collect());
    // Alone they are the answer, beside others they are noise.
    let (unrelated, related): (Vec<Incident>, Vec<Incident>) = told.into_iter().partition(table::is_unrelated);
    if related.is_empty() {
        return Sorted { told: unrelated, unrelated: Vec::new(), others };
    }
    let named = unrelated.iter().filter_map(|incident| {
        let Conclusion::Refused(refusal) = &incident.told else { return None };
        let times = if incident.count > 1 { format!(" ({} times)", incident.count) } else { String::new() };
        Some(format!("{}{times}", refusal.action))
    });
    Sorted { told: related, unrelated: named.collect(), others }
}

/// The labels of the lines take this width.
const LABEL: usize = 9;

/// The answer, why, what to do next; then of what it is, and what it proves.
fn one(page: &mut Page, incident: &Incident, zone: &TimeZone) {
    let reading = table::read(incident);
    let tone = match reading.outcome {
        Outcome::Blocked => Tone::Bad,
        Outcome::Undecided => Tone::Doubt,
        Outcome::NotRefused => Tone::Good,
    };
    let time = words::time(incident, zone).map(|time| format!("{time}  ")).unwrap_or_default();
    let first = format!("{}  {time}", reading.outcome.as_str());
    page.wrap_in(tone, &first, LABEL, &words::headline(incident));
    page.wrap_in(Tone::Strong, &format!("{:<LABEL$}", "why"), LABEL, &words::why(incident));
    let labelled = |page: &mut Page, label: &str, texts: &[String], is_copied: bool| {
        for (number, text) in texts.iter().enumerate() {
            let first = format!("{:<LABEL$}", if number == 0 { label } else { "" });
            if is_copied {
                page.line(&format!("{first}{text}"));
            } else {
                page.wrap_in(Tone::Strong, &first, LABEL, text);
            }
        }
    };
    let next: Vec<String> = next::steps(incident).iter().map(next::Step::to_string).collect();
    labelled(page, "next", &next, true);
    let mut subjects = Vec::new();
    let mut subject = |label: &str, text: &str| subjects.push(format!("{label:<10}{text}"));
    incident.keys.iter().for_each(|key| subject("key", key.as_str()));
    incident.volumes.iter().for_each(|volume| subject("volume", volume.as_str()));
    incident.instances.iter().for_each(|instance| subject("instance", instance.as_str()));
    if let Conclusion::Refused(refusal) = &incident.told {
        refusal.policy_arn.iter().for_each(|arn| subject("policy", arn));
        refusal.statements.iter().for_each(|sid| subject("Sid", sid));
    }
    let request = incident.events.first().map(|event| &event.request_id).or(incident.request.as_ref());
    if let Some(id) = request {
        subject("request", id);
    }
    labelled(page, "about", &subjects, true);
    labelled(page, "", &words::counted(incident, zone), false);
    if let Some(draft) = draft::draft(incident) {
        let statement = serde_json::to_string(&draft.statement).unwrap_or_default();
        labelled(page, "draft", &[statement], true);
        let from = format!("in {}: from this event alone, not proven; the check above proves a statement", draft.place);
        labelled(page, "", &[from], false);
    }
    labelled(page, "proves", &reading.proves, false);
    labelled(page, "open", &reading.leaves_open, false);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    format_version: u32,
    verdict: &'static str,
    incidents: Vec<IncidentOut<'a>>,
    /// Refused requests of no start, beside what concerns one.
    other_refusals: &'a [String],
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
    /// How often it was found.
    count: usize,
    time: Option<Timestamp>,
    local_time: Option<String>,
    last_time: Option<Timestamp>,
    region: &'a str,
    principal: Option<&'a str>,
    session_name: Option<&'a str>,
    session_names: &'a [String],
    /// The word of `--starter`, where a service launches.
    starter: Option<&'static str>,
    key_arns: &'a [KeyArn],
    volume_ids: &'a [VolumeId],
    instance_ids: &'a [InstanceId],
    what: String,
    refusal: Option<RefusalOut<'a>>,
    events: Vec<EventOut<'a>>,
    proves: Vec<String>,
    does_not_prove: Vec<String>,
    next: Vec<String>,
    /// A statement from this event alone, not proven.
    draft: Option<draft::Draft>,
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
    let Sorted { told, unrelated, others } = sorted(incidents);
    print(&Whole {
        format_version: FORMAT_VERSION,
        verdict: Outcome::of_all(incidents, not_read).as_str(),
        incidents: told.iter().map(|incident| wire(incident, zone)).collect(),
        other_refusals: &unrelated,
        other_events: others,
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
    let reading = table::read(incident);
    IncidentOut {
        verdict: reading.outcome.as_str(),
        count: incident.count,
        last_time: incident.last,
        session_names: &incident.sessions,
        starter: incident.launcher.map(Launcher::starter),
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
        proves: reading.proves,
        does_not_prove: reading.leaves_open,
        next: next.iter().map(next::Step::to_string).collect(),
        argv: next.iter().map(next::Step::argv).collect(),
        draft: draft::draft(incident),
    }
}

fn refusal(incident: &Incident) -> Option<RefusalOut<'_>> {
    let Conclusion::Refused(refusal) = &incident.told else { return None };
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
