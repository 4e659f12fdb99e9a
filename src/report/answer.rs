//! The first lines of a report on one start: the answer, why, and what to do next.

use serde::Serialize;

use crate::change::{Change, PolicyPlace};
use crate::command::Command;
use crate::findings::{Code, Evidence, Finding, Severity};
use crate::outcome::{Report, Start, TargetReport, Verdict};
use crate::remedy::Part;
use crate::words::{self, Page, Tone};

use super::next::Step;
use super::view::FindingView;
use super::{meant, remedy};

/// What is said before everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    #[serde(skip)]
    verdict: Verdict,
    /// What the verdict is said with: `(1 warning)`.
    #[serde(skip)]
    aside: String,
    #[serde(skip)]
    first: String,
    /// Whether `next` is to be copied, and so stays whole.
    #[serde(skip)]
    is_copied: bool,
    /// The cause, with the policy that decides.
    pub(super) why: String,
    /// What to do, and who can do it; of what is not known what to type.
    pub(super) next: Option<String>,
    /// How old the evidence is, and what else is to be known.
    #[serde(skip)]
    more: Vec<String>,
}

impl Answer {
    pub(super) fn of(report: &Report, target: &TargetReport, start: &Start, findings: &[FindingView<'_>]) -> Self {
        let name = start.name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
        let instance = format!("{}{name}", target.instance_id);
        let starter = words::starter(report, &start.principal);
        let (first, why, next) = match start.verdict {
            Verdict::Ready => (format!("{instance} can be started by {starter}"), words::ready(start), None),
            Verdict::Blocked => {
                let first = format!("{instance} cannot be started by {starter}");
                (first, why(start, Severity::Blocker, findings), fix(start, findings))
            }
            Verdict::Undecided => {
                let open = match of_severity(Severity::Undecided, findings).len() {
                    1 => "1 question is open".to_owned(),
                    several => format!("{several} questions are open"),
                };
                let first = format!("{instance} by {starter}: no blocker found, but {open}");
                (first, why(start, Severity::Undecided, findings), settled(findings))
            }
        };
        let mut more = Vec::new();
        if start.verdict == Verdict::Ready {
            more.push(format!("{}. {NOT_CHECKED}", counted(start)));
        }
        more.extend(age(report));
        let open = findings.iter().find(|view| view.finding.severity == Severity::Undecided);
        let is_copied = start.verdict == Verdict::Undecided && open.is_some_and(|open| !open.steps.is_empty());
        Self { verdict: start.verdict, aside: aside(report, start), first, is_copied, why, next, more }
    }

    /// Why, and what to do next, below a line that has the verdict.
    pub(super) fn write_below(&self, page: &mut Page) {
        let why = if self.verdict == Verdict::Ready { None } else { Some(("why", &self.why)) };
        if let Some((label, words)) = why {
            page.wrap_in(Tone::Strong, &format!("{label:<6}"), 6, words);
        }
        self.write_next(page, 6);
    }

    /// The lines on a page.
    pub(super) fn write(&self, page: &mut Page) {
        let verdict = self.verdict.as_str();
        let indent = verdict.len() + 2;
        let tone = match self.verdict {
            Verdict::Ready => Tone::Good,
            Verdict::Blocked => Tone::Bad,
            Verdict::Undecided => Tone::Doubt,
        };
        if self.aside.is_empty() {
            page.wrap_in(tone, &format!("{verdict}  "), indent, &self.first);
        } else {
            page.wrap_in(tone, &format!("{verdict} "), indent, &format!("{} {}", self.aside, self.first));
        }
        page.wrap_in(Tone::Strong, &format!("{:<indent$}", "why"), indent, &self.why);
        self.write_next(page, indent);
        let blanks = " ".repeat(indent);
        self.more.iter().for_each(|words| page.wrap(&blanks, indent, words));
    }

    /// The fix, or what is to be typed, which stays whole.
    fn write_next(&self, page: &mut Page, indent: usize) {
        let Some(next) = &self.next else { return };
        let label = if self.verdict == Verdict::Blocked { "fix" } else { "next" };
        let first = format!("{label:<indent$}");
        if self.is_copied {
            page.line(&format!("{first}{next}"));
        } else {
            page.wrap_in(Tone::Strong, &first, indent, next);
        }
    }
}

/// What this program does not look at.
pub(super) const NOT_CHECKED: &str = "Not checked: capacity, quotas, VPC endpoint policies, the OS.";

/// What is to be known of the verdict at once.
fn aside(report: &Report, start: &Start) -> String {
    if start.verdict != Verdict::Ready {
        return String::new();
    }
    let mut asides = Vec::new();
    let assumed = words::assumed(start);
    asides.extend(assumed.strip_prefix(" (").and_then(|assumed| assumed.strip_suffix(')')).map(str::to_owned));
    let state = start.findings.iter().filter(|finding| finding.code == Code::InstanceRunning);
    let state = state.flat_map(|finding| &finding.evidence).find_map(|fact| {
        let Evidence::State { value, .. } = fact else { return None };
        Some(if value == "running" { "already running" } else { value.as_str() })
    });
    asides.extend(state.map(str::to_owned));
    let warnings = start.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    match warnings + usize::from(report.is_old()) {
        0 => {}
        1 => asides.push("1 warning".to_owned()),
        several => asides.push(format!("{several} warnings")),
    }
    if asides.is_empty() { String::new() } else { format!(" ({})", asides.join(", ")) }
}

fn age(report: &Report) -> Option<String> {
    let ago = words::ago(report.age(report.first_read())?);
    Some(if report.is_old() {
        format!("Warning: read {ago}. What has changed since is not seen; read it again before you rely on this.")
    } else {
        format!("as of what was read {ago}")
    })
}

fn counted(start: &Start) -> String {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut keys: Vec<_> = start.volumes.iter().filter_map(|row| row.key.known()).collect();
    keys.sort();
    keys.dedup();
    let keys = if keys.is_empty() { String::new() } else { format!(", {}", plural(keys.len(), "KMS key")) };
    format!("{}{keys}", plural(start.volumes.len(), "volume"))
}

fn of_severity<'v, 'a>(severity: Severity, findings: &'v [FindingView<'a>]) -> Vec<&'v FindingView<'a>> {
    findings.iter().filter(|view| view.finding.severity == severity).collect()
}

/// The cause of the first finding of this severity, and that there are others.
fn why(start: &Start, severity: Severity, findings: &[FindingView<'_>]) -> String {
    let found = of_severity(severity, findings);
    let first = found.first().map(|view| words::cause(view.finding, start)).unwrap_or_default();
    if found.len() > 1 { format!("{first} (1 of {} below)", found.len()) } else { first }
}

/// What makes the start READY, and who can do it.
fn fix(start: &Start, findings: &[FindingView<'_>]) -> Option<String> {
    let mut steps = Vec::new();
    if let Some(arn) = &start.namesake {
        steps.push(format!("judge the {} of that name under another path: {}", start.noun(), words::option(arn)));
    }
    let blockers = of_severity(Severity::Blocker, findings);
    let things = blockers.iter().enumerate().filter_map(|(number, view)| of_thing(number + 1, view.finding));
    steps.extend(things);
    steps.extend(start.meant.iter().filter(|deny| deny.bars()).map(|deny| meant::words(deny, start.noun())).take(1));
    if let Some(remedy) = &start.remedy {
        let parts: Vec<&Part> = remedy.parts().iter().filter(|part| part.is_required).collect();
        steps.extend(parts.iter().map(|part| change(part, start)));
        if !remedy.proof().cures() && !parts.is_empty() {
            steps.push("that alone does not make it READY".to_owned());
        }
    }
    if steps.is_empty() {
        let first = blockers.first()?;
        if matches!(first.finding.code, Code::InstanceTerminated | Code::InstanceStoreRoot) {
            return Some("none: this instance cannot be started again; launch another one".to_owned());
        }
        let code = first.finding.code;
        steps.push(format!("none is known; `{}` tells what can be done", explain(code)));
    }
    Some(steps.join("; "))
}

fn explain(code: Code) -> Command {
    Command::preflight("explain").argument(code.id())
}

/// What is to be done to a key, a key store or an instance.
fn of_thing(number: usize, finding: &Finding) -> Option<String> {
    let commands = finding.evidence.iter().filter_map(|fact| {
        if let Evidence::State { name: "fix", value } = fact {
            return Some(value.clone());
        }
        // The whole command, which is to be copied, stands in the finding.
        let Evidence::Command { what: "fix", command } = fact else { return None };
        let command = command.to_string();
        let name = command.split(' ').take(3).collect::<Vec<_>>().join(" ");
        Some(format!("`{name}` (finding {number}), as the key's administrator"))
    });
    let commands: Vec<String> = commands.collect();
    (!commands.is_empty()).then(|| commands.join(", then "))
}

/// A change of the remedy, and who can make it.
fn change(part: &Part, start: &Start) -> String {
    let owner = remedy::owner(&part.owner);
    let by = format!("(below), as {owner}");
    if let Change::AddGrant { key, grant } = &part.change {
        let whom = words::identity(grant.grantee_principal.as_str());
        return format!("create a grant on {} for {whom} {by}", words::key_name(key, start));
    }
    let Change::Policy { place, .. } = &part.change else {
        return format!("create {} {by}", remedy::change(&part.change));
    };
    let of = match place {
        PolicyPlace::KeyPolicy(key) => format!("the key policy of {}", words::key_name(key, start)),
        PolicyPlace::Inline { .. }
        | PolicyPlace::Managed { .. }
        | PolicyPlace::Boundary { .. }
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. }
        | PolicyPlace::Session { .. } => remedy::place(place),
    };
    if let (PolicyPlace::Inline { identity, name }, None) = (place, &part.before) {
        return format!("create inline policy {name} on {} {by}", words::identity(identity.as_str()));
    }
    let named = |suggestion| remedy::sid(suggestion).map_or_else(String::new, |sid| format!(" \"{sid}\""));
    let replaced = part.statements.iter().find(|one| one.is_required && one.replaces.is_some());
    match replaced {
        Some(one) if one.text.is_empty() => format!("remove statement{} from {of} {by}", named(one)),
        Some(one) => format!("change statement{} of {of} {by}", named(one)),
        None => match part.statements.iter().filter(|one| one.is_required).count() {
            0 | 1 => format!("add a statement to {of} {by}"),
            several => format!("add {several} statements to {of} {by}"),
        },
    }
}

/// What would settle the first open question.
fn settled(findings: &[FindingView<'_>]) -> Option<String> {
    let found = of_severity(Severity::Undecided, findings);
    let steps: &[Step] = &found.first()?.steps;
    if let Some(first) = steps.first() {
        return first.lines.first().cloned();
    }
    let settles = found.iter().flat_map(|view| &view.finding.evidence).find_map(|fact| {
        if let Evidence::State { name: "settled by", value } = fact {
            return Some(value.clone());
        }
        let Evidence::Command { what: "settled by", command } = fact else { return None };
        Some(command.to_string())
    });
    let code = found.first()?.finding.code;
    Some(settles.unwrap_or_else(|| explain(code).to_string()))
}
