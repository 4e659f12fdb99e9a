//! Text of others as it may be shown: nothing in it moves the cursor, hides, or begins a line of its own.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `text`, which may have several lines, with every character that is not shown as itself written as JSON
/// writes it. JSON, and a policy that is copied from the screen, still say the same.
///
/// Line ends and tabs stay: whoever lays text of others out in lines uses [`one_line`].
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    escaped(text, |character| matches!(character, '\n' | '\t'))
}

/// Returns `text` as [`escape`] does, with its line ends and tabs written as JSON writes them, too.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all text is plain.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') || (byte.is_ascii() && stays(byte.into()))) {
        return Cow::Borrowed(text);
    }
    let mut rest = text.char_indices().peekable();
    let mut shown = String::new();
    let mut copied = 0;
    while let Some((at, character)) = rest.next() {
        // The line ends of Windows are line ends.
        let mut ends_line = || character == '\r' && stays('\n') && matches!(rest.peek(), Some((_, '\n')));
        if !is_hidden(character) || stays(character) || ends_line() {
            continue;
        }
        shown.push_str(text.get(copied..at).unwrap_or_default());
        copied = at + character.len_utf8();
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    // A String takes every write.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Returns `true` for control characters, for those that break a line, and for those that Unicode says are ignored where
/// they are not supported: they show nothing, or turn the direction in which the rest is shown.
///
/// Source: `Default_Ignorable_Code_Point` in <https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>
fn is_hidden(character: char) -> bool {
    match character {
        ' '..='~' => false,
        // Line and paragraph separator, and the marks of annotations between lines.
        '\u{2028}'
        | '\u{2029}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests;
