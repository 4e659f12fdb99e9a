//! The smallest change of a policy's text; the author's layout stays.

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use super::error::PolicyError;
use super::json::parse_json;

/// The texts of a document's statements, in order.
pub(crate) fn statements(document: &str) -> Result<Vec<&str>, PolicyError> {
    let root = parse_json(document)?;
    Ok(statement_values(&root).iter().filter_map(|value| text_of(document, value)).collect())
}

/// The document with `statement` (a JSON text) behind its last one.
///
/// A document that already holds this statement is left as it is.
/// A Sid that is taken gets a number, because most policy types ask for unique ones.
pub(crate) fn add_statement(document: &str, statement: &str) -> Result<String, PolicyError> {
    let root = parse_json(document)?;
    if statements(document)?.into_iter().any(|known| is_same_statement(known, statement)) {
        return Ok(document.to_owned());
    }
    let statement = with_free_sid(document, statement)?;
    let Some(all) = element(&root, "Statement") else { return Ok(document.to_owned()) };
    if let Some(array) = all.as_array() {
        return Ok(push(document, array, &statement));
    }
    let own = text_of(document, all).unwrap_or_default();
    let indent = line_indentation(document, all.start());
    Ok(replace(document, all, &format!("[{own}, {}]", indented(&statement, indent))))
}

/// The statement with a number behind its Sid if the document has one of that name.
pub(crate) fn with_free_sid(document: &str, statement: &str) -> Result<String, PolicyError> {
    let own = parse_json(statement)?;
    let root = parse_json(document)?;
    let sids: Vec<&str> = statement_values(&root).into_iter().filter_map(sid).collect();
    Ok(match sid(&own) {
        Some(taken) if sids.contains(&taken) => {
            // Of one name more than there are statements one is free.
            let numbers = 2..=sids.len() + 2;
            let free = numbers.map(|number| format!("{taken}{number}")).find(|name| !sids.contains(&name.as_str()));
            statement.replacen(taken, &free.unwrap_or_default(), 1)
        }
        Some(_) | None => statement.to_owned(),
    })
}

/// The document with the statement of this text replaced, or removed; without such a statement it stays.
pub(crate) fn replace_statement(document: &str, old: &str, new: Option<&str>) -> Result<String, PolicyError> {
    let root = parse_json(document)?;
    let found = statement_values(&root).into_iter().position(|value| text_of(document, value) == Some(old));
    let (Some(number), Some(all)) = (found, element(&root, "Statement")) else { return Ok(document.to_owned()) };
    Ok(match (all.as_array(), new) {
        (Some(array), Some(new)) => replace(document, array.elements.get(number).unwrap_or(all), new),
        (Some(array), None) => without(document, array, number),
        (None, new) => replace(document, all, new.unwrap_or("[]")),
    })
}

/// The JSON object with `value` in the list at `path`; what of the path does not exist is made.
///
/// The last name of a path is a condition key or an element, and is found in any case. A list that has the value stays.
pub(crate) fn add_value(text: &str, path: &[&str], value: &str) -> Result<String, PolicyError> {
    add_json(text, path, quote(value))
}

fn add_json(text: &str, path: &[&str], quoted: String) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let mut here = &root;
    for (depth, name) in path.iter().enumerate() {
        let Some(object) = here.as_object() else { return Ok(text.to_owned()) };
        let is_last = depth + 1 == path.len();
        let found = object.properties.iter().find(|property| {
            let written = property.name.as_str();
            written == *name || (is_last && written.eq_ignore_ascii_case(name))
        });
        let Some(property) = found else {
            let nested = path.iter().skip(depth + 1).rev().fold(quoted, |inner, name| nest(name, &inner));
            return Ok(add_property(text, object, name, &nested));
        };
        here = &property.value;
    }
    if list(here).into_iter().any(|known| text_of(text, known) == Some(&quoted)) {
        return Ok(text.to_owned());
    }
    if let Some(array) = here.as_array() {
        return Ok(push(text, array, &quoted));
    }
    let both = format!("[{}, {quoted}]", text_of(text, here).unwrap_or_default());
    Ok(replace(text, here, &both))
}

/// The JSON object with `new` in the place of the text `old` at `path`, or in the list there; without `old` it stays.
pub(crate) fn replace_value(text: &str, path: &[&str], old: &str, new: &str) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let found = path.iter().try_fold(&root, |here, name| property(here, name).map(|property| &property.value));
    let is_old = |value: &&Value<'_>| value.as_string_lit().is_some_and(|literal| literal.value == old);
    let value = found.map(list).unwrap_or_default().into_iter().find(is_old);
    Ok(value.map_or_else(|| text.to_owned(), |value| replace(text, value, &quote(new))))
}

/// The statement with the test of `key` under another operator or of another key; `None` where it goes.
pub(crate) fn change_condition(
    text: &str,
    (operator, key): (&str, &str),
    new: Option<(&str, &str)>,
) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let block = property(&root, "Condition");
    let of_operator = block.and_then(|block| property(&block.value, operator));
    let test = of_operator.and_then(|tests| property(&tests.value, key));
    let (Some(block), Some(of_operator), Some(test)) = (block, of_operator, test) else { return Ok(text.to_owned()) };
    let is_alone =
        |property: &ObjectProp<'_>| property.value.as_object().is_some_and(|object| object.properties.len() == 1);
    if let Some((new_operator, new_key)) = new {
        let renamed = |text: &str, property: &ObjectProp<'_>, name: &str| {
            splice(text, property.name.start(), property.name.end(), &quote(name))
        };
        let is_free = property(&block.value, new_operator).is_none();
        if new_operator == operator || (is_alone(of_operator) && is_free) {
            // The key stands behind the operator.
            return Ok(renamed(&renamed(text, test, new_key), of_operator, new_operator));
        }
    }
    let object = match (is_alone(of_operator), is_alone(block)) {
        (false, _) => (&of_operator.value, test),
        (true, false) => (&block.value, of_operator),
        (true, true) => (&root, block),
    };
    let rest = object.0.as_object().map_or_else(|| text.to_owned(), |all| without_property(text, all, object.1));
    let value = text_of(text, &test.value).unwrap_or_default().to_owned();
    new.map_or(Ok(rest.clone()), |(operator, key)| add_json(&rest, &["Condition", operator, key], value))
}

/// The JSON object with the element `name` in the place of the first of `olds` that it has, with these values; added
/// if it has none.
pub(crate) fn set_element(text: &str, olds: &[&str], name: &str, values: &[String]) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let Some(object) = root.as_object() else { return Ok(text.to_owned()) };
    let texts: Vec<String> = values.iter().map(|value| quote(value)).collect();
    let value = if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) };
    let found = object.properties.iter().find(|property| olds.contains(&property.name.as_str()));
    Ok(match found {
        Some(property) => splice(text, property.range.start, property.range.end, &format!("{}: {value}", quote(name))),
        None => add_property(text, object, name, &value),
    })
}

/// The statement under this condition on `key`, which asks for this value alone.
pub(crate) fn set_condition(text: &str, operator: &str, key: &str, value: &str) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let keys = element(&root, "Condition").and_then(|block| element(block, operator)).and_then(Value::as_object);
    let mut properties = keys.into_iter().flat_map(|keys| &keys.properties);
    match properties.find(|property| property.name.as_str().eq_ignore_ascii_case(key)) {
        Some(property) => Ok(replace(text, &property.value, &quote(value))),
        None => add_value(text, &["Condition", operator, key], value),
    }
}

/// The document with the principal `old` replaced in every `Principal` under `AWS`, or removed.
///
/// A statement for which nobody would be left goes too: KMS refuses to save a policy that names a principal
/// that does not exist.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
pub(crate) fn replace_principal(document: &str, old: &str, new: Option<&str>) -> Result<String, PolicyError> {
    let mut changed = document.to_owned();
    for statement in statements(document)? {
        let replacement = without_principal(statement, old, new)?;
        if replacement.as_deref() != Some(statement) {
            changed = replace_statement(&changed, statement, replacement.as_deref())?;
        }
    }
    Ok(changed)
}

/// One statement with the principal replaced, or removed; `None` where nobody is left.
///
/// Who is left out of `NotPrincipal` goes as well: where nobody is left out any more it is everybody.
pub(crate) fn without_principal(statement: &str, old: &str, new: Option<&str>) -> Result<Option<String>, PolicyError> {
    let root = parse_json(statement)?;
    let is_left_out = element(&root, "NotPrincipal").is_some();
    let kinds = element(&root, if is_left_out { "NotPrincipal" } else { "Principal" });
    let named = kinds.and_then(|kinds| element(kinds, "AWS"));
    let all = named.map(list).unwrap_or_default();
    let is_old = |value: &Value<'_>| value.as_string_lit().is_some_and(|text| text.value == old);
    let Some((number, found)) = all.iter().enumerate().find(|(_, value)| is_old(value)) else {
        return Ok(Some(statement.to_owned()));
    };
    let has_other_kinds = kinds.and_then(Value::as_object).is_some_and(|kinds| kinds.properties.len() > 1);
    Ok(match (new, named.and_then(Value::as_array)) {
        (Some(new), _) => Some(replace(statement, found, &quote(new))),
        (None, _) if all.len() == 1 && !has_other_kinds && is_left_out => {
            Some(set_element(statement, &["NotPrincipal"], "Principal", &["*".to_owned()])?)
        }
        (None, _) if all.len() == 1 && !has_other_kinds => None,
        (None, Some(array)) => Some(without(statement, array, number)),
        (None, None) => Some(replace(statement, found, "[]")),
    })
}

fn statement_values<'v, 't>(root: &'v Value<'t>) -> Vec<&'v Value<'t>> {
    element(root, "Statement").map(list).unwrap_or_default()
}

/// The elements of a list; a single value is a list of itself.
fn list<'v, 't>(value: &'v Value<'t>) -> Vec<&'v Value<'t>> {
    value.as_array().map_or_else(|| vec![value], |array| array.elements.iter().collect())
}

/// The member of this name, in any case: names of elements and operators are written in one way alone.
fn property<'v, 't>(object: &'v Value<'t>, name: &str) -> Option<&'v ObjectProp<'t>> {
    object.as_object()?.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn element<'v, 't>(object: &'v Value<'t>, name: &str) -> Option<&'v Value<'t>> {
    object.as_object()?.get(name).map(|property| &property.value)
}

fn sid<'v>(statement: &'v Value<'_>) -> Option<&'v str> {
    Some(element(statement, "Sid")?.as_string_lit()?.value.as_ref())
}

/// Whether two statements say the same, whatever their names and layout.
fn is_same_statement(one: &str, other: &str) -> bool {
    let elements = |text| {
        let mut elements: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
        elements.remove("Sid");
        Some(elements)
    };
    elements(one).is_some_and(|one| elements(other) == Some(one))
}

fn text_of<'t>(text: &'t str, value: &Value<'_>) -> Option<&'t str> {
    text.get(value.start()..value.end())
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> String {
    format!("{}{new}{}", text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default())
}

/// With other text in the place of a value.
fn replace(text: &str, value: &Value<'_>, new: &str) -> String {
    splice(text, value.start(), value.end(), new)
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn nest(name: &str, inner: &str) -> String {
    format!("{{\n  {}: {}\n}}", quote(name), inner.replace('\n', "\n  "))
}

/// With a further element, laid out as the last one is.
fn push(text: &str, array: &Array<'_>, element: &str) -> String {
    let Some(last) = array.elements.last() else {
        return splice(text, array.range.start + 1, array.range.start + 1, element);
    };
    let added = match indentation(text, last.start()) {
        Some(indent) => format!(",\n{indent}{}", indented(element, indent)),
        None => format!(", {}", indented(element, line_indentation(text, last.start()))),
    };
    splice(text, last.end(), last.end(), &added)
}

/// Without the element and the comma that goes with it.
fn without(text: &str, array: &Array<'_>, number: usize) -> String {
    let Some(element) = array.elements.get(number) else { return text.to_owned() };
    let before = number.checked_sub(1).and_then(|before| array.elements.get(before));
    let (start, end) = match (before, array.elements.get(number + 1)) {
        (_, Some(next)) => (element.start(), next.start()),
        (Some(before), None) => (before.end(), element.end()),
        (None, None) => (element.start(), element.end()),
    };
    splice(text, start, end, "")
}

/// Without the member and the comma that goes with it.
fn without_property(text: &str, object: &Object<'_>, gone: &ObjectProp<'_>) -> String {
    let mut others = object.properties.iter().filter(|property| property.range.start != gone.range.start);
    let next = others.clone().find(|property| property.range.start > gone.range.start);
    let (start, end) = match (others.rfind(|property| property.range.start < gone.range.start), next) {
        (_, Some(next)) => (gone.range.start, next.range.start),
        (Some(before), None) => (before.range.end, gone.range.end),
        (None, None) => (gone.range.start, gone.range.end),
    };
    splice(text, start, end, "")
}

/// With a further property, laid out as the last one is.
fn add_property(text: &str, object: &Object<'_>, name: &str, value: &str) -> String {
    let Some(last) = object.properties.last() else {
        return splice(text, object.range.start + 1, object.range.start + 1, &format!("{}: {value}", quote(name)));
    };
    let property = format!("{}: {value}", quote(name));
    let added = match indentation(text, last.range.start) {
        Some(indent) => format!(",\n{indent}{}", indented(&property, indent)),
        // In one line it stays.
        None => format!(", {}", property.split('\n').map(str::trim_start).collect::<String>()),
    };
    splice(text, last.range.end, last.range.end, &added)
}

/// The blanks before what stands first in its line.
fn indentation(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let line = before.get(before.rfind('\n')? + 1..)?;
    line.bytes().all(|byte| byte == b' ' || byte == b'\t').then_some(line)
}

/// The blanks with which the line of `at` begins.
fn line_indentation(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let line = before.get(before.rfind('\n').map_or(0, |newline| newline + 1)..).unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}

fn indented(text: &str, indent: &str) -> String {
    text.replace('\n', &format!("\n{indent}"))
}
