use std::fmt;

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
    /// The value of a variable of a script of ours.
    Variable(char),
    /// What another command prints.
    Output(Command),
}

impl Word {
    fn of_text(text: String) -> Self {
        Self(vec![Piece::Text(text)])
    }

    /// The AWS CLI's word for an operation: `get-key-policy` for `GetKeyPolicy`.
    pub(super) fn operation(name: &'static str) -> Self {
        let mut word = String::new();
        for (place, letter) in name.chars().enumerate() {
            if letter.is_ascii_uppercase() && place > 0 {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
        }
        Self::of_text(word)
    }

    /// A word that people put something else in place of: `NAME`, `i-…`.
    pub(crate) fn blank(words: &'static str) -> Self {
        Self(vec![Piece::Blank(words)])
    }

    /// The value of a variable of a script.
    pub(crate) fn variable(name: char) -> Self {
        Self(vec![Piece::Variable(name)])
    }

    /// A path that somebody has typed; what no line can hold is to be filled in.
    #[cfg(feature = "cli")]
    pub(crate) fn path(path: &std::path::Path) -> Self {
        match path.to_str().filter(|text| !text.contains(char::is_control)) {
            None => Self::blank("FILE"),
            Some(text) if text.starts_with('-') => Self::of_text(format!("./{text}")),
            Some(text) => Self::of_text(text.to_owned()),
        }
    }

    /// A word as somebody types it; what no line can hold is to be filled in.
    #[cfg(feature = "cli")]
    pub(crate) fn typed(text: &str) -> Self {
        if text.contains(char::is_control) { Self::blank("OF") } else { Self::of_text(text.to_owned()) }
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

    /// The word with values in place of variables.
    pub(super) fn bound(&self, values: &[(char, Self)]) -> Self {
        self.0.iter().fold(Self(Vec::new()), |word, piece| {
            let value = match piece {
                Piece::Variable(name) => values.iter().find(|(variable, _)| variable == name).map(|(_, value)| value),
                Piece::Text(_) | Piece::Blank(_) | Piece::Output(_) => None,
            };
            word.then(value.cloned().unwrap_or_else(|| Self(vec![piece.clone()])))
        })
    }

    pub(super) fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|piece| match piece {
            Piece::Text(text) => text.contains(name),
            Piece::Output(command) => command.mentions(name),
            Piece::Blank(_) | Piece::Variable(_) => false,
        })
    }

    /// The word as a value of an expression of PowerShell.
    pub(crate) fn in_powershell(&self) -> String {
        super::powershell::in_expression(self)
    }

    /// Whether a program could take it for an option; what a variable holds is told by nobody.
    pub(super) fn may_be_an_option(&self) -> bool {
        match self.0.first() {
            Some(Piece::Text(text)) => text.starts_with('-'),
            Some(Piece::Variable(_)) => true,
            Some(Piece::Blank(_) | Piece::Output(_)) | None => false,
        }
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

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::sh::word(self))
    }
}
