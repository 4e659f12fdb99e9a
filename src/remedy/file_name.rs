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

#[cfg(test)]
mod tests {
    use super::FileName;

    #[test]
    fn no_two_are_one_file() {
        let words =
            ["role-111122223333-A-b", "role-111122223333-a-B", "role-111122223333-a+b", "role-111122223333-A-b-2"];
        let names = words.iter().fold(Vec::new(), |mut names, words| {
            names.push(FileName::of(words).beside(&names));
            names
        });
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let expected = [words[0], "role-111122223333-a-B-2", "role-111122223333-a-b-3", "role-111122223333-A-b-2-2"];
        assert_eq!(names, expected);
        assert_eq!(FileName::of(&"ab/../".repeat(100)).as_ref().len(), 200);
    }
}
