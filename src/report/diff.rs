//! The same starts before and after a change: what becomes worse first, then what is cured, then the rest.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::calls::{Missing, ScriptFor, wanted};
use crate::capture::Capture;
use crate::change::{Change, Outsider, PolicyPlace, Savers, apply, apply_all, inline, opened_to, savers};
use crate::engine::{Decision, deciders};
use crate::findings::{Finding, Severity};
use crate::names::{kind_and_name, shared_names};
use crate::operations::{Question, RequestOutcome, Requester};
use crate::policy::Size;
use crate::remedy::Form;

use super::{joined, json, remedy, text};
use crate::outcome::{Report, Start, TargetError, TargetReport, Verdict};
use crate::preflight::preflight;
use crate::words;
use crate::words::Page;
use crate::words::json::{FORMAT_VERSION, print};

/// Two reports on the same starts.
#[derive(Debug)]
pub struct Diff {
    /// Each change, and what else whoever makes it must know.
    changes: Vec<(String, Vec<String>)>,
    before: Report,
    after: Report,
}

/// Judges the capture as it is and as it would be.
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command `diff` compares"))]
pub(crate) fn compare(capture: &Capture, question: &Question, changes: &[Change]) -> Diff {
    let after = apply_all(capture, changes);
    let changed = question.changed(changes);
    let mut current = capture.clone();
    let mut told = Vec::new();
    let shared = shared_names(capture.targets.iter().map(|target| target.role_arn.as_str()));
    for change in changes {
        let next = apply(&current, change);
        told.push((what(change, &current) + &of_account(change, &shared), notes(change, &current, &next)));
        current = next;
    }
    Diff { before: preflight(capture, question), after: preflight(&after, &changed), changes: told }
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
    /// The verdict decides; what is blocked and gets a further obstacle is worse, too.
    fn effect(&self) -> Effect {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Effect::Unchanged };
        match after.verdict.cmp(&before.verdict) {
            Ordering::Greater => Effect::Regression,
            Ordering::Less => Effect::Cure,
            Ordering::Equal if self.is_further_blocked() => Effect::Regression,
            Ordering::Equal => Effect::Unchanged,
        }
    }

    /// Whether a start that stays blocked has an obstacle that it did not have, and none the less.
    fn is_further_blocked(&self) -> bool {
        let (Some(before), Some(after)) = (self.before, self.after) else { return false };
        let obstacles = |start: &Start| {
            let mut blockers: Vec<_> = start
                .findings
                .iter()
                .filter(|finding| finding.severity == Severity::Blocker)
                .map(|finding| (finding.code, finding.actions.clone()))
                .collect();
            blockers.sort_unstable_by_key(|(code, actions)| (code.to_string(), actions.clone()));
            let denied = start.judged.iter().filter(|judged| judged.decision.is_denied());
            let denying: usize = denied.map(|judged| deciders(&judged.case.request, &judged.explanation).len()).sum();
            (blockers, denying)
        };
        let ((had, denying), (has, now_denying)) = (obstacles(before), obstacles(after));
        after.verdict == Verdict::Blocked
            && had.iter().all(|blocker| has.contains(blocker))
            && (has.len() > had.len() || now_denying > denying)
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
    fn moved(&self) -> Vec<(Option<Decision>, &RequestOutcome)> {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Vec::new() };
        let of_start = |start: &Start, judged: &RequestOutcome| {
            let volume = judged.case.volume.as_ref();
            let device = start.volumes.iter().find(|row| Some(&row.volume) == volume).map(|row| row.device.clone());
            (judged.case.row.number, judged.case.row.action, device, judged.case.license.clone())
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
            let by = if judged.case.row.by == Requester::Infrastructure { " by EC2" } else { "" };
            let old = old.map_or("no such request", words::decision);
            let on = judged.case.license.as_ref().map(|license| format!(" on {license}")).unwrap_or_default();
            let line = format!("{}{on}{by}: {old} → {}", judged.case.row.action, words::decision(judged.decision));
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

    /// Whether a start that is ready gets a warning by the change.
    pub fn has_new_warnings(&self) -> bool {
        let is_new =
            |pair: &Pair<'_>| pair.new_findings().into_iter().any(|finding| finding.severity == Severity::Warning);
        self.pairs().iter().any(is_new)
    }

    /// Whether the change makes a start depend on what is assumed of the organization's policies.
    pub fn newly_assumes_organization(&self) -> bool {
        self.after.assumes_organization() && !self.before.assumes_organization()
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

    /// For people.
    pub fn text(&self, form: Form) -> String {
        let pairs = self.pairs();
        let mut told = joined::Shown::new(&self.after);
        let judged = || pairs.iter().filter(|pair| pair.error().is_none());
        let count = |effect| judged().filter(|pair| pair.effect() == effect).count();
        let errors = pairs.len() - judged().count();
        let others = if errors > 0 { format!(", {errors} not judged") } else { String::new() };
        let mut out = Page::default();
        out.line(&format!(
            "{} made worse, {} cured, {} unchanged{others}, if",
            count(Effect::Regression),
            count(Effect::Cure),
            count(Effect::Unchanged)
        ));
        for (change, notes) in &self.changes {
            out.line(&format!("  {change}"));
            for note in notes {
                out.wrap("    ", 4, note);
            }
        }
        for pair in &pairs {
            let starter = pair.after.map_or(pair.target.role_arn.as_str(), |start| start.principal.as_str());
            let (verdicts, instance) = (pair.verdicts(), &pair.target.instance_id);
            out.blank();
            out.line(&format!("{verdicts}  {instance} for {}", words::starter(&self.after, starter)));
            if let Some(error) = pair.error() {
                out.line(&format!("   ERROR  {}", error.message));
                out.document("   ", &error.help);
            }
            let Some(after) = pair.after else { continue };
            for line in pair.moved_lines() {
                out.line(&format!("   {line}"));
            }
            let new: Vec<&Finding> =
                pair.new_findings().into_iter().filter(|finding| finding.severity != Severity::Note).collect();
            let mut said = BTreeSet::new();
            for (number, finding) in new.iter().enumerate() {
                out.blank();
                text::render_finding(&mut out, number, finding, after, &mut said);
                text::next_steps(&mut out, &self.after, pair.target, after, finding);
            }
            // What stops it was there before and still is.
            let is_old = |finding: &&Finding| finding.severity <= Severity::Undecided && !new.contains(finding);
            for finding in after.findings.iter().filter(is_old) {
                let (severity, title) = (words::severity(finding.severity), words::title(finding.code, after.noun()));
                out.line(&format!("   still {} {severity}: {title}", finding.code));
            }
            if pair.effect() == Effect::Regression {
                out.append(&remedy::text(after, form, &mut told));
            }
        }
        out.blank();
        out.line("A running instance is not touched by a change of keys or policies; its next start is.");
        out.line("Nothing was changed: this is what would be.");
        out.blank();
        text::provenance(&mut out, &self.after);
        out.print()
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
            changes: self.changes.iter().map(|(change, _)| change.as_str()).collect(),
            notes: self.changes.iter().flat_map(|(_, notes)| notes).map(String::as_str).collect(),
            unread: &self.after.unread,
            to_read: wanted(&self.after.unread),
            targets: targets.collect(),
        })
    }
}

fn request(before: Option<Decision>, judged: &RequestOutcome) -> RequestOut<'_> {
    RequestOut {
        row: judged.case.row.number,
        action: judged.case.row.action,
        resource: judged.case.request.resource(),
        volume_id: judged.case.volume.as_ref().map(crate::names::VolumeId::as_str),
        before: before.map(Decision::as_str),
        after: judged.decision.as_str(),
    }
}

/// Whose policy is changed, or who is deleted or made anew, by the ARN where another account has one of that name.
fn of_account(change: &Change, shared: &BTreeSet<String>) -> String {
    let identity = match change {
        Change::RecreateRole { role: identity }
        | Change::DeleteRole { role: identity }
        | Change::AttachPolicy { identity, .. }
        | Change::DetachPolicy { identity, .. }
        | Change::Policy { place: PolicyPlace::Inline { identity, .. } | PolicyPlace::Boundary { identity }, .. } => {
            identity
        }
        Change::Policy { .. }
        | Change::AddGrant { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::NewKey { .. }
        | Change::EncryptVolumes { .. } => return String::new(),
    };
    if shared.contains(kind_and_name(identity).1) { format!(" ({identity})") } else { String::new() }
}

/// A change as the condition of a sentence.
fn what(change: &Change, before: &Capture) -> String {
    let is_what = match change {
        Change::Policy { place: PolicyPlace::Inline { identity, name }, .. }
            if inline(before, identity).all(|policy| policy.name != *name) =>
        {
            " is made"
        }
        Change::Policy { .. } => " is changed",
        Change::AddGrant { .. } => " is made",
        Change::EncryptVolumes { .. } => ": new volumes, whose IDs no policy and no grant names",
        Change::RecreateRole { .. } => ": with a new unique ID, which no key policy and no grant means",
        Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::NewKey { .. } => "",
    };
    format!("{}{is_what}", remedy::change(change))
}

/// What else whoever makes the change must know.
fn notes(change: &Change, before: &Capture, after: &Capture) -> Vec<String> {
    let key = match change {
        Change::Policy { place: PolicyPlace::Inline { identity, name }, .. } => {
            let others: Vec<&str> = inline(before, identity).map(|policy| policy.name.as_str()).collect();
            if others.is_empty() || others.contains(&name.as_str()) {
                return Vec::new();
            }
            return vec![format!("There is no inline policy of this name; there are: {}.", others.join(", "))];
        }
        Change::Policy { place: PolicyPlace::KeyPolicy(key), .. } | Change::NewKey { key, .. } => key,
        Change::Policy { .. }
        | Change::AddGrant { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::EncryptVolumes { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RecreateRole { .. } => return Vec::new(),
    };
    let place = PolicyPlace::KeyPolicy(key.clone());
    let Some(document) = place.document(after) else { return Vec::new() };
    let mut notes: Vec<String> = opened_to(key, place.document(before), document)
        .into_iter()
        .map(|outsider| match outsider {
            Outsider::Everyone => "It opens the key to everyone: no condition says who.".to_owned(),
            Outsider::Account(account) => format!("It opens the key to account {account}."),
        })
        .collect();
    if let Some(Savers::These(arns)) = savers(key, document) {
        let who: Vec<String> = arns.iter().map(|arn| words::identity(arn)).collect();
        notes.push(format!("Only {} can save it: it lets nobody else change the key policy.", who.join(", ")));
    }
    if Size::of(place.kind(), document.text()).fits() {
        return notes;
    }
    notes.push("It must be sent without the blanks that lay it out: with them it is over AWS's limit.".to_owned());
    notes
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffOut<'d> {
    format_version: u32,
    judged_at: jiff::Timestamp,
    read: json::Read<'d>,
    before: &'static str,
    after: &'static str,
    changes: Vec<&'d str>,
    notes: Vec<&'d str>,
    unread: &'d [Missing],
    to_read: Vec<ScriptFor>,
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
