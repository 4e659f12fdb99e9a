//! From the capture's documents to compiled policies, each compiled once.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::capture::{Capture, Grant as Entry, Holder, Identity, Key, Level, OrgPolicy};
use crate::document::Document;
use crate::engine::{Grant, GrantSet, Grantee, Label, NamedPolicy};
use crate::fact::Fact;
use crate::names::{AccountId, KeyArn, kind_and_name};
use crate::policy::PolicyType;

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

/// What the documents and grants of a capture mean: each is compiled when a start first asks for it, and then kept for
/// all starts. Those of a changed capture are compiled for the one who asks.
#[derive(Debug)]
pub(crate) struct PolicyCache<'c> {
    /// Lives on, so that what lies where its documents lie is one of them.
    capture: PhantomData<&'c Capture>,
    /// The one among the documents of each text that stands for all, by where each lies.
    documents: BTreeMap<usize, Document>,
    /// By where the list lies.
    grants: BTreeMap<usize, OnceLock<Arc<Vec<Grant>>>>,
    policies: RwLock<BTreeMap<(usize, PolicyType, Name), Arc<NamedPolicy>>>,
}

impl<'c> PolicyCache<'c> {
    /// A shelf that keeps nothing.
    pub(crate) const fn new() -> Self {
        Self {
            capture: PhantomData,
            documents: BTreeMap::new(),
            grants: BTreeMap::new(),
            policies: RwLock::new(BTreeMap::new()),
        }
    }

    /// The shelf for the documents and grants of this capture, empty.
    pub(crate) fn of(capture: &'c Capture) -> Self {
        let mut first: BTreeMap<&str, &Document> = BTreeMap::new();
        let documents = documents(capture)
            .map(|document| (document.address(), (*first.entry(document.text()).or_insert(document)).clone()));
        let grants = capture.keys.values().filter_map(|key| key.grants.found());
        Self {
            documents: documents.collect(),
            grants: grants.map(|grants| (address(grants), OnceLock::new())).collect(),
            ..Self::new()
        }
    }

    /// The policy of a reading. One that AWS accepted and that cannot be read here counts as unread, and so does one
    /// without text: it is there, or nobody would ask for its document.
    fn reading(
        &self,
        name: impl Into<Name>,
        reading: &Fact<Document>,
        kind: PolicyType,
        needs: &str,
    ) -> Arc<NamedPolicy> {
        let name = name.into();
        match reading {
            Fact::Known(document) => self.document(name, document, kind),
            Fact::Absent => unread(&name.0, needs),
            Fact::Unread(why) | Fact::Part { unread: why, .. } => {
                unread(&name.0, if why.needs.is_empty() { needs } else { &why.needs })
            }
        }
    }

    pub(super) fn document(&self, name: impl Into<Name>, document: &Document, kind: PolicyType) -> Arc<NamedPolicy> {
        let name = name.into();
        let Some(kept) = self.documents.get(&document.address()) else {
            return Arc::new(compiled(&name, document, kind));
        };
        let at = (kept.address(), kind, name);
        // Nothing is ever half put in.
        if let Some(policy) = self.policies.read().unwrap_or_else(PoisonError::into_inner).get(&at) {
            return Arc::clone(policy);
        }
        let policy = Arc::new(compiled(&at.2, kept, kind));
        let mut policies = self.policies.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(policies.entry(at).or_insert(policy))
    }

    /// The identity-based policies of a role, or of a user and the user's groups: of each the managed ones first, as
    /// AWS lists them.
    pub(super) fn identity(&self, identity: &Identity) -> Vec<Arc<NamedPolicy>> {
        let mut policies = Vec::new();
        for holder in identity.holders() {
            let reads = Reads::of(holder.arn);
            let open = |what: &str| format!("the {}'s {what} policies", reads.whose);
            policies.extend(holder.attached.found().into_iter().flatten().map(|policy| {
                let is_of_aws = policy.arn.is_of_aws();
                let what = if is_of_aws { "AWS managed policy" } else { "managed policy" };
                let name = Name::of(&holder, what, policy.name());
                self.reading(name, &policy.document, PolicyType::Identity, "iam:GetPolicyVersion")
            }));
            policies.extend(lacks(holder.attached, &open("managed"), reads.attached));
            policies.extend(holder.inline.found().into_iter().flatten().map(|policy| {
                let name = Name::of(&holder, "inline policy", policy.name.as_str());
                self.reading(name, &policy.document, PolicyType::Identity, reads.document)
            }));
            policies.extend(lacks(holder.inline, &open("inline"), reads.inline));
        }
        if identity.is_user() {
            policies.extend(lacks(&identity.groups, "the user's groups", "iam:ListGroupsForUser"));
        }
        policies
    }

    /// The permissions boundary.
    pub(super) fn boundary(&self, identity: &Identity) -> Option<Arc<NamedPolicy>> {
        match &identity.boundary {
            Fact::Known(policy) => {
                let name = Name::labelled("permissions boundary", policy.name());
                Some(self.reading(name, &policy.document, PolicyType::Boundary, "iam:GetPolicyVersion"))
            }
            Fact::Absent => None,
            Fact::Unread(_) | Fact::Part { .. } => {
                let needs = if identity.is_user() { "iam:GetUser" } else { "iam:GetRole" };
                Some(unread("the permissions boundary", needs))
            }
        }
    }

    /// The key policy and RAM's.
    pub(super) fn key(&self, key: &Key) -> Vec<Arc<NamedPolicy>> {
        let default = self.reading("key policy", &key.policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy");
        if key.ram_policy == Fact::Absent {
            return vec![default];
        }
        // An own key's RAM policy is asked for beside the default one; where that was not tried, neither was this.
        vec![default, self.reading("key policy AWS_RAM", &key.ram_policy, PolicyType::KeyPolicy, "kms:GetKeyPolicy")]
    }

    /// Every policy that bears on any start of the capture.
    pub(crate) fn all(&self, capture: &Capture) -> Vec<Arc<NamedPolicy>> {
        let identities = capture.identities.values().filter_map(Fact::known);
        let of_identities =
            identities.flat_map(|identity| self.identity(identity).into_iter().chain(self.boundary(identity)));
        let of_keys = capture.keys.values().flat_map(|key| self.key(key));
        let kinds = [PolicyType::Scp, PolicyType::Rcp];
        let accounts = capture.organizations.keys().flat_map(|account| kinds.map(|kind| (account.as_str(), kind)));
        let of_accounts = accounts.flat_map(|(account, kind)| self.organization(capture, account, kind)).flatten();
        of_identities.chain(of_keys).chain(of_accounts).collect()
    }

    /// AWS's known policy of `aws/ebs`, for an account and a Region.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html>
    pub(super) fn managed_key(&self, key: &KeyArn) -> Arc<NamedPolicy> {
        let text = include_str!("aws-ebs-key-policy.json")
            .replace("PARTITION", key.partition())
            .replace("ACCOUNT", key.account())
            .replace("REGION", key.region());
        self.document("key policy of aws/ebs (assumed)", &Document::new(text), PolicyType::KeyPolicy)
    }

    /// The levels of SCPs or RCPs that bind an account. Where not all were read, what was can deny, and any level may
    /// hold more.
    pub(super) fn organization(
        &self,
        capture: &Capture,
        account: &str,
        kind: PolicyType,
    ) -> Vec<Vec<Arc<NamedPolicy>>> {
        let is_scp = kind == PolicyType::Scp;
        let account = AccountId::parse(account).ok();
        let record = account.as_ref().and_then(|account| capture.organizations.get(account));
        let what = if is_scp { "the organization's SCPs" } else { "the organization's RCPs" };
        let (read, open): (&[Level], _) = match record {
            Some(Fact::Absent) => return Vec::new(),
            Some(Fact::Unread(_) | Fact::Part { .. }) | None => {
                (&[], Some(unread(what, "organizations:DescribeOrganization")))
            }
            Some(Fact::Known(organization)) => {
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
        for level in &mut levels {
            level.push(Arc::clone(&open));
        }
        levels
    }

    /// A policy that stands for one that was not read and is assumed to allow.
    pub(super) fn allows_everything(&self, kind: PolicyType) -> Arc<NamedPolicy> {
        let principal = if kind == PolicyType::Rcp { r#""Principal": "*", "# } else { "" };
        let text = format!(r#"{{"Statement": {{"Effect": "Allow", {principal}"Action": "*", "Resource": "*"}}}}"#);
        self.document("assumed to allow", &Document::new(text), kind)
    }

    fn level(&self, level: &Level, kind: PolicyType) -> Vec<Arc<NamedPolicy>> {
        let read = |policy: &OrgPolicy| {
            let what = if kind == PolicyType::Scp { "SCP" } else { "RCP" };
            let text = if policy.name.is_empty() || policy.id.is_none() {
                format!("{what} \"{}\" (on {})", named(policy), level.target)
            } else {
                format!("{what} \"{}\" ({}, on {})", policy.name, policy.id(), level.target)
            };
            let name = format!("{} (at {})", named(policy), level.target);
            let name = Name(name, Label { text: text.into(), group: None });
            self.reading(name, &policy.document, kind, "organizations:DescribePolicy")
        };
        level.policies.iter().map(read).collect()
    }

    /// The grants on a key.
    pub(super) fn grants(&self, key: &Key) -> GrantSet {
        let compiled = |entries: &[Entry]| Arc::new(entries.iter().map(grant).collect());
        let grants = key.grants.found().map(|entries| match self.grants.get(&address(entries)) {
            Some(kept) => Arc::clone(kept.get_or_init(|| compiled(entries))),
            None => compiled(entries),
        });
        // Those of a list that was cut off serve as far as they go.
        let unread = key.grants.unread().map(|_| "kms:ListGrants".to_owned());
        GrantSet { grants: grants.unwrap_or_default(), unread, ..GrantSet::default() }
    }
}

/// The name of a policy, and how reports name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String, Label);

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.to_owned(), Label::default())
    }
}

impl Name {
    fn labelled(what: &str, name: &str) -> Self {
        Self(name.to_owned(), Label { text: format!("{what} \"{name}\"").into(), group: None })
    }

    /// Of a policy that this holder has.
    fn of(holder: &Holder<'_>, what: &str, name: &str) -> Self {
        let Self(own, label) = Self::labelled(what, name);
        match kind_and_name(holder.arn) {
            ("group", group) => Self(held(holder, name), Label { group: Some(group.into()), ..label }),
            (_, _) => Self(own, label),
        }
    }
}

fn compiled(Name(name, label): &Name, document: &Document, kind: PolicyType) -> NamedPolicy {
    let policy = NamedPolicy::parse(name, document.text(), kind).unwrap_or_else(|_| NamedPolicy::unread(name, ""));
    NamedPolicy { label: label.clone(), document: Some(document.clone()), ..policy }
}

fn address(grants: &Arc<Vec<Entry>>) -> usize {
    Arc::as_ptr(grants).addr()
}

/// Every document of a policy in the capture.
fn documents(capture: &Capture) -> impl Iterator<Item = &Document> {
    let identities = capture.identities.values().filter_map(Fact::known).flat_map(|identity| {
        let inline = identity.holders().filter_map(|holder| holder.inline.found()).flatten();
        let managed = identity.managed().filter_map(|policy| policy.document.known());
        let inline = inline.filter_map(|policy| policy.document.known());
        inline.chain(managed).chain(identity.trust_policy.known())
    });
    let keys = capture.keys.values().flat_map(|key| [&key.policy, &key.ram_policy]).filter_map(Fact::known);
    let organizations = capture.organizations.values().filter_map(Fact::known).flat_map(|organization| {
        let levels = [&organization.scps, &organization.rcps].into_iter().filter_map(Fact::found).flatten();
        levels.flat_map(|level| &level.policies)
    });
    let told = capture.told.values().flat_map(|told| told.scps.iter().chain(&told.rcps));
    let organizations = organizations.chain(told).filter_map(|policy| policy.document.known());
    identities.chain(keys).chain(organizations)
}

/// What people call an organization's policy.
fn named(policy: &OrgPolicy) -> &str {
    if policy.name.is_empty() { policy.id() } else { &policy.name }
}

/// What people call a policy that this holder has: a user's groups have policies of their own.
pub(crate) fn held(holder: &Holder<'_>, name: &str) -> String {
    match kind_and_name(holder.arn) {
        ("group", group) => format!("{name} of group {group}"),
        (_, _) => name.to_owned(),
    }
}

/// What stands for the policies of a list that was not read, or for the rest of one that was cut off.
fn lacks<T>(list: &Fact<T>, what: &str, needs: &str) -> Option<Arc<NamedPolicy>> {
    match list {
        Fact::Known(_) | Fact::Absent => None,
        Fact::Unread(_) => Some(unread(what, needs)),
        Fact::Part { .. } => Some(unread(&format!("the rest of {what}"), needs)),
    }
}

/// A policy, or several, of which nothing is known.
pub(super) fn unread(name: &str, needs: &str) -> Arc<NamedPolicy> {
    Arc::new(NamedPolicy::unread(name, needs))
}

/// A grant, ready to be judged.
pub(super) fn grant(entry: &Entry) -> Grant {
    let pairs = |pairs: &Option<BTreeMap<String, String>>| {
        pairs
            .as_ref()
            .map(|pairs| pairs.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect())
    };
    Grant {
        id: entry.id.as_str().into(),
        grantee: Grantee::parse(entry.grantee_principal.as_str()),
        operations: entry.operations.iter().map(|operation| operation.as_str().into()).collect(),
        subset: pairs(&entry.constraints.encryption_context_subset),
        equals: pairs(&entry.constraints.encryption_context_equals),
        has_other_constraint: entry.constraints.other.is_some(),
        issuing_account: entry.issuing_account.as_ref().map(|issuer| issuer.account().into()),
    }
}
