//! What is whole: a capture leaves open what lacks a part of it.
//!
//! Lists that an answer cut off are [`Fact::Part`] from the start; here stands what a capture itself tells.
//! `docs/schema/capture-v1.md` lists it.

use super::{Capture, Level, OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, OrgTarget, PrincipalArn};

/// Leaves open what is not whole.
pub(super) fn leave_open(capture: &mut Capture) {
    for identity in capture.identities.values_mut().filter_map(Fact::known_mut) {
        let groups = identity.groups.found_mut().into_iter().flatten();
        let groups = groups.map(|group| (&mut group.inline, &mut group.attached, "iam:GetGroupPolicy"));
        let own = if matches!(identity.arn, PrincipalArn::User(_)) { "iam:GetUserPolicy" } else { "iam:GetRolePolicy" };
        for (inline, attached, get) in groups.chain([(&mut identity.inline, &mut identity.attached, own)]) {
            for policy in inline.found_mut().into_iter().flatten() {
                needs_text(&mut policy.document, get);
            }
            for policy in attached.found_mut().into_iter().flatten() {
                needs_text(&mut policy.document, "iam:GetPolicyVersion");
            }
        }
        if let Some(boundary) = identity.boundary.known_mut() {
            needs_text(&mut boundary.document, "iam:GetPolicyVersion");
        }
    }
    for key in capture.keys.values_mut() {
        needs_text(&mut key.policy, "kms:GetKeyPolicy");
        let unknown = key.metadata.known().map(|metadata| metadata.manager.as_str());
        if let Some(manager) = unknown.filter(|manager| !matches!(*manager, "AWS" | "CUSTOMER")) {
            let message = format!("who manages the key is not known: `{manager}`");
            key.metadata = Fact::Unread(Unread::unparsable("kms:DescribeKey", message));
        }
    }
    for told in capture.told.values_mut() {
        let policies = told.scps.iter_mut().chain(&mut told.rcps);
        policies.for_each(|policy| needs_text(&mut policy.document, "organizations:DescribePolicy"));
    }
    for (account, organization) in &mut capture.organizations {
        let Some(organization) = organization.known_mut() else { continue };
        for levels in [&mut organization.scps, &mut organization.rcps] {
            let policies = levels.found_mut().into_iter().flatten().flat_map(|level| &mut level.policies);
            policies.for_each(|policy| needs_text(&mut policy.document, "organizations:DescribePolicy"));
        }
        of_organization(organization, account);
    }
}

/// A policy that is listed has a text.
fn needs_text(document: &mut Fact<Document>, needs: &str) {
    if *document == Fact::Absent {
        let message = "the policy is there, and its text was not told";
        *document = Fact::Unread(Unread::unparsable(needs, message));
    }
}

/// Leaves open what is not whole of what bears on `account`: a path is the root, the OUs in order and the account
/// itself, and a list of levels has each of them, with the policies that AWS keeps on every one.
///
/// Sources: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_getting-started_concepts.html>,
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
fn of_organization(organization: &mut Organization, account: &AccountId) {
    if let Some(path) = organization.path.known()
        && !is_path(path, account)
    {
        let message = format!("{} are not the root, the OUs and account {account}", joined(path));
        organization.path = Fact::Unread(Unread::unparsable("organizations:ListParents", message));
    }
    if !organization.binds(account.as_str()) {
        return;
    }
    let path = organization.path.known();
    for (levels, own) in [(&mut organization.scps, None), (&mut organization.rcps, Some("RCPFullAWSAccess"))] {
        if let Some(unread) = levels.known().and_then(|levels| lacks(levels, path, own)) {
            // What is attached elsewhere says nothing of this account.
            let bears = |level: &Level| match path {
                Some(path) => path.contains(&level.target),
                None => level.target.is_root() || level.target == account.as_str(),
            };
            let part = std::mem::take(levels).map(|levels| levels.into_iter().filter(bears).collect());
            *levels = part.cut(unread);
        }
    }
}

/// An account is at most five OUs below the root.
const MAX_OUS: usize = 5;

fn is_path(path: &[OrgTarget], account: &AccountId) -> bool {
    let [root, ous @ .., last] = path else { return false };
    let Some(root) = root.as_str().strip_prefix("r-") else { return false };
    let of_root = format!("ou-{root}-");
    *last == account.as_str() && ous.len() <= MAX_OUS && ous.iter().all(|ou| ou.as_str().starts_with(&of_root))
}

fn joined(path: &[OrgTarget]) -> String {
    path.iter().map(OrgTarget::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns what levels lack; `own`: the policy that AWS attaches to every one and nobody can detach. The last SCP of a
/// level cannot be detached either, so one without any was not read.
fn lacks(levels: &[Level], path: Option<&Vec<OrgTarget>>, own: Option<&str>) -> Option<Unread> {
    let unread = |message: String| Some(Unread::unparsable("organizations:ListPoliciesForTarget", message));
    let Some(path) = path else {
        let message = "which OUs are above the account was not read, so nobody knows whether a level is missing";
        return Some(Unread::unparsable("organizations:ListParents", message));
    };
    if !levels.iter().map(|level| &level.target).eq(path) {
        let targets: Vec<&str> = levels.iter().map(|level| level.target.as_str()).collect();
        let read = if targets.is_empty() { "none".to_owned() } else { targets.join(", ") };
        return unread(format!("levels read: {read}; levels of the path: {}", joined(path)));
    }
    levels.iter().find_map(|level| match own {
        None if level.policies.is_empty() => {
            unread(format!("no SCP of {} was read, and every level has one", level.target))
        }
        Some(own) if !level.policies.iter().any(|policy| is_named(policy, own)) => {
            unread(format!("the list of {} lacks {own}, which cannot be detached", level.target))
        }
        None | Some(_) => None,
    })
}

/// Whether it is AWS's own policy of this name.
fn is_named(policy: &OrgPolicy, name: &str) -> bool {
    policy.name == name || policy.id().strip_prefix("p-") == Some(name)
}
