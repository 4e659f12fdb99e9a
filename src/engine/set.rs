use std::sync::Arc;

use crate::document::Document;
use crate::names::ConditionKey;
use crate::policy::{Condition, Pattern, Policy, PolicyError, PolicyType, Statement};

use super::grant::Grant;

/// How reports name a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Label {
    /// As `managed policy "KeyUse"`; empty where the policy's name says all.
    pub text: Box<str>,
    /// The group that has it, if it is not the principal itself.
    pub group: Option<Box<str>>,
}

/// A policy with its name: compiled, or known to exist and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// What people call it: `start-jobs`, `key policy`, ….
    pub name: String,
    /// How reports name it where its name does not tell what it is: `inline policy "use-keys"`.
    pub label: Label,
    /// Its text; `None` where it was not read or is part of a larger text.
    pub document: Option<Document>,
    /// Its meaning; `None` where it was not read, and may say anything.
    pub policy: Option<Policy>,
    /// The read permission that would have given it, where it was not read.
    pub needs: String,
}

impl NamedPolicy {
    /// Reads and compiles a document.
    ///
    /// # Errors
    /// Everything for which AWS refuses to save it.
    pub fn parse(name: &str, text: &str, kind: PolicyType) -> Result<Self, Vec<PolicyError>> {
        let policy = Policy::parse(text, kind)?;
        Ok(Self {
            name: name.to_owned(),
            label: Label::default(),
            document: Some(Document::new(text)),
            policy: Some(policy),
            needs: String::new(),
        })
    }

    /// A policy that exists, or may exist, and was not read.
    pub fn unread(name: &str, needs: &str) -> Self {
        Self { name: name.to_owned(), label: Label::default(), document: None, policy: None, needs: needs.to_owned() }
    }
}

/// Everything that bears on a request besides the request itself.
///
/// By default nothing of it was read, so nothing is decided but by what is filled in; [`PolicySet::none`] is where
/// there is none. A policy of one type in the place of another counts as unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySet {
    /// Identity-based policies of the principal.
    pub identity: Vec<Arc<NamedPolicy>>,
    /// The permissions boundary, if there is one.
    pub boundary: Option<Arc<NamedPolicy>>,
    /// Policies passed when the session was created: it may do what one of them allows.
    pub session: Vec<Arc<NamedPolicy>>,
    /// SCPs by level, from the root to the account; empty: no such layer.
    pub scps: Vec<Vec<Arc<NamedPolicy>>>,
    /// RCPs by level, from the root to the account; empty: no such layer.
    pub rcps: Vec<Vec<Arc<NamedPolicy>>>,
    /// The key policy and, for a key shared through AWS RAM, the one that RAM manages.
    pub key_policies: Vec<Arc<NamedPolicy>>,
    /// The grants on the key.
    pub grants: GrantSet,
}

/// The grants on a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantSet {
    /// Those that were read; copies share them.
    pub grants: Arc<Vec<Grant>>,
    /// One more, that is there by the time of the request.
    pub own: Option<Grant>,
    /// The read permission that was lacking, where there may be more.
    pub unread: Option<String>,
}

impl GrantSet {
    /// Every grant, in order.
    pub fn all(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().chain(&self.own)
    }

    /// The grant at this position.
    pub fn get(&self, position: usize) -> Option<&Grant> {
        self.grants.get(position).or_else(|| self.own.as_ref().filter(|_| position == self.grants.len()))
    }
}

/// Which policy of a [`PolicySet`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyRef {
    /// The policy type.
    pub kind: PolicyType,
    /// The level, from the root, of SCPs and RCPs; else 0.
    pub level: usize,
    /// The position in its list.
    pub index: usize,
}

impl Default for PolicySet {
    fn default() -> Self {
        let unread = |name| Arc::new(NamedPolicy::unread(name, ""));
        Self {
            identity: vec![unread("identity policies")],
            boundary: Some(unread("permissions boundary")),
            session: vec![unread("session policies")],
            scps: vec![vec![unread("SCPs")]],
            rcps: vec![vec![unread("RCPs")]],
            key_policies: vec![unread("key policy")],
            grants: GrantSet { unread: Some(String::new()), ..GrantSet::default() },
        }
    }
}

impl PolicySet {
    /// Where there is no policy and no grant.
    pub fn none() -> Self {
        Self {
            identity: Vec::new(),
            boundary: None,
            session: Vec::new(),
            scps: Vec::new(),
            rcps: Vec::new(),
            key_policies: Vec::new(),
            grants: GrantSet::default(),
        }
    }

    /// The policy that `at` names.
    pub fn get(&self, at: PolicyRef) -> Option<&NamedPolicy> {
        match at.kind {
            PolicyType::Identity => self.identity.get(at.index),
            PolicyType::Boundary => self.boundary.as_ref(),
            PolicyType::Session => self.session.get(at.index),
            PolicyType::Scp => self.scps.get(at.level)?.get(at.index),
            PolicyType::Rcp => self.rcps.get(at.level)?.get(at.index),
            PolicyType::KeyPolicy => self.key_policies.get(at.index),
        }
        .map(|policy| &**policy)
    }

    /// Statement `index` of the policy that `at` names.
    pub fn statement(&self, at: PolicyRef, index: usize) -> Option<&Statement> {
        self.get(at)?.policy.as_ref()?.statements.get(index)
    }

    /// The condition keys for which statements ask, in conditions and by policy variables.
    pub fn asked_keys(&self) -> impl Iterator<Item = &ConditionKey> {
        let policies = self.all().filter_map(|(_, policy)| policy.policy.as_ref());
        policies.flat_map(|policy| &policy.statements).flat_map(|statement| {
            let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
            let of_conditions = statement.conditions.iter();
            let variables = patterns
                .flat_map(Pattern::variables)
                .chain(of_conditions.clone().flat_map(Condition::variables))
                .map(|variable| &variable.key);
            of_conditions.map(|condition| &condition.key).chain(variables)
        })
    }

    /// Every policy, with its place.
    pub fn all(&self) -> impl Iterator<Item = (PolicyRef, &NamedPolicy)> {
        list(PolicyType::Identity, 0, &self.identity)
            .chain(list(PolicyType::Boundary, 0, self.boundary.as_slice()))
            .chain(list(PolicyType::Session, 0, &self.session))
            .chain(levels(PolicyType::Scp, &self.scps))
            .chain(levels(PolicyType::Rcp, &self.rcps))
            .chain(list(PolicyType::KeyPolicy, 0, &self.key_policies))
    }
}

type Placed<'a> = (PolicyRef, &'a NamedPolicy);

fn list(kind: PolicyType, level: usize, policies: &[Arc<NamedPolicy>]) -> impl Iterator<Item = Placed<'_>> {
    policies.iter().enumerate().map(move |(index, policy)| (PolicyRef { kind, level, index }, &**policy))
}

fn levels(kind: PolicyType, levels: &[Vec<Arc<NamedPolicy>>]) -> impl Iterator<Item = Placed<'_>> {
    levels.iter().enumerate().flat_map(move |(level, policies)| list(kind, level, policies))
}
