//! The report as JSON, format version 1.

use jiff::Timestamp;
use serde::Serialize;

use crate::calls::{Missing, ScriptFor, wanted};
use crate::engine::deciders;
use crate::fact::Fact;
use crate::findings::{Evidence, Finding};
use crate::operations::{Level, RequestOutcome};

use super::remedy;
use crate::observed::{self, Observed};
use crate::outcome::{Report, Start, TargetError, TargetReport, VolumeRow};
use crate::words;
pub use crate::words::json::FORMAT_VERSION;
use crate::words::json::print;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    format_version: u32,
    tool: Tool,
    judged_at: Timestamp,
    verdict: &'static str,
    region: &'a str,
    region_source: &'a str,
    read: Read<'a>,
    model_date: &'static str,
    assumptions: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    handed: &'a [crate::capture::Handed],
    unread: &'a [Missing],
    to_read: Vec<ScriptFor>,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Who read, and when first and last.
#[derive(Serialize)]
pub(super) struct Read<'a> {
    by: Option<&'a String>,
    from: Timestamp,
    until: Timestamp,
    /// Whole days from the oldest part of the evidence to the time of asking, if that is more than one.
    #[serde(rename = "ageDays", skip_serializing_if = "Option::is_none")]
    age_days: Option<i64>,
    what: &'a [String],
}

pub(super) fn read(report: &Report) -> Read<'_> {
    let read = &report.read;
    let age_days = report.age(report.first_read()).map(|age| age.as_hours() / 24);
    Read { by: read.by.known(), from: read.from, until: read.until, age_days, what: &report.was_read }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target<'a> {
    instance_id: &'a str,
    role_arn: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<Vec<Volume<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Vec<Request<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingOut>>,
    /// Why this principal is judged, where events named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_from: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Observed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a TargetError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Volume<'a> {
    #[serde(rename = "volumeId")]
    id: &'a str,
    device: &'a str,
    encrypted: Option<bool>,
    key_arn: Option<&'a str>,
    aliases: &'a [String],
    key_state: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    row: u8,
    action: &'static str,
    resource: &'a str,
    principal: &'a str,
    volume_id: Option<&'a str>,
    level: &'static str,
    decision: &'static str,
    decided_by: Vec<String>,
    reasons: Vec<String>,
    missing: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindingOut {
    code: &'static str,
    severity: &'static str,
    title: String,
    subjects: Vec<String>,
    evidence: Vec<EvidenceOut>,
    /// The IDs of the events that confirm it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    confirmed_by: Vec<String>,
    remedies: Vec<remedy::RemedyOut>,
}

#[derive(Serialize)]
struct EvidenceOut {
    policy: Option<String>,
    path: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    fact: String,
}

/// An error instead of a report.
#[derive(Serialize)]
struct ErrorOut<'a> {
    code: &'a str,
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WholeError<'a> {
    format_version: u32,
    error: ErrorOut<'a>,
}

/// The report as pretty JSON with a line end.
pub fn render(report: &Report) -> String {
    let mut assumptions: Vec<String> =
        report.starts().flat_map(|start| &start.assumptions).map(words::assumption).collect();
    assumptions.sort();
    assumptions.dedup();
    print(&Whole {
        format_version: FORMAT_VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        judged_at: report.judged_at,
        verdict: report.verdict.as_str(),
        region: report.read.region.as_str(),
        region_source: &report.read.region_source,
        read: read(report),
        model_date: crate::operations::MODEL_DATE,
        assumptions,
        handed: &report.handed,
        unread: &report.unread,
        to_read: wanted(&report.unread),
        targets: report.targets.iter().map(|target| self::target(target, report)).collect(),
    })
}

/// An error as JSON.
pub fn render_error(code: &str, message: &str, help: &str) -> String {
    print(&WholeError { format_version: FORMAT_VERSION, error: ErrorOut { code, message, help } })
}

fn target<'a>(target: &'a TargetReport, report: &'a Report) -> Target<'a> {
    let start = target.outcome.as_ref().ok();
    let earlier = report.earlier.as_ref();
    let observed = start.map(|start| observed::observed(target, start, earlier)).unwrap_or_default();
    Target {
        instance_id: target.instance_id.as_str(),
        role_arn: &target.role_arn,
        region: report.read.region.as_str(),
        verdict: start.map(|start| start.verdict.as_str()),
        volumes: start.map(|start| start.volumes.iter().map(volume).collect()),
        requests: start.map(|start| start.judged.iter().map(|judged| request(judged, start)).collect()),
        findings: start.map(|start| {
            let findings = start.findings.iter().map(|finding| FindingOut {
                confirmed_by: observed::confirmed_by(finding, &observed),
                ..self::finding(finding, start)
            });
            findings.collect()
        }),
        principal_from: earlier.and_then(|earlier| earlier.starter.as_ref()).map(super::observed::principal_from),
        events: observed,
        error: target.outcome.as_ref().err(),
    }
}

fn volume(row: &VolumeRow) -> Volume<'_> {
    Volume {
        id: row.volume.as_str(),
        device: &row.device,
        encrypted: match &row.key {
            Fact::Known(_) => Some(true),
            Fact::Absent => Some(false),
            Fact::Unread(_) | Fact::Part { .. } => None,
        },
        key_arn: row.key.known().map(crate::names::KeyArn::as_str),
        aliases: &row.aliases,
        key_state: row.key_state.as_deref().filter(|state| !state.is_empty()),
    }
}

fn request<'a>(judged: &'a RequestOutcome, start: &Start) -> Request<'a> {
    let (case, noun) = (&judged.case, start.noun());
    Request {
        row: case.row.number,
        action: case.row.action,
        resource: case.request.resource(),
        principal: &case.request.principal.arn,
        volume_id: case.volume.as_ref().map(crate::names::VolumeId::as_str),
        level: match case.row.level {
            Level::Start => "start",
            Level::Documented => "documented",
        },
        decision: judged.decision.as_str(),
        decided_by: deciders(&case.request, &judged.explanation)
            .into_iter()
            .map(|decider| words::decider(decider, judged, noun))
            .collect(),
        reasons: crate::findings::reasons(judged).iter().flat_map(|fact| words::fact(fact, noun).1).collect(),
        missing: crate::findings::open(judged).iter().map(|open| words::open(open, noun)).collect(),
    }
}

pub(super) fn finding(finding: &Finding, start: &Start) -> FindingOut {
    let mut subjects: Vec<String> = finding.actions.iter().map(ToString::to_string).collect();
    subjects.extend(finding.keys.iter().map(ToString::to_string));
    subjects.extend(finding.volumes.iter().map(ToString::to_string));
    FindingOut {
        code: finding.code.id(),
        severity: words::severity(finding.severity),
        title: words::title(finding.code, start.noun()),
        subjects,
        evidence: finding.evidence.iter().map(|fact| evidence(fact, start.noun())).collect(),
        confirmed_by: Vec::new(),
        remedies: remedy::json(finding, start),
    }
}

fn evidence(fact: &Evidence, noun: &'static str) -> EvidenceOut {
    let placed = fact.statement();
    let position = placed.and_then(|placed| placed.position);
    let (label, lines) = words::fact(fact, noun);
    EvidenceOut {
        policy: placed.map(|placed| placed.policy.clone()),
        path: placed.map(|placed| format!("Statement/{}", placed.index)),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        fact: format!("{label}: {}", lines.join("; ")),
    }
}
