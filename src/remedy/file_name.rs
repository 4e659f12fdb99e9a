use std::fmt;

use crate::names::Name;

/// The name of a file of ours, without its extension: letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName(String);

/// So that a number and an extension still fit into the 255 bytes of a name.
const LONGEST: usize = 200;

impl FileName {
    /// A name from these words; signs that a file system or a shell could read more into are `-`.
    pub(crate) fn of(words: &str) -> Self {
        let sign = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        Self(words.chars().map(sign).take(LONGEST).collect())
    }

    /// The first of this name, and of it with a number behind, that is none of `taken`. Many file systems do not tell
    /// capital letters from small ones.
    pub(crate) fn beside(&self, taken: &[Self]) -> Self {
        let is_free = |name: &Self| !taken.iter().any(|other| other.0.eq_ignore_ascii_case(&name.0));
        let numbered = (2..).map(|number| Self(format!("{}-{number}", self.0)));
        std::iter::once(self.clone()).chain(numbered).find(is_free).unwrap_or_else(|| self.clone())
    }
}

impl AsRef<str> for FileName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Name for FileName {}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
