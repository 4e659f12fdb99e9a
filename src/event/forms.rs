use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use super::decoded::decoded;
use super::page::{NotRead, Page, Source};
use super::{Event, EventError, InstanceState, Refusal, texts};
use crate::handed::changed;

/// One thing that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// A CloudTrail record.
    Event(Box<Event>),
    /// An access-denied text, or a decoded authorization message.
    Refusal(Refusal),
    /// Another error text.
    Error {
        /// As `kms:Decrypt`; empty if the text does not tell.
        action: String,
        /// Its code and sentence.
        error: EventError,
    },
    /// The state of an instance.
    State(InstanceState),
}

/// What was found in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Everything that was understood.
    pub materials: Vec<Material>,
    /// What looks like a record or an error, and was not understood.
    pub unread: Vec<NotRead>,
}

/// A text in which nothing of a start was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotUnderstood {
    /// There is nothing in it.
    #[error("the text is empty")]
    Empty,
    /// What looks like a record or an error cannot be read; at least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    NotRead(Vec<NotRead>),
    /// Whole JSON, but of something else.
    #[error("the JSON holds neither a CloudTrail record nor an instance")]
    OtherJson,
    /// A text of something else.
    #[error("the text holds no CloudTrail record, no access-denied text and no state reason")]
    OtherText,
}

/// How deep a text within a text is opened: a record in a notification in a log line is three.
const DEPTH: usize = 5;

/// Finds everything of a start in a text: CloudTrail's records in any wrapping, with or without the words of a page
/// around them, `describe-instances` output, decoded authorization messages, and error texts between all these.
///
/// A list of events that is empty gives none.
///
/// # Errors
/// When nothing of a start is in it.
pub fn read(text: &str) -> Result<Found, NotUnderstood> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(NotUnderstood::Empty);
    }
    let page = Page::of(text);
    let mut reader = Reader::default();
    reader.text(&page.source(), 0);
    let Reader { found, has_json, has_empty_list } = reader;
    if !found.materials.is_empty() || (has_empty_list && found.unread.is_empty()) {
        return Ok(found);
    }
    Err(match (found.unread.is_empty(), has_json) {
        (false, _) => NotUnderstood::NotRead(found.unread),
        (true, true) => NotUnderstood::OtherJson,
        (true, false) => NotUnderstood::OtherText,
    })
}

#[derive(Default)]
struct Reader {
    found: Found,
    has_json: bool,
    has_empty_list: bool,
}

impl Reader {
    /// The JSON values of a text, and the words between them.
    fn text(&mut self, source: &Source<'_>, depth: usize) {
        let text = source.text;
        let (mut words, mut from, mut unclosed) = (0, 0, 0);
        while let Some(offset) = text.get(from..).and_then(|rest| rest.find(['{', '['])) {
            let start = begin(text, from + offset);
            let rest = text.get(start..).unwrap_or_default();
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
            match stream.next() {
                Some(Ok(raw)) if is_composed(raw.get()) => {
                    self.words(source, words..start);
                    self.has_json = true;
                    self.value(source, raw.get(), depth);
                    from = start + stream.byte_offset();
                    words = from;
                }
                Some(Err(error)) if begins_json(rest) => {
                    self.words(source, words..start);
                    let end = end_of_broken(text, start);
                    self.found.unread.push(broken(source, start..end, &error));
                    from = end;
                    words = end;
                }
                Some(Err(error)) if error.is_eof() && unclosed == UNCLOSED => {
                    let what = "too many brackets are open from here on for the text to be read".to_owned();
                    self.found.unread.push(source.not_read(start, what));
                    break;
                }
                Some(Err(error)) if error.is_eof() => {
                    unclosed += 1;
                    from += offset + 1;
                }
                Some(Ok(_) | Err(_)) | None => from += offset + 1,
            }
        }
        self.words(source, words..text.len());
    }

    fn words(&mut self, source: &Source<'_>, range: std::ops::Range<usize>) {
        let offset = range.start;
        let words = source.text.get(range).unwrap_or_default();
        let (materials, unread) = texts::read(words);
        self.found.materials.extend(materials);
        self.found.unread.extend(unread.into_iter().map(|(at, what)| source.not_read(offset + at, what)));
    }

    /// Looks for records, instances and messages in a value; a wrapper is opened, whatever it is called.
    fn value(&mut self, source: &Source<'_>, raw: &str, depth: usize) {
        if raw.starts_with('"') {
            let text: String = serde_json::from_str(raw).unwrap_or_default();
            let inner = source.within(raw, &text);
            if depth < DEPTH {
                self.text(&inner, depth + 1);
            } else if begins_json(&text) {
                self.found.unread.push(inner.not_read(0, "too many texts within texts to open".to_owned()));
            }
        } else if raw.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            self.members(source, &items, depth);
        } else if raw.starts_with('{') {
            self.object(source, raw, depth);
        }
    }

    fn object(&mut self, source: &Source<'_>, raw: &str, depth: usize) {
        let value: Value = serde_json::from_str(raw).unwrap_or_default();
        if let Some(event) = Event::read(&value) {
            self.found.materials.push(Material::Event(Box::new(event)));
        } else if looks_like_record(&value) {
            let what = "this looks like a CloudTrail record, but its `eventSource`, `eventName` or `eventTime` is none";
            self.found.unread.push(source.not_read(source.offset(raw), what.to_owned()));
        } else if let Some(state) = InstanceState::read(&value) {
            self.found.materials.push(Material::State(state));
        } else if let Some(refusal) = decoded(&value) {
            self.found.materials.push(Material::Refusal(refusal));
        } else {
            self.has_empty_list |= ["Events", "Records"]
                .iter()
                .any(|name| value.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty));
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
            for name in ["CloudTrailEvent", "DecodedMessage"] {
                self.must_hold(source, name, members.get(name).map(|raw| raw.get()), depth);
            }
            let items: Vec<&RawValue> = members.into_values().collect();
            self.members(source, &items, depth);
        }
    }

    /// Notes a member that holds a record or a message by AWS's word and in which none is found.
    fn must_hold(&mut self, source: &Source<'_>, name: &str, raw: Option<&str>, depth: usize) {
        let Some(raw) = raw else { return };
        let mut inner = Self::default();
        inner.value(source, raw, depth);
        if inner.found == Found::default() {
            let what = format!("`{name}` holds nothing that can be read");
            self.found.unread.push(source.not_read(source.offset(raw), what));
        }
    }

    /// The members of a list or an object. A row of a query holds an instance and its reason side by side.
    fn members(&mut self, source: &Source<'_>, items: &[&RawValue], depth: usize) {
        let strings: Vec<String> = items.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect();
        if let Some(state) = InstanceState::in_row(&strings) {
            self.found.materials.push(Material::State(state));
            return;
        }
        for raw in items {
            self.value(source, raw.get(), depth);
        }
    }
}

/// Whether an object has the names of a record in any case, and is not the one that a look-up puts around it.
fn looks_like_record(value: &Value) -> bool {
    let has = |name: &str| value.as_object().is_some_and(|own| own.keys().any(|key| key.eq_ignore_ascii_case(name)));
    (has("eventName") || has("eventSource")) && !has("CloudTrailEvent")
}

/// Where the value begins whose bracket stands at `bracket`: a text that holds escaped JSON begins at its quote.
fn begin(text: &str, bracket: usize) -> usize {
    let is_escaped =
        text.get(bracket + 1..).is_some_and(|rest| rest.trim_start_matches("\\n").trim_start().starts_with("\\\""));
    let is_quoted = text.get(..bracket).is_some_and(|before| before.ends_with('"'));
    if is_escaped && is_quoted { bracket - 1 } else { bracket }
}

/// Whether a value holds others; a bracketed word or number in a sentence is none of ours.
fn is_composed(raw: &str) -> bool {
    let inner = raw.get(1..).unwrap_or_default().trim_start();
    raw.starts_with(['{', '"']) || inner.starts_with(['{', '[', '"'])
}

/// So many brackets at most may be open at the end of a text: each is read to there.
const UNCLOSED: usize = 200;

/// So many brackets and blanks at most stand before the first name of a value that is worth a word.
const BRACKETS: usize = 200;

/// A bracket in a sentence begins no value; a brace with a name behind it does, whatever became of its quotes.
fn begins_json(text: &str) -> bool {
    let names = ['"', '\'', '\\', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}'];
    let mut has_brace = false;
    for found in text.trim_start_matches('"').chars().take(BRACKETS) {
        match found {
            '{' => has_brace = true,
            '[' => {}
            _ if found.is_whitespace() => {}
            _ => return has_brace && names.contains(&found),
        }
    }
    false
}

/// Where the text after a broken value begins: at the next line that opens one as far to the left.
fn end_of_broken(text: &str, start: usize) -> usize {
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let rest = text.get(line_start..).unwrap_or_default();
    let own = indent(rest.lines().next().unwrap_or_default());
    let mut at = line_start;
    for (number, line) in rest.split_inclusive('\n').enumerate() {
        if number > 0 && line.trim_start().starts_with(['{', '[']) && indent(line) <= own {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// What is wrong with a value, and where.
fn broken(source: &Source<'_>, range: std::ops::Range<usize>, error: &serde_json::Error) -> NotRead {
    let start = range.start;
    let text = source.text.get(range).unwrap_or_default();
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let breaks = (before + error.column().saturating_sub(1)).min(text.len());
    let begins = source.position(start).line;
    if let Some((damage, at)) = changed(text).filter(|(_, at)| *at <= breaks + 1) {
        let what = format!("{damage} in the JSON that begins in line {begins}: it was changed on its way here");
        return source.not_read(start + at, what);
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    source.not_read(start + breaks, format!("the JSON that begins in line {begins} breaks here: {message}"))
}
