//! An existing statement that needs but one more value says the same as a near copy beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::policy::{add_value, statements};

/// The statement of `document` that becomes the wanted one by further values in one element, and what it becomes.
///
/// All its other elements must be equal: then it allows what it did and what is wanted, and nothing else.
pub(super) fn extension(document: &str, wanted: &str) -> Option<(String, String)> {
    let wanted = elements(wanted)?;
    statements(document).ok()?.into_iter().find_map(|statement| {
        let present = elements(statement)?;
        if !present.keys().eq(wanted.keys()) {
            return None;
        }
        let mut differing = wanted.iter().filter(|(path, values)| present.get(*path) != Some(*values));
        let (path, values) = differing.next()?;
        let present = present.get(path)?;
        let is_list = path.first().is_some_and(|name| name != "Effect" && name != "Version");
        if differing.next().is_some() || !is_list || values.is_subset(present) {
            return None;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let added =
            values.difference(present).try_fold(statement.to_owned(), |text, value| add_value(&text, &path, value));
        Some((statement.to_owned(), added.ok()?))
    })
}

pub(super) type Elements = BTreeMap<Vec<String>, BTreeSet<String>>;

/// Every element but the Sid, by its path, as a set of values; `None` for anything of another form.
pub(super) fn elements(statement: &str) -> Option<Elements> {
    let value: Value = serde_json::from_str(statement).ok()?;
    let mut found = Elements::new();
    for (name, value) in value.as_object()? {
        if name != "Sid" {
            collect(vec![name.clone()], value, &mut found)?;
        }
    }
    Some(found)
}

fn collect(path: Vec<String>, value: &Value, found: &mut Elements) -> Option<()> {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let mut path = path.clone();
                path.push(name.clone());
                collect(path, value, found)?;
            }
        }
        Value::Array(values) => {
            let texts: Option<BTreeSet<String>> = values.iter().map(text).collect();
            found.insert(path, texts?);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(path, BTreeSet::from([text(value)?]));
        }
    }
    Some(())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
