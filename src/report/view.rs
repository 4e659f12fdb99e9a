//! A report as its formats show it: JSON is a view serialized, text is written from one, `diff` compares two.

use jiff::Timestamp;
use serde::Serialize;

use crate::calls::{Missing, ScriptFor, wanted};
use crate::command::Command;
use crate::engine::{Decision, deciders};
use crate::fact::Fact;
use crate::findings::{Evidence, Finding};
use crate::names::{AliasName, Arn, KeyArn, VolumeId};
use crate::observed::{self, Observed};
use crate::operations::{Level, RequestOutcome, Requester};
use crate::outcome::{Report, Start, TargetError, TargetReport, Verdict, VolumeRow};
use crate::words;
use crate::words::Source;
use crate::words::json::FORMAT_VERSION;

use super::answer::Answer;
use super::groups::{Group, groups};
use super::next::{self, Step};
use super::remedy::{self, RemedyOut};

/// A report with everything worked out that a format shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View<'a> {
    #[serde(skip)]
    pub(super) report: &'a Report,
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
    pub(super) to_read: Vec<ScriptFor>,
    /// Several starts by what they have in common.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    pub(super) targets: Vec<TargetView<'a>>,
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

/// One target, judged or not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetView<'a> {
    #[serde(skip)]
    pub(super) target: &'a TargetReport,
    #[serde(skip)]
    pub(super) start: Option<&'a Start>,
    instance_id: &'a str,
    role_arn: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(flatten)]
    pub(super) answer: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) volumes: Option<Vec<VolumeView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Vec<RequestView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FindingView<'a>>>,
    /// Why this principal is judged, where events named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_from: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Observed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a TargetError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VolumeView<'a> {
    #[serde(rename = "volumeId")]
    pub(super) id: &'a str,
    pub(super) device: &'a str,
    pub(super) encrypted: Option<bool>,
    pub(super) key_arn: Option<&'a str>,
    pub(super) aliases: &'a [AliasName],
    pub(super) key_state: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestView<'a> {
    pub(super) row: u8,
    pub(super) action: &'static str,
    pub(super) resource: &'a str,
    principal: &'a str,
    pub(super) volume_id: Option<&'a str>,
    level: &'static str,
    #[serde(rename = "decision")]
    pub(super) decided: &'static str,
    pub(super) decided_by: Vec<String>,
    reasons: Vec<String>,
    missing: Vec<String>,
    #[serde(skip)]
    pub(super) decision: Decision,
    #[serde(skip)]
    pub(super) step: crate::operations::Step,
    #[serde(skip)]
    pub(super) by: Requester,
    #[serde(skip)]
    pub(super) license: Option<&'a Arn>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindingView<'a> {
    #[serde(skip)]
    pub(super) finding: &'a Finding,
    pub(super) code: &'static str,
    pub(super) severity: &'static str,
    pub(super) title: String,
    subjects: Vec<String>,
    pub(super) evidence: Vec<EvidenceView<'a>>,
    /// The IDs of the events that confirm it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) confirmed_by: Vec<String>,
    remedies: Vec<RemedyOut>,
    /// The ways in which it is settled, where it is not decided.
    #[serde(skip)]
    pub(super) steps: Vec<Step>,
    /// What was not read and bears on it.
    #[serde(skip)]
    pub(super) unread: Vec<&'a Missing>,
}

#[derive(Serialize)]
pub(super) struct EvidenceView<'a> {
    policy: Option<String>,
    path: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    fact: String,
    #[serde(skip)]
    pub(super) label: &'static str,
    #[serde(skip)]
    pub(super) lines: Vec<String>,
    /// Where it stands in a policy.
    #[serde(skip)]
    pub(super) sources: Vec<Source>,
    /// What is to be typed, if it is that.
    #[serde(skip)]
    pub(super) command: Option<&'a Command>,
}

impl<'a> View<'a> {
    /// Returns the view of a report.
    pub(super) fn of(report: &'a Report) -> Self {
        let mut assumptions: Vec<String> =
            report.starts().flat_map(|start| &start.assumptions).map(words::assumption).collect();
        assumptions.sort();
        assumptions.dedup();
        let read = &report.read;
        let targets: Vec<_> = report.targets.iter().map(|target| TargetView::of(target, report)).collect();
        Self {
            report,
            format_version: FORMAT_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            judged_at: report.judged_at,
            verdict: report.verdict.as_str(),
            region: read.region.as_str(),
            region_source: &read.region_source,
            read: self::read(report),
            model_date: crate::operations::MODEL_DATE,
            assumptions,
            handed: &report.handed,
            unread: &report.unread,
            to_read: wanted(&report.unread),
            groups: if targets.len() > 1 { groups(&targets) } else { Vec::new() },
            targets,
        }
    }

    /// The view with the starts of these verdicts alone, if any are given.
    pub(super) fn only(mut self, verdicts: &[Verdict]) -> Self {
        if !verdicts.is_empty() {
            self.targets.retain(|target| target.start.is_none_or(|start| verdicts.contains(&start.verdict)));
            self.groups = if self.groups.is_empty() { Vec::new() } else { groups(&self.targets) };
        }
        self
    }
}

pub(super) fn read(report: &Report) -> Read<'_> {
    let read = &report.read;
    let age_days = report.age(report.first_read()).map(|age| age.as_hours() / 24);
    Read { by: read.by.known(), from: read.from, until: read.until, age_days, what: &report.was_read }
}

impl<'a> TargetView<'a> {
    fn of(target: &'a TargetReport, report: &'a Report) -> Self {
        let start = target.outcome.as_ref().ok();
        let earlier = report.earlier.as_ref();
        let observed = start.map(|start| observed::observed(target, start, earlier)).unwrap_or_default();
        let finding = |finding, start| FindingView {
            confirmed_by: observed::confirmed_by(finding, &observed),
            ..FindingView::of(finding, report, target, start)
        };
        let findings: Option<Vec<_>> =
            start.map(|start| start.findings.iter().map(|one| finding(one, start)).collect());
        let answer = start.zip(findings.as_deref());
        Self {
            target,
            start,
            instance_id: target.instance_id.as_str(),
            role_arn: &target.role_arn,
            region: report.read.region.as_str(),
            verdict: start.map(|start| start.verdict.as_str()),
            volumes: start.map(|start| start.volumes.iter().map(VolumeView::of).collect()),
            requests: start.map(|start| start.judged.iter().map(|judged| RequestView::of(judged, start)).collect()),
            answer: answer.map(|(start, findings)| Answer::of(report, target, start, findings)),
            findings,
            principal_from: earlier.and_then(|earlier| earlier.starter.as_ref()).map(super::observed::principal_from),
            events: observed,
            error: target.outcome.as_ref().err(),
        }
    }

    pub(super) fn requests(&self) -> &[RequestView<'a>] {
        self.requests.as_deref().unwrap_or_default()
    }

    pub(super) fn findings(&self) -> &[FindingView<'a>] {
        self.findings.as_deref().unwrap_or_default()
    }
}

impl<'a> VolumeView<'a> {
    fn of(row: &'a VolumeRow) -> Self {
        Self {
            id: row.volume.as_str(),
            device: &row.device,
            encrypted: match &row.key {
                Fact::Known(_) => Some(true),
                Fact::Absent => Some(false),
                Fact::Unread(_) | Fact::Part { .. } => None,
            },
            key_arn: row.key.known().map(KeyArn::as_str),
            aliases: &row.aliases,
            key_state: row.key_state.as_deref().filter(|state| !state.is_empty()),
        }
    }
}

impl<'a> RequestView<'a> {
    fn of(judged: &'a RequestOutcome, start: &Start) -> Self {
        let (case, who) = (&judged.case, start.principal.as_str());
        let deciders = deciders(&case.request, &judged.explanation).into_iter();
        Self {
            row: case.row.step.number(),
            step: case.row.step,
            action: case.row.action,
            resource: case.request.resource(),
            principal: &case.request.principal.arn,
            volume_id: case.volume.as_ref().map(VolumeId::as_str),
            level: match case.row.level {
                Level::Start => "start",
                Level::Documented => "documented",
            },
            decided: judged.decision.as_str(),
            decided_by: deciders.map(|decider| words::decider(decider, judged, who)).collect(),
            reasons: crate::findings::reasons(judged).iter().flat_map(|fact| words::fact(fact, who).1).collect(),
            missing: crate::findings::open(judged).iter().map(|open| words::open(open, who)).collect(),
            decision: judged.decision,
            by: case.row.by,
            license: case.license.as_ref(),
        }
    }
}

impl<'a> FindingView<'a> {
    fn of(finding: &'a Finding, report: &'a Report, target: &TargetReport, start: &'a Start) -> Self {
        let mut subjects: Vec<String> = finding.actions.iter().map(ToString::to_string).collect();
        subjects.extend(finding.keys.iter().map(ToString::to_string));
        subjects.extend(finding.volumes.iter().map(ToString::to_string));
        Self {
            finding,
            code: finding.code.id(),
            severity: words::severity(finding.severity),
            title: words::title(finding.code, start.noun()),
            subjects,
            evidence: finding.evidence.iter().map(|fact| EvidenceView::of(fact, finding, start)).collect(),
            confirmed_by: Vec::new(),
            remedies: remedy::json(finding, start),
            steps: next::steps(report, target, start, finding),
            unread: next::items(report, finding).collect(),
        }
    }

    /// Returns `true` for two findings on the same thing.
    pub(super) fn is_same(&self, other: &FindingView<'_>) -> bool {
        let of = |view: &FindingView<'a>| (view.finding.code, view.finding.severity, view.finding.actions.clone());
        let (own, other) = (of(self), (other.finding.code, other.finding.severity, other.finding.actions.clone()));
        own == other
    }
}

impl<'a> EvidenceView<'a> {
    fn of(fact: &'a Evidence, finding: &Finding, start: &Start) -> Self {
        let placed = fact.statement();
        let position = placed.and_then(|placed| placed.position);
        let (label, lines) = words::fact(fact, &start.principal);
        Self {
            policy: placed.map(|placed| placed.policy.clone()),
            path: placed.map(|placed| format!("Statement/{}", placed.index)),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            fact: format!("{label}: {}", lines.join("; ")),
            label,
            lines,
            sources: words::sources(fact, finding, start),
            command: if let Evidence::Command { command, .. } = fact { Some(command) } else { None },
        }
    }
}
