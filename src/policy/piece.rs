//! What patterns are made of, and what policy variables stand for.

use crate::names::ConditionKey;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Box<str>),
    Variable(Variable),
    /// `*`: any characters.
    Star,
    /// `?`: one character (a UTF-16 unit, as AWS counts).
    Question,
    /// `*` inside one of the first five parts of an ARN: no colons.
    InnerStar,
    /// `?` inside one of the first five parts of an ARN: no colon.
    InnerQuestion,
}

/// A policy variable, `${aws:username}` or `${aws:username, 'default'}`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The context key whose value it stands for.
    pub key: ConditionKey,
    /// Its default, used where the request does not carry the key.
    pub default: Option<Box<str>>,
}

/// What a policy variable stands for in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved<T> {
    /// This text, taken literally.
    Text(T),
    /// Nothing: what holds the variable matches nothing.
    Nothing,
    /// Some text that is not known.
    NotKnown,
}

/// How to find what a variable stands for.
pub trait Variables {
    /// What `variable` stands for.
    fn resolve<'a>(&'a self, variable: &'a Variable) -> Resolved<&'a str>;
}

/// For places where AWS resolves no variables.
#[derive(Debug, Clone, Copy)]
pub struct NoVariables;

impl Variables for NoVariables {
    fn resolve<'a>(&'a self, _: &'a Variable) -> Resolved<&'a str> {
        Resolved::Nothing
    }
}

/// Neighboring texts as one, so that a value without wildcards compiles to a plain comparison.
pub(super) fn join(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => *before = format!("{before}{text}").into(),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}
