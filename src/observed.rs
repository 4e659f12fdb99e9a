//! What events of earlier starts say beside the judgement: an allow proves nothing, a refusal since the reads refutes READY.

use jiff::Timestamp;
use serde::Serialize;

use crate::engine::{Decider, Decision, deciders};
use crate::event::{Actor, Conclusion, Denial, Event, Incident, Inconclusive, PolicyKind, Refusal, Subject};
use crate::findings::{Code, Evidence, Finding, Severity, StatementRole, push_new};
use crate::names::{KeyArn, PrincipalArn, kind_and_name};
use crate::operations::{Level, RequestOutcome, Requester};
use crate::outcome::{Earlier, Since, Start, TargetReport};
use crate::policy::PolicyType;
use crate::triage::{is_infrastructure, what};
use crate::words;

/// One request of an earlier start, compared with the judgement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observed {
    pub(crate) time: Option<String>,
    pub(crate) event_ids: Vec<String>,
    pub(crate) what: String,
    /// What it means for the judgement.
    bears: Bearing,
    /// The findings that it confirms.
    confirms: Vec<&'static str>,
    pub(crate) says: String,
    /// Positions of the requests that it shows refused, although nothing that was read explains it.
    #[serde(skip)]
    unexplained: Vec<usize>,
}

/// How an event stands to the judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Bearing {
    /// It shows what was judged.
    Confirms,
    /// It shows the contrary of what was judged.
    Contradicts,
    /// It was allowed; what was not read leaves open whether it still is.
    ObservedAllow,
    /// It was refused; what was not read may have refused it.
    ObservedDenial,
    /// It says nothing of a request that was judged.
    Aside,
}

/// The incidents that concern this start, oldest first, each compared with the judgement; none where no events were
/// given.
pub(crate) fn observed(target: &TargetReport, start: &Start, earlier: Option<&Earlier>) -> Vec<Observed> {
    let incidents = earlier.map_or(&[][..], |earlier| &earlier.incidents);
    let of_start = incidents.iter().filter(|incident| concerns(incident, target, start) && !is_change(incident));
    of_start.map(|incident| compare(incident, start, &changes_since(incident, incidents, start))).collect()
}

/// The IDs of the events that confirm a finding.
pub(crate) fn confirmed_by(finding: &Finding, observed: &[Observed]) -> Vec<String> {
    let confirming = observed.iter().filter(|one| one.confirms.contains(&finding.code.id()));
    confirming.flat_map(|one| one.event_ids.iter().cloned()).collect()
}

fn concerns(incident: &Incident, target: &TargetReport, start: &Start) -> bool {
    let is_instance = incident.instances.contains(&target.instance_id);
    let is_volume = incident.volumes.iter().any(|volume| start.volumes.iter().any(|row| row.volume == *volume));
    let is_key =
        incident.keys.iter().any(|key| start.volumes.iter().any(|row| row.key.known().is_some_and(|own| own == key)));
    match &incident.actor {
        Some(Actor::Role { arn, .. } | Actor::User { arn }) => {
            is_starter(arn, &start.principal) && (is_instance || is_volume || is_key)
        }
        Some(Actor::Infrastructure | Actor::Service { .. } | Actor::Account { .. } | Actor::Other) | None => {
            is_instance || is_volume
        }
    }
}

/// Whether the ARN of an event, the role's or its session's or the user's, is that of the principal that is judged.
fn is_starter(arn: &str, own: &str) -> bool {
    match (PrincipalArn::parse(arn), PrincipalArn::parse(own)) {
        (Ok(seen), Ok(own)) => seen.is_same_as(&own),
        (_, _) => arn == own,
    }
}

/// What refutes the judgement: refusals of requests on which the start hangs, later than the evidence, that nothing which
/// was read explains. `None` if there is none.
///
/// A record is stronger than a judgement of what was read before it; one from before the reads may be cured since. What
/// was handed in without a date may be older than any record, and an error text without a time later than any read.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
pub(crate) fn refuted(target: &TargetReport, start: &Start, earlier: &Earlier, since: &Since) -> Option<Finding> {
    let mut finding = Finding::new(Code::RefusedSince, Severity::Undecided, Vec::new());
    for incident in earlier.incidents.iter().filter(|incident| concerns(incident, target, start)) {
        let Conclusion::Refused(refusal) = &incident.told else { continue };
        let Some((time, event)) = refused_at(incident, refusal, since) else { continue };
        for position in compare(incident, start, &[]).unexplained {
            let Some(judged) = start.judged.get(position) else { continue };
            push_new(&mut finding.requests, position);
            push_new(&mut finding.actions, judged.case.row.action);
            judged.case.key.iter().for_each(|key| push_new(&mut finding.keys, key.clone()));
            judged.case.volume.iter().for_each(|volume| push_new(&mut finding.volumes, volume.clone()));
            let (event, refusal) = (event.to_owned(), Box::new(refusal.clone()));
            push_new(&mut finding.evidence, Evidence::Refused { time, event, refusal });
        }
    }
    if finding.requests.is_empty() {
        return None;
    }
    let events = earlier.incidents.iter().flat_map(|incident| &incident.events);
    let changes = events.filter(|event| event.is_change() && bears_on(event, start));
    for (time, action) in changes.filter_map(|event| Some((event.time?, event.action.clone()))) {
        if since.is_before(time) {
            push_new(&mut finding.evidence, Evidence::Changed { time, action });
        }
    }
    let is_after_all =
        |one: &Evidence| !matches!(one, Evidence::Refused { time: Some(time), .. } if *time < since.read);
    if !finding.evidence.iter().all(is_after_all) {
        finding.evidence.extend(since.undated.iter().cloned().map(Evidence::Undated));
    }
    Some(finding)
}

impl Since {
    /// Whether the evidence, or a part of it, may be older than a record of this time.
    fn is_before(&self, time: Timestamp) -> bool {
        time >= self.read || !self.undated.is_empty()
    }
}

/// When the request of a start was refused, as far as that is told, with the ID of the record, if that may be later than
/// the evidence. What the principal asks of KMS by itself is another request than what EC2 asks for it.
fn refused_at<'i>(incident: &'i Incident, refusal: &Refusal, since: &Since) -> Option<(Option<Timestamp>, &'i str)> {
    let is_it = |event: &&Event| {
        event.error.is_some()
            && event.action == refusal.action
            && (event.by_ec2 || event.actor == Actor::Infrastructure || !event.action.starts_with("kms:"))
    };
    let (time, id) = match incident.events.iter().find(is_it) {
        Some(event) => (event.time, event.event_id.as_str()),
        // The text of an error alone.
        None if incident.events.is_empty() => (incident.time, ""),
        None => return None,
    };
    time.is_none_or(|time| since.is_before(time)).then_some((time, id))
}

fn compare(incident: &Incident, start: &Start, changes: &[&Event]) -> Observed {
    let infrastructure = if let Conclusion::Refused(refusal) = &incident.told {
        is_infrastructure(incident, refusal)
    } else {
        incident.actor == Some(Actor::Infrastructure)
    };
    let judged = |action: &str| -> Vec<(usize, &RequestOutcome)> {
        let of_key = |judged: &RequestOutcome| {
            incident.keys.is_empty() || judged.case.key.as_ref().is_none_or(|key| incident.keys.contains(key))
        };
        let numbered = start.judged.iter().enumerate();
        let same = numbered.filter(|(_, judged)| {
            judged.case.row.action.eq_ignore_ascii_case(action)
                && (judged.case.row.by == Requester::Infrastructure) == infrastructure
                && of_key(judged)
        });
        same.collect()
    };
    let is_denied = |(_, judged): &(usize, &RequestOutcome)| judged.decision.is_denied();
    let is_unknown = |(_, judged): &(usize, &RequestOutcome)| judged.decision == Decision::Unknown;
    let (mut confirms, mut unexplained) = (Vec::new(), Vec::new());
    let (bears, says) = match &incident.told {
        Conclusion::Refused(refusal) => {
            let requests = judged(&refusal.action);
            let of_start = requests.iter().filter(|(_, judged)| judged.case.row.level == Level::Start);
            unexplained = of_start.map(|(position, _)| *position).collect();
            if requests.is_empty() {
                (Bearing::Aside, "no request of this start".to_owned())
            } else if requests.iter().any(is_denied) {
                let (alike, others) = codes(start, &requests, refusal);
                confirms = alike;
                let but = others.join(", ");
                if confirms.is_empty() {
                    (Bearing::Contradicts, contradicts(&format!("denied otherwise ({but})"), changes))
                } else if others.is_empty() {
                    (Bearing::Confirms, format!("confirms {}", confirms.join(", ")))
                } else {
                    (Bearing::Confirms, format!("confirms {}; it does not show {but}", confirms.join(", ")))
                }
            } else if let Some(kind) = refusal.policy.filter(|kind| !is_open(*kind, &requests)) {
                (Bearing::Contradicts, contradicts(&format!("not refused by any {}", kind.as_str()), changes))
            } else if refusal.policy == Some(PolicyKind::VpcEndpoint) || requests.iter().any(is_unknown) {
                (Bearing::ObservedDenial, "what was not read, or is not known, may have refused it".to_owned())
            } else {
                (Bearing::Contradicts, contradicts("allowed", changes))
            }
        }
        Conclusion::Granted { .. } => {
            let requests = judged("kms:CreateGrant");
            if requests.iter().any(is_denied) {
                (Bearing::Contradicts, contradicts("denied", changes))
            } else if requests.iter().any(is_unknown) {
                if changes.is_empty() {
                    let says = "observed allow; no change of a policy since is among the events".to_owned();
                    (Bearing::ObservedAllow, says)
                } else {
                    (Bearing::Aside, format!("it was allowed then, which proves nothing now; {}", changed(changes)))
                }
            } else {
                (Bearing::Confirms, "as judged".to_owned())
            }
        }
        Conclusion::KeyUnusable { .. } => {
            let keys = |finding: &&Finding| finding.keys.iter().any(|key| incident.keys.contains(key));
            let stops = start.findings.iter().filter(keys).filter(|finding| finding.severity == Severity::Blocker);
            confirms = stops.map(|finding| finding.code.id()).collect();
            if confirms.is_empty() {
                (Bearing::Aside, "the key's state, as it was then".to_owned())
            } else {
                (Bearing::Confirms, format!("confirms {}", confirms.join(", ")))
            }
        }
        Conclusion::Failed { .. }
        | Conclusion::Silent(_)
        | Conclusion::State(_)
        | Conclusion::Sign(_)
        | Conclusion::Notice(_) => (Bearing::Aside, "proves nothing of the keys".to_owned()),
    };
    // What was not known before is not refuted.
    let is_explained = match bears {
        Bearing::Contradicts => false,
        Bearing::ObservedDenial => {
            unexplained.iter().all(|at| start.judged.get(*at).is_none_or(|judged| judged.decision == Decision::Unknown))
        }
        Bearing::Confirms | Bearing::ObservedAllow | Bearing::Aside => true,
    };
    if is_explained {
        unexplained.clear();
    }
    Observed {
        unexplained,
        time: incident.time.map(words::minute),
        event_ids: incident.events.iter().map(|event| event.event_id.clone()).filter(|id| !id.is_empty()).collect(),
        what: what(incident),
        bears,
        confirms,
        says,
    }
}

/// The type as this program reads it; policies of VPC endpoints it does not read.
fn policy_type(kind: PolicyKind) -> Option<PolicyType> {
    Some(match kind {
        PolicyKind::Identity => PolicyType::Identity,
        PolicyKind::Resource => PolicyType::KeyPolicy,
        PolicyKind::Boundary => PolicyType::Boundary,
        PolicyKind::Session => PolicyType::Session,
        PolicyKind::Scp => PolicyType::Scp,
        PolicyKind::Rcp => PolicyType::Rcp,
        PolicyKind::VpcEndpoint => return None,
    })
}

/// Whether the policy type that refused then could still refuse one of these requests, by what was not read.
fn is_open(kind: PolicyKind, requests: &[(usize, &RequestOutcome)]) -> bool {
    // What is never read may always refuse.
    let Some(kind) = policy_type(kind) else { return true };
    requests
        .iter()
        .flat_map(|(_, judged)| deciders(&judged.case.request, &judged.explanation))
        .any(|decider| decider == Decider::Type(kind))
}

/// The findings of these requests that deny as the refusal tells, and the others that deny. Where AWS names a policy that
/// does not allow, no Deny applied; it names one policy type, though several may refuse.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
fn codes(
    start: &Start,
    requests: &[(usize, &RequestOutcome)],
    refusal: &Refusal,
) -> (Vec<&'static str>, Vec<&'static str>) {
    let is_deny = |fact: &Evidence| matches!(fact, Evidence::Statement { role: StatementRole::Denies, .. });
    let of_these = start.findings.iter().filter(|finding| {
        finding.severity <= Severity::Warning
            && finding.code != Code::RefusedSince
            && finding.requests.iter().any(|position| requests.iter().any(|(number, _)| number == position))
    });
    let named = refusal.policy.and_then(policy_type);
    let (alike, others): (Vec<&Finding>, Vec<&Finding>) = of_these.partition(|finding| {
        let has_deny = finding.evidence.iter().any(is_deny);
        let in_way = match refusal.denial {
            Denial::Explicit => has_deny,
            Denial::Implicit => !has_deny,
            Denial::Hidden | Denial::None | Denial::Untold => true,
        };
        let types = finding.policy_types();
        in_way
            && (types.is_empty() || named.is_none_or(|named| types.iter().any(|own| is_alike(*own, named, has_deny))))
    });
    let ids = |findings: Vec<&Finding>| findings.into_iter().map(|finding| finding.code.id()).collect();
    (ids(alike), ids(others))
}

/// Whether AWS may name the one type where this program finds the other: of a key policy and identity-based policies that
/// both lack an Allow it names either.
fn is_alike(own: PolicyType, named: PolicyType, is_deny: bool) -> bool {
    let together = [PolicyType::Identity, PolicyType::KeyPolicy];
    own == named || (!is_deny && together.contains(&own) && together.contains(&named))
}

fn contradicts(judged: &str, changes: &[&Event]) -> String {
    let why = if changes.is_empty() {
        "no change of a policy in between is among the events, so either one is missing there or the judgement is wrong"
            .to_owned()
    } else {
        changed(changes)
    };
    format!("contradicts the judgement, by which it is {judged}: {why}")
}

fn changed(changes: &[&Event]) -> String {
    let each: Vec<String> = changes
        .iter()
        .map(|event| format!("{} at {}", event.action, event.time.map(words::minute).unwrap_or_default()))
        .collect();
    if each.is_empty() { String::new() } else { format!("since then: {}", each.join(", ")) }
}

fn is_change(incident: &Incident) -> bool {
    incident.told == Conclusion::Silent(Inconclusive::Change)
}

/// Changes after the incident that bear on this start, oldest first.
fn changes_since<'i>(incident: &Incident, incidents: &'i [Incident], start: &Start) -> Vec<&'i Event> {
    let events = incidents.iter().flat_map(|incident| &incident.events);
    let after = events.filter(|event| event.is_change() && event.time > incident.time);
    let mut changes: Vec<&Event> = after.filter(|event| bears_on(event, start)).collect();
    changes.sort_by_key(|event| event.time);
    changes
}

/// Whether a change may bear on the start. What the record does not tell, or was not read, leaves it open.
fn bears_on(event: &Event, start: &Start) -> bool {
    let (kind, name) = kind_and_name(&start.principal);
    let is_key = |id: &str| {
        let is_of = |key: &KeyArn| key.as_str() == id || (key.key_id() == id && key.region() == event.region);
        start.volumes.iter().any(|row| row.key.known().map_or(row.key.unread().is_some(), is_of))
    };
    let is_policy = |arn: &str| {
        let own = kind_and_name(arn).1;
        start.judged.iter().any(|judged| {
            let policies = &judged.case.policies;
            policies.identity.iter().chain(&policies.boundary).any(|one| one.name == own || one.document.is_none())
        })
    };
    let bears = |subject: &Subject| match subject {
        Subject::Key(id) => is_key(id),
        Subject::Role(of) => kind == "role" && of == name,
        Subject::User(of) => kind == "user" && of == name,
        // Which groups the user is in, the judgement does not keep.
        Subject::Group(_) => kind == "user",
        Subject::Policy(arn) => is_policy(arn),
    };
    event.subjects.is_empty() || event.subjects.iter().any(bears)
}
