use std::fmt;

use jiff::ToSpan as _;

use super::super::words::option;
use crate::command::{Command, Word};
use crate::event::{Actor, Encoded, Incident, Meaning, Refusal, Silence, Told};
use crate::names::{AccountId, EncodedMessage, PrincipalArn, Region};

/// What to do next.
pub(super) enum Step {
    /// A command.
    Run(Command),
    /// A remark: no shell reads what stands behind its `#`.
    Say(String),
}

impl Step {
    pub(super) fn argv(&self) -> Option<Vec<String>> {
        if let Self::Run(command) = self { command.argv() } else { None }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(command) => fmt::Display::fmt(command, f),
            Self::Say(words) => write!(f, "# {words}"),
        }
    }
}

/// What to type next, most telling first.
pub(super) fn steps(incident: &Incident) -> Vec<Step> {
    let mut steps = Vec::new();
    match &incident.told {
        Told::Refused(refusal) => match &refusal.encoded {
            Some(Encoded::Whole(message)) => {
                if let Ok(message) = EncodedMessage::parse(message) {
                    let decode = Command::aws("sts decode-authorization-message").option("--encoded-message", &message);
                    let decode = decode.words("--query DecodedMessage --output text").into_file("decoded.json");
                    steps.extend([Step::Run(decode), Step::Run(Command::preflight("triage decoded.json"))]);
                }
            }
            Some(Encoded::Cut) => {
                let cut = "the encoded message is cut in CloudTrail: only the one in the caller's own output can be \
                           decoded";
                steps.push(Step::Say(cut.to_owned()));
            }
            None => {}
        },
        Told::KeyUnusable { .. } => {
            steps.extend(incident.keys.iter().map(|key| {
                let describe = Command::aws("kms describe-key").option("--key-id", key);
                let describe = describe.option("--region", &key.in_region());
                Step::Run(describe.words("--query KeyMetadata.KeyState --output text"))
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
        let caller = assumed(incident).and_then(|refusal| PrincipalArn::parse(&refusal.principal).ok());
        let check = Command::preflight("check").with(&start);
        steps.push(Step::Run(match &caller {
            Some(caller) => check.option("--caller-arn", caller),
            None => check,
        }));
        let script = Command::preflight("capture --script").with(&start);
        steps.push(Step::Say(format!("without credentials: {script} prints lines for CloudShell")));
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
fn start(incident: &Incident) -> Command {
    let instance = incident.instances.first().map_or_else(|| Word::blank("i-…"), Word::from);
    let arn = match (assumed(incident), &incident.actor) {
        (Some(refusal), _) => Some(&refusal.resource),
        (None, Some(Actor::Role { arn, .. } | Actor::User { arn })) => Some(arn),
        (None, Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None) => {
            None
        }
    };
    let options = Command::options().option("--instance-id", instance);
    let options = match arn.and_then(|arn| PrincipalArn::parse(arn).ok()) {
        Some(principal) => options.with(&option(&principal)),
        None => options.option("--role-arn", some_role(incident)),
    };
    in_region(options, incident)
}

/// A role of the account that EC2's own identity acted for, as far as that is told.
fn some_role(incident: &Incident) -> Word {
    let infrastructure =
        refusal(incident).map(|refusal| refusal.principal.as_str()).filter(|arn| arn.contains("/aws:ec2-"));
    let account = infrastructure.and_then(|arn| AccountId::parse(arn.split(':').nth(4)?).ok());
    let account = account.as_ref().map_or_else(|| Word::blank("ACCOUNT"), Word::from);
    Word::from("arn:aws:iam::").then(account).then(":role/").then(Word::blank("NAME"))
}

/// The events around this time, to be triaged together with this one.
fn look_up(incident: &Incident, name: &'static str) -> Vec<Step> {
    let events = Word::from("AttributeKey=EventName,AttributeValue=").then(name);
    let mut look_up = Command::aws("cloudtrail lookup-events").option("--lookup-attributes", events);
    let around =
        incident.time.and_then(|time| Some((time.checked_sub(5.minutes()).ok()?, time.checked_add(5.minutes()).ok()?)));
    if let Some((from, until)) = around {
        look_up = look_up.option("--start-time", from).option("--end-time", until);
    }
    let look_up = in_region(look_up, incident).into_file("events.json");
    vec![Step::Run(look_up), Step::Run(Command::preflight("triage events.json"))]
}

fn in_region(command: Command, incident: &Incident) -> Command {
    match Region::parse(&incident.region) {
        Ok(region) => command.option("--region", &region),
        Err(_) => command,
    }
}
