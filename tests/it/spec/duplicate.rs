//! Elements that stand twice.

use std::collections::BTreeSet;

enum Open {
    Array,
    Object { names: BTreeSet<String>, name_next: bool },
}

/// The first name that stands twice in one object of the JSON text, which must be well-formed.
///
/// A JSON reader keeps the last one silently; AWS refuses the policy.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
pub(crate) fn duplicate_name(text: &str) -> Option<String> {
    let mut open: Vec<Open> = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '{' => open.push(Open::Object { names: BTreeSet::new(), name_next: true }),
            '[' => open.push(Open::Array),
            '}' | ']' => {
                open.pop();
            }
            ',' => {
                if let Some(Open::Object { name_next, .. }) = open.last_mut() {
                    *name_next = true;
                }
            }
            '"' => {
                let quoted = quoted(&mut rest);
                if let Some(Open::Object { names, name_next }) = open.last_mut()
                    && *name_next
                {
                    *name_next = false;
                    let name: String = serde_json::from_str(&quoted).unwrap_or(quoted);
                    if !names.insert(name.clone()) {
                        return Some(name);
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// The string that has just begun, in its quotes and with its escapes.
fn quoted(rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::from('"');
    while let Some(character) = rest.next() {
        text.push(character);
        match character {
            '"' => break,
            '\\' => text.extend(rest.next()),
            _ => {}
        }
    }
    text
}
