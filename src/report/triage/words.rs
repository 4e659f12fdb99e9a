use jiff::tz::TimeZone;

use super::super::words::{identity, path_and_name};
use super::{is_infrastructure, stops_a_start};
use crate::event::{Actor, Denial, Incident, Meaning, PolicyKind, Refusal, Silence, Told, is_of_start};

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
        Actor::Account { id } => format!("somebody of account {id}"),
        Actor::Other => "an identity of another kind".to_owned(),
    }
}

/// What happened, in one sentence.
pub(in crate::report) fn what(incident: &Incident) -> String {
    match &incident.told {
        Told::Refused(refusal) => {
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
            format!("{asked} was refused{}", cause(refusal))
        }
        Told::KeyUnusable { action, error } => {
            format!("{} failed because of the key: {}: {}", request(action), error.code, error.message)
        }
        Told::Failed { action, error } => format!("{action} failed: {}: {}", error.code, error.message),
        Told::Granted { decrypted: true } => {
            "EC2 made its grant on the key with the principal's permissions, and decrypted the volume's data key"
                .to_owned()
        }
        Told::Granted { decrypted: false } => {
            "EC2 made its grant on the key with the principal's permissions".to_owned()
        }
        Told::Silent(Silence::Change) => {
            let changes: Vec<&str> = incident.events.iter().map(|event| event.action.as_str()).collect();
            format!("a policy, a grant or a key was changed: {}", changes.join(", "))
        }
        Told::Silent(silence) => silent(*silence).to_owned(),
        Told::State(state) if state.code.is_empty() => format!("the instance is {}; EC2 gives no reason", state.state),
        Told::State(state) => {
            let is = if state.state.is_empty() { String::new() } else { format!("the instance is {}; ", state.state) };
            let message = if state.message.contains(&state.code) { state.message.clone() } else { state.code.clone() };
            format!("{is}EC2's reason: {message}")
        }
    }
}

fn request(action: &str) -> &str {
    if action.is_empty() { "a request" } else { action }
}

pub(in crate::report) fn cause(refusal: &Refusal) -> String {
    match (refusal.denial, refusal.policy) {
        (Denial::Explicit, Some(kind)) => format!(": explicit deny in {}", with_article(kind)),
        (Denial::Explicit, None) => ": explicit deny".to_owned(),
        (Denial::Implicit, Some(kind)) => format!(": no {} allows it", kind.as_str()),
        (Denial::Implicit, None) => ": no policy allows it".to_owned(),
        (Denial::Hidden, _) => "; AWS hides the cause".to_owned(),
        (Denial::None | Denial::Untold, _) => "; the text does not tell by which policy type".to_owned(),
    }
}

fn with_article(kind: PolicyKind) -> String {
    let article = if kind == PolicyKind::Identity { "an" } else { "a" };
    format!("{article} {}", kind.as_str())
}

fn silent(silence: Silence) -> &'static str {
    match silence {
        Silence::OnlyAccepted => "EC2 accepted StartInstances; no event of KMS is among these",
        Silence::DryRun => "a dry run of StartInstances: the call itself was allowed, and nothing was started",
        Silence::AtLaunch => "a grant for the EC2 service, as EC2 makes it when a volume is created: no start",
        Silence::OnlyDecrypted => "EC2's own identity decrypted the volume's data key",
        Silence::OtherGrant => "somebody made a grant on the key: no start",
        Silence::Change => "a policy, a grant or a key was changed",
        Silence::OtherRequest => "no request of a start",
        Silence::Allowed => "by the decoded message the request was allowed",
    }
}

/// What the evidence proves.
pub(super) fn proves(incident: &Incident) -> Vec<String> {
    let sentence = match &incident.told {
        Told::Refused(refusal) => refused(incident, refusal),
        Told::KeyUnusable { error, .. } if error.code.ends_with("CustomerKeyHasBeenRevoked") => {
            "the volume's key could not be used at that moment".to_owned()
        }
        Told::KeyUnusable { .. } => "the key's state stopped it at that moment, whoever asks".to_owned(),
        Told::Granted { decrypted: true } => {
            "this principal could use this key through EC2 at that moment, and so could EC2's own identity".to_owned()
        }
        Told::Granted { decrypted: false } => {
            "this principal could create EC2's grant on this key at that moment".to_owned()
        }
        Told::Silent(Silence::OnlyAccepted | Silence::DryRun) => {
            "the principal may call ec2:StartInstances on this instance".to_owned()
        }
        Told::Silent(Silence::OnlyDecrypted) => "the volume could be decrypted at that moment".to_owned(),
        Told::Silent(Silence::Allowed) => "no policy refused this request at that moment".to_owned(),
        Told::Failed { .. }
        | Told::Silent(Silence::AtLaunch | Silence::OtherGrant | Silence::Change | Silence::OtherRequest) => {
            return Vec::new();
        }
        Told::State(state) => match state.meaning() {
            Meaning::MaybeKey => "the start was undone after EC2 had accepted it".to_owned(),
            Meaning::NotKey => "it failed for a reason that is neither a permission nor a key".to_owned(),
            Meaning::Nothing | Meaning::Other => return Vec::new(),
        },
    };
    vec![sentence]
}

fn refused(incident: &Incident, refusal: &Refusal) -> String {
    let is_key = refusal.action.starts_with("kms:");
    let who = if is_infrastructure(incident, refusal) { "EC2's own identity" } else { "this principal" };
    let could = if is_key {
        format!("{who} could not use this key at that moment")
    } else {
        format!("{who} could not make this request at that moment")
    };
    let more = match (refusal.denial, refusal.policy) {
        (Denial::Implicit, Some(PolicyKind::Identity)) if is_key => {
            "no policy of its own allowed it, nor did the key policy alone"
        }
        (Denial::Implicit, Some(PolicyKind::Identity)) => "no policy of its own allowed it",
        (Denial::Implicit, Some(PolicyKind::Resource)) if is_key => {
            "the key policy neither named it nor left the key to the account's IAM policies"
        }
        (Denial::Implicit, Some(kind)) => return format!("{could}: its {} lacked the Allow", kind.as_str()),
        (Denial::Implicit, None) => "no statement allowed it",
        (Denial::Explicit, Some(kind)) => return format!("{could}: a Deny in {} applied", with_article(kind)),
        (Denial::Explicit, None) => "a Deny applied",
        (Denial::Hidden, _) => "the key is of another account, or not in this Region",
        (Denial::None | Denial::Untold, _) => return could,
    };
    format!("{could}: {more}")
}

/// What the evidence leaves open.
pub(super) fn leaves_open(incident: &Incident) -> Vec<String> {
    let sentences: &[&str] = match &incident.told {
        Told::Refused(refusal) if refusal.action.is_empty() => {
            &["which request was refused: the text does not name it"]
        }
        Told::Refused(refusal) if refusal.action == "sts:AssumeRole" => {
            &["what the role may do, once somebody has assumed it"]
        }
        Told::Refused(refusal) if !is_of_start(&refusal.action) => {
            &["anything about a start: no start makes this request"]
        }
        Told::Refused(refusal) if !stops_a_start(incident, refusal) => {
            &["that a start fails for it: it may be a use of the key without EC2, which no start needs"]
        }
        Told::Refused(refusal) => match (refusal.denial, refusal.policy) {
            (Denial::Implicit, Some(PolicyKind::Resource)) => {
                &["what the principal's own policies allow", "that it is still so: policies may have changed since"]
            }
            (Denial::Hidden, _) => &[
                "whether the key policy or the principal's own policies lack it, or whether the key is gone",
                "that it is still so: policies may have changed since",
            ],
            (Denial::Explicit | Denial::Implicit | Denial::None | Denial::Untold, _) => &[
                "that nothing else refuses once this is mended: AWS names one policy type only",
                "that it is still so: policies may have changed since",
            ],
        },
        Told::KeyUnusable { error, .. } if error.code.ends_with("CustomerKeyHasBeenRevoked") => {
            &["whether a permission was lacking or the key was disabled: this code is AWS's word for both"]
        }
        Told::KeyUnusable { .. } => &["that the principal may use the key once its state allows it"],
        Told::Failed { .. } => &["that permissions and keys are in order"],
        Told::Granted { .. } => &["that it is still so: policies or the key may have changed since"],
        Told::Silent(Silence::OnlyAccepted) => &[
            "that the instance reached running: the keys are used after the call",
            "anything by what is missing: events arrive minutes late, and a refusal is an event of its own",
        ],
        Told::Silent(Silence::DryRun) => &["anything about the keys: a dry run does not use them"],
        Told::Silent(Silence::AtLaunch | Silence::OtherGrant | Silence::Change | Silence::OtherRequest) => {
            &["anything about a start"]
        }
        Told::Silent(Silence::Allowed) => &["why the request failed: it may be for another reason than a permission"],
        Told::Silent(Silence::OnlyDecrypted) => &["with whose permissions EC2's grant was made"],
        Told::State(state) => match state.meaning() {
            Meaning::MaybeKey => &[
                "whether a permission was lacking or the key's state stopped it: EC2 gives the same reasons for both",
                "which key or volume it was, and who started the instance",
            ],
            Meaning::NotKey => &["that permissions and keys are in order: they may fail next"],
            Meaning::Nothing | Meaning::Other => &["anything about permissions or keys"],
        },
    };
    sentences.iter().map(ToString::to_string).collect()
}
