//! A file as people save it, into what single calls of AWS answered.

use serde_json::Value;

use super::document::HandedError;
use super::mangled::{document, unwrapped};
use super::wrapping::{Wrapping, bare};
use super::{mangled, once::EachOnce};

/// What one call of AWS answered: JSON, or why there is none.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// The JSON as it stands in the file, or the error.
    pub(super) text: String,
    /// The JSON; `None` of an error.
    pub(super) value: Option<Value>,
    /// The command that was typed before it, if that stands there.
    pub(super) command: String,
}

/// What AWS says where a call of the AWS CLI has no answer.
pub(super) const REFUSED: &str = "An error occurred (";

/// Takes a file apart: one answer, or several one after the other, with the commands and the errors between them.
///
/// # Errors
/// When a document in it was changed on its way, or there is none.
pub(super) fn split(file: &str) -> Result<(Vec<Answered>, Vec<Wrapping>), HandedError> {
    if file.trim_start_matches('\u{feff}').trim().is_empty() {
        let message =
            "the file is empty: the command printed nothing, or its error went to the screen (`2>&1` keeps it)";
        return Err(HandedError::Other(message.to_owned()));
    }
    let whole = unwrapped(file);
    if let Ok(whole) = &whole
        && let Ok(value) = serde_json::from_str::<Value>(&whole.text)
        && (value.is_object() || value.is_array())
    {
        let before = file.get(..whole.origin.offset(0)).unwrap_or_default();
        let answered = Answered { text: whole.text.clone(), value: Some(value), command: command(before) };
        return Ok((vec![answered], whole.taken_off.clone()));
    }
    let bare = bare(file);
    let mut found = Vec::new();
    let (mut words, mut from) = (0, 0);
    let text = bare.text.as_str();
    while let Some(start) = text.get(from..).and_then(|rest| rest.find(['{', '['])).map(|offset| from + offset) {
        let rest = text.get(start..).unwrap_or_default();
        let Some(length) = length_of(rest) else {
            // A bracket among words begins nothing; a brace does, and is broken.
            let is_broken =
                rest.starts_with('{') || rest.get(1..).is_some_and(|rest| rest.trim_start().starts_with('{'));
            if is_broken {
                return Err(broken(file, whole.err()));
            }
            from = start + 1;
            continue;
        };
        let between = text.get(words..start).unwrap_or_default();
        found.extend(errors(between));
        let json = rest.get(..length).unwrap_or_default();
        let value = serde_json::from_str(json).ok();
        found.push(Answered { text: json.to_owned(), value, command: command(between) });
        (words, from) = (start + length, start + length);
    }
    found.extend(errors(text.get(words..).unwrap_or_default()));
    if found.is_empty() { Err(broken(file, whole.err())) } else { Ok((found, bare.taken_off)) }
}

/// How long the JSON document is with which a text begins; `None` if it is none, or only a word in brackets.
fn length_of(text: &str) -> Option<usize> {
    if text.starts_with('{') {
        return document(text).map(|(_, end)| end);
    }
    let inner = text.get(1..)?.trim_start();
    if !inner.starts_with(['{', ']']) {
        return None;
    }
    let mut found = serde_json::Deserializer::from_str(text).into_iter::<EachOnce>();
    found.next()?.ok()?;
    Some(found.byte_offset())
}

fn broken(file: &str, error: Option<mangled::Mangled>) -> HandedError {
    // What AWS CLI prints with `--output text` has a tab between its fields, and the kind of each in capitals.
    let is_text = |line: &str| {
        let kind = line.split('\t').next().unwrap_or_default();
        line.contains('\t') && kind.len() > 2 && kind.bytes().all(|sign| sign.is_ascii_uppercase() || sign == b'_')
    };
    if file.lines().any(is_text) {
        let message = "this is text, as `--output text` prints it, which does not name what it tells";
        return HandedError::Other(message.to_owned());
    }
    error.map_or_else(|| HandedError::Other("there is no answer of AWS in it".to_owned()), HandedError::Mangled)
}

/// The errors of AWS among some words: each to the end of its paragraph.
fn errors(words: &str) -> impl Iterator<Item = Answered> {
    words.match_indices(REFUSED).map(|(at, _)| {
        let rest = words.get(at..).unwrap_or_default();
        let next = rest.get(1..).and_then(|rest| rest.find(REFUSED)).map_or(rest.len(), |next| next + 1);
        let rest = rest.get(..next).unwrap_or_default();
        let end = ["\n\n", "\n$ ", "\n### "].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        Answered { text, value: None, command: command(words.get(..at).unwrap_or_default()) }
    })
}

/// The last call of the AWS CLI that stands among some words.
fn command(words: &str) -> String {
    let mut lines = words.lines().filter_map(|line| {
        let start = line
            .find("aws ")
            .filter(|at| line.get(..*at).is_some_and(|before| !before.ends_with(char::is_alphanumeric)))?;
        line.get(start..)
    });
    lines.next_back().unwrap_or_default().to_owned()
}
