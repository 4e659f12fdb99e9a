//! One finding per cause, over all its requests, what to fix first before the rest.

use crate::capture::{Capture, Target};
use crate::engine::Decision;
use crate::source::Reading;
use crate::start::{Judged, Level, Question, Require, StartPlan};

use super::caller::caller;
use super::cause::{Cause, cause};
use super::facts::{NOT_THE_KEY, facts};
use super::{Code, Fact, Finding, Severity, StatementRole, open, push_new};

/// Everything that is to be said of one start.
pub(crate) fn findings(
    capture: &Capture,
    target: &Target,
    question: &Question,
    plan: &StartPlan<'_>,
    judged: &[Judged],
) -> Vec<Finding> {
    let mut findings = facts(capture, question, plan, judged);
    if matches!(capture.identities.get(&target.role_arn), Some(Reading::Absent)) {
        findings.push(Finding::new(Code::RoleMissing, Severity::Blocker, Vec::new()));
    } else {
        findings.extend(plan.caller.as_ref().map(caller));
        findings.extend(denied(judged, question));
        findings.extend(undecided(capture, judged, question));
    }
    findings.sort_by_key(|finding| (finding.severity, rank(finding)));
    wait(&mut findings);
    last_start(&mut findings);
    findings
}

/// Says whether what was found explains why the last start failed.
fn last_start(findings: &mut [Finding]) {
    let is_blocked = findings.iter().any(|finding| finding.severity == Severity::Blocker);
    let Some(finding) = findings.iter_mut().find(|finding| finding.code == Code::LastStartFailed) else { return };
    let key_is_out = finding.evidence.contains(&Fact::state("the key", NOT_THE_KEY));
    let value = match (key_is_out, is_blocked) {
        (true, _) => return,
        (false, true) => "what stops it above explains it",
        (false, false) => "no permission or key state that was read explains it; what did may be cured since",
    };
    finding.evidence.push(Fact::state("so", value));
}

/// What must be cured first: what exists and in which state, then denies, then lacks, in the order of the requests.
fn rank(finding: &Finding) -> (u8, usize, Code) {
    let denies =
        finding.evidence.iter().any(|fact| matches!(fact, Fact::Statement { role: StatementRole::Denies, .. }));
    let group = match finding.code.group() {
        "05" => 0,
        "04" => 1,
        "01" | "03" if denies => 2,
        "01" | "03" => 3,
        _ => 4,
    };
    (group, finding.requests.first().copied().unwrap_or_default(), finding.code)
}

/// Says of what concerns a key that cannot be used, or follows on an instance that cannot be started, that it waits.
fn wait(findings: &mut [Finding]) {
    let is_first = |finding: &&Finding| {
        let bars = matches!(finding.code, Code::ForeignManagedKey | Code::ForeignInstance)
            || matches!(finding.code.group(), "04" | "05");
        bars && finding.severity == Severity::Blocker
    };
    let first: Vec<(Code, Vec<_>)> =
        findings.iter().filter(is_first).map(|finding| (finding.code, finding.keys.clone())).collect();
    for finding in findings.iter_mut().filter(|finding| matches!(finding.code.group(), "01" | "02" | "03" | "06")) {
        let waits = first.iter().find(|(code, keys)| {
            let all = !finding.keys.is_empty() && finding.keys.iter().all(|key| keys.contains(key));
            *code != finding.code && (keys.is_empty() || all)
        });
        finding.evidence.extend(waits.map(|(code, _)| Fact::After(*code)));
    }
}

/// Whether the start hangs on this request.
pub(crate) fn is_required(judged: &Judged, question: &Question) -> bool {
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
        let mut evidence = cause.evidence.clone();
        if severity != Severity::Blocker {
            evidence.insert(0, Fact::So(cause.code));
        }
        let same = findings.iter_mut().find(|(other, finding)| {
            finding.code == code && (severity != Severity::Blocker || same_cause(other, &cause))
        });
        if let Some((_, finding)) = same {
            add(finding, position, request);
            if severity != Severity::Blocker {
                for fact in evidence {
                    push_new(&mut finding.evidence, fact);
                }
            }
        } else {
            let mut finding = Finding::new(code, severity, evidence);
            add(&mut finding, position, request);
            findings.push((cause, finding));
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether two requests are denied for one reason: by the same statements, or short of the same ones.
fn same_cause(one: &Cause, other: &Cause) -> bool {
    let places = |cause: &Cause| -> Vec<_> {
        cause.evidence.iter().filter_map(Fact::statement).map(|placed| (placed.at, placed.index)).collect()
    };
    one.code == other.code && places(one) == places(other)
}

fn add(finding: &mut Finding, position: usize, request: &Judged) {
    push_new(&mut finding.requests, position);
    push_new(&mut finding.actions, request.case.row.action);
    if let Some(key) = &request.case.key {
        push_new(&mut finding.keys, key.clone());
    }
    if let Some(volume) = &request.case.volume {
        push_new(&mut finding.volumes, volume.clone());
    }
}

/// One finding for each kind of thing that is not known, over the requests on which the start hangs.
fn undecided(capture: &Capture, judged: &[Judged], question: &Question) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let is_gone = |request: &Judged| {
        let key = request.case.key.as_ref().and_then(|key| capture.keys.get(key));
        key.is_some_and(|key| matches!(key.metadata, Reading::Absent))
    };
    for (position, request) in judged.iter().enumerate() {
        if request.decision != Decision::Unknown || !is_required(request, question) || is_gone(request) {
            continue;
        }
        for fact in open(request) {
            let code = fact.code();
            let same = findings.iter().position(|finding| finding.code == code).unwrap_or_else(|| {
                findings.push(Finding::new(code, Severity::Undecided, Vec::new()));
                findings.len() - 1
            });
            let Some(finding) = findings.get_mut(same) else { continue };
            add(finding, position, request);
            push_new(&mut finding.evidence, Fact::Open(fact));
        }
    }
    findings
}
