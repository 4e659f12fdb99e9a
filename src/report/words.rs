//! Words that more than one format says.

use jiff::{SignedDuration, Timestamp};

use crate::capture::Handed;
use crate::command::Command;
use crate::engine::{ContextValue, Decider, Decision, Element, Miss, deciders};
use crate::findings::{Code, Fact, Finding, Open, PlacedStatement, Severity, StatementRole, place, push_new};
use crate::names::{PrincipalArn, kind_and_name};
use crate::policy::PolicyType;
use crate::start::{Assumption, By, Judged, Level, Settles};

use super::{Report, Start};

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Undecided => "undecided",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A decision in a table or line: "denied" only where a Deny is to be looked for.
pub(super) fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ExplicitDeny => "denied",
        Decision::ImplicitDeny => "not allowed",
        Decision::Unknown => "not known",
    }
}

/// What a finding says, of the `role` or `user` that starts the instance.
pub(super) fn title(code: Code, noun: &str) -> String {
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
pub(super) fn cause(finding: &Finding, start: &Start) -> String {
    let key = finding.keys.first().map(|key| {
        let row = start.volumes.iter().find(|row| row.key.known() == Some(key));
        row.and_then(|row| row.aliases.first()).map_or_else(|| key.key_id().to_owned(), ToString::to_string)
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
    if requests().any(|judged| judged.case.row.by == By::Role) {
        "the call StartInstances itself is refused".to_owned()
    } else if requests().any(|judged| judged.case.row.by == By::Infrastructure) {
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
pub(super) fn is_only_documented(finding: &Finding, start: &Start) -> bool {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    !finding.requests.is_empty() && requests.all(|judged| judged.case.row.level == Level::Documented)
}

/// What people see when a start fails for this finding.
pub(super) fn symptom(finding: &Finding, start: &Start) -> Option<&'static str> {
    if finding.code == Code::CallerNotAdmitted {
        return Some("sts:AssumeRole answers AccessDenied, and nobody calls StartInstances");
    }
    if finding.evidence.iter().any(|fact| matches!(fact, Fact::After { .. })) {
        return None;
    }
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    let first = requests.find(|judged| judged.case.row.level == Level::Start)?;
    match (finding.severity, first.case.row.by) {
        (Severity::Blocker, By::Role) => {
            Some("StartInstances answers UnauthorizedOperation; the instance stays stopped")
        }
        (Severity::Blocker, By::RoleThroughEc2 | By::Infrastructure) => {
            Some("StartInstances answers OK; then pending → stopped, Client.InternalError")
        }
        (Severity::Undecided | Severity::Warning | Severity::Note, _) => None,
    }
}

/// What allows the grant that EC2 makes, each once, and who then decrypts.
pub(super) fn allowed_by(start: &Start) -> Option<String> {
    let grants = start.judged.iter().filter(|judged| judged.case.row.number == 2);
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
pub(super) fn taken_for_granted(report: &Report, is_stated: bool) -> String {
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
pub(super) fn decider(decider: Decider, judged: &Judged, noun: &str) -> String {
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
pub(super) fn fact(fact: &Fact, noun: &'static str) -> (&'static str, Vec<String>) {
    match fact {
        Fact::Statement { at, role: StatementRole::Denies, conditions } => {
            ("denied by", std::iter::once(statement(at, noun)).chain(conditions.iter().map(miss)).collect())
        }
        Fact::Statement { at, role: StatementRole::Delegates, .. } => {
            ("key policy", vec![format!("leaves it to the account's IAM policies ({})", in_policy(at))])
        }
        Fact::Statement { at, role: StatementRole::Admits, .. } => ("admitted by", vec![statement(at, noun)]),
        Fact::Statement { at, role: StatementRole::Asks, .. } => ("asked by", vec![statement(at, noun)]),
        Fact::Nearest { at, misses } => {
            ("nearest", std::iter::once(statement(at, noun)).chain(misses.iter().map(miss)).collect())
        }
        Fact::NoStatement { policies: 0 } => (noun, vec!["it has no policies".to_owned()]),
        Fact::NoStatement { policies: 1 } => (noun, vec!["1 policy read; no statement of it allows this".to_owned()]),
        Fact::NoStatement { policies } => (noun, vec![format!("{policies} policies read; no statement allows this")]),
        Fact::Grant { id, grantee, operations, misses } => {
            let first = format!("{id} gives {} to {grantee}", operations.join(", "));
            let others = misses.iter().filter(|miss| miss.element != Element::GranteePrincipal);
            ("grant", std::iter::once(first).chain(others.map(miss)).collect())
        }
        Fact::So(code) => ("so", vec![so(*code, noun)]),
        Fact::After { code, action } => {
            let action = action.map(|action| format!("{action}: ")).unwrap_or_default();
            ("first", vec![format!("{action}{}: this cannot matter before that is cured ({code})", title(*code, noun))])
        }
        Fact::Level { names, .. } if names.is_empty() => ("attached", vec!["no policy of this type".to_owned()]),
        Fact::Level { level, names } => {
            let level = level.map(|level| format!(" (level {})", level + 1));
            ("attached", vec![names.join(", ") + &level.unwrap_or_default()])
        }
        Fact::Open(open) => ("open", vec![self::open(open, noun)]),
        Fact::Refused { time, event, refusal } => {
            let event = if event.is_empty() { String::new() } else { format!(" (event {event})") };
            ("refused", vec![format!("{}, {}{}{event}", minute(*time), refusal.action, super::triage::cause(refusal))])
        }
        Fact::Changed { time, action } => ("changed", vec![format!("{}, {action}", minute(*time))]),
        Fact::State { name, value } => (*name, vec![value.clone()]),
        Fact::Command { what, command } => (*what, vec![command.to_string()]),
    }
}

/// What follows for AWS's evaluation.
pub(super) fn so(code: Code, noun: &str) -> String {
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
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::NotKnown | ContextValue::Foreign => {
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
        ContextValue::Foreign => "EC2's own, none of yours".to_owned(),
    };
    format!("{}: {expected} (the request: {actual}{more})", miss.element)
}

pub(super) fn open(open: &Open, noun: &str) -> String {
    match open {
        Open::Condition { holds, by, settles } => {
            format!("passes only if {holds}: {}{}", statement(by, noun), lacks(settles))
        }
        Open::Session { by } => format!("names one session of the role: {}", statement(by, noun)),
        Open::Grant { holds, id, settles } => format!("grant {id} serves only if {holds}{}", lacks(settles)),
        Open::NotPrincipal { by } => {
            format!("NotPrincipal with Allow, which AWS does not support: {}", statement(by, noun))
        }
        Open::Unread { what, needs } => format!("not read: {what} (needs {needs})"),
        Open::Untold { what, .. } => what.clone(),
    }
}

/// What was not read of that on which something hangs.
fn lacks(settles: &Settles) -> String {
    match settles {
        Settles::Read { what, needs, .. } => format!("; not read: {what} (needs {needs})"),
        Settles::Stated(_) | Settles::SessionTags(_) | Settles::SessionName | Settles::Nobody => String::new(),
    }
}

pub(super) fn assumption(assumption: &Assumption) -> String {
    match assumption {
        Assumption::NoSessionPolicy => "no session policy".to_owned(),
        Assumption::NoSessionTags => "no session tags".to_owned(),
        Assumption::OrganizationAllows => "SCPs and RCPs that were not read allow it".to_owned(),
        Assumption::EvaluatedAt(time) => format!("evaluated at {}", minute(*time)),
        Assumption::Dated { at, dates } => {
            format!("the time is {}, which policies compare with {}", minute(*at), dates.join(" and "))
        }
        Assumption::Usual { key, value } => format!("{key} is {value}"),
        Assumption::Stated { flag, value } => format!("--{flag} {value}"),
        Assumption::KnownManagedKeyPolicy => "the key policy of aws/ebs is AWS's known one".to_owned(),
    }
}

/// What was handed in, from where, and how old it is.
pub(super) fn handed(handed: &Handed, now: Timestamp) -> String {
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
pub(super) fn ago(age: SignedDuration) -> String {
    match age.as_hours() / 24 {
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// A time as people read it: `2026-11-24 09:12 UTC`.
pub(super) fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A role, user or group as people say it: `role scheduler/StartJob`; of a session with its name.
pub(super) fn identity(arn: &str) -> String {
    format!("{} {}", kind_and_name(arn).0, path_and_name(arn))
}

/// The role or user that starts an instance; with its account where the report is on another of that name, too.
pub(super) fn starter(report: &Report, arn: &str) -> String {
    let (_, name) = kind_and_name(arn);
    match arn.split(':').nth(4) {
        Some(account) if report.shared_names.contains(name) => format!("{} of account {account}", identity(arn)),
        _ => identity(arn),
    }
}

/// The option that names a role, a session or a user: `--role-arn arn:…`.
pub(super) fn option(arn: &PrincipalArn) -> Command {
    let option = if matches!(arn, PrincipalArn::Role(_)) { "--role-arn" } else { "--principal-arn" };
    Command::options().option(option, arn)
}

/// Path and name in the ARN of a role, user or group.
pub(super) fn path_and_name(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/')).map_or(arn, |(_, name)| name)
}
