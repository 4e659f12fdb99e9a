//! The same starts before and after a change: what becomes worse first, then what is cured, then the rest.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::calls::{Missing, ScriptFor};
use crate::capture::Capture;
use crate::change::{Change, Outsider, PolicyPlace, Savers, apply, apply_all, inline, opened_to, savers};
use crate::engine::Decision;
use crate::findings::Severity;
use crate::names::{kind_and_name, shared_names};
use crate::operations::{Question, Requester, Step};
use crate::policy::Size;

use super::text::Style;
use super::view::{self, FindingView, RequestView, TargetView, View};
use super::{joined, remedy, text};
use crate::outcome::{Report, TargetError, Verdict};
use crate::preflight::preflight;
use crate::words;
use crate::words::json::{FORMAT_VERSION, print};
use crate::words::{Page, Tone};

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
pub fn compare(capture: &Capture, question: &Question, changes: &[Change]) -> Diff {
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
    before: &'d TargetView<'d>,
    after: &'d TargetView<'d>,
}

impl<'d> Pair<'d> {
    /// The verdict decides; what is blocked and gets a further obstacle is worse, too.
    fn effect(&self) -> Effect {
        let (Some(before), Some(after)) = (self.before.start, self.after.start) else { return Effect::Unchanged };
        match after.verdict.cmp(&before.verdict) {
            Ordering::Greater => Effect::Regression,
            Ordering::Less => Effect::Cure,
            Ordering::Equal if after.verdict == Verdict::Blocked && self.is_further_blocked() => Effect::Regression,
            Ordering::Equal => Effect::Unchanged,
        }
    }

    /// Whether a start that stays blocked has an obstacle that it did not have, and none the less.
    fn is_further_blocked(&self) -> bool {
        let blockers = |target: &'d TargetView<'d>| -> Vec<&'d FindingView<'d>> {
            target.findings().iter().filter(|view| view.finding.severity == Severity::Blocker).collect()
        };
        let denying = |target: &TargetView<'_>| -> usize {
            let denied = target.requests().iter().filter(|request| request.decision.is_denied());
            denied.map(|request| request.decided_by.len()).sum()
        };
        let (had, has) = (blockers(self.before), blockers(self.after));
        had.iter().all(|blocker| has.iter().any(|one| one.is_same(blocker)))
            && (has.len() > had.len() || denying(self.after) > denying(self.before))
    }

    fn verdicts(&self) -> String {
        let verdict = |view: &TargetView<'_>| view.start.map_or("not judged", |start| start.verdict.as_str());
        let (before, after) = (verdict(self.before), verdict(self.after));
        if before == after { before.to_owned() } else { format!("{before} → {after}") }
    }

    /// Findings that only the change brings.
    fn new_findings(&self) -> Vec<&'d FindingView<'d>> {
        let had = |view: &FindingView<'_>| self.before.findings().iter().any(|old| old.is_same(view));
        self.after.findings().iter().filter(|view| !had(view)).collect()
    }

    /// Requests that are decided in another way, with the decision before; none where the start did not make it.
    fn moved(&self) -> Vec<(Option<Decision>, &'d RequestView<'d>)> {
        if self.before.start.is_none() {
            return Vec::new();
        }
        // A change may make new volumes of those there are, at the same devices.
        let of_start = |target: &'d TargetView<'d>, request: &'d RequestView<'d>| {
            let mut volumes = target.volumes.iter().flatten();
            let device = volumes.find(|row| Some(row.id) == request.volume_id).map(|row| row.device);
            (request.step, request.action, device, request.license)
        };
        let with_old = self.after.requests().iter().map(|request| {
            let key = of_start(self.after, request);
            let old = self.before.requests().iter().find(|old| of_start(self.before, old) == key);
            (old.map(|old| old.decision), request)
        });
        with_old.filter(|(old, request)| *old != Some(request.decision)).collect()
    }

    /// The moved requests on which the start hangs, one line for all volumes.
    fn moved_lines(&self) -> Vec<String> {
        let mut lines: Vec<(String, usize)> = Vec::new();
        for (old, request) in self.moved().into_iter().filter(|(_, request)| request.step != Step::VolumeLifeCycle) {
            let by = if request.by == Requester::Infrastructure { " by EC2" } else { "" };
            let old = old.map_or("not needed before", words::decision);
            let on = request.license.map(|license| format!(" on {license}")).unwrap_or_default();
            let line = format!("{}{on}{by}: {old} → {}", request.action, words::decision(request.decision));
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, count)) => *count += 1,
                None => lines.push((line, 1)),
            }
        }
        let counted = |(line, count)| if count == 1 { line } else { format!("{line} ({count} volumes)") };
        lines.into_iter().map(counted).collect()
    }
}

/// Both reports as views, and their starts in pairs: regressions first.
fn pairs<'d>(before: &'d View<'d>, after: &'d View<'d>) -> Vec<Pair<'d>> {
    let both = before.targets.iter().zip(&after.targets);
    let mut pairs: Vec<Pair<'_>> = both.map(|(before, after)| Pair { before, after }).collect();
    pairs.sort_by_key(Pair::effect);
    pairs
}

impl Diff {
    /// The report on the starts as they would be.
    pub fn after(&self) -> &Report {
        &self.after
    }

    /// The worst verdict of a start that the change makes worse.
    pub fn worst_regression(&self) -> Option<Verdict> {
        let (before, after) = self.views();
        let pairs = pairs(&before, &after);
        let regressions = pairs.iter().filter(|pair| pair.effect() == Effect::Regression);
        regressions.filter_map(|pair| pair.after.start).map(|start| start.verdict).max()
    }

    /// Whether a start that is ready gets a warning by the change.
    pub fn has_new_warnings(&self) -> bool {
        let (before, after) = self.views();
        let is_warning = |view: &FindingView<'_>| view.finding.severity == Severity::Warning;
        pairs(&before, &after).iter().any(|pair| pair.new_findings().into_iter().any(is_warning))
    }

    /// Whether the change makes a start depend on what is assumed of the organization's policies.
    pub fn newly_assumes_organization(&self) -> bool {
        self.after.assumes_organization() && !self.before.assumes_organization()
    }

    fn views(&self) -> (View<'_>, View<'_>) {
        (View::of(&self.before), View::of(&self.after))
    }

    /// For people.
    pub fn text(&self, style: impl Into<Style>) -> String {
        let style = style.into();
        let (before, after) = self.views();
        let pairs = pairs(&before, &after);
        let mut told = joined::Shown::new(&self.after);
        let judged = || pairs.iter().filter(|pair| pair.after.error.is_none());
        let count = |effect| judged().filter(|pair| pair.effect() == effect).count();
        let errors = pairs.len() - judged().count();
        let others = if errors > 0 { format!(", {errors} could not be judged") } else { String::new() };
        let (worse, fixed, same) = (count(Effect::Regression), count(Effect::Cure), count(Effect::Unchanged));
        let starts = if worse == 1 { "start" } else { "starts" };
        let mut out = Page::default();
        let tone = if worse > 0 { Tone::Bad } else { Tone::Good };
        let stay = if same == 1 { "1 stays as it is".to_owned() } else { format!("{same} stay as they are") };
        let first = format!("{worse} {starts} would break, {fixed} would be fixed, {stay}{others}, if");
        out.wrap_in(tone, &first, 2, "");
        for (change, notes) in &self.changes {
            out.line(&format!("  {change}"));
            for note in notes {
                out.wrap("    ", 4, note);
            }
        }
        for pair in &pairs {
            let (target, start) = (pair.after.target, pair.after.start);
            let starter = start.map_or(target.role_arn.as_str(), |start| start.principal.as_str());
            let (verdicts, instance) = (pair.verdicts(), &target.instance_id);
            out.blank();
            let assumed = start.map(words::assumed).unwrap_or_default();
            let of_pair = format!("{instance} by {}", words::starter(&self.after, starter));
            let name = start.and_then(|start| start.name.as_deref()).map(|name| format!(" ({name})"));
            let tone = match pair.effect() {
                Effect::Regression => Tone::Bad,
                Effect::Cure => Tone::Good,
                Effect::Unchanged => Tone::Plain,
            };
            let of_pair = of_pair.replacen(" by ", &format!("{} by ", name.unwrap_or_default()), 1);
            out.wrap_in(tone, &format!("{verdicts}{assumed}  "), 2, &of_pair);
            pair.after.answer.iter().for_each(|answer| answer.write_below(&mut out));
            if let Some(error) = pair.after.error {
                out.line(&format!("   ERROR  {}", error.message));
                out.document("   ", &error.help);
            }
            let Some(start) = start else { continue };
            for line in pair.moved_lines() {
                out.line(&format!("   {line}"));
            }
            let all = pair.new_findings();
            let new: Vec<_> = all.iter().filter(|view| view.finding.severity != Severity::Note).collect();
            let mut said = BTreeSet::new();
            for (number, view) in new.iter().enumerate() {
                out.blank();
                text::finding(&mut out, number, view, start, &mut said);
                text::next_steps(&mut out, view);
            }
            // What stops it was there before and still is.
            let is_old = |view: &&FindingView<'_>| {
                view.finding.severity <= Severity::Undecided && !new.iter().any(|new| std::ptr::eq(**new, *view))
            };
            for view in pair.after.findings().iter().filter(is_old) {
                out.line(&format!("   still {} {}: {}", view.code, view.severity, view.title));
            }
            if pair.effect() == Effect::Regression {
                out.append(&remedy::text(start, style.form, &mut told));
            }
        }
        out.blank();
        out.line("A running instance is not touched by a change of keys or policies; its next start is.");
        out.line("Nothing was changed: this is what would be.");
        out.blank();
        text::provenance(&mut out, &after, style.detail);
        out.print(style.screen)
    }

    /// For programs, format version 1.
    pub fn json(&self) -> String {
        let (before, after) = self.views();
        let targets = pairs(&before, &after).into_iter().map(|pair| TargetOut {
            instance_id: pair.after.target.instance_id.as_str(),
            role_arn: &pair.after.target.role_arn,
            effect: pair.effect(),
            error: pair.after.error,
            before: pair.before.start.map(|start| start.verdict.as_str()),
            after: pair.after.start.map(|start| start.verdict.as_str()),
            requests: pair.moved().into_iter().map(|(before, request)| RequestOut::of(before, request)).collect(),
            findings: pair.new_findings(),
        });
        print(&DiffOut {
            format_version: FORMAT_VERSION,
            judged_at: self.after.judged_at,
            read: view::read(&self.after),
            before: self.before.verdict.as_str(),
            after: self.after.verdict.as_str(),
            changes: self.changes.iter().map(|(change, _)| change.as_str()).collect(),
            notes: self.changes.iter().flat_map(|(_, notes)| notes).map(String::as_str).collect(),
            unread: &self.after.unread,
            to_read: &after.to_read,
            targets: targets.collect(),
        })
    }
}

impl<'d> RequestOut<'d> {
    fn of(before: Option<Decision>, request: &RequestView<'d>) -> Self {
        Self {
            row: request.row,
            action: request.action,
            resource: request.resource,
            volume_id: request.volume_id,
            before: before.map(Decision::as_str),
            after: request.decided,
        }
    }
}

/// Whose policy is changed, or who is deleted or made anew, by the ARN where another account has one of that name.
fn of_account(change: &Change, shared: &BTreeSet<String>) -> String {
    let identity = match change {
        Change::RecreateRole { role: identity }
        | Change::DeleteRole { role: identity }
        | Change::AttachPolicy { identity, .. }
        | Change::DetachPolicy { identity, .. }
        | Change::Policy { place: PolicyPlace::Boundary { identity }, .. } => identity.as_str(),
        Change::Policy { place: PolicyPlace::Inline { identity, .. }, .. } => identity.as_str(),
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
    read: view::Read<'d>,
    before: &'static str,
    after: &'static str,
    changes: Vec<&'d str>,
    notes: Vec<&'d str>,
    unread: &'d [Missing],
    to_read: &'d [ScriptFor],
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
    findings: Vec<&'d FindingView<'d>>,
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
