//! From the capture's documents to compiled policies, each compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::{Capture, Grant as Entry, Holder, Identity, Key, Level, OrgPolicy};
use crate::engine::{Grant, GrantSet, Grantee, NamedPolicy};
use crate::names::{AccountId, KeyArn, kind_and_name};
use crate::policy::PolicyType;
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
    /// The policy of a reading. One that AWS accepted and that cannot be read here counts as unread, and so does one
    /// without text: it is there, or nobody would ask for its document.
    fn reading(&mut self, name: &str, reading: &Reading<Document>, kind: PolicyType, needs: &str) -> Arc<NamedPolicy> {
        match reading {
            Reading::Known(document) => self.document(name, document, kind),
            Reading::Absent => unread(name, needs),
            Reading::Unread(why) | Reading::Part { unread: why, .. } => {
                unread(name, if why.needs.is_empty() { needs } else { &why.needs })
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
            let open = |what: &str| format!("the {}'s {what} policies", reads.whose);
            policies.extend(holder.attached.found().into_iter().flatten().map(|policy| {
                let name = held(&holder, policy.name());
                self.reading(&name, &policy.document, PolicyType::Identity, "iam:GetPolicyVersion")
            }));
            policies.extend(lacks(holder.attached, &open("managed"), reads.attached));
            policies.extend(holder.inline.found().into_iter().flatten().map(|policy| {
                let name = held(&holder, &policy.name);
                self.reading(&name, &policy.document, PolicyType::Identity, reads.document)
            }));
            policies.extend(lacks(holder.inline, &open("inline"), reads.inline));
        }
        if identity.is_user() {
            policies.extend(lacks(&identity.groups, "the user's groups", "iam:ListGroupsForUser"));
        }
        policies
    }

    /// The permissions boundary.
    pub(super) fn boundary(&mut self, identity: &Identity) -> Option<Arc<NamedPolicy>> {
        match &identity.boundary {
            Reading::Known(policy) => {
                Some(self.reading(policy.name(), &policy.document, PolicyType::Boundary, "iam:GetPolicyVersion"))
            }
            Reading::Absent => None,
            Reading::Unread(_) | Reading::Part { .. } => {
                let needs = if identity.is_user() { "iam:GetUser" } else { "iam:GetRole" };
                Some(unread("the permissions boundary", needs))
            }
        }
    }

    /// The key policy and RAM's.
    pub(super) fn key(&mut self, key: &Key) -> Vec<Arc<NamedPolicy>> {
        let default = self.reading("key policy", &key.policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy");
        if key.ram_policy == Reading::Absent {
            return vec![default];
        }
        // An own key's RAM policy is asked for beside the default one; where that was not tried, neither was this.
        vec![default, self.reading("key policy AWS_RAM", &key.ram_policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy")]
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

    /// The levels of SCPs or RCPs that bind an account. Where not all were read, what was can deny, and any level may
    /// hold more.
    pub(super) fn organization(
        &mut self,
        capture: &Capture,
        account: &str,
        kind: PolicyType,
    ) -> Vec<Vec<Arc<NamedPolicy>>> {
        let is_scp = kind == PolicyType::Scp;
        let account = AccountId::parse(account).ok();
        let record = account.as_ref().and_then(|account| capture.organizations.get(account));
        let what = if is_scp { "the organization's SCPs" } else { "the organization's RCPs" };
        let (read, open): (&[Level], _) = match record {
            Some(Reading::Absent) => return Vec::new(),
            Some(Reading::Unread(_) | Reading::Part { .. }) | None => {
                (&[], Some(unread(what, "organizations:DescribeOrganization")))
            }
            Some(Reading::Known(organization)) => {
                if account.as_ref().is_some_and(|account| !organization.binds(account.as_str())) {
                    return Vec::new();
                }
                let levels = if is_scp { &organization.scps } else { &organization.rcps };
                let needs = levels.unread().map_or("", |unread| &unread.needs);
                let needs = if needs.is_empty() { "organizations:ListPoliciesForTarget" } else { needs };
                (levels.found().map(Vec::as_slice).unwrap_or_default(), lacks(levels, what, needs))
            }
        };
        let mut levels: Vec<Vec<_>> = read.iter().map(|level| self.level(level, kind)).collect();
        let Some(open) = open else { return levels };
        let told = account.and_then(|account| capture.told.get(&account));
        let told = told.map(|told| if is_scp { &told.scps } else { &told.rcps }).into_iter().flatten();
        let told = told.map(|policy| self.reading(named(policy), &policy.document, kind, &open.needs));
        levels.push(told.collect());
        levels.iter_mut().for_each(|level| level.push(Arc::clone(&open)));
        levels
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
        level.policies.iter().map(read).collect()
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

/// What stands for the policies of a list that was not read, or for the rest of one that was cut off.
fn lacks<T>(list: &Reading<T>, what: &str, needs: &str) -> Option<Arc<NamedPolicy>> {
    match list {
        Reading::Known(_) | Reading::Absent => None,
        Reading::Unread(_) => Some(unread(what, needs)),
        Reading::Part { .. } => Some(unread(&format!("the rest of {what}"), needs)),
    }
}

/// A policy, or several, of which nothing is known.
pub(super) fn unread(name: &str, needs: &str) -> Arc<NamedPolicy> {
    Arc::new(NamedPolicy::unread(name, needs))
}

/// The grants on a key. Those of a list that was cut off serve as far as they go.
pub(super) fn grants(key: &Key) -> GrantSet {
    GrantSet {
        grants: key.grants.found().into_iter().flatten().map(grant).collect(),
        unread: key.grants.unread().map(|_| "kms:ListGrants".to_owned()),
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
