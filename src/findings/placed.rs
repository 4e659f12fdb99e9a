//! Where the statement that a fact speaks of stands.

use crate::document::Position;
use crate::engine::{Label, PolicyRef, PolicySet};

/// A statement with the name of its policy and its place there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlacedStatement {
    /// The policy.
    pub at: PolicyRef,
    /// The name of the policy.
    pub policy: String,
    /// Its position in the policy, from 0.
    pub(crate) label: Label,
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Line and column in the policy's text, where that is known.
    pub position: Option<Position>,
}

/// A statement with the name of its policy and its place.
pub(crate) fn place(policies: &PolicySet, at: PolicyRef, index: usize) -> PlacedStatement {
    let policy = policies.get(at);
    let statement = policies.statement(at, index);
    let position =
        statement.and_then(|statement| Some(Position::of(policy?.document.as_ref()?.text(), statement.span.start)));
    PlacedStatement {
        at,
        policy: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
        label: policy.map(|policy| policy.label.clone()).unwrap_or_default(),
        index,
        sid: statement.and_then(|statement| statement.sid.as_deref()).map(str::to_owned),
        position,
    }
}
