use thiserror::Error;

use crate::document::Position;

/// A part of a text that looks like a record or an error, and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{position}: {what}")]
pub struct NotRead {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    pub what: String,
}

/// A text without the marks of a quoted reply, which still knows where everything stood.
pub(super) struct Page {
    text: String,
    /// Of each line where it begins, and how many characters were taken off there.
    lines: Vec<(usize, usize)>,
}

impl Page {
    pub(super) fn of(text: &str) -> Self {
        let (mut plain, mut lines) = (String::new(), Vec::new());
        for line in text.split_inclusive('\n') {
            let line = line.trim_start_matches('\u{feff}');
            let mut inner = line;
            while let Some(rest) = inner.trim_start_matches([' ', '\t']).strip_prefix('>') {
                inner = rest.strip_prefix(' ').unwrap_or(rest);
            }
            lines.push((plain.len(), line.chars().count() - inner.chars().count()));
            plain.push_str(inner);
        }
        Self { text: plain, lines }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source { page: self, text: &self.text, within: None }
    }

    fn position(&self, offset: usize) -> Position {
        let number = self.lines.partition_point(|(begin, _)| *begin <= offset.min(self.text.len())).saturating_sub(1);
        let (begin, taken_off) = self.lines.get(number).copied().unwrap_or_default();
        let within = Position::of(self.text.get(begin..).unwrap_or_default(), offset.saturating_sub(begin));
        Position { line: number + within.line, column: within.column + taken_off }
    }
}

/// A text on a page, or one that stands there as a JSON string.
pub(super) struct Source<'t> {
    page: &'t Page,
    pub(super) text: &'t str,
    /// Where the string begins that holds the text.
    within: Option<usize>,
}

impl<'t> Source<'t> {
    /// Where a part of the text begins in it.
    pub(super) fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }

    /// The text of the JSON string `raw`.
    pub(super) fn within<'i>(&self, raw: &str, text: &'i str) -> Source<'i>
    where
        't: 'i,
    {
        Source { page: self.page, text, within: Some(self.within.unwrap_or_else(|| self.offset(raw))) }
    }

    pub(super) fn position(&self, offset: usize) -> Position {
        self.page.position(self.within.unwrap_or(offset))
    }

    /// A part that cannot be read; in a string its own line is told as well.
    pub(super) fn not_read(&self, offset: usize, what: String) -> NotRead {
        let what = match self.within {
            None => what,
            Some(_) => format!("in the text that begins here, at its {}: {what}", Position::of(self.text, offset)),
        };
        NotRead { position: self.position(offset), what }
    }
}
