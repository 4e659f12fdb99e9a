//! The lines of the AWS CLI that make a transcript, for where this program may not run: CloudShell, a customer's
//! account.
//!
//! Each line is made from the table of reads, so a script makes no call that the program would not make.
//! `crate::handed` reads what it prints.

use std::collections::BTreeSet;

use super::lines::{self, Line, ROLE, each};
use super::{DESCRIBE_ORGANIZATION, GET_CALLER_IDENTITY, LIST_ROOTS};
use crate::capture::Target;
use crate::names::{AccountId, KeyArn, PrincipalArn, Region};

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
        Script::Starts(targets, region) => (region.as_ref().map(Region::as_str), starts(targets)),
        Script::Key(arn) => (Some(arn.region()), each(arn.as_str(), 'k', lines::key())),
        Script::Identities(arns) => (None, identities(arns)),
        Script::Organization(accounts) => (None, organization(accounts.iter().map(AccountId::as_str))),
    };
    let comment = "# Read-only. Paste it into AWS CloudShell (or any shell with the AWS CLI) and send back all that it \
                   prints.\n";
    format!("{comment}{}", framed(region.unwrap_or("${AWS_REGION:?set it to the Region}"), &body))
}

/// Lines with what makes a transcript of their answers. `r` marks a read and its exit code, and keeps the error text
/// where there is no answer.
pub(super) fn framed(region: &str, body: &[String]) -> String {
    let head = [
        "(".to_owned(),
        format!("export AWS_PAGER= AWS_REGION={region}; export AWS_DEFAULT_REGION=$AWS_REGION"),
        r####"r() { echo "### read $1"; shift; aws "$@" --output json 2>&1; echo "### exit $?"; }"####.to_owned(),
        r#"q() { aws "$@" --output text 2>/dev/null | tr '\t' '\n' | grep -v '^None$'; }"#.to_owned(),
        "t() { echo \"### time $(date -u +%Y-%m-%dT%H:%M:%SZ)\"; }".to_owned(),
        format!("echo '{FIRST_LINE}'; echo \"### region $AWS_REGION\"; t"),
        Line::new(GET_CALLER_IDENTITY, "", "").marked(),
    ];
    // A shell reads to the last parenthesis before it runs anything, so that what is pasted does not mix with answers.
    let tail = ["t; echo '### end'".to_owned(), ")".to_owned()];
    let needs_values = body.iter().any(|line| line.contains("q "));
    let head = head.iter().filter(|line| needs_values || !line.starts_with("q()"));
    head.chain(body).chain(&tail).flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn starts(targets: &[Target]) -> Vec<String> {
    let target = |target: &Target| format!("echo '### target {} {}'", target.instance_id, target.role_arn);
    let mut text: Vec<String> = targets.iter().map(target).collect();
    let instances: BTreeSet<&str> = targets.iter().map(|target| target.instance_id.as_str()).collect();
    let instances = instances.into_iter().collect::<Vec<_>>().join(" ");
    text.extend(each(&instances, 'i', vec![lines::instance().marked(), lines::volumes().marked()]));
    text.extend(lines::keys_of(&instances));
    let principals = targets.iter().filter_map(|target| PrincipalArn::parse(&target.role_arn).ok());
    let principals: Vec<PrincipalArn> = principals.collect();
    text.extend(identities(&principals));
    let accounts: BTreeSet<&str> = principals.iter().map(PrincipalArn::account).collect();
    text.extend(organization(accounts.into_iter()));
    text
}

/// Roles and users with their policies; two sessions of one role are one name.
fn identities(arns: &[PrincipalArn]) -> Vec<String> {
    let names: BTreeSet<(bool, &str)> =
        arns.iter().map(|arn| (matches!(arn, PrincipalArn::User(_)), arn.name())).collect();
    let one = |(is_user, name)| each(name, 'n', if is_user { lines::user() } else { ROLE.whole() });
    names.into_iter().flat_map(one).collect()
}

/// What says that there is an organization, and which policy types are enabled in it.
pub(super) fn tree() -> [Line; 2] {
    [Line::new(DESCRIBE_ORGANIZATION, "", ""), Line::new(LIST_ROOTS, "", "")]
}

fn organization<'a>(accounts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let tree = tree().map(|line| line.marked());
    tree.into_iter().chain(each(&accounts.collect::<Vec<_>>().join(" "), 't', lines::levels(&TYPES))).collect()
}
