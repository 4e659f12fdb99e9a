use serde::Deserialize;

use super::{is_of, need, word};
use crate::capture::{self, Level, OrgPolicy};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, OrgPolicyId, OrgTarget, OrganizationId};
use crate::policy::PolicyType;

/// What `DescribeOrganization` answers.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeOrganization {
    organization: Option<Organization>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Organization {
    id: Option<String>,
    master_account_id: Option<String>,
}

impl DescribeOrganization {
    /// The organization, of which it tells no more than its ID and the account that manages it.
    pub(crate) fn organization(self) -> Result<capture::Organization, String> {
        let found = need(self.organization, "the organization")?;
        let id = OrganizationId::parse(&need(found.id, "the organization's ID")?);
        let account = AccountId::parse(&need(found.master_account_id, "the management account")?);
        let id = id.map_err(|error| error.to_string())?;
        Ok(capture::Organization::bare(id, account.map_err(|error| error.to_string())?))
    }
}

/// What `ListRoots` answers.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListRoots {
    pub(crate) roots: Option<Vec<RootEntry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RootEntry {
    id: Option<String>,
    policy_types: Option<Vec<PolicyTypeSummary>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyTypeSummary {
    #[serde(rename = "Type")]
    kind: Option<String>,
    status: Option<String>,
}

/// The root of an organization, and the policy types in force below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    id: OrgTarget,
    in_force: Vec<String>,
}

impl Root {
    /// A root of which it is known that policies of this type are in force below it.
    pub(crate) fn with(id: OrgTarget, kind: PolicyType) -> Self {
        Self { id, in_force: vec![word_of(kind).to_owned()] }
    }
}

impl ListRoots {
    /// The one root that an organization has. A type that is being switched on or off counts as in force.
    pub(crate) fn root(self) -> Result<Root, String> {
        let [root] = <[_; 1]>::try_from(need(self.roots, "the list `Roots`")?)
            .map_err(|roots| format!("an organization has one root, and the answer {}", roots.len()))?;
        let mut in_force = Vec::new();
        for summary in need(root.policy_types, "the policy types")? {
            match (summary.kind, summary.status.as_deref()) {
                (Some(kind), Some("ENABLED" | "PENDING_ENABLE" | "PENDING_DISABLE")) => in_force.push(kind),
                (_, _) => return Err("the answer holds a policy type of unknown status".to_owned()),
            }
        }
        Ok(Root { id: target(root.id, "the root's ID")?, in_force })
    }
}

/// What `ListParents` answers.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListParents {
    pub(crate) parents: Option<Vec<Parent>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Parent {
    id: Option<String>,
}

impl ListParents {
    /// The ID of the one parent that an account or OU has.
    pub(crate) fn parent(self) -> Result<OrgTarget, String> {
        let [parent] = <[_; 1]>::try_from(need(self.parents, "the list `Parents`")?)
            .map_err(|parents| format!("there is one parent, and the answer has {}", parents.len()))?;
        target(parent.id, "the parent's ID")
    }
}

fn target(told: Option<String>, what: &str) -> Result<OrgTarget, String> {
    OrgTarget::parse(&need(told, what)?).map_err(|error| error.to_string())
}

/// What `ListPoliciesForTarget` answers.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListPoliciesForTarget {
    pub(crate) policies: Option<Vec<PolicySummary>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicySummary {
    id: Option<String>,
    arn: Option<String>,
    name: Option<String>,
}

impl ListPoliciesForTarget {
    /// The policies; what they say, other answers tell.
    pub(crate) fn policies(self) -> Result<Vec<OrgPolicy>, String> {
        let policies = need(self.policies, "the list `Policies`")?.into_iter().map(|policy| {
            let id = OrgPolicyId::parse(&need(policy.id, "a policy's ID")?).map_err(|error| error.to_string())?;
            let document = Fact::Unread(Unread::not_asked("organizations:DescribePolicy"));
            Ok(OrgPolicy { id: Some(id), name: word(policy.name), document })
        });
        policies.collect()
    }
}

/// What `DescribePolicy` answers.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Policy.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribePolicy {
    policy: Option<Policy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    content: Option<Document>,
    policy_summary: Option<PolicySummary>,
}

impl DescribePolicy {
    /// The text of the policy `id`.
    pub(crate) fn document(self, id: &OrgPolicyId) -> Result<Document, String> {
        let policy = need(self.policy, "the policy")?;
        let summary = policy.policy_summary.as_ref();
        is_of("Id", summary.and_then(|summary| summary.id.as_deref()), id.as_str())?;
        super::text(policy.content)
    }

    /// The same, if its ARN is of this organization or of AWS itself: an ID alone does not say of which it is.
    pub(crate) fn document_of(self, id: &OrgPolicyId, organization: &OrganizationId) -> Result<Document, String> {
        let summary = self.policy.as_ref().and_then(|policy| policy.policy_summary.as_ref());
        let arn = need(summary.and_then(|summary| summary.arn.as_deref()), "the policy's ARN")?;
        if !arn.contains(&format!(":policy/{organization}/")) && !arn.contains("::aws:policy/") {
            return Err(format!("it is another answer: `{arn}` is not of the organization {organization}"));
        }
        self.document(id)
    }
}

/// The policies of one type on every level of `path`; a type that is not in force is absent, and what was read of some
/// levels a part, the policies of which bind all the same.
pub(crate) fn levels(
    root: &Fact<Root>,
    path: &Fact<Vec<OrgTarget>>,
    kind: PolicyType,
    policies: impl Fn(&OrgTarget) -> Fact<Vec<OrgPolicy>>,
) -> Fact<Vec<Level>> {
    let root = match root {
        Fact::Known(root) => root,
        Fact::Absent => return Fact::Unread(Unread::unparsable("organizations:ListRoots", "")),
        Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread.clone()),
    };
    if path.known().and_then(|path| path.first()).is_some_and(|first| *first != root.id) {
        let message = "these are not the roots of the account's organization";
        return Fact::Unread(Unread::unparsable("organizations:ListRoots", message));
    }
    if !root.in_force.iter().any(|own| own == word_of(kind)) {
        return Fact::Absent;
    }
    let path = match path {
        Fact::Known(path) => path,
        Fact::Absent => return Fact::Unread(Unread::unparsable("organizations:ListParents", "")),
        Fact::Unread(unread) | Fact::Part { unread, .. } => return Fact::Unread(unread.clone()),
    };
    let (mut levels, mut lacks) = (Vec::new(), None);
    for target in path {
        let policies = policies(target);
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

/// AWS's word for a policy type of organizations.
pub(crate) fn word_of(kind: PolicyType) -> &'static str {
    if kind == PolicyType::Rcp { "RESOURCE_CONTROL_POLICY" } else { "SERVICE_CONTROL_POLICY" }
}
