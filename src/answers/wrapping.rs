use std::fmt;

use super::origin::Origin;

/// Something around a text that is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// A byte-order mark.
    ByteOrderMark,
    /// The marks of a quoted reply, on every line.
    QuotedReply,
    /// The head of a mail, before the text.
    MailHeader,
    /// The lines that fence code in chats and tickets.
    CodeFence,
    /// The line of a shell in which the command was typed, or the next one.
    Prompt,
    /// The JSON string in which the text stands.
    JsonString,
    /// The object that the AWS CLI prints around the text.
    CliOutput,
}

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "a byte-order mark",
            Self::QuotedReply => "the marks of a quoted reply",
            Self::MailHeader => "the head of a mail",
            Self::CodeFence => "a code fence",
            Self::Prompt => "the line of a shell",
            Self::JsonString => "the JSON string around it",
            Self::CliOutput => "the AWS CLI's object around it",
        })
    }
}

/// A text out of its wrapping.
#[derive(Debug, Clone)]
pub(super) struct Bare {
    pub(super) text: String,
    pub(super) origin: Origin,
    pub(super) taken_off: Vec<Wrapping>,
}

impl Bare {
    pub(super) fn take_off(&mut self, wrapping: Wrapping) {
        if !self.taken_off.contains(&wrapping) {
            self.taken_off.push(wrapping);
        }
    }
}

/// A line, and where it starts in the file.
type Line<'t> = (usize, &'t str);

/// Takes whole lines and what stands before every line off a text, as far as that is only wrapping.
pub(super) fn bare(file: &str) -> Bare {
    let mut bare = Bare { text: String::new(), origin: Origin::default(), taken_off: Vec::new() };
    let (start, text) = match file.strip_prefix('\u{feff}') {
        Some(rest) => (file.len() - rest.len(), rest),
        None => (0, file),
    };
    if start > 0 {
        bare.take_off(Wrapping::ByteOrderMark);
    }
    let mut at = start;
    let mut lines: Vec<Line<'_>> = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push((at, line.trim_end_matches(['\n', '\r'])));
        at += line.len();
    }
    while let Some(wrapping) = peel(&mut lines) {
        bare.take_off(wrapping);
    }
    let mut pieces = Vec::new();
    for (place, line) in lines {
        if !pieces.is_empty() {
            bare.text.push('\n');
        }
        pieces.push((bare.text.len(), place));
        bare.text.push_str(line);
    }
    bare.origin = Origin::default().inside(pieces);
    bare
}

/// Takes one wrapping off.
fn peel(lines: &mut Vec<Line<'_>>) -> Option<Wrapping> {
    let is_filled = |(_, line): &Line<'_>| !line.trim().is_empty();
    let first = lines.iter().position(is_filled)?;
    let last = lines.iter().rposition(is_filled)?;
    if lines.iter().filter(|line| is_filled(line)).all(|(_, line)| line.trim_start().starts_with('>')) {
        for (place, line) in lines {
            let inner = line.trim_start().strip_prefix('>').unwrap_or_default();
            let inner = inner.strip_prefix(' ').unwrap_or(inner);
            *place += line.len() - inner.len();
            *line = inner;
        }
        return Some(Wrapping::QuotedReply);
    }
    if let Some((_, line)) = lines.get(first) {
        let wrapping = around(line).or_else(|| is_mail_header(line).then_some(Wrapping::MailHeader));
        if wrapping.is_some() {
            lines.drain(..=first);
            return wrapping;
        }
    }
    let wrapping = lines.get(last).and_then(|(_, line)| around(line));
    if wrapping.is_some() {
        lines.truncate(last);
    }
    wrapping
}

/// What may stand before the text or after it.
fn around(line: &str) -> Option<Wrapping> {
    let line = line.trim();
    if line.starts_with("```") || line.starts_with("~~~") {
        return Some(Wrapping::CodeFence);
    }
    // `$ aws …`, `[user@host ~]$`, `PS C:\> aws …`
    let (prompt, rest) = line.split_at(line.find(['$', '%', '#', '>'])?);
    let is_end = rest.chars().nth(1).is_none_or(char::is_whitespace);
    let is_prompt = match rest.chars().next() {
        Some('$' | '%') => prompt.is_empty() || prompt.contains('@') || prompt.contains('~'),
        Some('#') => prompt.contains('@'),
        _ => prompt.starts_with("PS "),
    };
    (is_end && is_prompt && !prompt.contains(['{', '}', '"'])).then_some(Wrapping::Prompt)
}

/// The fields that mail programs put before the mail that they forward or answer.
const FIELDS: [&str; 12] =
    ["From", "Sent", "To", "Cc", "Subject", "Date", "Reply-To", "Von", "Gesendet", "An", "Betreff", "Datum"];

fn is_mail_header(line: &str) -> bool {
    let line = line.trim().trim_start_matches('*');
    let is_field = line.split_once(':').is_some_and(|(field, _)| FIELDS.contains(&field.trim_end_matches('*')));
    let says_who = line.ends_with(':') && [" wrote", " schrieb", " a écrit"].iter().any(|verb| line.contains(verb));
    is_field || says_who || line.starts_with("-----Original") || line.contains("orwarded message")
}
