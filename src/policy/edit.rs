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
    Ok(match property.value.as_array() {
        Some(array) => match array.elements.last() {
            Some(last) => {
                let indent = indentation(document, last.start());
                let separator = if indent.is_some() { "\n" } else { " " };
                let added = indented(statement, indent.unwrap_or_default());
                format!(
                    "{},{separator}{}{}{}",
                    cut(0, last.end()),
                    indent.unwrap_or_default(),
                    added,
                    cut(last.end(), end)
                )
            }
            None => {
                format!("{}{}{}", cut(0, array.range.start + 1), statement, cut(array.range.start + 1, end))
            }
        },
        None => {
            let only = &property.value;
            let (before, own, after) = (cut(0, only.start()), cut(only.start(), only.end()), cut(only.end(), end));
            format!("{before}[{own},\n{statement}]{after}")
        }
    })
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
