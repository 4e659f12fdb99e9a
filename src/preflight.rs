//! The pipeline, on one screen: from a capture to the report, and what a change makes of it.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::resume_unwind;

use crate::calls::{self, missing};
use crate::capture::{Capture, Instance, Target};
use crate::change::{Change, apply_all};
use crate::engine::Decision;
use crate::fact::Fact;
use crate::findings::{Code, Finding, Severity, findings, is_required};
use crate::names::{KeyArn, shared_names};
use crate::observed;
use crate::operations::{Assumption, NoPlan, PolicyCache, Question, RequestOutcome, judge, plan, rests_on};
use crate::outcome::Earlier;
use crate::remedy::{Judgement, Remedies, Remedy, join, meant_denies, propose};
use crate::words;

use crate::outcome::{Report, Start, TargetError, TargetReport, Together, Verdict, VolumeRow};

/// Evidence and what is asked of it, which travel together.
///
/// Everything here is offline and deterministic and cannot fail: what was not read stays undecided.
///
/// ```
/// use ebs_preflight::{Capture, Change, Preflight, Verdict};
///
/// let capture: Capture = std::fs::read_to_string("tests/captures/ready-grant-to-the-role.json")?.parse()?;
/// let key = capture.keys.keys().next().ok_or("no key")?.clone();
/// let preflight = Preflight::new(capture);
/// assert_eq!(preflight.run().verdict(), Verdict::Ready);
///
/// // The same starts under a key policy that denies all.
/// let nobody = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
/// let changed = preflight.changed(&[Change::key_policy(key, nobody)]);
/// assert_eq!(changed.run().verdict(), Verdict::Blocked);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Preflight {
    capture: Capture,
    question: Question,
}

impl Preflight {
    /// Returns the usual question on a capture: can each of its starts succeed, with nothing stated besides.
    pub fn new(capture: Capture) -> Self {
        Self { capture, question: Question::default() }
    }

    /// Returns the same evidence with another question.
    #[must_use]
    pub fn asking(self, question: Question) -> Self {
        Self { question, ..self }
    }

    /// Returns the evidence.
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// Judges every start of the capture.
    pub fn run(&self) -> Report {
        preflight(&self.capture, &self.question)
    }

    /// Returns what it would be with the changes made, one after the other. Nothing in AWS is changed.
    #[must_use]
    pub fn changed(&self, changes: &[Change]) -> Self {
        Self { capture: apply_all(&self.capture, changes), question: self.question.changed(changes) }
    }

    /// Returns what it would be with all remedies of the report applied.
    #[must_use]
    pub fn cured(&self, report: &Report) -> Self {
        let (capture, question) = cured(&self.capture, &self.question, report);
        Self { capture, question }
    }
}

/// Judges every start of the capture.
pub fn preflight(capture: &Capture, question: &Question) -> Report {
    let (shelf, remedies) = (PolicyCache::of(capture), Remedies::default());
    let report = |target: &Target, outcome| TargetReport {
        instance_id: target.instance_id.clone(),
        role_arn: target.role_arn.to_string(),
        outcome,
    };
    let mut targets =
        on_all_cores(&capture.targets, |target| report(target, start(capture, target, question, (&shelf, &remedies))));
    let others = question.not_captured.iter().map(|target| report(target, Err(not_captured(capture, target))));
    targets.extend(others);
    // Of a start that could not be judged nothing is known.
    let verdict = |target: &TargetReport| target.outcome.as_ref().map_or(Verdict::Undecided, |start| start.verdict);
    let starts = targets.iter().filter_map(|target| target.outcome.as_ref().ok());
    let assumes_organization =
        starts.into_iter().any(|start| start.assumptions.contains(&Assumption::OrganizationAllows));
    Report {
        assumes_organization,
        verdict: targets.iter().map(verdict).max().unwrap_or(Verdict::Undecided),
        judged_at: question.at.unwrap_or(capture.read.until),
        asked_at: question.now,
        read: capture.read.clone(),
        handed: capture.handed.clone(),
        was_read: words::was_read(capture),
        unread: missing(capture),
        together: together(capture, question, &targets),
        shared_names: shared_names(targets.iter().map(|target| target.role_arn.as_str())),
        targets,
        earlier: None,
    }
}

/// What `make` makes of each item, in their order.
fn on_all_cores<T: Sync, U: Send>(items: &[T], make: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(cores);
    if share <= 1 {
        return items.iter().map(make).collect();
    }
    std::thread::scope(|scope| {
        let make = &make;
        let shares: Vec<_> =
            items.chunks(share).map(|share| scope.spawn(move || share.iter().map(make).collect::<Vec<U>>())).collect();
        // What a thread panics with is passed on.
        shares.into_iter().flat_map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn start(
    capture: &Capture,
    target: &Target,
    question: &Question,
    (shelf, remedies): (&PolicyCache<'_>, &Remedies),
) -> Result<Start, TargetError> {
    let mut plan = plan(capture, target, question, shelf).map_err(|error| no_plan(&error, capture, target))?;
    let judged = judge(std::mem::take(&mut plan.cases));
    let findings = self::findings(capture, target, question, &plan, &judged);
    let verdict = verdict_of(&findings, &judged, question);
    let is_ready = |question: &Question| {
        crate::operations::plan(capture, target, question, shelf).is_ok_and(|mut plan| {
            let judged = judge(std::mem::take(&mut plan.cases));
            let findings = self::findings(capture, target, question, &plan, &judged);
            verdict_of(&findings, &judged, question) == Verdict::Ready
        })
    };
    let rests_on = if verdict == Verdict::Ready { rests_on(question, &plan.assumptions, is_ready) } else { Vec::new() };
    let is_for_good = findings.iter().any(|finding| {
        matches!(finding.code, Code::InstanceTerminated | Code::InstanceStoreRoot | Code::ForeignInstance)
    });
    let is_open = judged.iter().any(|judged| judged.decision.is_denied()) && !is_for_good;
    let keys: BTreeSet<&KeyArn> = judged.iter().filter_map(|judged| judged.case.key.as_ref()).collect();
    let remedy = is_open.then(|| capture.of_start(target, keys.iter().copied())).and_then(|own| {
        propose(Judgement {
            capture: &own,
            target,
            question,
            judged: &judged,
            counts: &[],
            whole: capture,
            shelf,
            remedies,
        })
    });
    let meant = meant_denies(&judged, question, capture, target);
    Ok(Start {
        verdict,
        name: plan.instance.tags.get("Name").cloned(),
        principal: plan.principal.arn.to_string(),
        volumes: volumes(capture, plan.instance),
        judged,
        findings,
        remedy,
        meant,
        namesake: capture.namesakes.get(&target.role_arn).cloned(),
        assumptions: plan.assumptions,
        rests_on,
    })
}

/// The worst of what findings and requests come to. Every request that is not allowed has a finding; should one lack it,
/// the start still is not READY.
fn verdict_of(findings: &[Finding], judged: &[RequestOutcome], question: &Question) -> Verdict {
    let required = judged.iter().filter(|judged| is_required(judged, question));
    let verdicts = findings.iter().map(|finding| verdict(finding.severity));
    verdicts.chain(required.map(|judged| of_request(judged.decision))).max().unwrap_or(Verdict::Ready)
}

/// How the starts fare with the changes of all remedies; `None` where no remedy changes what another one does.
fn together(capture: &Capture, question: &Question, targets: &[TargetReport]) -> Option<Together> {
    let starts = targets.iter().filter_map(|target| Some((target, target.outcome.as_ref().ok()?)));
    let remedied: Vec<_> =
        starts.clone().filter_map(|(target, start)| Some((target, start.remedy.as_ref()?))).collect();
    let parts = join(remedied.iter().map(|(_, remedy)| *remedy));
    let is_whole = |remedy: &Remedy| remedy.parts().iter().all(|part| parts.contains(part));
    if remedied.iter().all(|(_, remedy)| is_whole(remedy)) {
        return None;
    }
    let changes: Vec<Change> = parts.iter().map(|part| part.change.clone()).collect();
    let (after, question) = (apply_all(capture, &changes), question.changed(&changes));
    let shelf = PolicyCache::of(&after);
    let is_denied = |target: &Target| {
        let judged = plan(&after, target, &question, &shelf).map(|plan| judge(plan.cases));
        judged.is_ok_and(|judged| {
            judged.iter().any(|judged| is_required(judged, &question) && judged.decision.is_denied())
        })
    };
    let is_meant = |target: &&Target| {
        remedied.iter().any(|(one, _)| one.instance_id == target.instance_id && target.role_arn == *one.role_arn)
    };
    let asked: Vec<&Target> = capture.targets.iter().filter(is_meant).collect();
    let cured = asked.iter().filter(|target| !is_denied(target)).count();
    Some(Together { cured, of: asked.len() })
}

fn verdict(severity: Severity) -> Verdict {
    match severity {
        Severity::Blocker => Verdict::Blocked,
        Severity::Undecided => Verdict::Undecided,
        Severity::Warning | Severity::Note => Verdict::Ready,
    }
}

fn of_request(decision: Decision) -> Verdict {
    match decision {
        Decision::Allowed => Verdict::Ready,
        Decision::Unknown => Verdict::Undecided,
        Decision::ExplicitDeny | Decision::ImplicitDeny => Verdict::Blocked,
    }
}

fn volumes(capture: &Capture, instance: &Instance) -> Vec<VolumeRow> {
    let row = |attachment: &crate::capture::Attachment| {
        let volume = capture.volumes.get(&attachment.volume_id).and_then(Fact::known);
        let key = volume.map_or_else(Fact::default, |volume| volume.key.clone());
        let record = key.known().and_then(|key| capture.keys.get(key));
        VolumeRow {
            volume: attachment.volume_id.clone(),
            device: attachment.device.clone(),
            aliases: record.and_then(|key| key.aliases.known()).cloned().unwrap_or_default(),
            key_state: record.map(|key| match &key.metadata {
                Fact::Known(metadata) => metadata.state.clone(),
                Fact::Absent => "gone".to_owned(),
                Fact::Unread(_) | Fact::Part { .. } => String::new(),
            }),
            key,
        }
    };
    instance.attachments.iter().map(row).collect()
}

fn not_captured(capture: &Capture, target: &Target) -> TargetError {
    let held: BTreeSet<String> =
        capture.targets.iter().map(|target| format!("{} {}", target.instance_id, target.role_arn)).collect();
    TargetError {
        code: "target-not-captured",
        message: format!("the capture was not made for the start of {} by {}", target.instance_id, target.role_arn),
        help: format!("it holds:\n{}", held.into_iter().collect::<Vec<_>>().join("\n")),
        is_bad_input: true,
    }
}

fn no_plan(error: &NoPlan, capture: &Capture, target: &Target) -> TargetError {
    let region = &capture.read.region;
    match error {
        NoPlan::NoInstance => TargetError {
            code: "instance-unknown",
            message: format!("instance `{}` is not in this capture of Region {region}", target.instance_id),
            help: "capture again with `ebs-preflight capture --instance-id …`".to_owned(),
            is_bad_input: true,
        },
        NoPlan::InstanceUnread { was_denied, message } => TargetError {
            code: "instance-unread",
            message: if message.is_empty() {
                format!("instance `{}` was not read", target.instance_id)
            } else {
                format!("instance `{}` could not be read: {message}", target.instance_id)
            },
            help: if *was_denied {
                "the reader needs ec2:DescribeInstances (`ebs-preflight permissions` prints the whole policy)"
            } else {
                "read it again where credentials and network reach AWS: nothing else can be judged without it"
            }
            .to_owned(),
            is_bad_input: false,
        },
        NoPlan::NoStarter { text } => TargetError {
            code: "not-a-role",
            message: format!("`{text}` is not the ARN of a role, of a session of one or of a user"),
            help: "give the role's ARN: `aws iam get-role --role-name NAME --query Role.Arn`".to_owned(),
            is_bad_input: true,
        },
    }
}

/// The capture and the question as they would be with everything changed that the report suggests for them.
pub fn cured(capture: &Capture, question: &Question, report: &Report) -> (Capture, Question) {
    let parts = join(report.starts().filter_map(|start| start.remedy.as_ref()));
    let changes: Vec<Change> = parts.into_iter().map(|part| part.change).collect();
    (apply_all(capture, &changes), question.changed(&changes))
}

impl Report {
    /// The report with what events of earlier starts say beside it. What they show allowed is no verdict; what they show
    /// refused after the reads, and the judgement does not explain, leaves no start READY.
    #[must_use]
    pub fn with_events(mut self, earlier: Earlier) -> Self {
        let starter = self.targets.first().and_then(|target| target.role_arn.split(':').nth(4)).unwrap_or_default();
        self.unread.extend(calls::events(&earlier.gaps, starter));
        let since = self.outdated_from();
        for target in &mut self.targets {
            let refuted = target.outcome.as_ref().ok();
            let refuted = refuted.and_then(|start| observed::refuted(target, start, &earlier, &since));
            if let (Some(finding), Ok(start)) = (refuted, &mut target.outcome) {
                let at = start.findings.partition_point(|other| other.severity <= finding.severity);
                start.findings.insert(at, finding);
                start.verdict = start.verdict.max(Verdict::Undecided);
                self.verdict = self.verdict.max(start.verdict);
            }
        }
        self.earlier = Some(earlier);
        self
    }
}
