use std::sync::Arc;

use crate::names::{ConditionKey, Sought};

/// What the request context holds for one condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextValue {
    /// A single-valued key with its value.
    Single(Box<str>),
    /// A multivalued key with its values; without any it is as if absent.
    Multi(Vec<Box<str>>),
    /// The request does not carry the key.
    Absent,
    /// It carries the key, and the value begins with this text; the rest is not known. Empty: nothing is known of it.
    KnownPrefix(Box<str>),
    /// One of these, and which is not known.
    OneOf(Vec<ContextValue>),
    /// There or not: an address or network of AWS's own, as that from which EC2 decrypts. It is none that a policy
    /// names, unless by a range so wide that it may be of the internet at large.
    Ec2Internal,
    /// It may be anything, or absent.
    NotKnown,
}

impl From<&str> for ContextValue {
    fn from(text: &str) -> Self {
        Self::Single(text.into())
    }
}

/// The request context: values by condition key; a key that is not there is absent.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/intro-structure.html#intro-structure-request>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// What copies have in common; an own entry of the key counts before it.
    shared: Arc<Vec<(ConditionKey, ContextValue)>>,
    own: Vec<(ConditionKey, ContextValue)>,
    families: Vec<(Box<str>, ContextValue)>,
    doubtful_in_key_policy: Vec<Box<str>>,
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a value for `key`, replacing an earlier one.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<ContextValue>) -> Self {
        self.set(key, value);
        self
    }

    /// Sets the value for `key`, replacing an earlier one.
    pub fn set(&mut self, key: &str, value: impl Into<ContextValue>) {
        let (sought, value) = (Sought::new(key), value.into());
        match self.own.iter_mut().find(|(known, _)| sought.is(known)) {
            Some((_, old)) => *old = value,
            None => self.own.push((ConditionKey::new(key), value)),
        }
    }

    /// The same; from now on copies share it and keep only what is set in them.
    #[must_use]
    pub(crate) fn into_pattern(self) -> Self {
        let shared = self.entries().map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { shared: Arc::new(shared), own: Vec::new(), ..self }
    }

    /// Sets the value for `key` if it has none yet.
    pub fn set_default(&mut self, key: &str, value: impl Into<ContextValue>) {
        if !self.states(key) {
            self.own.push((ConditionKey::new(key), value.into()));
        }
    }

    /// Sets the value of every key that begins with `prefix` and has no entry: tags that were not read, say. Of
    /// several such families of a key the one with the longest prefix counts.
    pub fn set_family(&mut self, prefix: &str, value: ContextValue) {
        let prefix = prefix.to_ascii_lowercase().into();
        match self.families.iter_mut().find(|(known, _)| *known == prefix) {
            Some((_, old)) => *old = value,
            None => self.families.push((prefix, value)),
        }
    }

    /// Makes keys that begin with `prefix` doubtful in key policies: there a request has their value or lacks them.
    pub fn set_doubtful_in_key_policy(&mut self, prefix: &str) {
        self.doubtful_in_key_policy.push(prefix.to_ascii_lowercase().into());
    }

    /// Whether a key policy may see `key` as absent although the request has it.
    pub fn is_doubtful_in_key_policy(&self, key: &ConditionKey) -> bool {
        self.doubtful_in_key_policy.iter().any(|prefix| key.lower().starts_with(&**prefix))
    }

    /// Whether there is an entry for `key`.
    pub fn states(&self, key: &str) -> bool {
        let sought = Sought::new(key);
        self.own.iter().chain(&*self.shared).any(|(known, _)| sought.is(known))
    }

    /// What it holds for `key`.
    pub fn get(&self, key: &ConditionKey) -> &ContextValue {
        if let Some((_, value)) = self.own.iter().chain(&*self.shared).find(|(known, _)| known == key) {
            return value;
        }
        let families = self.families.iter().filter(|(prefix, _)| key.lower().starts_with(&**prefix));
        families.max_by_key(|(prefix, _)| prefix.len()).map_or(&ContextValue::Absent, |(_, value)| value)
    }

    /// What it holds for the KMS key named `kms:` and `name` in lower case, then `rest` in any case.
    ///
    /// Grants name keys only in part; to put the whole together for every request would allocate.
    pub(super) fn of_kms(&self, name: &str, rest: &str) -> &ContextValue {
        let is_it = |key: &ConditionKey| {
            let found = key.lower().strip_prefix("kms:").and_then(|key| key.strip_prefix(name));
            found.is_some_and(|found| found.eq_ignore_ascii_case(rest))
        };
        let mut all = self.own.iter().chain(&*self.shared);
        all.find(|(key, _)| is_it(key)).map_or(&ContextValue::Absent, |(_, value)| value)
    }

    /// What it shares with others of its pattern.
    pub(crate) fn pattern(&self) -> impl Iterator<Item = &(ConditionKey, ContextValue)> {
        self.shared.iter()
    }

    /// Where its pattern lies in memory: contexts of one pattern have it in common.
    pub(crate) fn pattern_address(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }

    /// What was set in this one alone.
    pub(crate) fn own(&self) -> impl Iterator<Item = &(ConditionKey, ContextValue)> {
        self.own.iter()
    }

    /// The values of keys that have no entry, by how they begin.
    pub(crate) fn families(&self) -> &[(Box<str>, ContextValue)] {
        &self.families
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&ConditionKey, &ContextValue)> {
        let is_own = |key: &ConditionKey| self.own.iter().any(|(known, _)| known == key);
        let shared = self.shared.iter().filter(move |(key, _)| !is_own(key));
        shared.chain(&self.own).map(|(key, value)| (key, value))
    }
}
