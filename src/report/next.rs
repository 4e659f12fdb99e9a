//! What settles an open question: the flag, the read permission or the AWS CLI line.

use crate::findings::{Code, Fact, Finding, Open, Severity};
use crate::names::{KeyArn, VolumeId, shell_word};

use super::{Report, TargetReport, UnreadItem, words};

/// One way on: words, and what is to be typed.
pub(super) struct Step {
    pub(super) words: String,
    pub(super) lines: Vec<String>,
}

/// The ways in which an undecided finding is settled; one of them does.
pub(super) fn steps(report: &Report, target: &TargetReport, finding: &Finding) -> Vec<Step> {
    if finding.severity != Severity::Undecided {
        return Vec::new();
    }
    // What else was said stays said: the flags and the capture of this command.
    let with = |flag: &str| vec![format!("the same command with {flag}")];
    let step = |words: &str, lines: Vec<String>| Step { words: words.to_owned(), lines };
    let commands: Vec<String> = items(report, finding).map(|item| item.command.clone()).collect();
    let mut steps = Vec::new();
    if finding.code == Code::OrganizationUnread {
        steps.push(step(
            "read them with a profile of the management or a delegated administrator account",
            with("--org-profile PROFILE"),
        ));
        steps.push(step("ask the organization's administrator for the output of", commands));
        let mut accounts: Vec<&str> = finding.keys.iter().map(KeyArn::account).collect();
        accounts.extend(target.role_arn.split(':').nth(4));
        accounts.sort_unstable();
        accounts.dedup();
        let script = format!("ebs-preflight capture --script --org {}", accounts.join(" --org "));
        steps.push(step(
            "or have the organization's administrator run what this prints, and hand the output in with --add",
            vec![script],
        ));
        // The one way that anybody can go, whole.
        let (instance, starter) = (&target.instance_id, words::option(&target.role_arn));
        let whole = format!("ebs-preflight check --instance-id {instance} {starter} --assume-org-allows");
        steps.push(step("say that you assume they allow it", vec![whole]));
    } else if finding.code == Code::KeyUnread || finding.code == Code::KeyStateUnknown {
        let mut accounts: Vec<&str> = finding.keys.iter().map(KeyArn::account).collect();
        accounts.dedup();
        let words = format!("read it with a profile of account {}", accounts.join(", "));
        steps.push(step(&words, with("--key-profile PROFILE")));
        let handed = if finding.code == Code::KeyUnread {
            "ask the key's administrator for the output of these, and add it with --key-policy-file, --grants-file"
        } else {
            "ask the key's administrator for the output of"
        };
        steps.push(step(handed, commands));
        let script = |key: &KeyArn| format!("ebs-preflight capture --script --key {key}");
        let scripts = finding.keys.iter().map(script).collect();
        steps.push(step(
            "or have the key's administrator run what this prints, and hand the output in with --add",
            scripts,
        ));
    } else if finding.code == Code::ContextKeyUnknown {
        for key in context_keys(finding) {
            let words = if key.eq_ignore_ascii_case("aws:SourceIp") {
                "say from which address; with Bool aws:ViaAWSService false beside it a Deny leaves out what EC2 forwards"
            } else {
                "say what the session will have"
            };
            steps.push(step(words, with(&format!("--context {key}=VALUE"))));
        }
    } else if finding.code == Code::SessionNameUnknown {
        steps.push(step("say how the session is named", with("--session-name NAME")));
    } else if finding.code == Code::NotDecided {
        let in_key_policy = finding.evidence.iter().any(|fact| matches!(fact, Fact::Open(Open::NotPrincipal { .. })));
        let flag = if in_key_policy { "--set-key-policy KEY=FILE" } else { "--set-scp ID=FILE" };
        let words = "have the policy say the same in a way that AWS documents, and judge that beforehand with";
        steps.push(step(words, vec![format!("the same command, with diff in place of check and {flag}")]));
    } else {
        // What was read settles itself: only what was not is to be read by somebody else.
        let was_read = commands.is_empty();
        steps.push(step("read it with credentials that may, or ask for the output of", commands));
        let (instance, starter) = (&target.instance_id, &target.role_arn);
        let what = if finding.code == Code::RoleUnread {
            format!("--identity {}", shell_word(starter))
        } else {
            format!("--instance-id {instance} {} --region {}", words::option(starter), report.read.region)
        };
        let script = format!("ebs-preflight capture --script {what}");
        let words = "or have somebody who may read it run what this prints, and hand the output in with --add";
        steps.push(step(words, if was_read { Vec::new() } else { vec![script] }));
    }
    steps.retain(|step| !step.lines.is_empty());
    steps
}

fn context_keys(finding: &Finding) -> Vec<&str> {
    let keys = finding
        .evidence
        .iter()
        .filter_map(|fact| if let Fact::Open(Open::ContextKey { key, .. }) = fact { Some(key.as_str()) } else { None });
    let mut keys: Vec<&str> = keys.collect();
    keys.dedup();
    keys
}

/// Which service's reads settle a finding.
const READS: &[(Code, &str)] = &[
    (Code::OrganizationUnread, "organizations:"),
    (Code::KeyUnread, "kms:"),
    (Code::KeyStateUnknown, "kms:"),
    (Code::RoleUnread, "iam:"),
    (Code::VolumeUnread, "ec2:"),
];

/// What was not read and bears on the finding.
fn items<'a>(report: &'a Report, finding: &'a Finding) -> impl Iterator<Item = &'a UnreadItem> {
    let service = READS.iter().find(|(code, _)| *code == finding.code).map_or("none", |(_, service)| *service);
    // Tags and aliases bear only on conditions that ask for them.
    let matters = |item: &UnreadItem| !item.needs.ends_with("ListResourceTags") && !item.needs.ends_with("ListAliases");
    let names = move |item: &UnreadItem| {
        let mut subjects = finding.keys.iter().map(KeyArn::as_str).collect::<Vec<_>>();
        if finding.code == Code::VolumeUnread {
            subjects.extend(finding.volumes.iter().map(VolumeId::as_str));
        }
        !matches!(service, "kms:" | "ec2:") || subjects.iter().any(|subject| item.command.contains(subject))
    };
    report
        .unread
        .iter()
        .filter(move |item| finding.severity == Severity::Undecided && item.needs.starts_with(service))
        .filter(move |item| matters(item) && names(item))
}
