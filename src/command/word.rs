use super::Command;
use crate::names::Name;

/// One word of a command, of pieces that stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word(pub(super) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// Text, in which no shell may read more.
    Text(String),
    /// What people put something else in place of, as `NAME`.
    Blank(&'static str),
    /// What another command prints.
    Output(Command),
}

impl Word {
    fn of_text(text: String) -> Self {
        Self(vec![Piece::Text(text)])
    }

    /// A word that people put something else in place of: `NAME`, `i-…`.
    pub(crate) fn blank(words: &'static str) -> Self {
        Self(vec![Piece::Blank(words)])
    }

    /// What a command prints.
    pub(crate) fn output_of(command: Command) -> Self {
        Self(vec![Piece::Output(command)])
    }

    /// The word with more at its end.
    #[must_use]
    pub(crate) fn then(mut self, more: impl Into<Self>) -> Self {
        for piece in more.into().0 {
            match (self.0.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => self.0.push(piece),
            }
        }
        self
    }

    /// Whether a program could take it for an option.
    pub(super) fn may_be_an_option(&self) -> bool {
        matches!(self.0.first(), Some(Piece::Text(text)) if text.starts_with('-'))
    }

    /// The word, where it is text alone.
    pub(super) fn text(&self) -> Option<&str> {
        if let [Piece::Text(text)] = self.0.as_slice() { Some(text) } else { None }
    }
}

/// Words of ours.
impl From<&'static str> for Word {
    fn from(text: &'static str) -> Self {
        Self::of_text(text.to_owned())
    }
}

/// A name that was checked: the AWS CLI takes each as it is, for none begins as the URL of a file.
///
/// Source: <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html>
impl<N: Name> From<&N> for Word {
    fn from(name: &N) -> Self {
        Self::of_text(name.as_ref().to_owned())
    }
}

impl From<jiff::Timestamp> for Word {
    fn from(time: jiff::Timestamp) -> Self {
        Self::of_text(time.to_string())
    }
}
