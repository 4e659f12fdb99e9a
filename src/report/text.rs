//! The report for people: the answer first, then the volumes, why, the fix, and what was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::calls::{EVENTS, Missing};
use crate::capture::Handed;
use crate::command::Command;
use crate::engine::Decision;
use crate::fact::Fact;
use crate::findings::{Code, Evidence, Group, Severity};
use crate::names::VolumeId;
use crate::operations::{RequestOutcome, Requester, Step};
use crate::outcome::{Report, Start, Verdict};
use crate::remedy::Form;
use crate::words;
use crate::words::{Page, Screen, Tone};

use super::answer::NOT_CHECKED;
use super::view::{FindingView, TargetView, View};
use super::{groups, joined, observed, remedy};

/// How a report is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    /// How remedies are shown.
    pub form: Form,
    /// How much is told.
    pub detail: Detail,
    /// Of several starts, those with these verdicts alone; all if empty.
    pub verdicts: Vec<Verdict>,
    /// What it is written for.
    pub screen: Screen,
}

/// How much of a report is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// The answer, why, and what to do next.
    Quiet,
    /// What bears on the answer; several starts by their causes.
    #[default]
    Usual,
    /// Everything, of every start.
    Full,
}

impl From<Form> for Style {
    fn from(form: Form) -> Self {
        Self { form, ..Self::default() }
    }
}

/// Returns the report as plain text.
pub fn render(report: &Report) -> String {
    render_with(report, Form::Statement)
}

/// Returns the report as text of this style.
pub fn render_with(report: &Report, style: impl Into<Style>) -> String {
    let style = style.into();
    let view = View::of(report).only(&style.verdicts);
    let mut text = Page::default();
    let mut told = joined::Shown::new(report);
    if report.targets.len() > 1 && style.detail != Detail::Full {
        groups::write(&mut text, &view, &style, &mut told);
    } else {
        for (number, target) in view.targets.iter().enumerate() {
            if number > 0 {
                text.blank();
            }
            one(&mut text, &view, target, &style, &mut told);
        }
    }
    if style.detail != Detail::Quiet {
        joined::together(&mut text, report);
        text.blank();
        provenance(&mut text, &view, style.detail);
    }
    text.print(style.screen)
}

/// Returns the first lines of the report alone.
pub fn headline_of(report: &Report) -> String {
    render_with(report, Style { detail: Detail::Quiet, ..Style::default() })
}

fn one(text: &mut Page, view: &View<'_>, target: &TargetView<'_>, style: &Style, told: &mut joined::Shown) {
    if let Some(error) = target.error {
        text.wrap_in(Tone::Bad, "ERROR  ", 7, &format!("{}: {}", target.target.instance_id, error.message));
        text.document("  ", &error.help);
    }
    let Some(start) = target.start else { return };
    target.answer.iter().for_each(|answer| answer.write(text));
    if style.detail == Detail::Quiet {
        return;
    }
    if !start.volumes.is_empty() && start.judged.iter().any(|judged| judged.case.key.is_some()) {
        text.blank();
        volume_table(text, start);
    }
    let is_shown =
        |one: &&FindingView<'_>| style.detail == Detail::Full || one.finding.code != Code::LifeCycleNotAllowed;
    let mut said = BTreeSet::new();
    for (number, one) in target.findings().iter().filter(is_shown).enumerate() {
        if number == 0 || one.finding.severity <= Severity::Undecided {
            text.blank();
        }
        finding(text, number, one, start, &mut said);
        if !one.confirmed_by.is_empty() {
            text.item("confirmed", &format!("by event {}", one.confirmed_by.join(", ")));
        }
        next_steps(text, one);
    }
    text.append(&remedy::text(start, style.form, told));
    if let Some(earlier) = &view.report.earlier {
        text.append(&observed::text(&target.events, earlier));
    }
}

fn volume_table(text: &mut Page, start: &Start) {
    let header = ["Volume", "Device", "KMS key", "Key state", "CreateGrant", "Decrypt by EC2"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut of_volume: BTreeMap<(&VolumeId, Step), &RequestOutcome> = BTreeMap::new();
    for judged in &start.judged {
        if let Some(volume) = &judged.case.volume {
            of_volume.entry((volume, judged.case.row.step)).or_insert(judged);
        }
    }
    for row in &start.volumes {
        let key = match &row.key {
            Fact::Known(arn) => row.aliases.first().map_or_else(|| arn.key_id().to_owned(), ToString::to_string),
            Fact::Absent => "not encrypted".to_owned(),
            Fact::Unread(_) | Fact::Part { .. } => "not known".to_owned(),
        };
        let state = row.key_state.as_deref().map_or("", |state| if state.is_empty() { "not known" } else { state });
        let encrypted = row.key.known().is_some();
        let of_step = |step| of_volume.get(&(&row.volume, step)).copied();
        let grant = of_step(Step::CreateGrant);
        let cell = |step| if encrypted { decision_cell(of_step(step), grant) } else { String::new() };
        let state = if encrypted { state.to_owned() } else { String::new() };
        let [grant, ec2] = [Step::CreateGrant, Step::InfrastructureDecrypt].map(cell);
        rows.push(vec![row.volume.to_string(), row.device.clone(), key, state, grant, ec2]);
    }
    text.table(rows);
}

/// `grant` is the request for the grant that EC2 decrypts with.
fn decision_cell(judged: Option<&RequestOutcome>, grant: Option<&RequestOutcome>) -> String {
    let Some(judged) = judged else { return String::new() };
    let word = words::decision(judged.decision);
    // EC2 makes the grant by itself once CreateGrant is allowed.
    let waits = judged.case.row.by == Requester::Infrastructure
        && judged.decision == Decision::Allowed
        && grant.is_some_and(|grant| grant.decision.is_denied());
    if waits { "after the grant".to_owned() } else { word.to_owned() }
}

/// `1  EBP0101 blocker  kms:CreateGrant: no policy of the role allows it`, and what it rests on that has not been said
/// above.
pub(super) fn finding(
    text: &mut Page,
    number: usize,
    view: &FindingView<'_>,
    start: &Start,
    said: &mut BTreeSet<String>,
) {
    let finding = view.finding;
    let actions = finding.actions.join(", ");
    let colon = if actions.is_empty() { "" } else { ": " };
    let tone = match finding.severity {
        Severity::Blocker => Tone::Bad,
        Severity::Undecided | Severity::Warning => Tone::Doubt,
        Severity::Note => Tone::Plain,
    };
    let first = format!("{}  {} {:<9} ", number + 1, view.code, view.severity);
    said.insert(words::so(finding.code, start.noun()));
    text.wrap_in(tone, &first, 3, &format!("{actions}{colon}{}", view.title));
    // What no recorded start used is said in a line where something else is in the way.
    let is_aside = finding.code.group() == Group::Documented && finding.severity != Severity::Blocker;
    if finding.code == Code::LifeCycleNotAllowed || (is_aside && number > 0) {
        return;
    }
    for key in &finding.keys {
        say(text, said, "KMS key", key.as_str());
    }
    let encrypted = start.volumes.iter().filter(|row| row.key.known().is_some()).count();
    if !finding.volumes.is_empty() && (finding.volumes.len() < encrypted || finding.keys.is_empty()) {
        let volumes: Vec<&str> = finding.volumes.iter().map(VolumeId::as_str).collect();
        say(text, said, "volumes", &volumes.join(", "));
    }
    for fact in &view.evidence {
        if let Some(command) = fact.command {
            if said.insert(command.to_string()) {
                text.command_item(fact.label, command);
            }
            continue;
        }
        let mut lines = fact.lines.iter();
        if !lines.next().is_some_and(|first| say(text, said, fact.label, first)) {
            continue;
        }
        if fact.sources.is_empty() {
            lines.for_each(|words| text.item("", words));
        }
        fact.sources.iter().for_each(|source| text.source(source));
    }
    if let Some(symptom) = words::symptom(finding, start) {
        say(text, said, "symptom", symptom);
    }
}

/// Says something that has not been said yet, and tells whether it did.
fn say(text: &mut Page, said: &mut BTreeSet<String>, label: &str, words: &str) -> bool {
    if !said.insert(words.to_owned()) {
        return false;
    }
    text.item(label, words);
    true
}

/// What settles what is not known.
pub(super) fn next_steps(text: &mut Page, view: &FindingView<'_>) {
    let steps = &view.steps;
    if steps.is_empty() {
        return;
    }
    text.line(if steps.len() == 1 { "   Next" } else { "   Next, one of" });
    for step in steps {
        text.wrap("     ", 5, &format!("{}:", step.words));
        for command in &step.lines {
            text.line(&format!("       {command}"));
        }
    }
}

/// So many files that were handed in are told a line each.
const FEW: usize = 4;

/// Who read what and when, what was assumed, what was not read.
pub(super) fn provenance(text: &mut Page, view: &View<'_>, detail: Detail) {
    let report = view.report;
    let read = &report.read;
    let source = if read.region_source.is_empty() { String::new() } else { format!(" (from {})", read.region_source) };
    let by =
        read.by.known().map(|arn| format!(" by {}", arn.splitn(6, ':').last().unwrap_or_default())).unwrap_or_default();
    let (from, until) = (words::minute(read.from), words::minute(read.until));
    let when = if from == until { from } else { format!("{from} to {until}") };
    let age = report.age(read.from).map(|age| format!(", {},", words::ago(age))).unwrap_or_default();
    let what = if report.was_read.is_empty() { String::new() } else { format!(": {}", report.was_read.join(", ")) };
    // Pieces from several hands were read by nobody in particular.
    let verb = if read.by == Fact::Absent { "Put together" } else { "Read" };
    text.wrap("", 2, &format!("{verb} {when}{age}{by}, Region {}{source}{what}.", read.region));
    let (dated, undated): (Vec<&Handed>, Vec<&Handed>) =
        report.handed.iter().partition(|handed| handed.read.is_some() || report.handed.len() <= FEW);
    for handed in dated {
        text.wrap("", 2, &format!("Supplied: {}.", words::handed(handed, report.judged_at)));
    }
    if !undated.is_empty() {
        let files: Vec<String> = undated.iter().map(|handed| format!("{} ({})", handed.file, handed.what)).collect();
        let words = "files that do not tell when they were read";
        text.wrap("", 2, &format!("Supplied: {} {words}: {}.", files.len(), files.join(", ")));
    }
    let mut taken = Vec::new();
    for (label, is_stated) in [("Stated", true), ("Assumed", false)] {
        let list = words::taken_for_granted(report, is_stated);
        if !list.is_empty() {
            taken.push(format!("{label}: {list}."));
        }
    }
    if report.verdict != Verdict::Ready {
        taken.push(NOT_CHECKED.to_owned());
    }
    if !taken.is_empty() {
        text.wrap("", 2, &taken.join(" "));
    }
    not_read(text, view, detail);
    look_ups(text, view);
    if detail == Detail::Full {
        let version = env!("CARGO_PKG_VERSION");
        text.line(&format!("ebs-preflight {version}, call model of {}.", crate::operations::MODEL_DATE));
    }
    let shown = |code: &&Code| detail == Detail::Full || **code != Code::LifeCycleNotAllowed;
    if let Some(code) = report.codes().iter().find(shown) {
        text.line(&format!("More: {}", Command::preflight("explain").argument(code.id())));
    }
}

/// The look-ups of events that failed, to be made by somebody who may.
fn look_ups(text: &mut Page, view: &View<'_>) {
    for wanted in view.to_read.iter().filter(|wanted| wanted.hand_in == EVENTS) {
        text.wrap("", 2, &format!("Run this in a shell of {}, and pass its output with {EVENTS}:", wanted.r#in));
        text.document("  ", &wanted.lines);
    }
}

/// What was not read: each thing that bears on the answer, and how many others.
fn not_read(text: &mut Page, view: &View<'_>, detail: Detail) {
    let findings = || view.targets.iter().flat_map(TargetView::findings);
    let needed: BTreeSet<&str> = findings()
        .flat_map(|one| &one.finding.evidence)
        .filter_map(|fact| if let Evidence::OpenQuestion(open) = fact { open.needs() } else { None })
        .collect();
    let bears = |item: &Missing| {
        needed.contains(item.needs.as_str())
            || findings().any(|one| one.unread.iter().any(|other| std::ptr::eq(*other, item)))
    };
    let named =
        |item: &Missing| format!("{} ({})", if item.needs.is_empty() { &item.what } else { &item.needs }, item.why);
    let (told, aside): (Vec<_>, Vec<_>) =
        view.report.unread.iter().partition(|item| detail == Detail::Full || bears(item));
    let told: BTreeSet<String> = told.into_iter().map(named).collect();
    if !told.is_empty() {
        text.wrap("Not read: ", 2, &format!("{}.", told.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let aside: BTreeSet<&str> = aside.into_iter().map(|item| item.needs.as_str()).collect();
    if !aside.is_empty() {
        let aside = aside.into_iter().filter(|needs| !needs.is_empty()).collect::<Vec<_>>().join(", ");
        text.wrap("", 2, &format!("Not read, without effect on the answer: {aside}."));
    }
}
