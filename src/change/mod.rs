//! A change of what was read. Applying one and running the line again is the only way in which anything is
//! simulated: the proof of a remedy, and every "what if".

use crate::capture::{Capture, InlinePolicy, Key};
use crate::names::KeyArn;
use crate::policy::add_statement;
use crate::source::{Document, Reading};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Statements (JSON texts) are added to a policy.
    AddStatements { to: PolicyPlace, statements: Vec<String> },
}

/// A policy that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PolicyPlace {
    /// The policies of a role, by the ARN that it has in the capture: a further inline policy.
    Identity { role: String },
    /// A role's permissions boundary.
    Boundary { role: String },
    /// A key policy.
    KeyPolicy(KeyArn),
}

/// The name of the inline policy that holds what is added to a role.
const ADDED_POLICY: &str = "ebs-preflight-added";

/// The capture as it would be with the change made.
pub(crate) fn apply(capture: &Capture, change: &Change) -> Capture {
    let mut changed = capture.clone();
    match change {
        Change::AddStatements { to, statements } => add(&mut changed, to, statements),
    }
    changed
}

fn add(capture: &mut Capture, to: &PolicyPlace, statements: &[String]) {
    match to {
        PolicyPlace::Identity { role } => {
            let Some(Reading::Known(role)) = capture.roles.get_mut(role) else { return };
            let document = Reading::Known(whole(statements));
            let added = InlinePolicy { name: ADDED_POLICY.to_owned(), document };
            match &mut role.inline {
                Reading::Known(policies) => policies.push(added),
                inline @ Reading::Absent => *inline = Reading::Known(vec![added]),
                // What was not read stays open; the addition could change nothing that is certain.
                Reading::Unread(_) => {}
            }
        }
        PolicyPlace::Boundary { role } => {
            let Some(Reading::Known(role)) = capture.roles.get_mut(role) else { return };
            if let Reading::Known(boundary) = &mut role.boundary {
                extend(&mut boundary.document, statements);
            }
        }
        PolicyPlace::KeyPolicy(arn) => {
            let key: &mut Key = capture.keys.entry(arn.clone()).or_default();
            extend(&mut key.policy, statements);
        }
    }
}

fn extend(document: &mut Reading<Document>, statements: &[String]) {
    let Reading::Known(text) = document else { return };
    let added = statements.iter().try_fold(text.text().to_owned(), |text, statement| add_statement(&text, statement));
    if let Ok(added) = added {
        *document = Reading::Known(Document::new(added));
    }
}

/// A whole policy of these statements.
pub(crate) fn whole(statements: &[String]) -> Document {
    let each: Vec<String> = statements.iter().map(|statement| indent(statement)).collect();
    Document::new(format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n{}\n  ]\n}}\n", each.join(",\n")))
}

fn indent(statement: &str) -> String {
    format!("    {}", statement.replace('\n', "\n    "))
}

#[cfg(test)]
mod tests;
