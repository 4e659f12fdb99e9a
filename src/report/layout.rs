//! Lines of at most 100 columns; what must be copied stays whole.

use std::fmt::Write as _;

use crate::command::Command;

const WIDTH: usize = 100;

/// Text from AWS must not move the cursor or hide words: such characters are shown, as JSON writes them, so that a
/// policy that is copied from the screen still says the same.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let is_shown = match character {
            '\n' | '\t' => true,
            '\r' => rest.peek() == Some(&'\n'),
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => false,
            other => !other.is_control(),
        };
        if is_shown {
            escaped.push(character);
        } else {
            // A String takes every write.
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

/// A name of AWS's that must stay in its line.
pub(super) fn one_line(name: &str) -> String {
    name.replace('\n', "\\n")
}

/// One line as it is: a command, a row of a table, a line of JSON.
pub(super) fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

/// Words in lines of at most [`WIDTH`] columns, each behind `indent` spaces but the first, which stands behind
/// `first`. No word is cut.
pub(super) fn wrap(text: &mut String, first: &str, indent: usize, words: &str) {
    let mut column = first.chars().count();
    text.push_str(first);
    let mut at_start = true;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if !at_start && column + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
            at_start = true;
        }
        if !at_start {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
        at_start = false;
    }
    text.push('\n');
}

/// A label with words behind it.
pub(super) fn item(text: &mut String, label: &str, words: &str) {
    let first = format!("   {label:<13} ");
    wrap(text, &first, first.chars().count(), &one_line(words));
}

/// A label with a command behind it, which stays in one line.
pub(super) fn command_item(text: &mut String, label: &str, command: &Command) {
    line(text, &format!("   {label:<13} {command}"));
}

/// Indented JSON with every object and list that fits on one line there.
pub(super) fn compact(json: &str) -> Vec<String> {
    // A statement cut out of a policy is indented as deep as it stood there, but for its first line.
    let depth = json.lines().last().map_or(0, |line| line.len() - line.trim_start().len());
    let mut compacted: Vec<String> = Vec::new();
    let lines: Vec<&str> = json.lines().map(|line| outdent(line, depth)).collect();
    let mut rest = lines.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let indent = first.len() - first.trim_start().len();
        let closes = |line: &&str| line.len() - line.trim_start().len() == indent;
        let length = after.iter().position(closes).filter(|_| first.ends_with(['{', '[']));
        let inner = length.and_then(|length| after.get(..=length)).filter(|_| indent > 0);
        let joined = inner.map(|inner| {
            // Only after a comma there is room for a space.
            let before = std::iter::once(first).chain(inner);
            let words = before
                .zip(inner)
                .map(|(before, line)| format!("{}{}", if before.ends_with(',') { " " } else { "" }, line.trim_start()));
            format!("{first}{}", words.collect::<String>())
        });
        if let Some(joined) = joined.filter(|joined| joined.chars().count() + 3 <= WIDTH) {
            compacted.push(joined);
            rest = after.get(length.map_or(0, |length| length + 1)..).unwrap_or_default();
        } else {
            compacted.push((*first).to_owned());
            rest = after;
        }
    }
    compacted
}

fn outdent(line: &str, depth: usize) -> &str {
    match line.split_at_checked(depth) {
        Some((space, rest)) if space.trim().is_empty() => rest,
        Some(_) | None => line,
    }
}
