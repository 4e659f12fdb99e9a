use serde::Deserialize;
use serde_json::Value;

use super::join::complete as complete_reading;
use super::transcript::Part;
use crate::capture::{Level, OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::{Fact, Unread, UnreadReason};
use crate::names::{AccountId, OrgPolicyId};

/// What the organization of `account` imposes, as one reader saw it. `own`: that reader's account is this one.
pub(super) fn organization(part: &Part, account: &AccountId, own: bool) -> Fact<Organization> {
    let describe = "organizations:DescribeOrganization";
    if own && part.failed_with(describe, "AWSOrganizationsNotInUseException") {
        return Fact::Absent;
    }
    let path = path(part, account.as_str());
    if !own && path.known().is_none() {
        // Only the tree itself can say that another account is in it.
        return Fact::Unread(Unread::not_asked(describe));
    }
    part.reading(describe, |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        let management_account = AccountId::parse(text("/Organization/MasterAccountId")?).ok()?;
        Some(Organization {
            scps: levels(part, &path, "SERVICE_CONTROL_POLICY"),
            rcps: levels(part, &path, "RESOURCE_CONTROL_POLICY"),
            path,
            ..Organization::bare(text("/Organization/Id")?.to_owned(), management_account)
        })
    })
}

/// From an account up there are at most five OUs and the root.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
const MAX_STEPS: usize = 6;

fn text(item: &Value, name: &str) -> Option<String> {
    item.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The targets from the root down to the account.
fn path(part: &Part, account: &str) -> Fact<Vec<String>> {
    let mut path = vec![account.to_owned()];
    // Whether these are the levels that a path has, the capture checks.
    for _ in 0..MAX_STEPS {
        let Some(child) = path.first().filter(|child| !child.starts_with("r-")).cloned() else { break };
        let asked = format!("organizations:ListParents {child}");
        match part.list(&asked, "Parents", |parent| text(parent, "Id")) {
            Fact::Known(parents) => match <[String; 1]>::try_from(parents) {
                Ok([parent]) => path.insert(0, parent),
                Err(_) => {
                    return Fact::Unread(Unread::unparsable("organizations:ListParents", "there is one parent"));
                }
            },
            Fact::Absent => return Fact::Absent,
            Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread),
        }
    }
    Fact::Known(path)
}

/// The policies of this type on every level. What was read of some is a part.
fn levels(part: &Part, path: &Fact<Vec<String>>, kind: &str) -> Fact<Vec<Level>> {
    let roots = "organizations:ListRoots";
    let enabled = part.list(roots, "Roots", |root| {
        let types = root.get("PolicyTypes")?.as_array()?;
        Some((text(root, "Id")?, types.iter().any(|one| text(one, "Type").as_deref() == Some(kind))))
    });
    // Policies are attached only while their type is enabled, so a list that has one tells as much as the roots.
    // Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_enable-disable.html>
    let lists_one = || {
        let nodes = path.known().into_iter().flatten();
        nodes.into_iter().any(|target| policies(part, target, kind).found().is_some_and(|found| !found.is_empty()))
    };
    let is_enabled = match enabled {
        Fact::Unread(unread) if unread.why == UnreadReason::NotAsked && lists_one() => true,
        Fact::Known(found) => match (<[_; 1]>::try_from(found), path.known().and_then(|path| path.first())) {
            (Ok([(root, is_enabled)]), first) if first.is_none_or(|first| *first == root) => is_enabled,
            (_, _) => {
                let message = "these are not the roots of the account's organization";
                return Fact::Unread(Unread::unparsable(roots, message));
            }
        },
        Fact::Absent => return Fact::Unread(Unread::unparsable(roots, "")),
        Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread),
    };
    if !is_enabled {
        return Fact::Absent;
    }
    let path = match path {
        Fact::Known(path) => path,
        Fact::Absent => return Fact::Unread(Unread::unparsable("organizations:ListParents", "")),
        Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread.clone()),
    };
    let (mut levels, mut lacks) = (Vec::new(), None);
    for target in path {
        let policies = policies(part, target, kind);
        lacks = lacks.or_else(|| policies.unread().cloned());
        if let Some(policies) = policies.found() {
            levels.push(Level { target: target.clone(), policies: policies.clone() });
        }
    }
    match lacks {
        None => Fact::Known(levels),
        Some(unread) if levels.is_empty() => Fact::Unread(unread),
        Some(unread) => Fact::Part { known: levels, unread },
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput {
    policy: Policy,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    content: Document,
    #[serde(default)]
    policy_summary: Option<PolicySummary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicySummary {
    arn: String,
}

/// The documents that a record lacks, each by its own answer; an answer names the organization that it is of.
pub(super) fn complete(organization: &mut Organization, part: &Part) {
    let of = format!(":policy/{}/", organization.id);
    let lists = [&mut organization.scps, &mut organization.rcps];
    let levels = lists.into_iter().filter_map(Fact::found_mut).flatten();
    for policy in levels.flat_map(|level| &mut level.policies) {
        complete_reading(&mut policy.document, || {
            document(part, &policy.id, |arn| arn.is_some_and(|arn| arn.contains(&of) || arn.contains("::aws:policy/")))
        });
    }
}

fn policies(part: &Part, target: &str, kind: &str) -> Fact<Vec<OrgPolicy>> {
    let asked = format!("organizations:ListPoliciesForTarget {target} {kind}");
    part.list(&asked, "Policies", |one| {
        let id = String::from(OrgPolicyId::parse(&text(one, "Id")?).ok()?);
        let name = text(one, "Name").unwrap_or_default();
        Some(OrgPolicy { document: document(part, &id, |_| true), id, name })
    })
}

/// The text of this policy, if `is_of` takes its ARN, as far as that is told.
fn document(part: &Part, id: &str, is_of: impl Fn(Option<&str>) -> bool) -> Fact<Document> {
    let of = [("/Policy/PolicySummary/Id", id)];
    part.reading_of(&format!("organizations:DescribePolicy {id}"), &of, |text| {
        let policy = serde_json::from_str::<PolicyOutput>(text).ok()?.policy;
        is_of(policy.policy_summary.as_ref().map(|summary| &*summary.arn)).then_some(policy.content)
    })
}
