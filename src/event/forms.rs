use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use super::decoded::decoded;
use super::facts::Facts;
use super::notice::{Envelope, Notice};
use super::operations::named_in;
use super::page::{NotRead, Page, Source};
use super::signs::Sign;
use super::{Event, EventError, InstanceState, Refusal, texts};
use crate::answers::changed;

/// One thing that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceItem {
    /// A CloudTrail record.
    Event(Box<Event>),
    /// An access-denied text, or a decoded authorization message, and what stands around it.
    Refusal(Refusal, Facts),
    /// Another error text.
    Error {
        /// As `kms:Decrypt`; empty if the text does not tell.
        action: String,
        /// Its code and sentence.
        error: EventError,
        /// What stands around it.
        facts: Facts,
    },
    /// A sentence that goes with a key which could not be used.
    Sign(Sign, Facts),
    /// An event that proves nothing of a permission or a key.
    Notice(Notice, Facts),
    /// The state of an instance.
    State(InstanceState),
}

impl EvidenceItem {
    /// Returns what stands around it; a record tells for itself.
    pub(super) fn facts_mut(&mut self) -> Option<&mut Facts> {
        match self {
            Self::Event(_) => None,
            Self::Refusal(_, facts) | Self::Error { facts, .. } | Self::Sign(_, facts) | Self::Notice(_, facts) => {
                Some(facts)
            }
            Self::State(state) => Some(&mut state.facts),
        }
    }
}

/// What was found in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Everything that was understood.
    pub materials: Vec<EvidenceItem>,
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
    /// What this program writes itself.
    #[error("{}", .0.said())]
    Own(Own),
    /// Whole JSON, but of something else.
    #[error("the JSON holds neither a CloudTrail record nor an instance")]
    OtherJson,
    /// A text of something else.
    #[error("the text holds no CloudTrail record, no access-denied text and no state reason")]
    OtherText,
}

/// A file that this program wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// What `capture` writes.
    Capture,
    /// What the lines of `capture --script` print.
    Transcript,
    /// What `check --format json` prints, and its like.
    Report,
}

impl Own {
    /// Says what the file is.
    fn said(self) -> &'static str {
        match self {
            Self::Capture => "this is a capture, the evidence file of a start, not an event",
            Self::Transcript => "this is a transcript, what the lines of `capture --script` print, not an event",
            Self::Report => "this is a report of this program, not an event",
        }
    }

    /// Says what the file is for.
    pub fn way_on(self) -> &'static str {
        match self {
            Self::Capture => "judge it: ebs-preflight check --capture FILE",
            Self::Transcript => {
                "hand it to the other commands: ebs-preflight check --capture FILE, or --add FILE and --org-file FILE \
                 beside a capture"
            }
            Self::Report => "give the event or the error text itself",
        }
    }
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
    if text.trim_start_matches('\u{feff}').trim_start().starts_with(TRANSCRIPT) {
        return Err(NotUnderstood::Own(Own::Transcript));
    }
    let page = Page::of(text);
    let mut reader = Extractor::default();
    let source = page.source();
    reader.text(&source, 0);
    let Extractor { mut found, has_json, has_empty_list, own } = reader;
    if let (Some(own), []) = (own, found.materials.as_slice()) {
        return Err(NotUnderstood::Own(own));
    }
    complete(&mut found.materials, source.text);
    if !found.materials.is_empty() || (has_empty_list && found.unread.is_empty()) {
        return Ok(found);
    }
    Err(match (found.unread.is_empty(), has_json) {
        (false, _) => NotUnderstood::NotRead(found.unread),
        (true, true) => NotUnderstood::OtherJson,
        (true, false) => NotUnderstood::OtherText,
    })
}

/// What a transcript begins with.
const TRANSCRIPT: &str = "### ebs-preflight transcript";

/// Adds what the text names once to what does not tell it: a stack trace names the call, a heading the Region.
fn complete(materials: &mut [EvidenceItem], text: &str) {
    let tells_for_itself = |one: &EvidenceItem| matches!(one, EvidenceItem::Event(_));
    if materials.iter().all(tells_for_itself) {
        return;
    }
    let whole = Facts::of(text);
    let call = named_in(text);
    for one in materials {
        if let Some(facts) = one.facts_mut() {
            facts.fill(&whole);
        }
        if let (EvidenceItem::Refusal(refusal, _), Some(call)) = (one, &call)
            && refusal.action.is_empty()
        {
            refusal.action.clone_from(call);
        }
    }
}

#[derive(Default)]
struct Extractor {
    own: Option<Own>,
    found: Found,
    has_json: bool,
    has_empty_list: bool,
}

impl Extractor {
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
                    self.broken(source, start..end);
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

    /// The words of a value that is no JSON: a message in it is as good as on a page of its own.
    fn broken(&mut self, source: &Source<'_>, range: std::ops::Range<usize>) {
        let text = source.text.get(range).unwrap_or_default();
        let (mut materials, _) = texts::read(text);
        let is_record = text.contains("eventSource");
        let is_direct = is_record && !(text.contains("ec2-frontend-api") || text.contains("ec2.amazonaws.com"));
        for facts in materials.iter_mut().filter_map(EvidenceItem::facts_mut) {
            facts.is_direct = is_direct;
            // Of the times in a record only one is the event's.
            facts.time = facts.time.filter(|_| !is_record);
        }
        self.found.materials.extend(materials);
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
            self.found.materials.push(EvidenceItem::Event(Box::new(event)));
        } else if looks_like_record(&value) {
            let what = "this looks like a CloudTrail record, but its `eventSource`, `eventName` or `eventTime` is none";
            self.found.unread.push(source.not_read(source.offset(raw), what.to_owned()));
        } else if let Some(state) = InstanceState::read(&value) {
            self.found.materials.push(EvidenceItem::State(state));
        } else if let Some(refusal) = decoded(&value) {
            self.found.materials.push(EvidenceItem::Refusal(refusal, Facts::default()));
        } else if let Some(own) = own(&value) {
            self.own = Some(own);
        } else if let Some(envelope) = Envelope::read(&value) {
            let mut inner = Self::default();
            inner.each_member(source, raw, depth);
            self.found.unread.extend(inner.found.unread);
            self.found.materials.extend(envelope.materials(inner.found.materials));
        } else {
            self.has_empty_list |= ["Events", "Records"]
                .iter()
                .any(|name| value.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty));
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
            for name in ["CloudTrailEvent", "DecodedMessage"] {
                self.must_hold(source, name, members.get(name).map(|raw| raw.get()), depth);
            }
            self.each_member(source, raw, depth);
        }
    }

    /// Opens every member of an object.
    fn each_member(&mut self, source: &Source<'_>, raw: &str, depth: usize) {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
        let items: Vec<&RawValue> = members.into_values().collect();
        self.members(source, &items, depth);
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
            self.found.materials.push(EvidenceItem::State(state));
            return;
        }
        for raw in items {
            self.value(source, raw.get(), depth);
        }
    }
}

/// What of this program an object is.
fn own(value: &Value) -> Option<Own> {
    value.get("formatVersion")?.as_u64()?;
    let is_capture = value.pointer("/tool/name").and_then(Value::as_str) == Some("ebs-preflight");
    Some(if is_capture && value.get("instances").is_some() { Own::Capture } else { Own::Report })
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
