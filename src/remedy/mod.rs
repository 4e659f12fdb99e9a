//! The smallest change that makes a start succeed, proven by judging again.

mod proof;
mod propose;
mod statement;

use crate::change::{Change, PolicyPlace};
use crate::findings::PlacedStatement;

pub(crate) use proof::{Control, Proof};
pub(crate) use propose::propose;

/// What to change, where, by whom, and what judging again with it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remedy {
    pub(crate) cure: Cure,
    pub(crate) owner: Owner,
}

/// The two kinds of cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cure {
    /// Statements to add; they are proven together with those of the other remedies of the start.
    Add { to: PolicyPlace, statements: Vec<String>, required: bool },
    /// A statement that no Allow overrides: it must be changed itself.
    Narrow { statement: PlacedStatement, exempt: String },
    /// A grant to be made by an AWS CLI command.
    Grant { line: String },
    /// The role exists under another ARN.
    OtherRole { arn: String },
}

/// Who may make the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// An administrator of this account.
    Account(String),
    /// Whoever administers the organization.
    Organization,
    /// Whoever creates the session.
    SessionCreator,
}

/// The remedies of one start, with what judging again says of them all together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remedies {
    pub(crate) remedies: Vec<Remedy>,
    pub(crate) proof: Option<Proof>,
}

impl Remedies {
    /// The changes that they make.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.remedies
            .iter()
            .filter_map(|remedy| match &remedy.cure {
                Cure::Add { to, statements, .. } => {
                    Some(Change::AddStatements { to: to.clone(), statements: statements.clone() })
                }
                Cure::Narrow { .. } | Cure::Grant { .. } | Cure::OtherRole { .. } => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
