//! What settles an open question: the flag, the read permission or the AWS CLI line.

use crate::calls::Missing;
use crate::command::{Command, Word};
use crate::event::{PolicyKind, Refusal};
use crate::findings::{Code, Evidence, Finding, OpenQuestion, Severity};
use crate::names::{AccountId, ContextKey, KeyArn, PrincipalArn, TagKey, VolumeId};
use crate::operations::{Assumption, Requester, Resolution, is_network_key};
use crate::policy::PolicyType;
use crate::words::option;

use crate::outcome::{Report, Start, TargetReport};

/// One way on: words, and what is to be typed.
pub(super) struct Step {
    pub(super) words: String,
    pub(super) lines: Vec<String>,
}

fn step(words: impl Into<String>, lines: Vec<String>) -> Step {
    Step { words: words.into(), lines }
}

/// What else was said stays said: the flags and the capture of this command.
fn with(options: &Command) -> Vec<String> {
    vec![format!("the same command with {options}")]
}

fn flag(flag: &'static str) -> Vec<String> {
    with(&Command::options().words(flag))
}

/// The ways in which an undecided finding is settled; one of them does.
pub(super) fn steps(report: &Report, target: &TargetReport, start: &Start, finding: &Finding) -> Vec<Step> {
    if finding.severity != Severity::Undecided {
        return Vec::new();
    }
    let is = |codes: &[Code]| codes.contains(&finding.code);
    let mut steps = if is(&[Code::OrganizationUnread]) {
        organization(report, target, start, finding)
    } else if is(&[Code::KeyUnread, Code::KeyStateUnknown])
        || (is(&[Code::CustomKeyStore]) && needs(finding).next().is_some())
    {
        key(report, target, finding)
    } else if is(&[Code::RefusedSince]) {
        refused(report, target, finding)
    } else if is(&[Code::ContextKeyUnknown]) {
        context_keys(finding)
    } else if is(&[Code::SessionNameUnknown]) {
        vec![step("say how the session is named", flag("--session-name NAME"))]
    } else if is(&[Code::IncompleteArn]) {
        vec![step(
            "have the policy write all six parts of the ARN, and judge that beforehand with",
            of_policies(finding),
        )]
    } else if is(&[Code::CustomKeyStore, Code::RootVolumeMissing, Code::LicenseConfiguration]) {
        vec![again(target)]
    } else if is(&[Code::NotDecided]) {
        if needs(finding).any(|needs| needs == "ec2:DescribeInstances") {
            vec![again(target)]
        } else {
            documented(start, finding)
        }
    } else {
        other(report, target, finding)
    };
    steps.retain(|step| !step.lines.is_empty());
    if steps.is_empty() && needs(finding).next().is_some() {
        // It was read, and AWS did not tell it, or in a word that nobody knows yet.
        steps.push(again(target));
    }
    steps
}

/// Which policies to read, or to state, by the policy type that AWS named; by any that is never read where it named none.
fn refused(report: &Report, target: &TargetReport, finding: &Finding) -> Vec<Step> {
    let refusals = finding
        .evidence
        .iter()
        .filter_map(|fact| if let Evidence::Refused { refusal, .. } = fact { Some(refusal.as_ref()) } else { None });
    let refusals: Vec<&Refusal> = refusals.collect();
    let may_be = |kind| refusals.iter().any(|one| one.policy.is_none_or(|own| own == kind));
    let is_call = refusals.iter().any(|one| one.action.starts_with("ec2:"));
    let is_read = |kind| !matches!(kind, PolicyKind::Session | PolicyKind::VpcEndpoint);
    let reads = refusals.iter().any(|one| one.policy.is_none_or(is_read));
    let session = step("say which session policies are passed when the role is assumed", flag("--session-policy FILE"));
    let region = Command::aws("ec2 describe-vpc-endpoints").option("--region", &report.read.region);
    let endpoint = step(
        "read the policy of the VPC endpoint by which StartInstances is called, which this program never reads",
        vec![region.words("--query VpcEndpoints[].PolicyDocument").to_string()],
    );
    let again = reads.then(|| again(target));
    let dated = finding.evidence.iter().any(|fact| matches!(fact, Evidence::Undated(_))).then(|| {
        let what = "hand in with its date what has none, as the lines of `capture --script` print it";
        step(what, flag("--add FILE"))
    });
    let session = may_be(PolicyKind::Session).then_some(session);
    let endpoint = (is_call && may_be(PolicyKind::VpcEndpoint)).then_some(endpoint);
    [dated, again, session, endpoint].into_iter().flatten().collect()
}

/// What was read is to be read again, or for the first time.
fn again(target: &TargetReport) -> Step {
    let again = Command::preflight("capture").option("--instance-id", &target.instance_id);
    let again = match PrincipalArn::parse(&target.role_arn) {
        Ok(principal) => again.with(&option(&principal)),
        Err(_) => again.option("--role-arn", Word::blank("ARN")),
    };
    step("read the start again, whole, with", vec![again.to_string()])
}

fn accounts<'a>(finding: &'a Finding, more: Option<&'a str>) -> Vec<&'a str> {
    let mut accounts: Vec<&str> = finding.keys.iter().map(KeyArn::account).chain(more).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

fn organization(report: &Report, target: &TargetReport, start: &Start, finding: &Finding) -> Vec<Step> {
    let concerned = accounts(finding, target.role_arn.split(':').nth(4));
    let mut unread = concerned.clone();
    unread.retain(|account| report.unread.iter().any(|item| item.organization_of() == Some(account)));
    let accounts = if unread.is_empty() { concerned } else { unread };
    let known = accounts.iter().filter_map(|account| AccountId::parse(account).ok());
    let of_accounts = known.fold(script(), |script, account| script.option("--org", &account));
    let of = accounts.join(" and ");
    let is_assumed = start.assumptions.contains(&Assumption::OrganizationAllows)
        || !opens(finding).any(|open| matches!(open, OpenQuestion::Unread { .. }));
    vec![
        step(
            format!(
                "read them with a profile of the management or a delegated administrator account of the \
                 organization of account {of}"
            ),
            flag("--org-profile PROFILE"),
        ),
        asked("the organization's administrator", [of_accounts], "--add organization.txt"),
        // What a condition asks of the organization no such assumption tells.
        step("state that they allow it", if is_assumed { Vec::new() } else { flag("--assume-org-allows") }),
    ]
}

/// Somebody else reads it, with the lines that a command of this program prints.
fn asked(whom: &str, scripts: impl IntoIterator<Item = Command>, file: &'static str) -> Step {
    let mut lines: Vec<String> = scripts.into_iter().map(|script| script.to_string()).collect();
    lines.extend(flag(file));
    step(format!("send {whom} what `capture --script` prints, and pass its output with --add"), lines)
}

fn script() -> Command {
    Command::preflight("capture --script")
}

fn key(report: &Report, target: &TargetReport, finding: &Finding) -> Vec<Step> {
    // A capture may lack what no refused read explains: then no lines below read it.
    if items(report, finding).next().is_none() {
        return vec![again(target)];
    }
    let of_keys = finding.keys.iter().map(|key| script().option("--key", key));
    let read = step(
        format!("read it with a profile of account {}", accounts(finding, None).join(", ")),
        flag("--key-profile PROFILE"),
    );
    let lacks = |needs: &str| items(report, finding).any(|item| item.needs == needs);
    let files = [("kms:GetKeyPolicy", "--key-policy-file KEY=FILE"), ("kms:ListGrants", "--grants-file KEY=FILE")];
    let lacking = files.iter().filter(|(needs, _)| lacks(needs));
    let flags = lacking.fold(Command::options(), |options, (_, flag)| options.words(flag));
    let sent = if flags == Command::options() { Vec::new() } else { with(&flags) };
    vec![read, asked("the key's administrator", of_keys, "--add key.txt"), step("pass what somebody sent of it", sent)]
}

fn context_keys(finding: &Finding) -> Vec<Step> {
    let of = |choose: fn(&Resolution) -> Option<&str>| {
        let settles = opens(finding)
            .filter_map(|open| if let OpenQuestion::Condition { settles, .. } = open { choose(settles) } else { None });
        let mut chosen: Vec<&str> = settles.collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    };
    let keys = of(|settles| if let Resolution::Stated(key) = settles { Some(key) } else { None });
    let tags = of(|settles| if let Resolution::SessionTags(tag) = settles { Some(tag) } else { None });
    let is_address = |key: &&str| key.eq_ignore_ascii_case("aws:SourceIp");
    let words = if keys.iter().all(is_address) {
        "say from which address StartInstances is called"
    } else {
        "say what the session will have (KEY= where it has none)"
    };
    // What is no name of a context key is of no request, whatever is stated of it.
    let value = |name: Word| name.then("=").then(Word::blank("VALUE"));
    let stated = keys.iter().fold(Command::options(), |options, key| match ContextKey::parse(key) {
        Ok(_) if is_address(key) => options.words("--source-ip ADDRESS"),
        Ok(key) => options.option("--context", value(Word::from(&key))),
        Err(_) => options,
    });
    let tagged = tags.iter().filter_map(|tag| TagKey::parse(tag).ok());
    let tagged =
        tagged.fold(Command::options(), |options, tag| options.option("--session-tag", value(Word::from(&tag))));
    let mut steps = Vec::new();
    if stated != Command::options() {
        steps.push(step(words, with(&stated)));
    }
    if tagged != Command::options() {
        steps.push(step("say all tags with which the session is made", with(&tagged)));
        steps.push(step("say that it is made without tags", flag("--no-session-tags")));
    }
    steps
}

/// The option of `diff` that judges another policy of this type.
fn of_diff(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::KeyPolicy => "--set-key-policy KEY=FILE",
        PolicyType::Scp => "--set-scp ID=FILE",
        PolicyType::Rcp => "--set-rcp ID=FILE",
        PolicyType::Boundary => "--set-boundary ROLE=FILE",
        PolicyType::Identity => "--set-role-policy ROLE/NAME=FILE",
        PolicyType::Session => "--session-policy FILE",
    }
}

/// Where nobody can tell, a policy can say the same in another way.
fn documented(start: &Start, finding: &Finding) -> Vec<Step> {
    let mut requests = finding.requests.iter().filter_map(|position| start.judged.get(*position));
    let asks_network = opens(finding).any(|open| {
        let OpenQuestion::Condition { by, .. } = open else { return false };
        let policies = start.judged.iter().map(|judged| &judged.case.policies);
        let mut statements = policies.filter_map(|policies| policies.statement(by.at, by.index));
        statements.any(|statement| statement.conditions.iter().any(|one| is_network_key(one.key.lower())))
    });
    let words = if asks_network {
        "no address decides it: let the policy exempt what EC2 forwards (a Deny by Bool aws:ViaAWSService false or \
         StringNotEquals kms:ViaService beside its conditions) and EC2's own identity (role/aws:ec2-infrastructure), and \
         judge that beforehand with"
    } else if requests.all(|judged| judged.case.row.by == Requester::Infrastructure) {
        "have the policy say outright what it means for EC2's own identity (role/aws:ec2-infrastructure), and judge \
         that beforehand with"
    } else {
        "have the policy say the same in a way that AWS documents, and judge that beforehand with"
    };
    vec![step(words, of_policies(finding))]
}

/// The lines that judge other policies in place of those that a finding speaks of.
fn of_policies(finding: &Finding) -> Vec<String> {
    let mut flags: Vec<&str> =
        finding.evidence.iter().filter_map(Evidence::statement).map(|placed| of_diff(placed.at.kind)).collect();
    let untold = opens(finding).filter_map(|open| if let OpenQuestion::Untold { of, .. } = open { *of } else { None });
    flags.extend(untold.map(of_diff));
    flags.sort_unstable();
    flags.dedup();
    let line = |flag: &&str| format!("the same command, with diff in place of check and {flag}");
    flags.iter().map(line).collect()
}

fn other(report: &Report, target: &TargetReport, finding: &Finding) -> Vec<Step> {
    let tag = opens(finding).find_map(|open| {
        if let OpenQuestion::Condition { settles: Resolution::Read { or, .. }, .. } = open { *or } else { None }
    });
    let tagged = step("say with which tag the session will be made", tag.map(flag).unwrap_or_default());
    // What was read settles itself: only what was not is to be read by somebody else.
    let is_missing = items(report, finding).next().is_some();
    let read = is_missing.then(|| match PrincipalArn::parse(&target.role_arn) {
        Ok(arn) if finding.code == Code::RoleUnread => {
            asked("somebody who may read it", [script().option("--identity", &arn)], "--add lines.txt")
        }
        Ok(_) | Err(_) => again(target),
    });
    [Some(tagged), read].into_iter().flatten().collect()
}

fn opens(finding: &Finding) -> impl Iterator<Item = &OpenQuestion> {
    finding.evidence.iter().filter_map(|fact| if let Evidence::OpenQuestion(open) = fact { Some(open) } else { None })
}

/// The read permissions that would settle it.
fn needs(finding: &Finding) -> impl Iterator<Item = &str> {
    opens(finding).filter_map(OpenQuestion::needs)
}

/// Which service's reads settle a finding.
const READS: &[(Code, &str)] = &[
    (Code::OrganizationUnread, "organizations:"),
    (Code::KeyUnread, "kms:"),
    (Code::KeyStateUnknown, "kms:"),
    (Code::CustomKeyStore, "kms:"),
    (Code::RoleUnread, "iam:"),
    (Code::VolumeUnread, "ec2:"),
];

/// What was not read and bears on the finding.
pub(super) fn items<'a>(report: &'a Report, finding: &'a Finding) -> impl Iterator<Item = &'a Missing> {
    let service = READS.iter().find(|(code, _)| *code == finding.code).map_or("none", |(_, service)| *service);
    // Tags and aliases bear only on conditions that ask for them.
    let matters = move |item: &Missing| {
        let is_aside = item.needs.ends_with("ListResourceTags") || item.needs.ends_with("ListAliases");
        !is_aside || needs(finding).any(|needs| needs == item.needs)
    };
    let names = move |item: &Missing| {
        let mut subjects = finding.keys.iter().map(KeyArn::as_str).collect::<Vec<_>>();
        if finding.code == Code::VolumeUnread {
            subjects.extend(finding.volumes.iter().map(VolumeId::as_str));
        }
        // A volume is read by the instance that it is attached to.
        let is_named = |subject: &&str| item.command.mentions(subject) || item.what.contains(subject);
        !matches!(service, "kms:" | "ec2:") || subjects.iter().any(is_named)
    };
    report
        .unread
        .iter()
        .filter(move |item| finding.severity == Severity::Undecided && item.needs.starts_with(service))
        .filter(move |item| matters(item) && names(item))
}
