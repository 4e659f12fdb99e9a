//! What a capture states, fact by fact, so that two can be held against each other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::Capture;

/// The facts of a capture by where they stand. Documents that differ in layout alone are the same.
pub(super) fn facts(capture: &Capture) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    let whole = serde_json::to_value(capture).unwrap_or_default();
    for records in ["instances", "volumes", "keys", "identities", "organizations"] {
        if let Some(value) = whole.get(records) {
            collect(records, value, true, &mut facts);
        }
    }
    facts
}

/// Where two captures state something else of the same thing.
pub(super) fn contradiction<'f>(one: &'f BTreeMap<String, Value>, other: &BTreeMap<String, Value>) -> Option<&'f str> {
    let differs = |(at, value): &(&String, &Value)| other.get(*at).is_some_and(|other| other != *value);
    one.iter().find(differs).map(|(at, _)| at.as_str())
}

fn collect(at: &str, value: &Value, is_whole: bool, facts: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) if members.contains_key("unread") && members.len() == 1 => {}
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), members.len()) {
                    ("known", 1) => collect(at, member, is_whole, facts),
                    ("part", 1) => collect(at, member.get("known").unwrap_or(&Value::Null), false, facts),
                    // The name of one thing under others.
                    (name, _) => collect(&format!("{at} {name}"), member, true, facts),
                }
            }
        }
        Value::Array(items) => {
            let id = |item: &Value| {
                ["name", "arn", "id", "volumeId", "target"]
                    .iter()
                    .find_map(|name| Some(item.get(name)?.as_str()?.to_owned()))
            };
            let mut ids: Vec<String> = items.iter().filter_map(id).collect();
            if ids.len() < items.len() || items.is_empty() {
                if is_whole {
                    facts.insert(at.to_owned(), value.clone());
                }
                return;
            }
            for (id, item) in ids.iter().zip(items) {
                collect(&format!("{at} {id}"), item, true, facts);
            }
            if is_whole {
                ids.sort();
                facts.insert(at.to_owned(), Value::from(ids));
            }
        }
        Value::String(text) if text.trim_start().starts_with('{') => {
            let document = serde_json::from_str(text).unwrap_or_else(|_| value.clone());
            facts.insert(at.to_owned(), document);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            facts.insert(at.to_owned(), value.clone());
        }
    }
}
