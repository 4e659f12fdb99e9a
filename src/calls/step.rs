//! What a script does, in whatever shell.

use super::lines::Line;
use crate::command::{Command, Word};
use crate::names::{InstanceId, PrincipalArn};

/// One step of a script. What it is of may stand in variables of one letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A read, the answer of which goes into the transcript.
    Read(Line),
    /// The start that the script is for.
    Target(InstanceId, PrincipalArn),
    /// A command of which the output is evidence by itself.
    Run(Command),
    /// A variable gets this value.
    Set(char, Word),
    /// A variable gets the one value of an answer.
    Ask(char, Query),
    /// Steps for each of some values.
    Each(char, Values, Vec<Step>),
    /// Steps for an account and for everything above it, up to the root.
    Climb { target: char, each: Vec<Step>, parents: Line, parent: Query },
}

/// Values that steps are done for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Values {
    /// These.
    Words(Vec<Word>),
    /// Those of an answer.
    Of(Query),
    /// All of several.
    All(Vec<Values>),
    /// Those that are found for each of some values.
    ForEach(char, Box<Values>, Box<Values>),
    /// The same, each once.
    Once(Box<Values>),
}

impl Values {
    pub(super) fn once(self) -> Self {
        Self::Once(Box::new(self))
    }
}

/// Values of an answer, which this path of the AWS CLI finds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Query {
    pub(super) call: Command,
    pub(super) path: &'static str,
}

impl Step {
    /// Returns `true` if the variable stands for something else once the step is done.
    pub(super) fn changes(&self, variable: char) -> bool {
        match self {
            Self::Set(own, _) | Self::Ask(own, _) => *own == variable,
            Self::Each(own, _, body) => *own == variable || body.iter().any(|step| step.changes(variable)),
            Self::Climb { target, each, .. } => *target == variable || each.iter().any(|step| step.changes(variable)),
            Self::Read(_) | Self::Target(..) | Self::Run(_) => false,
        }
    }

    /// Returns `true` if it takes values out of an answer.
    pub(super) fn asks(&self) -> bool {
        match self {
            Self::Ask(..) | Self::Climb { .. } => true,
            Self::Each(_, values, body) => !matches!(values, Values::Words(_)) || body.iter().any(Self::asks),
            Self::Read(_) | Self::Target(..) | Self::Run(_) | Self::Set(..) => false,
        }
    }
}
