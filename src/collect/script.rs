//! The reads as lines of the AWS CLI, for where this program may not run: CloudShell, a customer's account.
//!
//! Each line is made from [`reads`](super::reads), so the script makes no call that the program would not make. What
//! it prints is a transcript, which `crate::handed` reads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::reads::{
    DESCRIBE_CUSTOM_KEY_STORES, DESCRIBE_INSTANCES, DESCRIBE_KEY, DESCRIBE_ORGANIZATION, DESCRIBE_POLICY,
    DESCRIBE_VOLUMES, GET_CALLER_IDENTITY, GET_GROUP_POLICY, GET_KEY_POLICY, GET_POLICY, GET_POLICY_VERSION, GET_ROLE,
    GET_ROLE_POLICY, GET_USER, GET_USER_POLICY, LIST_ALIASES, LIST_ATTACHED_GROUP_POLICIES,
    LIST_ATTACHED_ROLE_POLICIES, LIST_ATTACHED_USER_POLICIES, LIST_GRANTS, LIST_GROUP_POLICIES, LIST_GROUPS_FOR_USER,
    LIST_PARENTS, LIST_POLICIES_FOR_TARGET, LIST_RESOURCE_TAGS, LIST_ROLE_POLICIES, LIST_ROOTS, LIST_USER_POLICIES,
    Read,
};
use crate::capture::Target;
use crate::names::{AccountId, KeyArn, PrincipalArn, Region};

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

/// Marks a read and its exit code, and keeps the error text where there is no answer.
const HEAD: &str = r####"# Read-only. Paste it into AWS CloudShell (or any shell with the AWS CLI) and send back all that it prints.
export AWS_PAGER=""
r() { echo "### read $1"; shift; aws "$@" --output json 2>&1; echo "### exit $?"; }
q() { aws "$@" --output text 2>/dev/null | tr '\t' '\n' | grep -v '^None$'; }
"####;

/// The script as text, to be pasted into a shell.
pub fn script(script: &Script) -> String {
    let mut text = HEAD.to_owned();
    let region = match script {
        Script::Starts(_, Some(region)) => region.as_str(),
        Script::Key(arn) => arn.region(),
        Script::Starts(_, None) | Script::Identities(_) | Script::Organization(_) => {
            "${AWS_REGION:?set it to the Region}"
        }
    };
    line(&mut text, &format!("export AWS_REGION={region}; export AWS_DEFAULT_REGION=$AWS_REGION"));
    line(&mut text, &format!("echo '{}'; echo \"### region $AWS_REGION\"", crate::handed::FIRST_LINE));
    time(&mut text);
    read(&mut text, &GET_CALLER_IDENTITY, "", "");
    match script {
        Script::Starts(targets, _) => starts(&mut text, targets),
        Script::Key(arn) => {
            line(&mut text, &format!("for k in {arn}; do"));
            key(&mut text);
            line(&mut text, "done");
        }
        Script::Identities(arns) => identities(&mut text, arns),
        Script::Organization(accounts) => organization(&mut text, accounts.iter().map(AccountId::as_str)),
    }
    time(&mut text);
    line(&mut text, "echo '### end'");
    text
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}

fn time(text: &mut String) {
    line(text, "echo \"### time $(date -u +%Y-%m-%dT%H:%M:%SZ)\"");
}

/// The AWS CLI's words for a read: `kms get-key-policy` for `kms:GetKeyPolicy`.
fn command(read: &Read) -> String {
    let (service, operation) = read.action.split_once(':').unwrap_or_default();
    let mut words = format!("{service} ");
    for (place, letter) in operation.chars().enumerate() {
        if letter.is_ascii_uppercase() && place > 0 {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// A read that goes into the transcript, under what it was asked for.
fn read(text: &mut String, read: &Read, asked: &str, arguments: &str) {
    let asked = format!("{} {asked}", read.action);
    line(text, format!("r \"{}\" {} {arguments}", asked.trim_end(), command(read)).trim_end());
}

/// A read whose answer the following lines go by.
fn ask(read: &Read, arguments: &str, query: &str) -> String {
    format!("$(q {} {arguments} --query '{query}')", command(read))
}

fn starts(text: &mut String, targets: &[Target]) {
    for target in targets {
        line(text, &format!("echo '### target {} {}'", target.instance_id, target.role_arn));
    }
    let mut instances: Vec<&str> = targets.iter().map(|target| target.instance_id.as_str()).collect();
    instances.sort_unstable();
    instances.dedup();
    let mut keys = Vec::new();
    for id in instances {
        let filter = format!("--filters Name=attachment.instance-id,Values={id}");
        read(text, &DESCRIBE_INSTANCES, id, &format!("--instance-ids {id}"));
        read(text, &DESCRIBE_VOLUMES, id, &filter);
        keys.push(ask(&DESCRIBE_VOLUMES, &filter, "Volumes[].KmsKeyId"));
    }
    line(text, &format!("for k in $(printf '%s\\n' {} | sort -u); do", keys.join(" ")));
    key(text);
    line(text, "done");
    let principals = targets.iter().filter_map(|target| PrincipalArn::parse(&target.role_arn).ok());
    let principals: Vec<PrincipalArn> = principals.collect();
    identities(text, &principals);
    let mut accounts: Vec<&str> = principals.iter().map(PrincipalArn::account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    organization(text, accounts.into_iter());
}

/// Roles and users with their policies; two sessions of one role are one name.
fn identities(text: &mut String, arns: &[PrincipalArn]) {
    let names: BTreeSet<(bool, &str)> =
        arns.iter().map(|arn| (matches!(arn, PrincipalArn::User(_)), arn.name())).collect();
    for (is_user, name) in names {
        if is_user {
            user(text, name);
        } else {
            holder(text, &ROLE, name);
        }
    }
}

/// All of the key `$k`.
fn key(text: &mut String) {
    let id = "--key-id $k";
    read(text, &DESCRIBE_KEY, "$k", id);
    for name in ["default", "AWS_RAM"] {
        read(text, &GET_KEY_POLICY, &format!("$k {name}"), &format!("{id} --policy-name {name}"));
    }
    read(text, &LIST_GRANTS, "$k", id);
    read(text, &LIST_ALIASES, "$k", id);
    read(text, &LIST_RESOURCE_TAGS, "$k", id);
    line(text, &format!("for s in {}; do", ask(&DESCRIBE_KEY, id, "KeyMetadata.CustomKeyStoreId")));
    read(text, &DESCRIBE_CUSTOM_KEY_STORES, "$s", "--custom-key-store-id $s");
    line(text, "done");
}

/// The reads that tell the policies of one kind of identity.
struct Holder {
    /// The AWS CLI's option that names it.
    option: &'static str,
    /// The read that tells of its permissions boundary, with the query.
    itself: Option<(Read, &'static str)>,
    inline: Read,
    document: Read,
    attached: Read,
}

const ROLE: Holder = Holder {
    option: "--role-name",
    itself: Some((GET_ROLE, "Role.PermissionsBoundary.PermissionsBoundaryArn")),
    inline: LIST_ROLE_POLICIES,
    document: GET_ROLE_POLICY,
    attached: LIST_ATTACHED_ROLE_POLICIES,
};
const USER: Holder = Holder {
    option: "--user-name",
    itself: Some((GET_USER, "User.PermissionsBoundary.PermissionsBoundaryArn")),
    inline: LIST_USER_POLICIES,
    document: GET_USER_POLICY,
    attached: LIST_ATTACHED_USER_POLICIES,
};
const GROUP: Holder = Holder {
    option: "--group-name",
    itself: None,
    inline: LIST_GROUP_POLICIES,
    document: GET_GROUP_POLICY,
    attached: LIST_ATTACHED_GROUP_POLICIES,
};

/// A role, user or group with its policies.
fn holder(text: &mut String, kind: &Holder, name: &str) {
    let of = format!("{} {name}", kind.option);
    let mut managed = Vec::new();
    if let Some((itself, boundary)) = &kind.itself {
        read(text, itself, name, &of);
        managed.push(ask(itself, &of, boundary));
    }
    read(text, &kind.inline, name, &of);
    line(text, &format!("for p in {}; do", ask(&kind.inline, &of, "PolicyNames[]")));
    read(text, &kind.document, &format!("{name} $p"), &format!("{of} --policy-name $p"));
    line(text, "done");
    read(text, &kind.attached, name, &of);
    managed.insert(0, ask(&kind.attached, &of, "AttachedPolicies[].PolicyArn"));
    line(text, &format!("for p in $(printf '%s\\n' {} | sort -u); do", managed.join(" ")));
    let of_policy = "--policy-arn $p";
    read(text, &GET_POLICY, "$p", of_policy);
    line(text, &format!("v={}", ask(&GET_POLICY, of_policy, "Policy.DefaultVersionId")));
    read(text, &GET_POLICY_VERSION, "$p $v", &format!("{of_policy} --version-id $v"));
    line(text, "done");
}

/// A user with all groups.
fn user(text: &mut String, name: &str) {
    let of = format!("--user-name {name}");
    holder(text, &USER, name);
    read(text, &LIST_GROUPS_FOR_USER, name, &of);
    line(text, &format!("for g in {}; do", ask(&LIST_GROUPS_FOR_USER, &of, "Groups[].GroupName")));
    holder(text, &GROUP, "$g");
    line(text, "done");
}

fn organization<'a>(text: &mut String, accounts: impl Iterator<Item = &'a str>) {
    read(text, &DESCRIBE_ORGANIZATION, "", "");
    read(text, &LIST_ROOTS, "", "");
    let accounts: Vec<&str> = accounts.collect();
    line(text, &format!("for t in {}; do while [ -n \"$t\" ]; do", accounts.join(" ")));
    for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
        let of = format!("--target-id $t --filter {kind}");
        read(text, &LIST_POLICIES_FOR_TARGET, &format!("$t {kind}"), &of);
        line(text, &format!("for p in {}; do", ask(&LIST_POLICIES_FOR_TARGET, &of, "Policies[].Id")));
        read(text, &DESCRIBE_POLICY, "$p", "--policy-id $p");
        line(text, "done");
    }
    line(text, "case $t in r-*) break;; esac");
    read(text, &LIST_PARENTS, "$t", "--child-id $t");
    line(text, &format!("t={}", ask(&LIST_PARENTS, "--child-id $t", "Parents[].Id")));
    line(text, "done; done");
}
