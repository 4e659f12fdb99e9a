//! The smallest change of a policy's text; the author's layout stays.

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use super::error::PolicyError;
use super::json::parse_json;

/// The texts of a document's statements, in order.
///
/// # Errors
/// When the document is no JSON.
pub fn statements(document: &str) -> Result<Vec<&str>, PolicyError> {
    let root = parse_json(document)?;
    Ok(statement_values(&root).iter().filter_map(|value| text_of(document, value)).collect())
}

/// The document with `statement` (a JSON text) behind its last one.
///
/// A document that already holds this statement is left as it is.
/// A Sid that is taken gets a number, because most policy types ask for unique ones.
///
/// # Errors
/// When one of the two is no JSON.
pub fn add_statement(document: &str, statement: &str) -> Result<String, PolicyError> {
    let own = parse_json(statement)?;
    let root = parse_json(document)?;
    if statement_values(&root).iter().any(|value| is_same_statement(value, &own)) {
        return Ok(document.to_owned());
    }
    let statement = with_free_sid(document, statement)?;
    let found = root.as_object().and_then(|object| object.get("Statement"));
    let Some(property) = found else { return Ok(document.to_owned()) };
    Ok(match property.value.as_array() {
        Some(array) => push(document, array, &statement),
        None => listed(document, &property.value, &statement),
    })
}

/// The statement with a number behind its Sid if the document has one of that name.
///
/// # Errors
/// When one of the two is no JSON.
pub fn with_free_sid(document: &str, statement: &str) -> Result<String, PolicyError> {
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
///
/// # Errors
/// When the document is no JSON.
pub fn replace_statement(document: &str, old: &str, new: Option<&str>) -> Result<String, PolicyError> {
    let root = parse_json(document)?;
    let found = statement_values(&root).into_iter().position(|value| text_of(document, value) == Some(old));
    let property = root.as_object().and_then(|object| object.get("Statement"));
    let (Some(number), Some(property)) = (found, property) else { return Ok(document.to_owned()) };
    let only = &property.value;
    Ok(match (property.value.as_array(), new) {
        (Some(array), Some(new)) => match array.elements.get(number) {
            Some(element) => splice(document, element.start(), element.end(), new),
            None => document.to_owned(),
        },
        (Some(array), None) => without(document, array, number),
        (None, new) => splice(document, only.start(), only.end(), new.unwrap_or("[]")),
    })
}

/// The JSON object with `value` in the list at `path`; what of the path does not exist is made.
///
/// The last name of a path is a condition key or an element, and is found in any case.
///
/// # Errors
/// When the text is no JSON.
pub fn add_value(text: &str, path: &[&str], value: &str) -> Result<String, PolicyError> {
    let root = parse_json(text)?;
    let quoted = quote(value);
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
    if let Some(array) = here.as_array() {
        return Ok(push(text, array, &quoted));
    }
    let both = format!("[{}, {quoted}]", text_of(text, here).unwrap_or_default());
    Ok(splice(text, here.start(), here.end(), &both))
}

/// The document with the principal `old` replaced in every `Principal` under `AWS`, or removed.
///
/// A statement for which nobody would be left goes too: KMS refuses to save a policy that names a principal
/// that does not exist.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
///
/// # Errors
/// When the document is no JSON.
pub fn replace_principal(document: &str, old: &str, new: Option<&str>) -> Result<String, PolicyError> {
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
/// # Errors
/// When the statement is no JSON.
pub fn without_principal(statement: &str, old: &str, new: Option<&str>) -> Result<Option<String>, PolicyError> {
    let root = parse_json(statement)?;
    let principal = root.as_object().and_then(|object| object.get("Principal"));
    let kinds = principal.and_then(|property| property.value.as_object());
    let has_others = kinds.is_some_and(|object| object.properties.len() > 1);
    let is_old = |value: &Value<'_>| value.as_string_lit().is_some_and(|text| text.value == old);
    let list = |array: &Array<'_>| array.elements.iter().position(is_old).map(|number| (array.elements.len(), number));
    let Some(named) = kinds.and_then(|object| object.get("AWS")).map(|property| &property.value) else {
        return Ok(Some(statement.to_owned()));
    };
    let array = named.as_array();
    let found = match array {
        Some(array) => list(array).and_then(|(_, number)| array.elements.get(number)),
        None => Some(named).filter(|only| is_old(only)),
    };
    let Some(found) = found else { return Ok(Some(statement.to_owned())) };
    Ok(match (new, array.and_then(list), array) {
        (Some(new), _, _) => Some(splice(statement, found.start(), found.end(), &quote(new))),
        (None, Some((count, number)), Some(array)) if count > 1 || has_others => {
            Some(without(statement, array, number))
        }
        (None, None, None) if has_others => Some(splice(statement, found.start(), found.end(), "[]")),
        (None, _, _) => None,
    })
}

fn statement_values<'v, 't>(root: &'v Value<'t>) -> Vec<&'v Value<'t>> {
    let value = root.as_object().and_then(|object| object.get("Statement")).map(|property| &property.value);
    match value.and_then(Value::as_array) {
        Some(array) => array.elements.iter().collect(),
        None => value.into_iter().collect(),
    }
}

fn sid<'v>(statement: &'v Value<'_>) -> Option<&'v str> {
    Some(statement.as_object()?.get("Sid")?.value.as_string_lit()?.value.as_ref())
}

/// Whether two statements say the same, whatever their names and layout.
fn is_same_statement(one: &Value<'_>, other: &Value<'_>) -> bool {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return false };
    let elements =
        |object: &Object<'_>| object.properties.iter().filter(|property| property.name.as_str() != "Sid").count();
    elements(one) == elements(other)
        && one.properties.iter().filter(|property| property.name.as_str() != "Sid").all(|property| {
            other.get(property.name.as_str()).is_some_and(|there| is_same(&property.value, &there.value))
        })
}

fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    if let (Some(one), Some(other)) = (one.as_object(), other.as_object()) {
        let same = |property: &ObjectProp<'_>| {
            other.get(property.name.as_str()).is_some_and(|there| is_same(&property.value, &there.value))
        };
        return one.properties.len() == other.properties.len() && one.properties.iter().all(same);
    }
    if let (Some(one), Some(other)) = (one.as_array(), other.as_array()) {
        let mut both = one.elements.iter().zip(&other.elements);
        return one.elements.len() == other.elements.len() && both.all(|(one, other)| is_same(one, other));
    }
    match (one.as_string_lit(), other.as_string_lit()) {
        (Some(one), Some(other)) => one.value == other.value,
        _ => false,
    }
}

fn text_of<'t>(text: &'t str, value: &Value<'_>) -> Option<&'t str> {
    text.get(value.start()..value.end())
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> String {
    format!("{}{new}{}", text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default())
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

/// A single value that becomes a list with another.
fn listed(text: &str, only: &Value<'_>, element: &str) -> String {
    let indent = line_indentation(text, only.start());
    let own = text_of(text, only).unwrap_or_default();
    splice(text, only.start(), only.end(), &format!("[{own}, {}]", indented(element, indent)))
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

#[cfg(test)]
mod tests {
    use super::{add_statement, add_value, replace_principal, replace_statement, statements};

    const DOCUMENT: &str = "{\n  \"Statement\": [\n    {\"Sid\": \"A\", \"Principal\": {\"AWS\": [\"AROAOLD\", \"x\"]}},\n    {\"Sid\": \"B\", \"Principal\": {\"AWS\": \"AROAOLD\"}}\n  ]\n}";

    #[test]
    fn a_statement_is_added_once_and_under_a_free_name() {
        let added = add_statement(DOCUMENT, "{\n  \"Sid\": \"A\",\n  \"Effect\": \"Allow\"\n}").unwrap();
        assert!(
            added.ends_with("},\n    {\n      \"Sid\": \"A2\",\n      \"Effect\": \"Allow\"\n    }\n  ]\n}"),
            "{added}"
        );
        assert_eq!(add_statement(&added, "{\"Effect\": \"Allow\", \"Sid\": \"Z\"}").unwrap(), added);
        let single =
            add_statement("{\"Statement\": {\"Sid\": \"A\"}}", "{\"Sid\": \"B\", \"Effect\": \"Deny\"}").unwrap();
        assert_eq!(single, "{\"Statement\": [{\"Sid\": \"A\"}, {\"Sid\": \"B\", \"Effect\": \"Deny\"}]}");
        assert_eq!(add_statement("{\"Statement\": []}", "{}").unwrap(), "{\"Statement\": [{}]}");
    }

    #[test]
    fn a_principal_leaves_and_a_statement_without_one_leaves_too() {
        let dropped = replace_principal(DOCUMENT, "AROAOLD", None).unwrap();
        assert_eq!(dropped, "{\n  \"Statement\": [\n    {\"Sid\": \"A\", \"Principal\": {\"AWS\": [\"x\"]}}\n  ]\n}");
        let renamed = replace_principal(DOCUMENT, "AROAOLD", Some("new")).unwrap();
        assert_eq!(renamed, DOCUMENT.replace("AROAOLD", "new"));
        assert_eq!(replace_principal(DOCUMENT, "other", None).unwrap(), DOCUMENT);
    }

    #[test]
    fn a_value_joins_its_list_or_makes_it() {
        let path = ["Condition", "ArnNotEquals", "aws:PrincipalArn"];
        let cases = [
            ("{\"A\": 1}", "{\"A\": 1, \"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": \"v\"}}}"),
            (
                "{\n  \"A\": 1\n}",
                "{\n  \"A\": 1,\n  \"Condition\": {\n    \"ArnNotEquals\": {\n      \"aws:PrincipalArn\": \"v\"\n    }\n  }\n}",
            ),
            (
                "{\"Condition\": {\"ArnNotEquals\": {\"aws:principalarn\": \"u\"}}}",
                "{\"Condition\": {\"ArnNotEquals\": {\"aws:principalarn\": [\"u\", \"v\"]}}}",
            ),
            (
                "{\"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": [\n  \"u\"\n]}}}",
                "{\"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": [\n  \"u\",\n  \"v\"\n]}}}",
            ),
            ("{}", "{\"Condition\": {\n  \"ArnNotEquals\": {\n    \"aws:PrincipalArn\": \"v\"\n  }\n}}"),
        ];
        for (before, after) in cases {
            assert_eq!(add_value(before, &path, "v").unwrap(), after);
        }
    }

    #[test]
    fn a_statement_is_found_by_its_text() {
        let all = statements(DOCUMENT).unwrap();
        let changed = replace_statement(DOCUMENT, all[1], Some("{}")).unwrap();
        assert_eq!(statements(&changed).unwrap(), [all[0], "{}"]);
        let removed = replace_statement(DOCUMENT, all[0], None).unwrap();
        assert_eq!(statements(&removed).unwrap(), [all[1]]);
        assert_eq!(replace_statement(DOCUMENT, "{}", None).unwrap(), DOCUMENT);
    }
}
