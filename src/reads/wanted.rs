//! The lines that read what is missing, put together for whoever may run them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::missing::{Lacking, Missing, Reader, Subject};
use super::script::framed;

/// Lines that read what is missing, for one reader.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    /// In which account they are to be run.
    pub(crate) r#in: String,
    /// What is to be pasted into a shell.
    pub(crate) lines: String,
    /// The option by which what they print is handed in.
    pub(crate) hand_in: &'static str,
}

/// One script for each account, one for organizations, one for events: each line once.
pub(crate) fn wanted(missing: &[Missing]) -> Vec<Wanted> {
    let mut scripts: BTreeMap<(u8, &str, &str), Draft<'_>> = BTreeMap::new();
    for lacking in missing.iter().filter_map(|missing| missing.lines.as_ref()) {
        let (kind, account, of) = match &lacking.of.reader {
            Reader::Account(account) => (0, account.as_str(), account.as_str()),
            Reader::OrganizationOf(account) => (1, "", account.as_str()),
            Reader::Events => (2, "", ""),
        };
        scripts.entry((kind, account, &lacking.of.region)).or_default().add(of, lacking);
    }
    let wanted = scripts.into_iter().map(|((kind, _, region), draft)| {
        let accounts = draft.accounts.into_iter().collect::<Vec<_>>().join(" and ");
        let (r#in, hand_in) = match kind {
            0 => (format!("account {accounts}"), "--add FILE"),
            1 => (format!("the account that manages the organization of {accounts}"), "--add FILE"),
            _ => ("the account of the start".to_owned(), "--events FILE"),
        };
        let lines = if kind == 2 { draft.body.join("\n") + "\n" } else { framed(region, &draft.body) };
        Wanted { r#in, lines, hand_in }
    });
    wanted.collect()
}

/// A script that grows.
#[derive(Default)]
struct Draft<'m> {
    accounts: BTreeSet<&'m str>,
    body: Vec<String>,
    done: BTreeSet<(&'m Subject, &'m [String])>,
    /// What the variables stand for.
    variables: BTreeMap<char, &'m str>,
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
                    self.body.push(format!("{variable}={value}"));
                }
            }
            self.body.extend(block.iter().cloned());
            // A loop leaves its variable with another value.
            self.variables
                .retain(|variable, _| !block.iter().any(|line| line.contains(&format!("for {variable} in "))));
        }
    }
}
