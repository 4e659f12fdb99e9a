use serde_json::Value;
use thiserror::Error;

use super::decoded::decoded;
use super::{Event, InstanceState, Refusal};

/// One thing that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// A CloudTrail record.
    Event(Box<Event>),
    /// An access-denied text, or a decoded authorization message.
    Refusal(Refusal),
    /// The state of an instance.
    State(InstanceState),
}

/// A text in which nothing of a start was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotUnderstood {
    /// There is nothing in it.
    #[error("the text is empty")]
    Empty,
    /// JSON begins and breaks.
    #[error("the JSON that begins in line {line} breaks: {message}")]
    Broken {
        /// The line of the opening brace.
        line: usize,
        /// What is wrong, and where.
        message: String,
    },
    /// Whole JSON, but of something else.
    #[error("the JSON holds neither a CloudTrail record nor an instance")]
    OtherJson,
    /// A text of something else.
    #[error("the text holds no CloudTrail record, no access-denied text and no state reason")]
    OtherText,
}

/// Finds everything of a start in a text: CloudTrail's records in any wrapping, with or without the words of a page
/// around them, `describe-instances` output, a decoded authorization message, or an error text.
///
/// A list of events that is empty gives none.
///
/// # Errors
/// When nothing of a start is in it.
pub fn read(text: &str) -> Result<Vec<Material>, NotUnderstood> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(NotUnderstood::Empty);
    }
    let unquoted = text.lines().map(|line| line.trim_start_matches(['>', ' ', '\t'])).collect::<Vec<_>>().join("\n");
    let (values, broken) = json(&unquoted);
    let mut found = Vec::new();
    for value in &values {
        search(value, &mut found);
    }
    if !found.is_empty() || values.iter().any(is_empty_list) {
        return Ok(found);
    }
    if let Some(refusal) = Refusal::parse(&unquoted) {
        return Ok(vec![Material::Refusal(refusal)]);
    }
    if let Some(state) = InstanceState::in_text(&unquoted) {
        return Ok(vec![Material::State(state)]);
    }
    Err(match broken {
        Some(broken) => broken,
        None if values.is_empty() => NotUnderstood::OtherText,
        None => NotUnderstood::OtherJson,
    })
}

/// The JSON values in a text, whatever stands between them, and where one of them breaks.
fn json(text: &str) -> (Vec<Value>, Option<NotUnderstood>) {
    let mut values = Vec::new();
    let mut from = 0;
    while let Some(offset) = text.get(from..).and_then(|rest| rest.find(['{', '['])) {
        let start = from + offset;
        let mut stream = serde_json::Deserializer::from_str(text.get(start..).unwrap_or_default()).into_iter();
        match stream.next() {
            Some(Ok(value)) => {
                values.push(value);
                from = start + stream.byte_offset();
            }
            // A bracket in a sentence begins no value; a brace with a name behind it does.
            Some(Err(error)) if text.get(start + 1..).is_some_and(|rest| rest.trim_start().starts_with('"')) => {
                let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
                return (values, Some(NotUnderstood::Broken { line, message: error.to_string() }));
            }
            Some(Err(_)) | None => from = start + 1,
        }
    }
    (values, None)
}

/// Whether the value is a list of events that holds none, as `lookup-events` answers when nothing happened.
fn is_empty_list(value: &Value) -> bool {
    ["Events", "Records"].iter().any(|name| value.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty))
}

/// Looks for records, instances and messages in a value; a wrapper is opened, whatever it is called.
fn search(value: &Value, found: &mut Vec<Material>) {
    if let Some(event) = Event::read(value) {
        found.push(Material::Event(Box::new(event)));
    } else if let Some(state) = InstanceState::read(value) {
        found.push(Material::State(state));
    } else if let Some(refusal) = decoded(value) {
        found.push(Material::Refusal(refusal));
    } else if let Some(record) = value.get("CloudTrailEvent").and_then(Value::as_str) {
        // `LookupEvents` has the record as a text.
        search(&serde_json::from_str(record).unwrap_or_default(), found);
    } else {
        let inner: Vec<&Value> = match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) => members.values().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for value in inner {
            search(value, found);
        }
    }
}
