//! The lines of the AWS CLI that make a transcript, for where this program may not run: CloudShell, a customer's
//! account.
//!
//! Each line is made from the table of reads, so a script makes no call that the program would not make.
//! `crate::answers` reads what it prints.

use std::collections::BTreeSet;

use super::lines::{self, Line, ROLE, each};
use super::{DESCRIBE_ORGANIZATION, GET_CALLER_IDENTITY, LIST_ROOTS};
use crate::capture::Target;
use crate::command::{Command, Word};
use crate::names::{AccountId, HolderKind, IamName, InstanceId, KeyArn, Name, PrincipalArn, Region, holder};

/// The line that begins a transcript.
pub const FIRST_LINE: &str = "### ebs-preflight transcript 1";

/// The types of organization policies that bear on a start.
pub(super) const TYPES: [&str; 2] = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"];

/// What a script reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// Everything of some starts, as far as one reader may see it; without a Region, in the shell's.
    Starts(Vec<Target>, Option<Region>),
    /// One key, for its account's administrator.
    Key(KeyArn),
    /// Some roles or users with their policies, for their account's administrator.
    Identities(Vec<PrincipalArn>),
    /// What the organization imposes on some accounts, for the management account's administrator.
    Organization(Vec<AccountId>),
}

/// The script as text, to be pasted into a shell.
pub fn script(script: &Script) -> String {
    let (region, body) = match script {
        Script::Starts(targets, region) => (region.clone(), starts(targets)),
        Script::Key(arn) => (Some(arn.in_region()), each(&words([arn]), 'k', lines::key())),
        Script::Identities(arns) => (None, identities(arns)),
        Script::Organization(accounts) => (None, organization(accounts)),
    };
    let comment = "# Read-only. Paste it into AWS CloudShell (or any shell with the AWS CLI) and send back all that it \
                   prints.\n";
    format!("{comment}{}", framed(region.as_ref(), &body))
}

/// Lines with what makes a transcript of their answers. `r` marks a read and its exit code, and keeps the error text
/// where there is no answer. No name is a pattern of files, and `printf` reads no sign of one as more.
pub(super) fn framed(region: Option<&Region>, body: &[String]) -> String {
    let region = region.map_or("${AWS_REGION:?set it to the Region}", Region::as_str);
    let head = [
        "(".to_owned(),
        "set -o noglob".to_owned(),
        format!("export AWS_PAGER= AWS_REGION={region}; export AWS_DEFAULT_REGION=$AWS_REGION"),
        r####"r() { printf '### read %s\n' "$1"; shift; aws "$@" --output json 2>&1; echo "### exit $?"; }"####
            .to_owned(),
        r#"q() { aws "$@" --output text 2>/dev/null | tr '\t' '\n' | grep -v '^None$'; }"#.to_owned(),
        "t() { echo \"### time $(date -u +%Y-%m-%dT%H:%M:%SZ)\"; }".to_owned(),
        format!("echo '{FIRST_LINE}'; echo \"### region $AWS_REGION\"; t"),
        Line::new(GET_CALLER_IDENTITY, &[], &Command::options()).marked(),
    ];
    // A shell reads to the last parenthesis before it runs anything, so that what is pasted does not mix with answers.
    let tail = ["t; echo '### end'".to_owned(), ")".to_owned()];
    let needs_values = body.iter().any(|line| line.contains("q "));
    let head = head.iter().filter(|line| needs_values || !line.starts_with("q()"));
    head.chain(body).chain(&tail).flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn starts(targets: &[Target]) -> Vec<String> {
    let target = |target: &Target| {
        let principal = PrincipalArn::parse(&target.role_arn).ok()?;
        let line = Command::options().words("printf").argument("### target %s %s\\n").argument(&target.instance_id);
        Some((line.argument(&principal).to_string(), principal))
    };
    let (mut text, principals): (Vec<String>, Vec<PrincipalArn>) = targets.iter().filter_map(target).unzip();
    let instances: BTreeSet<&InstanceId> = targets.iter().map(|target| &target.instance_id).collect();
    let instances = words(instances);
    text.extend(each(&instances, 'i', std::iter::once(lines::instance().marked()).chain(lines::volumes()).collect()));
    text.extend(lines::keys_of(&instances));
    text.extend(identities(&principals));
    let accounts: BTreeSet<AccountId> =
        principals.iter().filter_map(|principal| AccountId::parse(principal.account()).ok()).collect();
    text.extend(organization(&accounts));
    text
}

/// Roles and users with their policies; two sessions of one role are one name.
fn identities<'a>(arns: impl IntoIterator<Item = &'a PrincipalArn>) -> Vec<String> {
    let names = arns.into_iter().filter_map(|arn| holder(arn.as_str()));
    let names: BTreeSet<(bool, IamName)> = names.map(|(kind, name)| (kind == HolderKind::User, name)).collect();
    let one = |(is_user, name)| each(&words([&name]), 'n', if is_user { lines::user() } else { ROLE.whole() });
    names.into_iter().flat_map(one).collect()
}

/// Names as words of a shell.
pub(super) fn words<'n, N: Name + 'n>(names: impl IntoIterator<Item = &'n N>) -> String {
    let words: Vec<String> = names.into_iter().map(|name| Word::from(name).to_string()).collect();
    words.join(" ")
}

/// What says that there is an organization, and which policy types are enabled in it.
pub(super) fn tree() -> [Line; 2] {
    [DESCRIBE_ORGANIZATION, LIST_ROOTS].map(|read| Line::new(read, &[], &Command::options()))
}

fn organization<'a>(accounts: impl IntoIterator<Item = &'a AccountId>) -> Vec<String> {
    let tree = tree().map(|line| line.marked());
    tree.into_iter().chain(each(&words(accounts), 't', lines::levels(&TYPES))).collect()
}
