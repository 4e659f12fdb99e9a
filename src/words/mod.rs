//! Words that more than one format says.

pub(crate) mod json;
mod layout;
mod was_read;

pub(crate) use layout::{Page, compact};
pub(crate) use was_read::was_read;

use jiff::{SignedDuration, Timestamp};

use crate::capture::Handed;
use crate::command::Command;
use crate::engine::{ContextValue, Decider, Decision, Element, Miss, deciders};
use crate::event::{Denial, PolicyKind, Refusal};
use crate::findings::{
    Code, Evidence, Finding, OpenQuestion, PlacedStatement, Severity, StatementRole, place, push_new,
};
use crate::names::{PrincipalArn, kind_and_name};
use crate::operations::{Assumption, Level, RequestOutcome, Requester, Resolution, Step};
use crate::policy::PolicyType;

use crate::outcome::{Report, Start};

pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Undecided => "undecided",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A decision in a table or line: "denied" only where a Deny is to be looked for.
pub(crate) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ExplicitDeny => "denied",
        Decision::ImplicitDeny => "not allowed",
        Decision::Unknown => "not known",
    }
}

/// What a finding says, of the `role` or `user` that starts the instance.
pub(crate) fn title(code: Code, noun: &str) -> String {
    code.title().replace("role", noun)
}

fn policy_type(kind: PolicyType, noun: &str) -> String {
    let name = match kind {
        PolicyType::Identity => return format!("policy of the {noun}"),
        PolicyType::Boundary => "permissions boundary",
        PolicyType::Session => "session policy",
        PolicyType::Scp => "SCP",
        PolicyType::Rcp => "RCP",
        PolicyType::KeyPolicy => "key policy",
    };
    name.to_owned()
}

/// What a blocker means for the start, in one sentence for the head of the report.
pub(crate) fn cause(finding: &Finding, start: &Start) -> String {
    let key = finding.keys.first().map(|key| {
        let row = start.volumes.iter().find(|row| row.key.known() == Some(key));
        row.and_then(|row| row.aliases.first()).map_or_else(|| key.key_id().to_owned(), Clone::clone)
    });
    let key = key.unwrap_or_default();
    let encrypted = start.volumes.iter().filter(|row| row.key.known().is_some()).count();
    let volumes = match finding.volumes.as_slice() {
        [_] if encrypted == 1 => "its encrypted volume needs".to_owned(),
        [one] => format!("its volume {one} needs"),
        several if encrypted == several.len() => format!("its {encrypted} encrypted volumes need"),
        several => format!("{} of its {encrypted} encrypted volumes need", several.len()),
    };
    let key = if finding.keys.len() > 1 {
        format!("{} KMS keys ({key} and others)", finding.keys.len())
    } else {
        format!("KMS key {key}")
    };
    let requests = || finding.requests.iter().filter_map(|position| start.judged.get(*position));
    if is_only_documented(finding, start) {
        let actions: Vec<&str> = finding.actions.clone();
        let others = start.findings.iter().filter(|one| one.severity == Severity::Blocker).count() > 1;
        let more = if others { " and more" } else { "" };
        return format!("{}{more} is documented for EBS encryption, and a start does without", actions.join(", "));
    }
    if requests().any(|judged| judged.case.row.by == Requester::Role) {
        "the call StartInstances itself is refused".to_owned()
    } else if requests().any(|judged| judged.case.row.by == Requester::Infrastructure) {
        format!("{volumes} {key}, with which EC2 itself may not decrypt")
    } else if !finding.requests.is_empty() {
        format!("{volumes} {key}, which this {} cannot use through EC2", start.noun())
    } else if finding.keys.is_empty() {
        title(finding.code, start.noun())
    } else {
        format!("{volumes} {key}, which nobody can use as it is")
    }
}

/// Whether a finding concerns only requests that AWS documents for EBS encryption and that no start was seen to need.
pub(crate) fn is_only_documented(finding: &Finding, start: &Start) -> bool {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    !finding.requests.is_empty() && requests.all(|judged| judged.case.row.level == Level::Documented)
}

/// What people see when a start fails for this finding.
pub(crate) fn symptom(finding: &Finding, start: &Start) -> Option<&'static str> {
    if finding.code == Code::CallerNotAdmitted {
        return Some("sts:AssumeRole answers AccessDenied, and nobody calls StartInstances");
    }
    if finding.evidence.iter().any(|fact| matches!(fact, Evidence::After { .. })) {
        return None;
    }
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    let first = requests.find(|judged| judged.case.row.level == Level::Start)?;
    match (finding.severity, first.case.row.by) {
        (Severity::Blocker, Requester::Role) => {
            Some("StartInstances answers UnauthorizedOperation; the instance stays stopped")
        }
        (Severity::Blocker, Requester::RoleThroughEc2 | Requester::Infrastructure) => {
            Some("StartInstances answers OK; then pending → stopped, Client.InternalError")
        }
        (Severity::Undecided | Severity::Warning | Severity::Note, _) => None,
    }
}

/// What allows the grant that EC2 makes, each once, and who then decrypts.
pub(crate) fn allowed_by(start: &Start) -> Option<String> {
    let grants = start.judged.iter().filter(|judged| judged.case.row.step == Step::CreateGrant);
    let allowing = grants.flat_map(|judged| {
        let deciders = deciders(&judged.case.request, &judged.explanation).into_iter();
        deciders.filter_map(|decider| match decider {
            Decider::Statement(at, index) => Some(statement(&place(&judged.case.policies, at, index), start.noun())),
            Decider::Grant(_) => Some("a grant on the key".to_owned()),
            Decider::Type(_) | Decider::Grants => None,
        })
    });
    let mut names: Vec<String> = Vec::new();
    allowing.for_each(|name| push_new(&mut names, name));
    let decrypts = "EC2 then decrypts by that grant as its own role aws:ec2-infrastructure";
    (!names.is_empty()).then(|| format!("kms:CreateGrant allowed by {}; {decrypts}", names.join(" and ")))
}

/// What the asker stated, or else what is assumed, of all starts; the time of the read says no more than the report.
pub(crate) fn taken_for_granted(report: &Report, is_stated: bool) -> String {
    let taken = report.starts().flat_map(|start| &start.assumptions);
    let taken = taken.filter(|one| matches!(one, Assumption::Stated { .. }) == is_stated);
    let mut taken: Vec<String> =
        taken.filter(|one| **one != Assumption::EvaluatedAt(report.read.until)).map(assumption).collect();
    taken.sort();
    taken.dedup();
    taken.join(", ")
}

/// A statement as people find it: policy, Sid or number, line.
fn statement(placed: &PlacedStatement, noun: &str) -> String {
    let policy = match placed.at.kind {
        PolicyType::KeyPolicy => placed.policy.clone(),
        kind @ (PolicyType::Identity
        | PolicyType::Boundary
        | PolicyType::Session
        | PolicyType::Scp
        | PolicyType::Rcp) => format!("{} {}", policy_type(kind, noun), placed.policy),
    };
    format!("{policy}, {}", in_policy(placed))
}

/// A statement within its policy: Sid or number, line.
fn in_policy(placed: &PlacedStatement) -> String {
    let name = match &placed.sid {
        Some(sid) if !sid.is_empty() => format!("statement \"{sid}\""),
        Some(_) | None => format!("statement {}", placed.index + 1),
    };
    let place = placed.position.map(|position| format!(", line {}", position.line)).unwrap_or_default();
    format!("{name}{place}")
}

/// What decides a request: a statement, a grant, or the policy type that does not allow.
pub(crate) fn decider(decider: Decider, judged: &RequestOutcome, noun: &str) -> String {
    match decider {
        Decider::Statement(at, index) => statement(&place(&judged.case.policies, at, index), noun),
        Decider::Grant(position) => {
            let grant = judged.case.policies.grants.get(position);
            let id = grant.map(|grant| &*grant.id).filter(|id| !id.is_empty());
            id.map_or_else(|| "the grant that EC2 makes at the start".to_owned(), |id| format!("grant {id}"))
        }
        Decider::Type(kind) => policy_type(kind, noun),
        Decider::Grants => "grants".to_owned(),
    }
}

/// A fact as label and lines, of the `role` or `user` that starts the instance.
pub(crate) fn fact(fact: &Evidence, noun: &'static str) -> (&'static str, Vec<String>) {
    match fact {
        Evidence::Statement { at, role: StatementRole::Denies, conditions } => {
            ("denied by", std::iter::once(statement(at, noun)).chain(conditions.iter().map(miss)).collect())
        }
        Evidence::Statement { at, role: StatementRole::Delegates, .. } => {
            ("key policy", vec![format!("leaves it to the account's IAM policies ({})", in_policy(at))])
        }
        Evidence::Statement { at, role: StatementRole::Admits, .. } => ("admitted by", vec![statement(at, noun)]),
        Evidence::Statement { at, role: StatementRole::Asks, .. } => ("asked by", vec![statement(at, noun)]),
        Evidence::Nearest { at, misses } => {
            ("nearest", std::iter::once(statement(at, noun)).chain(misses.iter().map(miss)).collect())
        }
        Evidence::NoStatement { policies: 0 } => (noun, vec!["it has no policies".to_owned()]),
        Evidence::NoStatement { policies: 1 } => {
            (noun, vec!["1 policy read; no statement of it allows this".to_owned()])
        }
        Evidence::NoStatement { policies } => {
            (noun, vec![format!("{policies} policies read; no statement allows this")])
        }
        Evidence::Grant { id, grantee, operations, misses } => {
            let first = format!("{id} gives {} to {grantee}", operations.join(", "));
            let others = misses.iter().filter(|miss| miss.element != Element::GranteePrincipal);
            ("grant", std::iter::once(first).chain(others.map(miss)).collect())
        }
        Evidence::So(code) => ("so", vec![so(*code, noun)]),
        Evidence::After { code, action } => {
            let action = action.map(|action| format!("{action}: ")).unwrap_or_default();
            ("first", vec![format!("{action}{}: this cannot matter before that is cured ({code})", title(*code, noun))])
        }
        Evidence::Level { names, .. } if names.is_empty() => ("attached", vec!["no policy of this type".to_owned()]),
        Evidence::Level { level, names } => {
            let level = level.map(|level| format!(" (level {})", level + 1));
            ("attached", vec![names.join(", ") + &level.unwrap_or_default()])
        }
        Evidence::OpenQuestion(open) => ("open", vec![self::open(open, noun)]),
        Evidence::Refused { time, event, refusal } => {
            let event = if event.is_empty() { String::new() } else { format!(" (event {event})") };
            let time = time.map_or_else(|| "at a time that is not told".to_owned(), minute);
            ("refused", vec![format!("{time}, {}{}{event}", refusal.action, refused_by(refusal))])
        }
        Evidence::Changed { time, action } => ("changed", vec![format!("{}, {action}", minute(*time))]),
        Evidence::Undated(part) => {
            let may_be = "does not tell when it was read, and may be older than that";
            ("undated", vec![format!("{} (from {}) {may_be}", part.what, part.file)])
        }
        Evidence::State { name, value } => (*name, vec![value.clone()]),
        Evidence::Command { what, command } => (*what, vec![command.to_string()]),
    }
}

/// What follows for AWS's evaluation.
pub(crate) fn so(code: Code, noun: &str) -> String {
    format!("{} ({code})", title(code, noun))
}

/// One failing element: what it asks for, and what the request has.
pub(crate) fn miss(miss: &Miss) -> String {
    let expected = match miss.expected.as_slice() {
        [] => "missing, so the statement has no effect".to_owned(),
        expected => expected.join(", "),
    };
    let variables = miss.variables.iter().map(|(key, value)| match value {
        ContextValue::Single(value) => format!("; ${{{key}}} is {value}"),
        ContextValue::Absent => format!("; ${{{key}}} is absent"),
        ContextValue::Multi(_) => format!("; ${{{key}}} has several values, and so stands for none"),
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::NotKnown | ContextValue::Ec2Internal => {
            String::new()
        }
    });
    let mut more: String = variables.collect();
    if let (Element::Condition(operator, _), ContextValue::Multi(_)) = (&miss.element, &miss.actual)
        && operator.quantifier.is_none()
    {
        more.push_str("; a key with several values needs ForAnyValue or ForAllValues");
    }
    let actual = match &miss.actual {
        ContextValue::Absent => return format!("{}: {expected} (not in the request{more})", miss.element),
        ContextValue::Single(text) => text.to_string(),
        ContextValue::Multi(values) => values.join(", "),
        ContextValue::KnownPrefix(prefix) if !prefix.is_empty() => format!("{prefix}…"),
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::NotKnown => "not known".to_owned(),
        ContextValue::Ec2Internal => "EC2's own, none of yours".to_owned(),
    };
    format!("{}: {expected} (the request: {actual}{more})", miss.element)
}

pub(crate) fn open(open: &OpenQuestion, noun: &str) -> String {
    match open {
        OpenQuestion::Condition { holds, by, settles } => {
            format!("passes only if {holds}: {}{}", statement(by, noun), lacks(settles))
        }
        OpenQuestion::IncompleteArn { holds, by } => {
            format!("passes only if {holds}, of which AWS does not say how it is completed: {}", statement(by, noun))
        }
        OpenQuestion::Session { by } => format!("names one session of the role: {}", statement(by, noun)),
        OpenQuestion::Grant { holds, id, settles } => format!("grant {id} serves only if {holds}{}", lacks(settles)),
        OpenQuestion::NotPrincipal { by } => {
            format!("NotPrincipal with Allow, which AWS does not support: {}", statement(by, noun))
        }
        OpenQuestion::Unread { what, needs } => format!("not read: {what} (needs {needs})"),
        OpenQuestion::Untold { what, .. } => what.clone(),
    }
}

/// What was not read of that on which something hangs.
fn lacks(settles: &Resolution) -> String {
    match settles {
        Resolution::Read { what, needs, .. } => format!("; not read: {what} (needs {needs})"),
        Resolution::Stated(_) | Resolution::SessionTags(_) | Resolution::SessionName | Resolution::Nobody => {
            String::new()
        }
    }
}

pub(crate) fn assumption(assumption: &Assumption) -> String {
    match assumption {
        Assumption::NoSessionPolicy => "no session policy".to_owned(),
        Assumption::SessionPoliciesAddUp => "several session policies add up, as managed ones do".to_owned(),
        Assumption::NoSessionTags => "no session tags".to_owned(),
        Assumption::OrganizationAllows => "SCPs and RCPs that were not read allow it".to_owned(),
        Assumption::EvaluatedAt(time) => format!("evaluated at {}", minute(*time)),
        Assumption::Dated { at, dates } => {
            format!("the time is {}, which policies compare with {}", minute(*at), dates.join(" and "))
        }
        Assumption::Usual { key, value } => format!("{key} is {value}"),
        Assumption::Stated { flag, value } if value.is_empty() => format!("--{flag}"),
        Assumption::Stated { flag, value } => format!("--{flag} {value}"),
        Assumption::KnownManagedKeyPolicy => "the key policy of aws/ebs is AWS's known one".to_owned(),
    }
}

/// What a start is READY by and nobody has read: ` (assumed: …)`, or nothing.
pub(super) fn assumed(start: &Start) -> String {
    let each = start.rests_on.iter().map(|one| match one {
        Assumption::OrganizationAllows => "SCPs and RCPs allow".to_owned(),
        Assumption::KnownManagedKeyPolicy => "AWS's known key policy of aws/ebs".to_owned(),
        Assumption::SessionPoliciesAddUp => "session policies add up as managed ones do".to_owned(),
        Assumption::NoSessionPolicy
        | Assumption::NoSessionTags
        | Assumption::EvaluatedAt(_)
        | Assumption::Dated { .. }
        | Assumption::Usual { .. }
        | Assumption::Stated { .. } => assumption(one),
    });
    let each = each.collect::<Vec<_>>().join(", ");
    if each.is_empty() { each } else { format!(" (assumed: {each})") }
}

/// What was handed in, from where, and how old it is.
pub(crate) fn handed(handed: &Handed, now: Timestamp) -> String {
    let age = handed.read.map(|read| {
        let age = now.duration_since(read);
        let days = age.as_hours() / 24;
        let age = match days {
            _ if age.abs().as_mins() == 0 => "as the rest".to_owned(),
            _ if age.is_negative() => "after the rest".to_owned(),
            0 => "less than a day before the rest".to_owned(),
            1 => "1 day before the rest".to_owned(),
            _ => format!("{days} days before the rest"),
        };
        format!(", read {}, {age}", minute(read))
    });
    let age = age.unwrap_or_else(|| ", which does not tell when it was read".to_owned());
    format!("{} (from {}{age})", handed.what, handed.file)
}

/// An age as people say it, in whole days: `6 days ago`.
pub(crate) fn ago(age: SignedDuration) -> String {
    match age.as_hours() / 24 {
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// A time as people read it: `2026-11-24 09:12 UTC`.
pub(crate) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A role, user or group as people say it: `role scheduler/StartJob`; of a session with its name.
pub(crate) fn identity(arn: &str) -> String {
    format!("{} {}", kind_and_name(arn).0, path_and_name(arn))
}

/// The role or user that starts an instance; with its account where the report is on another of that name, too.
pub(crate) fn starter(report: &Report, arn: &str) -> String {
    let (_, name) = kind_and_name(arn);
    match arn.split(':').nth(4) {
        Some(account) if report.shared_names.contains(name) => format!("{} of account {account}", identity(arn)),
        _ => identity(arn),
    }
}

/// The option that names a role, a session or a user: `--role-arn arn:…`.
pub(crate) fn option(arn: &PrincipalArn) -> Command {
    let option = if matches!(arn, PrincipalArn::Role(_)) { "--role-arn" } else { "--principal-arn" };
    Command::options().option(option, arn)
}

/// Path and name in the ARN of a role, user or group.
pub(crate) fn path_and_name(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/')).map_or(arn, |(_, name)| name)
}

/// Why a request was refused, behind what it was.
pub(crate) fn refused_by(refusal: &Refusal) -> String {
    match (refusal.denial, refusal.policy) {
        (Denial::Explicit, Some(kind)) => format!(": explicit deny in {}", with_article(kind)),
        (Denial::Explicit, None) => ": explicit deny".to_owned(),
        (Denial::Implicit, Some(kind)) => format!(": no {} allows it", kind.as_str()),
        (Denial::Implicit, None) => ": no policy allows it".to_owned(),
        (Denial::Hidden, _) => "; AWS hides the cause".to_owned(),
        (Denial::None | Denial::Untold, _) => "; the message does not say which policy type".to_owned(),
    }
}

/// A policy type with its article.
pub(crate) fn with_article(kind: PolicyKind) -> String {
    let article = if kind == PolicyKind::Identity { "an" } else { "a" };
    format!("{article} {}", kind.as_str())
}
