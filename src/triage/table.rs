//! The one table of what evidence comes to, what it proves and what it leaves open.

use super::{Outcome, is_infrastructure, is_through_ec2, stops_a_start};
use crate::capture::StateReasonMeaning;
use crate::event::{
    Conclusion, Denial, EventError, Incident, Inconclusive, InstanceState, Notice, Operation, PolicyKind, Refusal,
    Sign, SignKind, is_of_start, operations_of,
};
use crate::words::with_article;

/// What one incident comes to.
#[derive(Debug)]
pub(super) struct Weight {
    pub(super) outcome: Outcome,
    pub(super) proves: Vec<String>,
    pub(super) leaves_open: Vec<String>,
}

fn reading(outcome: Outcome, proves: &[&str], leaves_open: &[&str]) -> Weight {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    Weight { outcome, proves: texts(proves), leaves_open: texts(leaves_open) }
}

use Outcome::{Blocked, NotRefused, Undecided};

const STILL_SO: &str = "that it is still so: policies may have changed since";

/// Returns what an incident comes to.
pub(super) fn read(incident: &Incident) -> Weight {
    match &incident.told {
        Conclusion::Refused(refusal) => refused(incident, refusal),
        Conclusion::KeyUnusable { action, error } => key_unusable(incident, action, error),
        Conclusion::Failed { .. } => reading(Undecided, &[], &["that permissions and keys are in order"]),
        Conclusion::Granted { decrypted } => {
            let proof = if *decrypted {
                "this principal could use this key through EC2 at that moment, and so could EC2's own identity"
            } else {
                "this principal could create EC2's grant on this key at that moment"
            };
            reading(NotRefused, &[proof], &["that it is still so: policies or the key may have changed since"])
        }
        Conclusion::Silent(silence) => silent(*silence),
        Conclusion::State(state) => state_reason(state),
        Conclusion::Sign(sign) => of_sign(sign),
        Conclusion::Notice(notice) => of_notice(notice),
    }
}

fn refused(incident: &Incident, refusal: &Refusal) -> Weight {
    let stops = stops_a_start(incident, refusal);
    let mut leaves_open = if refusal.action.is_empty() {
        vec!["which request was refused: the text does not name it".to_owned()]
    } else if refusal.action == "sts:AssumeRole" {
        vec!["what the role may do, once somebody has assumed it".to_owned()]
    } else if !is_of_start(&refusal.action) && !stops {
        vec![match operations_of(&refusal.action) {
            [] => "anything about a start: no start makes this request".to_owned(),
            _ => "anything about a start: this request belongs to a copy".to_owned(),
        }]
    } else if !stops {
        vec!["that a start fails for it: it may be a use of the key without EC2, which no start needs".to_owned()]
    } else {
        let first = match (refusal.denial, refusal.policy) {
            (Denial::Implicit, Some(PolicyKind::Resource)) => "what the principal's own policies allow",
            (Denial::Hidden, _) => {
                "whether the key policy or the principal's own policies lack it, or whether the key is gone"
            }
            (Denial::Explicit | Denial::Implicit | Denial::None | Denial::Untold, _) => {
                "whether anything else denies it: AWS names one policy type only"
            }
        };
        vec![first.to_owned(), STILL_SO.to_owned()]
    };
    if let Some(hidden) = masked(refusal) {
        leaves_open.push(hidden);
    }
    let outcome = if stops { Blocked } else { Undecided };
    Weight { outcome, proves: vec![proof(incident, refusal)], leaves_open }
}

/// What somebody hid before the text was passed on.
fn masked(refusal: &Refusal) -> Option<String> {
    let hides = |arn: &str| arn.starts_with("arn:") && crate::event::is_masked(arn);
    let parts: Vec<&str> = [("principal", &refusal.principal), ("resource", &refusal.resource)]
        .into_iter()
        .filter(|(_, arn)| hides(arn))
        .map(|(part, _)| part)
        .collect();
    (!parts.is_empty()).then(|| format!("what is masked in the {}", parts.join(" and the ")))
}

fn proof(incident: &Incident, refusal: &Refusal) -> String {
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
            "the key policy neither allowed it nor enabled IAM policies"
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

fn key_unusable(incident: &Incident, action: &str, error: &EventError) -> Weight {
    // A key that somebody used without EC2 shows no start that failed.
    let is_direct = action.starts_with("kms:") && !incident.events.is_empty() && !is_through_ec2(incident);
    let outcome = if is_direct { Undecided } else { Blocked };
    if error.code.ends_with("CustomerKeyHasBeenRevoked") {
        reading(
            outcome,
            &["the volume's key could not be used at that moment"],
            &["whether a permission was lacking or the key was disabled: this code is AWS's word for both"],
        )
    } else {
        reading(
            outcome,
            &["the key's state stopped it at that moment, whoever asks"],
            &["that the principal may use the key once its state allows it"],
        )
    }
}

fn silent(silence: Inconclusive) -> Weight {
    let may_call = ["the principal may call ec2:StartInstances on this instance"];
    match silence {
        Inconclusive::OnlyAccepted => reading(
            NotRefused,
            &may_call,
            &[
                "that the instance reached running: the keys are used after the call",
                "anything by what is missing: events arrive minutes late, and a refusal is an event of its own",
            ],
        ),
        Inconclusive::DryRun => {
            reading(NotRefused, &may_call, &["anything about the keys: a dry run does not use them"])
        }
        Inconclusive::OnlyDecrypted => reading(
            NotRefused,
            &["the volume could be decrypted at that moment"],
            &["with whose permissions EC2's grant was made"],
        ),
        Inconclusive::Allowed => reading(
            NotRefused,
            &["no policy refused this request at that moment"],
            &["why the request failed: it may be for another reason than a permission"],
        ),
        Inconclusive::AtLaunch | Inconclusive::OtherGrant | Inconclusive::Change | Inconclusive::OtherRequest => {
            reading(NotRefused, &[], &["anything about a start"])
        }
    }
}

const WHICH: &str = "which key or volume it was, and who started the instance";

fn state_reason(state: &InstanceState) -> Weight {
    match state.meaning() {
        StateReasonMeaning::MaybeKey => reading(
            Undecided,
            &["the start was undone after EC2 had accepted it"],
            &[
                "whether a permission was lacking or the key's state stopped it: EC2 gives the same reasons for both",
                WHICH,
            ],
        ),
        StateReasonMeaning::NotKey => reading(
            Undecided,
            &["it failed for a reason that is neither a permission nor a key"],
            &["that permissions and keys are in order: they may fail next"],
        ),
        StateReasonMeaning::Unknown => reading(Undecided, &[], &["anything about permissions or keys"]),
        StateReasonMeaning::NoFailure => reading(NotRefused, &[], &["anything about permissions or keys"]),
    }
}

fn of_sign(sign: &Sign) -> Weight {
    const EITHER: &str =
        "whether a permission was lacking or the key's state stopped it: this text is the same for both";
    match sign.kind {
        SignKind::Console | SignKind::StateReason => {
            reading(Undecided, &["a start or a launch was undone after EC2 had accepted it"], &[EITHER, WHICH])
        }
        SignKind::VolumeGone => reading(
            Undecided,
            &["the volume did not exist at that moment"],
            &["why: EC2 takes back a new volume whose key could not be used, and says no more than this"],
        ),
        SignKind::Snapshot => {
            reading(Undecided, &["a copy or a backup could not use a key"], &[EITHER, "anything about a start"])
        }
        SignKind::Service => reading(Undecided, &["a service could not use a key for a launch"], &[EITHER]),
        SignKind::Waiter => reading(
            Undecided,
            &["the instance did not reach the state that the tool waited for"],
            &["why: EC2 tells its reason in the instance's StateReason only"],
        ),
    }
}

fn of_notice(notice: &Notice) -> Weight {
    let open = if notice.may_be_failure {
        "whether a permission or a key was the reason: this event does not tell"
    } else {
        "anything about a permission or a key"
    };
    reading(Undecided, &[], &[open])
}

/// Returns `true` for a refusal of a request that belongs to nothing which uses a volume's key.
pub(super) fn is_unrelated(incident: &Incident) -> bool {
    let Conclusion::Refused(refusal) = &incident.told else { return false };
    let service = refusal.action.split(':').next().unwrap_or_default();
    let is_copy = operations_of(&refusal.action).contains(&Operation::Copy);
    !refusal.action.is_empty() && !["ec2", "kms", "sts", "iam"].contains(&service) && !is_copy
}
