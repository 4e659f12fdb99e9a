//! Whether a statement applies, and what a policy says.

use super::case::Request;
use super::condition::{Scope, is_met};
use super::document::{Document, Entries, Policy, PolicyType, Statement};
use super::glob::{Token, matches, units, wildcards};
use super::principal::names;
use super::truth::Truth;
use super::variable::{Expanded, expand, pattern};

/// What a policy or a policy type says of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Says {
    pub(crate) allow: Truth,
    pub(crate) deny: Truth,
}

/// What a key policy says: the ways in which it allows have different consequences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeySays {
    /// To the principal itself, or to everybody.
    pub(crate) itself: Truth,
    /// To the role.
    pub(crate) role: Truth,
    /// To the account, whose own policies decide further.
    pub(crate) account: Truth,
    pub(crate) deny: Truth,
}

/// What a policy without principals says. An unread one may allow and may deny.
pub(crate) fn policy_says(policy: &Policy, request: &Request) -> Says {
    let Policy::Read(document) = policy else { return Says { allow: Truth::Unknown, deny: Truth::Unknown } };
    let says = |denies: bool| {
        Truth::any(
            document
                .statements
                .iter()
                .filter(|statement| statement.denies == denies)
                .map(|statement| applies(statement, document, request)),
        )
    };
    Says { allow: says(false), deny: says(true) }
}

/// What the key policy says.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
pub(crate) fn key_policy_says(policy: &Policy, request: &Request, boundary: bool) -> KeySays {
    let unknown = Truth::Unknown;
    let Policy::Read(document) = policy else {
        return KeySays { itself: unknown, role: unknown, account: unknown, deny: unknown };
    };
    let mut says = KeySays { itself: Truth::False, role: Truth::False, account: Truth::False, deny: Truth::False };
    for statement in &document.statements {
        let Some(principals) = &statement.principals else { continue };
        let naming = names(principals, &request.requester, statement.denies, boundary);
        let applies = applies(statement, document, request);
        if statement.denies {
            says.deny = says.deny.or(applies.and(naming.any()));
        } else {
            says.itself = says.itself.or(applies.and(naming.itself));
            says.role = says.role.or(applies.and(naming.role));
            says.account = says.account.or(applies.and(naming.account));
        }
    }
    says
}

/// Whether action, resource and all conditions match. A key policy's statement without `Resource` has no effect.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
fn applies(statement: &Statement, document: &Document, request: &Request) -> Truth {
    let Some(resources) = &statement.resources else { return Truth::False };
    let scope = Scope {
        request,
        variables: document.variables,
        denies: statement.denies,
        of_key: document.kind == PolicyType::Key && request.is_for_key(),
    };
    let conditions = statement.conditions.iter().map(|condition| is_met(condition, scope));
    element(&statement.actions, |action| action_matches(action, &request.action).into())
        .and(element(resources, |resource| resource_matches(resource, document, request)))
        .and(Truth::all(conditions))
}

/// Any of the entries; with `Not…`, none of them.
fn element(entries: &Entries, matches: impl Fn(&str) -> Truth) -> Truth {
    let any = Truth::any(entries.entries.iter().map(|entry| matches(entry)));
    if entries.negated { any.not() } else { any }
}

/// Actions compare case-insensitively, with wildcards.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
fn action_matches(entry: &str, action: &str) -> bool {
    matches(&wildcards(&entry.to_lowercase()), &units(&action.to_lowercase()))
}

/// Whether a `Resource` entry is the resource of the request.
///
/// In an identity-based policy, missing parts of an ARN are taken as `*`. Variables stand behind the fifth
/// colon only. A wildcard stays within its part, but for a `*` that ends one; the last part goes on to the end.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn resource_matches(entry: &str, document: &Document, request: &Request) -> Truth {
    if entry == "*" {
        return Truth::True;
    }
    let mut parts: Vec<&str> = entry.splitn(6, ':').collect();
    if parts.first() != Some(&"arn") {
        return Truth::False;
    }
    let is_incomplete = parts.len() < 6;
    if is_incomplete && matches!(document.kind, PolicyType::Identity | PolicyType::Boundary | PolicyType::Scp) {
        // A `*` that ends a part may run on past the colons behind it, so that the ARN may be whole as it stands: where
        // the two pages come to different answers, neither is certain.
        let as_it_stands: Truth = matches(&joined(&parts, Vec::new()), &units(&request.resource)).into();
        parts.resize(6, "*");
        let completed: Truth = matches(&joined(&parts, wildcards("*")), &units(&request.resource)).into();
        return if entry.contains("*:") && as_it_stands != completed { Truth::Unknown } else { completed };
    }
    let last = match parts.get(5).map(|last| expand(last, request, document.variables)) {
        Some(Expanded::Pieces(pieces)) => pattern(&pieces),
        Some(Expanded::Nothing) => return Truth::False,
        Some(Expanded::NotKnown) => return Truth::Unknown,
        None => Vec::new(),
    };
    matches(&joined(&parts, last), &units(&request.resource)).into()
}

/// An entry of an identity-based policy that holds no variables.
pub(crate) fn resource_tokens(entry: &str) -> Vec<Token> {
    let mut parts: Vec<&str> = entry.splitn(6, ':').collect();
    parts.resize(6, "*");
    joined(&parts, wildcards(parts[5]))
}

/// The parts of an ARN, the last of which is `last`.
fn joined(parts: &[&str], last: Vec<Token>) -> Vec<Token> {
    let leading: Vec<Vec<Token>> = parts.iter().take(5).map(|part| within_part(part)).collect();
    let mut whole = leading.join(&Token::Unit(u32::from(':')));
    if parts.len() == 6 {
        whole.push(Token::Unit(u32::from(':')));
    }
    whole.extend(last);
    whole
}

/// One of the first five parts.
fn within_part(part: &str) -> Vec<Token> {
    let mut tokens = wildcards(part);
    let last = tokens.len().saturating_sub(1);
    for (position, token) in tokens.iter_mut().enumerate() {
        *token = match token {
            Token::Unit(unit) => Token::Unit(*unit),
            Token::One { .. } => Token::One { crosses_colon: false },
            Token::Run { .. } => Token::Run { crosses_colon: position == last },
        };
    }
    tokens
}
