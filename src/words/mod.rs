//! Words that more than one format says.

mod cause;
mod excerpt;
pub(crate) mod json;
mod layout;
mod was_read;

pub(crate) use cause::{cause, key_name, ready};
pub(crate) use excerpt::sources;
pub use layout::Screen;
pub(crate) use layout::{Page, Source, Tone, compact};
pub(crate) use was_read::was_read;

use jiff::{SignedDuration, Timestamp};

use crate::capture::Handed;
use crate::command::Command;
use crate::engine::{ContextValue, Decider, Decision, Element, Miss};
use crate::event::{Denial, PolicyKind, Refusal};
use crate::findings::{Code, Evidence, Finding, OpenQuestion, PlacedStatement, Severity, StatementRole, place};
use crate::names::{PrincipalArn, kind_and_name};
use crate::operations::{Assumption, Level, RequestOutcome, Requester, Resolution};
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

/// Whether a finding concerns only requests that AWS documents for EBS encryption and that no start was seen to need.
pub(crate) fn is_only_documented(finding: &Finding, start: &Start) -> bool {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    !finding.requests.is_empty() && requests.all(|judged| judged.case.row.level == Level::Documented)
}

/// What people see when a start fails for this finding.
pub(crate) fn symptom(finding: &Finding, start: &Start) -> Option<&'static str> {
    if finding.code == Code::CallerNotAdmitted {
        return Some("sts:AssumeRole returns AccessDenied, and nobody calls StartInstances");
    }
    if finding.evidence.iter().any(|fact| matches!(fact, Evidence::After { .. })) {
        return None;
    }
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    let first = requests.find(|judged| judged.case.row.level == Level::Start)?;
    match (finding.severity, first.case.row.by) {
        (Severity::Blocker, Requester::Role) => {
            Some("StartInstances returns UnauthorizedOperation; the instance stays stopped")
        }
        (Severity::Blocker, Requester::RoleThroughEc2 | Requester::Infrastructure) => {
            Some("StartInstances returns OK, then pending → stopped, Client.InternalError")
        }
        (Severity::Undecided | Severity::Warning | Severity::Note, _) => None,
    }
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

/// A statement as people find it: policy, Sid or number, line; `who` is the ARN of the principal.
pub(crate) fn statement(placed: &PlacedStatement, who: &str) -> String {
    format!("{}, {}", policy(placed, who), in_policy(placed))
}

/// The policy of a statement as people find it.
pub(crate) fn policy(placed: &PlacedStatement, who: &str) -> String {
    let (kind, label, name) = (placed.at.kind, &placed.label, &placed.policy);
    let text =
        if label.text.is_empty() { format!("{} {name}", policy_type(kind, noun(who))) } else { label.text.to_string() };
    match kind {
        PolicyType::KeyPolicy => name.clone(),
        PolicyType::Identity | PolicyType::Boundary if !label.text.is_empty() => match &label.group {
            Some(group) => format!("{text} of group {group}"),
            None => format!("{text} of {}", identity(who)),
        },
        PolicyType::Identity | PolicyType::Boundary | PolicyType::Session | PolicyType::Scp | PolicyType::Rcp => text,
    }
}

/// `role` or `user`: what the ARN is of.
fn noun(who: &str) -> &'static str {
    kind_and_name(who).0
}

/// A statement within its policy: Sid or number, line.
pub(crate) fn in_policy(placed: &PlacedStatement) -> String {
    let name = match &placed.sid {
        Some(sid) if !sid.is_empty() => format!("statement \"{sid}\""),
        Some(_) | None => format!("statement {}", placed.index + 1),
    };
    let place = placed.position.map(|position| format!(", line {}", position.line)).unwrap_or_default();
    format!("{name}{place}")
}

/// What decides a request: a statement, a grant, or the policy type that does not allow.
pub(crate) fn decider(decider: Decider, judged: &RequestOutcome, who: &str) -> String {
    match decider {
        Decider::Statement(at, index) => statement(&place(&judged.case.policies, at, index), who),
        Decider::Grant(position) => {
            let grant = judged.case.policies.grants.get(position);
            let id = grant.map(|grant| &*grant.id).filter(|id| !id.is_empty());
            id.map_or_else(|| "the grant that EC2 creates".to_owned(), |id| format!("grant {id}"))
        }
        Decider::Type(kind) => policy_type(kind, noun(who)),
        Decider::Grants => "grants".to_owned(),
    }
}

/// A fact as label and lines; `who` is the ARN of the principal that starts the instance.
pub(crate) fn fact(fact: &Evidence, who: &str) -> (&'static str, Vec<String>) {
    let noun = noun(who);
    match fact {
        Evidence::Statement { at, role: StatementRole::Denies, conditions } => {
            ("denied by", std::iter::once(statement(at, who)).chain(conditions.iter().map(miss)).collect())
        }
        Evidence::Statement { at, role: StatementRole::Delegates, .. } => {
            ("key policy", vec![format!("enables IAM policies ({})", in_policy(at))])
        }
        Evidence::Statement { at, role: StatementRole::Admits, .. } => ("admitted by", vec![statement(at, who)]),
        Evidence::Statement { at, role: StatementRole::Asks, .. } => ("required by", vec![statement(at, who)]),
        Evidence::Nearest { at, misses } => {
            ("closest match", std::iter::once(statement(at, who)).chain(misses.iter().map(miss)).collect())
        }
        Evidence::NoStatement { policies: 0 } => (noun, vec!["it has no policies".to_owned()]),
        Evidence::NoStatement { policies: 1 } => (noun, vec!["1 policy read; it does not allow this".to_owned()]),
        Evidence::NoStatement { policies } => (noun, vec![format!("{policies} policies read; none allows this")]),
        Evidence::Grant { id, grantee, operations, misses } => {
            let first = format!("{id} gives {} to {grantee}", operations.join(", "));
            let others = misses.iter().filter(|miss| miss.element != Element::GranteePrincipal);
            ("grant", std::iter::once(first).chain(others.map(miss)).collect())
        }
        Evidence::So(code) => ("means", vec![so(*code, noun)]),
        Evidence::After { code, action } => {
            let action = action.map(|action| format!("{action}: ")).unwrap_or_default();
            ("fix first", vec![format!("{code}: {action}{}", title(*code, noun))])
        }
        Evidence::Level { names, .. } if names.is_empty() => ("attached", vec!["no policy of this type".to_owned()]),
        Evidence::Level { level, names } => {
            let level = level.map(|level| format!(" (level {})", level + 1));
            ("attached", vec![names.join(", ") + &level.unwrap_or_default()])
        }
        Evidence::OpenQuestion(open) => ("not known", vec![self::open(open, who)]),
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

/// One failing element: what it requires, and what the request has.
pub(crate) fn miss(miss: &Miss) -> String {
    let expected = match miss.expected.as_slice() {
        [] => "missing, so the statement has no effect".to_owned(),
        expected => expected.join(", "),
    };
    let (actual, more) = (actual(&miss.actual), more(miss));
    match actual {
        None => format!("{}: {expected} (not in the request{more})", miss.element),
        Some(actual) => format!("{}: {expected} (the request: {actual}{more})", miss.element),
    }
}

/// What the request has for a failing element, below the place where the element stands.
pub(crate) fn has(miss: &Miss) -> String {
    let operator =
        if let Element::Condition(operator, _) = &miss.element { format!("{operator}: ") } else { String::new() };
    let more = more(miss);
    match actual(&miss.actual) {
        None => format!("{operator}the request does not include it{more}"),
        Some(actual) => format!("{operator}the request has {actual}{more}"),
    }
}

fn actual(value: &ContextValue) -> Option<String> {
    Some(match value {
        ContextValue::Absent => return None,
        ContextValue::Single(text) => text.to_string(),
        ContextValue::Multi(values) => values.join(", "),
        ContextValue::KnownPrefix(prefix) if !prefix.is_empty() => format!("{prefix}…"),
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::NotKnown => {
            "a value that is not known".to_owned()
        }
        ContextValue::Ec2Internal => "EC2's own, none of yours".to_owned(),
    })
}

/// What policy variables stand for, and what a key with several values needs.
fn more(miss: &Miss) -> String {
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
    more
}

pub(crate) fn open(open: &OpenQuestion, who: &str) -> String {
    match open {
        OpenQuestion::Condition { holds, by, settles } => {
            format!("denied unless {holds}: {}{}", statement(by, who), lacks(settles))
        }
        OpenQuestion::IncompleteArn { holds, by } => {
            format!("denied unless {holds}, of which AWS does not say how it is completed: {}", statement(by, who))
        }
        OpenQuestion::Session { by } => format!("names one session of the role: {}", statement(by, who)),
        OpenQuestion::Grant { holds, id, settles } => format!("grant {id} serves only if {holds}{}", lacks(settles)),
        OpenQuestion::NotPrincipal { by } => {
            format!("NotPrincipal with Allow, which AWS does not support: {}", statement(by, who))
        }
        OpenQuestion::Unread { what, needs } => format!("not read: {what} (needs {needs})"),
        OpenQuestion::Untold { what, .. } => what.clone(),
    }
}

/// What was not read of that on which something depends.
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
