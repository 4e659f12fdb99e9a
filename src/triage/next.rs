use std::fmt;

use jiff::ToSpan as _;

use crate::capture::StateReasonMeaning;
use crate::command::{Command, Word};
use crate::event::{Actor, Conclusion, Encoded, Incident, Inconclusive, Operation, Refusal, operations_of};
use crate::names::{AccountId, EncodedMessage, IamName, KeyArn, PrincipalArn, Region};
use crate::words::option;

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
        Conclusion::Refused(refusal) => match &refusal.encoded {
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
            Some(Encoded::Masked) => {
                let masked = "the encoded message is left out here: the one in the caller's own output can be decoded";
                steps.push(Step::Say(masked.to_owned()));
            }
            Some(Encoded::Broken) => {
                let broken = "the encoded message is broken by a line end: on one line it can be decoded";
                steps.push(Step::Say(broken.to_owned()));
            }
            None => {}
        },
        Conclusion::KeyUnusable { .. } => {
            steps.extend(incident.keys.iter().map(|key| {
                let describe = Command::aws("kms describe-key").option("--key-id", key);
                let describe = describe.option("--region", &key.in_region());
                Step::Run(describe.words("--query KeyMetadata.KeyState --output text"))
            }));
        }
        Conclusion::State(state) if state.meaning() == StateReasonMeaning::MaybeKey => {
            steps.extend(look_up(incident, "CreateGrant"));
        }
        Conclusion::Silent(Inconclusive::OnlyAccepted) | Conclusion::Sign(_) => {
            steps.extend(look_up(incident, "CreateGrant"));
        }
        Conclusion::Notice(notice) if notice.may_be_failure => steps.extend(look_up(incident, "CreateGrant")),
        Conclusion::Failed { .. }
        | Conclusion::Granted { .. }
        | Conclusion::Silent(_)
        | Conclusion::State(_)
        | Conclusion::Notice(_) => {}
    }
    let about_a_start = match &incident.told {
        Conclusion::Refused(_)
        | Conclusion::KeyUnusable { .. }
        | Conclusion::Failed { .. }
        | Conclusion::Granted { .. }
        | Conclusion::Sign(_) => true,
        Conclusion::Silent(silence) => *silence == Inconclusive::OnlyAccepted || *silence == Inconclusive::DryRun,
        Conclusion::State(state) => state.meaning() != StateReasonMeaning::NoFailure,
        Conclusion::Notice(notice) => notice.may_be_failure,
    };
    if about_a_start {
        if incident.instances.is_empty() && incident.time.is_some() {
            steps.extend(look_up(incident, "StartInstances"));
        }
        if leaves_no_instance(incident) {
            let gone = "a launch that failed leaves no instance: check one that has a volume under the same key, by the \
                        same principal";
            steps.push(Step::Say(gone.to_owned()));
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

/// Returns `true` if what was refused belongs to launches or new volumes alone, of which no instance stays.
fn leaves_no_instance(incident: &Incident) -> bool {
    let action = match &incident.told {
        Conclusion::Refused(refusal) => &refusal.action,
        Conclusion::KeyUnusable { action, .. } | Conclusion::Failed { action, .. } => action,
        Conclusion::Granted { .. }
        | Conclusion::Silent(_)
        | Conclusion::State(_)
        | Conclusion::Sign(_)
        | Conclusion::Notice(_) => return false,
    };
    let operations = operations_of(action);
    operations.contains(&Operation::Launch) && !operations.contains(&Operation::Start)
}

fn refusal(incident: &Incident) -> Option<&Refusal> {
    if let Conclusion::Refused(refusal) = &incident.told { Some(refusal) } else { None }
}

/// The refusal to assume a role.
fn assumed(incident: &Incident) -> Option<&Refusal> {
    refusal(incident).filter(|refusal| refusal.action == "sts:AssumeRole" && refusal.resource.contains(":role/"))
}

/// The options that name this start, with placeholders for what the evidence does not tell, or hides.
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
    let launcher = incident.launcher.filter(|_| assumed(incident).is_none());
    let options = match (launcher, arn.and_then(|arn| PrincipalArn::parse(arn).ok())) {
        (Some(launcher), _) => options.option("--starter", launcher.starter()).option("--account", account(incident)),
        (None, Some(principal)) => options.with(&option(&principal)),
        (None, None) => options.option("--role-arn", some_role(incident)),
    };
    in_region(options, incident)
}

/// The account of the principal, else that of the key, as far as they are told.
fn account(incident: &Incident) -> Word {
    let principal = refusal(incident).and_then(|refusal| refusal.principal.split(':').nth(4));
    let mut named = principal.into_iter().chain(incident.keys.iter().map(KeyArn::account));
    let account = named.find_map(|account| AccountId::parse(account).ok());
    account.as_ref().map_or_else(|| Word::blank("ACCOUNT"), Word::from)
}

/// A role of the principal's account, or of the one that EC2's own identity acted for, as far as that is told.
fn some_role(incident: &Incident) -> Word {
    let principal = refusal(incident).and_then(|refusal| refusal.principal.split(':').nth(4));
    let account = principal.and_then(|account| AccountId::parse(account).ok());
    let account = account.as_ref().map_or_else(|| Word::blank("ACCOUNT"), Word::from);
    // Of a masked session the role's name may still stand there.
    let resource = refusal(incident).and_then(|refusal| refusal.principal.splitn(6, ':').nth(5));
    let name = resource.and_then(|resource| resource.strip_prefix("assumed-role/")?.split('/').next());
    let name = name.and_then(|name| IamName::parse(name).ok());
    let name = name.as_ref().map_or_else(|| Word::blank("NAME"), Word::from);
    Word::from("arn:aws:iam::").then(account).then(":role/").then(name)
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
