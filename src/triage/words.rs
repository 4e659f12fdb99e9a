use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::is_infrastructure;
use crate::event::{Actor, Conclusion, EventError, Incident, Inconclusive, SignKind};
use crate::words::{identity, path_and_name, refused_by};

/// When it happened, in the user's zone and in UTC.
pub(super) fn time(incident: &Incident, zone: &TimeZone) -> Option<String> {
    let time = incident.time?;
    let utc = time.to_zoned_datetime(TimeZone::UTC);
    let local = time.to_zoned_datetime(zone.clone());
    if local.offset() == utc.offset() {
        return Some(utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    }
    let form = if local.date() == utc.date() { "%H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S UTC" };
    Some(format!("{} ({})", local.strftime("%Y-%m-%d %H:%M:%S %Z"), utc.strftime(form)))
}

pub(super) fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Role { arn, session } => {
            let name = if arn.contains(":assumed-role/") {
                arn.rsplit('/').nth(1).unwrap_or_default()
            } else {
                path_and_name(arn)
            };
            format!("role {name}, session {session}")
        }
        Actor::User { arn } => identity(arn),
        Actor::Infrastructure => "EC2's own identity".to_owned(),
        Actor::Service { name } => name.clone(),
        Actor::Account { id } => format!("an unknown principal of account {id}"),
        Actor::Other => "an identity of another kind".to_owned(),
    }
}

/// What happened and to whom, for the first line.
pub(super) fn headline(incident: &Incident) -> String {
    match &incident.told {
        Conclusion::Refused(refusal) => {
            let action = request(&refusal.action);
            let who = if is_infrastructure(incident, refusal) {
                " to EC2's own identity".to_owned()
            } else {
                incident.actor.as_ref().map_or_else(String::new, |one| format!(" to {}", actor(one)))
            };
            let is_for_caller = incident.events.iter().any(|event| event.action == action && event.by_ec2);
            let called = if is_for_caller { " (EC2 called on its behalf)" } else { "" };
            format!("{action} refused{who}{called}")
        }
        Conclusion::KeyUnusable { action, .. } => {
            format!("{} failed because of the key{}", request(action), by(incident))
        }
        Conclusion::Failed { action, .. } => format!("{} failed{}", request(action), by(incident)),
        Conclusion::Granted { .. } => format!("kms:CreateGrant allowed{}", by(incident)),
        Conclusion::Silent(_) => format!("nothing refused{}", by(incident)),
        Conclusion::State(state) => match &state.instance {
            Some(instance) => format!("the state of {instance}"),
            None => "the state of an instance".to_owned(),
        },
        Conclusion::Sign(_) => "a text that does not tell the cause".to_owned(),
        Conclusion::Notice(_) => "an event that proves neither a permission nor a key".to_owned(),
    }
}

fn by(incident: &Incident) -> String {
    incident.actor.as_ref().map_or_else(String::new, |one| format!(" for {}", actor(one)))
}

/// Why, in one sentence that leaves out what the first line says.
pub(super) fn why(incident: &Incident) -> String {
    if let Conclusion::Refused(refusal) = &incident.told {
        let cause = refused_by(refusal);
        let cause = cause.trim_start_matches([':', ';', ' ']);
        let from = if incident.events.is_empty() { "the text" } else { "the event" };
        return format!("{cause} (by {from})");
    }
    what(incident)
}

/// How often it was found, and in which sessions, if more than once.
pub(super) fn counted(incident: &Incident, zone: &TimeZone) -> Vec<String> {
    if incident.count < 2 {
        return Vec::new();
    }
    let day = |time: Timestamp| time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let times = match (incident.time, incident.last) {
        (Some(first), Some(last)) if first != last => format!(", first {}, last {}", day(first), day(last)),
        (_, _) => String::new(),
    };
    let mut lines = vec![format!("{} times{times}", incident.count)];
    if incident.sessions.len() > 1 {
        let shown: Vec<&str> = incident.sessions.iter().take(SESSIONS).map(String::as_str).collect();
        let more = incident.sessions.len().saturating_sub(SESSIONS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("sessions {}{more}", shown.join(", ")));
    }
    lines
}

/// So many sessions are named; the JSON has them all.
const SESSIONS: usize = 5;

/// What happened, in one sentence.
pub(crate) fn what(incident: &Incident) -> String {
    match &incident.told {
        Conclusion::Refused(refusal) => {
            let action = request(&refusal.action);
            let asked = match (action, is_infrastructure(incident, refusal)) {
                ("kms:CreateGrant", _)
                    if incident.events.iter().any(|event| event.action == action && event.by_ec2) =>
                {
                    format!("EC2 asked {action} with the principal's permissions and")
                }
                ("kms:Decrypt", true) => {
                    format!("EC2's own identity asked {action} for the instance and")
                }
                (_, _) => action.to_owned(),
            };
            format!("{asked} was refused{}", refused_by(refusal))
        }
        Conclusion::KeyUnusable { action, error } => {
            format!("{} failed because of the key: {}", request(action), said(error))
        }
        Conclusion::Failed { action, error } => format!("{} failed: {}", request(action), said(error)),
        Conclusion::Granted { decrypted: true } => {
            "EC2 made its grant on the key with the principal's permissions, and decrypted the volume's data key"
                .to_owned()
        }
        Conclusion::Granted { decrypted: false } => {
            "EC2 made its grant on the key with the principal's permissions".to_owned()
        }
        Conclusion::Silent(Inconclusive::Change) => {
            let changes: Vec<&str> = incident.events.iter().map(|event| event.action.as_str()).collect();
            format!("a policy, a grant or a key was changed: {}", changes.join(", "))
        }
        Conclusion::Silent(silence) => silent(*silence).to_owned(),
        Conclusion::State(state) if state.code.is_empty() => {
            format!("the instance is {}; EC2 gives no reason", state.state)
        }
        Conclusion::State(state) => {
            let is = if state.state.is_empty() { String::new() } else { format!("the instance is {}; ", state.state) };
            let message = if state.message.contains(&state.code) { state.message.clone() } else { state.code.clone() };
            format!("{is}EC2's reason: {message}")
        }
        Conclusion::Sign(told) if told.listed.is_empty() => format!("{}: {}", sign(told.kind), told.said),
        Conclusion::Sign(told) => {
            let listed = told.listed.join(", ");
            format!(
                "{}; it lists {listed} (of which kms:ReEncrypt is kms:ReEncryptFrom and kms:ReEncryptTo)",
                sign(told.kind)
            )
        }
        Conclusion::Notice(notice) if notice.said.is_empty() => notice.kind.clone(),
        Conclusion::Notice(notice) => format!("{}: {}", notice.kind, notice.said),
    }
}

/// Code and sentence of an error, as far as they are told.
fn said(error: &EventError) -> String {
    let parts = [error.code.as_str(), error.message.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn sign(kind: SignKind) -> &'static str {
    match kind {
        SignKind::Console => "the EC2 console finds an attached volume encrypted with a KMS key that cannot be used",
        SignKind::StateReason => "EC2's reason",
        SignKind::VolumeGone => "a volume is gone",
        SignKind::Snapshot => "a copy, a snapshot or a backup failed for its KMS key",
        SignKind::Service => "a service could not launch for its KMS key",
        SignKind::Waiter => "a tool waited for the instance in vain",
    }
}

fn request(action: &str) -> &str {
    if action.is_empty() { "a request" } else { action }
}

fn silent(silence: Inconclusive) -> &'static str {
    match silence {
        Inconclusive::OnlyAccepted => "EC2 accepted StartInstances; no event of KMS is among these",
        Inconclusive::DryRun => "a dry run of StartInstances: the call itself was allowed, and nothing was started",
        Inconclusive::AtLaunch => "a grant for the EC2 service, as EC2 makes it when a volume is created: no start",
        Inconclusive::OnlyDecrypted => "EC2's own identity decrypted the volume's data key",
        Inconclusive::OtherGrant => "somebody made a grant on the key: no start",
        Inconclusive::Change => "a policy, a grant or a key was changed",
        Inconclusive::OtherRequest => "no request of a start",
        Inconclusive::Allowed => "by the decoded message the request was allowed",
    }
}
