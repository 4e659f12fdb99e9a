use serde::Deserialize;
use serde_json::Value;

use super::join::complete as complete_reading;
use super::transcript::Part;
use crate::capture::{Level, OrgPolicy, Organization};
use crate::names::{AccountId, OrgPolicyId};
use crate::source::{Document, Reading, Unread, Why};

/// What the organization of `account` imposes, as one reader saw it. `own`: that reader's account is this one.
pub(super) fn organization(part: &Part, account: &AccountId, own: bool) -> Reading<Organization> {
    let describe = "organizations:DescribeOrganization";
    if own && part.failed_with(describe, "AWSOrganizationsNotInUseException") {
        return Reading::Absent;
    }
    let path = path(part, account.as_str());
    if !own && path.known().is_none() {
        // Only the tree itself can say that another account is in it.
        return Reading::Unread(Unread::not_asked(describe));
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

/// The targets from the root down to the account.
fn path(part: &Part, account: &str) -> Reading<Vec<String>> {
    let mut path = vec![account.to_owned()];
    // An account is at most five OUs deep.
    for _ in 0..8 {
        let Some(child) = path.first().filter(|child| !child.starts_with("r-")).cloned() else { break };
        let parent = part.reading(&format!("organizations:ListParents {child}"), |text| {
            let value: Value = serde_json::from_str(text).ok()?;
            Some(value.pointer("/Parents/0/Id")?.as_str()?.to_owned())
        });
        match parent {
            Reading::Known(parent) => path.insert(0, parent),
            Reading::Absent => return Reading::Absent,
            Reading::Unread(unread) => return Reading::Unread(unread),
        }
    }
    Reading::Known(path)
}

fn levels(part: &Part, path: &Reading<Vec<String>>, kind: &str) -> Reading<Vec<Level>> {
    let enabled = part.reading("organizations:ListRoots", |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        let types = value.pointer("/Roots/0/PolicyTypes")?.as_array()?;
        Some(types.iter().any(|one| one.get("Type").and_then(Value::as_str) == Some(kind)))
    });
    match (enabled, path) {
        (Reading::Known(false), _) => Reading::Absent,
        (Reading::Known(true), Reading::Known(path)) => {
            let mut levels = Vec::new();
            for target in path {
                match level(part, target, kind) {
                    Reading::Known(level) => levels.push(level),
                    Reading::Absent => return Reading::Absent,
                    Reading::Unread(unread) => return Reading::Unread(unread),
                }
            }
            Reading::Known(levels)
        }
        (Reading::Unread(unread), _) => Reading::Unread(unread),
        (Reading::Known(true), Reading::Unread(unread)) => Reading::Unread(unread.clone()),
        (Reading::Absent, _) | (Reading::Known(true), Reading::Absent) => Reading::Unread(Unread {
            why: Why::Unparsable,
            needs: "organizations:ListRoots".to_owned(),
            message: String::new(),
        }),
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
    let levels = lists.into_iter().filter_map(Reading::known_mut).flatten();
    for policy in levels.flat_map(|level| &mut level.policies) {
        complete_reading(&mut policy.document, || {
            part.reading(&format!("organizations:DescribePolicy {}", policy.id), |text| {
                let policy = serde_json::from_str::<PolicyOutput>(text).ok()?.policy;
                let arn = policy.policy_summary?.arn;
                (arn.contains(&of) || arn.contains("::aws:policy/")).then_some(policy.content)
            })
        });
    }
}

fn level(part: &Part, target: &str, kind: &str) -> Reading<Level> {
    let asked = format!("organizations:ListPoliciesForTarget {target} {kind}");
    let named = part.reading(&asked, |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        let policies = value.get("Policies")?.as_array()?.iter();
        let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
        policies
            .map(|one| {
                Some((OrgPolicyId::parse(&text(one, "Id")?).ok()?.into(), text(one, "Name").unwrap_or_default()))
            })
            .collect::<Option<Vec<_>>>()
    });
    let one = |(id, name): (String, String)| {
        let document = part.reading(&format!("organizations:DescribePolicy {id}"), |text| {
            Some(serde_json::from_str::<PolicyOutput>(text).ok()?.policy.content)
        });
        OrgPolicy { id, name, document }
    };
    named.map(|named| Level { target: target.to_owned(), policies: named.into_iter().map(one).collect() })
}
