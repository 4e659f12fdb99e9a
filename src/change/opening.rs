//! Whom a key policy newly lets in from outside.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::names::{Arn, KeyArn};
use crate::policy::{Effect, Polarity, Policy, PolicyType, PrincipalEntry, Statement};

/// Somebody outside of the key's account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outsider {
    /// Every principal of every account, whom no condition on the principal narrows.
    Everyone,
    /// This account, or principals of it.
    Account(String),
}

/// Whom the new key policy lets in, and the old one did not.
pub(crate) fn opened_to(key: &KeyArn, before: Option<&Document>, after: &Document) -> Vec<Outsider> {
    let had = before.map(|document| outsiders(key, document)).unwrap_or_default();
    outsiders(key, after).into_iter().filter(|one| !had.contains(one)).collect()
}

fn outsiders(key: &KeyArn, document: &Document) -> BTreeSet<Outsider> {
    let policy = Policy::parse(document.text(), PolicyType::KeyPolicy);
    let statements = policy.map(|policy| policy.statements).unwrap_or_default();
    let allowing = statements.iter().filter(|statement| statement.effect == Effect::Allow);
    let mut found: BTreeSet<Outsider> = allowing.flat_map(of_statement).collect();
    found.remove(&Outsider::Account(key.account().to_owned()));
    found
}

/// Keys whose value is an account.
const ACCOUNT_KEYS: [&str; 2] = ["kms:calleraccount", "aws:principalaccount"];

/// Keys that tell who asks otherwise.
const PRINCIPAL_KEYS: [&str; 6] = [
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalisawsservice",
    "aws:sourceaccount",
    "aws:userid",
];

fn of_statement(statement: &Statement) -> Vec<Outsider> {
    let Some(element) = &statement.principal else { return Vec::new() };
    let account = |arn: &str| {
        let account = Arn::parse(arn).map(|arn| arn.account().to_owned()).unwrap_or_default();
        (!account.is_empty()).then_some(Outsider::Account(account))
    };
    let named = element.entries.iter().filter_map(|(entry, _)| match entry {
        PrincipalEntry::Account(id) => Some(Outsider::Account(id.to_string())),
        PrincipalEntry::Root(arn)
        | PrincipalEntry::Role(arn)
        | PrincipalEntry::Session(arn)
        | PrincipalEntry::User(arn) => account(arn),
        PrincipalEntry::Anyone
        | PrincipalEntry::UniqueId(_)
        | PrincipalEntry::Service(_)
        | PrincipalEntry::Federated(_)
        | PrincipalEntry::CanonicalUser(_)
        | PrincipalEntry::Other(_) => None,
    });
    let is_for_anyone =
        element.sense == Polarity::Negated || element.entries.iter().any(|(entry, _)| *entry == PrincipalEntry::Anyone);
    if !is_for_anyone {
        return named.collect();
    }
    let on = |keys: &[&str]| {
        let mut found = statement.conditions.iter().filter(|condition| keys.contains(&condition.key.lower()));
        found.next()
    };
    match (on(&ACCOUNT_KEYS), on(&PRINCIPAL_KEYS)) {
        (Some(condition), _) => {
            condition.written.iter().map(|account| Outsider::Account(account.to_string())).collect()
        }
        (None, Some(_)) => Vec::new(),
        (None, None) => vec![Outsider::Everyone],
    }
}
