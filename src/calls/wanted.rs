//! The lines that read what is missing, put together for whoever may run them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::command::{Shell, Word};
use crate::names::Region;

use super::missing::{Lacking, Missing, Subject, WhoReads};
use super::script::framed;
use super::step::Step;

/// The option that takes what look-ups of events print.
pub(crate) const EVENTS: &str = "--events FILE";

/// Lines that read what is missing, for one reader.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScriptFor {
    /// In which account they are to be run.
    pub(crate) r#in: String,
    /// What is to be pasted into a shell.
    pub(crate) lines: String,
    /// The option by which what they print is handed in.
    pub(crate) hand_in: &'static str,
}

/// One script for each account, one for organizations, one for events: each line once.
pub(crate) fn wanted(missing: &[Missing]) -> Vec<ScriptFor> {
    let mut scripts: BTreeMap<(Place<'_>, Option<&Region>), Draft<'_>> = BTreeMap::new();
    for lacking in missing.iter().flat_map(|missing| &missing.lines) {
        let (place, of) = match &lacking.of.reader {
            WhoReads::Account(account) => (Place::Account(account), account),
            WhoReads::OwnerOf(instance) => (Place::Owner(instance), instance),
            WhoReads::OrganizationOf { account, manager } => (Place::Manager(manager.as_deref()), account),
            WhoReads::Events(account) => (Place::Events(account), account),
        };
        scripts.entry((place, lacking.of.region.as_ref())).or_default().add(of, lacking);
    }
    let wanted = scripts.into_iter().map(|((place, region), draft)| {
        let accounts = draft.accounts.iter().copied().collect::<Vec<_>>().join(" and ");
        let r#in = match place {
            Place::Account(account) | Place::Events(account) => format!("account {account}"),
            Place::Owner(instance) => format!("the account of instance {instance}"),
            Place::Manager(Some(account)) => {
                format!("account {account}, which manages the organization of account {accounts}")
            }
            Place::Manager(None) => format!("the account that manages the organization, if any, of account {accounts}"),
        };
        match place {
            Place::Events(_) => ScriptFor { r#in, lines: super::sh::plain(&draft.body), hand_in: EVENTS },
            Place::Account(_) | Place::Owner(_) | Place::Manager(_) => {
                ScriptFor { r#in, lines: framed(region, &draft.body, Shell::Posix), hand_in: "--add FILE" }
            }
        }
    });
    wanted.collect()
}

/// Where lines are run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'m> {
    Account(&'m str),
    /// The account of an instance, which is not known.
    Owner(&'m str),
    /// The account that manages an organization, if it is known which one that is.
    Manager(Option<&'m str>),
    Events(&'m str),
}

/// A script that grows.
#[derive(Default)]
struct Draft<'m> {
    accounts: BTreeSet<&'m str>,
    body: Vec<Step>,
    done: BTreeSet<(&'m Subject, &'m [Step])>,
    /// What the variables stand for.
    variables: BTreeMap<char, &'m Word>,
}

impl<'m> Draft<'m> {
    fn add(&mut self, account: &'m str, lacking: &'m Lacking) {
        self.accounts.insert(account);
        for block in &lacking.blocks {
            if !self.done.insert((&lacking.of, block)) {
                continue;
            }
            for (variable, value) in &lacking.of.variables {
                if self.variables.insert(*variable, value) != Some(value) {
                    self.body.push(Step::Set(*variable, value.clone()));
                }
            }
            self.body.extend(block.iter().cloned());
            // A loop leaves its variable with another value.
            self.variables.retain(|variable, _| !block.iter().any(|step| step.changes(*variable)));
        }
    }
}
