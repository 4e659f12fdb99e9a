//! Changes to a case of which the effect on the decision is known.
//!
//! All are pure, from JSON to JSON, and leave alone what they cannot read.

use serde_json::{Map, Value, json};

use super::condition::swap_case;

/// The policy types, by their field in the case.
pub(crate) const FIELDS: [&str; 6] =
    ["identityPolicies", "permissionsBoundary", "sessionPolicies", "scps", "rcps", "keyPolicy"];

/// Adds `statement` to every policy of a type that could be read; where it needs a principal, `*`.
pub(crate) fn with_statement(case: &Value, field: &str, mut statement: Value) -> Value {
    if let (true, Some(statement)) = (["keyPolicy", "rcps"].contains(&field), statement.as_object_mut()) {
        statement.insert("Principal".to_owned(), json!("*"));
    }
    changed(case, |at, document| {
        if at == field {
            change_statements(document, |statements| statements.push(statement.clone()));
        }
    })
}

/// Turns round the order of the statements of every policy, of the policies of every list, and of the grants.
pub(crate) fn turned_round(case: &Value) -> Value {
    let mut case = changed(case, |_, document| change_statements(document, |statements| statements.reverse()));
    for field in ["identityPolicies", "sessionPolicies", "scps", "rcps", "grants"] {
        if let Some(list) = case.get_mut(field).and_then(Value::as_array_mut) {
            list.reverse();
            list.iter_mut().filter_map(Value::as_array_mut).for_each(|level| level.reverse());
        }
    }
    case
}

/// Writes every statement of every policy twice, and every policy, level and grant. The copy of a statement has no
/// Sid, which must be unique.
pub(crate) fn doubled(case: &Value) -> Value {
    let mut case = changed(case, |_, document| {
        change_statements(document, |statements| {
            let mut copies = statements.clone();
            copies.iter_mut().filter_map(Value::as_object_mut).for_each(|copy| drop(copy.remove("Sid")));
            statements.extend(copies);
        });
    });
    for field in ["identityPolicies", "sessionPolicies", "scps", "rcps", "grants"] {
        if let Some(list) = case.get_mut(field).and_then(Value::as_array_mut) {
            list.extend(list.clone());
        }
    }
    case
}

/// Settles a context key that was unknown: it has this value, or with `None` it is absent.
pub(crate) fn settled(case: &Value, key: &str, value: Option<&Value>) -> Value {
    let mut case = case.clone();
    let Some(request) = case.get_mut("request").and_then(Value::as_object_mut) else { return case };
    if let Some(unknown) = request.get_mut("unknownContext").and_then(Value::as_array_mut) {
        unknown.retain(|name| name.as_str() != Some(key));
    }
    if let Some(value) = value {
        let context = request.entry("context").or_insert_with(|| json!({}));
        context.as_object_mut().map(|context| context.insert(key.to_owned(), value.clone()));
    }
    case
}

/// The context keys that are unknown in the case.
pub(crate) fn unknown_keys(case: &Value) -> Vec<String> {
    let unknown = case.pointer("/request/unknownContext").and_then(Value::as_array);
    unknown.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Swaps upper and lower case in the action of the request, in the actions of the policies, and in the names
/// of context keys on both sides.
pub(crate) fn case_swapped(case: &Value) -> Value {
    let mut case = changed(case, |_, document| {
        change_statements(document, |statements| {
            for statement in statements.iter_mut().filter_map(Value::as_object_mut) {
                ["Action", "NotAction"].iter().filter_map(|name| statement.get_mut(*name).map(swap_texts)).count();
                let block = statement.get_mut("Condition").and_then(Value::as_object_mut);
                for keys in block.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
                    *keys = swap_names(keys);
                }
            }
        });
    });
    if let Some(request) = case.get_mut("request").and_then(Value::as_object_mut) {
        ["action", "unknownContext"].iter().filter_map(|name| request.get_mut(*name).map(swap_texts)).count();
        if let Some(context) = request.get_mut("context").and_then(Value::as_object_mut) {
            *context = swap_names(context);
        }
    }
    case
}

fn swap_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = swap_case(text),
        Value::Array(values) => values.iter_mut().for_each(swap_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

fn swap_names(object: &Map<String, Value>) -> Map<String, Value> {
    object.iter().map(|(name, value)| (swap_case(name), value.clone())).collect()
}

/// The case with every document changed that could be read, in whatever form it was handed in.
pub(crate) fn changed(case: &Value, mut change: impl FnMut(&str, &mut Value)) -> Value {
    let mut case = case.clone();
    for field in FIELDS {
        if let Some(policies) = case.get_mut(field) {
            change_documents(policies, &mut |document| change(field, document));
        }
    }
    case
}

fn change_documents(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Array(policies) => policies.iter_mut().for_each(|policy| change_documents(policy, change)),
        Value::Object(wrapper) if wrapper.contains_key("policy") => {
            if let Some(policy) = wrapper.get_mut("policy") {
                change_documents(policy, change);
            }
        }
        Value::Object(_) => change(value),
        Value::String(text) => {
            if let Ok(mut document) = serde_json::from_str::<Value>(text) {
                change(&mut document);
                *text = document.to_string();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Changes the list of statements; a single one becomes a list.
pub(crate) fn change_statements(document: &mut Value, change: impl FnOnce(&mut Vec<Value>)) {
    let Some(statements) = document.get_mut("Statement") else { return };
    if statements.is_object() {
        *statements = Value::Array(vec![statements.take()]);
    }
    if let Some(statements) = statements.as_array_mut() {
        change(statements);
    }
}

/// Gives every policy that could not be read this one statement.
pub(crate) fn with_unread_policies_read(case: &Value, statement: &Value) -> Value {
    let mut case = case.clone();
    for field in FIELDS {
        let mut statement = statement.clone();
        if let (true, Some(statement)) = (["keyPolicy", "rcps"].contains(&field), statement.as_object_mut()) {
            statement.insert("Principal".to_owned(), json!("*"));
        }
        if let Some(policies) = case.get_mut(field) {
            read_policies(policies, &statement);
        }
    }
    case
}

fn read_policies(value: &mut Value, statement: &Value) {
    if value.get("refused").is_some() {
        *value = json!({"Version": "2012-10-17", "Statement": statement});
    } else if let Some(policies) = value.as_array_mut() {
        for policy in policies {
            read_policies(policy, statement);
        }
    }
}

/// Names the session of a role of which only the role was told.
pub(crate) fn with_session_named(case: &Value) -> Option<Value> {
    let role = case.pointer("/request/principal")?.as_str()?;
    let (account, path_and_name) = role.split_once(":role/")?;
    let name = path_and_name.rsplit('/').next()?;
    let session = format!("{}:assumed-role/{name}/nightly", account.replace(":iam:", ":sts:"));
    let mut named = case.clone();
    let request = named.get_mut("request")?.as_object_mut()?;
    request.insert("roleArn".to_owned(), json!(role));
    request.insert("principal".to_owned(), json!(session));
    Some(named)
}
