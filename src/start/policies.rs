//! From the capture's documents to compiled policies, each compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::{Capture, Grant as Entry, Holder, Identity, Key, Level, OrgPolicy, Organization};
use crate::engine::{Grant, GrantSet, Grantee, NamedPolicy};
use crate::names::{AccountId, KeyArn, kind_and_name};
use crate::policy::{Effect, PolicyType, Statement};
use crate::source::{Document, Reading};

/// The reads that tell the policies of a role, a user or a group.
struct Reads {
    whose: &'static str,
    attached: &'static str,
    inline: &'static str,
    document: &'static str,
}

impl Reads {
    fn of(arn: &str) -> Self {
        let (whose, _) = kind_and_name(arn);
        let [attached, inline, document] = match whose {
            "user" => ["iam:ListAttachedUserPolicies", "iam:ListUserPolicies", "iam:GetUserPolicy"],
            "group" => ["iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies", "iam:GetGroupPolicy"],
            _ => ["iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy"],
        };
        Self { whose, attached, inline, document }
    }
}

/// Compiled policies, by document and type.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    compiled: BTreeMap<(PolicyType, String, Document), Arc<NamedPolicy>>,
}

impl Shelf {
    /// The policy of a reading; `None` where there is none. One that AWS accepted and that cannot be read here
    /// counts as unread.
    fn reading(
        &mut self,
        name: &str,
        reading: &Reading<Document>,
        kind: PolicyType,
        needs: &str,
    ) -> Option<Arc<NamedPolicy>> {
        match reading {
            Reading::Known(document) => Some(self.document(name, document, kind)),
            Reading::Absent => None,
            Reading::Unread(unread) => {
                let needs = if unread.needs.is_empty() { needs } else { &unread.needs };
                Some(Arc::new(NamedPolicy::unread(name, needs)))
            }
        }
    }

    pub(super) fn document(&mut self, name: &str, document: &Document, kind: PolicyType) -> Arc<NamedPolicy> {
        let at = (kind, name.to_owned(), document.clone());
        let compile = || match NamedPolicy::parse(name, document.text(), kind) {
            Ok(policy) => policy,
            Err(_) => NamedPolicy { document: Some(document.clone()), ..NamedPolicy::unread(name, "") },
        };
        Arc::clone(self.compiled.entry(at).or_insert_with(|| Arc::new(compile())))
    }

    /// The identity-based policies of a role, or of a user and the user's groups: of each the managed ones first, as
    /// AWS lists them.
    pub(super) fn identity(&mut self, identity: &Identity) -> Vec<Arc<NamedPolicy>> {
        let mut policies = Vec::new();
        for holder in identity.holders() {
            let reads = Reads::of(holder.arn);
            let open = |what: &str, needs| unread(&format!("the {}'s {what} policies", reads.whose), needs);
            match holder.attached {
                Reading::Known(attached) => policies.extend(attached.iter().filter_map(|policy| {
                    let name = held(&holder, policy.name());
                    self.reading(&name, &policy.document, PolicyType::Identity, "iam:GetPolicyVersion")
                })),
                Reading::Absent => {}
                Reading::Unread(_) => policies.push(open("managed", reads.attached)),
            }
            match holder.inline {
                Reading::Known(inline) => policies.extend(inline.iter().filter_map(|policy| {
                    let name = held(&holder, &policy.name);
                    self.reading(&name, &policy.document, PolicyType::Identity, reads.document)
                })),
                Reading::Absent => {}
                Reading::Unread(_) => policies.push(open("inline", reads.inline)),
            }
        }
        if identity.is_user() && identity.groups.unread().is_some() {
            policies.push(unread("the user's groups", "iam:ListGroupsForUser"));
        }
        policies
    }

    /// The permissions boundary.
    pub(super) fn boundary(&mut self, identity: &Identity) -> Option<Arc<NamedPolicy>> {
        match &identity.boundary {
            Reading::Known(policy) => {
                self.reading(policy.name(), &policy.document, PolicyType::Boundary, "iam:GetPolicyVersion")
            }
            Reading::Absent => None,
            Reading::Unread(_) => {
                let needs = if identity.is_user() { "iam:GetUser" } else { "iam:GetRole" };
                Some(unread("the permissions boundary", needs))
            }
        }
    }

    /// The key policy and RAM's.
    pub(super) fn key(&mut self, key: &Key) -> Vec<Arc<NamedPolicy>> {
        let default = self.reading("key policy", &key.policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy");
        // An own key's RAM policy is asked for beside the default one; where that was not tried, neither was this.
        let ram = self.reading("key policy AWS_RAM", &key.ram_policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy");
        default.into_iter().chain(ram).collect()
    }

    /// AWS's known policy of `aws/ebs`, for an account and a Region.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html>
    pub(super) fn managed_key(&mut self, key: &KeyArn) -> Arc<NamedPolicy> {
        let text = include_str!("aws-ebs-key-policy.json")
            .replace("PARTITION", key.partition())
            .replace("ACCOUNT", key.account())
            .replace("REGION", key.region());
        self.document("key policy of aws/ebs (assumed)", &Document::new(text), PolicyType::KeyPolicy)
    }

    /// The levels of SCPs or RCPs that bind an account.
    pub(super) fn organization(
        &mut self,
        capture: &Capture,
        account: &str,
        kind: PolicyType,
    ) -> Vec<Vec<Arc<NamedPolicy>>> {
        let what = if kind == PolicyType::Scp { "the organization's SCPs" } else { "the organization's RCPs" };
        let open = |needs: &str| vec![unread(what, needs)];
        let known = AccountId::parse(account).ok().and_then(|account| capture.organizations.get(&account));
        let organization: &Organization = match known {
            Some(Reading::Known(organization)) => organization,
            Some(Reading::Absent) => return Vec::new(),
            Some(Reading::Unread(_)) | None => return vec![open("organizations:DescribeOrganization")],
        };
        if organization.management_account.as_str() == account {
            return Vec::new();
        }
        let (levels, told) = if kind == PolicyType::Scp {
            (&organization.scps, &organization.told_scps)
        } else {
            (&organization.rcps, &organization.told_rcps)
        };
        match levels {
            Reading::Known(levels) => levels.iter().map(|level| self.level(level, kind)).collect(),
            Reading::Absent => Vec::new(),
            Reading::Unread(unread) => {
                let lists = "organizations:ListPoliciesForTarget";
                let mut level = open(if unread.needs.is_empty() { lists } else { &unread.needs });
                let read = |policy: &OrgPolicy| self.reading(named(policy), &policy.document, kind, lists);
                level.extend(told.iter().filter_map(read));
                vec![level]
            }
        }
    }

    /// A policy that stands for one that was not read and is assumed to allow.
    pub(super) fn allows_everything(&mut self, kind: PolicyType) -> Arc<NamedPolicy> {
        let principal = if kind == PolicyType::Rcp { r#""Principal": "*", "# } else { "" };
        let text = format!(r#"{{"Statement": {{"Effect": "Allow", {principal}"Action": "*", "Resource": "*"}}}}"#);
        self.document("assumed to allow", &Document::new(text), kind)
    }

    fn level(&mut self, level: &Level, kind: PolicyType) -> Vec<Arc<NamedPolicy>> {
        let read = |policy: &OrgPolicy| {
            let name = format!("{} (at {})", named(policy), level.target);
            self.reading(&name, &policy.document, kind, "organizations:DescribePolicy")
        };
        let mut policies: Vec<_> = level.policies.iter().filter_map(read).collect();
        let allows_all = |statement: &Statement| {
            statement.effect == Effect::Allow && statement.action.patterns.iter().any(|action| action.as_str() == "*")
        };
        let may_be_full = |policy: &Arc<NamedPolicy>| {
            policy.policy.as_ref().is_none_or(|policy| policy.statements.iter().any(allows_all))
        };
        if kind == PolicyType::Rcp && !policies.iter().any(may_be_full) {
            // It is attached everywhere and cannot be detached, so a list without it is not whole.
            // Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>
            let name = format!("RCPFullAWSAccess of {}, without which no list of RCPs is whole", level.target);
            policies.push(unread(&name, "organizations:ListPoliciesForTarget"));
        }
        policies
    }
}

/// What people call an organization's policy.
fn named(policy: &OrgPolicy) -> &str {
    if policy.name.is_empty() { &policy.id } else { &policy.name }
}

/// What people call a policy that this holder has: a user's groups have policies of their own.
pub(crate) fn held(holder: &Holder<'_>, name: &str) -> String {
    match kind_and_name(holder.arn) {
        ("group", group) => format!("{name} of group {group}"),
        (_, _) => name.to_owned(),
    }
}

/// A policy, or several, of which nothing is known.
pub(super) fn unread(name: &str, needs: &str) -> Arc<NamedPolicy> {
    Arc::new(NamedPolicy::unread(name, needs))
}

/// The grants on a key.
pub(super) fn grants(key: &Key) -> GrantSet {
    match &key.grants {
        Reading::Known(entries) => GrantSet { grants: entries.iter().map(grant).collect(), unread: None },
        Reading::Absent => GrantSet::default(),
        Reading::Unread(_) => GrantSet { grants: Vec::new(), unread: Some("kms:ListGrants".to_owned()) },
    }
}

fn grant(entry: &Entry) -> Grant {
    let pairs = |pairs: &Option<BTreeMap<String, String>>| {
        pairs
            .as_ref()
            .map(|pairs| pairs.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect())
    };
    let issuer = entry.issuing_account.as_str();
    let issuer = if issuer.starts_with("arn:") { issuer.split(':').nth(4).unwrap_or_default() } else { issuer };
    Grant {
        id: entry.id.as_str().into(),
        grantee: Grantee::parse(&entry.grantee_principal),
        operations: entry.operations.iter().map(|operation| operation.as_str().into()).collect(),
        subset: pairs(&entry.constraints.encryption_context_subset),
        equals: pairs(&entry.constraints.encryption_context_equals),
        has_other_constraint: entry.constraints.other.is_some(),
        issuing_account: Some(issuer).filter(|issuer| !issuer.is_empty()).map(Into::into),
    }
}
