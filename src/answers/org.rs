use super::api::organizations::{
    self as api, DescribeOrganization, DescribePolicy, ListParents, ListPoliciesForTarget, ListRoots, Root, word_of,
};
use super::join::complete as complete_reading;
use super::transcript::Part;
use crate::capture::{Level, OrgPolicy, Organization};
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, OrgPolicyId, OrgTarget};
use crate::policy::PolicyType;

/// What the organization of `account` imposes, as one reader saw it. `own`: that reader's account is this one.
pub(super) fn organization(part: &Part, account: &AccountId, own: bool) -> Fact<Organization> {
    let describe = "organizations:DescribeOrganization";
    if own && part.is_gone(describe) {
        return Fact::Absent;
    }
    let path = path(part, account);
    if !own && path.known().is_none() {
        // Only the tree itself can say that another account is in it.
        return Fact::Unread(Unread::not_asked(describe));
    }
    let bare = part.read(describe, DescribeOrganization::organization);
    bare.map(|bare| Organization {
        scps: levels(part, &path, PolicyType::Scp),
        rcps: levels(part, &path, PolicyType::Rcp),
        path,
        ..bare
    })
}

/// From an account up there are at most five OUs and the root.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
const MAX_STEPS: usize = 6;

/// The targets from the root down to the account.
fn path(part: &Part, account: &AccountId) -> Fact<Vec<OrgTarget>> {
    let mut path = vec![OrgTarget::from(account)];
    // Whether these are the levels that a path has, the capture checks.
    for _ in 0..MAX_STEPS {
        let Some(child) = path.first().filter(|child| !child.is_root()) else { break };
        let asked = format!("organizations:ListParents {child}");
        match part.list(&asked, ListParents::parent) {
            Fact::Known(parent) => path.insert(0, parent),
            Fact::Absent => return Fact::Absent,
            Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread),
        }
    }
    Fact::Known(path)
}

fn levels(part: &Part, path: &Fact<Vec<OrgTarget>>, kind: PolicyType) -> Fact<Vec<Level>> {
    let mut root = part.list("organizations:ListRoots", ListRoots::root);
    // Policies are attached only while their type is enabled, so a list that has one tells as much as the roots.
    // Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_enable-disable.html>
    let lists_one = |target: &OrgTarget| policies(part, target, kind).found().is_some_and(|found| !found.is_empty());
    if let (true, Some([first, ..])) = (root.is_unasked(), path.known().map(Vec::as_slice))
        && path.known().into_iter().flatten().any(lists_one)
    {
        root = Fact::Known(Root::with(first.clone(), kind));
    }
    api::levels(&root, path, kind, |target| policies(part, target, kind))
}

/// The documents that a record lacks, each by its own answer; an answer names the organization that it is of.
pub(super) fn complete(organization: &mut Organization, part: &Part) {
    let of = organization.id.clone();
    let lists = [&mut organization.scps, &mut organization.rcps];
    let levels = lists.into_iter().filter_map(Fact::found_mut).flatten();
    for policy in levels.flat_map(|level| &mut level.policies) {
        complete_reading(&mut policy.document, || {
            let told = |id| part.read(&describe(id), |answer: DescribePolicy| answer.document_of(id, &of));
            policy.id.as_ref().map_or_else(Fact::default, told)
        });
    }
}

fn policies(part: &Part, target: &OrgTarget, kind: PolicyType) -> Fact<Vec<OrgPolicy>> {
    let asked = format!("organizations:ListPoliciesForTarget {target} {}", word_of(kind));
    let mut policies = part.list(&asked, ListPoliciesForTarget::policies);
    for policy in policies.found_mut().into_iter().flatten() {
        if let Some(id) = &policy.id {
            policy.document = part.read(&describe(id), |answer: DescribePolicy| answer.document(id));
        }
    }
    policies
}

fn describe(id: &OrgPolicyId) -> String {
    format!("organizations:DescribePolicy {id}")
}
