//! Policy variables.

use super::case::{Fact, Request};
use super::glob::{Token, literal, wildcards};

/// A text of a policy with its variables replaced.
#[derive(Debug)]
pub(crate) enum Expanded {
    Pieces(Vec<Piece>),
    /// A variable has no value: the text equals nothing.
    Nothing,
    /// A variable has a value that is not known, or none.
    NotKnown,
}

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    /// As written in the policy: `*` and `?` may be wildcards.
    Written(String),
    /// The value of a variable: no wildcards in it.
    Value(String),
}

/// Replaces `${key}`, `${key, 'default'}`, `${*}`, `${?}` and `${$}`.
///
/// Only a single-valued key has a value here; for a multivalued one not even the default stands in.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
pub(crate) fn expand(text: &str, request: &Request, variables: bool) -> Expanded {
    let mut pieces = Vec::new();
    let mut known = true;
    let mut rest = text;
    while let Some((before, inside, after)) = next_variable(rest).filter(|_| variables) {
        pieces.push(Piece::Written(before.to_owned()));
        rest = after;
        let (key, default) = match inside.split_once(',') {
            Some((key, default)) => (key.trim(), default.trim().strip_prefix('\'').and_then(|d| d.strip_suffix('\''))),
            None => (inside, None),
        };
        if ["*", "?", "$"].contains(&inside) {
            pieces.push(Piece::Value(inside.to_owned()));
            continue;
        }
        match (request.fact(key), default) {
            (Fact::One(value), _) => pieces.push(Piece::Value(value)),
            (Fact::Absent, Some(default)) => pieces.push(Piece::Value(default.to_owned())),
            (Fact::Absent, None) | (Fact::Many(_), _) => return Expanded::Nothing,
            (Fact::Unknown | Fact::Begins(_), _) => known = false,
        }
    }
    pieces.push(Piece::Written(rest.to_owned()));
    if known { Expanded::Pieces(pieces) } else { Expanded::NotKnown }
}

/// What stands before the first variable, in it, and behind it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

/// The pieces as plain text.
pub(crate) fn plain(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Written(text) | Piece::Value(text) => text.as_str(),
        })
        .collect()
}

/// The pieces as a pattern.
pub(crate) fn pattern(pieces: &[Piece]) -> Vec<Token> {
    pieces
        .iter()
        .flat_map(|piece| match piece {
            Piece::Written(text) => wildcards(text),
            Piece::Value(text) => literal(text),
        })
        .collect()
}
