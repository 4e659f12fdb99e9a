use std::fmt;

use thiserror::Error;

use crate::source::Position;

/// Something around a text that is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// A byte-order mark.
    ByteOrderMark,
    /// The marks of a quoted reply, on every line.
    QuotedReply,
    /// The object that the AWS CLI prints around the text.
    CliOutput,
}

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "a byte-order mark",
            Self::QuotedReply => "the marks of a quoted reply",
            Self::CliOutput => "the AWS CLI's object around it",
        })
    }
}

/// What mail and word processors do to a text beyond wrapping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A typographic quotation mark, dash or ellipsis.
    Typography(char),
    /// A blank that is none to JSON, or a character that nobody sees.
    Blank(char),
    /// A line end within a string.
    LineEnd,
    /// Another character that JSON does not have outside of strings.
    Foreign(char),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typography(found) | Self::Foreign(found) => write!(f, "`{found}` (U+{:04X})", u32::from(*found)),
            Self::Blank(found) => write!(f, "an invisible character (U+{:04X})", u32::from(*found)),
            Self::LineEnd => f.write_str("a line end within a string"),
        }
    }
}

/// A text that was changed on its way: it is not repaired, since nobody but its author knows what stood there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{position}: {damage}: the text was changed on its way here")]
pub struct Mangled {
    /// The first thing that is wrong.
    pub damage: Damage,
    /// Where.
    pub position: Position,
    /// The text as it may have been.
    pub repaired: String,
}

/// The text without its wrapping, and what was taken off.
///
/// # Errors
/// When it was changed in a way that is more than wrapping.
pub(super) fn unwrapped(text: &str) -> Result<(String, Vec<Wrapping>), Mangled> {
    let mut taken_off = Vec::new();
    let mut plain = text;
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        taken_off.push(Wrapping::ByteOrderMark);
        plain = rest;
    }
    let mut plain = plain.to_owned();
    while let Some(inner) = unquoted(&plain) {
        if !taken_off.contains(&Wrapping::QuotedReply) {
            taken_off.push(Wrapping::QuotedReply);
        }
        plain = inner;
    }
    match first_damage(&plain) {
        Some((damage, offset)) => {
            Err(Mangled { damage, position: Position::of(&plain, offset), repaired: repaired(&plain) })
        }
        None => Ok((plain, taken_off)),
    }
}

/// The text without one level of quotation, if every line has it.
fn unquoted(text: &str) -> Option<String> {
    let filled = || text.lines().filter(|line| !line.trim().is_empty());
    if filled().next().is_none() || !filled().all(|line| line.trim_start().starts_with('>')) {
        return None;
    }
    let line = |line: &str| {
        let inner = line.trim_start().strip_prefix('>').unwrap_or_default();
        inner.strip_prefix(' ').unwrap_or(inner).to_owned()
    };
    Some(text.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// What programs put in place of plain characters, and the plain ones. A blank stands for an invisible character.
fn plain(found: char) -> Option<(Damage, &'static str)> {
    Some(match found {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{ab}' | '\u{bb}' => (Damage::Typography(found), "\""),
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => (Damage::Typography(found), "'"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => (Damage::Typography(found), "-"),
        '\u{2026}' => (Damage::Typography(found), "..."),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => (Damage::Blank(found), " "),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {
            (Damage::Blank(found), "")
        }
        _ => return None,
    })
}

/// The first character that changes what the JSON says, or that JSON does not have.
///
/// Typography is damage within strings, too: a string that a straight mark opens runs on past a curly one.
pub(crate) fn first_damage(text: &str) -> Option<(Damage, usize)> {
    let mut in_string = false;
    let mut is_escaped = false;
    for (offset, found) in text.char_indices() {
        if let Some((damage, _)) = plain(found) {
            return Some((damage, offset));
        }
        if in_string {
            match found {
                '\n' | '\r' => return Some((Damage::LineEnd, offset)),
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else if found == '"' {
            in_string = true;
        } else if !(found.is_ascii_alphanumeric() || "{}[]:,+-. \t\r\n".contains(found)) {
            return Some((Damage::Foreign(found), offset));
        }
    }
    None
}

/// The text with plain characters, and with strings that a line end breaks made whole.
fn repaired(text: &str) -> String {
    let plain: String = text
        .lines()
        .map(|line| line.trim_start_matches('>'))
        .collect::<Vec<_>>()
        .join("\n")
        .chars()
        .map(|found| plain(found).map_or_else(|| found.to_string(), |(_, plain)| plain.to_owned()))
        .collect();
    let mut whole = String::new();
    let (mut in_string, mut is_escaped, mut is_broken) = (false, false, false);
    for found in plain.chars() {
        if in_string && (found == '\n' || found == '\r') {
            is_broken = true;
            continue;
        }
        if is_broken && (found == ' ' || found == '\t') {
            continue;
        }
        if std::mem::take(&mut is_broken) && whole.rsplit('"').next().is_some_and(|string| string.contains(' ')) {
            // In a string of words the line end stands for a blank; an ARN has none.
            whole.truncate(whole.trim_end().len());
            whole.push(' ');
        }
        if found == '"' && !is_escaped {
            in_string = !in_string;
        }
        is_escaped = in_string && found == '\\' && !is_escaped;
        whole.push(found);
    }
    whole
}
