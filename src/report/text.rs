//! The report for people: the verdict first, the cause next, the cure last.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table};

use crate::engine::Decision;
use crate::findings::{Fact, Finding, Severity};
use crate::remedy::Form;
use crate::source::Reading;
use crate::start::{By, Judged};

use super::{Report, Start, TargetReport, Verdict, VolumeRow, remedy, words};

/// The report as plain text.
pub fn render(report: &Report) -> String {
    render_with(report, Form::Statement)
}

/// The report as plain text, with remedies in this form.
pub fn render_with(report: &Report, form: Form) -> String {
    let mut text = String::new();
    for (number, target) in report.targets.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        match &target.outcome {
            Ok(start) => render_start(&mut text, report, target, start, form),
            Err(error) => {
                line(&mut text, &format!("ERROR  {}: {}", target.instance_id, error.message));
                line(&mut text, &format!("  {}", error.help));
            }
        }
    }
    text.push('\n');
    provenance(&mut text, report);
    escape(&text)
}

/// The verdicts alone.
pub fn headline_of(report: &Report) -> String {
    let mut text = String::new();
    for target in &report.targets {
        if let Ok(start) = &target.outcome {
            headline(&mut text, report, target, start);
        }
    }
    escape(&text)
}

fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

/// Text from AWS must not move the cursor or hide words: control characters are shown, line ends kept.
pub(super) fn escape(text: &str) -> String {
    let hidden = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if hidden(character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A name of AWS's that must stay in its line.
fn one_line(name: &str) -> String {
    name.replace('\n', "\\n")
}

fn render_start(text: &mut String, report: &Report, target: &TargetReport, start: &Start, form: Form) {
    headline(text, report, target, start);
    if !start.volumes.is_empty() {
        text.push('\n');
        volume_table(text, start);
    }
    let shown = start.findings.iter();
    for (number, finding) in shown.enumerate() {
        text.push('\n');
        render_finding(text, number + 1, finding, start);
    }
    text.push_str(&remedy::text(start, form));
    if start.verdict == Verdict::Undecided {
        next_steps(text, target, start);
    }
}

fn headline(text: &mut String, report: &Report, target: &TargetReport, start: &Start) {
    let name = start.name.as_deref().map(|name| format!(" ({})", one_line(name))).unwrap_or_default();
    let instance = format!("{}{name}", target.instance_id);
    let role = words::path_and_name(&start.principal);
    let warnings = start.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    match start.verdict {
        Verdict::Ready => {
            let assumed = if report.assumes_organization() { " (assumed)" } else { "" };
            let with = match warnings {
                0 => String::new(),
                1 => " (1 warning)".to_owned(),
                several => format!(" ({several} warnings)"),
            };
            line(text, &format!("READY{assumed}{with}  {instance}: no permission or key stops role {role}"));
            line(text, "  (capacity, quotas and the operating system are not checked)");
        }
        Verdict::Blocked => {
            line(text, &format!("BLOCKED  {instance} will not start for role {role}"));
            if let Some(finding) = start.findings.iter().find(|finding| finding.severity == Severity::Blocker) {
                line(text, &format!("  {}", title(finding)));
            }
        }
        Verdict::Undecided => {
            line(text, &format!("UNDECIDED  {instance}: nothing read so far stops role {role}, but not all is known"));
        }
    }
}

fn volume_table(text: &mut String, start: &Start) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["Volume", "Device", "KMS key", "Key state", "CreateGrant", "Decrypt by EC2", "Decrypt by role"]);
    for row in &start.volumes {
        let key = match &row.key {
            Reading::Known(arn) => row.aliases.first().map_or_else(|| arn.key_id().to_owned(), |alias| one_line(alias)),
            Reading::Absent => "not encrypted".to_owned(),
            Reading::Unread(_) => "not known".to_owned(),
        };
        let state = row.key_state.as_deref().map_or("", |state| if state.is_empty() { "not known" } else { state });
        let encrypted = row.key.known().is_some();
        let cell = |number| if encrypted { decision_cell(start, row, number) } else { String::new() };
        let state = if encrypted { state.to_owned() } else { String::new() };
        table.add_row([row.volume.to_string(), one_line(&row.device), key, state, cell(2), cell(4), cell(3)]);
    }
    for row in table.to_string().lines() {
        line(text, &format!(" {}", row.trim_end()));
    }
}

fn of_volume<'s>(start: &'s Start, row: &VolumeRow, number: u8) -> Option<&'s Judged> {
    start
        .judged
        .iter()
        .find(|judged| judged.case.row.number == number && judged.case.volume.as_ref() == Some(&row.volume))
}

fn decision_cell(start: &Start, row: &VolumeRow, number: u8) -> String {
    let Some(judged) = of_volume(start, row, number) else { return String::new() };
    let word = words::decision(judged.decision);
    // EC2 makes the grant by itself once CreateGrant is allowed.
    let waits = judged.case.row.by == By::Infrastructure
        && judged.decision == Decision::Allowed
        && of_volume(start, row, 2).is_some_and(|grant| grant.decision.is_denied());
    if waits { "after the grant".to_owned() } else { word.to_owned() }
}

fn title(finding: &Finding) -> String {
    let actions = finding.actions.join(", ");
    if actions.is_empty() { finding.code.title().to_owned() } else { format!("{actions}: {}", finding.code.title()) }
}

pub(super) fn render_finding(text: &mut String, number: usize, finding: &Finding, start: &Start) {
    let severity = words::severity(finding.severity);
    line(text, &format!("{number}. {} {severity}: {}", finding.code, title(finding)));
    for key in &finding.keys {
        let row = start.volumes.iter().find(|row| row.key.known() == Some(key));
        let alias =
            row.and_then(|row| row.aliases.first()).map(|alias| format!(" ({})", one_line(alias))).unwrap_or_default();
        item(text, "key", &format!("{key}{alias}"));
    }
    if !finding.volumes.is_empty() {
        let volumes: Vec<&str> = finding.volumes.iter().map(crate::names::VolumeId::as_str).collect();
        item(text, "volumes", &volumes.join(", "));
    }
    for fact in &finding.evidence {
        let (label, lines) = words::fact(fact);
        for (position, words) in lines.iter().enumerate() {
            item(text, if position == 0 { &label } else { "" }, &one_line(words));
        }
        if let Fact::Open(open) = fact
            && let Some(settle) = words::settle(open)
        {
            item(text, "", &format!("settled by {settle}"));
        }
    }
    if finding.severity == Severity::Blocker && finding.actions.contains(&"kms:CreateGrant") {
        item(text, "what you see", "StartInstances answers OK; then pending → stopped, Client.InternalError");
    }
}

fn item(text: &mut String, label: &str, words: &str) {
    // A String takes every write.
    let _ = writeln!(text, "   {label:<13} {words}");
}

fn next_steps(text: &mut String, target: &TargetReport, start: &Start) {
    let organization = |fact: &Fact| matches!(fact, Fact::Open(crate::findings::Open::Unread { needs, .. }) if needs.starts_with("organizations:"));
    let open: Vec<&Fact> = start
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Undecided)
        .flat_map(|finding| &finding.evidence)
        .collect();
    if !open.is_empty() && open.iter().all(|fact| organization(fact)) {
        line(text, "\n   Next: the same command with --org-profile PROFILE, or state that you assume they allow it:");
        line(
            text,
            &format!(
                "   ebs-preflight check --instance-id {} --role-arn {} --assume-org-allows",
                target.instance_id, target.role_arn
            ),
        );
    }
}

fn provenance(text: &mut String, report: &Report) {
    let read = &report.read;
    let source = if read.region_source.is_empty() { String::new() } else { format!(" (from {})", read.region_source) };
    let by = read.by.known().map(|arn| format!(" by {arn}")).unwrap_or_default();
    line(text, &format!("Region {}{source}. Read {}{by}.", read.region, read.until));
    for handed in &report.handed {
        line(text, &format!("Handed in: {}.", words::handed(handed, report.judged_at)));
    }
    let mut assumed: Vec<String> =
        report.starts().flat_map(|start| &start.assumptions).map(words::assumption).collect();
    assumed.sort();
    assumed.dedup();
    if !assumed.is_empty() {
        line(text, &format!("Assumed: {}.", assumed.join("; ")));
    }
    if !report.unread.is_empty() {
        line(text, "Not read:");
        for item in &report.unread {
            let needs = if item.needs.is_empty() { String::new() } else { format!(", needs {}", item.needs) };
            line(text, &format!("  {} ({}{needs})", one_line(&item.what), one_line(&item.why)));
            line(text, &format!("    {}", one_line(&item.command)));
        }
    }
    let codes: Vec<String> =
        report.codes().iter().take(1).map(|code| format!("More: ebs-preflight explain {code}")).collect();
    for more in codes {
        line(text, &more);
    }
}
