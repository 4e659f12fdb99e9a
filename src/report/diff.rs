//! The same starts before and after a change: what becomes worse first, then what is cured, then the rest.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde::Serialize;

use crate::capture::Capture;
use crate::change::{Change, PolicyPlace, apply_all};
use crate::engine::Decision;
use crate::findings::{Finding, Severity};
use crate::names::kind_and_name;
use crate::reads::{Missing, Wanted, wanted};
use crate::remedy::Form;
use crate::start::{By, Judged, Question};

use super::format::{FORMAT_VERSION, print};
use super::{Report, Start, TargetError, TargetReport, Verdict, json, preflight, remedy, text, words};

/// Two reports on the same starts.
#[derive(Debug)]
pub struct Diff {
    changes: Vec<Change>,
    before: Report,
    after: Report,
}

/// Judges the capture as it is and as it would be.
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command `diff` compares"))]
pub(crate) fn compare(capture: &Capture, question: &Question, changes: Vec<Change>) -> Diff {
    let after = apply_all(capture, &changes);
    let changed = question.changed(&changes);
    Diff { before: preflight(capture, question), after: preflight(&after, &changed), changes }
}

/// What a change does to one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
enum Effect {
    Regression,
    Cure,
    Unchanged,
}

/// One start, twice; one that cannot be judged has no verdict.
struct Pair<'d> {
    target: &'d TargetReport,
    before: Option<&'d Start>,
    after: Option<&'d Start>,
}

impl Pair<'_> {
    /// The verdict decides; between equal ones the requests do.
    fn effect(&self) -> Effect {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Effect::Unchanged };
        match after.verdict.cmp(&before.verdict) {
            Ordering::Greater => Effect::Regression,
            Ordering::Less => Effect::Cure,
            Ordering::Equal => Effect::Unchanged,
        }
    }

    fn verdicts(&self) -> String {
        let verdict = |start: Option<&Start>| start.map_or("not judged", |start| start.verdict.as_str());
        let (before, after) = (verdict(self.before), verdict(self.after));
        if before == after { before.to_owned() } else { format!("{before} → {after}") }
    }

    /// Why it could not be judged.
    fn error(&self) -> Option<&TargetError> {
        self.target.outcome.as_ref().err()
    }

    /// Findings that only the change brings.
    fn new_findings(&self) -> Vec<&Finding> {
        let Some(after) = self.after else { return Vec::new() };
        let had = |finding: &Finding| {
            let before = self.before.map(|start| start.findings.as_slice()).unwrap_or_default();
            before.iter().any(|old| {
                old.code == finding.code && old.severity == finding.severity && old.actions == finding.actions
            })
        };
        after.findings.iter().filter(|finding| !had(finding)).collect()
    }

    /// Requests that are decided in another way, with the decision before; none where the start did not make it.
    fn moved(&self) -> Vec<(Option<Decision>, &Judged)> {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Vec::new() };
        let of_start = |start: &Start, judged: &Judged| {
            let volume = judged.case.volume.as_ref();
            let device = start.volumes.iter().find(|row| Some(&row.volume) == volume).map(|row| row.device.clone());
            (judged.case.row.number, judged.case.row.action, device)
        };
        let with_old = after.judged.iter().map(|judged| {
            let key = of_start(after, judged);
            let old = before.judged.iter().find(|old| of_start(before, old) == key);
            (old.map(|old| old.decision), judged)
        });
        with_old.filter(|(old, judged)| *old != Some(judged.decision)).collect()
    }

    /// The moved requests on which the start hangs, one line for all volumes.
    fn moved_lines(&self) -> Vec<String> {
        let mut lines: Vec<(String, usize)> = Vec::new();
        for (old, judged) in self.moved().into_iter().filter(|(_, judged)| judged.case.row.number < 5) {
            let by = if judged.case.row.by == By::Infrastructure { " by EC2" } else { "" };
            let old = old.map_or("no such request", words::decision);
            let line = format!("{}{by}: {old} → {}", judged.case.row.action, words::decision(judged.decision));
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, count)) => *count += 1,
                None => lines.push((line, 1)),
            }
        }
        let counted = |(line, count)| if count == 1 { line } else { format!("{line} ({count} volumes)") };
        lines.into_iter().map(counted).collect()
    }
}

impl Diff {
    /// The report on the starts as they would be.
    pub fn after(&self) -> &Report {
        &self.after
    }

    /// The worst verdict of a start that the change makes worse.
    pub fn worst_regression(&self) -> Option<Verdict> {
        let regressions = self.pairs().into_iter().filter(|pair| pair.effect() == Effect::Regression);
        regressions.filter_map(|pair| pair.after).map(|start| start.verdict).max()
    }

    /// Regressions first.
    fn pairs(&self) -> Vec<Pair<'_>> {
        let both = self.before.targets.iter().zip(&self.after.targets);
        let pairs = both.map(|(before, after)| Pair {
            target: after,
            before: before.outcome.as_ref().ok(),
            after: after.outcome.as_ref().ok(),
        });
        let mut pairs: Vec<Pair<'_>> = pairs.collect();
        pairs.sort_by_key(Pair::effect);
        pairs
    }

    /// A change as the condition of a sentence; a role or user whose name another account has, too, by its ARN besides.
    fn what(&self, change: &Change) -> String {
        let is_shared = |arn: &&str| self.after.shared_names.contains(kind_and_name(arn).1);
        let arn = identity_of(change).filter(is_shared).map(|arn| format!(" ({arn})"));
        format!("{}{}", what(change), arn.unwrap_or_default())
    }

    /// For people.
    pub fn text(&self, form: Form) -> String {
        let pairs = self.pairs();
        let judged = || pairs.iter().filter(|pair| pair.error().is_none());
        let count = |effect| judged().filter(|pair| pair.effect() == effect).count();
        let mut out = String::new();
        let _ = write!(
            out,
            "{} made worse, {} cured, {} unchanged",
            count(Effect::Regression),
            count(Effect::Cure),
            count(Effect::Unchanged)
        );
        let errors = pairs.len() - judged().count();
        out.push_str(&if errors > 0 { format!(", {errors} not judged, if\n") } else { ", if\n".to_owned() });
        for change in &self.changes {
            let _ = writeln!(out, "  {}", self.what(change));
        }
        for pair in &pairs {
            let starter = pair.after.map_or(pair.target.role_arn.as_str(), |start| start.principal.as_str());
            let (verdicts, instance) = (pair.verdicts(), &pair.target.instance_id);
            let _ = writeln!(out, "\n{verdicts}  {instance} for {}", words::starter(&self.after, starter));
            if let Some(error) = pair.error() {
                let _ = writeln!(out, "   ERROR  {}", error.message);
                error.help.lines().for_each(|help| out.extend(["   ", help, "\n"]));
            }
            let Some(after) = pair.after else { continue };
            for line in pair.moved_lines() {
                let _ = writeln!(out, "   {line}");
            }
            let new: Vec<&Finding> =
                pair.new_findings().into_iter().filter(|finding| finding.severity != Severity::Note).collect();
            let mut said = Vec::new();
            for (number, finding) in new.iter().enumerate() {
                out.push('\n');
                text::render_finding(&mut out, number, finding, after, &mut said);
                text::next_steps(&mut out, &self.after, pair.target, after, finding);
            }
            // What stops it was there before and still is.
            let is_old = |finding: &&Finding| finding.severity <= Severity::Undecided && !new.contains(finding);
            for finding in after.findings.iter().filter(is_old) {
                let (severity, title) = (words::severity(finding.severity), words::title(finding.code, after.noun()));
                let _ = writeln!(out, "   still {} {severity}: {title}", finding.code);
            }
            if pair.effect() == Effect::Regression {
                out.push_str(&remedy::text(after, form));
            }
        }
        out.push_str(
            "\nA running instance is not touched by a change of keys or policies; its next start is.\n\
             Nothing was changed: this is what would be.\n\n",
        );
        text::provenance(&mut out, &self.after);
        super::layout::escape(&out)
    }

    /// For programs, format version 1.
    pub fn json(&self) -> String {
        let targets = self.pairs();
        let targets = targets.iter().map(|pair| TargetOut {
            instance_id: pair.target.instance_id.as_str(),
            role_arn: &pair.target.role_arn,
            effect: pair.effect(),
            error: pair.error(),
            before: pair.before.map(|start| start.verdict.as_str()),
            after: pair.after.map(|start| start.verdict.as_str()),
            requests: pair.moved().into_iter().map(|(before, judged)| request(before, judged)).collect(),
            findings: match pair.after {
                Some(after) => pair.new_findings().into_iter().map(|finding| json::finding(finding, after)).collect(),
                None => Vec::new(),
            },
        });
        print(&DiffOut {
            format_version: FORMAT_VERSION,
            judged_at: self.after.judged_at,
            read: json::read(&self.after),
            before: self.before.verdict.as_str(),
            after: self.after.verdict.as_str(),
            changes: self.changes.iter().map(|change| self.what(change)).collect(),
            unread: &self.after.unread,
            to_read: wanted(&self.after.unread),
            targets: targets.collect(),
        })
    }
}

fn request(before: Option<Decision>, judged: &Judged) -> RequestOut<'_> {
    RequestOut {
        row: judged.case.row.number,
        action: judged.case.row.action,
        resource: judged.case.request.resource(),
        volume_id: judged.case.volume.as_ref().map(crate::names::VolumeId::as_str),
        before: before.map(Decision::as_str),
        after: judged.decision.as_str(),
    }
}

/// Whose policy is changed, or who is made anew.
fn identity_of(change: &Change) -> Option<&str> {
    match change {
        Change::RecreateRole { role: identity }
        | Change::Policy { place: PolicyPlace::Inline { identity, .. } | PolicyPlace::Boundary { identity }, .. } => {
            Some(identity)
        }
        Change::Policy { .. }
        | Change::AddGrant { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::NewKey { .. }
        | Change::EncryptVolumes { .. } => None,
    }
}

/// A change as the condition of a sentence.
fn what(change: &Change) -> String {
    let is_what = match change {
        Change::Policy { .. } => " is changed",
        Change::AddGrant { .. } => " is made",
        Change::EncryptVolumes { .. } => ": new volumes, whose IDs no policy and no grant names",
        Change::RecreateRole { .. } => ": with a new unique ID, which no key policy and no grant means",
        Change::RevokeGrant { .. } | Change::KeyState { .. } | Change::NewKey { .. } => "",
    };
    format!("{}{is_what}", remedy::change(change))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffOut<'d> {
    format_version: u32,
    judged_at: jiff::Timestamp,
    read: json::Read<'d>,
    before: &'static str,
    after: &'static str,
    changes: Vec<String>,
    unread: &'d [Missing],
    to_read: Vec<Wanted>,
    targets: Vec<TargetOut<'d>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetOut<'d> {
    instance_id: &'d str,
    role_arn: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'d TargetError>,
    effect: Effect,
    before: Option<&'static str>,
    after: Option<&'static str>,
    requests: Vec<RequestOut<'d>>,
    findings: Vec<json::FindingOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOut<'d> {
    row: u8,
    action: &'static str,
    resource: &'d str,
    volume_id: Option<&'d str>,
    before: Option<&'static str>,
    after: &'static str,
}
