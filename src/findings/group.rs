//! One finding per cause, over all its requests, what to fix first before the rest.

use crate::capture::{Capture, Target};
use crate::engine::Decision;
use crate::source::Reading;
use crate::start::{Judged, Level, Question, Require, StartPlan};

use super::cause::{Cause, cause, open};
use super::facts::facts;
use super::{Code, Fact, Finding, Open, Severity};

/// Everything that is to be said of one start.
pub(crate) fn findings(
    capture: &Capture,
    target: &Target,
    question: &Question,
    plan: &StartPlan<'_>,
    judged: &[Judged],
) -> Vec<Finding> {
    let mut findings = facts(capture, plan, judged);
    if matches!(capture.roles.get(&target.role_arn), Some(Reading::Absent)) {
        findings.push(Finding::new(Code::RoleMissing, Severity::Blocker));
    } else {
        findings.extend(denied(judged, question));
        findings.extend(undecided(judged, question));
    }
    findings.sort_by_key(|finding| (finding.severity, rank(finding.code)));
    findings
}

/// What must be cured first: what exists and in which state, then denies, then lacks.
fn rank(code: Code) -> (u8, Code) {
    let group = match code.id().get(3..5) {
        Some("05") => 0,
        Some("04") => 1,
        _ if code.name().starts_with("explicit-deny") => 2,
        Some("01" | "03") => 3,
        _ => 4,
    };
    (group, code)
}

/// Whether the start hangs on this request.
fn is_required(judged: &Judged, question: &Question) -> bool {
    question.require == Require::Documented || judged.case.row.level == Level::Start
}

/// Findings for denied requests: required ones by cause, the others one warning and one note.
fn denied(judged: &[Judged], question: &Question) -> Vec<Finding> {
    let mut findings: Vec<(Cause, Finding)> = Vec::new();
    for (position, request) in judged.iter().enumerate() {
        let Some(cause) = cause(request) else { continue };
        let (code, severity) = match (is_required(request, question), request.case.row.number) {
            (true, _) => (cause.code, Severity::Blocker),
            (false, 3) => (Code::DecryptNotAllowed, Severity::Warning),
            (false, _) => (Code::LifeCycleNotAllowed, Severity::Note),
        };
        let same = findings.iter_mut().find(|(other, finding)| {
            finding.code == code && (severity != Severity::Blocker || same_cause(other, &cause))
        });
        if let Some((_, finding)) = same {
            add(finding, position, request);
            if severity != Severity::Blocker {
                cause.evidence.into_iter().for_each(|fact| push_new(&mut finding.evidence, fact));
            }
        } else {
            let mut finding = Finding { evidence: cause.evidence.clone(), ..Finding::new(code, severity) };
            add(&mut finding, position, request);
            findings.push((cause, finding));
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether two requests are denied for one reason: by the same statements, or short of the same ones.
fn same_cause(one: &Cause, other: &Cause) -> bool {
    let places = |cause: &Cause| -> Vec<_> {
        let place = |fact: &Fact| match fact {
            Fact::Statement { at, .. } | Fact::Nearest { at, .. } => Some((at.at, at.index)),
            Fact::NoStatement { .. }
            | Fact::Grant { .. }
            | Fact::Level { .. }
            | Fact::Open(_)
            | Fact::State { .. }
            | Fact::Command { .. } => None,
        };
        cause.evidence.iter().filter_map(place).collect()
    };
    one.code == other.code && places(one) == places(other)
}

fn add(finding: &mut Finding, position: usize, request: &Judged) {
    finding.requests.push(position);
    push_new(&mut finding.actions, request.case.row.action);
    if let Some(key) = &request.case.key {
        push_new(&mut finding.keys, key.clone());
    }
    if let Some(volume) = &request.case.volume {
        push_new(&mut finding.volumes, volume.clone());
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// One finding for all that is not known, over the requests on which the start hangs.
fn undecided(judged: &[Judged], question: &Question) -> Vec<Finding> {
    let mut finding = Finding::new(Code::NotDecided, Severity::Undecided);
    let mut open_facts: Vec<Open> = Vec::new();
    for (position, request) in judged.iter().enumerate() {
        if request.decision != Decision::Unknown || !is_required(request, question) {
            continue;
        }
        add(&mut finding, position, request);
        for fact in open(request) {
            push_new(&mut open_facts, fact);
        }
    }
    finding.evidence = open_facts.into_iter().map(Fact::Open).collect();
    if finding.requests.is_empty() { Vec::new() } else { vec![finding] }
}
