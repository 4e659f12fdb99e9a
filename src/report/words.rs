//! Words that more than one format says.

use jiff::Timestamp;

use crate::capture::Handed;
use crate::engine::{ContextValue, Decision, Miss};
use crate::findings::{Fact, Open, PlacedStatement, Severity, StatementRole};
use crate::policy::PolicyType;
use crate::start::Assumption;

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

pub(super) fn policy_type(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::Identity => "policy of the role",
        PolicyType::Boundary => "permissions boundary",
        PolicyType::Session => "session policy",
        PolicyType::Scp => "SCP",
        PolicyType::Rcp => "RCP",
        PolicyType::KeyPolicy => "key policy",
    }
}

/// A statement as people find it: policy, Sid or number, line.
pub(super) fn statement(placed: &PlacedStatement) -> String {
    let policy = match placed.at.kind {
        PolicyType::KeyPolicy => placed.policy.clone(),
        kind @ (PolicyType::Identity
        | PolicyType::Boundary
        | PolicyType::Session
        | PolicyType::Scp
        | PolicyType::Rcp) => {
            format!("{} {}", policy_type(kind), placed.policy)
        }
    };
    let name = match &placed.sid {
        Some(sid) if !sid.is_empty() => format!("statement \"{sid}\""),
        Some(_) | None => format!("statement {}", placed.index + 1),
    };
    let place = placed.position.map(|position| format!(", line {}", position.line)).unwrap_or_default();
    format!("{policy}, {name}{place}")
}

/// A fact as label and lines.
pub(super) fn fact(fact: &Fact) -> (String, Vec<String>) {
    match fact {
        Fact::Statement { at, role } => {
            let label = match role {
                StatementRole::Denies => "denied by",
                StatementRole::Delegates => "key policy",
            };
            let words = match role {
                StatementRole::Denies => statement(at),
                StatementRole::Delegates => {
                    format!("leaves it to the account's IAM policies ({})", statement(at))
                }
            };
            (label.to_owned(), vec![words])
        }
        Fact::Nearest { at, misses } => {
            let mut lines = vec![format!("{} comes nearest; it does not fit in", statement(at))];
            lines.extend(misses.iter().map(miss));
            ("nearest".to_owned(), lines)
        }
        Fact::NoStatement { policies: 0 } => ("role".to_owned(), vec!["it has no policies".to_owned()]),
        Fact::NoStatement { policies } => {
            let many = if *policies == 1 { "policy" } else { "policies" };
            ("role".to_owned(), vec![format!("{policies} {many} read; no statement allows this action")])
        }
        Fact::Grant { id, grantee, misses } => {
            let mut lines = vec![format!("{id} is for {grantee} and does not serve")];
            lines.extend(misses.iter().map(miss));
            ("grant".to_owned(), lines)
        }
        Fact::Level { level, names } => {
            let names = if names.is_empty() { "none attached".to_owned() } else { names.join(", ") };
            (format!("level {level}"), vec![names])
        }
        Fact::Open(open) => ("open".to_owned(), vec![self::open(open)]),
        Fact::State { name, value } => ((*name).to_owned(), vec![value.clone()]),
        Fact::Command { what, line } => ((*what).to_owned(), vec![line.clone()]),
    }
}

/// One failing element: what it asks for, and what the request has.
pub(crate) fn miss(miss: &Miss) -> String {
    let expected = match miss.expected.as_slice() {
        [] => "missing, so the statement has no effect".to_owned(),
        expected => expected.join(", "),
    };
    format!("{}: {expected} (the request: {})", miss.element, value(&miss.actual))
}

/// A context value as a reader sees it.
fn value(value: &ContextValue) -> String {
    match value {
        ContextValue::Single(text) => text.to_string(),
        ContextValue::Multi(values) => values.join(", "),
        ContextValue::Absent => "not in the request".to_owned(),
        ContextValue::KnownPrefix(prefix) if prefix.is_empty() => "not known".to_owned(),
        ContextValue::KnownPrefix(prefix) => format!("{prefix}…"),
        ContextValue::OneOf(_) | ContextValue::NotKnown => "not known".to_owned(),
        ContextValue::Foreign => "EC2's own, none of yours".to_owned(),
    }
}

pub(super) fn open(open: &Open) -> String {
    match open {
        Open::ContextKey { key: _, condition } => format!("allowed if {condition}"),
        Open::SessionName => "a policy names a session of the role, and the session's name is not known".to_owned(),
        Open::Unread { what, needs } if needs.is_empty() => format!("not known: {what}"),
        Open::Unread { what, needs } => format!("not read: {what} (needs {needs})"),
    }
}

/// What settles an open question.
pub(super) fn settle(open: &Open) -> Option<String> {
    match open {
        Open::ContextKey { key, .. } if key.eq_ignore_ascii_case("aws:SourceIp") => Some(
            "--source-ip ADDRESS for the call itself, --context aws:SourceIp=ADDRESS for what EC2 forwards".to_owned(),
        ),
        Open::ContextKey { key, .. } => Some(format!("--context {key}=VALUE")),
        Open::SessionName => Some("--session-name NAME".to_owned()),
        Open::Unread { needs, .. } if needs.starts_with("organizations:") => {
            Some("--org-profile PROFILE, or --assume-org-allows to state that they allow it".to_owned())
        }
        Open::Unread { .. } => None,
    }
}

pub(super) fn assumption(assumption: &Assumption) -> String {
    match assumption {
        Assumption::NoSessionPolicy => "no session policy".to_owned(),
        Assumption::NoSessionTags => "no session tags".to_owned(),
        Assumption::OrganizationAllows => "SCPs and RCPs that were not read allow it".to_owned(),
        Assumption::EvaluatedAt(time) => format!("evaluated at {time}"),
        Assumption::KnownManagedKeyPolicy => "the key policy of aws/ebs is AWS's known one".to_owned(),
    }
}

/// What was handed in, from where, and how old it is.
pub(super) fn handed(handed: &Handed, now: Timestamp) -> String {
    let age = handed.read.map(|read| {
        let days = now.duration_since(read).as_hours() / 24;
        let age = match days {
            ..0 => "after the rest".to_owned(),
            0 => "less than a day before the rest".to_owned(),
            1 => "1 day before the rest".to_owned(),
            _ => format!("{days} days before the rest"),
        };
        format!(", read {read}, {age}")
    });
    format!("{} (from {}{})", handed.what, handed.file, age.unwrap_or_default())
}

/// Path and name of a role's ARN.
pub(super) fn path_and_name(arn: &str) -> &str {
    arn.split_once(":role/").or_else(|| arn.split_once(":assumed-role/")).map_or(arn, |(_, name)| name)
}
