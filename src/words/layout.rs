//! Lines of at most 100 columns; what must be copied stays whole.

use crate::command::Command;
use crate::escape::{escape, one_line};

const WIDTH: usize = 100;

/// Text in lines.
///
/// Every line begins with words of ours or with a blank, and what others wrote ends none: so nobody's name forges a
/// line, a verdict least of all.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds an empty line.
    pub(crate) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds one line as it is: a command, a row of a table.
    pub(crate) fn line(&mut self, content: &str) {
        self.0.push_str(&one_line(content));
        self.0.push('\n');
    }

    /// Adds the lines of a document that is to be copied, each behind `indent`.
    pub(crate) fn document(&mut self, indent: &str, text: &str) {
        for line in text.lines() {
            self.0.push_str(indent);
            self.0.push_str(&escape(line));
            self.0.push('\n');
        }
    }

    /// Adds words in lines of at most [`WIDTH`] columns, each behind `indent` blanks, of which there is at least one, but
    /// the first, which stands behind `first`. No word is cut.
    pub(crate) fn wrap(&mut self, first: &str, indent: usize, words: &str) {
        let (first, words, indent) = (one_line(first), one_line(words), indent.max(1));
        let mut column = first.chars().count();
        self.0.push_str(&first);
        let mut at_start = true;
        for word in words.split_whitespace() {
            let length = word.chars().count();
            if !at_start && column + 1 + length > WIDTH {
                self.0.push('\n');
                self.0.push_str(&" ".repeat(indent));
                column = indent;
                at_start = true;
            }
            if !at_start {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += length;
            at_start = false;
        }
        self.0.push('\n');
    }

    /// Adds a label with words behind it.
    pub(crate) fn item(&mut self, label: &str, words: &str) {
        let first = format!("   {label:<13} ");
        self.wrap(&first, first.chars().count(), words);
    }

    /// Adds another page below.
    pub(crate) fn append(&mut self, page: &Self) {
        self.0.push_str(&page.0);
    }

    /// Adds a label with a command behind it, which stays in one line.
    pub(crate) fn command_item(&mut self, label: &str, command: &Command) {
        self.line(&format!("   {label:<13} {command}"));
    }

    /// Returns the whole text.
    pub(crate) fn print(self) -> String {
        self.0
    }
}

/// Indented JSON with every object and list that fits on one line there.
pub(crate) fn compact(json: &str) -> Vec<String> {
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
