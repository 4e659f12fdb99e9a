//! The smallest change of a policy's text; the author's layout stays.

use jsonc_parser::common::Ranged;

use super::error::PolicyError;
use super::json::parse_json;

/// The document with `statement` (a JSON text) behind its last statement.
///
/// # Errors
/// When the document is no JSON.
pub fn add_statement(document: &str, statement: &str) -> Result<String, PolicyError> {
    let value = parse_json(document)?;
    let found = value.as_object().and_then(|object| object.get("Statement"));
    let Some(property) = found else { return Ok(document.to_owned()) };
    let cut = |from: usize, to: usize| document.get(from..to).unwrap_or_default();
    let end = document.len();
    let Some(array) = property.value.as_array() else {
        let only = &property.value;
        let (before, own, after) = (cut(0, only.start()), cut(only.start(), only.end()), cut(only.end(), end));
        return Ok(format!("{before}[{own},\n{statement}]{after}"));
    };
    let Some(last) = array.elements.last() else {
        let start = array.range.start + 1;
        return Ok(format!("{}{statement}{}", cut(0, start), cut(start, end)));
    };
    let indent = indentation(document, last.start());
    let separator = if indent.is_some() { "\n" } else { " " };
    let indent = indent.unwrap_or_default();
    let added = indented(statement, indent);
    Ok(format!("{},{separator}{indent}{added}{}", cut(0, last.end()), cut(last.end(), end)))
}

/// The blanks before what stands first in its line.
fn indentation(document: &str, at: usize) -> Option<&str> {
    let before = document.get(..at)?;
    let line = before.get(before.rfind('\n')? + 1..)?;
    line.bytes().all(|byte| byte == b' ' || byte == b'\t').then_some(line)
}

fn indented(statement: &str, indent: &str) -> String {
    statement.replace('\n', &format!("\n{indent}"))
}
