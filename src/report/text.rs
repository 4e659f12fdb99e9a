//! The report for people: the verdict first, the cause next, the cure last.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{ContentArrangement, Table};

use crate::capture::Handed;
use crate::command::Command;
use crate::engine::Decision;
use crate::escape::one_line;
use crate::fact::Fact;
use crate::findings::{Code, Group, Severity};
use crate::names::VolumeId;
use crate::operations::{RequestOutcome, Requester, Step};
use crate::remedy::Form;

use super::view::{FindingView, TargetView, View};
use super::{joined, observed, remedy};
use crate::outcome::{Report, Start, TargetReport, Verdict};
use crate::words;
use crate::words::Page;

/// The report as plain text.
pub fn render(report: &Report) -> String {
    render_with(report, Form::Statement)
}

/// The report as plain text, with remedies in this form.
pub fn render_with(report: &Report, form: Form) -> String {
    let view = View::of(report);
    let mut text = Page::default();
    let mut told = joined::Shown::new(report);
    for (number, target) in view.targets.iter().enumerate() {
        if number > 0 {
            text.blank();
        }
        if let Some(start) = target.start {
            render_start(&mut text, report, target, start, (form, &mut told));
        }
        if let Some(error) = target.error {
            text.line(&format!("ERROR  {}: {}", target.target.instance_id, error.message));
            text.document("  ", &error.help);
        }
    }
    joined::together(&mut text, report);
    text.blank();
    provenance(&mut text, &view);
    text.print()
}

/// The verdicts alone.
pub fn headline_of(report: &Report) -> String {
    let mut text = Page::default();
    for target in &report.targets {
        if let Ok(start) = &target.outcome {
            headline(&mut text, report, target, start);
        }
    }
    text.print()
}

fn render_start(
    text: &mut Page,
    report: &Report,
    target: &TargetView<'_>,
    start: &Start,
    (form, told): (Form, &mut joined::Shown),
) {
    headline(text, report, target.target, start);
    if !start.volumes.is_empty() && start.judged.iter().any(|judged| judged.case.key.is_some()) {
        text.blank();
        volume_table(text, start);
    }
    let mut said = BTreeSet::new();
    for (number, view) in target.findings().iter().enumerate() {
        if number == 0 || view.finding.severity <= Severity::Undecided {
            text.blank();
        }
        render_finding(text, number, view, start, &mut said);
        if !view.confirmed_by.is_empty() {
            text.item("confirmed", &format!("by event {}", view.confirmed_by.join(", ")));
        }
        next_steps(text, view);
    }
    text.append(&remedy::text(start, form, told));
    if let Some(earlier) = &report.earlier {
        text.append(&observed::text(&target.events, earlier));
    }
}

fn headline(text: &mut Page, report: &Report, target: &TargetReport, start: &Start) {
    let name = start.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    let instance = format!("{}{name}", target.instance_id);
    let starter = words::starter(report, &start.principal);
    let warnings = start.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    let warnings = warnings + usize::from(report.is_old());
    match start.verdict {
        Verdict::Ready => {
            let assumed = words::assumed(start);
            let with = match warnings {
                0 => String::new(),
                1 => " (1 warning)".to_owned(),
                several => format!(" ({several} warnings)"),
            };
            let says = format!("{instance}: no permission or key stops {starter}");
            if assumed.is_empty() {
                text.wrap(&format!("READY{with}  "), 7, &says);
            } else {
                text.wrap("READY ", 7, &format!("{assumed}{with} {says}"));
            }
            text.line("       (capacity, quotas, the operating system and VPC endpoint policies are not checked)");
            if let Some(allowed) = words::allowed_by(start) {
                text.wrap("       ", 7, &allowed);
            }
        }
        Verdict::Blocked => {
            if start.findings.iter().any(|finding| finding.code == Code::RoleMissing) {
                text.line(&format!("BLOCKED  {} {} does not exist", start.noun(), start.principal));
            } else {
                let mut blockers = start.findings.iter().filter(|finding| finding.severity == Severity::Blocker);
                if blockers.all(|finding| words::is_only_documented(finding, start)) {
                    let lacks = format!("{instance}: {starter} lacks what --require documented asks for");
                    text.wrap("BLOCKED  ", 9, &lacks);
                } else {
                    text.wrap("BLOCKED  ", 9, &format!("{instance} will not start for {starter}"));
                }
                let first = start.findings.iter().find(|finding| finding.severity == Severity::Blocker);
                text.wrap("         ", 9, &first.map(|finding| words::cause(finding, start)).unwrap_or_default());
            }
        }
        Verdict::Undecided => {
            let doubt = "what is not known could";
            text.wrap("UNDECIDED  ", 11, &format!("{instance}: nothing read so far stops {starter}; {doubt}"));
        }
    }
    if let Some(age) = report.age(report.first_read()) {
        let (indent, ago) = (start.verdict.as_str().len() + 2, words::ago(age));
        let words = if report.is_old() {
            format!("Warning: read {ago}. What has changed since is not seen; read it again before you rely on this.")
        } else {
            format!("as of what was read {ago}")
        };
        text.wrap(&" ".repeat(indent), indent, &words);
    }
}

fn volume_table(text: &mut Page, start: &Start) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let by_starter = format!("Decrypt by {}", start.noun());
    table.set_header(["Volume", "Device", "KMS key", "Key state", "CreateGrant", "Decrypt by EC2", &by_starter]);
    let mut of_volume: BTreeMap<(&VolumeId, Step), &RequestOutcome> = BTreeMap::new();
    for judged in &start.judged {
        if let Some(volume) = &judged.case.volume {
            of_volume.entry((volume, judged.case.row.step)).or_insert(judged);
        }
    }
    for row in &start.volumes {
        let key = match &row.key {
            Fact::Known(arn) => row.aliases.first().map_or_else(|| arn.key_id().to_owned(), Clone::clone),
            Fact::Absent => "not encrypted".to_owned(),
            Fact::Unread(_) | Fact::Part { .. } => "not known".to_owned(),
        };
        let state = row.key_state.as_deref().map_or("", |state| if state.is_empty() { "not known" } else { state });
        let encrypted = row.key.known().is_some();
        let of_step = |step| of_volume.get(&(&row.volume, step)).copied();
        let grant = of_step(Step::CreateGrant);
        let cell = |step| if encrypted { decision_cell(of_step(step), grant) } else { String::new() };
        let state = if encrypted { state.to_owned() } else { String::new() };
        let [grant, ec2, own] = [Step::CreateGrant, Step::InfrastructureDecrypt, Step::ForwardedDecrypt].map(cell);
        let cells = [row.volume.to_string(), row.device.clone(), key, state, grant, ec2, own];
        // A table breaks its cells at line ends, and aligns what is shown.
        table.add_row(cells.map(|cell| one_line(&cell).into_owned()));
    }
    for row in table.to_string().lines() {
        text.line(&format!(" {}", row.trim_end()));
    }
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

/// `1. EBP0101 blocker: kms:CreateGrant: no policy of the role allows it`, and what it rests on that has not been
/// said above.
pub(super) fn render_finding(
    text: &mut Page,
    number: usize,
    view: &FindingView<'_>,
    start: &Start,
    said: &mut BTreeSet<String>,
) {
    let finding = view.finding;
    let actions = finding.actions.join(", ");
    let colon = if actions.is_empty() { "" } else { ": " };
    let first = format!("{}. {} {}: ", number + 1, finding.code, words::severity(finding.severity));
    said.insert(words::so(finding.code, start.noun()));
    let verb = if finding.code.group() == Group::Documented { " not allowed" } else { "" };
    text.wrap(&first, 3, &format!("{actions}{verb}{colon}{}", view.title));
    // A note on what a start does not use is said in a line.
    if finding.code == Code::LifeCycleNotAllowed {
        return;
    }
    for key in &finding.keys {
        say(text, said, "key", key.as_str());
    }
    let encrypted = start.volumes.iter().filter(|row| row.key.known().is_some()).count();
    if !finding.volumes.is_empty() && (finding.volumes.len() < encrypted || finding.keys.is_empty()) {
        let volumes: Vec<&str> = finding.volumes.iter().map(VolumeId::as_str).collect();
        say(text, said, "volumes", &volumes.join(", "));
    }
    for fact in &view.evidence {
        if let Some(command) = fact.command {
            text.command_item(fact.label, command);
            continue;
        }
        let mut lines = fact.lines.iter();
        if lines.next().is_some_and(|first| say(text, said, fact.label, first)) {
            lines.for_each(|words| text.item("", words));
        }
    }
    if let Some(symptom) = words::symptom(finding, start) {
        say(text, said, "what you see", symptom);
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
pub(super) fn provenance(text: &mut Page, view: &View<'_>) {
    let report = view.report;
    let read = &report.read;
    let source = if read.region_source.is_empty() { String::new() } else { format!(" (from {})", read.region_source) };
    let by = read.by.known().map(|arn| format!(" by {arn}")).unwrap_or_default();
    let (from, until) = (words::minute(read.from), words::minute(read.until));
    let when = if from == until { from } else { format!("{from} to {until}") };
    let age = report.age(read.from).map(|age| format!(", {},", words::ago(age))).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let what = if report.was_read.is_empty() { String::new() } else { format!(": {}", report.was_read.join(", ")) };
    // Pieces from several hands were read by nobody in particular.
    let verb = if read.by == Fact::Absent { "Put together" } else { "Read" };
    text.wrap("", 2, &format!("Region {}{source}. {verb} {when}{age}{by}{what}.", read.region));
    let (dated, undated): (Vec<&Handed>, Vec<&Handed>) =
        report.handed.iter().partition(|handed| handed.read.is_some() || report.handed.len() <= FEW);
    for handed in dated {
        text.wrap("", 2, &format!("Handed in: {}.", words::handed(handed, report.judged_at)));
    }
    if !undated.is_empty() {
        let files: Vec<String> = undated.iter().map(|handed| format!("{} ({})", handed.file, handed.what)).collect();
        let words = "files that do not tell when they were read";
        text.wrap("", 2, &format!("Handed in: {} {words}: {}.", files.len(), files.join(", ")));
    }
    for (label, is_stated) in [("Stated", true), ("Assumed", false)] {
        let taken = words::taken_for_granted(report, is_stated);
        if !taken.is_empty() {
            text.wrap("", 2, &format!("{label}: {taken}."));
        }
    }
    let unread = report
        .unread
        .iter()
        .map(|item| format!("{} ({})", if item.needs.is_empty() { &item.what } else { &item.needs }, item.why));
    let unread: BTreeSet<String> = unread.collect();
    if !unread.is_empty() {
        let unread: Vec<String> = unread.into_iter().collect();
        text.wrap("Not read: ", 2, &format!("{}.", unread.join(", ")));
    }
    let explain = |code: &Code| Command::preflight("explain").argument(code.id());
    let more = report.codes().first().map(|code| format!("    More: {}", explain(code))).unwrap_or_default();
    text.line(&format!("ebs-preflight {version}, call model of {}.{more}", crate::operations::MODEL_DATE));
    for wanted in &view.to_read {
        let words = format!(
            "To read just what is missing, paste this into a shell (CloudShell, say) of {}, and give what it prints \
             to {}:",
            wanted.r#in, wanted.hand_in
        );
        text.wrap("", 2, &words);
        text.document("  ", &wanted.lines);
    }
}
