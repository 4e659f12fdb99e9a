//! One finding per cause, over all its requests, what to fix first before the rest.

use std::collections::BTreeSet;

use crate::capture::{Capture, Target};
use crate::engine::Decision;
use crate::fact::Fact;
use crate::names::{KeyArn, VolumeId};
use crate::operations::{Level, Question, RequestOutcome, Requester, Require, StartPlan, Step};

use super::asked_keys::asked_keys;
use super::caller::caller;
use super::cause::{Cause, causes};
use super::facts::facts;
use super::instance::{MEANING, NOT_THE_KEY};
use super::time::changes_soon;
use super::{Code, Evidence, Finding, Group, Severity, StatementRole, open, push_new};

/// Everything that is to be said of one start.
pub(crate) fn findings(
    capture: &Capture,
    target: &Target,
    question: &Question,
    plan: &StartPlan<'_>,
    judged: &[RequestOutcome],
) -> Vec<Finding> {
    let mut findings = facts(capture, question, plan, judged);
    if matches!(capture.identity(&target.role_arn), Some((_, Fact::Absent))) {
        findings.push(Finding::new(Code::RoleMissing, Severity::Blocker, Vec::new()));
    } else {
        findings.extend(plan.caller.iter().map(caller));
        if plan.refuses_tags && plan.caller.is_empty() {
            let so = "AssumeRole with session tags fails: the role's trust policy does not allow sts:TagSession";
            let refused = Finding::new(Code::CallerNotAdmitted, Severity::Warning, vec![Evidence::state("means", so)]);
            findings.push(Finding { actions: vec!["sts:TagSession"], ..refused });
        }
        findings.extend(denied(judged, question));
        findings.extend(undecided(capture, judged, question));
        let told: Vec<_> = findings.iter().filter(|one| one.code == Code::ConditionKeyUnknown).collect();
        let is_told = |note: &Finding| {
            let mut statements = told.iter().flat_map(|one| &one.evidence).filter_map(Evidence::statement);
            statements.any(|told| note.evidence.iter().filter_map(Evidence::statement).any(|own| own == told))
        };
        let notes: Vec<Finding> = asked_keys(judged).into_iter().filter(|note| !is_told(note)).collect();
        findings.extend(notes);
        findings.extend(changes_soon(capture, target, question, judged));
    }
    let calls: Vec<bool> = judged.iter().map(|judged| judged.case.row.by == Requester::Role).collect();
    let is_of_call = |finding: &Finding| finding.requests.iter().any(|position| calls.get(*position) == Some(&true));
    // Findings of one rank stay in the order of their requests, and of one request in that of its causes.
    findings.sort_by_key(|finding| (finding.severity, rank(finding, is_of_call(finding))));
    wait(&mut findings, is_of_call);
    last_start(&mut findings, is_of_call);
    findings
}

/// Says whether what was found explains why the last start failed.
fn last_start(findings: &mut [Finding], is_of_call: impl Fn(&Finding) -> bool) {
    // That a launched instance is gone follows from what its reason tells.
    let is_cause = |one: &&Finding| one.severity == Severity::Blocker && one.code != Code::InstanceTerminated;
    let mut blockers = findings.iter().filter(is_cause).peekable();
    let is_blocked = blockers.peek().is_some();
    let explains = blockers.any(|finding| !is_of_call(finding));
    let Some(finding) = findings.iter_mut().find(|finding| finding.code == Code::LastStartFailed) else { return };
    let key_is_out = finding.evidence.contains(&Evidence::state("permission or key", NOT_THE_KEY));
    let value = match (key_is_out, explains, is_blocked) {
        (true, _, _) => return,
        (false, true, _) => "explained by what stops it above",
        (false, false, true) => {
            "a StartInstances that is refused does not explain it; its cause may have been fixed since"
        }
        (false, false, false) => {
            "no permission or key state that was read explains it; its cause may have been fixed since"
        }
    };
    if explains && !key_is_out {
        // What the reason may mean otherwise is settled.
        finding.evidence.retain(|fact| !matches!(fact, Evidence::State { name: MEANING, .. }));
    }
    finding.evidence.push(Evidence::state("means", value));
}

fn is_deny(fact: &Evidence) -> bool {
    matches!(fact, Evidence::Statement { role: StatementRole::Denies, .. })
}

/// What must be cured first: what exists, then the call itself, then the state of keys, then denies, then lacks, in
/// the order of the requests.
fn rank(finding: &Finding, is_of_call: bool) -> (u8, usize, Option<Code>) {
    let denies = finding.evidence.iter().any(is_deny);
    let group = match finding.code.group() {
        Group::Start => 0,
        Group::Cause | Group::Mistake if is_of_call && denies => 1,
        Group::Cause | Group::Mistake if is_of_call => 2,
        Group::Key => 3,
        Group::Cause | Group::Mistake if denies => 4,
        Group::Cause | Group::Mistake => 5,
        Group::Documented | Group::Open => 6,
    };
    // What is not known has no order of its own.
    let code = Some(finding.code).filter(|_| group == 6);
    (group, finding.requests.first().copied().unwrap_or_default(), code)
}

/// Says of what concerns a key that cannot be used, or follows on a call that is refused or on an instance that cannot
/// be started, that it waits.
fn wait(findings: &mut [Finding], is_of_call: impl Fn(&Finding) -> bool) {
    let is_first = |finding: &&Finding| {
        let bars = matches!(finding.code, Code::ForeignManagedKey | Code::ForeignInstance)
            || matches!(finding.code.group(), Group::Key | Group::Start)
            || is_of_call(finding);
        bars && finding.severity == Severity::Blocker
    };
    let call = |one: &Finding| one.actions.first().copied().filter(|_| is_of_call(one));
    let first: Vec<(Code, Vec<_>, Option<&str>)> =
        findings.iter().filter(is_first).map(|one| (one.code, one.keys.clone(), call(one))).collect();
    for finding in findings.iter_mut().filter(|finding| !matches!(finding.code.group(), Group::Key | Group::Start)) {
        let is_after = finding.evidence.iter().any(|fact| matches!(fact, Evidence::After { .. }));
        let waits = first.iter().find(|(code, keys, call)| {
            let all = !finding.keys.is_empty() && finding.keys.iter().all(|key| keys.contains(key));
            let is_other = if call.is_some() { !is_of_call(finding) } else { *code != finding.code };
            is_other && (all || keys.is_empty())
        });
        let waits = waits.map(|(code, _, action)| Evidence::After { code: *code, action: *action });
        finding.evidence.extend(waits.filter(|_| !is_after));
    }
}

/// Whether the start hangs on this request.
pub(crate) fn is_required(judged: &RequestOutcome, question: &Question) -> bool {
    question.require == Require::Documented || judged.case.row.level == Level::Start
}

/// Findings for denied requests: required ones by cause, the others one warning and one note.
fn denied(judged: &[RequestOutcome], question: &Question) -> Vec<Finding> {
    let mut findings: Vec<(Cause, Finding)> = Vec::new();
    let mut concerned = Concerned::default();
    for (position, request) in judged.iter().enumerate() {
        let causes = causes(request);
        let first = causes.first().map(|cause| cause.code);
        for (round, cause) in causes.into_iter().enumerate() {
            let (code, severity) = match (is_required(request, question), request.case.row.step) {
                (true, _) => (cause.code, Severity::Blocker),
                (false, Step::ForwardedDecrypt) => (Code::DecryptNotAllowed, Severity::Warning),
                (false, _) => (Code::LifeCycleNotAllowed, Severity::Note),
            };
            let is_same = |(other, finding): &(Cause, Finding)| {
                finding.code == code && (severity != Severity::Blocker || same_cause(other, &cause))
            };
            if severity != Severity::Blocker && round > 0 {
                // Told in short: of several causes the first.
                continue;
            }
            let so = (severity != Severity::Blocker).then_some(Evidence::So(cause.code));
            let is_denied = request.decision == Decision::ExplicitDeny;
            let lacks = !cause.evidence.iter().any(is_deny);
            let after = first.filter(|_| is_denied && lacks).map(|code| Evidence::After { code, action: None });
            let evidence: Vec<Evidence> = so.into_iter().chain(cause.evidence.iter().cloned()).chain(after).collect();
            if let Some((number, (_, finding))) = findings.iter_mut().enumerate().find(|(_, found)| is_same(found)) {
                concerned.add(number, finding, position, request);
                if severity != Severity::Blocker {
                    for fact in evidence {
                        push_new(&mut finding.evidence, fact);
                    }
                }
            } else {
                let mut finding = Finding::new(code, severity, evidence);
                concerned.add(findings.len(), &mut finding, position, request);
                findings.push((cause, finding));
            }
        }
    }
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether two requests are denied for one reason: by the same statements, or short of the same ones.
fn same_cause(one: &Cause, other: &Cause) -> bool {
    let places = |cause: &Cause| -> Vec<_> {
        cause.evidence.iter().filter_map(Evidence::statement).map(|placed| (placed.at, placed.index)).collect()
    };
    one.code == other.code && places(one) == places(other)
}

/// What findings concern already, by their number.
#[derive(Default)]
struct Concerned<'j> {
    requests: BTreeSet<(usize, usize)>,
    keys: BTreeSet<(usize, &'j KeyArn)>,
    volumes: BTreeSet<(usize, &'j VolumeId)>,
}

impl<'j> Concerned<'j> {
    fn add(&mut self, number: usize, finding: &mut Finding, position: usize, request: &'j RequestOutcome) {
        push_new(&mut finding.actions, request.case.row.action);
        if self.requests.insert((number, position)) {
            finding.requests.push(position);
        }
        let key = request.case.key.as_ref().filter(|key| self.keys.insert((number, key)));
        finding.keys.extend(key.cloned());
        let volume = request.case.volume.as_ref().filter(|volume| self.volumes.insert((number, volume)));
        finding.volumes.extend(volume.cloned());
        if let Some(license) = &request.case.license {
            push_new(&mut finding.evidence, Evidence::state("license", license.as_str()));
        }
    }
}

/// One finding for each kind of thing that is not known, over the requests on which the start hangs.
fn undecided(capture: &Capture, judged: &[RequestOutcome], question: &Question) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let (mut concerned, mut told) = (Concerned::default(), BTreeSet::new());
    let is_gone = |request: &RequestOutcome| {
        let key = request.case.key.as_ref().and_then(|key| capture.keys.get(key));
        key.is_some_and(|key| matches!(key.metadata, Fact::Absent))
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
            concerned.add(same, finding, position, request);
            if told.insert((same, fact.clone())) {
                finding.evidence.push(Evidence::OpenQuestion(fact));
            }
        }
    }
    findings
}
