//! Who may save a key policy once it stands.

use std::sync::Arc;

use crate::document::Document;
use crate::engine::{Context, ContextValue, NamedPolicy, PolicySet, Principal, Request, judge};
use crate::names::{Action, KeyArn, PrincipalArn};
use crate::policy::{Polarity, PolicyType, PrincipalEntry};

/// Whom a key policy lets call `kms:PutKeyPolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Savers {
    /// The key's account: whoever its IAM policies let.
    Account,
    /// These of its roles and users, and nobody else.
    These(Vec<String>),
    /// Nobody: only AWS Support can help.
    Nobody,
}

/// Whom the key policy lets change itself; `None` where it cannot be read.
///
/// Nobody of another account can: the operation works in the key's own account only. What is not certain counts as
/// allowed.
/// Sources: <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
pub(crate) fn savers(key: &KeyArn, document: &Document) -> Option<Savers> {
    let policy = Arc::new(NamedPolicy::parse("key policy", document.text(), PolicyType::KeyPolicy).ok()?);
    let statements = &policy.policy.as_ref()?.statements;
    let listed = statements.iter().filter_map(|statement| statement.principal.as_ref());
    let entries = listed.filter(|element| element.sense == Polarity::Positive).flat_map(|element| &element.entries);
    let mut named: Vec<String> = entries
        .filter(|(entry, _)| {
            matches!(entry, PrincipalEntry::Role(_) | PrincipalEntry::Session(_) | PrincipalEntry::User(_))
        })
        .map(|(entry, _)| entry.as_str().to_owned())
        .collect();
    named.sort();
    named.dedup();
    let policies = PolicySet { key_policies: vec![policy.clone()], ..PolicySet::none() };
    let root = format!("arn:{}:iam::{}:root", key.as_str().split(':').nth(1).unwrap_or("aws"), key.account());
    if may_save(key, &root, &policies) {
        return Some(Savers::Account);
    }
    named.retain(|arn| may_save(key, arn, &policies));
    Some(if named.is_empty() { Savers::Nobody } else { Savers::These(named) })
}

/// Everything but who asks is open: the account stands for any of its roles.
fn may_save(key: &KeyArn, arn: &str, policies: &PolicySet) -> bool {
    let (Ok(action), Ok(principal)) = (Action::parse("kms:PutKeyPolicy"), PrincipalArn::parse(arn)) else {
        return false;
    };
    if principal.account() != key.account() {
        return false;
    }
    let mut context = Context::new();
    context.set_family("", ContextValue::NotKnown);
    if matches!(principal, PrincipalArn::Root(_)) {
        for open in ["aws:PrincipalArn", "aws:PrincipalType", "aws:userid"] {
            context.set(open, ContextValue::NotKnown);
        }
    }
    let principal = Principal::new(&principal, None, None);
    let request = Request::new(action, key.as_str(), Some(key.account()), principal, context);
    request.is_ok_and(|request| !judge(&request, policies).is_denied())
}
