//! A policy as JSON again: all that it says, nothing of how its author laid it out.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::condition::Condition;
use super::element::{Policy, PrincipalElement, PrincipalEntry, Sense, Statement, Version};

/// Law: reading what is written gives the same policy, but for the places in the text.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let version = match self.version {
            Version::V2008 => "2008-10-17",
            Version::V2012 => "2012-10-17",
        };
        let mut policy = serializer.serialize_map(None)?;
        policy.serialize_entry("Version", version)?;
        policy.serialize_entry("Statement", &self.statements)?;
        policy.end()
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |sense: Sense, listed, all_but| if sense == Sense::Listed { listed } else { all_but };
        let mut statement = serializer.serialize_map(None)?;
        if let Some(sid) = &self.sid {
            statement.serialize_entry("Sid", sid)?;
        }
        statement.serialize_entry("Effect", &self.effect.to_string())?;
        if let Some(element) = &self.principal {
            statement.serialize_entry(name(element.sense, "Principal", "NotPrincipal"), element)?;
        }
        // A key policy statement may lack it, which no list would say; a session policy may have an empty list.
        if self.action.span != self.span {
            let patterns: Vec<&str> = self.action.patterns.iter().map(super::ActionPattern::as_str).collect();
            statement.serialize_entry(name(self.action.sense, "Action", "NotAction"), &patterns)?;
        }
        if let Some(element) = &self.resource {
            let patterns: Vec<&str> = element.patterns.iter().map(super::Pattern::as_str).collect();
            statement.serialize_entry(name(element.sense, "Resource", "NotResource"), &patterns)?;
        }
        if !self.conditions.is_empty() {
            statement.serialize_entry("Condition", &Block(&self.conditions))?;
        }
        statement.end()
    }
}

impl Serialize for PrincipalElement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [(PrincipalEntry::Anyone, _)] = self.entries.as_slice() {
            return serializer.serialize_str("*");
        }
        let mut kinds = serializer.serialize_map(None)?;
        for entries in self.entries.chunk_by(|(one, _), (next, _)| label(one) == label(next)) {
            let texts: Vec<&str> = entries.iter().map(|(entry, _)| entry.as_str()).collect();
            kinds.serialize_entry(entries.first().map_or("AWS", |(entry, _)| label(entry)), &texts)?;
        }
        kinds.end()
    }
}

fn label(entry: &PrincipalEntry) -> &'static str {
    match entry {
        PrincipalEntry::Service(_) => "Service",
        PrincipalEntry::Federated(_) => "Federated",
        PrincipalEntry::CanonicalUser(_) => "CanonicalUser",
        PrincipalEntry::Anyone
        | PrincipalEntry::Account(_)
        | PrincipalEntry::Role(_)
        | PrincipalEntry::Session(_)
        | PrincipalEntry::User(_)
        | PrincipalEntry::UniqueId(_)
        | PrincipalEntry::Other(_) => "AWS",
    }
}

/// The `Condition` element: operators, each with its keys.
struct Block<'a>(&'a [Condition]);

impl Serialize for Block<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut operators = serializer.serialize_map(None)?;
        for conditions in self.0.chunk_by(|one, next| one.operator == next.operator) {
            let name = conditions.first().map(|condition| condition.operator.to_string()).unwrap_or_default();
            operators.serialize_entry(&name, &Keys(conditions))?;
        }
        operators.end()
    }
}

/// The keys of one operator, each with its values.
struct Keys<'a>(&'a [Condition]);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|condition| (condition.key.as_str(), &condition.written)))
    }
}
