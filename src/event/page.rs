use std::borrow::Cow;

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
pub(super) struct Page<'t> {
    whole: &'t str,
    text: Cow<'t, str>,
}

impl<'t> Page<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let is_plain = text.split_inclusive('\n').all(|line| inner(line).len() == line.len());
        let plain = || text.split_inclusive('\n').map(inner).collect();
        Self { whole: text, text: if is_plain { Cow::Borrowed(text) } else { Cow::Owned(plain()) } }
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source { page: self, text: &self.text, within: None }
    }

    /// Few places are ever told, so that each is looked for anew.
    fn position(&self, offset: usize) -> Position {
        let within = Position::of(&self.text, offset);
        let line = self.whole.split_inclusive('\n').nth(within.line - 1).unwrap_or_default();
        let line = line.trim_start_matches('\u{feff}');
        let taken_off = line.get(..line.len() - inner(line).len()).map_or(0, |marks| marks.chars().count());
        Position { column: within.column + taken_off, ..within }
    }
}

/// A line without what stands before it in a quoted reply.
fn inner(line: &str) -> &str {
    let mut inner = line.trim_start_matches('\u{feff}');
    while let Some(rest) = inner.trim_start_matches([' ', '\t']).strip_prefix('>') {
        inner = rest.strip_prefix(' ').unwrap_or(rest);
    }
    inner
}

/// So many places that cannot be read are told of one text: more of them would be a list that nobody reads.
pub(super) const MOST_NOT_READ: usize = 100;

/// What is said where there are more.
pub(super) const MORE_NOT_READ: &str = "more cannot be read from here on than is told";

/// A text on a page, or one that stands there as a JSON string.
pub(super) struct Source<'t> {
    page: &'t Page<'t>,
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
