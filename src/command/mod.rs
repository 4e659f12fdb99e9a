//! Commands that people paste into a shell, as values: how a word is quoted is decided where a command is printed, and
//! only what this program writes itself and names that were checked make a word.
//!
//! Rank: above `names`, which is all that it names.

mod powershell;
mod sh;
mod word;

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

pub(crate) use word::Word;

/// The shell that a line is pasted into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Shell {
    /// bash, zsh and every other POSIX shell, as in CloudShell.
    #[default]
    #[cfg_attr(feature = "cli", value(name = "sh"))]
    Posix,
    /// PowerShell 7 and Windows PowerShell 5.1.
    #[cfg_attr(feature = "cli", value(name = "powershell"))]
    PowerShell,
}

/// A program with its arguments and environment; or options alone, for a command that somebody has typed. Printed, it is
/// one line for a POSIX shell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    environment: Vec<(&'static str, Word)>,
    parts: Vec<Part>,
    /// The file that takes what the program prints.
    output: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(Word),
    Option(&'static str, Word),
}

impl Command {
    /// The AWS CLI with these words: `iam get-role`.
    pub(crate) fn aws(words: &'static str) -> Self {
        Self::options().words("aws").words(words)
    }

    /// This program with these words: `capture --script`.
    pub(crate) fn preflight(words: &'static str) -> Self {
        Self::options().words(env!("CARGO_PKG_NAME")).words(words)
    }

    /// The AWS CLI's words for an action of AWS's, without the program: `kms get-key-policy` for `kms:GetKeyPolicy`.
    pub(crate) fn call(action: &'static str) -> Self {
        let (service, operation) = action.split_once(':').unwrap_or_default();
        Self::options().words(service).argument(Word::operation(operation))
    }

    /// No program and no words yet, but options.
    pub(crate) fn options() -> Self {
        Self { environment: Vec::new(), parts: Vec::new(), output: None }
    }

    /// Adds words of ours, which stand between spaces.
    #[must_use]
    pub(crate) fn words(mut self, words: &'static str) -> Self {
        self.parts.extend(words.split_whitespace().map(|word| Part::Word(Word::from(word))));
        self
    }

    /// Adds an argument.
    #[must_use]
    pub(crate) fn argument(mut self, argument: impl Into<Word>) -> Self {
        self.parts.push(Part::Word(argument.into()));
        self
    }

    /// Adds an option with its value.
    #[must_use]
    pub(crate) fn option(mut self, option: &'static str, value: impl Into<Word>) -> Self {
        self.parts.push(Part::Option(option, value.into()));
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub(crate) fn environment(mut self, variable: &'static str, value: impl Into<Word>) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// Adds the words of another.
    #[must_use]
    pub(crate) fn with(mut self, more: &Self) -> Self {
        self.parts.extend(more.parts.iter().cloned());
        self
    }

    /// Has a file of ours take what the program prints.
    #[must_use]
    pub(crate) fn into_file(mut self, name: &'static str) -> Self {
        self.output = Some(name);
        self
    }

    /// The command with values in place of the variables of a script.
    #[must_use]
    pub(crate) fn bound(&self, values: &[(char, Word)]) -> Self {
        let part = |part: &Part| match part {
            Part::Word(word) => Part::Word(word.bound(values)),
            Part::Option(option, value) => Part::Option(option, value.bound(values)),
        };
        let environment = self.environment.iter().map(|(variable, value)| (*variable, value.bound(values)));
        Self { environment: environment.collect(), parts: self.parts.iter().map(part).collect(), output: self.output }
    }

    /// Whether a word holds this name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Word(word) | Part::Option(_, word) => word.mentions(name),
        })
    }

    /// The command as one line of this shell.
    pub(crate) fn line(&self, shell: Shell) -> String {
        match shell {
            Shell::Posix => sh::line(self),
            Shell::PowerShell => powershell::line(self),
        }
    }

    /// The words as the program gets them; `None` where a shell or whoever pastes it has yet to make one.
    pub(crate) fn argv(&self) -> Option<Vec<String>> {
        self.each_word().map(|word| word.text().map(str::to_owned)).collect()
    }

    /// The words, an option with its value in one where the value could be taken for an option.
    ///
    /// Source: <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html>
    fn each_word(&self) -> impl Iterator<Item = Word> {
        self.parts.iter().flat_map(|part| match part {
            Part::Word(word) => vec![word.clone()],
            Part::Option(option, value) if value.may_be_an_option() => {
                vec![Word::from(*option).then("=").then(value.clone())]
            }
            Part::Option(option, value) => vec![Word::from(*option), value.clone()],
        })
    }
}

fn joined(words: impl Iterator<Item = String>, output: Option<&str>) -> String {
    let output = output.map(|file| format!("> {file}"));
    words.chain(output).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Shell::Posix))
    }
}

/// What a report holds of a command: the line, the words as its program gets them, and variables of its environment if
/// it has any.
impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Command", 3)?;
        fields.serialize_field("command", &self.to_string())?;
        fields.serialize_field("argv", &self.argv())?;
        if self.environment.is_empty() {
            fields.skip_field("environment")?;
        } else {
            let variables = self.environment.iter().map(|(variable, value)| (*variable, value.text()));
            fields.serialize_field("environment", &variables.collect::<BTreeMap<_, _>>())?;
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests;
