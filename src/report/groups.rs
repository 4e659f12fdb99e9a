//! Several starts, by what they have in common: the cause, with one fix for all of them, most starts first.

use serde::Serialize;

use crate::findings::{Code, Finding, Severity};
use crate::outcome::{Start, Verdict};
use crate::words::{self, Page, Tone};

use super::text::{Detail, Style};
use super::view::{TargetView, View};
use super::{joined, remedy, text};

/// Starts with one verdict for one cause.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    /// `None` for what could not be judged.
    verdict: Option<&'static str>,
    code: Option<&'static str>,
    principal: String,
    why: String,
    next: Option<String>,
    /// Positions in `targets`.
    pub(super) targets: Vec<usize>,
    #[serde(skip)]
    key: Key,
}

/// What starts of one group have in common; worst first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    verdict: Option<Verdict>,
    code: Option<Code>,
    principal: String,
    why: String,
}

/// Returns the groups of a report: the worst verdict first, then the most starts.
pub(super) fn groups(targets: &[TargetView<'_>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (position, target) in targets.iter().enumerate() {
        let key = key(target);
        match groups.iter_mut().find(|group| group.key == key) {
            Some(group) => group.targets.push(position),
            None => groups.push(Group {
                verdict: key.verdict.map(Verdict::as_str),
                code: key.code.map(Code::id),
                principal: key.principal.clone(),
                why: key.why.clone(),
                next: target.answer.as_ref().and_then(|answer| answer.next.clone()),
                targets: vec![position],
                key,
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.key.verdict, group.targets.len())));
    groups
}

fn key(target: &TargetView<'_>) -> Key {
    let Some(start) = target.start else {
        let why = target.error.map(|error| error.message.clone()).unwrap_or_default();
        return Key { verdict: None, code: None, principal: target.target.role_arn.clone(), why };
    };
    let decides = |finding: &&Finding| matches!(finding.severity, Severity::Blocker | Severity::Undecided);
    let first = start.findings.iter().find(decides);
    let why = match first {
        // The volumes are each start's own.
        Some(first) => words::cause(&Finding { volumes: Vec::new(), ..first.clone() }, start),
        None => String::new(),
    };
    Key {
        verdict: Some(start.verdict),
        code: first.map(|finding| finding.code),
        principal: start.principal.clone(),
        why,
    }
}

/// So many starts of a group are named.
const NAMED: usize = 3;

/// Writes the groups, and for each that is blocked or undecided what to do.
pub(super) fn write(page: &mut Page, view: &View<'_>, style: &Style, told: &mut joined::Shown) {
    let count = |verdict| view.targets.iter().filter(|target| verdict_of(target) == verdict).count();
    let verdicts = [
        (Some(Verdict::Blocked), "BLOCKED", Tone::Bad),
        (Some(Verdict::Undecided), "UNDECIDED", Tone::Doubt),
        (Some(Verdict::Ready), "READY", Tone::Good),
        (None, "ERROR", Tone::Bad),
    ];
    let counted = verdicts.iter().map(|(verdict, word, _)| (count(*verdict), word));
    let counted: Vec<String> =
        counted.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let (shown, all) = (view.targets.len(), view.report.targets.len());
    let starts = if shown == all { format!("{all} starts") } else { format!("{shown} of {all} starts") };
    let colon = if counted.is_empty() { "" } else { ": " };
    page.wrap_in(Tone::Strong, &format!("{starts}{colon}"), 2, &counted.join(", "));
    page.blank();
    let groups = groups(&view.targets);
    for (number, group) in groups.iter().enumerate() {
        let found = verdicts.iter().find(|(verdict, _, _)| *verdict == group.key.verdict).copied();
        let (_, word, tone) = found.unwrap_or((None, "ERROR", Tone::Bad));
        let starter = words::starter(view.report, &group.principal);
        let why = if group.why.is_empty() { format!("by {starter}") } else { format!("{starter}: {}", group.why) };
        let what = if group.next.is_some() { format!("  ({})", letter(number)) } else { String::new() };
        page.wrap_in(tone, &format!("{:>4} {word:<9}  ", group.targets.len()), 16, &format!("{why}{what}"));
        page.wrap(&" ".repeat(16), 16, &named(group, view));
        let first = group.targets.first().and_then(|position| view.targets.get(*position));
        first.and_then(|target| target.error).iter().for_each(|error| page.document("      ", &error.help));
    }
    for (number, group) in groups.iter().enumerate() {
        let Some(next) = &group.next else { continue };
        page.blank();
        let first = format!("({}) ", letter(number));
        let effect = match group.targets.len() {
            1 => String::new(),
            count => format!(" (for {count} starts)"),
        };
        if group.key.verdict == Some(Verdict::Undecided) {
            page.line(&format!("{first}{next}"));
        } else {
            page.wrap_in(Tone::Strong, &first, 4, &format!("{next}{effect}"));
        }
        let target = group.targets.first().and_then(|position| view.targets.get(*position));
        let (Some(target), true) = (target, style.detail == Detail::Usual) else { continue };
        let Some(start) = target.start else { continue };
        if start.verdict == Verdict::Blocked {
            page.append(&remedy::text(start, style.form, told));
        }
        target.findings().iter().filter(|one| one.finding.severity == Severity::Undecided).for_each(|one| {
            text::next_steps(page, one);
        });
    }
    page.blank();
    page.line("--details tells all of every start.");
}

fn verdict_of(target: &TargetView<'_>) -> Option<Verdict> {
    target.start.map(|start: &Start| start.verdict)
}

/// `A`, `B`, …, `Z`, `A1`, ….
fn letter(number: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    if number < 26 { letter.to_string() } else { format!("{letter}{}", number / 26) }
}

fn named(group: &Group, view: &View<'_>) -> String {
    let target = |position: &usize| view.targets.get(*position);
    let name = |target: &TargetView<'_>| {
        let name = target.start.and_then(|start| start.name.as_deref()).map(|name| format!(" {name}"));
        format!("{}{}", target.target.instance_id, name.unwrap_or_default())
    };
    let mut names: Vec<String> = group.targets.iter().filter_map(target).take(NAMED).map(name).collect();
    let more = group.targets.len().saturating_sub(names.len());
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
