//! The lines of the AWS CLI that make a transcript, for where this program may not run: CloudShell, a customer's
//! account.
//!
//! Each line is made from the table of reads, so a script makes no call that the program would not make.
//! `crate::answers` reads what it prints.

use std::collections::BTreeSet;

use super::lines::{self, Line, ROLE};
use super::step::{Step, Values};
use super::{DESCRIBE_ORGANIZATION, GET_CALLER_IDENTITY, LIST_ROOTS, powershell, sh};
use crate::capture::Target;
use crate::command::{Command, Shell, Word};
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

/// The script as text, to be pasted into such a shell.
pub fn script(script: &Script, shell: Shell) -> String {
    let (region, body) = match script {
        Script::Starts(targets, region) => (region.clone(), starts(targets)),
        Script::Key(arn) => (Some(arn.in_region()), vec![Step::Each('k', words([arn]), lines::key())]),
        Script::Identities(arns) => (None, identities(arns)),
        Script::Organization(accounts) => (None, organization(accounts)),
    };
    let place = match shell {
        Shell::Posix => "AWS CloudShell (or any shell with the AWS CLI)",
        Shell::PowerShell => "PowerShell (where the AWS CLI is)",
    };
    let comment = format!("# Read-only. Paste it into {place} and send back all that it prints.\n");
    comment + &framed(region.as_ref(), &body, shell)
}

/// Steps with what makes a transcript of their answers.
pub(super) fn framed(region: Option<&Region>, body: &[Step], shell: Shell) -> String {
    let caller = Step::Read(Line::new(GET_CALLER_IDENTITY, &[], &Command::options()));
    let body: Vec<Step> = std::iter::once(caller).chain(body.iter().cloned()).collect();
    match shell {
        Shell::Posix => sh::framed(region, &body),
        Shell::PowerShell => powershell::framed(region, &body),
    }
}

fn starts(targets: &[Target]) -> Vec<Step> {
    let target = |target: &Target| Step::Target(target.instance_id.clone(), target.role_arn.clone());
    let mut steps: Vec<Step> = targets.iter().map(target).collect();
    let principals = targets.iter().map(|target| &target.role_arn);
    let instances: BTreeSet<&InstanceId> = targets.iter().map(|target| &target.instance_id).collect();
    let instances = words(instances);
    let of_instance = std::iter::once(lines::instance().into()).chain(lines::volumes()).collect();
    steps.push(Step::Each('i', instances.clone(), of_instance));
    steps.push(lines::keys_of(instances));
    steps.extend(identities(principals.clone()));
    let accounts: BTreeSet<AccountId> =
        principals.filter_map(|principal| AccountId::parse(principal.account()).ok()).collect();
    steps.extend(organization(&accounts));
    steps
}

/// Roles and users with their policies; two sessions of one role are one name.
fn identities<'a>(arns: impl IntoIterator<Item = &'a PrincipalArn>) -> Vec<Step> {
    let names = arns.into_iter().filter_map(|arn| holder(arn.as_str()));
    let names: BTreeSet<(bool, IamName)> = names.map(|(kind, name)| (kind == HolderKind::User, name)).collect();
    let one = |(is_user, name)| Step::Each('n', words([&name]), if is_user { lines::user() } else { ROLE.whole() });
    names.into_iter().map(one).collect()
}

/// Names as values that steps are done for.
pub(super) fn words<'n, N: Name + 'n>(names: impl IntoIterator<Item = &'n N>) -> Values {
    Values::Words(names.into_iter().map(Word::from).collect())
}

/// What says that there is an organization, and which policy types are enabled in it.
pub(super) fn tree() -> [Line; 2] {
    [DESCRIBE_ORGANIZATION, LIST_ROOTS].map(|read| Line::new(read, &[], &Command::options()))
}

fn organization<'a>(accounts: impl IntoIterator<Item = &'a AccountId>) -> Vec<Step> {
    let levels = Step::Each('t', words(accounts), vec![lines::levels(&TYPES)]);
    tree().into_iter().map(Step::from).chain([levels]).collect()
}
