use jiff::ToSpan as _;

use super::super::words::option;
use crate::event::{Actor, Encoded, Incident, Meaning, Refusal, Silence, Told};
use crate::names::shell_word;

/// What to type next, most telling first. Lines that are no commands begin with `#`.
pub(super) fn steps(incident: &Incident) -> Vec<String> {
    let mut steps = Vec::new();
    match &incident.told {
        Told::Refused(refusal) => match &refusal.encoded {
            Some(Encoded::Whole(message)) => {
                steps.push(format!(
                    "aws sts decode-authorization-message --encoded-message {} \
                     --query DecodedMessage --output text > decoded.json",
                    shell_word(message)
                ));
                steps.push("ebs-preflight triage decoded.json".to_owned());
            }
            Some(Encoded::Cut) => steps.push(
                "# the encoded message is cut in CloudTrail: only the one in the caller's own output can be decoded"
                    .to_owned(),
            ),
            None => {}
        },
        Told::KeyUnusable { .. } => {
            steps.extend(incident.keys.iter().map(|key| {
                format!(
                    "aws kms describe-key --key-id {key} --region {} --query KeyMetadata.KeyState --output text",
                    key.region()
                )
            }));
        }
        Told::State(state) if state.meaning() == Meaning::MaybeKey => steps.extend(look_up(incident, "CreateGrant")),
        Told::Silent(Silence::OnlyAccepted) => steps.extend(look_up(incident, "CreateGrant")),
        Told::Failed { .. } | Told::Granted { .. } | Told::Silent(_) | Told::State(_) => {}
    }
    let about_a_start = match &incident.told {
        Told::Refused(_) | Told::KeyUnusable { .. } | Told::Failed { .. } | Told::Granted { .. } => true,
        Told::Silent(silence) => *silence == Silence::OnlyAccepted || *silence == Silence::DryRun,
        Told::State(state) => state.meaning() != Meaning::Nothing,
    };
    if about_a_start {
        if incident.instances.is_empty() && incident.time.is_some() {
            steps.extend(look_up(incident, "StartInstances"));
        }
        let start = start(incident);
        // Who may not assume a role is not the one who starts the instance.
        let caller = assumed(incident).map(|refusal| format!(" --caller-arn {}", shell_word(&refusal.principal)));
        steps.push(format!("ebs-preflight check {start}{}", caller.unwrap_or_default()));
        steps
            .push(format!("# without credentials: ebs-preflight capture --script {start} prints lines for CloudShell"));
    }
    steps
}

fn refusal(incident: &Incident) -> Option<&Refusal> {
    if let Told::Refused(refusal) = &incident.told { Some(refusal) } else { None }
}

/// The refusal to assume a role.
fn assumed(incident: &Incident) -> Option<&Refusal> {
    refusal(incident).filter(|refusal| refusal.action == "sts:AssumeRole" && refusal.resource.contains(":role/"))
}

/// The options that name this start, with placeholders for what the evidence does not tell.
fn start(incident: &Incident) -> String {
    let instance = incident.instances.first().map_or("i-…", |instance| instance.as_str());
    let principal = match &incident.actor {
        Some(Actor::Role { arn, .. } | Actor::User { arn }) => option(arn),
        Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => {
            let infrastructure =
                refusal(incident).map(|refusal| refusal.principal.as_str()).filter(|arn| arn.contains("/aws:ec2-"));
            let account = infrastructure.and_then(|arn| arn.split(':').nth(4)).unwrap_or("ACCOUNT");
            format!("--role-arn arn:aws:iam::{account}:role/NAME")
        }
    };
    let principal = assumed(incident).map_or(principal, |refusal| option(&refusal.resource));
    let region = region(incident);
    format!("--instance-id {instance} {principal}{region}")
}

/// The events around this time, to be triaged together with this one.
fn look_up(incident: &Incident, name: &str) -> Vec<String> {
    let region = region(incident);
    let around = incident.time.and_then(|time| {
        let (from, until) = (time.checked_sub(5.minutes()).ok()?, time.checked_add(5.minutes()).ok()?);
        Some(format!(" --start-time {from} --end-time {until}"))
    });
    vec![
        format!(
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue={name}{}{region} > events.json",
            around.unwrap_or_default()
        ),
        "ebs-preflight triage events.json".to_owned(),
    ]
}

fn region(incident: &Incident) -> String {
    if incident.region.is_empty() { String::new() } else { format!(" --region {}", shell_word(&incident.region)) }
}
