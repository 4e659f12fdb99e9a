use std::fmt;

use thiserror::Error;

use super::once::EachOnce;
use super::origin::unescaped;
use super::wrapping::{Bare, Wrapping, bare};
use crate::document::Position;

/// What mail, word processors and terminals do to a text beyond wrapping it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A typographic quotation mark, dash or ellipsis.
    Typography(char),
    /// A blank that is none to JSON, or a character that nobody sees.
    Blank(char),
    /// A line end within a string.
    LineEnd,
    /// Another character that JSON does not have outside of strings.
    Foreign(char),
    /// Something besides the JSON document.
    Besides,
    /// The text ends within the JSON document.
    Cut,
    /// No JSON, as the parser says it.
    Syntax(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typography(found) | Self::Foreign(found) => write!(f, "`{found}` (U+{:04X})", u32::from(*found)),
            Self::Blank(found) => write!(f, "an invisible character (U+{:04X})", u32::from(*found)),
            Self::LineEnd => f.write_str("a line end within a string"),
            Self::Besides => f.write_str("there is something besides the JSON document"),
            Self::Cut => f.write_str("the text ends before the JSON document does"),
            Self::Syntax(what) => write!(f, "this is no whole JSON document: {what}"),
        }
    }
}

/// A text as it may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The text, which is a whole JSON document.
    pub text: String,
    /// Where it is a guess whether words are one or two, or whether something is missing.
    pub guesses: Vec<Position>,
}

/// A text that was changed on its way: it is not repaired, since nobody but its author knows what stood there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{position}: {damage}{}", told(.damage, *.seems))]
pub struct Mangled {
    /// The first thing that is wrong.
    pub damage: Damage,
    /// Where, in the text as it was handed in.
    pub position: Position,
    /// What the text seems to be instead.
    pub seems: Option<&'static str>,
    /// The text as it may have been, if that can be read.
    pub repair: Option<Repair>,
}

fn told(damage: &Damage, seems: Option<&'static str>) -> String {
    match (seems, damage) {
        (Some(what), _) => format!(": this seems to be {what}"),
        (None, Damage::Besides | Damage::Cut | Damage::Syntax(_)) => String::new(),
        (None, _) => ": the text was changed on its way here".to_owned(),
    }
}

/// The JSON document in a text, out of its wrapping.
///
/// # Errors
/// When it was changed in a way that is more than wrapping.
pub(super) fn unwrapped(file: &str) -> Result<Bare, Mangled> {
    let mut bare = bare(file);
    whole(file, &bare)?;
    while let Ok(inner) = serde_json::from_str::<String>(&bare.text) {
        let at = bare.text.find('"').unwrap_or_default();
        bare = inside(file, bare, inner, at, Wrapping::JsonString)?;
    }
    Ok(bare)
}

/// The document in a JSON string of the text, which begins at byte `at`.
pub(super) fn inside(file: &str, outer: Bare, inner: String, at: usize, of: Wrapping) -> Result<Bare, Mangled> {
    let pieces = unescaped(outer.text.get(at..).unwrap_or_default(), at);
    let mut bare = Bare { text: inner, origin: outer.origin.inside(pieces), taken_off: outer.taken_off };
    bare.take_off(of);
    whole(file, &bare)?;
    Ok(bare)
}

/// Nothing, if the text is a whole JSON document and nothing in it looks changed.
fn whole(file: &str, bare: &Bare) -> Result<(), Mangled> {
    let text = bare.text.as_str();
    let Some((damage, at)) = first_damage(text) else { return Ok(()) };
    let place = |at: usize| Position::of(file, bare.origin.offset(at));
    let repair =
        repaired(text).map(|(text, guesses)| Repair { text, guesses: guesses.into_iter().map(place).collect() });
    let seems = if repair.is_some() { None } else { seems(text) };
    Err(Mangled { damage, position: place(at), seems, repair })
}

/// What is wrong with a text that ought to be a JSON document, and where.
pub(super) fn first_damage(text: &str) -> Option<(Damage, usize)> {
    let Err(error) = serde_json::from_str::<EachOnce>(text) else { return changed(text) };
    if let Some((start, end)) = document(text) {
        let blank = |text: &str| text.len() - text.trim_start().len();
        let before = blank(text);
        let at = if before < start { before } else { end + blank(text.get(end..).unwrap_or_default()) };
        return Some((Damage::Besides, at));
    }
    changed(text).or_else(|| {
        let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = (line + error.column().saturating_sub(1)).min(text.len());
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or_default().to_owned();
        Some(if error.is_eof() { (Damage::Cut, text.len()) } else { (Damage::Syntax(what), at) })
    })
}

/// From where to where a text that holds more is a JSON object.
pub(super) fn document(text: &str) -> Option<(usize, usize)> {
    let start = text.find('{')?;
    let mut found = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<EachOnce>();
    found.next()?.ok()?;
    Some((start, start + found.byte_offset()))
}

/// What programs put in place of plain characters, and the plain ones. A blank stands for an invisible character.
pub(super) fn plain(found: char) -> Option<(Damage, &'static str)> {
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
pub(crate) fn changed(text: &str) -> Option<(Damage, usize)> {
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

/// The text with plain characters, with strings that a line end breaks made whole, and without what stands besides it;
/// and where that is a guess. Nothing, if the outcome cannot be read.
fn repaired(text: &str) -> Option<(String, Vec<usize>)> {
    let mut whole = String::new();
    let mut guesses = Vec::new();
    let (mut in_string, mut is_escaped, mut starts_line) = (false, false, true);
    let mut broken = None;
    for (at, found) in text.char_indices() {
        if starts_line && found == '>' {
            continue;
        }
        starts_line = found == '\n';
        if in_string && (found == '\n' || found == '\r') {
            broken = broken.or(Some(at));
            continue;
        }
        if broken.is_some() && (found == ' ' || found == '\t') {
            continue;
        }
        if let Some(at) = broken.take() {
            guesses.push(at);
            if whole.rsplit('"').next().is_some_and(|string| string.contains(' ')) {
                // In a string of words the line end stands for a blank; an ARN has none.
                whole.truncate(whole.trim_end().len());
                whole.push(' ');
            }
        }
        if let Some((_, plain)) = plain(found) {
            if in_string && (plain.is_empty() || plain == "...") {
                guesses.push(at);
            }
            in_string ^= plain == "\"";
            whole.push_str(plain);
            is_escaped = false;
            continue;
        }
        in_string ^= found == '"' && !is_escaped;
        is_escaped = in_string && found == '\\' && !is_escaped;
        whole.push(found);
    }
    if serde_json::from_str::<EachOnce>(&whole).is_err() {
        let (start, end) = document(&whole)?;
        whole = whole.get(start..end)?.to_owned();
    }
    Some((whole, guesses))
}

/// What a text that is no JSON seems to be.
fn seems(text: &str) -> Option<&'static str> {
    let first = text.trim_start();
    let has = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    let is_yaml = |line: &str| {
        let key = line.trim_start_matches(['-', ' ']).split_once(':').map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|sign| sign.is_ascii_alphanumeric())
    };
    Some(match () {
        () if has(&["An error occurred ("]) => "an error message, not what was asked for",
        () if has(&["&quot;", "&gt;", "&lt;", "<br", "<p", "<div", "<span", "<html", "</"]) => "HTML, not JSON",
        () if first.starts_with("%7B") => "URL-encoded, not JSON",
        () if has(&["=\n", "=22", "=7B"]) => "the source of a mail (quoted-printable), not JSON",
        () if has(&["{'", "{u'", "['"]) => "a dictionary as Python prints it, not JSON",
        () if has(&["+--", "\n---", "|  "]) || first.starts_with("---") => "a table, not JSON",
        () if has(&["jsonencode(", "data \"aws_", "resource \"aws_"]) => "Terraform, not JSON",
        () if first.lines().next().is_some_and(is_yaml) => "YAML, not JSON",
        () => return None,
    })
}
