use jiff::ToSpan as _;

use super::super::words::option;
use crate::capture::StateReasonMeaning;
use crate::event::{Actor, Encoded, Incident, Operation, Refusal, Silence, Told, operations_of};
use crate::names::{AccountId, PrincipalArn, Region, RoleArn, shell_word};

/// What to type next, most telling first. Lines that are no commands begin with `#`.
pub(super) fn steps(incident: &Incident) -> Vec<String> {
    let mut steps = Vec::new();
    match &incident.told {
        Told::Refused(refusal) => steps.extend(decode(refusal)),
        Told::KeyUnusable { .. } => steps.extend(incident.keys.iter().map(|key| {
            format!(
                "aws kms describe-key --key-id {} --region {} --query KeyMetadata.KeyState --output text",
                shell_word(key.as_str()),
                shell_word(key.region())
            )
        })),
        Told::State(state) if state.meaning() == StateReasonMeaning::MaybeKey => {
            steps.extend(look_up(incident, "CreateGrant"));
        }
        Told::Silent(Silence::OnlyAccepted) | Told::Sign(_) => steps.extend(look_up(incident, "CreateGrant")),
        Told::Notice(notice) if notice.may_be_failure => steps.extend(look_up(incident, "CreateGrant")),
        Told::Failed { .. } | Told::Granted { .. } | Told::Silent(_) | Told::State(_) | Told::Notice(_) => {}
    }
    let about_a_start = match &incident.told {
        Told::Refused(_) | Told::KeyUnusable { .. } | Told::Failed { .. } | Told::Granted { .. } | Told::Sign(_) => {
            true
        }
        Told::Silent(silence) => *silence == Silence::OnlyAccepted || *silence == Silence::DryRun,
        Told::State(state) => state.meaning() != StateReasonMeaning::NoFailure,
        Told::Notice(notice) => notice.may_be_failure,
    };
    if about_a_start {
        if incident.instances.is_empty() && incident.time.is_some() {
            steps.extend(look_up(incident, "StartInstances"));
        }
        if leaves_no_instance(incident) {
            steps.push(
                "# a launch that failed leaves no instance: check one that has a volume under the same key, by the same \
                 principal"
                    .to_owned(),
            );
        }
        let start = start(incident);
        // Who may not assume a role is not the one who starts the instance.
        let caller = assumed(incident).and_then(|refusal| {
            PrincipalArn::parse(&refusal.principal)
                .ok()
                .map(|arn| format!(" --caller-arn {}", shell_word(arn.as_str())))
        });
        steps.push(format!("ebs-preflight check {start}{}", caller.unwrap_or_default()));
        steps
            .push(format!("# without credentials: ebs-preflight capture --script {start} prints lines for CloudShell"));
    }
    steps
}

fn decode(refusal: &Refusal) -> Vec<String> {
    match &refusal.encoded {
        Some(Encoded::Whole(message)) => vec![
            format!(
                "aws sts decode-authorization-message --encoded-message {} \
                 --query DecodedMessage --output text > decoded.json",
                shell_word(message)
            ),
            "ebs-preflight triage decoded.json".to_owned(),
        ],
        Some(Encoded::Cut) => vec![
            "# the encoded message is cut in CloudTrail: only the one in the caller's own output can be decoded"
                .to_owned(),
        ],
        Some(Encoded::Masked) => {
            vec!["# the encoded message is left out here: the one in the caller's own output can be decoded".to_owned()]
        }
        Some(Encoded::Broken) => {
            vec!["# the encoded message is broken by a line end: on one line it can be decoded".to_owned()]
        }
        None => Vec::new(),
    }
}

/// Returns `true` if what was refused belongs to launches or new volumes alone, of which no instance stays.
fn leaves_no_instance(incident: &Incident) -> bool {
    let action = match &incident.told {
        Told::Refused(refusal) => &refusal.action,
        Told::KeyUnusable { action, .. } | Told::Failed { action, .. } => action,
        Told::Granted { .. } | Told::Silent(_) | Told::State(_) | Told::Sign(_) | Told::Notice(_) => return false,
    };
    let operations = operations_of(action);
    operations.contains(&Operation::Launch) && !operations.contains(&Operation::Start)
}

fn refusal(incident: &Incident) -> Option<&Refusal> {
    if let Told::Refused(refusal) = &incident.told { Some(refusal) } else { None }
}

/// The refusal to assume a role.
fn assumed(incident: &Incident) -> Option<&Refusal> {
    refusal(incident).filter(|refusal| refusal.action == "sts:AssumeRole" && refusal.resource.contains(":role/"))
}

/// The options that name this start, with placeholders for what the evidence does not tell, or hides.
fn start(incident: &Incident) -> String {
    let instance = incident.instances.first().map_or("i-…", |instance| instance.as_str());
    let account = account(incident).unwrap_or_else(|| "ACCOUNT".to_owned());
    let principal = if let Some(refusal) = assumed(incident) {
        named(&refusal.resource, &account)
    } else if let Some(launcher) = incident.launcher {
        format!("--starter {} --account {account}", launcher.starter())
    } else {
        match &incident.actor {
            Some(Actor::Role { arn, .. } | Actor::User { arn }) => named(arn, &account),
            Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => {
                format!("--role-arn arn:aws:iam::{account}:role/NAME")
            }
        }
    };
    format!("--instance-id {instance} {principal}{}", region(incident))
}

/// The option for a principal; of one that is masked a placeholder for what is hidden.
fn named(arn: &str, account: &str) -> String {
    if PrincipalArn::parse(arn).is_ok() {
        return option(arn);
    }
    let parts: Vec<&str> = arn.split(':').collect();
    let partition = parts.get(1).copied().unwrap_or("aws");
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let of_session = resource.strip_prefix("assumed-role/").and_then(|names| names.split('/').next());
    let name = of_session.or_else(|| resource.strip_prefix("role/")).unwrap_or_default();
    let role = format!("arn:{partition}:iam::{account}:role/{name}");
    let is_whole = account == "ACCOUNT" && RoleArn::parse(&role.replace("ACCOUNT", "111122223333")).is_ok();
    if RoleArn::parse(&role).is_ok() || is_whole {
        format!("--role-arn {}", shell_word(&role))
    } else {
        format!("--role-arn arn:aws:iam::{account}:role/NAME")
    }
}

/// The account that the evidence names: the principal's, else the key's owner's for want of another.
fn account(incident: &Incident) -> Option<String> {
    let of_actor = match &incident.actor {
        Some(Actor::Role { arn, .. } | Actor::User { arn }) => Some(arn.as_str()),
        Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => None,
    };
    let of_principal = refusal(incident).map(|refusal| refusal.principal.as_str());
    let of = [of_actor, of_principal].into_iter().flatten().find_map(|arn| {
        let account = arn.split(':').nth(4)?;
        AccountId::parse(account).ok().map(|account| account.as_str().to_owned())
    });
    of.or_else(|| incident.launcher.and(incident.keys.first()).map(|key| key.account().to_owned()))
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
    let is_one = Region::parse(&incident.region).is_ok();
    if is_one { format!(" --region {}", shell_word(&incident.region)) } else { String::new() }
}
